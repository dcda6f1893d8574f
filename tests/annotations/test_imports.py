"""Imports, through the commands and the API."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from annotations import imports, members
from annotations.errors import ImportDone, LabelNameWrong, MapNeeded, MapWrong, TooManyLabels
from annotations.models import Box, Crop, Frame, ImportBatch, Label, Role, Transcription, Video
from annotations.models.crops import ReadingRole
from lprsite import files
from lprsite.jobs.engine import Cancelled
from lprsite.jobs.models import Job

pytestmark = pytest.mark.django_db
YOLO_COUNTS = {
    "seen": 12, "imported": 7, "clamped": 1, "tag_only": 1, "index_out_of_range": 1,
    "zero_area": 1, "picture_missing": 1, "ambiguous": 1,
}  # fmt: skip
STANDARD_COUNTS = {
    "seen": 13, "imported": 9, "clamped": 1, "tag_only": 1, "undeclared_label": 1,
    "zero_area": 1, "picture_missing": 1,
}  # fmt: skip


def jpeg(seed: int = 0, *, size: tuple[int, int] = (160, 120)) -> bytes:
    """A picture like no other."""
    noise = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), np.uint8)
    return bytes(cv2.imencode(".jpg", noise)[1])


def cloud(entries: Mapping[str, list[dict[str, Any]]], *labels: str) -> str:
    said = {"version": "1.0", "labels": labels or ("car", "plate"), "annotations": entries}
    return json.dumps(said)


def box(label: str, x: float, y: float, x2: float, y2: float) -> dict[str, Any]:
    return {"label": label, "x": x, "y": y, "x2": x2, "y2": y2}


def many(count: int) -> dict[str, bytes | str]:
    """``count`` pictures with a car and a plate each."""
    entries = {
        f"{n}.jpg": [box("car", 0.1, 0.1, 0.9, 0.9), box("plate", 0.4, 0.6, 0.6, 0.7)]
        for n in range(count)
    }
    return {"_annotations.json": cloud(entries), **{f"{n}.jpg": jpeg(n) for n in range(count)}}


@pytest.fixture
def zipped(tmp_path: Path) -> Callable[..., Path]:
    def make(content: Mapping[str, bytes | str], name: str = "import.zip") -> Path:
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for member, data in content.items():
                archive.writestr(member, data)
        return tmp_path / name

    return make


@pytest.fixture
def bring(project: Any, running: Any) -> Callable[..., ImportBatch]:
    """Examine and import a path; returns the batch."""

    def do(path: Path, mapping: Any = None) -> ImportBatch:
        batch = imports.receive(path, project=project, name=path.name)
        imports.examine(batch, running)
        imports.prepare(batch, mapping)
        imports.run(batch, running)
        batch.refresh_from_db()
        return batch

    return do


def adds_up(batch: ImportBatch) -> dict[str, int]:
    counts: dict[str, int] = batch.counts
    reasons = sum(n for name, n in counts.items() if name not in ("seen", "clamped"))
    assert counts["seen"] == reasons
    return counts


def rows() -> list[int]:
    return [kind.objects.count() for kind in (Frame, Box, Crop, Transcription, Label)]


def command(name: str, *args: Any, **options: Any) -> dict[str, Any]:
    out = io.StringIO()
    call_command(name, *map(str, args), json=True, stdout=out, **options)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_plates_are_linked_to_the_cars_they_came_with(bring, zipped):
    batch = bring(zipped(many(2)))
    assert adds_up(batch)["imported"] == 4
    plates = list(Box.objects.filter(label__name="plate").select_related("car__label"))
    cars = [plate.car for plate in plates]
    assert [(car.label.name, car.frame_id) for car in cars if car] == [
        ("car", plate.frame_id) for plate in plates
    ]


def test_command_imports_the_yolo_sample(shared, project):
    path = shared / "format_samples" / "reconstructed_ca_yolo.zip"
    found = command("import_annotations", path=path, map="0=car,1=plate,3=plate")
    assert found["counts"] == YOLO_COUNTS
    assert Box.objects.count() == 7
    assert Crop.objects.count() == Box.objects.filter(label__name="plate").count()
    before = rows()
    again = command("import_annotations", path=path, map="0=car,1=plate,3=plate")
    assert again["counts"]["duplicate"] == 7
    assert rows() == before


def test_command_imports_the_standard_sample(shared, project):
    path = shared / "format_samples" / "reconstructed_ca_standard.zip"
    assert command("import_annotations", path=path)["counts"] == STANDARD_COUNTS
    assert Box.objects.count() == 9
    negative = Frame.objects.filter(boxes__isnull=True, status="nothing_here").get()
    assert negative.complete_labels == ["car", "plate"]


def test_dry_run_writes_no_rows_and_needs_no_map(shared, project):
    path = shared / "format_samples" / "reconstructed_ca_yolo.zip"
    assert command("import_annotations", path=path, dry_run=True)["counts"] == YOLO_COUNTS
    assert (Frame.objects.count(), Box.objects.count()) == (0, 0)


def test_class_numbers_need_names_once(zipped, bring):
    path = zipped({"0.jpg": jpeg(), "0.txt": "7 0.5 0.5 0.2 0.2"})
    with pytest.raises(MapNeeded, match="7 \\(1\\)"):
        bring(path)
    bring(path, {"7": "car"})
    other = zipped({"1.jpg": jpeg(1), "1.txt": "7 0.5 0.5 0.2 0.2"}, "other.zip")
    assert bring(other).mapping == {"7": "car"}


@pytest.mark.parametrize("text", ["0", "=car", "0:car", ""])
def test_mapping_that_cannot_be_read(text):
    with pytest.raises(MapWrong):
        imports.parse_map(text)


def test_new_labels_are_made_and_ignored_ones_left_out(zipped, bring):
    said = {"0.jpg": [box("dog", 0.1, 0.1, 0.5, 0.5), box("cat", 0.5, 0.5, 0.9, 0.9)]}
    batch = bring(
        zipped({"_annotations.json": cloud(said, "dog", "cat"), "0.jpg": jpeg()}),
        {"dog": "animal", "cat": None},
    )
    assert adds_up(batch) == {"seen": 2, "imported": 1, "ignored": 1}
    assert Box.objects.get().label.name == "animal"
    assert Frame.objects.get().complete_labels == ["animal"]


@pytest.mark.parametrize(
    "line",
    [
        "plate 0 0",
        "plate 0 0 0 1 1 x 9 0 0 0 0 0 0 0",
        "plate 0 0 0 9 9 9 20 0 0 0 0 0 0 0",
    ],
)
def test_picture_with_a_lost_box_stays_open(zipped, bring, line):
    good = "car 0 0 0 10 10 90 90 0 0 0 0 0 0 0\n"
    batch = bring(
        zipped(
            {
                "images/0.jpg": jpeg(),
                "labels/0.txt": good + line + "\n",
                "images/1.jpg": jpeg(1),
                "labels/1.txt": good,
            }
        )
    )
    assert batch.counts["imported"] == 2
    lost, whole = Frame.objects.order_by("name")
    assert (lost.status, lost.complete_labels) == ("open", [])
    assert (whole.status, "car" in whole.complete_labels) == ("done", True)


def test_class_number_without_a_name_leaves_its_picture_open(zipped, bring):
    both = "0 0.5 0.5 0.2 0.2\n7 0.2 0.2 0.1 0.1\n"
    path = zipped({"0.jpg": jpeg(), "0.txt": both})
    bring(path, {"0": "car"})
    assert (Frame.objects.get().status, Box.objects.count()) == ("open", 1)
    bring(path, {"0": "car", "7": None})  # left out on purpose
    assert Frame.objects.get().complete_labels == ["car"]


def test_broken_box_of_a_label_that_is_left_out_is_not_missed(zipped, bring):
    said = "0 0.5 0.5 0.2 0.2\n7 0.2 0.2 0.0 0.1\n1 0.9 0.5 0.4 0.2\n"
    bring(zipped({"0.jpg": jpeg(), "0.txt": said}), {"0": "car", "1": "car", "7": None})
    frame = Frame.objects.get()
    assert (frame.status, frame.complete_labels) == ("done", ["car"])


def test_label_name_that_cannot_be_is_refused_before_anything_is_written(zipped, bring):
    said = {"0.jpg": [box("x" * 60, 0.1, 0.1, 0.5, 0.5)]}
    with pytest.raises(LabelNameWrong):
        bring(zipped({"_annotations.json": cloud(said, "x" * 60), "0.jpg": jpeg()}))
    assert rows()[:4] == [0, 0, 0, 0]


def test_flood_of_labels_is_refused(zipped, bring, project):
    names = [f"label {n}" for n in range(200)]
    said = {"0.jpg": [box(name, 0.1, 0.1, 0.5, 0.5) for name in names]}
    with pytest.raises(TooManyLabels):
        bring(zipped({"_annotations.json": cloud(said, *names), "0.jpg": jpeg()}))
    assert (project.labels.count(), Frame.objects.count()) == (2, 0)


def test_killed_in_the_middle_and_run_again_gives_the_same_rows(
    zipped, project, running, monkeypatch
):
    monkeypatch.setattr("annotations.bringing.CHUNK_PICTURES", 3)
    batch = imports.receive(zipped(many(10)), project=project, name="import.zip")
    imports.examine(batch, running)
    imports.prepare(batch, None)
    went_on = running.progress

    def stop(done: int, *args: Any) -> None:
        went_on(done, *args)
        if done == 8 and args[1] == "pictures" and len(args) == 2:
            raise Cancelled

    running.progress = stop
    with pytest.raises(Cancelled):
        imports.run(batch, running)
    assert 0 < Box.objects.count() < 20
    running.progress = went_on
    result = imports.run(batch, running)
    assert result["counts"] == {"seen": 20, "imported": 20}
    assert rows()[:3] == [10, 20, 10]
    assert set(Frame.objects.values_list("status", flat=True)) == {"done"}


def test_picture_of_a_video_frame_of_ours_puts_its_boxes_there(zipped, bring, project):
    video = Video.objects.create(
        project=project, name="v.mp4", file="v", sha256="v", bytes=1, container="mp4",
        codec="h264", width=160, height=120, time_base="1/1000",
    )  # fmt: skip
    key, sha256 = files.put_bytes("frames", jpeg(0), ".jpg")
    frame = Frame.objects.create(
        project=project, video=video, pts=5, sha256=sha256, file=key, width=160, height=120
    )
    bring(zipped(many(1)))
    assert Frame.objects.get() == frame
    assert frame.boxes.count() == 2


def test_boxes_of_people_stay_and_are_not_doubled(zipped, bring, project):
    bring(zipped(many(1)))
    frame = Frame.objects.get()
    frame.boxes.update(source="person", client_key=None)
    batch = bring(zipped(many(1)))
    assert adds_up(batch) == {"seen": 2, "imported": 0, "duplicate": 2}
    assert list(frame.boxes.values_list("source", flat=True)) == ["person", "person"]


def table(*lines: str) -> str:
    return "\n".join(["file,x,y,w,h,text", *lines]) + "\n"


def test_box_that_another_table_rounded_otherwise_is_the_same(zipped, bring):
    picture = jpeg()
    bring(zipped({"manifest.csv": table("a.jpg,10.4,10.4,24.2,8.2,"), "a.jpg": picture}))
    lines = ("a.jpg,10,10,25,9,", "a.jpg,12,10,24,8,")
    batch = bring(zipped({"manifest.csv": table(*lines), "a.jpg": picture}))
    assert adds_up(batch) == {"seen": 2, "imported": 1, "duplicate": 1}


def test_texts_of_a_table_become_transcriptions(zipped, bring):
    path = zipped({"manifest.csv": table("a.jpg,10,10,60,20,abc-1234"), "a.jpg": jpeg()})
    batch = bring(path)
    crop = Crop.objects.get()
    assert crop.current is not None
    assert (crop.current.text, crop.current.role) == ("ABC1234", ReadingRole.FIRST)
    assert not crop.waiting
    before = rows()
    bring(path)
    assert rows() == before
    assert adds_up(batch)["imported"] == 1


def test_text_outside_the_alphabet_is_told_and_its_box_kept(zipped, bring):
    batch = bring(zipped({"manifest.csv": table("a.jpg,10,10,60,20,皖A1"), "a.jpg": jpeg()}))
    assert adds_up(batch) == {"seen": 1, "imported": 1}
    assert Crop.objects.get().waiting
    assert [line["outcome"] for line in batch.report] == ["text_refused"]
    assert "皖" in batch.report[0]["en"]


def test_text_of_a_person_is_not_replaced(zipped, bring):
    picture = jpeg()
    bring(zipped({"manifest.csv": table("a.jpg,10,10,60,20,ABC1234"), "a.jpg": picture}))
    bring(zipped({"manifest.csv": table("a.jpg,10,10,60,20,ABC1239"), "a.jpg": picture}))
    crop = Crop.objects.get()
    assert crop.current is not None
    assert crop.current.text == "ABC1234"
    assert list(crop.transcriptions.values_list("role", flat=True)) == ["first", "second"]


def test_picture_of_one_plate_from_edge_to_edge_is_a_crop(zipped, bring):
    data = jpeg(size=(96, 32))
    path = zipped({"manifest.csv": table("a.jpg,0,0,96,32,PBX123"), "a.jpg": data})
    assert adds_up(bring(path)) == {"seen": 1, "imported": 1}
    crop = Crop.objects.get()
    assert (crop.box, Frame.objects.count()) == (None, 0)
    assert files.local_path(crop.file).read_bytes() == data
    assert adds_up(bring(path))["duplicate"] == 1


def test_labelerjs_texts_and_unread_crops(zipped, project):
    path = zipped(
        {"annotations.txt": "0.jpg ABC123\n1.jpg PBX?23\n9.jpg XYZ999\n2.jpg ÄÖ1\n"}
        | {f"crops/{n}.jpg": jpeg(n, size=(90, 30)) for n in range(4)}
    )
    found = command("import_transcriptions", path)
    assert found["counts"] == {"seen": 4, "imported": 2, "picture_missing": 1, "text_refused": 1}
    assert sorted(Transcription.objects.values_list("text", "status")) == [
        ("ABC123", "readable"), ("PBX?23", "partial"),
    ]  # fmt: skip
    assert Crop.objects.filter(waiting=True).count() == 2
    again = command("import_transcriptions", path)
    assert again["counts"]["duplicate"] == 2
    assert (Crop.objects.count(), Transcription.objects.count()) == (4, 2)


def test_pictures_alone_wait_for_somebody(zipped, bring):
    bring(zipped({"0.jpg": jpeg(), "sub/1.jpg": jpeg(1)}))
    assert list(Frame.objects.values_list("status", flat=True)) == ["open", "open"]


def huge_png() -> bytes:
    from tests.annotations.formats.conftest import png_header

    return png_header(30_000, 30_000)


def test_hostile_pictures_are_told_line_by_line(zipped, bring):
    good = box("plate", 0.1, 0.1, 0.5, 0.5)
    half = jpeg()[:2000]
    said = {name: [good] for name in ("huge.png", "half.jpg", "text.jpg", "good.jpg")}
    said["nan.jpg"] = [{**good, "x": float("nan")}]
    batch = bring(
        zipped(
            {
                "_annotations.json": cloud(said),
                "huge.png": huge_png(),
                "half.jpg": half,
                "text.jpg": "no picture",
                "good.jpg": jpeg(1),
                "nan.jpg": jpeg(2),
            }
        )
    )
    counts = {"seen": 5, "imported": 1, "picture_unreadable": 3, "not_a_number": 1}
    assert adds_up(batch) == counts
    assert Box.objects.count() == 1
    assert all(line["en"] != line["es"] for line in batch.report)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"text", "damaged"), (b"", "empty"), (b"PK\x05\x06" + b"\0" * 18, "holds no boxes")],
)
def test_file_that_is_no_archive_is_a_sentence(tmp_path, project, content, said):
    (tmp_path / "x.zip").write_bytes(content)
    with pytest.raises(CommandError, match=said):
        call_command("import_annotations", path=tmp_path / "x.zip")
    assert rows()[:4] == [0, 0, 0, 0]


# --- the API


def jobs(task: str) -> list[Job]:
    return list(Job.objects.filter(task=task))


@pytest.fixture
def work(running: Any) -> Callable[[str], Any]:
    """Do the queued jobs of a task here."""
    from lprsite.jobs.engine import TASKS, execute

    def do(name: str) -> Job:
        job = Job.objects.claim(Job.objects.filter(task=name, state="queued").latest("id").pk)
        assert job is not None
        execute(TASKS[name], job, reraise=True)
        job.refresh_from_db()
        return job

    return do


@pytest.fixture
def here(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs run in the test's own connection, without a heartbeat's."""
    import contextlib

    monkeypatch.setattr("lprsite.jobs.engine.Running.heartbeat", contextlib.nullcontext)


def test_upload_examine_map_and_import(api, project, zipped, work, here):
    upload = SimpleUploadedFile("Übung 1.zip", zipped(many(2)).read_bytes())
    answer = api.post("/api/v1/imports/", {"project": project.pk, "file": upload})
    assert answer.status_code == 201
    batch = answer.json()
    assert (batch["name"], batch["format"], batch["dry_run"]) == ("Übung 1.zip", "", True)
    too_early = api.post(f"/api/v1/imports/{batch['id']}/start/", {}, format="json")
    assert (too_early.status_code, too_early.json()["code"]) == (409, "ImportNotReady")
    assert work("examine_import").state == "succeeded"
    seen = api.get(f"/api/v1/imports/{batch['id']}/").json()
    assert (seen["labels"], seen["counts"]) == ({"car": 2, "plate": 2}, {"seen": 4, "imported": 4})
    start = api.post(
        f"/api/v1/imports/{batch['id']}/start/",
        {"mapping": {"car": None, "plate": "plate"}},
        format="json",
    )
    assert start.status_code == 202
    twice = api.post(f"/api/v1/imports/{batch['id']}/start/", {}, format="json")
    assert twice.json()["id"] == start.json()["id"]
    assert work("run_import").result["counts"] == {"seen": 4, "imported": 2, "ignored": 2}
    done = api.post(f"/api/v1/imports/{batch['id']}/start/", {}, format="json")
    assert (done.status_code, done.json()["code"]) == (409, ImportDone.__name__)
    listed = api.get("/api/v1/imports/", {"project": project.pk}).json()["results"]
    assert [row["dry_run"] for row in listed] == [False]
    assert "report" not in listed[0]


def test_report_speaks_the_readers_language(api, project, running, zipped):
    batch = imports.receive(
        zipped({"a.jpg": jpeg(), "a.txt": "0 1 2"}), project=project, name="a.zip"
    )
    imports.examine(batch, running)
    ask = f"/api/v1/imports/{batch.pk}/"
    spanish = api.get(ask, headers={"accept-language": "es"}).json()["report"][0]["sentence"]
    english = api.get(ask, headers={"accept-language": "en"}).json()["report"][0]["sentence"]
    assert "línea" in spanish
    assert "line" in english


def test_paths_on_the_server_stay_below_the_open_folder(api, project, settings, tmp_path):
    def send(path: str) -> Any:
        return api.post("/api/v1/imports/", {"project": project.pk, "path": path}, format="json")

    assert send("a").json()["code"] == "PathNotAllowed"
    settings.SERVER_FOLDER = str(tmp_path / "open")
    (tmp_path / "open" / "set").mkdir(parents=True)
    assert send("../").json()["code"] == "PathNotAllowed"
    assert send("missing").json()["code"] == "SourceMissing"
    assert send("set").status_code == 201


def test_viewers_may_look_and_outsiders_see_nothing(api, user, project, django_user_model, running):
    from rest_framework.test import APIClient

    batch = ImportBatch.objects.create(project=project, name="x", path="x")
    other = django_user_model.objects.create_user("eva")
    client = APIClient()
    client.force_authenticate(other)
    assert client.get(f"/api/v1/imports/{batch.pk}/").status_code == 404
    assert client.post("/api/v1/imports/", {"project": project.pk}).status_code == 404
    members.join(project, other, Role.VIEWER)
    assert client.get(f"/api/v1/imports/{batch.pk}/").status_code == 200
    assert client.post("/api/v1/imports/", {"project": project.pk}).status_code == 403
    start = client.post(f"/api/v1/imports/{batch.pk}/start/", {}, format="json")
    assert start.status_code == 403


def test_uploads_are_forgotten_after_a_week(project, tmp_path, zipped, running):
    batch = imports.receive(zipped(many(1)), project=project, name="a.zip", upload=True)
    path = files.local_path(batch.path)
    assert path.is_file()
    ImportBatch.objects.update(created_at="2020-01-01T00:00Z")
    assert imports.forget_old() == 1
    assert not path.parent.exists()
    assert imports.forget_old() == 0


def test_two_imports_at_once_do_not_double(zipped, bring, project, running, monkeypatch):
    """The second one writes after the first one has looked and before it writes."""
    path = zipped({"manifest.csv": table("a.jpg,10,10,60,20,ABC123"), "a.jpg": jpeg()})
    from annotations.bringing.frames import Frames

    write = Frames._write_frames
    second: list[Any] = []

    def meanwhile(self: Frames, piece: Any) -> None:
        if not second:
            second.append(1)
            second.append(bring(path))
        write(self, piece)

    monkeypatch.setattr(Frames, "_write_frames", meanwhile)
    first = bring(path)
    assert adds_up(second[1]) == {"seen": 1, "imported": 1}
    assert adds_up(first) == {"seen": 1, "imported": 0, "duplicate": 1}
    assert rows()[:4] == [1, 1, 1, 1]


# --- damaged archives


def test_five_partial_zips_give_all_that_is_whole(zipped, bring, tmp_path):
    """Each was cut off elsewhere; together they lack nothing, and nothing comes twice."""
    whole = zipped(many(10)).read_bytes()
    length = whole.index(b"PK\x01\x02")
    parts = []
    for n, share in enumerate((0.35, 0.5, 0.65, 0.8, 1.0)):
        part = tmp_path / f"part{n}.zip"
        part.write_bytes(whole[: int(length * share)])
        batch = bring(part)
        counts = adds_up(batch)
        assert counts["seen"] == 20 and batch.facts["damage"]["lost"] <= 1
        assert batch.facts["report_lines"] >= batch.facts["damage"]["lost"]
        parts.append((counts["imported"], counts.get("duplicate", 0)))
    assert sum(new for new, _ in parts) == 20
    assert parts[0][0] > 0 and parts[-1][1] == sum(new for new, _ in parts[:-1])
    assert rows()[:3] == [10, 20, 10]


def test_report_names_what_of_a_damaged_zip_is_lost(zipped, bring):
    path = zipped(many(3))
    data = path.read_bytes()
    path.write_bytes(data[: data.index(b"2.jpg", data.index(b"1.jpg\xff")) + 100])
    batch = bring(path)
    assert adds_up(batch) == {"seen": 6, "imported": 4, "picture_unreadable": 2}
    assert batch.facts["damage"] == {"members": 4, "lost": 1, "gaps": 0}
    lines = {(line["file"], line["outcome"]) for line in batch.report}
    assert ("2.jpg", "file_unreadable") in lines
    said = command("import_annotations", "--path", path, "--dry-run")
    assert said["facts"]["damage"]["lost"] == 1


def test_yolo_that_is_all_negatives_needs_no_map(zipped, bring):
    path = zipped({"0.jpg": jpeg(), "0.txt": "", "1.jpg": jpeg(1), "1.txt": "\n"})
    assert adds_up(bring(path, {"0": "car"})) == {"seen": 0, "imported": 0}
    assert set(Frame.objects.values_list("status", flat=True)) == {"nothing_here"}
