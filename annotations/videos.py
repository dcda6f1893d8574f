"""Bring recordings in, make them playable, take frames from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from annotations.errors import DiskFull, PathNotAllowed, VideoFileMissing, VideoTooBig
from annotations.models import Frame, Project, Selection, Video
from annotations.vision import crops, video
from annotations.vision.streams import DecodeReport
from lprsite import files
from lprsite.errors import Refused
from lprsite.jobs.engine import Running

SUFFIXES = {".mp4", ".mov", ".mkv", ".webm", ".ts", ".m2ts", ".avi"}


def allowed_path(given: str) -> Path:
    """A path on the server that people may ingest.

    Raises:
        PathNotAllowed: no folder is opened for this, or the path leaves it.
        VideoFileMissing: nothing is there.
    """
    if not settings.SERVER_FOLDER:
        raise PathNotAllowed(path=given)
    root = Path(settings.SERVER_FOLDER).resolve()
    path = (root / given).resolve()
    if not path.is_relative_to(root):
        raise PathNotAllowed(path=given)
    if not path.is_file():
        raise VideoFileMissing(name=given)
    return path


def ingest(
    path: Path, *, project: Project, name: str, by: User | None = None, move: bool = False
) -> tuple[Video, bool]:
    """Bring a recording into the project; returns (video, whether it is new).

    The same bytes in the same project are the same video. Probing happens in a child
    process with limits, because recordings are hostile until checked.

    Raises:
        Refused: no video, damaged beyond use, too big, or no space; the sentence names the file.
    """
    if not path.is_file():
        raise VideoFileMissing(name=name)
    size = path.stat().st_size
    if size > settings.MAX_VIDEO_BYTES:
        raise VideoTooBig(name=name, limit=settings.MAX_VIDEO_BYTES // 1024**3)
    if not move and files.free_bytes() < size * 1.1:
        raise DiskFull(name=name, needed=size // 1024**2)
    try:
        with files.scratch_file(".jpg") as small:
            info = video.probe_in_child(path, thumbnail_to=small)
            thumbnail, _ = files.put_bytes("thumbnails", small.read_bytes(), ".jpg")
    except Refused as refusal:  # an upload lies under a name that nobody gave it
        if refusal.facts.get("name") != path.name:
            raise
        raise type(refusal)(**{**refusal.facts, "name": name}) from None
    suffix = path.suffix.lower() if path.suffix.lower() in SUFFIXES else ".video"
    key, sha256 = files.take("videos", path, suffix, move=move)
    row = Video(
        project=project,
        name=name[:255],
        file=key,
        sha256=sha256,
        bytes=size,
        container=info.container[:60],
        codec=info.codec[:40],
        width=info.width,
        height=info.height,
        fps=info.fps,
        duration=info.duration,
        rotation=info.rotation,
        time_base=str(info.time_base),
        start_pts=info.start_pts,
        frames_expected=info.frames_expected,
        thumbnail=thumbnail,
        created_by=by,
    )
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        return Video.objects.get(project=project, sha256=sha256), False
    return row, True


def make_preview(row: Video, running: Running) -> None:
    """Make a copy that browsers can play; the original is left alone."""
    total = round(row.duration or 0)
    with files.scratch_file(".mp4") as fresh:
        video.make_preview(
            files.local_path(row.file),
            fresh,
            progress=lambda done: running.progress(round(done), total, "seconds"),
        )
        key, _ = files.take("previews", fresh, ".mp4", move=True)
    Video.objects.filter(pk=row.pk).update(preview=key)


def choose(
    row: Video,
    *,
    fps: float | None = None,
    every: int | None = None,
    start: float = 0.0,
    end: float | None = None,
    by: User | None = None,
) -> Selection:
    """Store the rule by which frames will be taken.

    Raises:
        SelectionWrong: both or neither of fps and every, or an empty range.
    """
    if fps is None and every is None:
        fps = 1.0
    video.Selection(fps=fps, every=every, start=start, end=end)
    return Selection.objects.create(
        video=row, fps=fps, every=every, start=start, end=end, created_by=by
    )


def split(selection: Selection, running: Running) -> dict[str, Any]:
    """Take the selected frames in one decode pass. Run again, it adds only what is missing.

    Returns counts: selected, made, already there; and the damage found.
    """
    row = selection.video
    rule = video.Selection(
        fps=selection.fps, every=selection.every, start=selection.start, end=selection.end
    )
    path = files.local_path(row.file)
    known = set(row.frames.values_list("pts", flat=True))
    report = DecodeReport()
    end = min(x for x in (rule.end, row.duration, 10.0**9) if x is not None)
    counts = {"selected": 0, "made": 0, "known": 0}
    batch: list[Frame] = []
    for taken in _selected(path, rule, report):
        counts["selected"] += 1
        if taken.pts in known:
            counts["known"] += 1
        else:
            batch.append(_frame(row, selection, taken))
        if len(batch) == settings.BULK_ROWS // 4:
            counts["made"] += _store(batch)
        running.progress(
            round(taken.seconds - rule.start), round(end - rule.start), "seconds of video"
        )
    counts["made"] += _store(batch)
    damage = {**asdict(report), "missing": report.missing, "complete": report.complete}
    if rule.start == 0 and rule.end is None:
        Video.objects.filter(pk=row.pk).update(damage=damage)
    return {**counts, "damage": damage}


def _selected(path: Path, rule: video.Selection, report: DecodeReport) -> Iterator[video.Decoded]:
    decoded = video.decode(path, start=rule.start, end=rule.end, report=report)
    return iter(video.select(decoded, rule))


def _frame(row: Video, selection: Selection, taken: video.Decoded) -> Frame:
    bgr = taken.bgr()
    key, sha256 = files.put_bytes("frames", crops.encode_jpeg(bgr), ".jpg")
    return Frame(
        project_id=row.project_id,
        video=row,
        selection=selection,
        name=f"{Path(row.name).stem}_{taken.index:06d}",
        pts=taken.pts,
        index=taken.index,
        sha256=sha256,
        file=key,
        width=bgr.shape[1],
        height=bgr.shape[0],
        dhash=crops.dhash(bgr),
    )


def _store(batch: list[Frame]) -> int:
    stored = len(batch)
    Frame.objects.bulk_create(batch, ignore_conflicts=True, batch_size=settings.BULK_ROWS)
    batch.clear()
    return stored
