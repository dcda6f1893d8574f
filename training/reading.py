"""Read a whole video: detections per chunk, then tracks, then one voted read per vehicle.

Detections and reads of single crops are stored per fixed stretch of the video (natural key:
run and chunk number), and vehicles are made from those alone, so a resumed run ends like an
uninterrupted one. Their reads are there as soon as nothing later can change them. Needs torch
through its arguments only; part of ``work``.
"""

from __future__ import annotations

import json
import shutil
import time
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import accumulate, groupby, islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from annotations import activities
from annotations.vision import boxes as geometry
from annotations.vision import child
from annotations.vision import crops as vision
from annotations.vision.activity import is_ignored
from annotations.vision.boxes import Xyxy
from annotations.vision.selection import TICK, Selection
from annotations.vision.tracks import FrameDetections, Tracker, TrackInput, TrackPoint
from lprsite import files
from lprsite.jobs.engine import Running
from training import camera_runs, readings, reads, webhooks
from training.detector.predict import Detection, Detector
from training.models import DetectionChunk, InferenceRun, Read, ReadCrop
from training.recognizer.predict import Recognizer
from training.recognizer.whole import Whole, read_whole
from training.vehicles import PLATE, Follower, Seen, Vehicle

CHUNK_SECONDS = 10.0
BATCH = 8
AHEAD = 2  # batches that are detected and wait to be read
KEPT_CROPS = 5
CANDIDATE = 0.5
"""Of the detector's own threshold: boxes this sure are looked at, their texts decide."""
SMALLEST = 4.0  # pixels; no text is read on a plate less high or wide
SAME_PLATE = 0.3  # of the smaller box covered
LONGEST = 86_400.0  # seconds of a video that does not say how long it is

Stretches = list[tuple[float, float]]


class Clock:
    """Seconds spent per step, in all attempts at a reading; steps in other threads overlap.

    Those of attempts that were killed are known from a ``file`` up to their last chunk.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.spent: dict[str, float] = defaultdict(float)
        with suppress(FileNotFoundError):
            self.spent.update(json.loads(file.read_text()))

    def keep(self) -> None:
        """So much was spent if this attempt ends here."""
        fresh = self._file.with_suffix(".fresh")
        fresh.write_text(json.dumps(self.spent))
        fresh.replace(self._file)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.spent[name] += time.perf_counter() - begun


def read_video(
    run: InferenceRun, detector: Detector, recognizer: Recognizer, running: Running
) -> dict[str, Any]:
    """Read the chunks that are missing; the reads come as their vehicles have passed."""
    folder = readings.scratch_of(run.pk)
    if not run.throughput:
        if run.chunks.exists() and not folder.is_dir():  # the pictures of its plates are gone
            run.reads.all().delete()
            run.chunks.all().delete()
        with readings.held(run.pk):
            clock = Clock(folder / "spent.json")
            with clock.step("activity"):
                stretches = _stretches(run, running)
            frames = _fill(run, stretches, _Eyes(run, detector, recognizer, folder, clock), running)
            with clock.step("match"):
                reads.match_run(run)
            _keep_throughput(run, frames, stretches, clock)
    shutil.rmtree(folder, ignore_errors=True)
    count = run.reads.count()
    return {"run": run.pk, "reads": count, **run.throughput, "score": reads.score(run)}


def _keep_throughput(run: InferenceRun, frames: int, stretches: Stretches, clock: Clock) -> None:
    length = run.video.duration or max((end for _, end in stretches), default=0.0)
    looked = sum(min(end, length) - begin for begin, end in stretches if begin < length)
    run.throughput = {
        "frames": frames,
        "seconds": {step: round(spent, 2) for step, spent in clock.spent.items()},
        "video_seconds": round(length, 1),
        "skipped_seconds": round(length - looked, 1),
    }
    run.save(update_fields=["throughput"])


def _stretches(run: InferenceRun, running: Running) -> Stretches:
    """The stretches of the video to look at, (from, before) in seconds, fixed at the start."""
    if "stretches" not in run.options:
        # What files say of their length is a guess.
        stretches: Stretches = [(0.0, (run.video.duration or LONGEST) + CHUNK_SECONDS)]
        if run.options.get("skip_idle"):
            stretches = activities.measured(run.video, running).moving()
        run.options = {**run.options, "stretches": stretches}
        run.save(update_fields=["options"])
    return [(begin, end) for begin, end in run.options["stretches"]]


def chunks_of(stretches: Stretches) -> list[int]:
    """The numbers of the chunks in which there is something to look at."""
    found = dict[int, None]()
    for begin, end in stretches:
        first, last = int(begin // CHUNK_SECONDS), int(end // CHUNK_SECONDS)
        found.update(dict.fromkeys(range(first, last + 1)))
    return list(found)


def _fill(run: InferenceRun, stretches: Stretches, eyes: _Eyes, running: Running) -> int:
    """Store what the chunks lack, and the reads of all.

    Returns how many frames were looked at, in earlier attempts too.
    """
    wanted, clock, frames = chunks_of(stretches), eyes.clock, 0
    stored = set(run.chunks.values_list("number", flat=True))
    missing = next((number for number in wanted if number not in stored), None)
    follower, writer = Follower(), _Writer(run, eyes.folder)
    if missing is not None:
        run.chunks.filter(number__gt=missing).delete()
    for number in sorted(stored):
        if missing is None or number < missing:  # one at a time: an hour of them is large
            rows = run.chunks.get(number=number).frames
            frames += len(rows)
            writer.write(follower.add(rows))
    if missing is not None:
        start = missing * CHUNK_SECONDS
        ahead = [(max(begin, start), end) for begin, end in stretches if end > start]
        passed = _passed(stretches)
        with closing(_pictures(run, ahead, running)) as pictures, closing(eyes):
            timed = _timed(pictures, clock)
            for number, group in groupby(timed, key=lambda p: int(p.seconds // CHUNK_SECONDS)):
                rows = eyes.at(group)
                for row in rows:
                    row["looked"] = round(row["seconds"] - passed(row["seconds"]), 6)
                frames += len(rows)
                with clock.step("track"):
                    vehicles = follower.add(rows)
                with clock.step("write"):
                    _store(run, number, rows)
                    writer.write(vehicles)
                    writer.forget_before(follower.needs_from)
                clock.keep()
                length = round(run.video.duration or 0)
                read = round((number + 1) * CHUNK_SECONDS)
                running.progress(min(read, length or read), length, "seconds")
    with clock.step("write"):
        writer.write(follower.finish())
    return frames


def _timed(pictures: Iterator[child.Picture], clock: Clock) -> Iterator[child.Picture]:
    """The same pictures; how long they were waited for counts as decoding."""
    while True:
        with clock.step("decode"):
            picture = next(pictures, None)
        if picture is None:
            return
        yield picture


def _passed(stretches: Stretches) -> Callable[[float], float]:
    """How many seconds up to a moment, inside a stretch, were skipped."""
    begins = [begin for begin, _ in stretches]
    ends = [0.0, *(end for _, end in stretches[:-1])]
    skipped = list(accumulate(b - e for b, e in zip(begins, ends, strict=True)))
    return lambda seconds: skipped[max(bisect_right(begins, seconds + TICK) - 1, 0)]


def _store(run: InferenceRun, number: int, rows: Sequence[dict[str, Any]]) -> None:
    DetectionChunk.objects.update_or_create(
        run=run,
        number=number,
        defaults={
            "first_pts": rows[0]["pts"],
            "last_pts": rows[-1]["pts"],
            "frames": rows,
        },
    )


def _pictures(run: InferenceRun, stretches: Stretches, running: Running) -> child.Pictures:
    """The frames to look at."""
    row = run.video
    info = activities.info_of(row)
    return child.pictures(
        files.local_path(row.file),
        Selection(fps=float(run.options.get("fps") or readings.FRAMES_A_SECOND)),
        stretches=stretches,
        name=row.name,
        limits=child.limits_for(info),
        size=(info.width, info.height),
        check=running.check,
    )


@dataclass(frozen=True)
class _Look:
    """A picture that was looked at, and the plates on it."""

    picture: child.Picture
    plates: Sequence[Detection]
    detected: bool = True
    """Whether the detector saw it: else its plates are where they must be between two that it
    saw."""


class _Eyes:
    """Both networks at work: while one thread reads plates, the other finds the next ones."""

    def __init__(
        self,
        run: InferenceRun,
        detector: Detector,
        recognizer: Recognizer,
        folder: Path,
        clock: Clock,
    ) -> None:
        self.folder, self.clock = folder, clock
        self._detector, self._recognizer = detector, recognizer
        # an older program had neither
        self._tiles = int(run.options.get("tiles") or 1)
        self._every = int(run.options.get("detect_every") or 1)
        self._around_cars = bool(run.options.get("around_cars"))
        self._ignored = run.options.get("ignore") or []
        self._least = CANDIDATE * detector.thresholds.get(PLATE, 1.0)
        self._pool = ThreadPoolExecutor(1)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)

    def at(self, pictures: Iterator[child.Picture]) -> list[dict[str, Any]]:
        """What is on the pictures, as a chunk stores it; nothing before or after them matters."""
        rows: list[dict[str, Any]] = []
        waiting: deque[Future[list[dict[str, Any]]]] = deque()
        for looks in self._looks(pictures):
            waiting.append(self._pool.submit(self._read, looks))
            if len(waiting) > AHEAD:
                rows += waiting.popleft().result()
        return rows + [row for future in waiting for row in future.result()]

    def _looks(self, pictures: Iterator[child.Picture]) -> Iterator[list[_Look]]:
        """All pictures in their order, a batch at a time.

        The detector sees the first, every so many, and the last.
        """
        tracker = Tracker()
        count = 1  # the first alone: what follows a seen one ends with a seen one
        while part := list(islice(pictures, count)):
            count = max(BATCH // self._every, 1) * self._every
            keys = [*range(self._every - 1, len(part) - 1, self._every), len(part) - 1]
            looks: list[_Look] = []
            for at, found in zip(keys, self._detected([part[at] for at in keys]), strict=True):
                plates = self._wanted(part[at], [d for d in found if d.label == PLATE])
                moves = _moves(tracker, part[at], plates)
                looks += [
                    _Look(one, self._wanted(one, _between(moves, one.seconds)), detected=False)
                    for one in part[len(looks) : at]
                ]
                looks.append(_Look(part[at], plates))
            yield looks

    def _detected(self, pictures: Sequence[child.Picture]) -> list[list[Detection]]:
        before = self._detector.clustering
        with self.clock.step("detect"):
            found = self._detector.detect(
                [one.bgr for one in pictures],
                confidence=self._least,
                tiles=self._tiles,
                around_cars=self._around_cars,
            )
        clustering = self._detector.clustering - before
        self.clock.spent["detect"] -= clustering
        self.clock.spent["cluster"] += clustering
        return found

    def _read(self, looks: Sequence[_Look]) -> list[dict[str, Any]]:
        plates = [(look.picture.bgr, plate.box) for look in looks for plate in look.plates]
        with self.clock.step("recognize"):
            whole = iter(read_whole(self._recognizer.read, plates))
        with self.clock.step("write"):
            return [self._row(look, whole) for look in looks]

    def _row(self, look: _Look, whole: Iterator[Whole]) -> dict[str, Any]:
        pts = look.picture.pts
        return {
            "pts": pts,
            "seconds": look.picture.seconds,
            "plates": [
                {
                    **_plate_json(self.folder, f"{pts}_{number}.png", plate, next(whole)),
                    "detected": look.detected,
                }
                for number, plate in enumerate(look.plates)
            ],
        }

    def _wanted(self, picture: child.Picture, plates: Sequence[Detection]) -> list[Detection]:
        """The plates, each once, that are worth reading."""
        size = (picture.bgr.shape[1], picture.bgr.shape[0])
        return [
            plate
            for plate in distinct(plates)
            if min(plate.x2 - plate.x1, plate.y2 - plate.y1) >= SMALLEST
            and not is_ignored(plate.box, self._ignored, size)
        ]


_Move = tuple[TrackPoint, TrackPoint]
"""A plate in two pictures that the detector saw."""


def _moves(tracker: Tracker, picture: child.Picture, plates: Sequence[Detection]) -> list[_Move]:
    """Where plates were in the picture seen before, and are in this one."""
    found = [TrackInput(plate.box, plate.confidence, PLATE) for plate in plates]
    tracker.add(FrameDetections(picture.pts, picture.seconds, found))
    return tracker.continued()


def _between(moves: Sequence[_Move], seconds: float) -> list[Detection]:
    """Where plates must be at a moment between two pictures."""
    found = []
    for first, last in moves:
        share = (seconds - first.seconds) / (last.seconds - first.seconds)
        x1, y1, x2, y2 = (a + share * (b - a) for a, b in zip(first.box, last.box, strict=True))
        sure = min(first.confidence, last.confidence)
        found.append(Detection(PLATE, x1, y1, x2, y2, sure))
    return found


def distinct(plates: Sequence[Detection]) -> list[Detection]:
    """The plates, surest first, without those that lie on a surer one: plates never overlap."""
    kept: list[Detection] = []
    for plate in sorted(plates, key=lambda p: -p.confidence):
        if all(_covered(plate.box, other.box) < SAME_PLATE for other in kept):
            kept.append(plate)
    return kept


def _covered(first: Xyxy, second: Xyxy) -> float:
    """The share of the smaller box that the larger one covers, 0..1."""
    across = min(first[2], second[2]) - max(first[0], second[0])
    down = min(first[3], second[3]) - max(first[1], second[1])
    smaller = min(float(area) for area in geometry.area([first, second]))
    return max(across, 0.0) * max(down, 0.0) / max(smaller, 1e-9)


def _plate_json(folder: Path, name: str, plate: Detection, whole: Whole) -> dict[str, Any]:
    read, crop = whole.read, whole.crop
    (folder / name).write_bytes(vision.encode_png(crop))
    return {
        "box": [round(v, 2) for v in plate.box],
        "confidence": round(plate.confidence, 4),
        "text": read.text,
        "sure": round(read.confidence, 5),
        "characters": [round(v, 4) for v in read.characters],
        "alternatives": _rounded(read.alternatives),
        "greedy": [read.greedy, round(read.greedy_confidence, 5)],
        "fitted": [read.fitted, round(read.fitted_confidence, 5)],
        "sharpness": round(vision.sharpness(crop), 2),
        "file": name,
        "size": [crop.shape[1], crop.shape[0]],
    }


def _rounded(alternatives: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    return [(character, round(share, 4)) for character, share in alternatives]


class _Writer:
    """Writes the reads of a run in their order; those that are there stay."""

    def __init__(self, run: InferenceRun, folder: Path) -> None:
        self._run, self._folder = run, folder
        self._there, self._number = run.reads.count(), 0
        self._hook = settings.READS_WEBHOOK

    def write(self, vehicles: Sequence[Vehicle]) -> None:
        """Store the vehicles that have passed, all or none."""
        new = [(number, one) for number, one in enumerate(vehicles, self._number)]
        self._number += len(vehicles)
        rows = [
            (row := _row(self._run, number, one), _kept(row, one.seen, self._folder))
            for number, one in new
            if number >= self._there
        ]
        if not rows:
            return
        with transaction.atomic():
            Read.objects.bulk_create([row for row, _ in rows], batch_size=settings.BULK_ROWS)
            ReadCrop.objects.bulk_create(
                [crop for _, kept in rows for crop in kept], batch_size=settings.BULK_ROWS
            )
        first, last = min(row.first_pts for row, _ in rows), max(row.last_pts for row, _ in rows)
        reads.match(self._run, (first, last))
        if self._hook:
            self._tell(self._once([row for row, _ in rows]))

    def _once(self, rows: Sequence[Read]) -> Sequence[Read]:
        """Those of vehicles that no read of a camera's piece before this one is of."""
        seam, video = camera_runs.SEAM_SECONDS, self._run.video
        if not self._run.camera_run_id or video.seconds(min(row.first_pts for row in rows)) > seam:
            return rows
        camera_runs.join_before(self._run)
        joined = self._run.reads.filter(continues__isnull=False)
        known = set(joined.values_list("pk", flat=True))
        return [row for row in rows if row.pk not in known]

    def _tell(self, rows: Iterable[Read]) -> None:
        """Tell the address that the settings name; one that does not answer is left in peace."""
        for row in rows:
            if self._hook:
                told = {"run": self._run.pk, "video": self._run.video.name, **readings.as_row(row)}
                told["characters"] = row.characters
                self._hook = self._hook if webhooks.tell(self._hook, told, timeout=5.0) else ""

    def forget_before(self, pts: int | None) -> None:
        """Remove the pictures of plates that no read can show any more."""
        for file in self._folder.glob("*.png"):
            if pts is None or int(file.stem.split("_")[0]) < pts:
                file.unlink(missing_ok=True)


def _row(run: InferenceRun, number: int, vehicle: Vehicle) -> Read:
    seen, voted = vehicle.seen, vehicle.voted
    return Read(
        run=run,
        number=number,
        first_pts=seen[0][0],
        last_pts=seen[-1][0],
        boxes=[[pts, *plate["box"]] for pts, _, plate in seen],
        text=voted.text[:32],
        confidence=voted.confidence,
        characters=[round(v, 4) for v in voted.characters],
        votes=voted.votes,
        alternatives=_rounded(voted.alternatives),
        greedy=voted.greedy[:32],
        direction=vehicle.direction,
    )


def _kept(read: Read, seen: Sequence[Seen], folder: Path) -> list[ReadCrop]:
    """The largest and sharpest crops of the track, each a different moment.

    Those whose box the detector drew go first: they are to teach it.
    """

    def order(one: Seen) -> tuple[bool, float, int]:
        pts, _, plate = one
        large = plate["size"][0] * max(plate["sharpness"], 1.0)
        return not plate.get("detected", True), -large, pts

    best = sorted(seen, key=order)
    kept: dict[str, ReadCrop] = {}
    for pts, _, plate in best:
        if len(kept) == KEPT_CROPS:
            break
        key, sha256 = files.put_bytes("crops", (folder / plate["file"]).read_bytes(), ".png")
        kept.setdefault(
            sha256,
            ReadCrop(
                read=read,
                pts=pts,
                box=plate["box"],
                file=key,
                sha256=sha256,
                width=plate["size"][0],
                height=plate["size"][1],
                sharpness=plate["sharpness"],
                text=plate["text"][:32],
                confidence=plate["sure"],
            ),
        )
    return list(kept.values())
