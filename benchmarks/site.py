"""How fast the site is there, and how much memory it takes.

    python benchmarks/site.py [--restarts 3]

Starts ``manage.py up`` on an empty data folder, waits for the first page, then stops and starts
it again. Prints seconds, and the resident and proportional memory of each process. The bundle
must have been built. Aims: first page < 8 s, restart < 3 s, web process < 150 MiB when idle.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 120.0  # seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--restarts", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lpr-benchmark-") as folder:
        with site(Path(folder)) as (seconds, pid):
            print(f"first page on an empty data folder: {seconds:.1f} s")
            time.sleep(10)  # everything has started and rests
            show_memory(pid)
        restarts = []
        for _ in range(given.restarts):
            with site(Path(folder)) as (seconds, _pid):
                restarts.append(seconds)
        print("first page on a restart: " + ", ".join(f"{s:.1f} s" for s in restarts))


@contextmanager
def site(data: Path) -> Iterator[tuple[float, int]]:
    """The running site; gives the seconds until its first page and the launcher's pid."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "manage.py",
        "up",
        "--bind",
        f"127.0.0.1:{port}",
        "--data",
        str(data),
    ]
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    begun = time.perf_counter()
    with (data / "benchmark.log").open("ab") as log:
        up = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        wait_for(f"http://127.0.0.1:{port}/", up)
        yield time.perf_counter() - begun, up.pid
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(timeout=60)


def wait_for(address: str, up: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        assert up.poll() is None, "the site ended before its first page; see benchmark.log"
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 (our own)
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise SystemExit(f"no page after {LONGEST:.0f} s")


def show_memory(launcher: int) -> None:
    """Resident and proportional memory (shared pages counted once) below the launcher."""
    total = 0
    for pid in tree(launcher):
        sizes = dict(
            line.split(":", 1)
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        )
        rss, pss = (int(sizes[name].split()[0]) // 1024 for name in ("Rss", "Pss"))
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        print(f"  {rss:5} MiB resident {pss:5} MiB proportional  {' '.join(words[1:])[:70]}")
        total += pss
    print(f"  all processes together: {total} MiB")


def tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:  # it has just ended
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


if __name__ == "__main__":
    main()
