"""Copies made of recordings: one that browsers play, one without idle stretches."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User

from annotations import activities, videos
from annotations.errors import NeverIdle
from annotations.models import Video
from annotations.vision import child
from annotations.vision.activity import MOVES, SHORTEST_IDLE
from lprsite import files
from lprsite.jobs.engine import Running

Stretches = list[list[float]]


def make_preview(row: Video, running: Running) -> dict[str, Any]:
    """Make a copy that browsers can play; the original is left alone.

    Where the frames are decoded for it, the same pass measures the activity and the damage. A video
    known to be damaged is encoded again: players stop where a copy of the damage begins.
    """
    total, parts = round(row.duration or 0), list[bytes]()
    made: dict[str, Any] = {}
    with files.scratch_file(".preview") as fresh:
        messages = child.preview(
            files.local_path(row.file),
            fresh,
            name=row.name,
            limits=child.limits_for(activities.info_of(row), output=row.bytes),
            transcode=row.broken,
            ignore=activities.ignored(row),
        )
        with closing(messages):
            for message in messages:
                if message.kind == "seconds":
                    running.progress(round(message.facts["done"]), total, "seconds")
                elif message.kind == "rows" and message.data:
                    parts.append(message.data)
                elif message.kind == "report":
                    activities.record_damage(row, message.facts)
                elif message.kind == "made":
                    made = message.facts
                running.check()
        key, _ = files.take("previews", fresh, made["suffix"], move=True)
    Video.objects.filter(pk=row.pk).update(preview=key)
    activities.forget(row.preview, key)
    if parts and not row.activity:
        activities.keep(row, parts)
    return {"copied": made["copied"]}


def condense_to(
    row: Video, target: Path, running: Running, *, motion: float = MOVES
) -> dict[str, Any]:
    """Write a video without idle stretches to ``target``.

    Returns ``copied`` (without loss), ``seconds``, ``of`` (seconds of the original) and ``map``:
    (from, to, from in the original) of each stretch. Raises NothingMoves, NeverIdle, and what
    stops the child that decodes.
    """
    track = activities.measured(row, running)
    if not track.idle(motion):
        raise NeverIdle(name=row.name, seconds=SHORTEST_IDLE)
    keep = track.moving(motion)
    total = round(row.duration or 0)
    made: dict[str, Any] = {}
    messages = child.condense(
        files.local_path(row.file),
        target,
        keep,
        name=row.name,
        limits=child.limits_for(activities.info_of(row), output=row.bytes),
    )
    with closing(messages):
        for message in messages:
            if message.kind == "seconds":
                running.progress(round(message.facts["done"]), total, "seconds")
            elif message.kind == "made":
                made = message.facts
            running.check()
    return {**made, "of": track.duration}


def write_map(path: Path, made: dict[str, Any]) -> None:
    """Write the way back to the original's times beside a condensed video."""
    facts = {"columns": ["from", "to", "from_in_original"], "map": made["map"]}
    fresh = path.with_name(f".{path.name}.part")
    fresh.write_text(json.dumps(facts, indent=1))
    fresh.replace(path)


def map_path(video: Path) -> Path:
    """Where the times of a condensed video stand."""
    return video.with_name(f"{video.name}.times.json")


def condense(
    row: Video, running: Running, *, motion: float = MOVES, by: User | None = None
) -> tuple[Video, dict[str, Any]]:
    """Make a video of the project without the idle stretches of another; (video, what was made).

    Done again it is the same video. Raises what ``condense_to`` raises, and what bringing a
    video in refuses.
    """
    with files.scratch_file(".mp4") as fresh:
        made = condense_to(row, fresh, running, motion=motion)
        name = f"{Path(row.name).stem} condensed.mp4"
        video, _ = videos.ingest(fresh, project=row.project, name=name, by=by, move=True)
    if video.pk != row.pk:
        video.original, video.time_map = row, made["map"]
        video.camera, video.recorded_at = row.camera, row.recorded_at
        video.save(update_fields=["original", "time_map", "camera", "recorded_at"])
    return video, made
