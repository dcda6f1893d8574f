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

from annotations import boxes, datasets, exporting, exports, formats, members, splits
from annotations.errors import (
    DatasetUnclear,
    DatasetUnknown,
    ExportCropsHidden,
    ExportFileMissing,
    ExportFolderNotEmpty,
    ExportFormatWrong,
    NothingLabelled,
)
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
from tests.annotations.rows import make_video

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
    return datasets.freeze(project, "detector", splits.Rule())


@pytest.fixture
def recognizer(project: Any, labelled: list[Frame]) -> DatasetVersion:
    return datasets.freeze(project, "recognizer", splits.Rule())


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
    version = datasets.freeze(project, "detector", splits.Rule())
    assert {box[0] for box in found_boxes(plan_of(written(version, "yolo")))} == {"plate"}


def test_kitti_says_where_not_to_look(project, labelled, written):
    Box.objects.filter(label__name="car").update(ignore=True)
    version = datasets.freeze(project, "detector", splits.Rule())
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


def test_table_of_everything_labelled_is_of_the_boxes_unless_told(labelled, tmp_path):
    for kind, texts in (
        ([], {"", "ABC120", "ABC121"}),
        (["--kind=recognizer"], {"ABC120", "ABC121"}),
    ):
        out = tmp_path / f"out{len(kind)}"
        call_command("export_dataset", "labelled", "--format=csv", "--out", str(out), *kind)
        assert {row["text"] for row in table_of(out)} == texts


def test_nothing_labelled_is_a_sentence(project, tmp_path):
    with pytest.raises(CommandError, match="No frame"):
        call_command("export_dataset", "labelled", format="csv", out=tmp_path / "table")
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


# --- everything labelled, and plates hidden


def sources_of(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "sources.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("name", ["yolo", "coco", "voc", "csv"])
def test_everything_labelled_is_written_without_a_version(
    project, labelled, running, name, tmp_path
):
    order = Order(project, "detector", name)
    counts = exports.write(order, tmp_path / "out", running)
    assert (counts["pictures"], counts["boxes"]) == (3, 4)
    plan = plan_of(tmp_path / "out")
    labels = sorted(box.label for picture in plan.pictures for box in picture.boxes)
    assert labels == ["car", "car", "plate", "plate"]
    hashes = {row["source_sha256"] for row in sources_of(tmp_path / "out")}
    assert hashes == {frame.sha256 for frame in labelled}


def test_table_of_everything_labelled_carries_the_texts(project, labelled, running, tmp_path):
    exports.write(Order(project, "detector", "csv"), tmp_path / "out", running)
    texts = {row["text"] for row in table_of(tmp_path / "out") if row["label"] == "plate"} - {""}
    assert texts == {"ABC120", "ABC121"}


def test_one_video_or_one_label_alone(project, labelled, running, tmp_path):
    video = make_video(project)
    labelled[2].delete()
    Frame.objects.filter(pk=labelled[1].pk).update(video=video, pts=7, index=3)
    order = Order(project, "detector", "yolo", videos=(video.pk,), labels=("plate",))
    assert exports.write(order, tmp_path / "out", running)["boxes"] == 1
    (told,) = sources_of(tmp_path / "out")
    assert (told["video"], told["index"], told["pts"]) == ("gate.mp4", 3, 7)
    with pytest.raises(NothingLabelled):
        exports.write(Order(project, "detector", "yolo", videos=(0,)), tmp_path / "b", running)


@pytest.mark.parametrize("name", ["labelerjs", "lprnet-pytorch", "fast-plate-ocr", "lprnet"])
def test_crops_and_their_texts_for_every_reader(project, labelled, running, name, tmp_path):
    exports.write(Order(project, "recognizer", name), tmp_path / "out", running)
    with open_source(tmp_path / "out") as source:
        said = formats.read_transcriptions(source)
    assert sorted(pair.text for pair in said.pairs) == ["ABC120", "ABC121"]


@pytest.mark.parametrize("frozen", [False, True])
def test_hidden_plates_cannot_be_read_and_leave_no_trace(
    project, detector, labelled, running, tmp_path, frozen
):
    kept = read_picture(files.local_path(labelled[0].file))
    order = (
        Order.of(detector, "csv", hidden=True)
        if frozen
        else Order(project, "detector", "csv", hidden=True)
    )
    # One more plate, drawn after the version was frozen: hidden, too.
    boxes.draw(labelled[0], label="plate", xyxy=(5, 5, 25, 15))
    exports.write(order, tmp_path / "out", running)
    assert {row["text"] for row in table_of(tmp_path / "out")} == {""}
    told = tmp_path / "out" / "sources.jsonl"
    assert not told.exists() or "sha256" not in told.read_text().replace('"sha256"', "")
    first = sorted((tmp_path / "out").rglob("*.jpg"))
    flat = 0
    for path in first:
        shown = read_picture(path)
        for x1, y1, x2, y2 in ((60, 51, 100, 66), (5, 5, 25, 15)):
            flat += shown[y1 + 1 : y2 - 1, x1 + 1 : x2 - 1].std(axis=(0, 1)).max() < 8
    assert flat == 3
    assert kept[51:66, 60:100].std() > 30


def test_crops_are_not_exported_with_hidden_plates(project):
    with pytest.raises(ExportCropsHidden):
        Order(project, "recognizer", "lprnet", hidden=True)


def test_lost_picture_is_counted_where_nothing_is_frozen(project, labelled, running, tmp_path):
    files.delete(labelled[0].file)
    counts = exports.write(Order(project, "detector", "yolo"), tmp_path / "out", running)
    assert (counts["pictures"], counts["missing"]) == (2, 1)


def test_pictures_and_boxes_at_any_size(detector, written):
    out = written(detector, "yolo", (320, 90))
    assert found_boxes(plan_of(out)) == frozen_boxes(detector, to=(320, 90))


# --- one name for a version


def test_number_within_its_kind_means_the_same_everywhere(project, detector, recognizer):
    assert datasets.find(project, 1, kind="detector") == detector
    assert datasets.find(project, "1", kind="recognizer") == recognizer
    assert datasets.find(project, "recognizer:1") == recognizer
    assert datasets.find(project, None, kind="detector") == detector
    with pytest.raises(DatasetUnclear, match="detector:1 or recognizer:1"):
        datasets.find(project, "1")
    for wrong in ("9", "detector:9", "detector:x", "", "-1", "9" * 30):
        with pytest.raises(DatasetUnknown, match="detector:1"):
            datasets.find(project, wrong)


def test_format_says_which_kind_a_bare_number_means(detector, recognizer, tmp_path, capsys):
    call_command("export_dataset", "1", format="lprnet", out=tmp_path / "a")
    call_command("export_dataset", "1", format="yolo", out=tmp_path / "b")
    with pytest.raises(CommandError, match="detector:1 or recognizer:1"):
        call_command("export_dataset", "1", format="csv", out=tmp_path / "c")
    call_command("export_dataset", "labelled", format="csv", kind="detector", out=tmp_path / "d")
    assert len(table_of(tmp_path / "d")) == 5
    with pytest.raises(CommandError, match="cannot be written as yolo"):
        call_command("export_dataset", "recognizer:1", format="yolo", out=tmp_path / "e")


def test_resized_crops_go_into_a_folder_of_their_own(labelled, tmp_path):
    call_command("resize_crops", out=tmp_path / "crops")
    assert len(table_of(tmp_path / "crops")) == 2
    with pytest.raises(CommandError, match="not empty"):
        call_command("resize_crops", out=tmp_path / "crops")


# --- the API, further


def test_everything_labelled_over_the_api(api, project, labelled, here):
    body = {"project": project.pk, "format": "csv"}
    unclear = api.post("/api/v1/exports/", body, format="json")
    assert (unclear.status_code, unclear.json()["code"]) == (400, "ExportKindUnclear")
    body |= {"kind": "detector", "hidden": True, "labels": ["plate"]}
    assert api.post("/api/v1/exports/", body, format="json").status_code == 202
    (waiting,) = api.get("/api/v1/exports/", {"project": project.pk}).json()["results"]
    assert (waiting["state"], waiting["file"]) == ("queued", None)
    work("export_dataset")
    (row,) = api.get("/api/v1/exports/", {"project": project.pk}).json()["results"]
    assert (row["state"], row["hidden"], row["version"]) == ("ready", True, "")
    assert row["counts"]["boxes"] == 2 and row["bytes"] > 1000


def test_few_crops_are_there_with_the_answer(api, user, project, labelled, here):
    body = {"project": project.pk, "format": "csv", "kind": "recognizer"}
    answer = api.post("/api/v1/exports/", body, format="json")
    job = answer.json()
    assert (answer.status_code, job["state"], job["result"]["pictures"]) == (202, "succeeded", 2)
    (row,) = api.get("/api/v1/exports/", {"project": project.pk}).json()["results"]
    assert (row["state"], row["job"], row["counts"]["boxes"]) == ("ready", job["id"], 2)
    assert AuditEntry.objects.get(action="exported").user == user


def test_refusal_of_an_export_made_at_once_is_told_by_its_row(api, project, here):
    body = {"project": project.pk, "format": "lprnet"}
    job = api.post("/api/v1/exports/", body, format="json").json()
    assert job["state"] == "failed" and job["error"]
    (row,) = api.get("/api/v1/exports/", {"project": project.pk}).json()["results"]
    assert (row["state"], row["error"]) == ("failed", job["error"])


def test_many_crops_are_queued(api, project, labelled, here, monkeypatch):
    monkeypatch.setattr(exporting, "QUICK_CROPS", 1)
    body = {"project": project.pk, "format": "lprnet"}
    assert api.post("/api/v1/exports/", body, format="json").json()["state"] == "queued"


def test_download_expires_to_the_second_and_is_recorded(client, user, detector, running, here):
    export = exports.request(Order.of(detector, "csv"), by=user)
    exports.make_zip(export, running)
    client.force_login(user)
    address = f"/api/v1/media/exports/{export.pk}/"
    part = client.get(address, HTTP_RANGE="bytes=4-9")
    assert (part.status_code, len(part.content)) == (206, 6)
    assert client.get(address).status_code == 200
    assert [row.action for row in AuditEntry.objects.order_by("id")] == ["exported", "downloaded"]
    Export.objects.update(expires_at="2020-01-01T00:00Z")
    assert client.get(address).status_code == 404


def test_failed_export_says_why_and_can_be_made_again(api, project, labelled, here):
    body = {"project": project.pk, "format": "yolo", "videos": [0]}
    api.post("/api/v1/exports/", body, format="json")
    with pytest.raises(NothingLabelled):
        work("export_dataset")
    (row,) = api.get("/api/v1/exports/", {"project": project.pk}).json()["results"]
    assert row["state"] == "failed" and "No frame" in row["error"]
    spanish = api.get(f"/api/v1/exports/{row['id']}/", HTTP_ACCEPT_LANGUAGE="es").json()
    assert "Ningún fotograma" in spanish["error"]
    assert api.post(f"/api/v1/exports/{row['id']}/again/").status_code == 202
    assert Export.objects.count() == 2


def test_deleted_export_takes_its_file_along(api, user, detector, running):
    export = exports.request(Order.of(detector, "csv"), by=user)
    exports.make_zip(export, running)
    path = files.local_path(export.file)
    assert api.delete(f"/api/v1/exports/{export.pk}/").status_code == 204
    assert not path.parent.exists() and not Export.objects.exists()
    assert AuditEntry.objects.latest("id").action == "deleted export"


def test_export_deleted_while_it_is_made_leaves_no_file(user, detector, running):
    export = exports.request(Order.of(detector, "csv"), by=user)
    Export.objects.filter(pk=export.pk).delete()
    with pytest.raises(Cancelled):
        exports.make_zip(export, running)
    assert not list(files.root().glob("exports/*"))


def test_archives_are_for_managers_alone(project, detector, running, django_user_model):
    rita = django_user_model.objects.create_user("rita")
    members.join(project, rita, Role.REVIEWER)
    client = APIClient()
    client.force_login(rita)
    body = {"project": project.pk, "format": "project"}
    assert client.post("/api/v1/exports/", body, format="json").status_code == 403
    export = exports.request_archive(project, videos=False)
    exports.make_zip(export, running)
    assert client.get("/api/v1/exports/").json()["results"] == []
    assert client.get(f"/api/v1/media/exports/{export.pk}/").status_code == 404
    members.join(project, rita, Role.MANAGER)
    assert client.post("/api/v1/exports/", body, format="json").status_code == 202
    assert client.get(f"/api/v1/media/exports/{export.pk}/").status_code == 200


def test_list_costs_the_same_for_any_number(api, project):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            assert api.get("/api/v1/exports/", {"project": project.pk}).status_code == 200
        return len(found)

    exports.request(Order(project, "detector", "yolo"))
    few = queries()
    for _ in range(9):
        exports.request(Order(project, "detector", "yolo"))
    assert queries() == few


def test_archive_is_restored_over_the_api(api, client, user, project, labelled, running, here):
    from django.core.files.uploadedfile import SimpleUploadedFile

    export = exports.request_archive(project, videos=True, by=user)
    exports.make_zip(export, running)
    data = files.local_path(export.file).read_bytes()
    assert api.post("/api/v1/projects/restore/", {}).status_code == 400
    upload = SimpleUploadedFile("../mine.zip", data, "application/zip")
    answer = api.post("/api/v1/projects/restore/", {"file": upload, "name": "Copy"})
    assert answer.status_code == 202
    job = work("import_project")
    assert job.result["name"] == "Copy"
    assert api.get(f"/api/v1/jobs/{job.pk}/").json()["state"] == "succeeded"
    names = [row["name"] for row in api.get("/api/v1/projects/").json()["results"]]
    assert names == ["Entrance", "Copy"]
    assert not list(files.root().glob("imports/*"))
