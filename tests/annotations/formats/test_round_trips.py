"""Every format that we write is read again by our own readers, as exactly as it can say it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from annotations import formats
from annotations.formats import (
    cloud_annotations,
    coco,
    crop_writers,
    kitti,
    lprnet,
    manifest,
    voc,
    yolo,
)
from annotations.formats.archives import open_source
from annotations.formats.exports import ExportBox, ExportCrop, ExportPicture, FolderSink, ZipSink
from tests.annotations.formats.conftest import jpeg

LABELS = ["car", "plate", "moto taxi"]
SIZE = (320, 180)
DATA = jpeg(*SIZE)
few = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def edges(high: int) -> st.SearchStrategy[tuple[float, float]]:
    """Two edges at least a pixel and a bit apart."""
    return st.tuples(st.floats(0, high - 2, allow_subnormal=False), st.floats(1.5, high / 2)).map(
        lambda pair: (pair[0], min(pair[0] + pair[1], float(high)))
    )


boxes = st.builds(
    lambda label, x, y: ExportBox(label, x[0], y[0], x[1], y[1]),
    st.sampled_from(LABELS), edges(SIZE[0]), edges(SIZE[1]),
)  # fmt: skip
names = st.text("abc äÑ.-_#'", min_size=1, max_size=8)
pictures = st.builds(
    lambda name, found, split: ExportPicture(
        f"{name}.jpg", DATA, *SIZE, found, split=split, negative=not found
    ),
    names, st.lists(boxes, max_size=4, unique=True), st.sampled_from(["train", "val", "test"]),
)  # fmt: skip


def write_csv(out: Path, found: Any, labels: Any) -> None:
    """As ``annotations.exporting`` does, without its rows."""
    out.mkdir()
    sink, table = FolderSink(out), manifest.Table()
    for number, picture in enumerate(found):
        file = f"{picture.split}/{number}.jpg"
        sink.put(file, picture.data)
        for box in picture.counted:
            size = box.x1, box.y1, box.x2 - box.x1, box.y2 - box.y1
            table.add(manifest.Row(0, file, size, label=box.label))
        if not picture.counted:
            table.add(manifest.Row(0, file))
    sink.put("manifest.csv", table.pieces())


WRITERS: dict[str, tuple[Callable[..., Any], float]] = {
    "yolo": (yolo.write, 320 * 1e-6),
    "coco": (coco.write, 1e-9),
    "voc": (lambda out, found, labels: voc.write(out, found), 0.5 + 1e-9),
    "kitti": (lambda out, found, labels: kitti.write(out, found), 0.005 + 1e-9),
    "cloud-annotations": (cloud_annotations.write_standard_zip, 1e-9),
    "csv": (write_csv, 1e-9),
}


def said(path: Path) -> list[tuple[str, float, float, float, float]]:
    """All boxes of a source, and that all of its pictures and negatives are there."""
    with open_source(path) as source:
        plan = formats.read(source).resolve()
    return sorted((box.label, *box.xyxy) for picture in plan.pictures for box in picture.boxes)


def test_pictures_of_one_name_in_three_splits_stay_three(tmp_path):
    found = [
        ExportPicture("a.jpg", DATA, *SIZE, [ExportBox("car", 0.0, 0.0, wide, 2.0)], split=split)
        for split, wide in (("train", 10.0), ("val", 20.0), ("test", 30.0))
    ]
    coco.write(tmp_path / "out", iter(found), LABELS)
    with open_source(tmp_path / "out") as source:
        plan = formats.read(source).resolve()
    assert sorted(box.xyxy[2] for p in plan.pictures for box in p.boxes) == [10, 20, 30]
    assert [len(picture.boxes) for picture in plan.pictures] == [1, 1, 1]


@pytest.mark.parametrize("name", WRITERS)
@given(found=st.lists(pictures, min_size=1, max_size=4))
@few
def test_boxes_come_back(name, found):
    write, exact = WRITERS[name]
    one = next((p for p in found if p.boxes), None)
    if one is None:  # a source without a single box says nothing that a reader could know
        return
    with TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        write(out, iter(found), LABELS)
        again = said(out)
    spoken = (lambda label: label.replace(" ", "_")) if name == "kitti" else str
    before = sorted(
        (spoken(box.label), box.x1, box.y1, box.x2, box.y2)
        for picture in found
        for box in picture.boxes
    )
    assert len(again) == len(before)
    left = list(again)
    for label, *ours in before:
        near = [
            one
            for one in left
            if one[0] == label
            and all(abs(a - b) <= exact for a, b in zip(one[1:], ours, strict=True))
        ]
        assert near, (label, ours, left)
        left.remove(near[0])


@pytest.mark.parametrize(
    "write",
    [
        crop_writers.write_labelerjs,
        crop_writers.write_lprnet_pytorch,
        crop_writers.write_fast_plate_ocr,
        lprnet.write,
    ],
)
@given(texts=st.lists(st.from_regex("[A-Z]{3}[0-9]{3,4}", fullmatch=True), min_size=1, max_size=6))
@few
def test_texts_come_back(write, texts):
    crop = jpeg(96, 48)
    found = [
        ExportCrop(f"cam 1/crop {n % 2}.jpg", crop, text, split=("train", "val")[n % 2])
        for n, text in enumerate(texts)
    ]
    with TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        assert write(out, iter(found))["crops"] == len(texts)
        with open_source(out) as source:
            again = formats.read_transcriptions(source)
    assert sorted(pair.text for pair in again.pairs) == sorted(texts)
    assert not again.problems


def test_zip_and_folder_hold_the_same(tmp_path: Path):
    found = [ExportPicture("a.jpg", DATA, *SIZE, [ExportBox("car", 1, 2, 30, 40)])]
    yolo.write(tmp_path / "folder", iter(found), LABELS)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as whole:
        sink = ZipSink(whole, "top")
        yolo.write(sink, iter(found), LABELS)
        sink.finish()
    with zipfile.ZipFile(tmp_path / "a.zip") as whole:
        kinds = {info.filename: info.compress_type for info in whole.infolist()}
        there = {name.removeprefix("top/"): whole.read(name) for name in kinds}
    assert kinds["top/images/train/a.jpg"] == zipfile.ZIP_STORED
    assert kinds["top/labels/train/a.txt"] == zipfile.ZIP_DEFLATED
    there.pop("SHA256SUMS")
    below = tmp_path / "folder"
    assert there == {
        path.relative_to(below).as_posix(): path.read_bytes()
        for path in below.rglob("*")
        if path.is_file()
    }


def test_more_members_than_a_small_zip_can_count(tmp_path: Path, monkeypatch: Any):
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 5)  # 65,535 takes long to write
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as whole:
        sink = ZipSink(whole, "")
        for number in range(9):
            sink.put(f"{number}.txt", b"x")
        sink.finish()
    assert (tmp_path / "a.zip").read_bytes().count(b"PK\x06\x06") == 1  # the zip64 directory
    with zipfile.ZipFile(tmp_path / "a.zip") as whole:
        assert len(whole.namelist()) == 10


def test_boxes_to_ignore_are_said_in_each_format_own_way(tmp_path: Path):
    found = [
        ExportPicture(
            "a.jpg", DATA, *SIZE,
            [ExportBox("car", 1, 2, 30, 40), ExportBox("car", 50, 60, 90, 100, ignore=True)],
        )
    ]  # fmt: skip
    coco.write(tmp_path / "coco", iter(found), LABELS)
    said = (tmp_path / "coco/annotations/instances_train.json").read_text()
    assert said.count('"iscrowd": 1') == 1
    voc.write(tmp_path / "voc", iter(found))
    assert (tmp_path / "voc/Annotations/a.xml").read_text().count("<difficult>1<") == 1
    kitti.write(tmp_path / "kitti", iter(found))
    assert "dontcare" in (tmp_path / "kitti/labels/train/a.txt").read_text()
    for name, write in (("yolo", yolo.write), ("cloud", cloud_annotations.write_standard_zip)):
        assert write(tmp_path / name, iter(found), LABELS)["boxes"] == 1


def test_coco_agrees_with_its_own_tools(tmp_path: Path):
    """A second opinion: COCO's tools load what we write, and a perfect detector scores 1."""
    tools = pytest.importorskip("pycocotools.coco", reason="pycocotools is not installed")
    scoring = pytest.importorskip("pycocotools.cocoeval")
    found = [
        ExportPicture(
            f"{n}.jpg", DATA, *SIZE,
            [
                ExportBox("car", 10.5 + n, 20, 90, 120.25),
                ExportBox("plate", 40, 80, 70, 95.5),
                ExportBox("plate", 200, 100, 300, 170, ignore=True),
            ],
        )
        for n in range(4)
    ]  # fmt: skip
    coco.write(tmp_path / "out", iter(found), LABELS)
    truth = tools.COCO(str(tmp_path / "out/annotations/instances_train.json"))
    assert [row["name"] for row in truth.loadCats(truth.getCatIds())] == LABELS
    # The perfect detector, with one read of what is to be ignored: no mistake of anybody.
    said = [
        {**{k: row[k] for k in ("image_id", "category_id", "bbox")}, "score": 0.9}
        for row in truth.loadAnns(truth.getAnnIds())
    ]
    scores = scoring.COCOeval(truth, truth.loadRes(said), "bbox")
    scores.evaluate()
    scores.accumulate()
    scores.summarize()
    assert scores.stats[0] == pytest.approx(1.0)
