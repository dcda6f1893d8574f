"""A child that decodes what strangers made, with limits, and what it says.

It is bounded in memory, in processor time and in the size of files it writes by the kernel, in
time on the clock by us. Results come through a pipe as they are made: what came before a child
died is kept.

A message is 8 bytes, the lengths of its JSON and of its data, then both.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, TypeAlias

from annotations import errors

HEADER = struct.Struct(">II")
PIPE_BYTES = 1 << 20
F_SETPIPE_SZ = 1031  # of Linux; elsewhere the call fails and nothing is lost but speed
LONGEST = 256 << 20  # bytes of a message; a picture of 8192x8192 as JPEG stays below
TICK_SECONDS = 0.5  # after which a silent child is looked after, so that people can cancel
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


@dataclass(frozen=True)
class Message:
    """Something a child says. Kind ``tick`` comes from us while a child is silent."""

    kind: str
    facts: dict[str, Any]
    data: bytes = b""


Messages: TypeAlias = Generator[Message, None, None]
"""What a child says, as it says it. Closing it ends the child."""


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
