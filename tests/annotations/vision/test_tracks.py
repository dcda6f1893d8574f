"""Following plates across frames."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations.vision.tracks import (
    FrameDetections,
    Track,
    Tracker,
    TrackInput,
    TrackPoint,
    assign,
    track,
)


def detection(x: float, y: float = 100.0, *, width: float = 60.0, label: str = "plate", c=0.9):
    return TrackInput((x, y, x + width, y + width / 2), c, label)


def frames_of(*rows: list[TrackInput], fps: float = 5.0) -> list[FrameDetections]:
    return [FrameDetections(k, k / fps, row) for k, row in enumerate(rows)]


def corners(found: Track) -> list[float]:
    return [round(point.box[0]) for point in found.points]


def test_a_plate_is_followed():
    found = track(frames_of(*[[detection(10 * k)] for k in range(8)]))
    assert [len(one.points) for one in found] == [8]
    assert found[0].label == "plate"
    assert [point.pts for point in found[0].points] == list(range(8))


def test_nothing_gives_nothing():
    assert track([]) == [] and track(frames_of([], [])) == []


@pytest.mark.parametrize("fps", [2, 5, 10, 25])
def test_fast_plate_without_any_overlap_is_one_track(fps):
    # 1000 pixels a second, 60 wide: 3 widths and more between two looks at 5 a second.
    speed = 1000 if fps > 2 else 400
    rows = [[detection(speed * k / fps)] for k in range(2 * fps)]
    assert [len(one.points) for one in track(frames_of(*rows, fps=fps))] == [2 * fps]


def test_tracks_that_a_frame_continues_tell_where_they_came_from():
    tracker = Tracker()
    rows = [[detection(0)], [detection(10), detection(900)], [detection(20)], []]
    told = []
    for frame in frames_of(*rows):
        tracker.add(frame)
        told.append([(a.box[0], b.box[0]) for a, b in tracker.continued()])
    assert told == [[], [(0, 10)], [(10, 20)], []]


def test_two_plates_in_a_row_stay_two():
    rows = [[detection(150 * k), detection(150 * k + 400)] for k in range(8)]
    found = track(frames_of(*rows))
    assert [corners(one) for one in found] == [
        [150 * k for k in range(8)],
        [150 * k + 400 for k in range(8)],
    ]


def test_track_ends_after_a_gap_in_seconds():
    rows = [[detection(50)] if k in (0, 1, 5, 6, 13) else [] for k in range(14)]
    assert [len(one.points) for one in track(frames_of(*rows))] == [4, 1]
    assert [len(one.points) for one in track(frames_of(*rows), max_gap=2.0)] == [5]
    assert [len(one.points) for one in track(frames_of(*rows), max_gap=0.5)] == [2, 2, 1]
    assert [len(one.points) for one in track(frames_of(*rows, fps=25))] == [5]


def test_frames_without_detections_may_be_left_out():
    rows = [[detection(30 * k)] if k % 3 == 0 else [] for k in range(20)]
    every = frames_of(*rows)
    assert track(every) == track([frame for frame in every if frame.detections])


def test_short_tracks_can_be_left_out():
    rows = [[detection(30 * k)] + ([detection(900, 700)] if k == 2 else []) for k in range(5)]
    assert len(track(frames_of(*rows))) == 2
    assert [len(one.points) for one in track(frames_of(*rows), min_length=2)] == [5]


def test_labels_are_tracked_apart():
    rows = [[detection(10 * k, label="plate"), detection(10 * k, label="car")] for k in range(4)]
    found = track(frames_of(*rows))
    assert sorted((one.label, len(one.points)) for one in found) == [("car", 4), ("plate", 4)]


def test_points_name_the_detections_they_come_from():
    rows = [[detection(900), detection(10 * k)] for k in range(3)]
    found = track(frames_of(*rows))
    for one in found:
        for point in one.points:
            assert rows[point.pts][point.index].box == point.box
    assert len(found) == 2


def test_standing_plate_does_not_jump_to_one_that_appears_further_on():
    rows = [[detection(100)]] * 4 + [[detection(500)]] * 4
    assert [set(corners(one)) for one in track(frames_of(*rows))] == [{100}, {500}]


def test_time_going_back_is_an_error():
    with pytest.raises(ValueError, match="order of time"):
        track([FrameDetections(5, 1.0, []), FrameDetections(4, 0.8, [])])


def crossing(speed_a, speed_b, gaps_a, gaps_b, noise, fps):
    """Two plates on one line that meet in the middle; (frames, truth by pts and index)."""
    meet, rows, truth = 1.5, [], {}
    rng = np.random.default_rng(noise)
    for k in range(int(3 * fps)):
        row: list[TrackInput] = []
        for who, speed, gaps in (("a", speed_a, gaps_a), ("b", -speed_b, gaps_b)):
            # Both are seen three times before anything is missed.
            if k > 2 and (k * 7 + ord(who)) % 10 in gaps:
                continue
            jitter = rng.normal(0, 1, 2) if noise else (0, 0)
            truth[k, len(row)] = who
            y = 300.0 + 8 * (who == "b")
            row.append(detection(700 + speed * (k / fps - meet) + jitter[0], y + jitter[1]))
        rows.append(row)
    return frames_of(*rows, fps=fps), truth


@settings(max_examples=150)
@given(
    st.floats(100, 450),
    st.floats(100, 450),
    st.sets(st.integers(0, 9), max_size=3),
    st.sets(st.integers(0, 9), max_size=3),
    st.integers(0, 5),
    st.sampled_from([5, 10, 20]),
)
def test_crossing_plates_keep_their_identity(speed_a, speed_b, gaps_a, gaps_b, noise, fps):
    frames, truth = crossing(speed_a, speed_b, gaps_a, gaps_b, noise, fps)
    found = track(frames)
    assert len(found) == 2
    for one in found:
        owners = [truth[point.pts, point.index] for point in one.points]
        far = [
            who
            for who, point in zip(owners, one.points, strict=True)
            if abs(point.seconds - 1.5) > 0.15  # while they cover each other nobody can tell
        ]
        assert len(set(far)) == 1


boxes = st.builds(
    detection,
    st.floats(0, 1500),
    st.floats(0, 900),
    width=st.floats(20, 200),
    label=st.sampled_from(["plate", "car"]),
    c=st.floats(0, 1),
)


@given(st.lists(st.lists(boxes, max_size=5), max_size=8), st.randoms(use_true_random=False))
def test_order_of_detections_in_a_frame_does_not_matter(rows, shuffler):
    def bare(found: list[Track]) -> list[tuple[str, list[TrackPoint]]]:
        return [(o.label, [replace(point, index=0) for point in o.points]) for o in found]

    mixed = [shuffler.sample(row, len(row)) for row in rows]
    first = track(frames_of(*rows))
    assert bare(first) == bare(track(frames_of(*mixed))) == bare(track(frames_of(*rows)))
    assert sum(len(one.points) for one in first) == sum(len(row) for row in rows)


costs = st.integers(0, 5).flatmap(
    lambda n: st.integers(0, 5).flatmap(
        lambda m: st.lists(
            st.lists(st.floats(0, 4), min_size=m, max_size=m), min_size=n, max_size=n
        ).map(lambda rows: np.array(rows, float).reshape(n, m))
    )
)


@given(costs)
def test_assignment_costs_as_little_as_the_best_of_all(cost):
    limit, (rows, columns) = 2.5, cost.shape
    places = [*range(columns), *[-1] * rows]
    best = min(
        sum(limit if c < 0 else min(cost[r, c], limit) for r, c in enumerate(choice))
        for choice in set(itertools.permutations(places, rows))
    )
    pairs = assign(cost, limit)
    assert len({r for r, _ in pairs}) == len({c for _, c in pairs}) == len(pairs)
    assert sum(cost[pair] for pair in pairs) + limit * (rows - len(pairs)) == pytest.approx(best)
    assert all(cost[pair] < limit for pair in pairs)
