"""Folders of drawn pictures with a table of what is on them.

``manifest.csv`` has the columns of every such table here: file, x, y, w, h, text, label;
pixels, one line per box. Picture number i depends on the seed and i alone.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthetic import plates, scenes

Picture = NDArray[np.uint8]
Progress = Callable[[int, int], None]
Row = tuple[str, int, int, int, int, str, str]
COLUMNS = ("file", "x", "y", "w", "h", "text", "label")


def write_plates(
    out: Path,
    *,
    count: int,
    seed: int = 0,
    size: tuple[int, int] | None = None,
    formats: Sequence[str] = ("ecuador",),
    progress: Progress | None = None,
) -> Path:
    """Writes ``count`` plates and ``manifest.csv`` into ``out``; the manifest's path.

    The box of a plate is its whole picture. Raises UnknownPlateFormat.
    """
    rows: list[Row] = []
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        plate = plates.render(rng, formats=formats, size=size)
        name = f"plate_{index:06d}.jpg"
        _write_picture(out / name, plate.picture)
        height, width = plate.picture.shape[:2]
        rows.append((name, 0, 0, width, height, plate.text, "plate"))
        if progress:
            progress(index + 1, count)
    return _write_manifest(out, rows)


def write_scenes(
    out: Path,
    *,
    count: int,
    seed: int = 0,
    size: tuple[int, int] = (640, 360),
    formats: Sequence[str] = ("ecuador",),
    progress: Progress | None = None,
) -> Path:
    """Writes ``count`` scenes and ``manifest.csv`` into ``out``; the manifest's path.

    Boxes are rounded to whole pixels. A scene without vehicles has no line in the table.
    Raises UnknownPlateFormat.
    """
    rows: list[Row] = []
    for index in range(count):
        scene = scenes.render(np.random.default_rng((seed, index)), size=size, formats=formats)
        name = f"scene_{index:06d}.jpg"
        _write_picture(out / name, scene.picture)
        rows += [_row(name, box) for box in scene.boxes]
        if progress:
            progress(index + 1, count)
    return _write_manifest(out, rows)


def _row(name: str, box: scenes.SceneBox) -> Row:
    x, y = round(box.x1), round(box.y1)
    text = box.text if box.label == "plate" else ""
    return name, x, y, max(1, round(box.x2) - x), max(1, round(box.y2) - y), text, box.label


def _write_picture(path: Path, picture: Picture) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
    path.write_bytes(data.tobytes())


def _write_manifest(out: Path, rows: Sequence[Row]) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    target, part = out / "manifest.csv", out / "manifest.csv.part"
    with part.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        table.writerows(rows)
    part.replace(target)
    return target
