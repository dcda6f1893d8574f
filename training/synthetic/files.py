"""Folders of drawn pictures with a table of what is on them.

``manifest.csv`` has the columns of every such table here: file, x, y, w, h, text, label;
pixels, one line per box. ``contact.jpg`` shows the first ones. Picture number i depends on
the seed and i alone.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthetic import plates, scenes, sheets
from training.synthetic.video import Truth

Picture = NDArray[np.uint8]
Progress = Callable[[int, int], None]
Row = tuple[str, int, int, int, int, str, str]
COLUMNS = ("file", "x", "y", "w", "h", "text", "label")
SHEET = "contact.jpg"
_SHOWN_PLATES, _SHOWN_SCENES, _SHOWN_FRAMES = 96, 20, 12


def write_plates(
    out: Path,
    *,
    count: int,
    seed: int = 0,
    size: tuple[int, int] | None = None,
    formats: Sequence[str] = ("ecuador",),
    progress: Progress | None = None,
) -> Path:
    """Writes ``count`` plates, ``manifest.csv`` and ``contact.jpg``; the manifest's path.

    The box of a plate is its whole picture. Raises UnknownPlateFormat.
    """
    rows: list[Row] = []
    shown: list[Picture] = []
    for index in range(count):
        rng = np.random.default_rng((seed, index))
        plate = plates.render(rng, formats=formats, size=size)
        name = f"plate_{index:06d}.jpg"
        _write_picture(out / name, plate.picture)
        height, width = plate.picture.shape[:2]
        rows.append((name, 0, 0, width, height, plate.text, "plate"))
        if index < _SHOWN_PLATES:
            shown.append(plate.picture)
        if progress:
            progress(index + 1, count)
    words = [row[5] for row in rows[: len(shown)]]
    _write_picture(out / SHEET, sheets.sheet(shown, words, cell=(164, 84), columns=8))
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
    """Writes ``count`` scenes, ``manifest.csv`` and ``contact.jpg``; the manifest's path.

    Boxes are rounded to whole pixels. A scene without vehicles has no line in the table.
    Raises UnknownPlateFormat.
    """
    rows: list[Row] = []
    shown: list[tuple[Picture, str]] = []
    for index in range(count):
        scene = scenes.render(np.random.default_rng((seed, index)), size=size, formats=formats)
        name = f"scene_{index:06d}.jpg"
        _write_picture(out / name, scene.picture)
        rows += [_row(name, box) for box in scene.boxes]
        if index < _SHOWN_SCENES:
            shown.append((_outlined(scene.picture, scene.boxes), _words(scene.boxes)))
        if progress:
            progress(index + 1, count)
    _write_sheet(out, shown)
    return _write_manifest(out, rows)


def write_video_sheet(video: Path, truth: Truth) -> Path:
    """Writes ``contact.jpg`` beside a drawn video: frames with their boxes; its path."""
    by_pts = {frame.pts: frame.boxes for frame in truth.frames}
    shown: list[tuple[Picture, str]] = []
    with av.open(str(video)) as opened:
        stream = opened.streams.video[0]
        stream.codec_context.skip_frame = "NONKEY"
        keys = [frame for frame in opened.decode(stream) if frame.pts in by_pts]
    for frame in keys[:: max(1, len(keys) // _SHOWN_FRAMES)][:_SHOWN_FRAMES]:
        boxes = by_pts[frame.pts or 0]
        picture = np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)
        shown.append((_outlined(picture, boxes), f"{frame.time:.1f} s {_words(boxes)}"))
    return _write_sheet(video.parent, shown)


def _outlined(picture: Picture, boxes: Sequence[scenes.SceneBox]) -> Picture:
    return sheets.outlined(picture, [(b.label, (b.x1, b.y1, b.x2, b.y2)) for b in boxes])


def _words(boxes: Sequence[scenes.SceneBox]) -> str:
    return " ".join(box.text for box in boxes if box.label == "plate")


def _write_sheet(out: Path, shown: Sequence[tuple[Picture, str]]) -> Path:
    pictures, words = [one for one, _ in shown], [text for _, text in shown]
    _write_picture(out / SHEET, sheets.sheet(pictures, words, cell=(420, 240), columns=4))
    return out / SHEET


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
