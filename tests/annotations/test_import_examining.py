"""What a dry run tells, what it finds in the project, and what it leaves behind."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from django.core.management import CommandError, call_command

from annotations import import_reports, imports
from annotations.errors import ImportBusy, ImportGone
from annotations.models import Box, Crop, Frame, ImportBatch, Label, Transcription
from annotations.vision import crops as vision
from lprsite import files
from lprsite.jobs.models import Job
from tests.annotations.rows import make_video, picture
from tests.annotations.test_imports import (  # noqa: F401 - fixtures
    adds_up,
    box,
    bring,
    cloud,
    command,
    here,
    jpeg,
    many,
    rows,
    table,
    zipped,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def looked(project: Any, running: Any) -> Callable[..., ImportBatch]:
    """Examine a path; returns the batch."""

    def do(path: Path, mapping: Any = None) -> ImportBatch:
        batch = imports.receive(path, project=project, name=path.name)
        imports.examine(batch, running, mapping)
        batch.refresh_from_db()
        return batch

    return do


def same_counts(batch: ImportBatch, running: Any, mapping: Any = None) -> dict[str, int]:
    """The dry run's counts, after an import that must have the very same."""
    told = adds_up(batch)
    imports.prepare(batch, mapping)
    imports.run(batch, running)
    batch.refresh_from_db()
    assert adds_up(batch) == told
    return told


def test_dry_run_tells_what_would_be_refused_only_while_importing(zipped, looked, running):  # noqa: F811
    whole, half = jpeg(1), jpeg(2)[:2000]
    path = zipped(
        {
            "manifest.csv": table(
                "a.jpg,10,10,60,20,ABC123", "b.jpg,10,10,60,20,皖A1", "c.jpg,10,10,60,20,"
            ),
            "a.jpg": whole,
            "b.jpg": jpeg(3),
            "c.jpg": half,
        }
    )
    batch = looked(path)
    assert rows()[:4] == [0, 0, 0, 0]
    assert batch.facts["texts"] == {"seen": 2, "imported": 1, "text_refused": 1}
    counts = same_counts(batch, running)
    assert counts == {"seen": 3, "imported": 2, "picture_unreadable": 1}


def test_dry_run_tells_which_texts_of_crops_no_plate_can_have(zipped, looked, running):  # noqa: F811
    lines = "0.jpg ABC123\n1.jpg ÄÖ1\n9.jpg XYZ999\n"
    crops = {f"crops/{n}.jpg": jpeg(n, size=(90, 30)) for n in range(3)}
    counts = same_counts(looked(zipped({"annotations.txt": lines, **crops})), running)
    assert counts == {"seen": 3, "imported": 1, "picture_missing": 1, "text_refused": 1}


def test_dry_run_tells_what_is_already_there_under_its_name_here(zipped, bring, looked):  # noqa: F811
    bring(zipped(many(2)))
    said = {"0.jpg": [box("coche", 0.1, 0.1, 0.9, 0.9), box("placa", 0.4, 0.6, 0.6, 0.7)]}
    batch = looked(
        zipped({"_annotations.json": cloud(said, "coche", "placa"), "0.jpg": jpeg(0)}, "b.zip")
    )
    assert adds_up(batch) == {"seen": 2, "imported": 0, "duplicate": 2}
    assert batch.mapping == {"coche": "car", "placa": "plate"}
    assert batch.classes["placa"]["outcomes"] == {"duplicate": 1}


def test_classes_have_samples_geometry_and_outcomes(zipped, looked):  # noqa: F811
    lines = "0 0.5 0.5 0.8 0.8\n1 0.5 0.6 0.2 0.1\n2 NaN NaN NaN NaN\n0 0.5 0.5"
    content: dict[str, bytes | str] = {f"{n}.jpg": jpeg(n) for n in range(8)}
    batch = looked(zipped(content | {f"{n}.txt": lines for n in range(8)}))
    assert batch.labels == {"0": 8, "1": 8, "2": 0}
    plate = batch.classes["1"]
    assert (plate["inside"], plate["host"], plate["cells"]) == (1.0, "0", 6)
    assert plate["outcomes"] == {"imported": 8}
    assert batch.facts["fixed"] == {"tag_only": 8, "bad_line": 8}
    sheet = vision.read_picture(files.local_path(batch.samples))
    assert sheet.shape == (2 * 96, 6 * 144, 3)


def test_whole_report_is_in_two_files_and_the_worst_lines_in_the_row(
    zipped, looked, running, monkeypatch  # noqa: F811
):  # fmt: skip
    monkeypatch.setattr(import_reports, "KEPT_LINES", 10)
    lines = ["0 0.99 0.5 0.2 0.1"] + ["0 0.5 0.5"] * 50 + ["0 0.5 0.5 0 0.1"] * 3
    batch = looked(zipped({"=a.jpg": jpeg(), "=a.txt": "\n".join(lines)}))
    assert adds_up(batch)["bad_line"] == 50
    assert len(batch.report) == 10
    assert [line["outcome"] for line in batch.report[:1]] == ["bad_line"]
    assert {line["outcome"] for line in batch.report} == {"bad_line", "zero_area", "clamped"}
    text = files.local_path(batch.report_csv).read_text(encoding="utf-8")
    found = list(csv.DictReader(text.splitlines()))
    assert len(found) == batch.facts["report_lines"] == 54
    assert all(line["file"] == "'=a.txt" for line in found)
    whole = json.loads(files.local_path(batch.report_json).read_text(encoding="utf-8"))
    assert whole["counts"] == batch.counts
    assert len(whole["lines"]) == 54
    before = files.local_path(batch.report_csv)
    imports.examine(batch, running)
    assert not before.exists()
    assert files.local_path(batch.report_csv).exists()


# --- parts of one set


def test_labels_in_one_zip_and_pictures_in_another_come_together(zipped, bring, running):  # noqa: F811
    said = {"0.jpg": [box("car", 0.1, 0.1, 0.9, 0.9)], "Cámara 1.JPG": [box("car", 0, 0, 1, 1)]}
    labels = zipped({"bucket/_annotations.json": cloud(said, "car")}, "labels.zip")
    batch = bring(labels)
    assert adds_up(batch) == {"seen": 2, "imported": 0, "picture_missing": 2}
    bring(zipped({"x/0.jpg": jpeg(0), "y/cámara 1.jpg": jpeg(1)}, "pictures.zip"))
    assert list(Frame.objects.values_list("status", flat=True)) == ["open", "open"]
    imports.begin_examining(batch)
    imports.examine(batch, running)
    assert batch.facts["elsewhere"] == 2
    assert same_counts(batch, running) == {"seen": 2, "imported": 2}
    assert set(Frame.objects.values_list("status", flat=True)) == {"done"}
    assert Frame.objects.count() == 2


def test_name_that_two_frames_have_is_not_guessed(zipped, bring, looked):  # noqa: F811
    bring(zipped({"a/0.jpg": jpeg(0), "b/0.jpg": jpeg(1)}, "pictures.zip"))
    batch = looked(zipped({"0.txt": "0 0.5 0.5 0.2 0.2"}, "labels.zip"))
    assert adds_up(batch) == {"seen": 1, "imported": 0, "picture_missing": 1}


def test_texts_find_crops_that_are_in_the_project(zipped, bring):  # noqa: F811
    crops = {f"crops/{n}.jpg": jpeg(n, size=(90, 30)) for n in range(2)}
    bring(zipped({"annotations.txt": "0.jpg ABC123\n", **crops}, "crops.zip"))
    assert Crop.objects.filter(waiting=True).count() == 1
    batch = bring(zipped({"annotations.txt": "1.jpg PBX0123\n0.jpg ABC123\n9.jpg XX1\n"}, "t.zip"))
    assert adds_up(batch) == {"seen": 3, "imported": 1, "duplicate": 1, "picture_missing": 1}
    assert Crop.objects.filter(waiting=True).count() == 0
    assert sorted(Transcription.objects.values_list("text", flat=True)) == ["ABC123", "PBX0123"]


# --- frames of ours


@pytest.fixture
def filmed(project: Any) -> Frame:
    """A frame of a video, named as exports name it."""
    video = make_video(project, name="gate.mp4")
    bgr = picture(7)
    key, sha256 = files.put_bytes("frames", vision.encode_jpeg(bgr), ".jpg")
    return Frame.objects.create(
        project=project, video=video, pts=40, index=40, name="gate_000040", sha256=sha256,
        file=key, width=bgr.shape[1], height=bgr.shape[0], dhash=vision.dhash(bgr),
    )  # fmt: skip


def resized(frame: Frame, size: tuple[int, int]) -> bytes:
    return vision.encode_jpeg(
        vision.resize_frame(vision.read_picture(files.local_path(frame.file)), size)
    )


def test_frame_we_exported_is_known_by_its_hash(zipped, bring, filmed):  # noqa: F811
    data = files.local_path(filmed.file).read_bytes()
    batch = bring(zipped({"x/any.jpg": data, "x/any.txt": "0 0.5 0.5 0.2 0.2"}), {"0": "car"})
    assert list(filmed.boxes.values_list("label__name", flat=True)) == ["car"]
    assert batch.facts["of_videos"] == {str(filmed.video_id): 1}
    assert Frame.objects.count() == 1


@pytest.mark.parametrize("size", [(160, 90), (96, 96)])
def test_frame_we_exported_smaller_is_known_by_name_and_look_and_its_boxes_are_scaled(
    zipped, bring, filmed, size  # noqa: F811
):  # fmt: skip
    w, h = size
    line = f"Plate 0 0 0 {w * 0.25} {h * 0.5} {w * 0.5} {h * 0.75} 0 0 0 0 0 0 0"
    files_ = {"images/gate_000040.jpg": resized(filmed, size), "labels/gate_000040.txt": line}
    batch = bring(zipped(files_))
    assert adds_up(batch) == {"seen": 1, "imported": 1}
    plate = filmed.boxes.get()
    assert plate.xyxy == pytest.approx((80, 90, 160, 135))
    crop = Crop.objects.get(box=plate)
    assert (crop.width, crop.height) == (80, 45)  # cut from the frame, not from the small copy
    assert Frame.objects.count() == 1


def test_picture_with_a_frames_name_and_another_look_stays_its_own(zipped, bring, filmed):  # noqa: F811
    bring(
        zipped({"gate_000040.jpg": jpeg(3), "gate_000040.txt": "0 0.5 0.5 0.2 0.2"}), {"0": "car"}
    )
    assert filmed.boxes.count() == 0
    assert Frame.objects.filter(video=None).count() == 1


def test_likely_video_is_offered_never_assumed(zipped, bring, looked, filmed):  # noqa: F811
    path = zipped({f"{n}f2a.jpg": resized(filmed, (300 + n, 168)) for n in range(3)})
    batch = looked(path)
    assert batch.facts["likely_videos"] == [
        {"video": filmed.video_id, "name": "gate.mp4", "alike": 3, "looked": 3}
    ]
    bring(path)
    assert Frame.objects.filter(video=None).count() == 3
    assert looked(zipped({"x.jpg": jpeg(5)}, "other.zip")).facts["likely_videos"] == []


# --- again


def test_stopped_or_failed_import_may_be_started_again(zipped, api, project, running, here):  # noqa: F811
    batch = imports.receive(zipped(many(1)), project=project, name="a.zip")
    imports.examine(batch, running)
    ask = f"/api/v1/imports/{batch.pk}/start/"
    first = api.post(ask, {}, format="json").json()
    Job.objects.filter(pk=first["id"]).update(state="cancelled")
    second = api.post(ask, {}, format="json")
    assert second.status_code == 202
    assert second.json()["id"] != first["id"]


def test_looking_again_waits_for_who_works_on_it_and_needs_the_file(
    zipped, api, project, running, here  # noqa: F811
):  # fmt: skip
    batch = imports.receive(zipped(many(1)), project=project, name="a.zip")
    imports.examine(batch, running)
    ask = f"/api/v1/imports/{batch.pk}/examine/"
    assert api.post(ask, {}, format="json").status_code == 202
    busy = api.post(ask, {}, format="json")
    assert (busy.status_code, busy.json()["code"]) == (409, ImportBusy.__name__)
    Job.objects.update(state="succeeded")
    ImportBatch.objects.update(path="")
    gone = api.post(ask, {}, format="json")
    assert (gone.status_code, gone.json()["code"]) == (409, ImportGone.__name__)


def test_report_and_samples_are_served_to_members(zipped, api, project, running):  # noqa: F811
    batch = imports.receive(
        zipped({"a.jpg": jpeg(), "a.txt": "0 0.5 0.5 0.2 0.2\n0 1"}),
        project=project,
        name="Ü 1.zip",
    )
    imports.examine(batch, running)
    seen = api.get(f"/api/v1/imports/{batch.pk}/").json()
    assert seen["kept"] is True
    assert set(seen["classes"]) == {"0"}
    for key in ("report_csv", "report_json", "samples"):
        assert seen[key].startswith("/api/v1/media/import-")


# --- the same, when things go wrong


def test_same_broken_picture_twice_is_told_twice(zipped, bring):  # noqa: F811
    broken = jpeg(2)[:2000]
    line = "0 0.5 0.5 0.2 0.2"
    batch = bring(
        zipped({"a.jpg": broken, "a.txt": line, "b.jpg": broken, "b.txt": line}), {"0": "car"}
    )
    assert adds_up(batch) == {"seen": 2, "imported": 0, "picture_unreadable": 2}
    assert Frame.objects.count() == 0


def test_same_picture_twice_is_one_frame_with_the_boxes_of_both(zipped, bring):  # noqa: F811
    data = jpeg(1)
    content = {"a.jpg": data, "a.txt": "0 0.5 0.5 0.2 0.2", "b.jpg": data,
               "b.txt": "0 0.5 0.5 0.2 0.2\n1 0.2 0.2 0.1 0.1"}  # fmt: skip
    batch = bring(zipped(content), {"0": "car", "1": "plate"})
    assert adds_up(batch) == {"seen": 3, "imported": 2, "duplicate": 1}
    assert (Frame.objects.count(), Box.objects.count(), Crop.objects.count()) == (1, 2, 1)


def test_crowds_come_in_as_boxes_to_ignore(zipped, bring):  # noqa: F811
    content = {
        "images": [{"id": 1, "file_name": "a.jpg"}],
        "categories": [{"id": 5, "name": "car"}],
        "annotations": [{"image_id": 1, "category_id": 5, "bbox": [1, 1, 50, 50], "iscrowd": 1}],
    }
    bring(zipped({"coco.json": json.dumps(content), "a.jpg": jpeg()}))
    assert Box.objects.get().ignore is True


def test_pictures_without_boxes_are_hashed_and_sized_like_others(zipped, bring):  # noqa: F811
    large = np.asarray(cv2.resize(picture(3), (1600, 900)), np.uint8)
    bring(zipped({"a.jpg": vision.encode_jpeg(large)}))
    frame = Frame.objects.get()
    assert (frame.width, frame.height) == (1600, 900)
    bits = int(frame.dhash, 16) ^ int(vision.dhash(large), 16)
    assert bits.bit_count() <= 4


# --- the commands


def test_command_writes_the_whole_report(zipped, project, tmp_path):  # noqa: F811
    path = zipped({"a.jpg": jpeg(), "a.txt": "0 0.5 0.5 0.2 0.2\n" + "0 1\n" * 700})
    for name in ("r.csv", "r.json"):
        found = command("import_annotations", path=path, dry_run=True, report=tmp_path / name)
        assert found["facts"]["report_lines"] == 700
    assert len((tmp_path / "r.csv").read_text().splitlines()) == 701
    assert len(json.loads((tmp_path / "r.json").read_text())["lines"]) == 700
    assert len(found["report"]) == import_reports.KEPT_LINES
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("import_annotations", path=path, report=tmp_path / "no" / "r.csv")


@pytest.mark.parametrize(
    ("files_", "texts"),
    [
        ({"t.csv": "image_path,plate_text\n0.jpg,PBX 123\n"}, ["PBX123"]),
        ({"image/0.jpg": None, "label/0.txt": "PBX123\n"}, ["PBX123"]),
        ({"PBX123_1.jpg": None, "pbx0124.jpg": None}, ["PBX123"]),
        ({"manifest.csv": "file,x,y,w,h,text\n0.jpg,0,0,90,30,PBX123\n"}, ["PBX123"]),
    ],
)
def test_transcriptions_of_every_format_come_in_by_command(zipped, project, files_, texts):  # noqa: F811
    content = {
        name: data or jpeg(n, size=(90, 30)) for n, (name, data) in enumerate(files_.items())
    }
    found = command("import_transcriptions", zipped({"0.jpg": jpeg(9, size=(90, 30)), **content}))
    assert found["counts"]["imported"] == len(texts)
    assert list(Transcription.objects.values_list("text", flat=True)) == texts


def test_transcriptions_are_not_made_of_boxes(zipped, project):  # noqa: F811
    path = zipped({"a.jpg": jpeg(), "a.txt": "0 0.5 0.5 0.2 0.2"})
    with pytest.raises(CommandError, match="holds no texts of plates"):
        call_command("import_transcriptions", path)
    assert rows()[:4] == [0, 0, 0, 0]


def test_new_labels_of_a_dry_run_are_not_made(zipped, looked):  # noqa: F811
    said = {"0.jpg": [box("lamp", 0.1, 0.1, 0.5, 0.5)]}
    batch = looked(zipped({"_annotations.json": cloud(said, "lamp"), "0.jpg": jpeg()}))
    assert adds_up(batch) == {"seen": 1, "imported": 1}
    assert sorted(Label.objects.values_list("name", flat=True)) == ["car", "plate"]
