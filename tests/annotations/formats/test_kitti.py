"""KITTI labels as TAO takes them."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from annotations import errors
from annotations.formats import kitti
from annotations.formats.exports import ExportBox, ExportPicture

from .conftest import adds_up, jpeg, read

TAIL = " 0.00 0.00 0.00 0.00 0.00 0.00 0.00"
CAR = f"Car 0.50 2 0.00 75.00 63.30 262.50 189.90{TAIL}"


def test_label_is_read_in_lower_case():
    (car,) = kitti.read_label(CAR)
    assert car == kitti.KittiObject("car", 0.5, 2, (75.0, 63.3, 262.5, 189.9))


@pytest.mark.parametrize("box", ["10.0 10.0 10.9 40.0", "10 10.2 40 10.9", "40 10 10 20"])
def test_box_without_a_whole_pixel_is_skipped(box):
    assert kitti.read_label(f"car 0.00 0 0.00 {box}{TAIL}\n") == ()


@pytest.mark.parametrize("line", [f"{CAR} 0.9", CAR[:-5], f"licence {CAR}"])
def test_wrong_number_of_columns_is_an_error(line):
    with pytest.raises(errors.KittiColumns, match="line 2"):
        kitti.read_label(f"{CAR}\n{line}\n", name="a.txt")


def test_column_that_is_no_number_is_an_error():
    with pytest.raises(errors.KittiNumbers):
        kitti.read_label(CAR.replace("75.00", "NaN"))


def test_folder_reports_bad_lines_and_goes_on(foldered):
    lines = [CAR, f"{CAR} 0.9", CAR.replace("75.00", "nan"), CAR.replace("262.50", "75.5"),
             CAR.replace("262.50", "999"), f"DontCare -1 -1 -10 1 1 9 9{TAIL}", CAR]  # fmt: skip
    root = foldered(
        {
            "images/a.jpg": jpeg(),
            "labels/a.txt": "\n".join(lines),
            "images/b.jpg": jpeg(),
            "labels/b.txt": "",
        }
    )
    said = read(root)
    plan = said.resolve()
    assert said.format == "kitti"
    assert adds_up(plan) == {
        "seen": 7, "imported": 2, "clamped": 1, "bad_line": 1, "not_a_number": 1,
        "zero_area": 1, "ignored": 1, "duplicate": 1,
    }  # fmt: skip
    assert [p.negative for p in plan.pictures] == [False, True]


def test_written_layout_is_read_again_in_jpeg_only(tmp_path: Path):
    box = ExportBox("License Plate", 100.12, 200.45, 160.78, 220.5)
    pictures = [
        ExportPicture("a.jpg", jpeg(640, 360), 640, 360, (box, ExportBox("car", 5, 5, 5.5, 9))),
        ExportPicture("a.png", jpeg(640, 360, kind="PNG"), 640, 360, (), "val"),
        ExportPicture("c d.jpg", jpeg(640, 360), 640, 360, (box,), ""),
    ]
    out = tmp_path / "kitti"
    assert kitti.write(out, pictures) == {"pictures": 3, "boxes": 2, "skipped": 1}
    assert {path.suffix for path in out.rglob("*.*")} == {".jpg", ".txt"}
    assert (out / "images/train/a.jpg").read_bytes() == pictures[0].data
    (line,) = (out / "labels/train/a.txt").read_text().splitlines()
    assert line.split() == ["license_plate", "0.00", "0", "0.00", "100.12", "200.45", "160.78",
                            "220.50", *["0.00"] * 7]  # fmt: skip
    assert (out / "labels/c_d.txt").exists() and (out / "labels/val/a.txt").read_text() == ""
    assert adds_up(read(out).resolve())["imported"] == 2


def test_turned_picture_is_written_upright(tmp_path: Path):
    kitti.write(tmp_path / "k", [ExportPicture("a.jpg", jpeg(40, 20, orientation=6), 20, 40)])
    data = (tmp_path / "k/images/train/a.jpg").read_bytes()
    assert Image.open(BytesIO(data)).size == (20, 40)


def test_equal_sequences_are_dealt_by_name():
    assert kitti.sequence_split({"b": [1], "a": [2], "c": [3, 4]}, 2) == [[2], [3, 4, 1]]


def test_random_split_of_little_keeps_all_for_training():
    assert kitti.random_split(["b", "a"], 20) == ([], ["a", "b"])


def test_export_of_no_picture_says_so(tmp_path: Path):
    with pytest.raises(errors.NotAPicture, match=r"a\.jpg"):
        kitti.write(tmp_path / "k", [ExportPicture("a.jpg", b"text", 40, 20)])
    assert list(tmp_path.iterdir()) == []
