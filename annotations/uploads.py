"""Files on their way in: made, written on from where they ended, finished, given up.

The row's ``offset`` is what is safe on the disk; the part file may be longer after a crash and
is then written over. One request at a time writes, by a lease in the row: taken by one
conditional UPDATE that also compares the offset, renewed while pieces come, and named by every
later write. A request that lost its lease (its connection hung and another took over) changes
no row and stops. This holds on SQLite and PostgreSQL and with any number of web processes.

The SHA-256 is not kept running while pieces come: its state cannot be written down in Python,
so a restarted server would have to read the file from the start anyway. The job that checks a
finished file reads it once, after the probe, usually from the page cache; nothing is copied.
"""

from __future__ import annotations

import base64
import binascii
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.db import transaction
from django.db.models import F, Q, Sum
from django.utils import timezone

from annotations import imports, videos
from annotations.errors import (
    EmptyFile,
    NoRoomForUpload,
    ProjectFull,
    UploadBusy,
    UploadExpired,
    UploadFileGone,
    UploadHeaderWrong,
    UploadOffsetWrong,
    UploadPieceTooLarge,
    UploadsTooLarge,
    UploadsTooMany,
    UploadTooLarge,
)
from annotations.models import ImportBatch, Project, Purpose, Upload, Video
from lprsite import files
from lprsite.errors import Refused
from lprsite.jobs.engine import Running
from lprsite.jobs.models import ACTIVE, Job

LEASE = timedelta(seconds=8)
RENEW_SECONDS = 2.0
WAIT_SECONDS = 3.0  # for a request that is about to end, as a broken connection's is
KEPT_AFTER = timedelta(days=1)  # the row of a finished upload, so that its outcome is seen
LONGEST_METADATA = 4096
GB, MB = 1024**3, 1024**2


# --- making


def parse_metadata(header: str) -> dict[str, str]:
    """The pairs of an ``Upload-Metadata`` header: ``name base64,name base64``.

    Raises UploadHeaderWrong.
    """
    said: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        name, _, value = pair.partition(" ")
        try:
            said[name] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError) as wrong:
            raise UploadHeaderWrong(header="Upload-Metadata") from wrong
    if len(header) > LONGEST_METADATA or not all(name.isprintable() for name in said.values()):
        raise UploadHeaderWrong(header="Upload-Metadata")
    return said


@dataclass(frozen=True)
class Announced:
    """A file that somebody is about to send; ``size`` in bytes."""

    name: str
    size: int
    purpose: Purpose = Purpose.VIDEO
    metadata: str = ""
    fingerprint: str = ""

    @property
    def limit(self) -> int:
        """The most bytes that a file for this purpose may have."""
        if self.purpose == Purpose.IMPORT:
            return int(settings.MAX_IMPORT_BYTES)
        return int(settings.MAX_VIDEO_BYTES)


def create(project: Project | None, announced: Announced, *, by: User) -> Upload:
    """A row and an empty part file, once there is room for all of it.

    The archive of a whole project belongs to no ``project`` that is here.

    Raises:
        EmptyFile, UploadTooLarge, UploadsTooMany, UploadsTooLarge, ProjectFull, NoRoomForUpload
    """
    if announced.size == 0:
        raise EmptyFile(name=announced.name)
    if announced.size > announced.limit:
        raise UploadTooLarge(name=announced.name, limit=announced.limit // GB)
    key = f"uploads/{uuid4().hex}.part"
    with transaction.atomic():
        # Two at once must not both get the last room: SQLite writes one after the other.
        User.objects.select_for_update().get(pk=by.pk)
        if project is not None:
            Project.objects.select_for_update().get(pk=project.pk)
        _check_room(project, announced, by)
        upload = Upload.objects.create(
            project=project,
            user=by,
            name=announced.name[:255],
            purpose=announced.purpose,
            size=announced.size,
            file=key,
            metadata=announced.metadata,
            fingerprint=announced.fingerprint[:120],
            expires_at=_expiry(),
        )
        path = files.local_path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    return upload


def _expiry() -> Any:
    return timezone.now() + timedelta(days=settings.UPLOAD_DAYS)


def _check_room(project: Project | None, announced: Announced, by: User) -> None:
    name, size = announced.name, announced.size
    waiting = Upload.objects.unfinished().filter(expires_at__gt=timezone.now())
    mine = waiting.filter(user=by)
    if mine.count() >= settings.UPLOADS_EACH:
        raise UploadsTooMany(limit=settings.UPLOADS_EACH)
    if _sum(mine, "size") + size > settings.UPLOAD_USER_BYTES:
        raise UploadsTooLarge(name=name, limit=settings.UPLOAD_USER_BYTES // GB)
    if project is not None and settings.PROJECT_BYTES:
        here = _sum(project.videos.all(), "bytes") + _sum(waiting.filter(project=project), "size")
        if here + size > settings.PROJECT_BYTES:
            raise ProjectFull(name=name, limit=settings.PROJECT_BYTES // GB)
    coming = waiting.aggregate(all=Sum(F("size") - F("offset")))["all"] or 0
    needed, free = coming + int(size * 1.02) + settings.DISK_RESERVE_BYTES, files.free_bytes()
    if needed > free:
        raise NoRoomForUpload(name=name, needed=needed // MB, free=free // MB)


def _sum(rows: Any, column: str) -> int:
    return int(rows.aggregate(all=Sum(column))["all"] or 0)


def take_form(project: Project, given: UploadedFile[Any], purpose: Purpose, by: User) -> Upload:
    """A small file that came in a form: its row, already finished. The file is moved.

    Raises what ``create`` refuses.
    """
    assert isinstance(given, TemporaryUploadedFile) and given.size is not None
    upload = create(project, Announced(given.name or purpose, given.size, purpose), by=by)
    path = Path(given.temporary_file_path())
    path.replace(files.local_path(upload.file))
    path.touch()  # the upload handler deletes its file and expects to find one
    upload.offset, upload.finished_at = upload.size, timezone.now()
    upload.expires_at = timezone.now() + KEPT_AFTER
    upload.save(update_fields=["offset", "finished_at", "expires_at"])
    return upload


# --- writing on


def hold(upload: Upload, offset: int) -> str:
    """Take the lease for writing at ``offset``; returns its name.

    Waits a moment for another request that is about to end.

    Raises:
        UploadExpired, UploadOffsetWrong, UploadBusy
    """
    lease, end = uuid4().hex, time.monotonic() + WAIT_SECONDS
    rows = Upload.objects.filter(pk=upload.pk, offset=offset, finished_at=None)
    while True:
        now = timezone.now()
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        if rows.filter(free, expires_at__gt=now).update(lease=lease, lease_until=now + LEASE):
            return lease
        _check_still_open(upload, offset)
        if time.monotonic() >= end:
            raise UploadBusy(name=upload.name)
        time.sleep(0.05)


def _check_still_open(upload: Upload, offset: int) -> None:
    """Raises what keeps ``hold`` from ever getting the lease."""
    fields = ["offset", "expires_at", "finished_at", "lease_until"]
    try:
        upload.refresh_from_db(fields=fields)
    except Upload.DoesNotExist as gone:
        raise UploadFileGone(name=upload.name) from gone
    if upload.expired:
        raise UploadExpired(name=upload.name)
    if upload.finished_at or (upload.offset != offset and not upload.being_sent):
        raise UploadOffsetWrong(offset=upload.offset)


def settled_offset(upload: Upload) -> int:
    """Where the file ends, once no request is about to move it.

    Raises UploadBusy, UploadExpired.
    """
    end = time.monotonic() + WAIT_SECONDS
    while upload.being_sent and time.monotonic() < end:
        time.sleep(0.05)
        upload.refresh_from_db(fields=["offset", "lease_until", "finished_at"])
    if upload.being_sent:
        raise UploadBusy(name=upload.name)
    if upload.expired:
        raise UploadExpired(name=upload.name)
    return upload.offset


class Writer:
    """Writes the pieces of one request into the part file, for as long as its lease is ours."""

    def __init__(self, upload: Upload, lease: str) -> None:
        self.upload = upload
        self.at = upload.offset
        self._lease = lease
        self._end = min(upload.size, upload.offset + settings.UPLOAD_PIECE_BYTES)
        self._renewed = time.monotonic()
        try:
            self._file = os.open(files.local_path(upload.file), os.O_WRONLY)
        except OSError as missing:
            self._mine().update(lease="", lease_until=None)
            raise UploadFileGone(name=upload.name) from missing

    def write(self, data: bytes) -> None:
        """Append. Raises UploadPieceTooLarge, and UploadBusy when another took over."""
        if self.at + len(data) > self._end:
            raise UploadPieceTooLarge(limit=settings.UPLOAD_PIECE_BYTES // MB)
        if time.monotonic() - self._renewed > RENEW_SECONDS:
            self._save(lease_until=timezone.now() + LEASE)
            self._renewed = time.monotonic()
        view = memoryview(data)
        while view:
            written = os.pwrite(self._file, view, self.at)
            self.at += written
            view = view[written:]

    def close(self, *, keep: bool = True) -> bool:
        """Make safe what came (``keep``) and let go; returns whether the file is now whole.

        Raises UploadBusy when another took over.
        """
        try:
            whole = keep and self.at == self.upload.size
            if not keep:
                self._mine().update(lease="", lease_until=None)
                return False
            ended = {"finished_at": timezone.now()} if whole else {}
            over = timezone.now() + KEPT_AFTER if whole else _expiry()
            self._save(lease="", lease_until=None, expires_at=over, **ended)
            return whole
        finally:
            os.close(self._file)

    def _save(self, **changes: Any) -> None:
        os.fdatasync(self._file)
        if not self._mine().update(offset=self.at, **changes):
            raise UploadBusy(name=self.upload.name)

    def _mine(self) -> Any:
        return Upload.objects.filter(pk=self.upload.pk, lease=self._lease)


def piece_limit() -> int:
    """The most bytes that one request may bring."""
    return int(settings.UPLOAD_PIECE_BYTES)


# --- finishing


@contextmanager
def spent(upload: Upload) -> Iterator[Path]:
    """The whole file, which goes once it has served or was refused. Raises UploadFileGone."""
    path = files.local_path(upload.file)
    with _removed_when_refused(upload):
        if not upload.file or not path.exists():
            raise UploadFileGone(name=upload.name)
        yield path
    files.delete(upload.file)
    Upload.objects.filter(pk=upload.pk).update(file="")


def become_video(upload: Upload, running: Running) -> tuple[Video, bool]:
    """The video of a whole file; returns (video, whether it is new). Run again, it completes.

    A refused file is removed. Raises what ``videos.ingest`` refuses, and UploadFileGone.
    """

    def note(sha256: str) -> None:
        Upload.objects.filter(pk=upload.pk).update(sha256=sha256)

    if upload.video is not None:
        return upload.video, False
    path = files.local_path(upload.file)
    if not path.exists() and upload.sha256:  # killed after the file had been moved
        path = files.local_path(videos.key_of(upload.name, upload.sha256))
    assert upload.project is not None, "only an archive has none"
    with _removed_when_refused(upload):
        if not path.exists():
            raise UploadFileGone(name=upload.name)
        video, new = videos.ingest(
            path,
            project=upload.project,
            name=upload.name,
            by=upload.user,
            move=path.suffix == ".part",
            progress=_bytes_of(running, upload.size),
            on_hash=note,
        )
    Upload.objects.filter(pk=upload.pk).update(video=video, file="", sha256=video.sha256)
    return video, new


def become_batch(upload: Upload) -> ImportBatch:
    """The import batch of a whole file. Run again, it completes.

    Raises UploadFileGone.
    """
    if upload.batch is not None:
        return upload.batch
    path = files.local_path(upload.file)
    assert upload.project is not None, "only an archive has none"
    with _removed_when_refused(upload):
        if not path.exists():
            raise UploadFileGone(name=upload.name)
        batch = imports.receive(
            path, project=upload.project, name=upload.name, by=upload.user, upload=True
        )
    Upload.objects.filter(pk=upload.pk).update(batch=batch, file="", sha256=batch.sha256)
    return batch


def _bytes_of(running: Running, size: int) -> Callable[[int], None]:
    return lambda done: running.progress(done // MB, max(1, size // MB), "MB")


@contextmanager
def _removed_when_refused(upload: Upload) -> Iterator[None]:
    try:
        yield
    except Refused:
        files.delete(upload.file)
        Upload.objects.filter(pk=upload.pk).update(file="")
        raise


# --- giving up


def give_up(upload: Upload) -> None:
    """Forget the upload and what came of it. A finished one loses only its row.

    A request that is writing finds its lease gone and stops.
    """
    Upload.objects.filter(pk=upload.pk).delete()
    if upload.file:
        files.delete(upload.file)


def sweep() -> int:
    """Give up what waited too long; returns how many. Files being checked are left alone."""
    now, count = timezone.now(), 0
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    for upload in Upload.objects.filter(free, expires_at__lt=now):
        if not Job.objects.filter(pk=upload.job_id or 0, state__in=ACTIVE).exists():
            give_up(upload)
            count += 1
    return count
