"""Reading a whole video: stored per stretch, gone on with where it stopped, the same each time."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone

from annotations import activities, lessons, passages, videos
from annotations.models import Camera, Video
from annotations.vision import activity
from lprsite import files
from lprsite.jobs.engine import Cancelled, Running
from tests.annotations.rows import make_video
from tests.annotations.vision import clips
from tests.training.rows import make_read, make_run
from training import reading, readings, reads, reviews, vehicles, webhooks
from training.detector.predict import Detection
from training.models import CameraRun, InferenceRun, Read, ReadCrop, TrainedModel
from training.recognizer.predict import PlateRead

TEXT = "PBA1234"


class Eyes:
    """Finds the bar of a test clip, as a plate, and a car around it."""

    thresholds: ClassVar = {"plate": 0.5, "car": 0.5}
    clustering = 0.0

    def __init__(self) -> None:
        self.looked = 0

    def detect(
        self, frames: Sequence[np.ndarray], *, confidence: float, tiles: int, around_cars: bool
    ) -> list[list[Detection]]:
        assert (confidence, tiles, around_cars) == (0.25, 1, False)
        self.looked += len(frames)
        return [self._one(clips.bar_of(frame) * 3) for frame in frames]

    def _one(self, left: int) -> list[Detection]:
        plate = Detection("plate", left, 48.0, left + 40.0, 90.0, 0.9)
        return [plate, Detection("car", left, 20.0, left + 60.0, 95.0, 0.8)]


class Reader:
    """Reads every plate the same."""

    def read(self, crops: Sequence[np.ndarray]) -> list[PlateRead]:
        seconds = (("8", 0.05),) * 7
        read = PlateRead(TEXT, 0.9, (0.9,) * 7, seconds, "PBA123A", 0.8, TEXT, 0.9)
        return [read for _ in crops]


@pytest.fixture(autouse=True)
def short_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "CHUNK_SECONDS", 1.0)


@pytest.fixture
def video(project: Any, tmp_path: Path) -> Video:
    clip = clips.write(tmp_path / "gate.mp4")
    return videos.ingest(clip, project=project, name="gate.mp4")[0]


def read_all(run: InferenceRun, running: Running, eyes: Any = None) -> dict[str, Any]:
    return reading.read_video(run, eyes or Eyes(), Reader(), running)  # type: ignore[arg-type]  # as good as the real ones


def told(run: InferenceRun) -> Any:
    """Everything a run read, without row numbers."""
    columns = [f.name for f in Read._meta.fields if f.name not in ("id", "run")]
    kept = [f.name for f in ReadCrop._meta.fields if f.name not in ("id", "read")]
    rows = ReadCrop.objects.filter(read__run=run).order_by("read__number", "pts")
    return list(run.reads.order_by("number").values_list(*columns)), list(rows.values_list(*kept))


def test_video_becomes_one_read_with_its_crops(video: Video, running: Running) -> None:
    run = make_run(video.project, video, fps=5.0)
    result = read_all(run, running)
    assert (result["reads"], result["frames"]) == (1, 20)
    read = run.reads.get()
    assert (read.text, read.votes, len(read.boxes)) == (TEXT, 20, 20)
    assert (read.greedy, read.alternatives) == ("PBA123A", [["8", 0.05]] * 7)
    stored = run.chunks.all()[0].frames[0]["plates"][0]
    assert (stored["greedy"], stored["fitted"]) == (["PBA123A", 0.8], [TEXT, 0.9])
    assert [round(video.seconds(p), 1) for p in (read.first_pts, read.last_pts)] == [0.0, 3.8]
    assert read.direction == "right"
    assert read.crops.count() == reading.KEPT_CROPS
    assert all(files.local_path(crop.file).is_file() for crop in read.crops.all())
    assert [chunk.number for chunk in run.chunks.all()] == [0, 1, 2, 3]
    assert not files.local_path(f"readings/run_{run.pk:06d}").exists()


def test_plates_are_followed_between_the_frames_that_the_detector_sees(
    video: Video, running: Running
) -> None:
    each = make_run(video.project, video, fps=5.0)
    read_all(each, running)
    run, eyes = make_run(video.project, video, fps=5.0, detect_every=3), Eyes()
    assert read_all(run, running, eyes)["frames"] == 20
    assert eyes.looked == 12  # the first, the fourth and the last of five a stretch
    read, other = run.reads.get(), each.reads.get()
    assert (read.text, read.votes, read.direction) == (TEXT, 20, "right")
    assert np.allclose(read.boxes, other.boxes)  # it moves evenly
    plates = {f["pts"]: f["plates"][0] for row in run.chunks.all() for f in row.frames}
    assert [plate["detected"] for plate in plates.values()] == [True, False, False, True, True] * 4
    assert all(plates[crop.pts]["detected"] for crop in read.crops.all())


@pytest.mark.parametrize("every", [1, 2])
def test_interrupted_reading_goes_on_to_the_same_end(
    video: Video, running: Running, monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    whole, cut = (make_run(video.project, video, fps=3.0, detect_every=every) for _ in range(2))
    read_all(whole, running)

    def stop(done: int, *_: Any) -> None:
        if done == 2:
            raise Cancelled

    monkeypatch.setattr(running, "progress", stop)
    with pytest.raises(Cancelled):
        read_all(cut, running)
    assert cut.chunks.count() == 2 and not cut.reads.exists()
    monkeypatch.setattr(running, "progress", lambda *_: None)
    eyes = Eyes()
    read_all(cut, running, eyes)
    assert told(cut) == told(whole)
    assert (
        eyes.looked == {1: 6, 2: 4}[every]
    )  # of twelve frames, only those of the missing stretches


def test_reading_that_was_killed_says_in_the_end_what_it_would_have_said(
    video: Video, running: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, killed = (make_run(video.project, video, fps=5.0, detect_every=2) for _ in range(2))
    read_all(whole, running)
    path = tmp_path / "killed.sqlite3"  # a copy of the tests' database for other processes
    with closing(sqlite3.connect(path)) as copy:
        copy.executescript("\n".join(connection.connection.iterdump()))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setenv("LPR_DATA", str(tmp_path))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "lprsite.settings")
    line = [sys.executable, "-m", "tests.training.reading_program", str(killed.pk), str(whole.pk)]
    first = subprocess.run([*line, "8"], capture_output=True, check=False)
    assert first.returncode == -signal.SIGKILL, first.stderr.decode()
    with closing(sqlite3.connect(path)) as copy:
        done = "SELECT count(*) FROM training_detectionchunk WHERE run_id = ?"
        assert copy.execute(done, [killed.pk]).fetchone() == (2,)
    again = subprocess.run(line, capture_output=True, check=True)
    assert again.stdout.decode() == "same 6"  # of twelve pictures, those of two stretches


def test_stretch_that_was_lost_is_read_again(
    video: Video, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, holed = make_run(video.project, video, fps=5.0), make_run(video.project, video, fps=5.0)
    read_all(whole, running)

    def stop(done: int, *_: Any) -> None:
        if done == 3:
            raise Cancelled

    with monkeypatch.context() as patch, pytest.raises(Cancelled):
        patch.setattr(running, "progress", stop)
        read_all(holed, running)
    holed.chunks.filter(number=1).delete()
    (readings.scratch_of(holed.pk) / "spent.json").write_text('{"detect": 90.0, "write": 1.5}')
    read_all(holed, running)
    assert told(holed) == told(whole)
    assert holed.throughput["frames"] == whole.throughput["frames"]
    assert holed.throughput["seconds"]["detect"] >= 90.0  # of both attempts


def test_end_that_was_not_reached_is_reached_again(
    video: Video, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(video.project, video, fps=5.0)

    def killed(_: InferenceRun) -> dict[str, int]:
        raise ConnectionError

    with monkeypatch.context() as patch, pytest.raises(ConnectionError):
        patch.setattr(reads, "match_run", killed)
        read_all(run, running)
    before = told(run)
    passages.check_span(video, 0, 10**9)
    assert read_all(run, running)["score"]["false"] == 1
    assert told(run) == before


def test_reads_are_there_while_the_reading_goes_on(
    video: Video, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vehicles, "JOIN_SECONDS", 0.2)
    run = make_run(video.project, video, fps=5.0)
    counts: list[int] = []

    class Leaving(Eyes):
        def detect(self, frames: Any, **told: Any) -> list[list[Detection]]:
            """The vehicle is gone after ten pictures."""
            found = super().detect(frames, **told)
            begun = self.looked - len(frames)
            return [[] if begun + at >= 10 else one for at, one in enumerate(found)]

    monkeypatch.setattr(running, "progress", lambda *_: counts.append(run.reads.count()))
    read_all(run, running, Leaving())
    assert counts == [0, 0, 0, 1] and run.reads.count() == 1


def test_plates_in_ignored_areas_are_not_read(video: Video, running: Running) -> None:
    run = make_run(video.project, video, fps=5.0, ignore=[[[0, 0], [1, 0], [1, 1], [0, 1]]])
    assert read_all(run, running)["reads"] == 0


def test_stretches_in_which_nothing_moves_are_skipped(
    video: Video, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    track = activity.Track(np.zeros(0, activity.ROW), Fraction(1, 1000), 0, 4.0)
    monkeypatch.setattr(activity.Track, "moving", lambda _: [(0.0, 1.1), (2.5, 3.5)])
    monkeypatch.setattr(activities, "measured", lambda *_: track)
    run = make_run(video.project, video, fps=5.0, skip_idle=True)
    result = read_all(run, running)
    assert (result["frames"], result["skipped_seconds"], result["reads"]) == (11, 1.9, 1)
    assert [chunk.number for chunk in run.chunks.all()] == [0, 1, 2, 3]
    looked = [frame["looked"] for chunk in run.chunks.all() for frame in chunk.frames]
    assert looked == [0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 1.8, 2.0]


def test_recording_in_which_nothing_moves_has_no_reads(
    video: Video, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run(video.project, video, stretches=[])
    assert read_all(run, running)["reads"] == 0


@pytest.mark.parametrize(
    ("stretches", "numbers"),
    [([(0.0, 0.5)], [0]), ([(0.5, 2.5), (7.0, 8.0)], [0, 1, 2, 7, 8]), ([], [])],
)
def test_chunks_hold_what_is_looked_at(
    stretches: list[tuple[float, float]], numbers: list[int]
) -> None:
    assert reading.chunks_of(stretches) == numbers


def test_annotated_video_shows_what_people_confirmed(
    video: Video, running: Running, tmp_path: Path
) -> None:
    run = make_run(video.project, video, fps=5.0)
    read_all(run, running)
    read = run.reads.get()
    texts = [text for text, _ in readings.captions_of(run)]
    assert texts == [f"{TEXT} {round(100 * read.confidence)}"]
    reviews.accept(read, text="PBA1235")
    assert [text for text, _ in readings.captions_of(run)] == ["PBA1235"]
    made = readings.annotate(run, tmp_path / "out.mp4", running)
    assert made == {"run": run.pk, "frames": 39}  # from the first to the last picture looked at
    reviews.reject(run.reads.get(), reason="not_a_plate")
    assert readings.captions_of(run) == []


def test_reviewed_reads_are_lessons_at_their_kept_crops(video: Video, running: Running) -> None:
    run = make_run(video.project, video, fps=5.0)
    read_all(run, running)
    assert reviews.lessons_of(run) == []
    reviews.accept(run.reads.get())
    seen = video.pts(0.5)
    key = [[seen, 100.0, 5.0, 140.0, 25.0]]
    passages.add(video, first_pts=seen, last_pts=seen, key_boxes=key, text="XYZ9876")
    found = reviews.lessons_of(run)
    crops = {crop.pts: crop.sha256 for crop in ReadCrop.objects.all()}
    assert {one.pts: one.sha256 for one in found} == {**crops, seen: ""}
    done = lessons.learn(video, found, running)
    assert (done["frames"], done["not_found"]) == (6, 0)
    assert done["boxes"] >= 6  # the read's plate also where the missed one was drawn


def test_reading_that_broke_off_is_gone_on_with(
    video: Video, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    models: dict[str, Any] = {
        kind: TrainedModel.objects.create(project=video.project, kind=kind, name=kind, file="none")
        for kind in ("detector", "recognizer")
    }
    begun = readings.create(video, skip_idle=False, resume=True, **models)

    def stop(*_: Any) -> None:
        raise Cancelled

    with monkeypatch.context() as patch, pytest.raises(Cancelled):
        patch.setattr(running, "progress", stop)
        read_all(begun, running)
    assert readings.create(video, skip_idle=False, resume=True, fps=5.0, **models) != begun
    assert readings.create(video, skip_idle=False, **models) != begun
    with readings.held(begun.pk):  # somebody is at it
        assert readings.create(video, skip_idle=False, resume=True, **models) != begun
    again = readings.create(video, skip_idle=False, resume=True, **models)
    assert again == begun
    assert read_all(again, running)["reads"] == 1
    assert readings.create(video, skip_idle=False, resume=True, **models) != begun


def test_webhook_hears_each_read_once(
    video: Video, running: Running, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.READS_WEBHOOK = "http://hooks.example/reads"
    heard: list[Any] = []

    def urlopen(request: Any, **_: Any) -> Any:
        heard.append(json.loads(request.data))
        raise OSError("nobody there")  # which stops nothing

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)

    def killed(_: InferenceRun) -> dict[str, int]:
        raise ConnectionError

    run = make_run(video.project, video, fps=5.0)
    with monkeypatch.context() as patch, pytest.raises(ConnectionError):
        patch.setattr(reads, "match_run", killed)
        read_all(run, running)
    read_all(run, running)
    (told,) = heard
    assert (told["run"], told["text"], told["direction"]) == (run.pk, TEXT, "right")
    assert len(told["characters"]) == 7


def test_webhook_hears_a_vehicle_at_the_seam_of_two_pieces_once(
    video: Video, running: Running, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.READS_WEBHOOK = "http://hooks.example/reads"
    heard: list[Any] = []

    def tell(_: str, facts: dict[str, Any], **__: Any) -> bool:
        heard.append(facts["text"])
        return True

    monkeypatch.setattr(webhooks, "tell", tell)
    camera = Camera.objects.create(project=video.project, name="Gate")
    now = timezone.now()
    Video.objects.filter(pk=video.pk).update(camera=camera, recorded_at=now)
    video.refresh_from_db()
    began = now - timedelta(seconds=60)
    before = make_run(video.project, make_video(video.project, camera=camera, recorded_at=began))
    run = make_run(video.project, video, fps=5.0)
    recording = CameraRun.objects.create(camera=camera)
    before.throughput = {"frames": 9}
    for piece in (before, run):
        piece.camera_run = recording
        piece.save()
    known = make_read(before, TEXT, 50_000, 59_900)
    read_all(run, running)
    assert run.reads.get().continues == known
    assert heard == []
