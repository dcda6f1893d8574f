import numpy as np
import pytest

from training.detector.metrics import (
    FrameTruth,
    average_precision,
    average_precision_11,
    average_precision_tao,
    best_threshold,
    match,
    without_small,
)

BOX = [10.0, 10, 50, 30]
OTHER = [100.0, 10, 140, 30]


def truth(*boxes, ignored=()):
    return FrameTruth(np.reshape(boxes, (-1, 4)), np.reshape(ignored, (-1, 4)))


def found(*rows):
    return np.reshape(rows, (-1, 5)).astype(float)


def test_a_box_found_twice_is_one_hit_and_one_false_one():
    matched = match([truth(BOX)], [found([*BOX, 0.9], [*BOX, 0.8])])
    assert matched.hits.tolist() == [True, False]
    assert (matched.recall, matched.precision) == (1.0, 0.5)
    assert average_precision(matched) == 1.0


def test_detections_on_ignored_boxes_count_neither_way():
    matched = match(
        [truth(BOX, ignored=OTHER)], [found([*BOX, 0.9], [*OTHER, 0.95], [300, 0, 310, 10, 0.5])]
    )
    assert matched.hits.tolist() == [True, False]


def test_average_precision_by_hand():
    # hit, false, hit of 4: 0.25 * 1 + 0.25 * 2/3
    frames = [truth(BOX, OTHER), truth(BOX, OTHER)]
    matched = match(frames, [found([*BOX, 0.9], [0, 50, 9, 59, 0.8], [*OTHER, 0.7]), found()])
    assert average_precision(matched) == pytest.approx(0.25 + 0.25 * 2 / 3)
    assert average_precision_11(matched) == pytest.approx((3 * 1 + 3 * 2 / 3) / 11)
    assert average_precision_tao(matched) == pytest.approx(0.25)


def test_nothing_to_find_and_nothing_found_is_nought():
    assert average_precision(match([truth()], [found()])) == 0.0
    assert average_precision(match([truth(BOX)], [found()])) == 0.0


def test_the_best_threshold_parts_hits_from_false_ones():
    # A hundred hits from 0.9 down to 0.6 and as many false ones below 0.2: the best is 0.4, and
    # a standard error (0.01) more is one hit less or two false ones more.
    places = [[20.0 * n, 0, 20.0 * n + 9, 9] for n in range(100)]
    hits = [[*box, 0.9 - 0.003 * n] for n, box in enumerate(places)]
    wrong = [[20.0 * n, 50, 20.0 * n + 9, 59, 0.2 - 0.001 * n] for n in range(100)]
    matched = match([truth(*places)], [found(*hits, *wrong)])
    assert best_threshold(matched, default=0.5) == pytest.approx(0.4, abs=0.01)
    assert best_threshold(match([truth(BOX)], [found()]), default=0.5) == 0.5


def test_a_threshold_is_the_middle_of_those_that_are_about_as_good():
    # Of ten plates nine are found at 0.8 and one at 0.3, with a false box at 0.4: whether one
    # takes the last one says little, so the threshold lies between 0.15 and 0.6.
    places = [[20.0 * n, 0, 20.0 * n + 9, 9] for n in range(10)]
    hits = [[*box, 0.8] for box in places[:9]]
    matched = match([truth(*places)], [found(*hits, [0, 50, 9, 59, 0.4], [*places[9], 0.3])])
    assert best_threshold(matched, default=0.5) == pytest.approx((0.6 + 0.15) / 2)


def test_small_boxes_count_neither_way_but_may_find_a_large_one():
    boxes = np.array([[0, 0, 40, 40], [100, 0, 110, 10.0]])
    found = np.array(
        [
            [0, 0, 40, 29, 0.9],  # low, yet on the large one
            [100, 0, 110, 10, 0.8],  # on the small one
            [200, 0, 210, 10, 0.7],  # small, on nothing
            [300, 0, 340, 40, 0.6],  # false
        ]
    )
    truth, kept = without_small(FrameTruth(boxes), found, height=30)
    matched = match([truth], [kept])
    assert (matched.objects, matched.hit_count, matched.false_count) == (1, 1, 1)
    nothing, none = without_small(FrameTruth(np.zeros((0, 4))), np.zeros((0, 5)), height=30)
    assert len(nothing.boxes) == len(none) == 0
