"""Archives of whole projects: what goes out comes back the same, and nothing else comes in."""

from __future__ import annotations

import json
import zipfile
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotations import archive, boxes, deletion, formats, members, projects, restoring
from annotations.errors import (
    ArchiveBomb,
    ArchiveFileWrong,
    ArchivePathUnsafe,
    ArchiveRowWrong,
    ArchiveTooNew,
    IsProjectArchive,
    MemberDamaged,
    NoProjectArchive,
)
from annotations.formats.archives import open_source
from annotations.models import (
    Crop,
    Frame,
    ImportBatch,
    Membership,
    Project,
    Role,
    Transcription,
    Video,
)
from lprsite import files
from tests.annotations.archives import repacked, rows_of, stored_files, with_row
from tests.annotations.rows import make_frame


def test_deleted_project_comes_back_the_same(full, packed, running, user):
    before, kept = rows_of(full), {key: files.local_path(key).read_bytes()
                                   for key in stored_files(full)}  # fmt: skip
    assert all(before.values()) and len(kept) > 10
    settings_before = {name: getattr(full, name) for name in archive.SETTINGS}
    restoring.forget(full)
    assert not Project.objects.exists() and not Frame.objects.exists()
    for key in kept:
        files.delete(key)
    result = restoring.restore(packed, running, by=user)
    again = Project.objects.get(pk=result["project"])
    assert {name: getattr(again, name) for name in archive.SETTINGS} == settings_before
    assert rows_of(again) == before
    assert {key: files.local_path(key).read_bytes() for key in stored_files(again)} == kept
    assert Crop.objects.get(recheck=True).waiting
    assert list(files.scratch().iterdir()) == []


def test_restored_beside_the_original_it_is_a_second_project(full, packed, running, user):
    before = rows_of(full)
    names = [restoring.restore(packed, running, by=user)["name"] for _ in range(2)]
    assert names == ["Entrance (2)", "Entrance (3)"]
    assert rows_of(full) == before
    copy = rows_of(Project.objects.get(name="Entrance (3)"))
    assert [row["text"] for row in copy["transcriptions"]] == [
        row["text"] for row in before["transcriptions"]
    ]
    assert not {row["client_key"] for row in copy["boxes"]} & {
        row["client_key"] for row in before["boxes"] if row["client_key"]
    }


def test_people_are_found_by_name_and_the_restorer_manages(
    full, packed, running, django_user_model
):
    restoring.forget(full)
    django_user_model.objects.all().delete()
    eva = django_user_model.objects.create_user("eva")
    zoe = django_user_model.objects.create_user("zoe")
    restoring.restore(packed, running, by=zoe)
    roles = {row.user.username: row.role for row in Membership.objects.select_related("user")}
    assert roles == {"eva": Role.REVIEWER, "zoe": Role.MANAGER}
    assert {row.by for row in Transcription.objects.all()} == {eva}


def test_without_videos_the_rows_go_along(full, running, tmp_path, user):
    counts = archive.write(full, tmp_path / "a.zip", running, videos=False)
    assert counts["videos"] == 2
    with zipfile.ZipFile(tmp_path / "a.zip") as whole:
        assert not [name for name in whole.namelist() if name.startswith("files/videos")]
    restoring.forget(full)
    assert restoring.restore(tmp_path / "a.zip", running, by=user)["missing"] == 2
    assert Video.objects.count() == 2


def test_stranger_gets_no_file_that_did_not_come_along(full, running, tmp_path, django_user_model):
    archive.write(full, tmp_path / "a.zip", running, videos=False)
    kept = full.videos.first().file
    assert files.local_path(kept).is_file()
    zoe = django_user_model.objects.create_user("zoe")
    theirs = restoring.restore(tmp_path / "a.zip", running, by=zoe)
    assert not Video.objects.filter(project=theirs["project"], file=kept).exists()
    trusted = restoring.restore(tmp_path / "a.zip", running)
    assert Video.objects.filter(project=trusted["project"], file=kept).exists()


def test_row_made_while_the_archive_is_written_breaks_nothing(full, running, tmp_path, user):
    def add(*_: Any) -> None:
        if not Frame.objects.filter(name="late").exists():
            frame = make_frame(full, seed=77, name="late")
            boxes.draw(frame, label="plate", xyxy=(1, 1, 30, 20))

    running.progress = lambda done, total, unit, message="": add() if message == "boxes" else None
    archive.write(full, tmp_path / "a.zip", running, videos=True)
    running.progress = lambda *_: None
    restored = restoring.restore(tmp_path / "a.zip", running, by=user)
    assert not Frame.objects.filter(project=restored["project"], name="late").exists()


@pytest.mark.parametrize(
    ("table", "values", "said"),
    [
        ("frames", {"width": "wide"}, "frames, line 1"),
        ("frames", {"video": 12345}, "refers to 12345"),
        ("frames", {"status": "gone"}, "nobody knows"),
        ("frames", {"name": "a\0b"}, "zero byte"),
        ("frames", {"complete_labels": "car"}, "another shape"),
        ("boxes", {"x1": 500.0}, "boxes, line 1"),
        ("boxes", {"x1": "nan"}, "no number"),
        ("labels", {"name": "x" * 400}, "labels, line 1"),
        ("videos", {"time_base": "1/0"}, "videos, line 1"),
        ("plate_formats", {"pattern": "(a+)+"}, "plate_formats, line 1"),
        ("passages", {"key_boxes": [[1, 2]]}, "another shape"),
        ("transcriptions", {"client_key": "7"}, "transcriptions, line 1"),
        ("dataset_items", {"boxes": [{"label": "car"}]}, "another shape"),
        ("members", {"role": 9}, "nobody knows"),
    ],
)
def test_changed_row_is_refused_and_leaves_no_project(packed, running, user, table, values, said):
    with pytest.raises(ArchiveRowWrong, match=said):
        restoring.restore(with_row(packed, table, **values), running, by=user)
    assert Project.objects.count() == 1


def test_files_of_a_refused_archive_do_not_stay(full, packed, running, user):
    wrong = with_row(packed, "transcriptions", text="")
    restoring.forget(full)
    for path in files.root().rglob("*.*"):
        path.unlink()
    with pytest.raises(ArchiveRowWrong):
        restoring.restore(wrong, running, by=user)
    deletion.remove_files(running)
    assert not [path for path in files.root().rglob("*") if path.is_file()]


def test_row_of_no_json_is_refused(packed, running, user):
    def change(name: str, data: bytes) -> tuple[str, bytes]:
        return name, b"[" * 100_000 if name == "rows/boxes.jsonl" else data

    with pytest.raises(ArchiveRowWrong, match="boxes, line 1"):
        restoring.restore(repacked(packed, change), running, by=user)
    assert Project.objects.count() == 1


@pytest.mark.parametrize(
    "name",
    ["files/frames/ab/" + "ab" * 32 + ".jpg", "files/frames/evil.html", "files/../../x.jpg"],
)
def test_file_that_is_not_what_its_name_says_is_refused(packed, running, user, name):
    with zipfile.ZipFile(packed, "a") as whole:
        whole.writestr(name, b"<script>")
    with pytest.raises((ArchiveFileWrong, ArchivePathUnsafe)):
        restoring.restore(packed, running, by=user)
    assert Project.objects.count() == 1
    assert list(files.scratch().iterdir()) == []


def test_bomb_and_damage_are_refused(packed, running, user):
    data = bytearray(packed.read_bytes())
    at = data.find(b"a recording")
    data[at] ^= 0xFF
    broken = packed.with_name("broken.zip")
    broken.write_bytes(data)
    with pytest.raises(MemberDamaged):
        restoring.restore(broken, running, by=user)
    with zipfile.ZipFile(packed, "a", zipfile.ZIP_DEFLATED) as whole:
        whole.writestr("files/frames/zeros.jpg", bytes(30 << 20))
    with pytest.raises(ArchiveBomb):
        restoring.restore(packed, running, by=user)
    assert Project.objects.count() == 1


def test_other_zips_and_newer_layouts_have_their_sentence(packed, running, user, tmp_path):
    other = tmp_path / "other.zip"
    with zipfile.ZipFile(other, "w") as whole:
        whole.writestr("a.txt", b"hello")
    with pytest.raises(NoProjectArchive, match="is no archive"):
        restoring.restore(other, running, by=user)

    def newer(name: str, data: bytes) -> tuple[str, bytes]:
        return name, data.replace(b'"version": 2', b'"version": 3')

    with pytest.raises(ArchiveTooNew, match="layout 3"):
        restoring.restore(repacked(packed, newer), running, by=user)


def test_import_of_an_archive_says_where_it_belongs(packed):
    with open_source(packed) as source, pytest.raises(IsProjectArchive, match="page of projects"):
        formats.look(source)


def test_commands_write_and_restore(full, tmp_path, capsys):
    out = tmp_path / "whole.zip"
    call_command("export_project", out=out, json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["frames"], told["videos"]) == (7, 2)
    call_command("import_project", str(out), name="Elsewhere", json=True)
    assert json.loads(capsys.readouterr().out)["name"] == "Elsewhere"
    assert rows_of(Project.objects.get(name="Elsewhere"))["frames"]
    with pytest.raises(CommandError, match="nothing"):
        call_command("import_project", str(tmp_path / "nothing.zip"))


def test_killed_restoring_is_begun_anew(full, packed, user):
    from annotations import tasks
    from lprsite.jobs.engine import Running
    from lprsite.jobs.models import Job, State, lease_end

    half = projects.create("Half", by=user)
    make_frame(half, seed=3, name="half.png")
    members.join(half, user, Role.MANAGER)
    job = Job.objects.create(
        task="import_project", queue="media", state=State.RUNNING, attempt=2, created_by=user,
        lease_until=lease_end(),
        parameters={"path": str(packed), "name": "full.zip", "called": "", "made": half.pk},
    )  # fmt: skip
    result = tasks.import_project.work(Running(job))
    assert not Project.objects.filter(name="Half").exists()
    job.refresh_from_db()
    assert job.parameters["made"] == (result or {})["project"]


def test_report_of_an_import_comes_along_under_its_content(full, running, tmp_path, user):
    report, samples = "imports/reports/1/old.zip-report.csv", "imports/samples/1.jpg"
    for key, data in ((report, b"file,line"), (samples, b"a sheet")):
        files.local_path(key).parent.mkdir(parents=True, exist_ok=True)
        files.local_path(key).write_bytes(data)
    full.imports.update(report_csv=report, report_json="imports/reports/gone.json", samples=samples)
    archive.write(full, tmp_path / "a.zip", running, videos=True)
    assert restoring.restore(tmp_path / "a.zip", running, by=user)["missing"] == 1
    batch = ImportBatch.objects.exclude(project=full).get()
    assert files.local_path(batch.report_csv).read_bytes() == b"file,line"
    assert files.local_path(batch.samples).read_bytes() == b"a sheet"
    assert not files.local_path(batch.report_json).exists()
    assert (batch.path, batch.counts) == ("", {"seen": 3})
