"""The child of ``annotations.vision.confined``: limits itself, decodes, says what it finds."""

from __future__ import annotations

import errno
import json
import mmap
import os
import resource
import select
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np

from annotations import errors
from annotations.vision import captions, condensing, crops, live, preview, small, video
from annotations.vision.activity import ROW, Meter
from annotations.vision.confined import HEADER
from annotations.vision.following import Follower
from annotations.vision.selection import TICK, Chooser, Selection
from annotations.vision.streams import DecodeReport
from annotations.vision.video import Decoded
from lprsite.child import ask_to_die_with_parent

ENCODERS = 2
WAITING = 6  # pictures between decoder and encoders
ROWS = 500  # figures sent at once
SAY_SECONDS = 0.25
STILL_WIDTH = 960  # pixels

Order: TypeAlias = dict[str, Any]


class Voice:
    """The pipe to the parent."""

    def __init__(self, handle: int) -> None:
        self._handle = handle
        self._said = 0.0

    def say(self, kind: str, facts: Order | None = None, *data: bytes) -> None:
        """Send one message, whole."""
        told = json.dumps({"kind": kind, **(facts or {})}).encode()
        length = sum(len(part) for part in data)
        parts = [memoryview(HEADER.pack(len(told), length) + told)]
        parts += [memoryview(part) for part in data if part]
        while parts:
            count = os.writev(self._handle, parts)
            while parts and count >= len(parts[0]):
                count -= len(parts.pop(0))
            if count:
                parts[0] = parts[0][count:]

    def seconds(self, done: float) -> None:
        """Say how far the work is, four times a second at most."""
        now = time.monotonic()
        if now - self._said >= SAY_SECONDS:
            self._said = now
            self.say("seconds", {"done": done})


def _probe(order: Order, given: bytes, voice: Voice) -> None:
    path = Path(order["path"])
    info = video.probe(path)
    if order["thumbnail"]:
        Path(order["thumbnail"]).write_bytes(video.thumbnail(path))
    voice.say("info", info.as_json())


def _measure(order: Order, given: bytes, voice: Voice) -> None:
    report = DecodeReport()
    rows = Rows(Meter(order["ignore"]), voice)
    for frame in video.decode(Path(order["path"]), report=report):
        rows.measure(frame)
        voice.seconds(frame.seconds)
    rows.send()
    voice.say("report", _told(report))


def _take(order: Order, given: bytes, voice: Voice) -> None:
    """One decode pass: figures of all frames, pictures of those taken."""
    known = set(np.frombuffer(given[: order["known"]], np.int64).tolist())
    taken = _taken(order, given[order["known"] :])
    report = DecodeReport()
    meter = Meter(order["ignore"]) if order["measure"] else None
    rows = Rows(meter, voice) if meter else None
    stretches = [(begin, end) for begin, end in order["stretches"]]
    frames = video.decode(Path(order["path"]), stretches=stretches, report=report)
    with ThreadPoolExecutor(ENCODERS) as pool:
        pictures = Pictures(pool, voice, order["small"])
        for frame in frames:
            _, _, motion, dhash, _ = rows.measure(frame) if rows else (0, 0, 0.0, 0, False)
            if taken(frame, motion, dhash):
                if frame.pts in known:
                    voice.say("known", {"pts": frame.pts, "seconds": frame.seconds})
                else:
                    pictures.add(frame, dhash if rows else None)
            pictures.send(WAITING)
            voice.seconds(frame.seconds)
        pictures.send(0)
    if rows:
        rows.send()
    voice.say("report", _told(report))


def _pictures(order: Order, given: bytes, voice: Voice) -> None:
    """Frames into memory that the parent sees too, as far ahead as there are free slots."""
    slots = np.frombuffer(mmap.mmap(order["memory"], 0), np.uint8).reshape(order["shape"])
    stretches = [(begin, end) for begin, end in order["stretches"]]
    decoded = video.decode(Path(order["path"]), stretches=stretches)
    chosen = _by_stretch(_heard(decoded, voice), Selection(**order["rule"]), stretches)
    for number, frame in enumerate(chosen):
        picture = frame.bgr()
        if not os.read(order["free"], 1):
            return  # the parent is gone
        slot = number % len(slots)
        slots[slot] = picture
        voice.say("frame", {"pts": frame.pts, "seconds": frame.seconds, "slot": slot})


def _by_stretch(
    frames: Iterable[Decoded], rule: Selection, stretches: list[tuple[float, float | None]]
) -> Iterator[Decoded]:
    """The frames a plain rule takes, anew in each stretch: the ones before do not matter."""
    ahead, chooser = list(stretches), Chooser(rule)
    for frame in frames:
        while ahead[0][1] is not None and frame.seconds >= ahead[0][1] - TICK:
            ahead.pop(0)
            chooser = Chooser(rule)
        if chooser.takes(frame):
            yield frame


def _heard(frames: Iterable[Decoded], voice: Voice) -> Iterator[Decoded]:
    """The same frames; the parent hears how far they are, also where none is taken."""
    for frame in frames:
        voice.seconds(frame.seconds)
        yield frame


def _taken(order: Order, wanted: bytes) -> Callable[[Decoded, float, int], bool]:
    """Whether a frame is taken, asked in order of time."""
    if order["chosen"]:
        pts = set(np.frombuffer(wanted, np.int64).tolist())
        return lambda frame, _motion, _dhash: frame.pts in pts
    rule = Selection(**order["rule"])
    chooser = Chooser(rule)

    def takes(frame: Decoded, motion: float, dhash: int) -> bool:
        if frame.seconds < rule.start - TICK:
            return False
        return chooser.takes(frame, motion=motion, dhash=dhash)

    return takes


class Rows:
    """Figures of the activity on their way to the parent."""

    def __init__(self, meter: Meter, voice: Voice) -> None:
        self._meter, self._voice = meter, voice
        self._rows: list[tuple[int, int, float, int, bool]] = []

    def measure(self, frame: Decoded) -> tuple[int, int, float, int, bool]:
        """The figures of this frame, a ``ROW``."""
        row = self._meter.measure(frame)
        self._rows.append(row)
        if len(self._rows) >= ROWS:
            self.send()
        return row

    def send(self) -> None:
        self._voice.say("rows", {}, np.array(self._rows, ROW).tobytes())
        self._rows.clear()


class Pictures:
    """Frames on their way through the encoders to the parent, in order of time."""

    def __init__(self, pool: ThreadPoolExecutor, voice: Voice, small: tuple[int, int]) -> None:
        self._pool, self._voice, self._small = pool, voice, small
        self._waiting: deque[Future[tuple[Order, bytes, bytes]]] = deque()

    def add(self, frame: Decoded, dhash: int | None) -> None:
        """Have a frame encoded; its hash where it is known."""
        self._waiting.append(self._pool.submit(_encoded, frame, dhash, *self._small))

    def send(self, may_wait: int) -> None:
        """Send what is ready, and wait until at most ``may_wait`` are on their way."""
        while self._waiting and (len(self._waiting) > may_wait or self._waiting[0].done()):
            facts, picture, copy = self._waiting.popleft().result()
            self._voice.say("picture", facts, picture, copy)


def _encoded(
    frame: Decoded, dhash: int | None, small_width: int, quality: int
) -> tuple[Order, bytes, bytes]:
    bgr = frame.bgr()
    picture = crops.encode_jpeg(bgr)
    copy = crops.encode_jpeg(small.narrowed(bgr, small_width), quality)
    facts = {
        "pts": frame.pts,
        "index": frame.index,
        "seconds": frame.seconds,
        "width": bgr.shape[1],
        "height": bgr.shape[0],
        "dhash": f"{frame.dhash() if dhash is None else dhash:016x}",
        "jpeg": len(picture),
    }
    return facts, picture, copy


def _told(report: DecodeReport) -> Order:
    return {**asdict(report), "missing": report.missing, "complete": report.complete}


def _preview(order: Order, given: bytes, voice: Voice) -> None:
    rows, report = Rows(Meter(order["ignore"]), voice), DecodeReport()
    made = preview.make_preview(
        Path(order["path"]),
        Path(order["target"]),
        progress=voice.seconds,
        transcode=order["transcode"],
        look=rows.measure,
        report=report,
    )
    rows.send()
    if not made.copied:
        voice.say("report", _told(report))
    voice.say("made", asdict(made))


def _condense(order: Order, given: bytes, voice: Voice) -> None:
    made = condensing.condense(
        Path(order["path"]),
        Path(order["target"]),
        [(begin, end) for begin, end in order["keep"]],
        progress=voice.seconds,
    )
    voice.say("made", asdict(made))


def _follow(order: Order, given: bytes, voice: Voice) -> None:
    """Follow plates between the frames that have boxes; what is met is told frame by frame."""
    by, follower = order["reduction"], Follower()
    boxes = {
        int(pts): {pk: (x1 / by, y1 / by, x2 / by, y2 / by) for pk, x1, y1, x2, y2 in rows}
        for pts, rows in order["boxes"].items()
    }
    stretches = [(begin, end) for begin, end in order["stretches"]]
    begins = [begin for begin, _ in stretches]
    for frame in video.decode(Path(order["path"]), stretches=stretches):
        if begins and frame.seconds >= begins[0] - TICK:
            begins.pop(0)
            follower.forget()
        here = boxes.get(frame.pts)
        if here or not follower.idle:
            pairs = follower.look(frame.brightness(by), frame.seconds, here)
            if here:
                voice.say("pairs", {"pairs": pairs, "seconds": frame.seconds})
        voice.seconds(frame.seconds)


def _annotate(order: Order, given: bytes, voice: Voice) -> None:
    drawn = captions.annotate(
        Path(order["path"]),
        Path(order["target"]),
        [captions.Caption(text, keys) for text, keys in order["captions"]],
        progress=voice.seconds,
    )
    voice.say("made", {"frames": drawn})


def _still(order: Order, given: bytes, voice: Voice) -> None:
    """One picture of what a camera sends, made smaller."""
    seen = live.still(given.decode())
    height, width = seen.bgr.shape[:2]
    facts = {"width": width, "height": height, "codec": seen.codec}
    voice.say("picture", facts, crops.encode_jpeg(small.narrowed(seen.bgr, STILL_WIDTH), 80))


def _record(order: Order, given: bytes, voice: Voice) -> None:
    """What a camera sends, in pieces, until the parent closes its end of the pipe ``stop``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of the terminal: the parent says when
    pieces = live.record(
        given.decode(),
        Path(order["folder"]),
        seconds=order["seconds"],
        stopped=lambda: bool(select.select([order["stop"]], [], [], 0)[0]),
        tell=voice.seconds,
    )
    for piece in pieces:
        facts = {"path": str(piece.path), "begun": piece.begun, "seconds": piece.seconds}
        voice.say("piece", facts)


WORKS: dict[str, Callable[[Order, bytes, Voice], None]] = {
    "probe": _probe,
    "measure": _measure,
    "take": _take,
    "pictures": _pictures,
    "preview": _preview,
    "condense": _condense,
    "follow": _follow,
    "annotate": _annotate,
    "record": _record,
    "still": _still,
}


def _limit(limits: Order) -> None:
    for what, soft, hard in (
        (resource.RLIMIT_AS, limits["memory"], limits["memory"]),
        (resource.RLIMIT_CPU, limits["cpu"], limits["cpu"] + 5),
        (resource.RLIMIT_FSIZE, *(2 * [limits["output"] or 1 << 20])),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        most = resource.getrlimit(what)[1]
        if most != resource.RLIM_INFINITY:
            soft, hard = min(soft, most), min(hard, most)
        resource.setrlimit(what, (soft, hard))


def _work(order: Order, given: bytes, voice: Voice) -> None:
    """Do the work; what stops it is told in the parent's words."""
    refusal: tuple[str, Order] | None = None
    try:
        WORKS[order["work"]](order, given, voice)
    except errors.Refused as refused:
        refusal = refused.code, refused.facts
    except MemoryError:
        refusal = "VideoOverMemory", {"name": ""}
    except OSError as error:
        if error.errno != errno.EFBIG:
            raise
        refusal = "VideoOutputTooLarge", {"name": ""}
    if refusal:
        voice.say("refused", {"code": refusal[0], "facts": refusal[1]})
    else:
        voice.say("end")


def _read(length: int) -> Iterator[bytes]:
    while length and (part := sys.stdin.buffer.read(length)):
        length -= len(part)
        yield part


def main() -> None:
    ask_to_die_with_parent()
    told, data = HEADER.unpack(b"".join(_read(HEADER.size)))
    order, given = json.loads(b"".join(_read(told))), b"".join(_read(data))
    if os.getppid() != order["parent"]:
        raise SystemExit("The process that asked for this is gone.")
    voice = Voice(os.dup(1))
    os.dup2(2, 1)  # nothing else may write between the messages
    cv2.setNumThreads(1)
    _limit(order["limits"])
    _work(order, given, voice)


if __name__ == "__main__":
    main()
