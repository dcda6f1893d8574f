"""Reading a whole video: stored per stretch, gone on with where it stopped, the same each time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from annotations import lessons, passages, videos
from annotations.models import Video
from lprsite import files
from lprsite.jobs.engine import Cancelled, Running
from tests.annotations.vision import clips
from tests.training.rows import make_run
from training import reading, readings, reads
from training.detector.predict import Detection
from training.models import DetectionChunk, InferenceRun, Read, ReadCrop
from training.recognizer.predict import PlateRead

TEXT = "PBA1234"


class Eyes:
    """Finds the bar of a test clip, as a plate, and a car around it."""

    def __init__(self) -> None:
        self.looked = 0

    def detect(self, frames: Sequence[np.ndarray], *, tiles: int = 1) -> list[list[Detection]]:
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
    assert read.crops.count() == reading.KEPT_CROPS
    assert all(files.local_path(crop.file).is_file() for crop in read.crops.all())
    assert [chunk.number for chunk in run.chunks.all()] == [0, 1, 2, 3]
    assert not files.local_path(f"readings/run_{run.pk:06d}").exists()


def test_interrupted_reading_goes_on_to_the_same_end(
    video: Video, running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, cut = make_run(video.project, video, fps=3.0), make_run(video.project, video, fps=3.0)
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
    assert eyes.looked == 6  # of twelve frames, only those of the missing stretches


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
    read_all(holed, running)
    assert told(holed) == told(whole)


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


def seen(pts: int, box: tuple[float, ...], text: str, sure: float) -> dict[str, Any]:
    """An analysed frame with one plate, as a chunk stores it."""
    plate = {
        "box": list(box),
        "confidence": 0.9,
        "text": text,
        "sure": sure,
        "characters": [sure] * len(text),
        "sharpness": 10.0 + pts % 7,
        "file": f"{pts}.png",
        "size": [60, 30],
    }
    return {"pts": pts, "seconds": pts / 1000, "plates": [plate], "others": []}


@pytest.fixture
def chunked(project: Any, storage: Path, tmp_path: Path) -> tuple[InferenceRun, Path]:
    """A run whose chunks hold a plate read three ways, then another, then a smudge."""
    run = make_run(project)
    here, there = (10.0, 10.0, 70.0, 40.0), (200.0, 90.0, 260.0, 120.0)
    frames = [seen(200 * k, here, "PBA1234", 0.9) for k in range(5)]
    frames[2] = seen(400, here, "PBA1Z34", 0.6)
    later = [seen(8000 + 200 * k, there, "GSK7788", 0.8) for k in range(3)]
    smudge = [seen(20_000 + 200 * k, here, "X", 0.01) for k in range(3)]
    once = [seen(30_000, here, "ONCE111", 0.9)]
    for number, part in enumerate((frames[:3], frames[3:] + later, smudge, once)):
        for frame in part:
            (tmp_path / f"{frame['pts']}.png").write_bytes(str(frame["pts"]).encode())
        ends = {"first_pts": part[0]["pts"], "last_pts": part[-1]["pts"]}
        DetectionChunk.objects.create(run=run, number=number, frames=part, **ends)
    return run, tmp_path


def test_reads_come_from_the_chunks_alone(chunked: tuple[InferenceRun, Path]) -> None:
    run, folder = chunked
    assert reading.make_reads(run, folder) == 2
    first, second = run.reads.order_by("number")
    assert (first.text, first.first_pts, first.last_pts, first.votes) == ("PBA1234", 0, 800, 4)
    assert (second.text, second.first_pts, second.last_pts) == ("GSK7788", 8000, 8400)
    assert (first.crops.count(), second.crops.count()) == (5, 3)
    assert 0 < first.confidence <= 1 and len(first.characters) == 7


def test_reads_made_again_are_the_same(chunked: tuple[InferenceRun, Path]) -> None:
    run, folder = chunked
    reading.make_reads(run, folder)
    before = told(run)
    reading.make_reads(run, folder)
    assert told(run) == before and run.reads.count() == 2


@pytest.mark.parametrize(("stored", "first"), [(set(), 0), ({0, 1}, 2), ({0, 2}, 1), ({1}, 0)])
def test_reading_goes_on_at_the_first_gap(stored: set[int], first: int) -> None:
    assert reading.first_missing(stored) == first


def test_annotated_video_shows_what_people_confirmed(
    video: Video, running: Running, tmp_path: Path
) -> None:
    run = make_run(video.project, video, fps=5.0)
    read_all(run, running)
    read = run.reads.get()
    texts = [text for text, _ in readings.captions_of(run)]
    assert texts == [f"{TEXT} {round(100 * read.confidence)}"]
    reads.accept(read, text="PBA1235")
    assert [text for text, _ in readings.captions_of(run)] == ["PBA1235"]
    made = readings.annotate(run, tmp_path / "out.mp4", running)
    assert made == {"run": run.pk, "frames": 39}  # from the first to the last picture looked at
    reads.reject(run.reads.get(), reason="not_a_plate")
    assert readings.captions_of(run) == []


def test_reviewed_reads_are_lessons_at_their_kept_crops(video: Video, running: Running) -> None:
    run = make_run(video.project, video, fps=5.0)
    read_all(run, running)
    assert reads.lessons_of(run) == []
    reads.accept(run.reads.get())
    seen = video.pts(0.5)
    key = [[seen, 100.0, 5.0, 140.0, 25.0]]
    passages.add(video, first_pts=seen, last_pts=seen, key_boxes=key, text="XYZ9876")
    found = reads.lessons_of(run)
    crops = {crop.pts: crop.sha256 for crop in ReadCrop.objects.all()}
    assert {one.pts: one.sha256 for one in found} == {**crops, seen: ""}
    done = lessons.learn(video, found, running)
    assert (done["frames"], done["not_found"]) == (6, 0)
    assert done["boxes"] >= 6  # the read's plate also where the missed one was drawn
