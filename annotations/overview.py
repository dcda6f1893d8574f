"""What a project holds, in figures for its dashboard: a constant number of grouped queries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.core.cache import cache
from django.db.models import Case, Count, F, FloatField, IntegerField, Max, Q, Value, When
from django.db.models.functions import Cast

from annotations.models import Box, Project
from annotations.models.frames import FrameStatus

T = TypeVar("T")
MANY = 50_000  # crops or frames; what is counted of more is remembered
REMEMBERED = 120  # seconds
ACROSS, DOWN = 48, 27  # cells of the heat map
WIDTH_STEP = 10  # pixels
SHARPNESS = tuple(2.0**power for power in range(2, 14))  # variance of the Laplacian
UNKNOWN = "?"


def remembered(name: str, project: Project, count: Callable[[Project], T]) -> T:
    """``count(project)``; of a large project as it was up to two minutes ago.

    Counting a million rows takes seconds, and everybody who opens the dashboard asks for it.
    """
    if not any(rows.order_by("pk")[MANY:].exists() for rows in (project.crops, project.frames)):
        return count(project)
    key = f"overview:{name}:{project.pk}"
    kept: T | None = cache.get(key)
    if kept is None:
        kept = count(project)
        cache.set(key, kept, REMEMBERED)
    return kept


@dataclass
class VideoCounts:
    """What is there and what is left of one video; without one, of single pictures and crops."""

    video: int | None
    name: str = ""
    duration: float | None = None  # seconds
    frames: int = 0
    frames_open: int = 0
    boxes: int = 0
    crops: int = 0
    transcribed: int = 0
    waiting: int = 0


def videos(project: Project) -> list[VideoCounts]:
    """Counts per video, in the order they came; last what belongs to no video, if anything."""
    columns = ("pk", "name", "duration")
    rows = {
        pk: VideoCounts(pk, name, duration)
        for pk, name, duration in project.videos.order_by("pk").values_list(*columns)
    }
    loose = VideoCounts(None)
    for video, status, count in (
        project.frames.order_by().values_list("video", "status").annotate(n=Count("*"))
    ):
        row = rows.get(video, loose)
        row.frames += count
        row.frames_open += count if status == FrameStatus.OPEN else 0
    boxes = Box.objects.present().filter(label__project=project).order_by()
    for video, count in boxes.values_list("frame__video").annotate(n=Count("*")):
        rows.get(video, loose).boxes += count
    crops = project.crops.filter(withdrawn=False).order_by().values_list("box__frame__video")
    read, waiting = Count("current"), Count("pk", filter=Q(waiting=True))
    for video, count, texts, open_ in crops.annotate(n=Count("*"), read=read, open=waiting):
        row = rows.get(video, loose)
        row.crops += count
        row.transcribed += texts
        row.waiting += open_
    return [*rows.values(), *([loose] if loose.frames or loose.crops else [])]


@dataclass
class Labelling:
    """What the plates of a project look like."""

    characters: dict[str, int]
    widths: dict[int, int]  # from so many pixels, in steps of WIDTH_STEP
    sharpness: dict[float, int]  # from this bound of SHARPNESS, or 0
    heat: list[Heat] = field(default_factory=list)  # of each camera, the one with most boxes first


@dataclass
class Heat:
    """Where the boxes of one camera have their middles; without one, of pictures of no camera."""

    camera: int | None
    name: str
    picture: int | None = None  # a frame to lay it over
    boxes: int = 0
    labels: dict[str, list[int]] = field(default_factory=dict)  # each DOWN rows of ACROSS


def labelling(project: Project) -> Labelling:
    """Characters of the texts that count, sizes and sharpness of crops, where boxes lie."""
    crops = project.crops.filter(withdrawn=False).order_by()
    return Labelling(
        characters=_characters(crops, project.alphabet),
        widths=_widths(crops),
        sharpness=_sharpness(crops),
        heat=_heat(project),
    )


def _characters(crops: Any, alphabet: str) -> dict[str, int]:
    """How often each character was read; those of the alphabet that nobody read are 0."""
    told: Counter[str] = Counter()
    texts = crops.filter(current__isnull=False).values_list("current__text")
    for text, count in texts.annotate(n=Count("*")).iterator():
        for character in text:
            told[character] += count
    del told[UNKNOWN]
    return {character: told[character] for character in sorted({*alphabet, *told})}


def _widths(crops: Any) -> dict[int, int]:
    steps = crops.annotate(step=F("width") / WIDTH_STEP).values_list("step")
    return {step * WIDTH_STEP: count for step, count in sorted(steps.annotate(n=Count("*")))}


def _sharpness(crops: Any) -> dict[float, int]:
    above = [When(sharpness__gte=bound, then=Value(bound)) for bound in reversed(SHARPNESS)]
    bounds = Case(*above, default=Value(0.0), output_field=FloatField())
    found = crops.annotate(bound=bounds).values_list("bound").annotate(n=Count("*"))
    return dict(sorted(found))


def _heat(project: Project) -> list[Heat]:
    """How many boxes of each camera and label have their middle in each cell, row by row."""
    x = Cast(F("x1") + F("x2"), IntegerField()) * ACROSS / (F("frame__width") * 2)
    y = Cast(F("y1") + F("y2"), IntegerField()) * DOWN / (F("frame__height") * 2)
    boxes = Box.objects.present().filter(label__project=project).order_by()
    cameras = boxes.values_list("frame__video__camera", "frame__video__camera__name")
    found = {
        camera: Heat(camera, name or "", picture)
        for camera, name, picture in cameras.annotate(newest=Max("frame"))
    }
    cells = boxes.annotate(x=x, y=y).values_list("frame__video__camera", "label__name", "x", "y")
    for camera, label, column, row, count in cells.annotate(n=Count("*")):
        if camera in found:  # not set since
            grid = found[camera].labels.setdefault(label, [0] * (ACROSS * DOWN))
            grid[min(row, DOWN - 1) * ACROSS + min(column, ACROSS - 1)] += count
            found[camera].boxes += count
    return sorted(found.values(), key=lambda heat: -heat.boxes)
