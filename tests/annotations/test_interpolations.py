"""Boxes between two frames: where, which, taken back and brought back."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from annotations import boxes, frames, interpolations
from annotations.boxes import Edit
from annotations.errors import NothingBetween, TooManyBetween
from annotations.models import Box, Crop, Frame, Project
from tests.annotations.rows import json_of, make_frame, make_video
from tests.annotations.test_boxes import read

KEY = uuid4()


@pytest.fixture
def film(project: Project) -> list[Frame]:
    """Five frames of a video; the third comes late."""
    video = make_video(project)
    return [
        make_frame(project, video=video, pts=pts, seed=n)
        for n, pts in enumerate((0, 1000, 2500, 3000, 4000))
    ]


def car(on: Frame, x: float, label: str = "car", **more: Any) -> Box:
    size = 100 if label == "car" else 20
    return boxes.draw(on, label=label, xyxy=(x, 40, x + size, 40 + size / 2), **more)


def drawn(film: list[Frame], *boxes: Box, key: UUID = KEY) -> dict[str, int]:
    return interpolations.draw(film[-1], [box.pk for box in boxes], key)


def lefts(on: Frame, label: str = "car") -> list[float]:
    rows = Box.objects.present().filter(frame=on, label__name=label)
    return sorted(rows.values_list("x1", flat=True))


def test_boxes_lie_between_by_time(film: list[Frame], user: Any) -> None:
    car(film[0], 0)
    last = car(film[4], 200)
    made = interpolations.draw(film[4], [last.pk], KEY, by=user)
    assert made == {"boxes": 3, "frames": 3}
    assert [lefts(on) for on in film] == [[0], [50], [125], [150], [200]]
    (box,) = Box.objects.filter(frame=film[2])
    assert (box.source, box.created_by) == ("interpolated", user)


def test_plate_goes_with_its_car_and_has_its_crops(film: list[Frame]) -> None:
    first, last = car(film[0], 0), car(film[4], 200)
    car(film[0], 40, "plate", car=first.pk)
    plate = car(film[4], 240, "plate", car=last.pk)
    assert drawn(film, plate, last) == {"boxes": 6, "frames": 3}
    for on in film[1:4]:
        (between,) = Box.objects.filter(frame=on, label__name="plate")
        assert between.car is not None and between.car.frame == on and between.crop.waiting


def test_plate_goes_back_further_than_its_car_and_gets_the_cars_that_are_there(
    film: list[Frame],
) -> None:
    first, *between, last = [car(on, 20 * n) for n, on in enumerate(film)]
    car(film[0], 40, "plate", car=first.pk)
    plate = car(film[4], 120, "plate", car=last.pk)
    assert drawn(film, plate, last) == {"boxes": 3, "frames": 3}
    plates = Box.objects.filter(frame__in=film[1:4], label__name="plate").order_by("frame__pts")
    assert [plate.car for plate in plates] == between


def test_each_goes_back_to_where_it_was_last_seen(film: list[Frame]) -> None:
    car(film[0], 0)
    car(film[2], 0)
    assert drawn(film, car(film[4], 100)) == {"boxes": 1, "frames": 1}
    assert lefts(film[1]) == [] and len(lefts(film[3])) == 1
    car(film[3], 190)
    assert drawn(film, car(film[4], 200), key=uuid4())["boxes"] == 0, "nothing lies between"


def test_other_cars_are_not_taken_for_this_one(film: list[Frame], user: Any) -> None:
    car(film[0], 200)
    car(film[0], 0)
    left, right = car(film[4], 10), car(film[4], 210)
    drawn(film, left, right)
    assert lefts(film[1]) == [2.5, 202.5]
    large = boxes.draw(film[4], label="car", xyxy=(0, 0, 320, 180))
    assert drawn(film, large)["boxes"] == 0


def test_texts_say_which_plate_it_is(film: list[Frame], user: Any) -> None:
    here, there = car(film[0], 10, "plate"), car(film[0], 60, "plate")
    plate = car(film[4], 14, "plate")
    for box, text in ((here, "PBA0001"), (there, "PBA0002"), (plate, "PBA0002")):
        read(Crop.objects.get(box=box), text, user)
    drawn(film, plate)
    assert lefts(film[1], "plate") == [60 - 46 / 4]


def test_what_people_said_of_frames_stays(film: list[Frame]) -> None:
    car(film[0], 0)
    frames.mark(film[1], status="nothing_here")
    frames.mark(film[2], status="done")
    there = car(film[3], 152)
    boxes.delete(there, revision=1)
    boxes.restore(there)
    Box.objects.filter(pk=there.pk).update(source="interpolated")
    assert drawn(film, car(film[4], 200)) == {"boxes": 0, "frames": 0}
    assert [lefts(on) for on in film[1:4]] == [[], [], [152]]


def test_taken_back_except_what_was_moved_and_brought_back(film: list[Frame]) -> None:
    car(film[0], 0)
    last = car(film[4], 200)
    drawn(film, last)
    moved = Box.objects.get(frame=film[2])
    boxes.change(moved, Edit(xyxy=(90, 40, 190, 90)), revision=1)
    assert interpolations.undo(film[4], [last.pk], KEY) == {"boxes": 2, "frames": 2}
    assert [lefts(on) for on in film] == [[0], [], [90], [], [200]]
    assert drawn(film, last)["boxes"] == 1, "from where a person put it"
    assert lefts(film[3]) == [150], "the same as before, brought back"
    assert Box.objects.filter(frame=film[3]).count() == 1


def test_the_same_key_again_draws_nothing_twice(film: list[Frame]) -> None:
    car(film[0], 0)
    last = car(film[4], 200)
    assert drawn(film, last) == drawn(film, last)
    assert Box.objects.count() == 5


def test_single_pictures_and_too_much_are_refused(
    project: Project, film: list[Frame], monkeypatch: pytest.MonkeyPatch
) -> None:
    single = make_frame(project, seed=9)
    with pytest.raises(NothingBetween):
        interpolations.draw(single, [car(single, 0).pk], KEY)
    monkeypatch.setattr(interpolations, "MOST", 2)
    car(film[0], 0)
    with pytest.raises(TooManyBetween, match="3 boxes"):
        drawn(film, car(film[4], 200))
    assert lefts(film[1]) == []


def test_through_the_api(api: Any, film: list[Frame]) -> None:
    car(film[0], 0)
    given = {"boxes": [car(film[4], 200).pk], "client_key": str(KEY)}
    address = f"frames/{film[4].pk}/interpolate/"
    assert json_of(api, "post", address, given) == (200, {"boxes": 3, "frames": 3})
    assert json_of(api, "post", f"{address}undo/", given) == (200, {"boxes": 3, "frames": 3})
    assert lefts(film[1]) == []
    assert json_of(api, "post", address, {"boxes": []})[0] == 400
