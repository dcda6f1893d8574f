"""``manage.py demo``: the whole line on drawn videos, unattended, through the real workers.

Starts ``up`` on the data folder, then does what a person would do: brings a video in, takes
frames, imports boxes from a Cloud Annotations zip, transcribes, freezes, trains both
networks, reads a second video, and compares the reads with what was drawn.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lprsite.errors import Refused
from lprsite.launcher import data_folder

ROOT = Path(__file__).resolve().parent.parent
ENOUGH = 0.8  # share of the passages that must be read right
READY_SECONDS = 120.0
SMALLEST_READABLE = 26.0  # pixels of plate width that a person would still try to read


class DemoStopped(Refused):
    en = "The demo stopped at “{step}”: {why}"
    es = "La demostración se detuvo en «{step}»: {why}"


@dataclass(frozen=True)
class Size:
    """How much is drawn and trained. The default takes at most ten minutes on two cores."""

    vehicles: int = 30
    test_vehicles: int = 15
    picture: tuple[int, int] = (640, 360)
    fps: float = 10.0
    frames_a_second: float = 1.0
    detector: tuple[tuple[str, Any], ...] = (
        ("preset", "quick"),
        ("epochs", 14),
        ("window_until", 0.86),
    )
    recognizer: tuple[tuple[str, Any], ...] = (
        ("preset", "quick"),
        ("synthetic", 1000),
        ("epochs", 6),
    )


@dataclass
class Line:
    """The demo's table: one line per step, with the seconds it took."""

    quiet: bool = False
    rows: list[tuple[str, str, float]] = field(default_factory=list)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Time a step; what the block appends is shown as its outcome."""
        said: list[str] = []
        begun = time.monotonic()
        sys.stdout.write(f"{name} ...\n")
        sys.stdout.flush()
        try:
            yield said
        except Refused as refusal:
            raise DemoStopped(step=name, why=refusal.sentence()) from refusal
        spent = time.monotonic() - begun
        self.rows.append((name, ", ".join(said), spent))
        sys.stdout.write(f"  {', '.join(said)} ({spent:.0f} s)\n")
        sys.stdout.flush()

    def table(self) -> str:
        """All steps, what came out of them, and their time."""
        name = max(len(row[0]) for row in self.rows)
        said = max(len(row[1]) for row in self.rows)
        lines = [f"{a:<{name}}  {b:<{said}}  {c:6.1f} s" for a, b, c in self.rows]
        total = sum(row[2] for row in self.rows)
        return "\n".join([*lines, f"{'together':<{name}}  {'':<{said}}  {total:6.1f} s"])


def main(arguments: Sequence[str]) -> int:
    """Returns 0 when at least 80 % of the passages were read right (and serving ended)."""
    parser = argparse.ArgumentParser(prog="manage.py demo", description=__doc__)
    parser.add_argument("--no-serve", action="store_true", help="stop everything at the end")
    parser.add_argument("--bind", default="127.0.0.1:8000", metavar="HOST:PORT")
    parser.add_argument("--data", metavar="DIR", help="data folder (default: LPR_DATA, else data/)")
    parser.add_argument("--vehicles", type=int, default=Size.vehicles)
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON at the end")
    options = parser.parse_args(arguments)
    os.environ["LPR_DATA"] = str(data_folder(options.data))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return _with_site(options)
    except Refused as refusal:  # the site did not start
        sys.stderr.write(f"{refusal.sentence()}\n")
        return 1


def _with_site(options: argparse.Namespace) -> int:
    with site(options.bind) as server:
        try:
            outcome = play(Size(vehicles=options.vehicles), server.address)
        except Refused as refusal:
            sys.stderr.write(f"{refusal.sentence()}\n")
            return 1
        except KeyboardInterrupt:
            sys.stderr.write("Stopped.\n")
            return 130
        if options.json:
            sys.stdout.write(json.dumps(outcome) + "\n")
        if not options.no_serve:
            server.serve()
    return 0 if outcome["share"] >= ENOUGH else 1


class Site:
    """A running ``up``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.address = ""
        self.login: list[str] = []
        self.last_words: list[str] = []
        self._ready = threading.Event()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.last_words = [*self.last_words[-9:], line.strip()]
            if found := re.search(r"is ready: (\S+)", line):
                self.address = found[1]
                self._ready.set()
            elif "First administrator" in line:
                self.login.append(line.partition("]")[2].strip() or line.strip())
        self._ready.set()

    def wait(self) -> None:
        """Until the pages answer. Raises DemoStopped with the last words of ``up``."""
        if not self._ready.wait(READY_SECONDS) or not self.address:
            words = " ".join(self.last_words) or "it did not start"
            raise DemoStopped(step="start the site", why=words)

    def serve(self) -> None:
        """Stay until somebody stops it."""
        sys.stdout.write("\n".join([f"Look at all of it: {self.address}", *self.login]) + "\n")
        sys.stdout.write("Ctrl-C stops it.\n")
        sys.stdout.flush()
        with contextlib.suppress(KeyboardInterrupt):
            self.process.wait()

    def stop(self) -> None:
        """End it as Ctrl-C would."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)
        self.process.wait()


@contextlib.contextmanager
def site(bind: str) -> Iterator[Site]:
    """``up`` on the data folder, for as long as the block runs."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-S", "-m", "lprsite.child", str(os.getpid())),
            *(sys.executable, "-u", str(ROOT / "manage.py"), "up", "--bind", bind),
        ],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    server = Site(process)
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def play(size: Size, address: str) -> dict[str, Any]:
    """All steps; returns the outcome: passages, right reads, share, seconds per step."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "lprsite.settings"
    import django

    django.setup()
    from lprsite.demo_steps import Demo

    line = Line()
    demo = Demo(size, line)
    demo.run()
    outcome = demo.outcome()
    sys.stdout.write(f"\n{line.table()}\n\n")
    sys.stdout.write(
        f"{outcome['right']} of {outcome['passages']} passages read right "
        f"({outcome['share']:.0%}), {outcome['reads']} reads; {address}/p/{outcome['project']}\n"
    )
    sys.stdout.flush()
    return {**outcome, "seconds": {name: round(spent, 1) for name, _, spent in line.rows}}
