"""Bring recordings in, make them playable, take frames from them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from annotations.errors import DiskFull, PathNotAllowed, VideoFileMissing, VideoTooBig
from annotations.models import Project, Video
from annotations.vision import child
from annotations.vision.video import VideoInfo
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


def key_of(name: str, sha256: str) -> str:
    """Where the recording ``name`` with this hash is stored."""
    suffix = Path(name).suffix.lower()
    return files.key_for("videos", sha256, suffix if suffix in SUFFIXES else ".video")


def ingest(
    path: Path,
    *,
    project: Project,
    name: str,
    by: User | None = None,
    move: bool = False,
    progress: Callable[[int], None] | None = None,
    on_hash: Callable[[str], None] | None = None,
) -> tuple[Video, bool]:
    """Bring a recording into the project; returns (video, whether it is new).

    The same bytes in the same project are the same video. Probing happens in a child
    process with limits, because recordings are hostile until checked. ``progress`` hears
    how many bytes have been read, ``on_hash`` the SHA-256 before the file is moved.

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
    info, thumbnail = _looked_at(path, name)
    sha256 = files.sha256_of(path, progress)
    if on_hash:
        on_hash(sha256)
    suffix = Path(key_of(name, sha256)).suffix
    key, _ = files.take("videos", path, suffix, move=move, sha256=sha256)
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
        damage=info.damage(),
        thumbnail=thumbnail,
        created_by=by,
    )
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError:
        return Video.objects.get(project=project, sha256=sha256), False
    return row, True


def bring(path: Path, *, project: Project, by: User | None, running: Running) -> tuple[Video, bool]:
    """``ingest`` of a file that stays where it is, as part of a job."""
    size = max(1, path.stat().st_size // 1024**2)
    return ingest(
        path,
        project=project,
        name=path.name,
        by=by,
        progress=lambda done: running.progress(done // 1024**2, size, "MB"),
    )


def _looked_at(path: Path, name: str) -> tuple[VideoInfo, str]:
    """What a child process says of the file, and the key of its thumbnail."""
    try:
        with files.scratch_file(".jpg") as small:
            info = child.probe(path, thumbnail_to=small)
            return info, files.put_bytes("thumbnails", small.read_bytes(), ".jpg")[0]
    except Refused as refusal:  # an upload lies under a name that nobody gave it
        if refusal.facts.get("name") != path.name:
            raise
        raise type(refusal)(**{**refusal.facts, "name": name}) from None
