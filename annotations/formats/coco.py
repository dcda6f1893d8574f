"""COCO's instances: ``images/SPLIT`` and one ``annotations/instances_SPLIT.json`` for each.

A box is x, y, width and height in pixels, from the top left. Categories count from 1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from annotations.formats.exports import ExportPicture, Names, checked_index, fresh_folder
from annotations.formats.yolo import put


def write(
    out_dir: Path, pictures: Iterable[ExportPicture], labels: Sequence[str]
) -> dict[str, int]:
    """Write the pictures and a list of each split; returns the counts of pictures and boxes.

    ``out_dir`` must be new or empty. Raises ExportFolderNotEmpty, ExportLabelUnknown.
    """
    names, counts = Names(), {"pictures": 0, "boxes": 0}
    categories = [{"id": place, "name": label} for place, label in enumerate(labels, 1)]
    lists: dict[str, dict[str, list[dict[str, Any]]]] = {}
    with fresh_folder(out_dir) as part:
        for picture in pictures:
            split = picture.split or "train"
            empty: dict[str, list[dict[str, Any]]] = {"images": [], "annotations": []}
            said = lists.setdefault(split, empty)
            name = names.give(picture.name, group=split, flat=True)
            put(part / "images" / split / name, picture.data)
            counts["pictures"] += 1
            _add(said, picture, name, ids=counts, index=checked_index(picture, labels))
        for split, said in lists.items():
            text = json.dumps({**said, "categories": categories}, ensure_ascii=False)
            put(part / "annotations" / f"instances_{split}.json", text.encode())
    return counts


def _add(
    said: dict[str, list[dict[str, Any]]],
    picture: ExportPicture,
    name: str,
    *,
    ids: dict[str, int],
    index: Mapping[str, int],
) -> None:
    """List a picture and its boxes; numbers go on over all splits."""
    image = ids["pictures"]
    size = {"width": picture.width, "height": picture.height}
    said["images"].append({"id": image, "file_name": name, **size})
    for box in picture.boxes:
        ids["boxes"] += 1
        width, height = box.x2 - box.x1, box.y2 - box.y1
        said["annotations"].append(
            {
                "id": ids["boxes"],
                "image_id": image,
                "category_id": index[box.label] + 1,
                "bbox": [box.x1, box.y1, width, height],
                "area": width * height,
                "iscrowd": 0,
                "segmentation": [],
            }
        )
