"""Cut-outs of each class of an import on one sheet: a row a class, six cells a row."""

from __future__ import annotations

from uuid import uuid4

import numpy as np

from annotations.errors import EmptyFile
from annotations.formats import Annotations
from annotations.formats.archives import Source
from annotations.models import ImportBatch
from annotations.vision import crops as vision
from annotations.vision.boxes import Xyxy
from lprsite import files
from lprsite.errors import Refused

CELL = (144, 96)  # pixels; shown at half of it
CELLS = 6  # a row
CLASSES = 60  # rows
_AROUND = 0.25  # of a box's longer side, shown on each side of it
_QUALITY = 82


def make(batch: ImportBatch, source: Source, said: Annotations) -> dict[str, tuple[int, int]]:
    """Store the sheet and name it in the row; returns label -> (row, cells)."""
    rows: list[list[vision.Bgr]] = []
    places: dict[str, tuple[int, int]] = {}
    for label, count in said.label_counts.items():
        if count and len(rows) < CLASSES:
            cells = _cells(source, said, label)
            if cells:
                places[label] = (len(rows), len(cells))
                rows.append(cells)
    before, batch.samples = batch.samples, ""
    if rows:
        batch.samples = _store(rows)
    batch.save(update_fields=["samples"])
    if before and before != batch.samples:
        files.delete(before)
    return places


def _store(rows: list[list[vision.Bgr]]) -> str:
    width, height = CELL
    sheet = np.zeros((height * len(rows), width * CELLS, 3), np.uint8)
    for down, cells in enumerate(rows):
        for across, cell in enumerate(cells):
            top, left = down * height, across * width
            sheet[top : top + height, left : left + width] = cell
    key = f"imports/samples/{uuid4().hex}.jpg"
    target = files.local_path(key)
    target.parent.mkdir(parents=True, exist_ok=True)
    with files.scratch_file(".jpg") as fresh:
        fresh.write_bytes(vision.encode_jpeg(sheet, _QUALITY))
        fresh.replace(target)
    return key


def _cells(source: Source, said: Annotations, label: str) -> list[vision.Bgr]:
    cells = []
    for member, box in said.examples(label, limit=CELLS):
        try:
            picture = vision.decode_picture(source.read(member), name=member)
            cells.append(cut_out(picture, box))
        except Refused:  # the report says what is wrong with it
            continue
    return cells


def cut_out(picture: vision.Bgr, box: Xyxy) -> vision.Bgr:
    """The box with its surroundings, filling a cell without stretching. Raises Refused."""
    height, width = picture.shape[:2]
    x1, y1, x2, y2 = box
    if not (x1 < x2 and y1 < y2 and x2 > 0 and y2 > 0 and x1 < width and y1 < height):
        raise EmptyFile(name="box")
    around = 1 + 2 * _AROUND
    tall = max((y2 - y1) * around, (x2 - x1) * around * CELL[1] / CELL[0], 8.0)
    tall = min(tall, height, width * CELL[1] / CELL[0])
    wide = tall * CELL[0] / CELL[1]
    left = min(max((x1 + x2 - wide) / 2, 0.0), width - wide)
    top = min(max((y1 + y2 - tall) / 2, 0.0), height - tall)
    return vision.resize_frame(
        vision.crop_plate(picture, (left, top, left + wide, top + tall)), CELL
    )
