"""Plates of two rows become one row."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from training.recognizer import mix, rows
from training.recognizer.network import build
from training.recognizer.predict import PlateRead, Recognizer


def two_rows(gap: int) -> np.ndarray:
    """Upright strokes above and below ``gap``, uint8 BGR (100, 130, 3)."""
    picture = np.full((100, 130, 3), 230, np.uint8)
    for x in range(20, 110, 12):
        picture[12 : gap - 3, x : x + 5] = 20
        picture[gap + 3 : 92, x : x + 5] = 60
    return picture


@pytest.mark.parametrize("gap", [45, 55, 65])
def test_rows_part_where_no_character_is(gap: int):
    line = rows.side_by_side(two_rows(gap))
    assert line.shape == (96, 192, 3)
    assert 60 not in line[:, :90]
    assert 20 not in line[:, 102:]


def test_only_square_crops_may_have_two_rows():
    assert rows.surely_two(two_rows(50))
    plate, aslant = np.zeros((50, 150, 3), np.uint8), np.zeros((60, 100, 3), np.uint8)
    assert not rows.perhaps_two(plate)
    assert rows.perhaps_two(aslant)
    assert not rows.surely_two(aslant)


@pytest.mark.parametrize("shape", [(4, 1, 3), (5, 5, 3), (300, 200, 3)])
def test_any_square_crop_gets_through(shape):
    assert rows.side_by_side(np.zeros(shape, np.uint8)).shape == (96, 192, 3)


def test_training_and_reading_see_the_same_row(tmp_path, monkeypatch):
    path = tmp_path / "two.png"
    cv2.imwrite(str(path), two_rows(50))
    assert np.array_equal(mix.read(path), rows.side_by_side(two_rows(50)))

    def sure_of_lines(self, crops):
        return [PlateRead(f"{c.shape[1]}", 0.9 if c.shape[1] == 192 else 0.5, ()) for c in crops]

    monkeypatch.setattr(Recognizer, "_read", sure_of_lines)
    reads = Recognizer(build("lite", 2), "AB").read(
        [two_rows(50), np.zeros((50, 150, 3), np.uint8)]
    )
    assert [read.text for read in reads] == ["192", "150"]
