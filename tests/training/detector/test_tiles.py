import numpy as np
import pytest

from training.detector.tiles import OVERLAP, around, once_each, windows, worth_adding


@pytest.mark.parametrize("size", [(1920, 1080), (101, 57)])
@pytest.mark.parametrize("across", [1, 2, 3])
def test_parts_cover_the_frame_and_overlap(size, across):
    parts = windows(size, across)
    assert len(parts) == across**2
    seen = np.zeros(size[::-1], int)
    for left, top, right, bottom in parts:
        seen[top:bottom, left:right] += 1
    assert seen.min() == 1 and seen.max() == (4 if across > 1 else 1)
    if across > 1:
        first, second = parts[:2]
        assert first[2] - second[0] >= OVERLAP * (first[2] - first[0]) - 2


def test_of_a_part_what_is_small_and_not_cut_is_added():
    inside, at_frame, at_cut = [50, 50, 90, 70], [0, 0, 30, 20], [960, 300, 1064, 360]
    large = [50, 50, 400, 120]
    boxes = np.array([inside, at_frame, at_cut, large], float)
    first = windows((1920, 1080), 2)[0]
    assert worth_adding(boxes, first, (1920, 1080)).tolist() == [True, True, False, False]


def test_of_what_lies_on_each_other_the_surest_stays():
    boxes = np.array([[0, 0, 40, 20], [2, 1, 42, 21], [0, 0, 40, 20], [80, 0, 120, 20]], float)
    sure = np.array([0.5, 0.9, 0.3, 0.7])
    assert once_each(boxes, sure, ["plate", "plate", "car", "plate"]) == [1, 3, 2]
    assert once_each(np.zeros((0, 4)), np.zeros(0), []) == []


def test_looks_around_cars_have_the_frames_shape_and_lie_in_it():
    size = (1600, 900)
    cars = [(0, 0, 200, 150), (700, 300, 1300, 700), (10, 10, 1590, 890)]
    first, second = around(cars, size)  # the third is hardly smaller than the frame
    assert first == (0, 0, 480, 270)
    assert second[0] <= 700 and second[1] <= 300 and second[2] >= 1300 and second[3] >= 700
    for left, top, right, bottom in (first, second):
        assert (right - left) / (bottom - top) == pytest.approx(16 / 9, rel=0.01)
        assert left >= 0 and top >= 0 and right <= size[0] and bottom <= size[1]
    assert around([], size) == []
    assert around([(0, 0, 0.3, 0.3)], (1, 1)) == [(0, 0, 1, 1)]
