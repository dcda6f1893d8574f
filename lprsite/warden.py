"""End every process of a tree, also when its launcher was killed without a word.

Children get a mark in their environment, which all their descendants inherit, and
a session of their own. Both are looked for, so that neither a new process group,
nor a new session, nor a lost parent hides a process.

``python -S -m lprsite.warden MARK`` reads session numbers (``+12`` joined, ``-12``
left) from its standard input; the end of that input means that the launcher is gone.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

VARIABLE = "LPR_CHILD"


def members(mark: str, sessions: Iterable[int]) -> set[int]:
    """Ids of the living processes with ``mark`` or in one of ``sessions``."""
    wanted, needle = set(sessions), f"\0{VARIABLE}={mark}".encode()
    return {pid for pid in _pids() if pid != os.getpid() and _belongs(pid, wanted, needle)}


def _belongs(pid: int, sessions: set[int], needle: bytes) -> bool:
    try:
        if os.getsid(pid) in sessions:
            return not _is_zombie(pid)
        return needle in b"\0" + Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:  # gone, another user's, or no /proc
        return False


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except OSError:
        return False


def _pids() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 (Path objects for every process are slow)
    except OSError:
        listed = subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True, check=False)
        return [int(word) for word in listed.stdout.split()]


def kill(mark: str, sessions: Iterable[int], *, seconds: float = 5.0) -> set[int]:
    """Kill all members, again until none is left; those that would not go."""
    sessions, deadline = list(sessions), time.monotonic() + seconds
    while left := members(mark, sessions):
        for pid in left:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            return left
        time.sleep(0.01)
    return set()


def main(mark: str) -> None:
    """Note the sessions until the launcher is gone, then end what is left of them."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    sessions: set[int] = set()
    for line in sys.stdin:
        session = int(line[1:])
        (sessions.add if line[0] == "+" else sessions.discard)(session)
    kill(mark, sessions)


if __name__ == "__main__":
    main(sys.argv[1])
