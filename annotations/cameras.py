"""Cameras over the net: what they send comes in as recordings, piece by piece.

A thread records (a child process does the talking) while whoever asked works on the pieces that
are there. A connection that breaks is made again, after longer and longer waits.
"""

from __future__ import annotations

import itertools
import logging
import os
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache

from annotations import videos
from annotations.errors import (
    CameraAddressLost,
    CameraBusy,
    CameraUnknown,
    CameraWithoutAddress,
    DiskFull,
    Refused,
)
from annotations.models import Camera, Project, Video
from annotations.vision import child, live
from annotations.vision.confined import Message
from annotations.vision.live import Piece
from lprsite import files, sealing
from lprsite.jobs import engine
from lprsite.jobs.models import Job

log = logging.getLogger(__name__)
FIRST_WAIT, LONGEST_WAIT = 1.0, 15.0  # seconds until a broken connection is made again
TRIES = 3  # until a camera that never sent anything is given up
MOST_WAITING = 60  # pieces that nobody has worked on yet; further ones are lost
TICK_SECONDS = 1.0
PATIENCE_TICKS = 16  # of half a second: so long may its next packet take, once it is stopped


def named(project: Project, name: str) -> Camera:
    """The camera of a project. Raises CameraUnknown."""
    found = project.cameras.filter(name=name).first()
    if found is None:
        raise CameraUnknown(name=name)
    return found


def source_of(address: str) -> dict[str, str]:
    """The columns of a camera with this address; "" takes it away.

    Raises CameraAddressWrong, CameraHostForbidden.
    """
    if not address:
        return {"sealed_address": "", "source_kind": "", "source_host": ""}
    host = live.host_of(address)
    live.check_host(host)
    sealed = sealing.seal(address)
    return {"sealed_address": sealed, "source_kind": live.kind_of(address), "source_host": host}


def address_of(camera: Camera) -> str:
    """Where a camera is, with its password: for nobody's eyes.

    Raises CameraWithoutAddress, CameraAddressLost.
    """
    if not camera.sealed_address:
        raise CameraWithoutAddress(name=camera.name)
    try:
        return sealing.unseal(camera.sealed_address)
    except sealing.SealBroken:
        raise CameraAddressLost(name=camera.name) from None


def look(camera: Camera, address: str = "") -> Message:
    """A picture that the camera sends now, at its own address if none is given.

    One at a time of each camera: whoever waits holds a thread of the web. Raises as
    ``address_of`` and ``child.still``, and CameraBusy.
    """
    address, key = address or address_of(camera), f"camera-look:{camera.pk}"
    if not cache.add(key, "yes", timeout=60):
        raise CameraBusy(name=camera.name)
    try:
        return child.still(address)
    finally:
        cache.delete(key)


def forget(camera: Camera) -> None:
    """Delete a camera and stop the jobs that work with it; its videos stay, of no camera."""
    active = Job.objects.active().filter(project_id=camera.project_id)
    for job in active.filter(parameters__camera=camera.pk):
        engine.cancel(job)
    camera.delete()


class Recording:
    """A camera that is being recorded.

    ``pieces`` gives what was recorded, until ``stop`` was called or the camera's playlist
    ended; what was recorded until then is still given. ``told`` hears what people should know.
    A ``patient`` recording waits for ever for a camera, and for space on the disk.
    """

    def __init__(
        self,
        address: str,
        *,
        seconds: float,
        patient: bool = False,
        told: Callable[[str], None] = log.warning,
    ) -> None:
        self._address, self._host, self._seconds = address, live.host_of(address), seconds
        self._told, self._patient = told, patient
        self._stopping = threading.Event()
        self._news = threading.Condition()
        self._waiting: deque[Piece] = deque()
        self._numbers = itertools.count(1)
        self._over = False
        self._problem: Exception | None = None
        self.lost = 0
        """Pieces that were thrown away because too many waited."""
        self.trouble: Refused | None = None
        """Why nothing is recorded now."""
        self.began: float | None = None
        """When the present piece began, seconds since 1970; None where there is none."""

    def stop(self) -> None:
        """End the recording with what there is; may be called from anywhere, and again."""
        self._stopping.set()

    def pieces(self) -> Generator[Piece | None, None, None]:
        """The recorded files, which are deleted once the next is asked for.

        None is given every second without one, so that whoever asks can look about. Raises what
        the camera is refused for where it never sent anything, DiskFull, and what else ended
        the recording.
        """
        with tempfile.TemporaryDirectory(dir=files.scratch()) as folder:
            thread = threading.Thread(target=self._run, args=(Path(folder),), daemon=True)
            thread.start()
            try:
                while True:
                    piece = self._next()
                    yield piece
                    if piece is not None:
                        piece.path.unlink(missing_ok=True)
                    elif self._over and not self._waiting:
                        break
            finally:
                self.stop()
                thread.join()
        if self._problem:
            raise self._problem

    def _next(self) -> Piece | None:
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._over, timeout=TICK_SECONDS)
            return self._waiting.popleft() if self._waiting else None

    def _run(self, folder: Path) -> None:
        wait, failed, had = FIRST_WAIT, 0, self._patient
        try:
            while not self._stopping.is_set():
                came, refusal = self._connect(folder)
                had = had or came
                if refusal is None:
                    break  # stopped, or through
                failed = 0 if came else failed + 1
                wait = FIRST_WAIT if came else wait
                full = isinstance(refusal, DiskFull) and not self._patient
                if full or (failed >= TRIES and not had):
                    raise refusal
                self.trouble, self.began = refusal, None
                self._told(f"{refusal.sentence()} Trying again in {wait:.0f} s.")
                self._stopping.wait(wait)
                wait = min(2 * wait, LONGEST_WAIT)
        except Exception as problem:
            self._problem = problem
        finally:
            with self._news:
                self._over = True
                self._news.notify()

    def _connect(self, folder: Path) -> tuple[bool, Refused | None]:
        """Record until the connection ends: whether anything came, and why it broke."""
        came, seconds, patience = False, 0.0, 1  # where nothing comes, nothing is lost
        reading, writing = os.pipe()
        try:
            _check_disk(self._host)
            with (
                tempfile.TemporaryDirectory(dir=folder) as own,
                closing(
                    child.record(self._address, Path(own), seconds=self._seconds, stop=reading)
                ) as messages,
            ):
                for message in messages:
                    if message.kind == "seconds":
                        seconds, before = message.facts["done"], seconds
                        if self.began is None or seconds < before:
                            self.began = time.time() - seconds
                        self.trouble, patience = None, PATIENCE_TICKS
                    if message.kind == "piece":
                        came = True
                        _check_disk(self._host)
                        self._keep(message.facts, folder)
                    if self._stopping.is_set() and writing >= 0:
                        os.close(writing)
                        writing = -1
                    if writing < 0 and message.kind == "tick":
                        patience -= 1
                        if not patience:
                            break
        except Refused as refusal:
            return came, refusal
        finally:
            os.close(reading)
            if writing >= 0:
                os.close(writing)
        return came, None

    def _keep(self, facts: dict[str, Any], folder: Path) -> None:
        """Take a whole piece out of the folder of its connection, which goes with that."""
        with self._news:
            if len(self._waiting) >= MOST_WAITING:
                self.lost += 1
                self._told(f"{self.lost} pieces lost: reading is slower than the camera.")
                return
            path = Path(facts["path"]).rename(folder / f"{next(self._numbers):06d}.mp4")
            self._waiting.append(Piece(**{**facts, "path": path}))
            self._news.notify()


def _check_disk(host: str) -> None:
    """Raises DiskFull where recording on would take what is kept free."""
    if files.free_bytes() < settings.DISK_RESERVE_BYTES:
        raise DiskFull(name=host, needed=settings.DISK_RESERVE_BYTES // 1024**2)


def bring(piece: Piece, camera: Camera) -> Video:
    """A recorded piece as a video of its camera, with the time at which it began.

    Browsers play H.264 as it is; of anything else people make a preview where they want one.
    Raises what ``videos.ingest`` refuses.
    """
    begun = datetime.fromtimestamp(piece.begun, UTC)
    off = timedelta(seconds=camera.clock_offset)  # is added to every time of its videos
    name = f"{camera.name} {begun:%Y-%m-%d %H.%M.%S}.mp4"
    row, _ = videos.ingest(piece.path, project=camera.project, name=name, move=True)
    row.camera, row.recorded_at = camera, begun - off
    row.preview = row.preview or (row.file if row.codec == "h264" else "")
    row.save(update_fields=["camera", "recorded_at", "preview"])
    return row
