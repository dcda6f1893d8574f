"""Dataset versions: groups stay whole, versions stay as they were."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from rest_framework.test import APIClient

from annotations import boxes, datasets, members, splits
from annotations.errors import DatasetEmpty, TextNotInAlphabet, TextNotLearnable
from annotations.models import (
    Crop,
    DatasetItem,
    DatasetVersion,
    Frame,
    Role,
    Transcription,
    Video,
)
from annotations.vision.crops import encode_jpeg
from lprsite import files
from lprsite.jobs.engine import TASKS, Cancelled, execute
from lprsite.jobs.models import Job
from tests.annotations.rows import json_of


def rule_of(shares: tuple[float, float, float], seed: int = 0) -> splits.Rule:
    named = dict(zip(("train", "val", "test"), shares, strict=True))
    return splits.Rule.of(named, seed=seed, whole_videos=False)


@pytest.fixture
def frame(project: Any) -> Callable[..., Frame]:
    """A labelled frame with one plate; the same ``text`` is the same vehicle."""
    import numpy as np

    def make(seed: int, *, text: str = "", video: Video | None = None, pts: int = 0) -> Frame:
        noise = np.random.default_rng(seed).integers(0, 255, (60, 80, 3), np.uint8)
        key, sha256 = files.put_bytes("frames", encode_jpeg(noise), ".jpg")
        row = Frame.objects.create(
            project=project, video=video, pts=pts if video else None, name=f"f{seed}.jpg",
            sha256=sha256, file=key, width=80, height=60, status="done",
            complete_labels=["car", "plate"],
        )  # fmt: skip
        box = boxes.draw(row, label="plate", xyxy=(10, 10, 50, 30))
        if text:
            read(Crop.objects.get(box=box), text)
        return row

    return make


def read(crop: Crop, text: str) -> None:
    from uuid import uuid4

    crop.current = Transcription.objects.create(
        crop=crop, status="readable", text=text, client_key=uuid4()
    )
    crop.waiting = False
    crop.save()


@pytest.fixture
def video(project: Any) -> Video:
    return Video.objects.create(
        project=project, name="v.mp4", file="v", sha256="v", bytes=1, container="mp4",
        codec="h264", width=80, height=60, time_base="1/1000",
    )  # fmt: skip


def sides(version: DatasetVersion) -> dict[str, str]:
    return dict(version.items.values_list("name", "split"))


def test_frozen_version_keeps_vehicles_whole_and_never_changes(project, frame):
    for seed in range(24):
        frame(seed, text=f"ABC{100 + seed // 2}")
    for kind in ("detector", "recognizer"):
        version = datasets.freeze(project, kind, splits.Rule())
        assert (version.number, version.counts["leaks"]) == (1, 0)
        assert {s: version.counts[s]["groups"] for s in ("train", "val", "test")} == {
            "train": 10, "val": 1, "test": 1,
        }  # fmt: skip
        again = datasets.freeze(project, kind, splits.Rule())
        assert (again.number, again.manifest_hash) == (2, version.manifest_hash)
    before = list(version.items.values())
    Crop.objects.update(current=None, withdrawn=True, waiting=False)
    Crop.objects.all().delete()
    frame(99, text="XYZ999")
    assert [{**row, "crop_id": None} for row in before] == [
        {**row, "crop_id": None} for row in version.items.values()
    ]


def test_old_and_new_form_of_a_plate_are_one_vehicle(project, frame):
    """In Ecuador ABC123 and ABC0123 are the same."""
    frame(1, text="ABC123")
    frame(2, text="ABC0123")
    items = datasets.draft(project, "recognizer", splits.Rule()).items
    assert len({item.group for item in items}) == 1


def test_frames_close_in_time_stay_together(project, frame, video):
    for seed, seconds in enumerate((0, 9, 18, 40, 49, 80)):
        frame(seed, video=video, pts=seconds * 1000)
    items = datasets.draft(project, "detector", splits.Rule()).items
    assert [item.group for item in items] == ["0", "0", "0", "1", "1", "2"]
    whole = splits.Rule.of(None, seed=0, whole_videos=True)
    assert {item.group for item in datasets.draft(project, "detector", whole).items} == {"0"}


def test_empty_frames_teach_only_when_somebody_looked(project, frame):
    empty = frame(1)
    empty.boxes.all().delete()
    unseen = frame(2)
    unseen.boxes.all().delete()
    Frame.objects.filter(pk=unseen.pk).update(status="open")
    items = datasets.draft(project, "detector", splits.Rule()).items
    assert [(item.name, item.boxes) for item in items] == [("f1.jpg", [])]


def test_unread_and_doubtful_crops_do_not_teach(project, frame):
    frame(1)
    frame(2, text="ABC123")
    frame(3, text="ABC124")
    Crop.objects.filter(current__text="ABC124").update(recheck=True, waiting=True)
    items = datasets.draft(project, "recognizer", splits.Rule()).items
    assert [item.text for item in items] == ["ABC123"]


def test_a_text_that_no_recognizer_could_write_is_refused_with_its_crop(project, frame):
    frame(1, text="A" * 12)  # 12 and 11 between them: 23 of 24 steps
    datasets.freeze(project, "recognizer", splits.Rule())
    frame(2, text="B" * 13)
    with pytest.raises(TextNotLearnable, match="BBBBBBBBBBBBB") as told:
        datasets.freeze(project, "recognizer", splits.Rule())
    said = told.value.details
    assert Crop.objects.get(pk=said["crop"], current__text="B" * 13, box__frame=said["frame"])


def test_a_character_that_left_the_alphabet_is_refused_with_its_crop(api, project, frame):
    frame(1, text="ABC123")
    frame(2, text="XYZ987")
    project.alphabet = "ABCXYZ12389"
    project.save()
    body = {"project": project.pk, "kind": "recognizer"}
    status, told = json_of(api, "post", "datasets/preview/", body)
    assert (status, told["code"]) == (400, "TextNotInAlphabet") and "“7”" in told["message"]
    assert Crop.objects.get(pk=told["crop"], box__frame=told["frame"])
    with pytest.raises(TextNotInAlphabet, match="XYZ987"):
        datasets.freeze(project, "recognizer", splits.Rule())
    assert not DatasetVersion.objects.exists()


def test_leaks_are_counted_by_kind(project, frame, video):
    frames = [frame(at, video=video, pts=4000 * at) for at in range(4)]  # 0, 4, 8, 12 s
    items = [
        DatasetItem(frame=one, split=split)
        for one, split in zip(frames, ("train", "train", "val", "val"), strict=True)
    ]
    same: list[Hashable] = [("text", "X1"), ("picture", "a"), ("passage", 5), ("video", 1)]
    drafted = datasets.Draft(items, [[same[0]], [], same, [same[1]]])
    assert datasets.leaks(drafted) == {"passage": 0, "text": 1, "picture": 0, "time": 1}
    drafted = datasets.Draft(items, [same, [], [], same])
    assert datasets.leaks(drafted) == {"passage": 1, "text": 1, "picture": 1, "time": 1}


def test_frozen_counts_tell_videos_characters_and_no_leak(project, frame, video):
    frame(0, text="AB1", video=video, pts=0)
    frame(1, text="CD2", video=video, pts=60_000)
    frame(2, text="AB1")
    counts = datasets.freeze(project, "recognizer", rule_of((0.7, 0.3, 0.0))).counts
    assert counts["videos"] == [
        {"name": "v.mp4", "train": 1, "val": 1, "test": 0, "groups": 2},
        {"name": "", "train": 1, "val": 0, "test": 0, "groups": 1},
    ]
    assert counts["train"]["characters"] == {"1": 2, "A": 2, "B": 2}
    assert counts["val"]["characters"] == {"2": 1, "C": 1, "D": 1}
    assert set(counts["leak_lines"].values()) == {0}


# --- what a version takes


def taken(project: Any, kind: str, **only: Any) -> list[str]:
    drafted = datasets.draft(project, kind, splits.Rule(), datasets.Filter.of(only))
    return sorted(item.name.partition(".")[0].partition("_")[0] for item in drafted.items)


def test_crops_by_video_width_sharpness_and_agreement(project, frame, video):
    frame(0, text="AB1", video=video)
    frame(1, text="CD2")
    frame(2, text="EF3")
    Crop.objects.filter(box__frame__name="f1.jpg").update(width=90, sharpness=70, second="agrees")
    Crop.objects.filter(box__frame__name="f2.jpg").update(sharpness=5)
    Crop.objects.filter(box__frame__name="f0.jpg").update(sharpness=5)
    assert taken(project, "recognizer") == ["f0", "f1", "f2"]
    assert taken(project, "recognizer", videos=[video.pk]) == ["f0"]
    assert taken(project, "recognizer", min_width=60) == ["f1"]
    assert taken(project, "recognizer", min_sharpness=6) == ["f1"]
    assert taken(project, "recognizer", agreed=True) == ["f1"]
    Transcription.objects.filter(crop__box__frame__name="f2.jpg").update(role="review")
    assert taken(project, "recognizer", agreed=True) == ["f1", "f2"]


def test_frames_by_day_of_the_project_and_done(project, frame):
    project.time_zone = "America/Guayaquil"
    project.save()
    for seed in range(3):
        frame(seed)
    Frame.objects.filter(name="f0.jpg").update(created_at="2026-03-02T04:59:00Z")
    Frame.objects.filter(name="f1.jpg").update(created_at="2026-03-02T05:01:00Z", status="open")
    assert taken(project, "detector", until="2026-03-01") == ["f0"]
    assert taken(project, "detector", since="2026-03-02") == ["f1", "f2"]
    assert taken(project, "detector", since="2026-03-02", until="2026-03-02") == ["f1"]
    assert taken(project, "detector", done=True) == ["f0", "f2"]


def test_the_filter_is_kept_with_the_version_and_what_takes_nothing_is_refused(
    api, project, frame, here
):
    frame(0, text="AB1")
    body = {"project": project.pk, "kind": "recognizer", "filter": {"min_width": 5}}
    api.post("/api/v1/datasets/", body, format="json")
    version = DatasetVersion.objects.get(pk=work("freeze_dataset").result["dataset"])
    assert version.filter["min_width"] == 5
    body["filter"] = {"min_width": 5000}
    assert (
        api.post("/api/v1/datasets/preview/", body, format="json").json()["code"] == "DatasetEmpty"
    )
    body["filter"] = {"since": "yesterday"}
    assert api.post("/api/v1/datasets/preview/", body, format="json").status_code == 400


def test_command_takes_what_is_asked_for(project, frame, video, capsys):
    frame(0, text="AB1", video=video)
    frame(1, text="CD2")
    call_command("create_dataset", "recognizer", "--video", "v.mp4", "--until", "2100-01-01")
    version = DatasetVersion.objects.get()
    assert version.items.count() == 1
    assert version.filter["videos"] == [video.pk]
    with pytest.raises(CommandError, match="There is no video “x”"):
        call_command("create_dataset", "recognizer", "--video", "x")


# --- two versions


def test_two_versions_compared(api, project, frame, django_assert_max_num_queries):
    gone, kept, changed = frame(0, text="AB1"), frame(1, text="CD2"), frame(2, text="EF3")
    older = datasets.freeze(project, "recognizer", rule_of((1.0, 0.0, 0.0)))
    Crop.objects.filter(box__frame=gone).update(withdrawn=True, waiting=False)
    read(Crop.objects.get(box__frame=changed), "EF4")
    frame(3, text="GH5")
    newer = datasets.freeze(project, "recognizer", rule_of((0.6, 0.4, 0.0)))
    DatasetItem.objects.filter(version=newer).update(split="train")
    moved = newer.items.get(crop__box__frame=kept)
    DatasetItem.objects.filter(pk=moved.pk).update(split="val")
    with django_assert_max_num_queries(9):
        told = api.get(f"/api/v1/datasets/{newer.pk}/compare/?with={older.pk}").json()
    assert told["counts"] == {"same": 0, "added": 1, "removed": 1, "relabelled": 1, "moved": 1}
    assert told["added"][0]["newer"]["text"] == "GH5"
    assert told["removed"][0]["older"]["text"] == "AB1"
    (pair,) = told["relabelled"]
    assert (pair["older"]["text"], pair["newer"]["text"]) == ("EF3", "EF4")
    assert (told["moved"][0]["older"]["split"], told["moved"][0]["newer"]["split"]) == (
        "train",
        "val",
    )


def test_a_detectors_version_is_not_compared_with_a_recognizers(api, project, frame):
    frame(0, text="AB1")
    one, other = (
        datasets.freeze(project, kind, splits.Rule()) for kind in ("detector", "recognizer")
    )
    told = api.get(f"/api/v1/datasets/{one.pk}/compare/?with={other.pk}")
    assert (told.status_code, told.json()["code"]) == (400, "DatasetsUnlike")
    assert api.get(f"/api/v1/datasets/{one.pk}/compare/").status_code == 404


def test_nothing_to_freeze_is_a_sentence(project):
    with pytest.raises(DatasetEmpty):
        datasets.freeze(project, "detector", splits.Rule())


def test_killed_while_freezing_leaves_nothing_visible(project, frame, running, monkeypatch):
    frame(1)

    def stop(*_: Any) -> None:
        raise Cancelled

    monkeypatch.setattr(running, "progress", stop)
    with pytest.raises(Cancelled):
        datasets.freeze(project, "detector", splits.Rule(), running=running)
    assert not DatasetVersion.objects.exists()


def test_command_freezes_a_version(project, frame, capsys):
    frame(1, text="ABC123")
    frame(2, text="ABD123")
    call_command("create_dataset", "recognizer", train=0.5, val=0.5, note="first")
    assert "leaks 0" in capsys.readouterr().out
    version = DatasetVersion.objects.get()
    assert (version.note, sorted(sides(version).values())) == ("first", ["train", "val"])
    with pytest.raises(CommandError, match="add up to 1"):
        call_command("create_dataset", "recognizer", train=0.5)


def test_command_without_a_kind_freezes_what_there_is(project, frame, capsys):
    with pytest.raises(CommandError, match="nothing to freeze"):
        call_command("create_dataset")
    frame(1)
    call_command("create_dataset", json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["version"], told["number"], told["dataset"]) == ("detector:1", 1, 1)
    frame(2, text="ABC123")
    call_command("create_dataset", json=True)
    versions = json.loads(capsys.readouterr().out)["versions"]
    assert [one["version"] for one in versions] == ["detector:2", "recognizer:1"]


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


def test_preview_freeze_and_look(api, project, frame, here):
    for seed in range(6):
        frame(seed, text=f"ABC{100 + seed}")
    body = {"project": project.pk, "kind": "recognizer", "shares": {"train": 0.5, "val": 0.5}}
    preview = api.post("/api/v1/datasets/preview/", body, format="json").json()["counts"]
    assert (preview["train"]["items"], preview["leaks"], preview["longest"]) == (3, 0, 6)
    assert not DatasetVersion.objects.exists()
    answer = api.post("/api/v1/datasets/", {**body, "note": "n"}, format="json")
    assert (answer.status_code, answer.json()["task"]) == (202, "freeze_dataset")
    twice = api.post("/api/v1/datasets/", body, format="json")
    assert twice.json()["id"] == answer.json()["id"]
    assert api.get("/api/v1/datasets/", {"project": project.pk}).json()["results"] == []
    found = work("freeze_dataset").result["dataset"]
    version = api.get(f"/api/v1/datasets/{found}/").json()
    assert (version["counts"], version["note"]) == (preview, "n")
    items = api.get(f"/api/v1/datasets/{found}/items/", {"split": "val", "limit": 2}).json()
    assert [item["split"] for item in items["results"]] == ["val", "val"]
    assert items["results"][0]["picture"].startswith("/api/v1/media/dataset-items/")
    assert items["next"]
    wrong = api.post("/api/v1/datasets/", {**body, "shares": {"train": 0.5}}, format="json")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "SharesWrong")


def test_job_that_died_after_its_last_write_freezes_once(api, project, frame, here):
    frame(1)
    api.post("/api/v1/datasets/", {"project": project.pk, "kind": "detector"}, format="json")
    first = work("freeze_dataset").result["dataset"]
    Job.objects.update(state="queued")
    assert work("freeze_dataset").result["dataset"] == first


def test_versions_being_written_are_invisible(api, project):
    DatasetVersion.objects.create(project=project, kind="detector", number=1, manifest_hash="")
    assert api.get("/api/v1/datasets/", {"project": project.pk}).json()["results"] == []


def test_reviewers_freeze_annotators_look_outsiders_see_nothing(project, frame, django_user_model):
    frame(1)
    version = datasets.freeze(project, "detector", splits.Rule())
    eva = django_user_model.objects.create_user("eva")
    client = APIClient()
    client.force_authenticate(eva)
    body = {"project": project.pk, "kind": "detector"}
    address = f"/api/v1/datasets/{version.pk}/"

    def answers() -> list[int]:
        return [
            client.get(address).status_code,
            client.get(f"{address}items/").status_code,
            client.post("/api/v1/datasets/", body, format="json").status_code,
            client.post("/api/v1/datasets/preview/", body, format="json").status_code,
        ]

    assert answers() == [404, 404, 404, 404]
    members.join(project, eva, Role.ANNOTATOR)
    assert answers() == [200, 200, 403, 403]
    members.join(project, eva, Role.REVIEWER)
    assert answers() == [200, 200, 202, 200]
