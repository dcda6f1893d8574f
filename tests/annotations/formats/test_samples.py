"""The sample files beside the project, with the counts worked out by hand."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from annotations import formats
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
        ("real_ca_classification_with_id", ("not_stop", "stop"), 197, 0),
        ("real_ca_localization_excerpt", ("poaceae", "misc", "corylus", "alnus"), 7, 0),
        ("other/coco", ("car", "plate"), 3, 0),
        ("real_ca_classification_with_images_subset", ("start", "stop", "left", "right"), 6, 0),
    ],
)
def test_other_samples(samples: Path, name, labels, seen, imported):
    said = read(samples / name)
    counts = adds_up(said.resolve())
    assert (said.labels, counts["seen"], counts["imported"]) == (labels, seen, imported)


@pytest.mark.parametrize("name", ["reconstructed_ca_voc.zip", "reconstructed_ca_maximo.zip"])
def test_voc_and_maximo_zip_counts(samples: Path, name: str):
    said = read(samples / name)
    assert said.labels == ("plate", "car", "Negative", "license plate", 'truck & "van"')
    assert adds_up(said.resolve()) == {
        "seen": 12, "imported": 8, "clamped": 1, "tag_only": 1, "zero_area": 1,
        "picture_missing": 1, "ambiguous": 1,
    }  # fmt: skip


def test_create_ml_zip_counts(samples: Path):
    assert adds_up(read(samples / "reconstructed_ca_createml.zip").resolve()) == {
        "seen": 13, "imported": 10, "clamped": 2, "tag_only": 1, "zero_area": 1,
        "picture_missing": 1,
    }  # fmt: skip


def test_coco_sample_with_pictures_of_another(samples: Path, tmp_path: Path):
    """The list has no pictures beside it; those of the KITTI sample have its names."""
    for path in (samples / "other" / "kitti_tao" / "images").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "any.json").write_bytes((samples / "other/coco/annotations.json").read_bytes())
    plan = read(tmp_path).resolve()
    assert adds_up(plan) == {"seen": 3, "imported": 3, "clamped": 0}
    assert [p.negative for p in plan.pictures] == [False, False, True]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("tao_lprnet", ["BCDF12", "AB1234", "GHJK34"]),
        ("lprnet_pytorch", ["AB1234", "BCDF12", "GHJK34"]),
        ("fast_plate_ocr", ["BCDF12", "AB1234", "GHJK34"]),
    ],
)
def test_plate_texts(samples: Path, name: str, said: list[str]):
    found = texts(samples / "other" / name)
    assert [pair.text for pair in found.pairs] == said


def test_labelerjs_sample_names_crops_that_lie_elsewhere(samples: Path):
    found = texts(samples / "other" / "labelerjs")
    assert found.counts == {"seen": 3, "imported": 0, "picture_missing": 3}
    assert [line.refusal.facts["text"] for line in found.problems] == ["BCDF12", "AB1234", "GHJK34"]


def test_every_sample_is_known(samples: Path):
    with_boxes = [path for path in samples.iterdir() if path.is_dir() and path.name != "other"]
    for path in [*samples.glob("*.zip"), *with_boxes, *(samples / "other").iterdir()]:
        with open_source(path) as source:
            assert formats.look(source).format


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
