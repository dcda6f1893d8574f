"""A second look at every plate found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from training.detector import second_look
from training.detector.second_look import verified, window_at

WINDOW = (320, 192)
FRAME = np.zeros((720, 1280, 3), np.uint8)


def look(found: Sequence[Sequence[float]], seen: Sequence[Sequence[float]]) -> tuple[Any, Any]:
    """What is left of ``found`` on a frame where every window shows ``seen``; the windows."""
    windows: list[np.ndarray] = []

    def read(given: np.ndarray) -> list[np.ndarray]:
        windows.extend(given)
        return [np.array(seen, float).reshape(-1, 5) for _ in given]

    rows = np.array(found, float).reshape(-1, 5)
    (left,) = verified([FRAME], [rows], read=read, window=WINDOW)
    return left, windows


def test_a_window_has_the_frames_shape_and_shows_a_box_at_its_share_of_the_width() -> None:
    left, top, right, bottom = window_at(np.array([600.0, 300.0, 684.0, 342.0]), (1280, 720))
    assert 84 / (right - left) == pytest.approx(second_look.WIDE, rel=0.02)
    assert (right - left) / (bottom - top) == pytest.approx(1280 / 720, rel=0.02)
    assert (left + right) / 2 == pytest.approx(642, abs=1)
    assert (top + bottom) / 2 == pytest.approx(321, abs=1)


def test_windows_stay_in_the_frame_and_are_never_larger_or_tiny() -> None:
    assert window_at(np.array([0.0, 0.0, 1000.0, 300.0]), (1280, 720)) == (0, 0, 1280, 720)
    left, top, right, bottom = window_at(np.array([1278.0, 718.0, 1280.0, 720.0]), (1280, 720))
    assert (right, bottom) == (1280, 720)
    assert (right - left, bottom - top) == (80, 45)


def test_what_is_seen_again_is_as_sure_as_both_looks_and_lies_between_them() -> None:
    # Its window is 300 x 169 pixels from 492, 237, shown as 320 x 192.
    first = [600.0, 300.0, 684.0, 342.0, 0.9]
    # What is seen there lies 10 pixels further right: 115.2 + 10 / 300 * 320.
    left, windows = look([first], [[125.9, 72.0, 215.5, 120.0, 0.4]])
    assert [window.shape for window in windows] == [(192, 320, 3)]
    assert left[0, :4] == pytest.approx([605, 300, 689, 342], abs=1)
    assert left[0, 4] == pytest.approx(0.6)


def test_what_is_not_seen_again_keeps_a_tenth_of_its_confidence() -> None:
    first = [600.0, 300.0, 684.0, 342.0, 0.9]
    for seen in ([], [[0.0, 0.0, 20.0, 10.0, 0.99]]):  # nothing, and something elsewhere
        left, _ = look([first], seen)
        assert left.tolist() == [pytest.approx([*first[:4], 0.09])]


def test_the_surest_boxes_alone_are_looked_at_and_faint_ones_not() -> None:
    many = [[100.0 * n, 0.0, 100.0 * n + 40, 20.0, 0.5] for n in range(12)]
    left, windows = look([*many, [0.0, 600.0, 40.0, 620.0, 0.07]], [])
    assert len(windows) == second_look.MOST
    assert sorted(left[:, 4]) == pytest.approx([0.007, *[0.05] * 12])


def test_boxes_that_the_second_look_brings_together_become_one() -> None:
    beside = [[600.0, 300.0, 684.0, 342.0, 0.9], [606.0, 302.0, 690.0, 344.0, 0.4]]
    left, windows = look(beside, [[115.0, 68.0, 205.0, 112.0, 0.9]])
    assert len(windows) == 2 and len(left) == 1
    assert left[0, 4] == pytest.approx(0.9)


def test_a_frame_without_boxes_costs_no_look() -> None:
    left, windows = look([], [])
    assert left.shape == (0, 5) and windows == []


def test_where_the_looks_differ_much_the_closer_one_is_right() -> None:
    # Seen close up is the right half of what was found, in pixels of the window from 492, 237.
    left, _ = look([[600.0, 300.0, 684.0, 342.0, 0.9]], [[160.0, 72.0, 205.0, 120.0, 0.9]])
    assert left[0, :4] == pytest.approx([642, 300, 684, 342], abs=1)
