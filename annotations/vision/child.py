"""Decoding of files that strangers made, in a process of its own with limits.

libav is a million lines of C that read whatever they are given. So whoever wants something
from a recording starts ``annotations.vision.decoding`` as a child: bounded in memory, in
processor time and in the size of files it writes by the kernel, in time on the clock by us.
All limits grow with the length and size of the picture. Results come through a pipe as they are
made: what came before a child died is kept.

A message is 8 bytes, the lengths of its JSON and of its data, then both.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import math
import mmap
import os
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np

from annotations import errors
from annotations.vision import following, live
from annotations.vision.activity import Polygons
from annotations.vision.boxes import Xyxy
from annotations.vision.crops import Bgr
from annotations.vision.selection import Selection
from annotations.vision.video import VideoInfo

HEADER = struct.Struct(">II")
PIPE_BYTES = 1 << 20
F_SETPIPE_SZ = 1031  # of Linux; elsewhere the call fails and nothing is lost but speed
LONGEST = 256 << 20  # bytes of a message; a picture of 8192x8192 as JPEG stays below
AHEAD = 8  # pictures decoded before they are asked for
TICK_SECONDS = 0.5  # after which a silent child is looked after, so that people can cancel
THREAD = 64 << 20  # bytes of address space for the threads that each core brings
_GIB = 1 << 30
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """What a child may take."""

    memory: int
    """Bytes of address space."""
    cpu: int
    """Seconds of processor time, of all threads."""
    wall: float
    """Seconds on the clock."""
    output: int = 0
    """Bytes of a file it writes."""
    silence: float = 120.0
    """Seconds without any message."""


PROBING = Limits(
    memory=4 * _GIB + THREAD * (os.cpu_count() or 1),
    cpu=60,
    wall=120.0,
    output=16 << 20,
    silence=120.0,
)


RECORDING = Limits(
    memory=2 * _GIB + THREAD * (os.cpu_count() or 1),
    cpu=10**9,
    wall=1e9,
    output=4 * _GIB,
    silence=60.0,
)


STILL = Limits(memory=RECORDING.memory, cpu=60, wall=45.0, silence=45.0)


def limits_for(info: VideoInfo, *, output: int = 0) -> Limits:
    """Limits for decoding all of a video: ten times what 1080p takes on a slow machine.

    ``output`` is the size of the original, where a video is written.
    """
    seconds = info.duration or info.scan.last_seconds or 3600.0
    pictures = max(1.0, info.width * info.height / (1920 * 1080))
    frame = info.width * info.height * 3
    return Limits(
        memory=2 * _GIB + 96 * frame + THREAD * (os.cpu_count() or 1),
        cpu=round(300 + 10 * seconds * pictures),
        wall=900 + 30 * seconds * pictures,
        output=round(64 * (1 << 20) + 2 * output + seconds * (1 << 20)) if output else 0,
    )


@dataclass(frozen=True)
class Message:
    """Something a child says. Kind ``tick`` comes from us while a child is silent."""

    kind: str
    facts: dict[str, Any]
    data: bytes = b""


Messages: TypeAlias = Generator[Message, None, None]
"""What a child says, as it says it. Closing it ends the child."""


@dataclass(frozen=True)
class Take:
    """What to take from a video in one pass: what ``rule`` says, or just the ``wanted``."""

    rule: Selection
    stretches: Sequence[tuple[float, float | None]] = ((0.0, None),)
    """(from, before) in seconds: what is decoded. To ``measure``, it begins at the beginning."""
    known: bytes = b""
    """pts (int64) of frames that are there already: they are counted, not made."""
    wanted: bytes | None = None
    """pts (int64) of the frames to take, where the choice is made already."""
    measure: bool = False
    """Whether to measure the activity too, which begins at the first frame."""
    ignore: Polygons = ()
    small_width: int = 240
    """Pixels of the small copy of each frame."""
    small_quality: int = 78


def probe(path: Path, *, thumbnail_to: Path | None = None) -> VideoInfo:
    """``video.probe`` in a child, which also writes a thumbnail to ``thumbnail_to``.

    Raises what ``video.probe`` raises, and VideoCheckFailed when the child dies or is stopped.
    """
    spec = {"path": str(path.resolve()), "thumbnail": str(thumbnail_to or "")}
    stopped = (
        errors.VideoOverMemory,
        errors.VideoOverTime,
        errors.VideoStuck,
        errors.VideoDecoderDied,
        errors.VideoOutputTooLarge,
    )
    try:
        for message in run("probe", spec, name=path.name, limits=PROBING):
            if message.kind == "info":
                return VideoInfo.from_json(message.facts)
    except stopped as error:
        raise errors.VideoCheckFailed(name=path.name) from error
    raise errors.VideoCheckFailed(name=path.name)


def take(path: Path, what: Take, *, name: str, limits: Limits) -> Messages:
    """Frames of a video in one decode pass.

    Messages: ``picture`` (pts, index, seconds, width, height, dhash, corrupt, jpeg = bytes of
    the picture; its data is the picture, then the small copy), ``known`` (pts, seconds),
    ``rows`` (data: ``activity.ROW``), ``seconds`` (how far), and at the end ``report``.
    """
    spec = {
        "path": str(path.resolve()),
        "rule": asdict(what.rule),
        "stretches": list(what.stretches),
        "known": len(what.known),
        "chosen": what.wanted is not None,
        "measure": what.measure,
        "ignore": what.ignore,
        "small": [what.small_width, what.small_quality],
    }
    given = what.known + (what.wanted or b"")
    return run("take", spec, name=name, limits=limits, given=given)


@dataclass(frozen=True)
class Picture:
    """A frame to look at."""

    pts: int
    seconds: float
    bgr: Bgr
    """The upright picture."""


Pictures: TypeAlias = Generator[Picture, None, None]
"""Frames as they are decoded. Closing it ends the child."""


def pictures(
    path: Path,
    rule: Selection,
    *,
    stretches: Sequence[tuple[float, float | None]],
    name: str,
    limits: Limits,
    size: tuple[int, int],
    check: Callable[[], None],
) -> Pictures:
    """The frames that a plain rule takes from the stretches, of ``size`` (width, height).

    ``stretches`` are (from, before) in seconds, in order and apart from each other. The same
    frames are taken when some of the first ones are left out.

    The child decodes ahead, into memory that both see: pixels go through no pipe. ``check`` is
    called while it is silent, and may raise to stop.
    """
    shape = (AHEAD, size[1], size[0], 3)
    with _shared_memory(math.prod(shape)) as memory, _pipe() as (free, freed):
        os.write(freed, bytes(AHEAD))
        slots = np.frombuffer(mmap.mmap(memory, 0), np.uint8).reshape(shape)
        spec = {
            "path": str(path.resolve()),
            "rule": asdict(rule),
            "stretches": list(stretches),
            "memory": memory,
            "shape": shape,
            "free": free,
        }
        told = run("pictures", spec, name=name, limits=limits, handed=(memory, free))
        with closing(told):
            for message in told:
                if message.kind != "frame":
                    check()
                    continue
                facts = message.facts
                bgr = slots[facts["slot"]].copy()
                os.write(freed, b"1")
                yield Picture(facts["pts"], facts["seconds"], bgr)


@contextmanager
def _shared_memory(length: int) -> Iterator[int]:
    """A handle of memory that a child can map too."""
    if sys.platform == "linux":
        handle = os.memfd_create("pictures")
    else:
        with tempfile.TemporaryFile() as file:
            handle = os.dup(file.fileno())
    try:
        os.ftruncate(handle, length)
        yield handle
    finally:
        os.close(handle)


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    try:
        yield ends
    finally:
        for end in ends:
            os.close(end)


def measure(path: Path, *, name: str, limits: Limits, ignore: Polygons = ()) -> Messages:
    """The activity of a video: ``rows``, ``seconds`` and ``report`` as in ``take``."""
    spec = {"path": str(path.resolve()), "ignore": ignore}
    return run("measure", spec, name=name, limits=limits)


def preview(
    path: Path,
    target: Path,
    *,
    name: str,
    limits: Limits,
    transcode: bool = False,
    ignore: Polygons = (),
) -> Messages:
    """Write a preview to ``target``: ``seconds``, ``made``.

    Where frames were decoded for it, ``rows`` and ``report`` too.
    """
    spec = {
        "path": str(path.resolve()),
        "target": str(target.resolve()),
        "transcode": transcode,
        "ignore": ignore,
    }
    return run("preview", spec, name=name, limits=limits)


def condense(
    path: Path, target: Path, keep: list[tuple[float, float]], *, name: str, limits: Limits
) -> Messages:
    """Write the stretches ``keep`` (seconds) to ``target``: ``seconds``, then ``made`` (map)."""
    spec = {"path": str(path.resolve()), "target": str(target.resolve()), "keep": keep}
    return run("condense", spec, name=name, limits=limits)


def follow(
    path: Path,
    boxes: Mapping[int, Sequence[tuple[int, Xyxy]]],
    stretches: Sequence[tuple[float, float]],
    *,
    name: str,
    limits: Limits,
) -> Messages:
    """Follow plates through the ``stretches`` (from, before, in seconds).

    ``boxes`` are those of the frames that have any, by pts: (id, box in frame pixels). Messages:
    ``seconds``, and for each such frame ``pairs`` (pairs of ids of one vehicle; seconds).
    """
    widths = [xyxy[2] - xyxy[0] for rows in boxes.values() for _, xyxy in rows]
    spec = {
        "path": str(path.resolve()),
        "boxes": {pts: [[pk, *xyxy] for pk, xyxy in rows] for pts, rows in boxes.items()},
        "stretches": list(stretches),
        "reduction": following.reduction(widths),
    }
    return run("follow", spec, name=name, limits=limits)


def annotate(
    path: Path,
    target: Path,
    captions: Sequence[tuple[str, Sequence[Sequence[float]]]],
    *,
    name: str,
    limits: Limits,
) -> Messages:
    """Write the video with ``captions`` (text, key boxes) to ``target``.

    Messages: ``seconds``, then ``made`` (frames that have one).
    """
    spec = {
        "path": str(path.resolve()),
        "target": str(target.resolve()),
        "captions": list(captions),
    }
    return run("annotate", spec, name=name, limits=limits)


def record(
    address: str, folder: Path, *, seconds: float, stop: int, limits: Limits = RECORDING
) -> Messages:
    """Record what a camera sends into the folder, in pieces of about so many seconds.

    Messages: ``seconds`` (of the present piece), ``piece`` (path, begun, seconds). It ends well
    once ``stop``, the reading end of a pipe, has an end of file. Raises what ``live.record``
    raises, and what ``run`` does.
    """
    host = live.host_of(address)
    spec = {"folder": str(folder.resolve()), "seconds": seconds, "stop": stop}
    given = address.encode()  # not among what is told to people
    try:
        yield from run(
            "record", spec, name=host, limits=limits, given=given, handed=(stop,), private=True
        )
    except (errors.VideoStuck, errors.VideoDecoderDied) as problem:
        why = "it fell silent" if isinstance(problem, errors.VideoStuck) else "what it sends broke"
        raise errors.CameraAway(host=host, why=why) from None


def still(address: str) -> Message:
    """One picture that a camera sends now: width, height, codec; its data is a JPEG.

    Raises what ``live.still`` raises, and what ``run`` does.
    """
    host = live.host_of(address)
    given = address.encode()
    try:
        for message in run("still", {}, name=host, limits=STILL, given=given, private=True):
            if message.kind == "picture":
                return message
    except (errors.VideoStuck, errors.VideoOverTime):
        raise errors.CameraAway(host=host, why="it fell silent") from None
    except errors.VideoDecoderDied:
        pass
    raise errors.CameraAway(host=host, why="what it sends broke")


def run(
    work: str,
    spec: dict[str, Any],
    *,
    name: str,
    limits: Limits,
    given: bytes = b"",
    handed: Sequence[int] = (),
    private: bool = False,
) -> Messages:
    """Start a child for ``work`` and pass on what it says; closing the iterator ends it.

    ``name`` is what people call the file, ``handed`` are open handles that the child gets too.
    What a child says of ``private`` work goes to no log.
    Raises what the child refuses, and VideoFileGone, VideoOverMemory, VideoOverTime, VideoStuck,
    VideoOutputTooLarge or VideoDecoderDied.
    """
    order = json.dumps({"work": work, "parent": os.getpid(), "limits": asdict(limits), **spec})
    with tempfile.TemporaryFile() as words:
        child = _start(words, handed)
        try:
            _tell(child, order.encode(), given)
            yield from _listen(child, limits, name)
        except _Ended:
            if "path" in spec and not Path(spec["path"]).exists():
                raise errors.VideoFileGone(name=name) from None
            words.seek(0)
            told = b"" if private else words.read()[-2000:]
            log.warning("decoding %s: %s", name, told.decode(errors="replace"))
            raise _why(child)(name=name) from None
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            assert child.stdout is not None
            child.stdout.close()
            child.wait()


class _Ended(Exception):
    """The child's pipe closed before it said that it was through."""


def _start(words: IO[bytes], handed: Sequence[int]) -> subprocess.Popen[bytes]:
    root = Path(__file__).resolve().parents[2]
    few = {
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        # Each thread of a decoder or encoder would reserve an arena of 64 MB of address space.
        "MALLOC_ARENA_MAX": "4",
        # Pictures would be given back to the kernel, and fetched page by page, each time.
        "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
        "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "annotations.vision.decoding"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=words,
        env={**os.environ, **few, "PYTHONPATH": str(root)},
        cwd=root,
        pass_fds=handed,
    )


def _tell(child: subprocess.Popen[bytes], order: bytes, given: bytes) -> None:
    """Hand over the order; the child reads all of it before it says anything."""
    assert child.stdin is not None and child.stdout is not None
    with contextlib.suppress(OSError):
        fcntl.fcntl(child.stdout, F_SETPIPE_SZ, PIPE_BYTES)
    with contextlib.suppress(BrokenPipeError), child.stdin as pipe:
        pipe.write(HEADER.pack(len(order), len(given)) + order + given)


def _listen(child: subprocess.Popen[bytes], limits: Limits, name: str) -> Messages:
    begun = heard = time.monotonic()
    reader = _Reader(child)
    while True:
        message = reader.read()
        now = time.monotonic()
        if now - begun > limits.wall:
            raise errors.VideoOverTime(name=name)
        if message is None:
            heard = now if reader.moved else heard
            if now - heard > limits.silence:
                raise errors.VideoStuck(name=name, seconds=round(limits.silence))
            yield Message("tick", {})
            continue
        heard = now
        if message.kind == "end":
            return
        if message.kind == "refused":
            facts = {**message.facts["facts"]}
            facts.update({"name": name} if "name" in facts else {})
            raise getattr(errors, message.facts["code"])(**facts)
        yield message
        heard = time.monotonic()  # whoever listens may have been long about it


class _Reader:
    """Puts messages together from a pipe without waiting longer than a tick."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        assert child.stdout is not None
        self._pipe = child.stdout.fileno()
        self._poll = select.poll()
        self._poll.register(self._pipe, select.POLLIN | select.POLLHUP)
        self._header, self._rest = bytearray(HEADER.size), [bytearray(), bytearray()]
        self._parts = [memoryview(self._header)]
        self.moved = False

    def read(self) -> Message | None:
        """The next message; None after a tick without the end of one. Raises _Ended."""
        self.moved = False
        until = time.monotonic() + TICK_SECONDS
        while True:
            if not self._parts and (message := self._complete()):
                return message
            left = until - time.monotonic()
            if left <= 0 or not self._poll.poll(left * 1000):
                return None
            count = os.readv(self._pipe, self._parts)
            if count == 0:
                raise _Ended
            self.moved = True
            while self._parts and count >= len(self._parts[0]):
                count -= len(self._parts.pop(0))
            if count:
                self._parts[0] = self._parts[0][count:]

    def _complete(self) -> Message | None:
        """What is whole: a message, or a header, after which its parts are read."""
        if not self._rest[0]:
            lengths = HEADER.unpack(self._header)
            if sum(lengths) > LONGEST or not lengths[0]:
                raise _Ended
            self._rest = [bytearray(length) for length in lengths]
            self._parts = [memoryview(part) for part in self._rest if part]
            return None
        told, data = self._rest
        self._rest, self._parts = [bytearray(), bytearray()], [memoryview(self._header)]
        said = json.loads(told)
        return Message(str(said.pop("kind")), said, bytes(data))


def _why(child: subprocess.Popen[bytes]) -> type[errors.Refused]:
    """Which refusal the end of a child means."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(timeout=10)
    return _ENDS.get(child.returncode, errors.VideoDecoderDied)


_ENDS: dict[int | None, type[errors.Refused]] = {
    -signal.SIGXCPU: errors.VideoOverTime,
    -signal.SIGXFSZ: errors.VideoOutputTooLarge,
}
