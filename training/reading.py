"""Read a whole video: detections per chunk, then tracks, then one voted read per track.

Detections and reads of single crops are stored per fixed stretch of the video (natural key:
run and chunk number), and tracks are made from those alone, so a resumed run ends like an
uninterrupted one. Needs torch through its arguments only; part of ``work``.
"""

from __future__ import annotations

import shutil
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from annotations import activities
from annotations.vision import boxes as geometry
from annotations.vision import child
from annotations.vision import crops as vision
from annotations.vision import tracks as tracking
from annotations.vision.boxes import Xyxy
from annotations.vision.selection import Selection
from lprsite import files
from lprsite.jobs.engine import Running
from training import readings, reads
from training.detector.predict import Detection, Detector
from training.models import DetectionChunk, InferenceRun, Read, ReadCrop
from training.recognizer.predict import PlateRead, Recognizer
from training.recognizer.vote import vote

PLATE = "plate"
CHUNK_SECONDS = 10.0
BATCH = 8
KEPT_CROPS = 5
FRAMES_A_SECOND = 5.0
SHORTEST_TRACK = 3  # analysed frames
LEAST_CONFIDENCE = 0.25
SAME_PLATE = 0.3  # of the smaller box covered


class Clock:
    """Seconds spent per step."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._last = time.perf_counter()

    def tick(self, step: str) -> None:
        now = time.perf_counter()
        self.spent[step] += now - self._last
        self._last = now


def read_video(
    run: InferenceRun, detector: Detector, recognizer: Recognizer, running: Running
) -> dict[str, Any]:
    """Fill the run's chunks that are missing, then make its reads anew."""
    clock = Clock()
    frames = 0
    stored = set(run.chunks.values_list("number", flat=True))
    folder = readings.scratch_of(run.pk)
    # The folder goes once the reads are there: without it, only the end was not reached.
    tracked = run.reads.exists() and not folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    with closing(_pictures(run, first_missing(stored), running)) as pictures:
        for number, chunk in groupby(pictures, key=lambda p: int(p.seconds // CHUNK_SECONDS)):
            if number not in stored:
                frames += _store_chunk(run, number, chunk, folder, detector, recognizer, clock)
            running.progress(
                round((number + 1) * CHUNK_SECONDS), round(run.video.duration or 0), "seconds"
            )
            clock.tick("decode")
    made = run.reads.count() if tracked else make_reads(run, folder)
    clock.tick("tracks")
    shutil.rmtree(folder, ignore_errors=True)
    score = reads.match_run(run)
    spent = {step: round(seconds, 2) for step, seconds in clock.spent.items()}
    throughput = {"frames": frames, "seconds": spent}
    InferenceRun.objects.filter(pk=run.pk).update(throughput=throughput)
    return {"run": run.pk, "reads": made, **throughput, "score": score}


def first_missing(stored: set[int]) -> int:
    """The first chunk that is not there; resuming decodes from its beginning."""
    number = 0
    while number in stored:
        number += 1
    return number


def _pictures(run: InferenceRun, first: int, running: Running) -> child.Pictures:
    """The frames to look at, from the stretch ``first`` on."""
    row = run.video
    info = activities.info_of(row)
    return child.pictures(
        files.local_path(row.file),
        Selection(fps=float(run.options.get("fps") or FRAMES_A_SECOND)),
        start=first * CHUNK_SECONDS,
        name=row.name,
        limits=child.limits_for(info),
        size=(info.width, info.height),
        check=running.check,
    )


def _store_chunk(
    run: InferenceRun,
    number: int,
    chunk: Iterator[child.Picture],
    folder: Path,
    detector: Detector,
    recognizer: Recognizer,
    clock: Clock,
) -> int:
    rows: list[dict[str, Any]] = []
    tiles = int(run.options.get("tiles") or 1)  # readings begun by an older program have none
    while part := list(islice(chunk, BATCH)):
        pictures = [frame.bgr for frame in part]
        clock.tick("decode")
        found = detector.detect(pictures, tiles=tiles)
        clock.tick("detect")
        for frame, picture, detections in zip(part, pictures, found, strict=True):
            plates = distinct([d for d in detections if d.label == PLATE])
            cut = [vision.crop_plate(picture, plate.with_margin()) for plate in plates]
            said = recognizer.read(cut) if cut else []
            clock.tick("recognize")
            rows.append(
                {
                    "pts": frame.pts,
                    "seconds": frame.seconds,
                    "plates": [
                        _plate_json(folder, frame.pts, i, plate, crop, read)
                        for i, (plate, crop, read) in enumerate(zip(plates, cut, said, strict=True))
                    ],
                    "others": [
                        [d.label, *(round(v, 1) for v in d.box), round(d.confidence, 3)]
                        for d in detections
                        if d.label != PLATE
                    ],
                }
            )
            clock.tick("write")
    DetectionChunk.objects.update_or_create(
        run=run,
        number=number,
        defaults={
            "first_pts": rows[0]["pts"],
            "last_pts": rows[-1]["pts"],
            "frames": rows,
        },
    )
    return len(rows)


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


def _plate_json(
    folder: Path, pts: int, index: int, plate: Any, crop: vision.Bgr, read: PlateRead
) -> dict[str, Any]:
    name = f"{pts}_{index}.png"
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


def _plate_read(plate: Mapping[str, Any]) -> PlateRead:
    """What :func:`_plate_json` stored; readings begun by an older program know less."""
    return PlateRead(
        plate["text"],
        plate["sure"],
        tuple(plate["characters"]),
        tuple((character, share) for character, share in plate.get("alternatives", ())),
        *plate.get("greedy", ("", 0.0)),
        *plate.get("fitted", ("", 0.0)),
    )


def make_reads(run: InferenceRun, folder: Path) -> int:
    """One read per track of plates, from the stored chunks alone. Returns how many."""
    frames = [frame for chunk in run.chunks.order_by("number") for frame in chunk.frames]
    plates = [frame["plates"] for frame in frames]
    found = tracking.track(
        (
            tracking.FrameDetections(
                frame["pts"],
                frame["seconds"],
                [
                    tracking.TrackInput(tuple(p["box"]), p["confidence"], PLATE)
                    for p in frame["plates"]
                ],
            )
            for frame in frames
        ),
        min_length=SHORTEST_TRACK,
    )
    at = {frame["pts"]: index for index, frame in enumerate(frames)}
    rows: list[tuple[Read, list[ReadCrop]]] = []
    for track in found:
        seen = [(point, plates[at[point.pts]][point.index]) for point in track.points]
        row = _voted(run, len(rows), seen)
        if row.text and row.confidence >= LEAST_CONFIDENCE:
            rows.append((row, _kept(row, seen, folder)))
    with transaction.atomic():
        Read.objects.filter(run=run).delete()
        Read.objects.bulk_create([row for row, _ in rows], batch_size=settings.BULK_ROWS)
        ReadCrop.objects.bulk_create(
            [crop for _, kept in rows for crop in kept], batch_size=settings.BULK_ROWS
        )
    return len(rows)


def _voted(run: InferenceRun, number: int, seen: Sequence[tuple[Any, dict[str, Any]]]) -> Read:
    """The vote over a track: surer and larger pictures count for more."""
    said = [_plate_read(p) for _, p in seen]
    weights = [float(p["size"][0]) for _, p in seen]
    result = vote(said, weights)
    return Read(
        run=run,
        number=number,
        first_pts=seen[0][0].pts,
        last_pts=seen[-1][0].pts,
        boxes=[[point.pts, *plate["box"]] for point, plate in seen],
        text=result.text[:32],
        confidence=result.confidence,
        characters=[round(v, 4) for v in result.characters],
        votes=result.votes,
        alternatives=_rounded(result.alternatives),
        greedy=result.greedy[:32],
    )


def _kept(read: Read, seen: Sequence[tuple[Any, dict[str, Any]]], folder: Path) -> list[ReadCrop]:
    """The largest and sharpest crops of the track, each a different moment."""
    best = sorted(seen, key=lambda s: (-s[1]["size"][0] * max(s[1]["sharpness"], 1.0), s[0].pts))
    kept: dict[str, ReadCrop] = {}
    for point, plate in best:
        if len(kept) == KEPT_CROPS:
            break
        key, sha256 = files.put_bytes("crops", (folder / plate["file"]).read_bytes(), ".png")
        kept.setdefault(
            sha256,
            ReadCrop(
                read=read,
                pts=point.pts,
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
