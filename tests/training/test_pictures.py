"""Evaluation on tables: every line counts or is told about."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from training import pictures
from training.detector.predict import Detection
from training.errors import NoPictures


class OneAlways:
    """A detector that finds the same plate everywhere."""

    classes = ("car", "plate")
    thresholds = {"car": 0.5, "plate": 0.5}
    verifies = False

    def detect(self, frames: Any, **_: Any) -> list[list[Detection]]:
        return [[Detection("plate", 10, 10, 40, 20, 0.9)] for _ in frames]


READER: Any = SimpleNamespace(
    read=lambda crops: [SimpleNamespace(text="ABC1234", confidence=0.9) for _ in crops]
)


def table(folder: Path, *lines: str) -> list[pictures.Listed]:
    for name in ("a b", "c"):
        cv2.imwrite(str(folder / f"{name}.png"), np.zeros((60, 80, 3), np.uint8))
    file = folder / "table.csv"
    text = "\r\n".join(["file,x,y,w,h,text,label", *lines])
    file.write_text(text, encoding="utf-8-sig", newline="")
    return pictures.listed(file)


def evaluated(rows: list[pictures.Listed]) -> tuple[dict[str, Any], list[pictures.Prediction]]:
    detector: Any = OneAlways()
    return pictures.evaluate_detector(detector, rows, lambda done, total: None)


def test_every_line_counts_or_is_told_about(tmp_path: Path) -> None:
    rows = table(
        tmp_path,
        "a b.png,10.0,10.0,30.0,10.0,,",
        "a b.png,10,10,30,10,,plate",
        "a b.png,1,1,5,5,,truck",
        ".\\c.png,10,10,0,10,,",
        "c.png,x,10,3,10,,",
    )
    figures, predictions = evaluated(rows)
    assert figures["plate"]["objects"] == 1 and figures["plate"]["images"] == 1
    assert [item.file for item in predictions] == ["a b.png", "./c.png"]
    told = "\n".join(figures["left_out"])
    assert len(figures["left_out"]) == 4
    assert "line 5" in told and "line 6" in told and "truck" in told and "twice" in told


def test_pictures_without_boxes_have_only_false_ones(tmp_path: Path) -> None:
    figures, _ = evaluated(table(tmp_path, "a b.png,,,,,,", "c.png,,,,,,"))
    assert figures["plate"]["images"] == 2 and "left_out" not in figures
    assert len(figures["report"]["labels"]["plate"]["false"]) == 2


def test_a_table_of_nothing_usable_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoPictures):
        table(tmp_path, "c.png,1,1,0,5,,")


def test_a_picture_with_a_broken_box_is_read_all_the_same(tmp_path: Path) -> None:
    rows = table(tmp_path, "a b.png,10,10,30,10,abc-1234,", "c.png,1,1,0,5,ABC1234,")
    detector: Any = OneAlways()
    figures, predictions = pictures.read_images(detector, READER, rows, lambda done, total: None)
    assert figures["pictures"] == len(predictions) == 2
    assert figures["texts"] == 1 and figures["exact"] == 1 and len(figures["left_out"]) == 1
