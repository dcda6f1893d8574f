"""COCO, from whichever tool."""

from __future__ import annotations

import json
from typing import Any

import pytest

from annotations.formats import coco
from annotations.formats.exports import ExportBox, ExportPicture

from .conftest import adds_up, jpeg, read


def said(*boxes: dict[str, Any], **changes: Any) -> str:
    content = {
        "images": [{"id": 7, "file_name": "a.jpg", "width": 375, "height": 211}],
        "categories": [{"id": 3, "name": "plate"}, {"id": 90, "name": "car"}],
        "annotations": [{"id": n, "image_id": 7, **box} for n, box in enumerate(boxes)],
    }
    return json.dumps({**content, **changes})


BOX = {"category_id": 90, "bbox": [10, 20, 100, 50]}


@pytest.mark.parametrize("name", ["x.json", "_annotations.json", "_annotations.coco.json"])
def test_category_ids_with_gaps_are_mapped_by_id_whatever_the_file_is_called(zipped, name):
    plate = {"category_id": 3, "bbox": [1.5, 2.5, 3, 4]}
    plan = read(zipped({name: said(BOX, plate), "a.jpg": jpeg()})).resolve()
    assert adds_up(plan)["imported"] == 2
    assert [(b.label, b.xyxy) for b in plan.pictures[0].boxes] == [
        ("car", (10, 20, 110, 70)),
        ("plate", (1.5, 2.5, 4.5, 6.5)),
    ]


@pytest.mark.parametrize(
    "name",
    ["a.jpg", "deep/er/a.jpg", "C:\\data\\a.jpg", "/home/me/a.jpg", "https://x.org/a.jpg"],
)
def test_file_name_with_folders_finds_its_picture(zipped, name):
    image = [{"id": 7, "file_name": name}]
    files = {"annotations/instances_val.json": said(BOX, images=image), "val/a.jpg": jpeg()}
    assert adds_up(read(zipped(files)).resolve())["imported"] == 1


def test_same_file_name_in_two_splits_means_two_pictures(zipped):
    files = {
        f"annotations/instances_{split}.json": said(BOX, *[BOX | {"bbox": [1, 1, 9, 9]}] * extra)
        for split, extra in (("train", 0), ("val", 1))
    }
    files |= {f"images/{split}/a.jpg": jpeg() for split in ("train", "val")}  # type: ignore[misc]
    plan = read(zipped(files)).resolve()
    assert adds_up(plan)["imported"] == 3
    assert {p.member: len(p.boxes) for p in plan.pictures} == {
        "images/train/a.jpg": 1,
        "images/val/a.jpg": 2,
    }


def test_crowd_is_a_box_to_ignore_and_an_outline_without_box_is_bounded(zipped):
    crowd = BOX | {"iscrowd": 1}
    outline = {"category_id": 3, "segmentation": [[10, 10, 40, 12, 40, 20, 10, 20]]}
    empty = {"category_id": 3, "bbox": [5, 5, 6, 6], "segmentation": []}
    plan = read(zipped({"a.json": said(crowd, outline, empty), "a.jpg": jpeg()})).resolve()
    assert [(b.ignore, b.xyxy) for b in plan.pictures[0].boxes] == [
        (True, (10, 20, 110, 70)),
        (False, (10, 10, 40, 20)),
        (False, (5, 5, 11, 11)),
    ]


@pytest.mark.parametrize(
    ("box", "outcome"),
    [
        ({"category_id": 4, "bbox": [1, 1, 5, 5]}, "undeclared_label"),
        ({"category_id": 3, "bbox": [1, 1, 0, 5]}, "zero_area"),
        ({"category_id": 3, "bbox": [1, 1, -4, 5]}, "zero_area"),
        ({"category_id": 3, "bbox": [1, 1, 5]}, "bad_line"),
        ({"category_id": 3, "bbox": [1, 1, "5", 5]}, "bad_line"),
        ({"category_id": 3}, "bad_line"),
        ({"category_id": 3, "image_id": 99, "bbox": [1, 1, 5, 5]}, "bad_line"),
        ({"category_id": [3], "bbox": [1, 1, 5, 5]}, "undeclared_label"),
        ({"category_id": 3, "bbox": [300, 1, 500, 5]}, "clamped"),
    ],
)
def test_odd_annotation_has_one_outcome(zipped, box, outcome):
    counts = adds_up(read(zipped({"a.json": said(box, BOX), "a.jpg": jpeg()})).resolve())
    assert (counts["seen"], counts[outcome]) == (2, 1)


def test_image_without_annotations_shows_nothing_and_an_unlisted_one_is_unknown(zipped):
    files = {"a.json": said(), "a.jpg": jpeg(), "b.jpg": jpeg()}
    plan = read(zipped(files)).resolve()
    assert [(p.name, p.negative) for p in plan.pictures] == [("a.jpg", True)]
    assert plan.unlabelled == ("b.jpg",)


def test_pictures_that_were_resized_since_have_their_boxes_resized(zipped):
    image = [{"id": 7, "file_name": "a.jpg", "width": 1920, "height": 1080}]
    box = {"category_id": 3, "bbox": [960, 540, 192, 108]}
    files = {"a.json": said(box, images=image), "a.jpg": jpeg(1500, 843)}
    found = read(zipped(files)).resolve().pictures[0].boxes[0]
    assert found.xyxy == pytest.approx((750, 421.5, 900, 505.8))


def test_what_we_write_is_read_again(tmp_path):
    box = ExportBox("car", 10.25, 20.5, 110.75, 70.125)
    out = tmp_path / "coco"
    small = ExportBox("plate", 1, 2, 3, 4)
    coco.write(
        out,
        [
            ExportPicture("cam/a.jpg", jpeg(), 375, 211, (box,), "train"),
            ExportPicture("cam/a.jpg", jpeg(), 375, 211, (box, small), "val"),
            ExportPicture("b.jpg", jpeg(), 375, 211, (), "val", negative=True),
        ],
        ["car", "plate"],
    )
    plan = read(out).resolve()
    assert adds_up(plan)["imported"] == 3
    assert [p.negative for p in plan.pictures].count(True) == 1
    assert plan.pictures[0].boxes[0].xyxy == pytest.approx((10.25, 20.5, 110.75, 70.125), abs=1e-9)
