"""Files as people really have them: other encodings, other tools' habits, half a story."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from annotations import formats
from annotations.errors import NothingToImport
from annotations.formats import Annotations, Plan, Transcribed
from annotations.formats.archives import open_source
from annotations.vision import crops
from tests.annotations.formats.conftest import adds_up, jpeg, read

LINE = "0 0.5 0.5 0.2 0.2\n"
CSV = "file;x;y;w;h;text;label\r\na.jpg;10,5;10;50;20;ABC1234;vehículo\r\n"
CLOUD = json.dumps(
    {
        "version": "1.0",
        "labels": ["vehículo"],
        "annotations": {"a.jpg": [{"label": "vehículo", "x": 0, "y": 0, "x2": 0.5, "y2": 0.5}]},
    },
    ensure_ascii=False,
)
COCO = json.dumps(
    {
        "images": [{"id": 1, "file_name": "a.jpg"}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [1, 1, 9, 9]}],
        "categories": [{"id": 1, "name": "vehículo"}],
    },
    ensure_ascii=False,
)


def counted(plan: Plan) -> dict[str, int]:
    """The counts that are not zero, "imported" in any case; they add up."""
    counts = adds_up(plan)
    return {name: count for name, count in counts.items() if count or name == "imported"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(
    "files",
    [
        {"a.txt": LINE, "classes.txt": "vehículo\r\n"},
        {"images/a.jpg": "", "labels/a.txt": LINE, "data.yaml": "names: [vehículo]\n"},
        {"manifest.csv": CSV},
        {"_annotations.json": CLOUD},
        {"boxes.json": COCO},
    ],
    ids=["yolo", "ultralytics", "csv", "cloud", "coco"],
)
def test_every_encoding_gives_the_same_box_and_name(zipped, files, encoding):
    held: dict[str, Any] = {name: text.encode(encoding) for name, text in files.items()}
    held["images/a.jpg" if "images/a.jpg" in held else "a.jpg"] = jpeg()
    said = read(zipped(held))
    assert said.labels == ("vehículo",)
    assert counted(said.resolve()) == {"seen": 1, "imported": 1}


def looked(path: Any) -> Annotations | Transcribed:
    with open_source(path) as source:
        return formats.look(source)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("annotations.txt", "cámara.jpg ABC1234\r\n"),
        ("texts.csv", "image_path;plate_text\r\ncámara.jpg;ABC1234\r\n"),
    ],
)
def test_every_encoding_gives_the_same_text(zipped, name, text, encoding):
    said = looked(zipped({name: text.encode(encoding), "cámara.jpg": jpeg(90, 30)}))
    assert isinstance(said, Transcribed)
    assert [(pair.member, pair.text) for pair in said.pairs] == [("cámara.jpg", "ABC1234")]


def test_coco_ids_are_the_same_as_number_and_as_text(zipped):
    said = {
        "images": [{"id": 1, "file_name": "a.jpg"}, {"id": "2", "file_name": "b.jpg"}],
        "annotations": [
            {"image_id": "1", "category_id": "3", "bbox": [1, 1, 9, 9]},
            {"image_id": 2.0, "category_id": 3, "bbox": [1, 1, 9, 9]},
        ],
        "categories": [{"id": 3, "name": "car"}],
    }
    plan = read(
        zipped({"c.json": json.dumps(said), "a.jpg": jpeg(), "b.jpg": jpeg(40, 30)})
    ).resolve()
    assert counted(plan) == {"seen": 2, "imported": 2}


def test_coco_box_of_an_unknown_picture_leaves_no_picture_a_negative(zipped):
    said = {
        "images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "b.jpg"}],
        "annotations": [
            {"image_id": 1, "category_id": 3, "bbox": [1, 1, 9, 9]},
            {"image_id": 77, "category_id": 3, "bbox": [1, 1, 9, 9]},
        ],
        "categories": [{"id": 3, "name": "car"}],
    }
    plan = read(
        zipped({"c.json": json.dumps(said), "a.jpg": jpeg(), "b.jpg": jpeg(40, 30)})
    ).resolve()
    assert counted(plan) == {"seen": 2, "imported": 1, "bad_line": 1}
    assert plan.unlabelled == ("b.jpg",)
    assert not any(picture.negative for picture in plan.pictures)


def test_box_thinner_than_a_hundredth_of_a_pixel_is_none(zipped):
    lines = LINE + "0 1e-320 1e-320 1e-320 1e-320\n0 0.5 0.5 0.00001 0.5\n"
    plan = read(zipped({"a.jpg": jpeg(), "a.txt": lines})).resolve()
    assert counted(plan) == {"seen": 3, "imported": 1, "zero_area": 2}


@pytest.mark.parametrize("ending", ["gif", "heic", "avif"])
def test_picture_of_a_kind_we_cannot_read_is_not_called_missing(zipped, ending):
    plan = read(zipped({f"a.{ending}": b"GIF89a" + bytes(40), "a.txt": LINE})).resolve()
    assert counted(plan) == {"seen": 1, "imported": 0, "picture_unreadable": 1}
    assert "Use JPEG" in plan.report[0].sentence


@pytest.mark.parametrize("edges", ["x1,y1,x2,y2", "xmin,ymin,xmax,ymax"])
def test_table_of_boxes_by_their_corners_is_not_taken_for_texts(zipped, edges):
    path = zipped({"t.csv": f"file,{edges},text\na.jpg,1,1,9,9,ABC1234\n", "a.jpg": jpeg(90, 30)})
    with pytest.raises(NothingToImport):
        looked(path)


def test_line_without_a_picture_says_so(zipped):
    plan = read(zipped({"manifest.csv": "file,x,y,w,h\n,1,1,5,5\n"})).resolve()
    assert counted(plan) == {"seen": 1, "imported": 0, "bad_line": 1}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_box_drawn_on_a_lying_picture_stands_where_people_see_it(zipped, orientation):
    """LabelImg and others look at no EXIF; the size they write gives them away."""
    picture = jpeg(160, 120, orientation=orientation)
    said = {
        "images": [{"id": 1, "file_name": "a.jpg", "width": 160, "height": 120}],
        "annotations": [{"image_id": 1, "category_id": 1, "bbox": [10, 20, 40, 30]}],
        "categories": [{"id": 1, "name": "car"}],
    }
    plan = read(zipped({"c.json": json.dumps(said), "a.jpg": picture})).resolve()
    expected = {
        5: (20, 10, 50, 50), 6: (70, 10, 100, 50), 7: (70, 110, 100, 150), 8: (20, 110, 50, 150),
    }  # fmt: skip
    assert plan.pictures[0].boxes[0].xyxy == expected.get(orientation, (10, 20, 50, 50))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_box_turns_as_its_picture_does(orientation):
    lying = np.zeros((12, 16, 3), np.uint8)
    lying[2:5, 1:7] = 255
    rows, columns = np.nonzero(crops._upright(lying, orientation)[:, :, 0])
    seen = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    assert crops.upright_box((1, 2, 7, 5), (16, 12), orientation) == seen
