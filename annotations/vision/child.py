"""What people want from files that strangers made, decoded in a process of its own.

libav is a million lines of C that read whatever they are given. So whoever wants something
from a recording starts ``annotations.vision.decoding`` as a child (``confined``). All limits grow
with the length and size of the picture.
"""

from __future__ import annotations

import math
import mmap
import os
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from annotations import errors
from annotations.vision import following, live
from annotations.vision.activity import Polygons
from annotations.vision.boxes import Xyxy
from annotations.vision.confined import Limits, Message, Messages, run
from annotations.vision.crops import Bgr
from annotations.vision.selection import Selection
from annotations.vision.video import VideoInfo

AHEAD = 8  # pictures decoded before they are asked for
THREAD = 64 << 20  # bytes of address space for the threads that each core brings
_GIB = 1 << 30


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
