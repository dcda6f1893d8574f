"""Plates in frames become vehicles: one each, with one text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from training.vehicles import Follower, Vehicle, alike, direction

HERE, THERE = (10.0, 10.0, 70.0, 40.0), (400.0, 90.0, 460.0, 120.0)


def plate(box: Sequence[float], text: str, sure: float = 0.9, sharp: float = 100.0) -> Any:
    return {
        "box": list(box),
        "confidence": 0.9,
        "text": text,
        "sure": sure,
        "characters": [sure] * len(text),
        "sharpness": sharp,
        "file": "",
        "size": [60, 30],
    }


def frame(seconds: float, *plates: Any) -> dict[str, Any]:
    return {"pts": round(seconds * 1000), "seconds": seconds, "plates": plates}


def drive(
    text: str, start: float, *, looks: int = 8, box: Sequence[float] = HERE, step: float = 12.0
) -> list[dict[str, Any]]:
    """A plate that moves to the right, seen five times a second."""
    return [
        frame(start + k / 5, plate([box[0] + k * step, box[1], box[2] + k * step, box[3]], text))
        for k in range(looks)
    ]


def followed(frames: Iterable[dict[str, Any]]) -> list[Vehicle]:
    follower = Follower()
    in_time = sorted(frames, key=lambda one: one["seconds"])
    return follower.add(in_time) + follower.finish()


def texts(frames: Iterable[dict[str, Any]]) -> list[str]:
    return [vehicle.voted.text for vehicle in followed(frames)]


def test_a_vehicle_is_given_once_with_the_text_of_most():
    frames = drive("PBA1234", 0.0)
    frames[2]["plates"][0]["text"] = "PBA1Z34"
    (vehicle,) = followed(frames)
    assert (vehicle.voted.text, vehicle.voted.votes, len(vehicle.seen)) == ("PBA1234", 7, 8)
    assert vehicle.direction == "right"


def test_fragments_of_one_vehicle_are_joined():
    later = drive("JMU6321", 3.5, box=(250.0, 10.0, 310.0, 40.0))
    (vehicle,) = followed(drive("JMJ6321", 0.0, looks=10) + later)
    assert (vehicle.voted.text, len(vehicle.seen)) == ("JMJ6321", 18)


def test_vehicle_has_one_plate_at_a_moment():
    later = drive("PBA1234", 1.2, box=(400.0, 90.0, 460.0, 120.0))
    for one in later:
        one["plates"][0]["sure"] = 0.8
    frames = {one["pts"]: one for one in later}
    for one in drive("PBA1234", 0.0):
        frames.setdefault(one["pts"], one)
        if one not in frames.values():
            frames[one["pts"]]["plates"] = (*one["plates"], *frames[one["pts"]]["plates"])
    (vehicle,) = followed(frames.values())
    assert [pts for pts, _, _ in vehicle.seen] == list(range(0, 2800, 200))
    assert vehicle.seen[7][2]["sure"] == 0.9


def test_other_texts_or_long_pauses_are_other_vehicles():
    assert texts(drive("JMJ6321", 0.0) + drive("PBX7788", 3.0)) == ["JMJ6321", "PBX7788"]
    assert texts(drive("JMJ6321", 0.0) + drive("JMJ6321", 30.0)) == ["JMJ6321"] * 2


def test_what_nobody_can_read_is_no_vehicle():
    smudge = [frame(k / 5, plate(HERE, "X", sure=0.01)) for k in range(9)]
    assert texts(smudge + drive("PBA1234", 10.0, looks=2)) == []


def test_what_stands_still_is_no_passing_vehicle():
    parked = [frame(k / 5, plate(THERE, "PBA1234")) for k in range(100)]
    assert texts(parked) == []
    passing = drive("GSK7788", 4.0)
    for one in passing:
        parked[round(one["seconds"] * 5)]["plates"] += tuple(one["plates"])
    assert texts(parked) == ["GSK7788"]


def test_a_stop_at_the_barrier_is_still_one_vehicle():
    comes = drive("PBA1234", 0.0, looks=10)
    last = comes[-1]["plates"][0]["box"]
    waits = [frame(2 + k / 5, plate(last, "PBA1234")) for k in range(90)]
    assert texts(comes + waits + drive("PBA1234", 20.0, box=last)) == ["PBA1234"]


def test_a_vehicle_that_came_and_stays_is_not_read_again():
    comes = drive("PBA1234", 0.0, looks=10)
    last = comes[-1]["plates"][0]["box"]
    seen_again = [frame(60 + k / 5, plate(last, "PBA1284")) for k in range(5)]
    assert texts(comes + seen_again) == ["PBA1234"]


def test_vehicles_come_as_soon_as_they_have_passed_and_in_the_same_order():
    frames = drive("PBA1234", 0.0) + drive("GSK7788", 12.0) + [frame(40.0)]
    follower, given = Follower(), []
    for one in frames:
        given.append([v.voted.text for v in follower.add([one])])
    assert [text for step in given for text in step] == ["PBA1234", "GSK7788"] == texts(frames)
    assert given[-1] == ["GSK7788"] and given[0] == []
    assert follower.needs_from is None and follower.finish() == []


def test_idle_time_that_was_skipped_breaks_no_track():
    frames = drive("PBA1234", 0.0)
    for one in frames:
        one["looked"] = one["seconds"]
        one["seconds"] += 60.0 if one["seconds"] > 0.7 else 0.0
    (vehicle,) = followed(frames)
    assert len(vehicle.seen) == 8


@pytest.mark.parametrize(
    ("grows", "dx", "dy", "said"),
    [
        (1.1, 0, 5, "approaching"),
        (0.9, 0, -5, "leaving"),
        (1.0, -30, 3, "left"),
        (1.0, 30, 3, "right"),
        (1.0, 2, -30, "up"),
        (1.0, 2, 30, "down"),
    ],
)
def test_direction(grows: float, dx: float, dy: float, said: str):
    boxes = [
        (300 + dx * k, 300 + dy * k, 300 + dx * k + 60 * grows**k, 330 + dy * k) for k in range(6)
    ]
    assert direction([(k, k / 5, plate(box, "A")) for k, box in enumerate(boxes)]) == said


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("JMJ6321", "JMU6321", True),
        ("34A23126", "23126", True),
        ("PBA1234", "PBA1243", False),
        ("A1", "A2", False),
        ("A1", "A1", True),
    ],
)
def test_alike(first: str, second: str, same: bool):
    assert alike(first, second) is alike(second, first) is same
