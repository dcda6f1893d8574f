"""Pascal VOC: ``JPEGImages``, an XML file for each picture in ``Annotations``, and ``ImageSets``.

Edges are rounded pixels counted from 0, as most tools of today write them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from html import escape
from pathlib import Path

from annotations.formats.exports import ExportBox, ExportPicture, Names, Sink, opened
from annotations.formats.matching import stem


def write(out: Path | Sink, pictures: Iterable[ExportPicture]) -> dict[str, int]:
    """Write the pictures with their boxes; returns the counts of pictures and boxes.

    A folder must be new or empty. A box to ignore is "difficult", as VOC calls it.
    Raises ExportFolderNotEmpty.
    """
    names, counts = Names(), {"pictures": 0, "boxes": 0}
    splits: defaultdict[str, list[str]] = defaultdict(list)
    with opened(out) as sink:
        for picture in pictures:
            name = names.give(picture.name, flat=True)
            sink.put(f"JPEGImages/{name}", picture.data, of=picture.source)
            sink.put(f"Annotations/{stem(name)}.xml", _xml(picture, name).encode())
            splits[picture.split or "train"].append(stem(name))
            counts["pictures"] += 1
            counts["boxes"] += len(picture.counted)
        for split, listed in splits.items():
            text = "".join(f"{name}\n" for name in listed)
            sink.put(f"ImageSets/Main/{split}.txt", text.encode())
    return counts


def _xml(picture: ExportPicture, name: str) -> str:
    size = f"<width>{picture.width}</width><height>{picture.height}</height><depth>3</depth>"
    objects = "".join(map(_object, picture.boxes))
    return (
        f"<annotation><folder>JPEGImages</folder><filename>{escape(name)}</filename>"
        f"<size>{size}</size><segmented>0</segmented>{objects}</annotation>\n"
    )


def _object(box: ExportBox) -> str:
    (x1, x2), (y1, y2) = _rounded(box.x1, box.x2), _rounded(box.y1, box.y2)
    inner = f"<xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax>"
    return (
        f"<object><name>{escape(box.label)}</name><pose>Unspecified</pose><truncated>0</truncated>"
        f"<difficult>{int(box.ignore)}</difficult><bndbox>{inner}</bndbox></object>"
    )


def _rounded(low: float, high: float) -> tuple[int, int]:
    """Whole pixels; a side thinner than half a pixel is one wide, or it would be no box."""
    first, last = round(low), round(high)
    return (first, last) if first < last else (int(low), int(low) + 1)
