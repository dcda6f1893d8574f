"""How much moves in each recording: measured once, kept beside it, asked by many."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from contextlib import closing
from fractions import Fraction
from typing import Any

import numpy as np
from django.db.models import Count, F

from annotations.models import Camera, DoomedFile, Video
from annotations.vision import child
from annotations.vision.activity import MOVES, ROW, Track
from annotations.vision.video import VideoInfo
from lprsite import files
from lprsite.jobs.engine import Running

log = logging.getLogger(__name__)
Areas = list[list[list[float]]]


def ignored(row: Video) -> Areas:
    """The areas of the picture that its camera says to leave out, in 0..1."""
    camera: Camera | None = row.camera
    return camera.areas() if camera else []


def info_of(row: Video) -> VideoInfo:
    """What was found in the file when it was brought in, as far as limits need it."""
    return VideoInfo(
        container=row.container,
        codec=row.codec,
        pixel_format="",
        width=row.width,
        height=row.height,
        fps=row.fps,
        duration=row.duration,
        rotation=row.rotation,
        time_base=Fraction(row.time_base),
        start_pts=row.start_pts,
        frames_expected=row.frames_expected,
    )


def load(row: Video) -> Track | None:
    """The activity of a video.

    None where it was not measured yet, where other areas are ignored since, or where another
    version of the program measured it: then it has to be measured again.
    """
    if not row.activity:
        return None
    try:
        track = Track.from_bytes(files.local_path(row.activity).read_bytes())
    except (OSError, ValueError, KeyError):
        log.warning("the activity of video %s cannot be read and is measured again", row.pk)
        return None
    return track if track and track.ignore == ignored(row) else None


def keep(row: Video, parts: Iterable[bytes]) -> Track:
    """Store the figures of all frames, as a child sent them."""
    rows = np.frombuffer(b"".join(parts), ROW)
    base = Fraction(row.time_base)
    last = float((int(rows["pts"][-1]) - row.start_pts) * base) if len(rows) else 0.0
    step = 1 / (row.fps or 25.0)
    track = Track(
        rows=rows,
        time_base=base,
        start_pts=row.start_pts,
        duration=max(row.duration or 0.0, last + step),
        ignore=ignored(row),
    )
    before = row.activity
    row.activity, _ = files.put_bytes("activity", track.as_bytes(), ".npz")
    Video.objects.filter(pk=row.pk).update(activity=row.activity)
    forget(before, row.activity)
    return track


def forget(before: str, now: str) -> None:
    """Let the file that another replaced go, once no row names it."""
    if before and before != now:
        DoomedFile.objects.get_or_create(key=before)


def measure(row: Video, running: Running) -> Track:
    """Decode the whole video and store its activity.

    Raises Refused when the child that decodes is stopped.
    """
    total, parts = round(row.duration or 0), list[bytes]()
    limits = child.limits_for(info_of(row))
    messages = child.measure(
        files.local_path(row.file), name=row.name, limits=limits, ignore=ignored(row)
    )
    with closing(messages):
        for message in messages:
            if message.kind == "rows":
                parts.append(message.data)
            elif message.kind == "seconds":
                running.progress(round(message.facts["done"]), total, "seconds of video")
            elif message.kind == "report":
                record_damage(row, message.facts)
            running.check()
    return keep(row, parts)


def measured(row: Video, running: Running) -> Track:
    """The activity of a video, measured now if it has not been."""
    return load(row) or measure(row, running)


def record_damage(
    row: Video, report: dict[str, Any], *, start: float = 0.0, end: float | None = None
) -> None:
    """Keep what decoding a video, or a part of it, told about its state.

    A part says nothing about the rest, so it never replaces what is known of the whole.
    """
    whole = start <= 0 and end is None
    known = dict(row.damage)
    if not whole and known.get("decoded") is not None and known.get("to") is None:
        return
    if whole:
        row.damage = {**known, **report, "from": start, "to": end}
    else:
        counted = {name: report[name] for name in ("decoded", "corrupt", "errors")}
        complete = report["complete"] and known.get("complete") is not False
        row.damage = {**known, **counted, "complete": complete, "from": start, "to": end}
    Video.objects.filter(pk=row.pk).update(damage=row.damage)


def timeline(row: Video, bins: int) -> dict[str, Any]:
    """What moves and which frames are taken in each of ``bins`` equal parts of the time."""
    track = load(row)
    duration = track.duration if track else row.duration or 0.0
    return {
        "measured": track is not None,
        "bin_seconds": duration / bins,
        "threshold": MOVES,
        "motion": track.bins(bins) if track else [None] * bins,
        "frames": _frames_in(row, bins, duration),
        "idle": [list(stretch) for stretch in track.idle()] if track else [],
        "damaged": [list(stretch) for stretch in track.damaged()] if track else [],
    }


def _frames_in(row: Video, bins: int, duration: float) -> list[int]:
    counts = [0] * bins
    # Whole numbers, so that the database can do it.
    steps = max(1, round(Fraction(duration) / Fraction(row.time_base)))
    part = (F("pts") - row.start_pts) * bins / steps
    for place, count in (
        row.frames.order_by().annotate(part=part).values_list("part").annotate(count=Count("id"))
    ):
        counts[min(max(int(place), 0), bins - 1)] += count
    return counts
