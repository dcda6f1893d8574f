"""Exports: what is written can be read again, and nothing is lost on the way."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from annotations import boxes, datasets, exports, formats, members
from annotations.errors import ExportFileMissing, ExportFolderNotEmpty, ExportFormatWrong
from annotations.exporting import Order
from annotations.formats.archives import open_source
from annotations.formats.plans import Plan
from annotations.models import (
    AuditEntry,
    Box,
    Crop,
    DatasetVersion,
    Export,
    Frame,
    Role,
    Transcription,
)
from annotations.vision.crops import encode_jpeg, picture_size, read_picture
from lprsite import files
from lprsite.jobs.engine import TASKS, Cancelled, execute
from lprsite.jobs.models import Job

SIZE = (160, 90)


@pytest.fixture
def labelled(project: Any) -> list[Frame]:
    """Three pictures of one name: two with a car and a read plate, one with nothing."""
    frames = []
    for seed in range(3):
        noise = np.random.default_rng(seed).integers(0, 255, (SIZE[1], SIZE[0], 3), np.uint8)
        key, sha256 = files.put_bytes("frames", encode_jpeg(noise), ".jpg")
        row = Frame.objects.create(
            project=project, name="day one/a.jpg", sha256=sha256, file=key, width=SIZE[0],
            height=SIZE[1], status="done", complete_labels=["car", "plate"],
        )  # fmt: skip
        frames.append(row)
        if seed < 2:
            boxes.draw(row, label="car", xyxy=(8.25, 4.5, 150, 80))
            plate = boxes.draw(row, label="plate", xyxy=(60, 50.5, 100, 66))
            crop = Crop.objects.get(box=plate)
            crop.current = Transcription.objects.create(
                crop=crop, status="readable", text=f"ABC12{seed}", client_key=uuid4()
            )
            crop.waiting = False
            crop.save()
    return frames


@pytest.fixture
def detector(project: Any, labelled: list[Frame]) -> DatasetVersion:
    return datasets.freeze(project, "detector", datasets.Rule())


@pytest.fixture
def recognizer(project: Any, labelled: list[Frame]) -> DatasetVersion:
    return datasets.freeze(project, "recognizer", datasets.Rule())


@pytest.fixture
def written(running: Any, tmp_path: Path) -> Callable[..., Path]:
    """Write a version in a format; returns the folder."""

    def do(version: DatasetVersion, name: str, size: Any = None) -> Path:
        exports.write(Order.of(version, name, size=size), tmp_path / "out", running)
        return tmp_path / "out"

    return do


def plan_of(path: Path) -> Plan:
    with open_source(path) as source:
        plan = formats.read(source).resolve()
    assert plan.counts["seen"] == plan.counts["imported"] + plan.counts["tag_only"]
    return plan


def table_of(out: Path) -> list[dict[str, str]]:
    text = (out / "manifest.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def found_boxes(plan: Plan) -> list[Any]:
    return sorted(
        (box.label, *(round(edge, 2) for edge in box.xyxy))
        for picture in plan.pictures
        for box in picture.boxes
    )


def frozen_boxes(version: DatasetVersion, *, to: tuple[int, int] = SIZE) -> list[Any]:
    x, y = to[0] / SIZE[0], to[1] / SIZE[1]
    return sorted(
        (b["label"], *(round(v, 2) for v in (b["x1"] * x, b["y1"] * y, b["x2"] * x, b["y2"] * y)))
        for item in version.items.all()
        for b in item.boxes
    )


@pytest.mark.parametrize(
    ("name", "member"),
    [("yolo", ""), ("csv", ""), ("csv", "manifest.csv"), ("cloud-annotations", exports.CLOUD_ZIP)],
)
def test_boxes_and_pictures_come_back(detector, written, labelled, name, member):
    out = written(detector, name)
    path = out / member if member else out
    plan = plan_of(path)
    assert found_boxes(plan) == frozen_boxes(detector)
    assert [p.negative for p in plan.pictures].count(True) == 1
    with open_source(path) as source:
        hashes = {hashlib.sha256(source.read(p.member)).hexdigest() for p in plan.pictures}
    assert hashes == {frame.sha256 for frame in labelled}


def test_coco_lists_pictures_and_boxes(detector, written):
    out = written(detector, "coco")
    found = []
    for path in out.glob("annotations/*.json"):
        said = json.loads(path.read_text(encoding="utf-8"))
        split = path.stem.removeprefix("instances_")
        names = {row["id"]: row["name"] for row in said["categories"]}
        ids = {row["id"] for row in said["images"]}
        assert all((out / "images" / split / row["file_name"]).is_file() for row in said["images"])
        for row in said["annotations"]:
            assert row["image_id"] in ids
            x, y, w, h = row["bbox"]
            found.append((names[row["category_id"]], x, y, round(x + w, 2), round(y + h, 2)))
    assert sorted(found) == frozen_boxes(detector)


def test_voc_has_a_file_for_each_picture(detector, written):
    out = written(detector, "voc")
    found = []
    for path in out.glob("Annotations/*.xml"):
        text = path.read_text(encoding="utf-8")
        assert (out / "JPEGImages" / re.findall("<filename>(.*)</filename>", text)[0]).is_file()
        pattern = "<name>(.*?)</name>.*?" + "".join(
            f"<{edge}>(\\d+)</{edge}>" for edge in ("xmin", "ymin", "xmax", "ymax")
        )
        found += [(n, *map(int, edges)) for n, *edges in re.findall(pattern, text, re.DOTALL)]
    assert sorted(found) == sorted((n, *map(round, edges)) for n, *edges in frozen_boxes(detector))
    listed = "".join(path.read_text() for path in out.glob("ImageSets/Main/*.txt")).split()
    assert sorted(listed) == sorted(path.stem for path in out.glob("Annotations/*.xml"))


def test_kitti_is_at_one_size_with_its_boxes(detector, written):
    out = written(detector, "kitti", (320, 90))
    assert found_boxes(plan_of(out)) == frozen_boxes(detector, to=(320, 90))
    pictures = list(out.glob("images/*/*"))
    assert [picture_size(path) for path in pictures] == [(320, 90)] * 3


def test_ignored_boxes_are_no_teachers(project, labelled, written):
    Box.objects.filter(label__name="car").update(ignore=True)
    version = datasets.freeze(project, "detector", datasets.Rule())
    assert {box[0] for box in found_boxes(plan_of(written(version, "yolo")))} == {"plate"}


def test_kitti_says_where_not_to_look(project, labelled, written):
    Box.objects.filter(label__name="car").update(ignore=True)
    version = datasets.freeze(project, "detector", datasets.Rule())
    out = written(version, "kitti")
    assert sum(p.read_text().count("dontcare") for p in out.glob("labels/*/*.txt")) == 2


@pytest.mark.parametrize("size", [None, (48, 24)])
def test_lprnet_texts_come_back_at_one_size(recognizer, written, size):
    out = written(recognizer, "lprnet", size)
    with open_source(out) as source:
        said = formats.read_transcriptions(source)
    assert sorted(pair.text for pair in said.pairs) == ["ABC120", "ABC121"]
    assert {read_picture(out / pair.member).shape for pair in said.pairs} == {
        ((size or (96, 48))[1], (size or (96, 48))[0], 3)
    }
    assert "".join(said.alphabet) == recognizer.project.alphabet


def test_table_of_crops_has_their_texts(recognizer, written):
    out = written(recognizer, "csv")
    rows = table_of(out)
    assert sorted(row["text"] for row in rows) == ["ABC120", "ABC121"]
    assert all((out / row["file"]).is_file() for row in rows)


def test_every_file_is_summed_up(detector, written):
    out = written(detector, "yolo")
    lines = (out / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    sums = {path: sum_ for sum_, path in (line.split("  ", 1) for line in lines)}
    there = {p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file()}
    assert set(sums) == there - {"SHA256SUMS"}
    for path, sum_ in sums.items():
        assert hashlib.sha256((out / path).read_bytes()).hexdigest() == sum_


def test_format_of_the_other_kind_is_refused(detector):
    with pytest.raises(ExportFormatWrong, match="yolo, kitti, coco"):
        Order.of(detector, "lprnet")


def test_deleted_picture_stops_the_export_and_leaves_no_folder(detector, running, tmp_path):
    files.delete(detector.items.all()[1].file)
    with pytest.raises(ExportFileMissing):
        exports.write(Order.of(detector, "yolo"), tmp_path / "out", running)
    assert not list(tmp_path.glob("out*"))


def test_stopped_export_leaves_no_folder(detector, running, tmp_path, monkeypatch):
    def stop(*_: Any) -> None:
        raise Cancelled

    monkeypatch.setattr(running, "progress", stop)
    with pytest.raises(Cancelled):
        exports.write(Order.of(detector, "kitti"), tmp_path / "out", running)
    assert not list(tmp_path.glob("out*"))


def test_full_folder_is_not_overwritten(detector, running, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(ExportFolderNotEmpty):
        exports.write(Order.of(detector, "yolo"), tmp_path / "out", running)


def test_command_writes_a_version_and_leaves_a_trail(detector, tmp_path, capsys):
    out = tmp_path / "yolo"
    call_command("export_dataset", "detector:1", format="yolo", out=out)
    assert "boxes 4" in capsys.readouterr().out
    assert (out / "data.yaml").is_file()
    assert AuditEntry.objects.get().subject == "detector v1 as yolo"
    with pytest.raises(CommandError, match="There are: detector:1"):
        call_command("export_dataset", "77", format="yolo", out=out)


def test_command_resizes_all_labelled_frames(labelled, tmp_path):
    out = tmp_path / "resized"
    call_command("resize_boxes", size=(80, 45), out=out)
    rows = table_of(out)
    plates = [row for row in rows if row["label"] == "plate" and row["x"]]
    assert [(r["x"], r["y"], r["w"], r["h"]) for r in plates] == [("30", "25.25", "20", "7.75")] * 2
    assert sorted(row["text"] for row in plates) == ["ABC120", "ABC121"]
    assert {picture_size(out / row["file"]) for row in rows} == {(80, 45)}
    assert len(list((out / "labels").iterdir())) == 3


def test_nothing_labelled_is_a_sentence(project, tmp_path):
    with pytest.raises(CommandError, match="No frame"):
        call_command("resize_boxes", size=(80, 45), out=tmp_path / "resized")


# --- the API


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    import contextlib

    monkeypatch.setattr("lprsite.jobs.engine.Running.heartbeat", contextlib.nullcontext)


def work(name: str) -> Job:
    job = Job.objects.claim(Job.objects.filter(task=name, state="queued").latest("id").pk)
    assert job is not None
    execute(TASKS[name], job, reraise=True)
    job.refresh_from_db()
    return job


READABLE = ("yolo", "kitti", "csv", "cloud-annotations")


@pytest.mark.parametrize("name", READABLE)
def test_downloaded_zip_can_be_imported_again(detector, user, running, name):
    order = Order.of(detector, name, size=SIZE if name == "kitti" else None)
    export = exports.request(order, by=user)
    exports.make_zip(export, running)
    assert found_boxes(plan_of(files.local_path(export.file))) == frozen_boxes(detector)


def test_zip_is_made_and_expires(api, user, detector, here):
    body = {"dataset": detector.pk, "format": "yolo"}
    answer = api.post("/api/v1/exports/", body, format="json")
    assert (answer.status_code, answer.json()["task"]) == (202, "export_dataset")
    assert work("export_dataset").result["boxes"] == 4
    export = Export.objects.get()
    listed = api.get("/api/v1/exports/", {"dataset": detector.pk}).json()["results"]
    assert [row["file"] for row in listed] == [f"/api/v1/media/exports/{export.pk}/"]
    with zipfile.ZipFile(files.local_path(export.file)) as archive:
        assert archive.testzip() is None
        assert "detector-v1-yolo/SHA256SUMS" in archive.namelist()
    assert AuditEntry.objects.get().user == user
    assert list(files.scratch().iterdir()) == []
    from annotations.tasks import sweep

    Export.objects.update(expires_at="2020-01-01T00:00Z")
    sweep()
    assert api.get(f"/api/v1/exports/{export.pk}/").json()["file"] is None
    assert not files.local_path(export.file).exists()


def test_wrong_format_is_refused_at_once(api, detector):
    body = {"dataset": detector.pk, "format": "lprnet"}
    answer = api.post("/api/v1/exports/", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, "ExportFormatWrong")
    assert not Export.objects.exists()


def test_reviewers_export_annotators_do_not_outsiders_see_nothing(
    project, detector, django_user_model
):
    eva = django_user_model.objects.create_user("eva")
    client = APIClient()
    client.force_authenticate(eva)

    def ask() -> int:
        body = {"dataset": detector.pk, "format": "yolo"}
        return int(client.post("/api/v1/exports/", body, format="json").status_code)

    assert ask() == 404
    members.join(project, eva, Role.ANNOTATOR)
    assert ask() == 403
    members.join(project, eva, Role.REVIEWER)
    assert ask() == 202
