"""Create ML."""

from __future__ import annotations

import json

import pytest

from .conftest import adds_up, jpeg, read


def said(*annotations: object, image: str = "a.jpg", key: str = "image") -> str:
    return json.dumps([{key: image, "annotations": list(annotations)}])


def box(x: object, y: object, w: object, h: object, label: object = "car") -> dict[str, object]:
    return {"label": label, "coordinates": {"x": x, "y": y, "width": w, "height": h}}


@pytest.mark.parametrize("key", ["image", "imagefilename"])
def test_coordinates_are_centre_and_size_in_pixels(zipped, key):
    files = {"x/annotations.json": said(box(169, 127, 187, 127), key=key), "x/a.jpg": jpeg()}
    plan = read(zipped(files)).resolve()
    assert adds_up(plan)["imported"] == 1
    assert plan.pictures[0].boxes[0].xyxy == (75.5, 63.5, 262.5, 190.5)


@pytest.mark.parametrize(
    ("item", "outcome"),
    [
        (box(None, None, None, None, "Negative"), "tag_only"),
        ({"label": "car"}, "tag_only"),
        (box(0, 0, 0, 0), "zero_area"),
        (box("1", 2, 3, 4), "not_a_number"),
        (box(1, 2, 3, 4, label=None), "bad_line"),
        ("text", "bad_line"),
    ],
)
def test_odd_annotation_has_one_outcome(zipped, item, outcome):
    files = {"a.json": said(item, box(50, 50, 20, 20)), "a.jpg": jpeg()}
    counts = adds_up(read(zipped(files)).resolve())
    assert (counts["seen"], counts[outcome]) == (2, 1)


def test_picture_without_name_is_told_and_the_rest_goes_on(zipped):
    content = [*json.loads(said(box(50, 50, 20, 20))), {"annotations": []}, 7]
    counts = adds_up(read(zipped({"a.json": json.dumps(content), "a.jpg": jpeg()})).resolve())
    assert counts == {"seen": 3, "imported": 1, "clamped": 0, "bad_line": 2}
