"""Plates whose box cuts them short are read in a wider window."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from annotations.vision.crops import Bgr
from training.recognizer.predict import PlateRead
from training.recognizer.whole import read_whole

PICTURE = np.zeros((100, 400, 3), np.uint8)
BOX = (150.0, 40.0, 250.0, 60.0)


def reader(said: dict[int, tuple[str, float]], fitted: str = "") -> tuple[list[int], object]:
    """Reads by the width of the crop; which widths were asked for."""
    asked: list[int] = []

    def read(crops: Sequence[Bgr]) -> list[PlateRead]:
        asked.extend(crop.shape[1] for crop in crops)
        found = [said.get(crop.shape[1], ("", 0.0)) for crop in crops]
        return [PlateRead(t, c, (c,) * len(t), fitted=fitted) for t, c in found]

    return asked, read


@pytest.mark.parametrize(
    ("said", "text", "asked"),
    [
        ({116: ("23126", 0.9), 150: ("A23126", 1.0), 190: ("34A23126", 0.9)}, "34A23126", 4),
        ({116: ("A23126", 0.9), 150: ("A23126", 1.0)}, "A23126", 2),  # nothing more to see
        ({116: ("A23126", 0.9), 150: ("4A23126", 0.4)}, "A23126", 2),  # not sure enough
        ({116: ("A23126", 0.9), 150: ("XXX99999", 0.9)}, "A23126", 2),  # something else
        ({}, "", 1),
    ],
)
def test_window_grows_while_more_is_read(
    said: dict[int, tuple[str, float]], text: str, asked: int
) -> None:
    widths, read = reader(said)
    (found,) = read_whole(read, [(PICTURE, BOX)])  # type: ignore[arg-type]  # as good as the real one
    assert (found.read.text, len(widths)) == (text, asked)
    assert said.get(found.crop.shape[1], ("",))[0] == text  # the crop shows what was read


def test_text_that_has_a_format_is_not_doubted() -> None:
    said = {116: ("PBA1234", 0.9), 150: ("PBA12341", 0.9)}
    widths, read = reader(said, fitted="PBA1234")
    assert read_whole(read, [(PICTURE, BOX)])[0].read.text == "PBA1234"  # type: ignore[arg-type]
    assert widths == [116] and read_whole(read, []) == []  # type: ignore[arg-type]
