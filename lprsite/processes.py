"""Children of the launcher: started, listened to, started again, ended in order.

One thread, so that the kernel's parent-death signal means this process and no thread
of it. Only the standard library: the launcher stays small beside its children.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from lprsite import warden

ROOT = Path(__file__).resolve().parent.parent
LOG_BYTES = 5_000_000
DEATHS_ALLOWED, DEATHS_WINDOW = 5, 60.0  # after the fifth death in a minute we give up
FIRST_DELAY = 0.5


@dataclass(frozen=True)
class Program:
    """What a child is: its command, and how it is treated when it ends or must end."""

    name: str
    command: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    pass_fds: tuple[int, ...] = ()
    essential: bool = False  # everything stops when this one cannot be kept alive
    quiet: bool = False  # what it says goes to its log file only
    once: bool = False  # ends by itself; never started again
    stage: int = 0  # programs of a lower stage are ended first
    ending: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 8.0),)
    before: Callable[[tuple[str, ...]], None] | None = None  # gets the last lines it said


class LogFile:
    """A file that starts anew when it is full, keeping one predecessor."""

    def __init__(self, path: Path, limit: int = LOG_BYTES) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path, self.limit = path, limit
        self.file = path.open("ab", buffering=0)

    def write(self, line: bytes) -> None:
        """Append one line; a full disk loses the line, not the child."""
        with contextlib.suppress(OSError):
            if self.file.tell() + len(line) > self.limit:
                self.file.close()
                self.path.replace(self.path.with_name(f"{self.path.name}.1"))
                self.file = self.path.open("ab", buffering=0)
            self.file.write(line)

    def close(self) -> None:
        self.file.close()


class Child:
    """One program and its present process, if it has one."""

    def __init__(self, program: Program, log: LogFile, mark: str) -> None:
        self.program, self.log, self.mark = program, log, mark
        self.process: subprocess.Popen[bytes] | None = None
        self.deaths: deque[float] = deque(maxlen=DEATHS_ALLOWED)
        self.due: float | None = None  # when to start again
        self.tail: deque[str] = deque(maxlen=30)
        self.rest, self.silent = b"", False
        self.returncode: int | None = None

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> subprocess.Popen[bytes]:
        """A new process in a session of its own, with our mark, dying with us."""
        self.due = self.returncode = None
        if self.program.before:
            self.program.before(tuple(self.tail))
        self.tail.clear()
        self.silent = False
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-m", "lprsite.child", str(os.getpid()), *self.program.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env={**os.environ, **self.program.env, warden.VARIABLE: self.mark},
            pass_fds=self.program.pass_fds,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)
        return self.process

    def signal(self, number: signal.Signals) -> None:
        """To the leader only: Celery and uvicorn tell their own children themselves."""
        if self.process and self.alive:
            self.process.send_signal(number)

    def lines(self) -> Iterator[str]:
        """Whole lines said since the last call, also kept in the log file."""
        assert self.process is not None and self.process.stdout is not None
        with contextlib.suppress(BlockingIOError):
            while piece := os.read(self.process.stdout.fileno(), 65536):
                self.rest += piece
            self.silent = True  # the end of the pipe, not a pause
        *whole, self.rest = self.rest.split(b"\n")
        for line in whole:
            self.log.write(line + b"\n")
            self.tail.append(line.decode(errors="replace").rstrip())
            yield self.tail[-1]

    def close(self) -> None:
        """Forget the process, which has ended."""
        assert self.process is not None and self.process.stdout is not None
        self.returncode = self.process.wait()
        self.process.stdout.close()
        self.process, self.rest = None, b""

    def delay(self, now: float) -> float | None:
        """Note a death; seconds until the next start, None to give up."""
        while self.deaths and now - self.deaths[0] > DEATHS_WINDOW:
            self.deaths.popleft()
        self.deaths.append(now)
        if len(self.deaths) >= DEATHS_ALLOWED:
            return None
        return FIRST_DELAY * float(2 ** (len(self.deaths) - 1))


class Supervisor:
    """Keeps the children of one launch, until it is asked to stop or cannot go on."""

    def __init__(self, logs: Path, *, out: IO[str] = sys.stdout) -> None:
        self.logs, self.out = logs, out
        self.mark = secrets.token_hex(8) + "/"
        self.children: dict[str, Child] = {}
        self.selector = selectors.DefaultSelector()
        self.stopping = False
        self.failure = ""
        self.signals = 0
        self.warden = self._start_warden()

    # starting

    def start(self, program: Program) -> Child:
        """Start a program for the first time."""
        log = LogFile(self.logs / f"{program.name}.log")
        child = Child(program, log, f"{self.mark}{len(self.children)}/")
        self.children[program.name] = child
        self._launch(child)
        return child

    def _launch(self, child: Child) -> None:
        process = child.start()
        self._tell_warden(f"+{process.pid}")
        assert process.stdout is not None
        self.selector.register(process.stdout, selectors.EVENT_READ, child)

    def _start_warden(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-S", "-m", "lprsite.warden", self.mark],
            stdin=subprocess.PIPE,
            cwd=ROOT,
            start_new_session=True,
            env={key: value for key, value in os.environ.items() if key != warden.VARIABLE},
        )

    def _tell_warden(self, line: str) -> None:
        if self.warden.poll() is not None:  # someone ended it: another takes its place
            self._close_warden()
            self.warden = self._start_warden()
            for child in self.children.values():
                if child.process and f"+{child.process.pid}" != line:
                    self._tell_warden(f"+{child.process.pid}")
        assert self.warden.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.warden.stdin.write(line.encode() + b"\n")
            self.warden.stdin.flush()

    def _close_warden(self) -> None:
        assert self.warden.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.warden.stdin.close()
        self.warden.wait()

    # listening

    def listen_for_signals(self) -> None:
        """From here on INT, TERM and HUP ask to stop; a second one stops at once."""
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        signal.set_wakeup_fd(writer)
        self.selector.register(reader, selectors.EVENT_READ, None)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def _on_signal(self, *_: object) -> None:
        self.signals += 1
        self.stopping = True

    def turn(self, seconds: float = 0.5) -> None:
        """Listen once: pass on what children say, notice deaths, start what is due."""
        for key, _ in self.selector.select(seconds):
            if isinstance(key.data, Child):
                self._pass_on(key.data)
            else:
                os.read(key.fd, 512)
        for child in list(self.children.values()):
            if child.process and not child.alive:
                self._bury(child)
            elif child.due is not None and time.monotonic() >= child.due and not self.stopping:
                self._launch(child)
        if self.warden.poll() is not None and not self.stopping:
            self._tell_warden("-0")

    def run_until(self, ready: Callable[[], bool], seconds: float) -> bool:
        """Listen until ``ready()``; False after ``seconds``, or when all must stop."""
        deadline = time.monotonic() + seconds
        while not ready():
            if self.stopping or self.failure or time.monotonic() > deadline:
                return False
            self.turn(0.02)
        return True

    def run(self) -> None:
        """Listen until asked to stop, or until an essential program is given up."""
        while not self.stopping and not self.failure:
            self.turn()

    def _pass_on(self, child: Child) -> None:
        for line in child.lines():
            if not child.program.quiet:
                self.say(f"{child.name:<7} | {line}")
        if child.silent and child.process and child.process.stdout:
            with contextlib.suppress(KeyError):  # told so before
                self.selector.unregister(child.process.stdout)

    def say(self, line: str) -> None:
        """A line for people; nobody reading it must not end us."""
        with contextlib.suppress(OSError, ValueError):
            print(line, file=self.out, flush=True)

    # ending

    def _bury(self, child: Child) -> None:
        """The leader has ended: end what it left, and decide what comes next."""
        process = child.process
        assert process is not None and process.stdout is not None
        warden.kill(child.mark, [process.pid])
        self._pass_on(child)
        with contextlib.suppress(KeyError):
            self.selector.unregister(process.stdout)
        child.close()
        self._tell_warden(f"-{process.pid}")
        if not child.program.once and not self.stopping:
            self._decide(child)

    def _decide(self, child: Child) -> None:
        now, how = time.monotonic(), reason(child.returncode)
        delay = child.delay(now)
        if delay is not None:
            child.due = now + delay
            self.say(f"{child.name} {how}; it starts again in {delay:g} s.")
            return
        sentence = (
            f"{child.name} {how} for the {DEATHS_ALLOWED}th time in a minute and is given up; "
            f"its last words are in {child.log.path}."
        )
        self.say(sentence)
        if child.program.essential:
            self.failure = sentence

    def stop(self) -> None:
        """End all children in their order, politely first; nothing is left afterwards."""
        self.stopping = True
        patience = max(self.signals, 1)
        for stage in sorted({child.program.stage for child in self.children.values()}):
            group = [c for c in self.children.values() if c.program.stage == stage]
            self._end(group, patience)
        sessions = [c.process.pid for c in self.children.values() if c.process]
        warden.kill(self.mark, sessions)
        for child in self.children.values():
            if child.process:
                self._bury(child)
            child.log.close()
        self._close_warden()

    def _end(self, group: list[Child], patience: int) -> None:
        steps = max((c.program.ending for c in group), key=len)
        for number, seconds in steps:
            for child in group:
                child.signal(number)
            deadline = time.monotonic() + seconds
            while any(c.process for c in group) and time.monotonic() < deadline:
                if self.signals > patience:
                    break  # asked twice: no more waiting
                self.turn(0.05)
        for child in group:
            if child.process:
                warden.kill(child.mark, [child.process.pid])
        self.turn(0)


def reason(returncode: int | None) -> str:
    """How a process ended, in words."""
    if returncode is None or returncode >= 0:
        return f"ended with code {returncode}"
    return f"was ended by {signal.Signals(-returncode).name}"
