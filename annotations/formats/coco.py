"""COCO's instances: ``images/SPLIT`` and one ``annotations/instances_SPLIT.json`` for each.

A box is x, y, width and height in pixels, from the top left. Categories count from 1. A box
to ignore is a "crowd", which COCO's own figures leave out in the same way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from annotations.formats.exports import (
    ExportPicture,
    Names,
    Sink,
    Spool,
    checked_index,
    opened,
)


def write(
    out: Path | Sink, pictures: Iterable[ExportPicture], labels: Sequence[str]
) -> dict[str, int]:
    """Write the pictures and a list of each split; returns the counts of pictures and boxes.

    A folder must be new or empty. Raises ExportFolderNotEmpty, ExportLabelUnknown.
    """
    names, lists = Names(), dict[str, _Lists]()
    counts = {"pictures": 0, "boxes": 0}
    crowds = 0
    with opened(out) as sink:
        for picture in pictures:
            index = checked_index(picture, labels)
            split = picture.split or "train"
            name = names.give(picture.name, group=split, flat=True)
            sink.put(f"images/{split}/{name}", picture.data, of=picture.source)
            counts["pictures"] += 1
            said = lists.setdefault(split, _Lists())
            first = counts["boxes"] + crowds + 1
            said.add(picture, name, numbers=(counts["pictures"], first), index=index)
            counts["boxes"] += len(picture.counted)
            crowds += len(picture.boxes) - len(picture.counted)
        for split, said in lists.items():
            sink.put(f"annotations/instances_{split}.json", said.json(labels))
    return counts


class _Lists:
    """The pictures and boxes of a split, kept out of memory until they are written."""

    def __init__(self) -> None:
        self._images, self._boxes = Spool(), Spool()

    def add(
        self,
        picture: ExportPicture,
        name: str,
        *,
        numbers: tuple[int, int],
        index: Mapping[str, int],
    ) -> None:
        """List a picture and its boxes, beginning at the ``numbers`` of image and box."""
        image, first = numbers
        size = {"width": picture.width, "height": picture.height}
        _append(self._images, {"id": image, "file_name": name, **size})
        for number, box in enumerate(picture.boxes, first):
            width, height = box.x2 - box.x1, box.y2 - box.y1
            row = {
                "id": number,
                "image_id": image,
                "category_id": index[box.label] + 1,
                "bbox": [box.x1, box.y1, width, height],
                "area": width * height,
                "iscrowd": int(box.ignore),
                "segmentation": [],
            }
            _append(self._boxes, row)

    def json(self, labels: Sequence[str]) -> Iterator[bytes]:
        """The file, piece by piece."""
        yield b'{"images": ['
        yield from self._images.pieces()
        yield b'], "annotations": ['
        yield from self._boxes.pieces()
        categories = [{"id": place, "name": label} for place, label in enumerate(labels, 1)]
        yield f'], "categories": {json.dumps(categories, ensure_ascii=False)}}}\n'.encode()


def _append(rows: Spool, row: Mapping[str, Any]) -> None:
    between = ",\n" if rows.size else ""
    rows.write((between + json.dumps(row, ensure_ascii=False)).encode())
