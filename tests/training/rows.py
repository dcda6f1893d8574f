"""Rows right of the dataset version, for tests."""

from __future__ import annotations

from typing import Any

from annotations.models import DatasetItem, DatasetVersion, Project, Video
from lprsite import files
from tests.annotations.rows import make_video
from training.models import InferenceRun, Read, ReadCrop, TrainedModel

FIRST = (100.0, 50.0, 160.0, 80.0)
FAR = (10.0, 120.0, 70.0, 150.0)


def make_run(project: Project, video: Video | None = None, **options: Any) -> InferenceRun:
    model = {
        kind: TrainedModel.objects.create(project=project, kind=kind, name=kind, file="none")
        for kind in ("detector", "recognizer")
    }
    return InferenceRun.objects.create(
        project=project, video=video or make_video(project), options=options, **model
    )


def make_version(project: Project, *, splits: tuple[str, ...] = ("train",), **facts: Any) -> Any:
    """A dataset version with one picture in each of the splits."""
    facts = {"kind": "recognizer", "number": 3, "manifest_hash": "a" * 64, **facts}
    version = DatasetVersion.objects.create(project=project, **facts)
    for position, split in enumerate(splits):
        DatasetItem.objects.create(
            version=version,
            position=position,
            split=split,
            name=f"{position}.png",
            file=f"crops/{position}.png",
            sha256=f"{position}" * 64,
            width=9,
            height=9,
            text=f"PBA100{position}",
        )
    return version


def keys(start: int, end: int, box: tuple[float, ...] = FIRST) -> list[list[float]]:
    """Key boxes of something that stands still from start to end (pts)."""
    return [[start, *box], [end, *box]]


def make_read(
    run: InferenceRun,
    text: str,
    start: int,
    end: int,
    *,
    box: tuple[float, ...] = FIRST,
    crops: tuple[str, ...] = (),
) -> Read:
    """A read of ``text`` from start to end (pts) with one kept crop per text of ``crops``."""
    read = Read.objects.create(
        run=run,
        number=run.reads.count(),
        first_pts=start,
        last_pts=end,
        boxes=keys(start, end, box),
        text=text,
        confidence=0.9,
    )
    for place, said in enumerate(crops):
        data = f"{run.pk} {read.number} {place}".encode()
        key, sha256 = files.put_bytes("crops", data, ".png")
        ReadCrop.objects.create(
            read=read,
            pts=start + place,
            box=list(box),
            file=key,
            sha256=sha256,
            width=60,
            height=30,
            sharpness=10.0 - place,
            text=said,
            confidence=0.8,
        )
    return read
