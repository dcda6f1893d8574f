"""Previews and videos without idle stretches, as rows of the project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from annotations import activities, copies, errors, tasks, videos
from annotations.models import DoomedFile, Video
from lprsite import files
from lprsite.jobs import tasks as job_tasks
from lprsite.jobs.engine import Running
from lprsite.jobs.models import Job
from tests.annotations.rows import json_of
from tests.annotations.vision import clips


@pytest.fixture(scope="module")
def street_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty seconds; a car from 8 to 10 and from 20 to 22."""
    folder = tmp_path_factory.mktemp("clips")
    return clips.street(folder / "street.mp4", seconds=30, cars=[(8, 10), (20, 22)])


@pytest.fixture
def street(project: Any, street_clip: Path) -> Video:
    return videos.ingest(street_clip, project=project, name="street.mp4")[0]


def test_preview_is_made_once_more_without_harm(street: Video, running: Running) -> None:
    for _ in range(2):
        assert copies.make_preview(street, running) == {"copied": True}
        street.refresh_from_db()
    assert files.local_path(street.preview).stat().st_size > 0
    assert not list(files.scratch().iterdir())


def test_preview_of_a_damaged_video_is_encoded_and_measures_in_passing(
    street: Video, running: Running
) -> None:
    copies.make_preview(street, running)
    street.refresh_from_db()
    before, street.damage = street.preview, {"corrupt": 3}
    assert copies.make_preview(street, running) == {"copied": False}
    street.refresh_from_db()
    assert activities.load(street) is not None
    assert (street.damage["decoded"], street.damage["corrupt"]) == (300, 0)
    assert street.preview != before
    assert DoomedFile.objects.get().key == before


def test_copied_preview_is_made_again_when_damage_is_found(
    project: Any, running: Running, tmp_path: Path
) -> None:
    path = clips.scatter(clips.write(tmp_path / "bad.mp4", gop=5), count=60)
    bad, _ = videos.ingest(path, project=project, name="bad.mp4")
    assert copies.make_preview(bad, running) == {"copied": True}
    for _ in range(2):
        tasks.measure_activity.run_here(project_id=project.pk, video=bad.pk)
    bad.refresh_from_db()
    assert bad.broken
    again = Job.objects.get(task="make_preview")
    job_tasks.run(again.pk)
    again.refresh_from_db()
    assert again.result == {"copied": False}


def test_damage_found_while_a_preview_is_copied_has_it_encoded(
    street: Video, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    copying = copies.make_preview

    def found_meanwhile(row: Video, running: Running) -> dict[str, Any]:
        made = copying(row, running)
        Video.objects.filter(pk=row.pk).update(damage={"corrupt": 3})
        return made

    monkeypatch.setattr(copies, "make_preview", found_meanwhile)
    job = tasks.make_preview.run_here(project_id=street.project_id, video=street.pk)
    assert job.result == {"copied": False}


def test_condensed_video_knows_the_times_of_its_original(street: Video, running: Running) -> None:
    made, told = copies.condense(street, running)
    assert (made.original, made.project, made.name) == (
        street,
        street.project,
        "street condensed.mp4",
    )
    assert told["copied"] and len(made.time_map) == 2
    assert 8 < (made.duration or 0) < 14
    again = activities.measure(made, running)
    moves = again.seconds[again.rows["motion"] > 0.06]
    there = [made.original_seconds(float(at)) for at in moves]
    assert there and all(7.9 <= at <= 11.5 or 19.9 <= at <= 23.5 for at in there)
    assert street.original_seconds(5.0) == 5.0


def test_condensing_again_is_the_same_video(street: Video, running: Running) -> None:
    first, _ = copies.condense(street, running)
    second, _ = copies.condense(street, running)
    assert first == second and Video.objects.count() == 2
    assert not list(files.scratch().iterdir())


def test_condense_through_the_api(api: Any, street: Video) -> None:
    status, job = json_of(api, "post", f"videos/{street.pk}/condense/", {})
    assert (status, job["task"]) == (202, "condense_video")
    job_tasks.run(job["id"])
    result = Job.objects.get(pk=job["id"]).result
    shown = json_of(api, "get", f"videos/{result['video']}/")[1]
    assert (shown["original"], result["stretches"]) == (street.pk, 2)
    assert len(shown["time_map"]) == 2
    assert Job.objects.filter(task="make_preview").count() == 1


def test_video_in_which_nothing_moves_is_not_condensed(
    project: Any, running: Running, tmp_path: Path
) -> None:
    path = clips.street(tmp_path / "night.mp4", seconds=6, cars=[])
    night, _ = videos.ingest(path, project=project, name="night.mp4")
    with pytest.raises(errors.NothingMoves, match=r"night\.mp4"):
        copies.condense(night, running)
    assert Video.objects.count() == 1


def test_video_that_never_stands_still_is_not_condensed(
    project: Any, running: Running, tmp_path: Path
) -> None:
    path = clips.street(tmp_path / "busy.mp4", seconds=8, cars=[(0, 4), (4, 8)])
    busy, _ = videos.ingest(path, project=project, name="busy.mp4")
    with pytest.raises(errors.NeverIdle, match=r"busy\.mp4.*3 seconds"):
        copies.condense(busy, running)
    assert Video.objects.count() == 1


def test_condense_command_writes_the_video_and_its_times(
    street_clip: Path, tmp_path: Path, storage: Path, db: None, capsys: Any
) -> None:
    out = tmp_path / "short.mp4"
    call_command("condense", str(street_clip), "--out", str(out), "--json")
    told = json.loads(capsys.readouterr().out)
    times = json.loads(Path(told["times"]).read_text())
    plain = tmp_path / "plain"
    plain.touch()
    modes = {path.stat().st_mode for path in (plain, out, Path(told["times"]))}
    assert len(modes) == 1  # who may read it is for the umask to say
    assert out.is_file() and len(times["map"]) == told["stretches"] == 2
    assert told["seconds"] < told["of"] == pytest.approx(30.0)


def test_split_command_estimates_and_filters(
    street_clip: Path, storage: Path, db: None, capsys: Any
) -> None:
    rule = [str(street_clip), "--fps", "5", "--motion", "--near-duplicates", "--cap", "6", "--json"]
    call_command("split_video", *rule, "--dry-run")
    said = json.loads(capsys.readouterr().out)
    call_command("split_video", *rule)
    assert json.loads(capsys.readouterr().out)["made"] == said["frames"] == 6


def test_preview_command_makes_a_preview(
    street_clip: Path, storage: Path, db: None, capsys: Any
) -> None:
    call_command("preview", str(street_clip), "--json")
    assert json.loads(capsys.readouterr().out)["copied"] is True
