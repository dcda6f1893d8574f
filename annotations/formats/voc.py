"""Pascal VOC: ``JPEGImages``, an XML file for each picture in ``Annotations``, and ``ImageSets``.

Edges are rounded pixels counted from 0, as most tools of today write them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from html import escape
from pathlib import Path

from annotations.formats.exports import ExportBox, ExportPicture, Names, fresh_folder
from annotations.formats.matching import stem
from annotations.formats.yolo import put


def write(out_dir: Path, pictures: Iterable[ExportPicture]) -> dict[str, int]:
    """Write the pictures with their boxes; returns the counts of pictures and boxes.

    ``out_dir`` must be new or empty. Raises ExportFolderNotEmpty.
    """
    names, counts = Names(), {"pictures": 0, "boxes": 0}
    splits: defaultdict[str, list[str]] = defaultdict(list)
    with fresh_folder(out_dir) as part:
        for picture in pictures:
            name = names.give(picture.name, flat=True)
            put(part / "JPEGImages" / name, picture.data)
            put(part / "Annotations" / f"{stem(name)}.xml", _xml(picture, name).encode())
            splits[picture.split or "train"].append(stem(name))
            counts["pictures"] += 1
            counts["boxes"] += len(picture.boxes)
        for split, listed in splits.items():
            text = "".join(f"{name}\n" for name in listed)
            put(part / "ImageSets" / "Main" / f"{split}.txt", text.encode())
    return counts


def _xml(picture: ExportPicture, name: str) -> str:
    size = f"<width>{picture.width}</width><height>{picture.height}</height><depth>3</depth>"
    objects = "".join(map(_object, picture.boxes))
    return (
        f"<annotation><folder>JPEGImages</folder><filename>{escape(name)}</filename>"
        f"<size>{size}</size><segmented>0</segmented>{objects}</annotation>\n"
    )


def _object(box: ExportBox) -> str:
    edges = {"xmin": box.x1, "ymin": box.y1, "xmax": box.x2, "ymax": box.y2}
    inner = "".join(f"<{edge}>{round(value)}</{edge}>" for edge, value in edges.items())
    return (
        f"<object><name>{escape(box.label)}</name><pose>Unspecified</pose>"
        f"<truncated>0</truncated><difficult>0</difficult><bndbox>{inner}</bndbox></object>"
    )
