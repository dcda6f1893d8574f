"""The sample files beside the project, with the counts worked out by hand."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from annotations.formats.archives import open_source
from annotations.formats.cloud_annotations import write_yolo_zip
from annotations.formats.exports import ExportBox, ExportPicture

from .conftest import adds_up, read
from .test_labelerjs import texts


@pytest.fixture(scope="module")
def samples(shared: Path) -> Path:
    return shared / "format_samples"


def test_yolo_zip_counts(samples: Path):
    plan = read(samples / "reconstructed_ca_yolo.zip").resolve(
        {"0": "car", "1": "plate", "3": "plate"}
    )
    assert adds_up(plan) == {
        "seen": 12, "imported": 7, "clamped": 1, "tag_only": 1, "index_out_of_range": 1,
        "zero_area": 1, "picture_missing": 1, "ambiguous": 1,
    }  # fmt: skip


def test_standard_zip_counts(samples: Path):
    assert adds_up(read(samples / "reconstructed_ca_standard.zip").resolve()) == {
        "seen": 13, "imported": 9, "clamped": 1, "tag_only": 1, "undeclared_label": 1,
        "zero_area": 1, "picture_missing": 1,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "labels", "seen", "imported"),
    [
        ("reconstructed_ca_v2", ("car", "plate"), 2, 1),
        ("other/darknet_cvat", ("car", "plate"), 3, 3),
        ("other/ultralytics", ("car", "plate"), 3, 3),
        ("other/roboflow_style", ("car", "plate"), 2, 2),
        ("other/kitti_tao", ("car", "plate"), 3, 3),
        ("real_ca_docs_example", ("Cat", "Dog"), 2, 0),
        ("real_ca_classification_with_images_subset", ("start", "stop", "left", "right"), 6, 0),
    ],
)
def test_other_samples(samples: Path, name, labels, seen, imported):
    said = read(samples / name)
    counts = adds_up(said.resolve())
    assert (said.labels, counts["seen"], counts["imported"]) == (labels, seen, imported)


def test_plate_texts_of_tao(samples: Path):
    found = texts(samples / "other" / "tao_lprnet")
    assert [pair.text for pair in found.pairs] == ["BCDF12", "AB1234", "GHJK34"]


@pytest.mark.parametrize(("name", "lines"), [("manifest.csv", 2046), ("cars.csv", 567)])
def test_real_tables_come_in_whole(shared: Path, name: str, lines: int):
    counts = adds_up(read(shared / "plates" / name).resolve())
    assert counts == {"seen": lines, "imported": lines, "clamped": 0}


def test_our_yolo_zip_says_what_the_tools_zip_says(samples: Path, tmp_path: Path):
    """The standard sample, written as YOLO, gives the lines of the YOLO sample."""
    with open_source(samples / "reconstructed_ca_standard.zip") as source:
        said = read(samples / "reconstructed_ca_standard.zip")
        pictures = [
            ExportPicture(
                picture.name,
                source.read(picture.member),
                picture.width,
                picture.height,
                [ExportBox(box.label, *box.xyxy) for box in picture.boxes],
                negative=picture.negative,
            )
            for picture in said.resolve().pictures
            if not picture.name.startswith(("dup", "auto", "c"))
        ]
    write_yolo_zip(tmp_path / "out.zip", pictures, said.labels, bucket="lpr-bucket")
    with (
        zipfile.ZipFile(tmp_path / "out.zip") as ours,
        zipfile.ZipFile(samples / "reconstructed_ca_yolo.zip") as theirs,
    ):
        written = [name for name in ours.namelist() if name.endswith(".txt")]
        assert len(written) == 3
        for name in written:
            assert ours.read(name) == theirs.read(name)
