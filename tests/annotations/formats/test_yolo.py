"""YOLO labels in all their layouts, read and written."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from annotations import errors
from annotations.formats import yolo
from annotations.formats.exports import ExportBox, ExportPicture

from .conftest import adds_up, jpeg, read

CAR = "0 0.450000 0.600000 0.500000 0.600000"
PLATE = "1 0.475000 0.750000 0.150000 0.100000"
TAG = "2 NaN NaN NaN NaN"


def odd_zip() -> dict[str, bytes | str]:
    """A zip of Cloud Annotations without any class list, with each of its odd cases."""
    return {
        "b/": b"",
        "b/one.jpg": jpeg(),
        "b/empty.jpg": jpeg(),
        "b/cámara 1 ñ.jpg": jpeg(),
        "b/cam2/frame.0001.JPG": jpeg(),
        "b/dup.jpg": jpeg(),
        "b/dup.png": jpeg(kind="PNG"),
        "b/auto.jpeg": jpeg(),
        "b/one.txt": f"{PLATE}\n{CAR}",
        "b/empty.txt": TAG,
        "b/cámara 1 ñ.txt": CAR.replace("0 ", "3 ", 1),
        "b/cam2/frame.0001.txt": CAR,
        "b/dup.txt": PLATE,
        "b/auto.txt": "0 0.5045 0.605 1.017 0.59\n-1 0.15 0.15 0.1 0.1\n1 0.5 0.55 0.000000 0.1",
        "b/gone.txt": CAR,
    }


def one_line(line: str, **files: str) -> dict[str, bytes | str]:
    return {"a.jpg": jpeg(100, 100), "a.txt": line, **files}


def test_zip_without_class_list_asks_for_a_map(zipped):
    said = read(zipped(odd_zip()))
    assert said.needs_map
    assert said.labels == ("0", "1", "2", "3", "-1")
    assert said.label_counts == {"0": 4, "1": 3, "2": 0, "3": 1, "-1": 1}
    plan = said.resolve({"0": "car", "1": "plate", "3": "plate"})
    assert adds_up(plan) == {
        "seen": 10,
        "imported": 5,
        "clamped": 1,
        "tag_only": 1,
        "index_out_of_range": 1,
        "zero_area": 1,
        "picture_missing": 1,
        "ambiguous": 1,
    }
    assert [p.name for p in plan.pictures if p.negative] == ["b/empty.jpg"]
    assert "dup.jpg" in next(r for r in plan.report if r.outcome == "ambiguous").sentence


def test_dry_run_needs_no_map(zipped):
    said = read(zipped(odd_zip()))
    assert said.resolve().counts == said.resolve({"0": "a", "1": "b", "3": "c"}).counts


def test_number_missing_in_the_map_is_out_of_range(zipped):
    counts = adds_up(read(zipped(odd_zip())).resolve({"0": "car", "1": "plate"}))
    assert (counts["imported"], counts["index_out_of_range"]) == (4, 2)


def test_smallest_boxes_are_suggested_as_plates(zipped):
    assert read(zipped(odd_zip())).suggest() == {
        "0": "car",
        "1": "plate",
        "2": None,
        "3": "car",
        "-1": None,
    }


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ("0 0.5 0.5 0.2", "bad_line"),
        ("0 0.5 0.5 0.2 0.2 0.9", "imported"),
        ("0 0.5 0.5 0.2 0.2 0.9 0.1 0.1", "bad_line"),
        ("0 0.4 0.4 0.6 0.4 0.5 0.6", "imported"),
        ("0,0.5,0.5,0.2,0.2", "bad_line"),
        ("car 0.5 0.5 0.2 0.2", "bad_line"),
        ("0.5 0.5 0.5 0.2 0.2", "bad_line"),
        ("99999999999 0.5 0.5 0.2 0.2", "bad_line"),
        ("0 0.5 x 0.2 0.2", "not_a_number"),
        ("0 0.5 0,5 0.2 0.2", "not_a_number"),
        ("0 NaN 0.5 0.2 0.2", "not_a_number"),
        ("0 inf 0.5 0.2 0.2", "not_a_number"),
        ("0 0.5 0.5 -0.2 0.2", "zero_area"),
        ("0 5.5 0.5 0.2 0.2", "zero_area"),
        ("2 0.5 0.5 0.2 0.2", "index_out_of_range"),
        ("0 0.5 0.5 1e308 0.2", "imported"),
        ("1.000 0.5 0.5 0.2 0.2", "imported"),
        ("0\t0.5  0.5 0.2 0.2 ", "imported"),
    ],
)
def test_odd_line_has_one_outcome(zipped, line, outcome):
    files = one_line(f"\n{line}\r\n\n0 0.5 0.5 0.1 0.1", **{"classes.txt": "car\nplate\n\n"})
    plan = read(zipped(files)).resolve()
    counts = adds_up(plan)
    assert counts["seen"] == 2
    assert counts[outcome] == (2 if outcome == "imported" else 1)
    if outcome != "imported":
        assert "line 2" in plan.report[0].sentence


def test_numbers_out_of_a_known_list_are_dropped(zipped):
    files = one_line("-1 0.5 0.5 0.2 0.2\n7 0.5 0.5 0.2 0.2\n1 0.5 0.5 0.2 0.2")
    plan = read(zipped({**files, "data.yaml": "names: [car, plate]"})).resolve()
    assert adds_up(plan)["index_out_of_range"] == 2
    assert plan.pictures[0].boxes[0].label == "plate"


@pytest.mark.parametrize(
    "names",
    [
        {"data.yaml": "names: [car, plate]"},
        {"data.yaml": "train: ../train/images\nnames:\n  0: car\n  1: plate\n"},
        {"obj.names": "car\nplate\n", "obj.data": "classes = 2\n", "train.txt": "data/a.jpg\n\n"},
        {"classes.txt": "car\r\nplate\r\n"},
    ],
)
def test_class_names_are_found(zipped, names):
    said = read(zipped({**one_line(f"{CAR}\n{PLATE}"), **names}))
    assert (said.labels, said.needs_map) == (("car", "plate"), False)
    assert adds_up(said.resolve())["imported"] == 2


@pytest.mark.parametrize(
    "names", ["names: [", "names: 7", "names: {a: b}", "names: []", "a: &a [*a]\nnames: {0: ''}"]
)
def test_broken_class_list_says_so(zipped, names):
    with pytest.raises(errors.ClassNamesBroken, match=r"data\.yaml"):
        read(zipped({**one_line(CAR), "data.yaml": names}))


@pytest.mark.parametrize("layout", ["images/train/{0}.jpg labels/train/{0}.txt",
                                    "train/images/{0}.jpg train/labels/{0}.txt"])  # fmt: skip
def test_ultralytics_layouts_take_a_missing_text_as_negative(foldered, layout):
    picture, text = layout.split()
    root = foldered(
        {
            "data.yaml": "names: [car, plate]",
            picture.format("a"): jpeg(),
            picture.format("b"): jpeg(),
            picture.format("c"): jpeg(),
            text.format("a"): CAR,
            text.format("b"): "",
        }
    )
    plan = read(root / "data.yaml").resolve()
    assert plan.counts == read(root).resolve().counts == {"seen": 1, "imported": 1, "clamped": 0}
    assert [p.negative for p in plan.pictures] == [False, True, True]


def test_picture_without_text_in_a_flat_folder_is_unlabelled(zipped):
    plan = read(zipped({**one_line(CAR), "b.jpg": jpeg()})).resolve()
    assert plan.unlabelled == ("b.jpg",) and len(plan.pictures) == 1


@pytest.mark.parametrize(
    ("lines", "kind"),
    [("0 50 50 20 20\n1 30 30 5 5", errors.LooksLikePercent),
     ("0 900 500 200 100", errors.LooksLikePixels)],
)  # fmt: skip
def test_percent_and_pixels_are_not_guessed(zipped, lines, kind):
    with pytest.raises(kind):
        read(zipped(one_line(lines)))


def test_bytes_that_are_no_text_are_a_bad_line(zipped):
    files = {**odd_zip(), "b/cam2/frame.0001.txt": b"\xff\xfe\x00\x81"}
    assert adds_up(read(zipped(files)).resolve())["bad_line"] == 1


def test_huge_picture_is_refused_by_its_header(zipped):
    from .conftest import png_header

    plan = read(zipped({"a.png": png_header(30_000, 30_000), "a.txt": CAR})).resolve()
    assert adds_up(plan)["picture_unreadable"] == 1
    assert "a.png" in plan.report[0].sentence


edge = st.floats(0, 1, allow_nan=False).map(lambda value: round(value, 8))


@given(a=edge, b=edge, c=edge, d=edge)
@settings(max_examples=200)
def test_written_line_is_read_within_a_millionth(a, b, c, d):
    box = (min(a, b), min(c, d), max(a, b), max(c, d))
    label, found, problem, _ = yolo.parse_line(yolo.line_of(3, box))
    assert (label, problem) == ("3", None)
    assert found == pytest.approx(box, abs=1e-9)


@given(st.text(max_size=60))
@settings(max_examples=300)
def test_any_line_is_a_box_or_has_a_reason(line):
    _, box, problem, facts = yolo.parse_line(line)
    assert (box is None) == (problem is not None)
    if problem is not None:
        assert problem(file="a.txt", line=1, **facts).sentence()


def test_written_layout_is_read_again(tmp_path: Path):
    box = ExportBox("plate: 'x'", 100.123, 200.456, 160.789, 220.5)
    pictures = [
        ExportPicture("cam/dup.jpg", jpeg(640, 360), 640, 360, (box,)),
        ExportPicture(
            "cam_dup.png",
            jpeg(640, 360, kind="PNG"),
            640,
            360,
            (box, ExportBox("car", 0, 0, 640, 360)),
            "val",
        ),
        ExportPicture("cam_dup.jpeg", jpeg(640, 360), 640, 360, negative=True),
    ]
    out = tmp_path / "yolo"
    assert yolo.write(out, iter(pictures), ["car", "plate: 'x'"]) == {"pictures": 3, "boxes": 3}
    written = sorted(str(path.relative_to(out)) for path in out.rglob("*.*"))
    assert written == [
        "data.yaml",
        "images/train/cam_dup.jpg",
        "images/train/cam_dup_2.jpeg",
        "images/val/cam_dup.png",
        "labels/train/cam_dup.txt",
        "labels/train/cam_dup_2.txt",
        "labels/val/cam_dup.txt",
    ]
    plan = read(out).resolve()
    assert adds_up(plan)["imported"] == 3
    found = {p.member: p for p in plan.pictures}
    assert found["images/train/cam_dup_2.jpeg"].negative
    again = found["images/val/cam_dup.png"].boxes[0]
    assert again.label == "plate: 'x'"
    assert again.xyxy == pytest.approx((box.x1, box.y1, box.x2, box.y2), rel=1e-6)


def test_folder_that_holds_something_is_never_written_into(tmp_path: Path):
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(errors.ExportFolderNotEmpty):
        yolo.write(tmp_path, [], ["car"])
    assert (tmp_path / "kept.txt").read_text() == "mine"


def test_failed_export_leaves_nothing(tmp_path: Path):
    pictures = [
        ExportPicture("a.jpg", b"", 1, 1),
        ExportPicture("b.jpg", b"", 1, 1, (ExportBox("x", 0, 0, 1, 1),)),
    ]
    with pytest.raises(errors.ExportLabelUnknown):
        yolo.write(tmp_path / "out", pictures, ["car"])
    assert list(tmp_path.iterdir()) == []
