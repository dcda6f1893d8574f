"""IBM Cloud Annotations, read and written, with every odd case its code can make."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations import errors
from annotations.formats import cloud_annotations
from annotations.formats.exports import ExportBox, ExportPicture

from .conftest import adds_up, jpeg, read

MISSING = {"label": "car", "x": 0.1, "y": 0.1, "x2": 0.2, "y2": 0.2}


def file_of(annotations: object, labels: object = ("car", "plate")) -> str:
    return json.dumps({"version": "1.0", "labels": labels, "annotations": annotations})


def box(label: str, *edges: object) -> dict[str, object]:
    return {"label": label, **dict(zip(("x", "y", "x2", "y2"), edges, strict=True))}


def odd_collection() -> dict[str, bytes | str]:
    """One of each case: 11 entries, 6 imported, one of them clamped."""
    return {
        "b/": b"",
        "b/one.jpg": jpeg(),
        "b/empty.jpg": jpeg(),
        "b/cámara 1 ñ.jpg": jpeg(),
        "b/cam2/frame.0001.JPG": jpeg(),
        "b/auto.jpeg": jpeg(),
        "b/_annotations.json": file_of(
            {
                "one.jpg": [box("plate", 0.4, 0.7, 0.55, 0.8), box("car", 0.2, 0.3, 0.7, 0.9)],
                "empty.jpg": [{"label": "Negative", "id": "1"}],
                "cámara 1 ñ.jpg": [box("license plate", 0, 0.3, 0.7, 1)],
                "cam2/frame.0001.JPG": [box("car", 0.2, 0.3, 0.7, 0.9)] * 2,
                "auto.jpeg": [
                    box("car", -0.004, 0.31, 1.013, 0.9),
                    box('truck & "van"', 0.1, 0.1, 0.2, 0.2),
                    box("plate", 0.5, 0.5, 0.5, 0.6),
                ],
                "gone.jpg": [box("car", 0.2, 0.3, 0.7, 0.9)],
            },
            ["car", "plate", "Negative", "license plate"],
        ),
    }


def test_standard_zip_comes_in_with_a_reason_for_every_drop(zipped):
    plan = read(zipped(odd_collection())).resolve()
    assert adds_up(plan) == {
        "seen": 10,
        "imported": 5,
        "clamped": 1,
        "tag_only": 1,
        "undeclared_label": 1,
        "zero_area": 1,
        "picture_missing": 1,
        "duplicate": 1,
    }
    first = plan.pictures[0]
    assert (first.name, first.member) == ("one.jpg", "b/one.jpg")
    assert (first.width, first.height) == (375, 211)
    assert first.boxes[1].xyxy == pytest.approx((75, 63.3, 262.5, 189.9))


def test_folder_and_json_alone_say_the_same_as_the_zip(zipped, foldered):
    files = odd_collection()
    del files["b/"]
    root = foldered(files)
    by_zip = read(zipped(files)).resolve()
    for path in (root, root / "b" / "_annotations.json"):
        assert read(path).resolve().counts == by_zip.counts


def test_box_over_the_edge_is_cut_there(zipped):
    plan = read(zipped(odd_collection())).resolve()
    auto = next(p for p in plan.pictures if p.name == "auto.jpeg")
    assert auto.boxes[0].clamped
    assert auto.boxes[0].xyxy == pytest.approx((0, 0.31 * 211, 375, 0.9 * 211))


def test_tag_without_a_box_makes_a_negative(zipped):
    plan = read(zipped(odd_collection())).resolve()
    assert [p.name for p in plan.pictures if p.negative] == ["empty.jpg"]


def test_tag_of_a_real_class_is_no_negative(zipped):
    files = {"a.jpg": jpeg(), "_annotations.json": file_of({"a.jpg": [{"label": "car"}]})}
    assert not read(zipped(files)).resolve().pictures[0].negative


def test_class_mapped_to_nothing_is_ignored_and_counted(zipped):
    plan = read(zipped(odd_collection())).resolve({"car": None, "license plate": "plate"})
    counts = adds_up(plan)
    assert (counts["ignored"], counts["imported"]) == (4, 2)
    assert {b.label for p in plan.pictures for b in p.boxes} == {"plate"}


def test_undeclared_label_can_be_mapped(zipped):
    plan = read(zipped(odd_collection())).resolve({'truck & "van"': "car"})
    assert "undeclared_label" not in adds_up(plan)


def test_labels_are_counted_for_the_mapping(zipped):
    said = read(zipped(odd_collection()))
    assert said.label_counts == {
        "car": 5,
        "plate": 2,
        "Negative": 0,
        "license plate": 1,
        'truck & "van"': 1,
    }
    assert said.suggest() == {
        "car": "car",
        "plate": "plate",
        "Negative": None,
        "license plate": "plate",
    }
    assert not said.needs_map
    assert said.examples("plate", limit=1)[0][0] == "b/one.jpg"


@pytest.mark.parametrize(
    ("entry", "outcome"),
    [
        (box("car", float("nan"), 0, 1, 1), "not_a_number"),
        (box("car", float("inf"), 0, 1, 1), "not_a_number"),
        (box("car", "0.1", 0, 1, 1), "not_a_number"),
        (box("car", True, 0, 1, 1), "not_a_number"),
        (box("car", 10**400, 0, 1, 1), "not_a_number"),
        (box("car", None, 0, 1, 1), "tag_only"),
        (box("car", 0.5, 0.1, 0.2, 0.3), "zero_area"),
        (box("car", 1.5, 0.1, 1.9, 0.3), "zero_area"),
        (box("car", -1e308, 0.1, 1e308, 0.3), "imported"),
        ({"x": 0, "y": 0, "x2": 1, "y2": 1}, "bad_line"),
        ({"label": 7}, "bad_line"),
        (box("x" * 201, 0, 0, 1, 1), "bad_line"),
        (box("half \ud800 and \0", 0, 0, 1, 1), "undeclared_label"),
        ("car", "bad_line"),
        (None, "bad_line"),
        ([[]], "bad_line"),
    ],
)
def test_odd_entry_has_one_outcome(zipped, entry, outcome):
    plan = read(zipped({"a.jpg": jpeg(), "x.json": file_of({"a.jpg": [entry]})})).resolve()
    counts = adds_up(plan)
    assert (counts["seen"], counts[outcome]) == (1, 1)


def test_picture_that_is_none_is_reported(zipped):
    files = {"a.jpg": b"no picture", "_annotations.json": file_of({"a.jpg": [MISSING]})}
    plan = read(zipped(files)).resolve()
    assert adds_up(plan)["picture_unreadable"] == 1
    assert "a.jpg" in plan.report[0].sentence and not plan.pictures


def test_fractions_are_of_the_upright_picture(zipped):
    files = {
        "a.jpg": jpeg(400, 200, orientation=6),
        "_annotations.json": file_of({"a.jpg": [box("car", 0, 0, 0.5, 0.5)]}),
    }
    picture = read(zipped(files)).resolve().pictures[0]
    assert (picture.width, picture.height) == (200, 400)
    assert picture.boxes[0].xyxy == (0, 0, 100, 200)


def test_pictures_without_entries_are_unlabelled_not_negative(zipped):
    files = {
        "a.jpg": jpeg(),
        "b.jpg": jpeg(),
        "_annotations.json": file_of({"a.jpg": [box("car", 0, 0, 1, 1)]}),
    }
    plan = read(zipped(files)).resolve()
    assert plan.unlabelled == ("b.jpg",)
    assert [p.name for p in plan.pictures] == ["a.jpg"]


def test_key_that_climbs_out_finds_nothing(zipped):
    files = {"a.jpg": jpeg(), "s/_annotations.json": file_of({"../a.jpg": [MISSING]})}
    assert adds_up(read(zipped(files)).resolve())["picture_missing"] == 1


def test_later_version_is_read_too(zipped):
    corners = [
        {"x": 0.7, "y": 0.9},
        {"x": 0.2, "y": 0.3},
        {"x": 0.2, "y": 0.9},
        {"x": 0.7, "y": 0.3},
    ]
    content = {
        "version": "v2",
        "labels": {"l1": {"id": "l1", "name": "car"}},
        "images": {
            "a.jpg": {"annotations": ["a1", "a2", "gone"]},
            "b.jpg": {"annotations": []},
        },
        "annotations": {
            "a1": {"label": "l1", "tool": "box", "targets": corners},
            "a2": {"label": "l1", "tool": "tag"},
        },
    }
    files = {"a.jpg": jpeg(100, 100), "b.jpg": jpeg(), "_annotations.json": json.dumps(content)}
    plan = read(zipped(files)).resolve()
    assert adds_up(plan) == {
        "seen": 3,
        "imported": 1,
        "clamped": 0,
        "tag_only": 1,
        "bad_line": 1,
    }
    assert plan.pictures[0].boxes[0].xyxy == pytest.approx((20, 30, 70, 90))


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("{", errors.JsonBroken),
        (b"\xff\xfe\x00{", errors.JsonBroken),
        ("[" * 100_000, errors.JsonTooDeep),
        ("[]", errors.NothingToImport),
        ('{"labels": [], "annotations": []}', errors.NothingToImport),
        (file_of({"a.jpg": [box("car", 10, 10, 20, 20)]}), errors.LooksLikePercent),
        (file_of({"a.jpg": [box("car", 10, 10, 900, 400)]}), errors.LooksLikePixels),
    ],
)
def test_broken_file_gets_one_sentence(zipped, content, kind):
    with pytest.raises(kind, match=r"_annotations\.json|import\.zip"):
        read(zipped({"a.jpg": jpeg(), "_annotations.json": content}))


def test_too_many_boxes_are_refused(zipped):
    many = [box("car", 0, 0, 1, 1)] * 10_001
    with pytest.raises(errors.TooManyBoxes, match=r"a\.jpg"):
        read(zipped({"a.jpg": jpeg(), "_annotations.json": file_of({"a.jpg": many})}))


numbers = st.none() | st.floats() | st.integers() | st.text(max_size=3)
entries = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("label", "x", "y", "x2", "y2"), numbers)
) | st.one_of(numbers, st.lists(numbers, max_size=2))
keys = st.sampled_from(["a.jpg", "A.JPG", "gone.jpg", "../a.jpg", "", "\0"]) | st.text(max_size=4)


@given(st.dictionaries(keys, st.lists(entries, max_size=4) | numbers, max_size=4))
@settings(max_examples=150)
def test_whatever_it_says_adds_up_or_is_refused(tmp_path_factory, annotations):
    root = tmp_path_factory.mktemp("any")
    (root / "a.jpg").write_bytes(jpeg(20, 10))
    (root / "_annotations.json").write_text(file_of(annotations))
    try:
        plan = read(root).resolve()
    except (errors.LooksLikePercent, errors.LooksLikePixels):
        return
    reasons = {key: n for key, n in plan.counts.items() if key not in ("seen", "clamped")}
    assert plan.counts["seen"] == sum(reasons.values())
    for picture in plan.pictures:
        for found in picture.boxes:
            assert 0 <= found.x1 < found.x2 <= 20 and 0 <= found.y1 < found.y2 <= 10


PICTURES = [
    ExportPicture(
        "cam2/a b.jpg",
        jpeg(640, 360),
        640,
        360,
        (ExportBox("plate", 100.5, 200.25, 160, 220), ExportBox("car", 0, 10, 640, 360)),
    ),
    ExportPicture("dup.jpg", jpeg(640, 360), 640, 360, (ExportBox("car", 1, 2, 3, 4),)),
    ExportPicture("dup.png", jpeg(64, 36, kind="PNG"), 64, 36, (ExportBox("plate", 1, 2, 3, 4),)),
    ExportPicture("nothing.jpg", jpeg(640, 360), 640, 360, negative=True),
    ExportPicture("unlabelled.jpg", jpeg(640, 360), 640, 360),
]


@pytest.mark.parametrize("writer", ["write_standard_zip", "write_yolo_zip"])
def test_what_is_written_is_read_again(tmp_path: Path, writer: str):
    path = tmp_path / "out.zip"
    counts = getattr(cloud_annotations, writer)(path, iter(PICTURES), ["plate", "car"])
    assert counts == {"pictures": 4, "boxes": 4}
    said = read(path)
    plan = said.resolve({"0": "plate", "1": "car"} if said.needs_map else None)
    assert adds_up(plan)["imported"] == 4
    found = {p.member: p for p in plan.pictures}
    assert [p.negative for p in plan.pictures].count(True) == 1
    with zipfile.ZipFile(path) as archive:
        for member, picture in zip(found, PICTURES, strict=False):
            assert archive.read(member) == picture.data
            for box_read, box_made in zip(found[member].boxes, picture.boxes, strict=True):
                wanted = (box_made.x1, box_made.y1, box_made.x2, box_made.y2)
                # Six decimals of centre and size: 1e-6 of the picture's side.
                assert box_read.xyxy == pytest.approx(wanted, abs=1e-6 * picture.width * 1.01)
                assert box_read.label == box_made.label


def test_yolo_line_is_the_tools_line():
    line = cloud_annotations.yolo_line(
        1, (0.4, 0.7014218009478673, 0.5493333333333333, 0.8009478672985783)
    )
    assert line == "1 0.474666 0.751185 0.149333 0.099526"
    # 1/128 ends in a tie at the sixth decimal; JavaScript rounds it up.
    assert cloud_annotations.yolo_line(0, (0, 0, 1 / 128, 1)).split()[3] == "0.007813"


def test_yolo_zip_ends_its_texts_without_a_line_end(tmp_path: Path):
    cloud_annotations.write_yolo_zip(tmp_path / "out.zip", PICTURES[:1], ["car", "plate"])
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        text = archive.read("lpr-studio/cam2/a_b.txt").decode()
        assert archive.namelist()[:2] == ["lpr-studio/", "lpr-studio/cam2/"]
    assert [line[0] for line in text.split("\n")] == ["1", "0"] and not text.endswith("\n")


def test_box_of_an_unknown_label_writes_nothing(tmp_path: Path):
    with pytest.raises(errors.ExportLabelUnknown, match="plate"):
        cloud_annotations.write_standard_zip(tmp_path / "out.zip", PICTURES, ["car"])
    assert list(tmp_path.iterdir()) == []
