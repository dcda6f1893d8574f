"""The processors that a training may be told to use. No torch: the driver's own tool is asked."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

AUTO, CPU = "auto", "cpu"
_TOOL = "nvidia-smi"
_MASK = "CUDA_VISIBLE_DEVICES"


@dataclass(frozen=True)
class Device:
    """``name`` as a training takes it ("cuda:0"), ``title`` as the maker calls it."""

    name: str
    title: str
    memory_mb: int


@lru_cache(maxsize=1)
def found() -> tuple[Device, ...]:
    """The graphics cards of this machine; none where there is no driver."""
    if (tool := shutil.which(_TOOL)) is None:
        return ()
    asked = [tool, "--query-gpu=index,name,memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(_device(line) for line in answer.stdout.splitlines() if line.count(",") == 2)


def cores() -> int:
    """Processor cores that this process may use: fewer than there are where it is confined."""
    if hasattr(os, "sched_getaffinity"):  # Linux
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def names() -> tuple[str, ...]:
    """What may be chosen here."""
    return (AUTO, CPU, *(device.name for device in found()))


@contextlib.contextmanager
def taken(asked: str, cards: Sequence[str], *, locks: Path) -> Iterator[str | None]:
    """Hold a device of this machine in the block: the one asked for, or "auto": any free card.

    None where all that would do are held, by whatever process; those of a process that died are
    free. Without a card "auto" is the processor.
    """
    locks.mkdir(parents=True, exist_ok=True)
    for name in (cards or (CPU,)) if asked == AUTO else (asked,):
        lock = locks / f"device.{socket.gethostname()}.{name}.lock"
        with lock.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield name
            return
    yield None


def restrict(name: str) -> None:
    """Let this process and its children see only this device. Before torch looks for any."""
    if name == CPU:
        os.environ[_MASK] = ""
    elif name != AUTO:
        number = int(name.partition(":")[2] or 0)
        seen = [each for each in os.environ.get(_MASK, "").split(",") if each]
        os.environ[_MASK] = seen[number] if number < len(seen) else str(number)


def _device(line: str) -> Device:
    number, title, memory = (part.strip() for part in line.split(","))
    return Device(f"cuda:{number}", title, int(memory) if memory.isdecimal() else 0)
