"""How fast a large file comes in, and what it costs the web process in memory.

    python benchmarks/upload.py [--gb 3] [--files 1] [--piece-mb 16] [--breaks 10]

Makes a data folder of its own, starts the web process on a free port and sends files over tus
as the browser does: pieces of 16 MB, the connection broken off in the middle of some of them.
Prints MB/s, the web process's memory (RSS) before, at its highest, and after, how long a page
of the API took meanwhile, and whether what lies on the disk has the hash of what was sent. The
aim is under 200 MiB, whatever the size.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import http.client
import json
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
MB, GB = 1024**2, 1024**3
BLOCK = 256 * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gb", type=float, default=3.0, help="size of each file")
    parser.add_argument("--files", type=int, default=1, help="side by side")
    parser.add_argument("--piece-mb", type=int, default=16)
    parser.add_argument("--breaks", type=int, default=10, help="in each file")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lpr-upload-") as folder:
        os.environ["LPR_DATA"] = folder
        for name in ("REDIS_URL", "DATABASE_URL"):
            os.environ.pop(name, None)
        token, project = prepared()
        with web_process() as (port, pid), watching(port, pid, token, project) as seen:
            senders = [
                Sender(port, token, project, int(given.gb * GB), given.piece_mb * MB, seed)
                for seed in range(given.files)
            ]
            began = time.perf_counter()
            with ThreadPoolExecutor(given.files) as pool:
                for ended in [pool.submit(one.send, given.breaks) for one in senders]:
                    ended.result()
            seconds = time.perf_counter() - began
        whole = {hash_of(path) for path in Path(folder, "files", "uploads").iterdir()}
    print(f"{given.files} x {given.gb:g} GB in pieces of {given.piece_mb} MB")
    print(f"  {given.files * given.gb * 1024 / seconds:.0f} MB/s, {seconds:.1f} s")
    print(f"  broken off {sum(one.broken for one in senders)} times")
    print(f"  memory of the web process: {seen.before} MiB, at most {max(seen.rss)} MiB")
    waits = sorted(seen.waits)
    p95 = waits[int(len(waits) * 0.95)]
    print(f"  list of uploads meanwhile: p50 {statistics.median(waits):.0f}, p95 {p95:.0f} ms")
    print(f"  hashes {'agree' if whole == {one.sha256 for one in senders} else 'DIFFER'}")


def prepared() -> tuple[str, int]:
    """An empty site with one project; returns (token of its manager, project)."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "lprsite.settings"
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from rest_framework.authtoken.models import Token

    from annotations import projects

    call_command("migrate", verbosity=0)
    user = User.objects.create_user("bench")
    return Token.objects.create(user=user).key, projects.create("Benchmark", by=user).pk


@contextmanager
def web_process() -> Iterator[tuple[int, int]]:
    """The web as ``up`` starts it, on a free port; gives (port, process id)."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port, handle = listening.getsockname()[1], listening.fileno()
        command = [sys.executable, "-m", "lprsite.web", str(handle)]
        process = subprocess.Popen(command, cwd=ROOT, pass_fds=[handle])
    try:
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(timeout=20)


class Seen:
    """What was measured while files came in."""

    def __init__(self) -> None:
        self.before = 0
        self.rss: list[int] = []
        self.waits: list[float] = []


@contextmanager
def watching(port: int, pid: int, token: str, project: int) -> Iterator[Seen]:
    """Look at the memory of the web process and ask it for a page, five times a second."""
    seen, over = Seen(), threading.Event()
    headers = {"Authorization": f"Token {token}"}

    def look() -> None:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while not over.wait(0.2):
            began = time.perf_counter()
            client.request("GET", f"/api/v1/uploads/?project={project}", headers=headers)
            assert client.getresponse().read()
            seen.waits.append(1000 * (time.perf_counter() - began))
            seen.rss.append(memory(pid))

    client = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(20):
        client.request("GET", f"/api/v1/uploads/?project={project}", headers=headers)
        client.getresponse().read()
    seen.before = memory(pid)
    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def memory(pid: int) -> int:
    """Resident memory in MiB (Linux)."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


class Sender:
    """Sends one file of repeating noise, and breaks off now and then."""

    def __init__(
        self, port: int, token: str, project: int, size: int, piece: int, seed: int
    ) -> None:
        self.port, self.size, self.piece = port, size, piece
        self.random = random.Random(seed)
        self.block = self.random.randbytes(BLOCK)
        self.headers = {"Authorization": f"Token {token}", "Tus-Resumable": "1.0.0"}
        self.client = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.broken = 0
        self.project, self.place = project, ""
        digest, left = hashlib.sha256(), size
        while left:
            digest.update(self.block[: min(left, BLOCK)])
            left -= min(left, BLOCK)
        self.sha256 = digest.hexdigest()

    def send(self, breaks: int) -> None:
        """Send it all; ``breaks`` times the connection is cut within a piece."""
        self._announce()
        cuts = sorted(self.random.randrange(self.size) for _ in range(breaks))
        offset = 0
        while offset < self.size:
            end = min(self.size, offset + self.piece)
            if cuts and cuts[0] < end:
                self._break_off(offset, end, max(offset, cuts.pop(0)))
                offset = int(self._ask("HEAD", self.place, {}, 200)["upload-offset"])
                continue
            body = self._bytes(offset, end)
            headers = {**self._piece(offset), "Content-Length": str(end - offset)}
            self.client.request("PATCH", self.place, body, {**self.headers, **headers})
            answer = self.client.getresponse()
            said = answer.read()
            if answer.status == 409:  # the piece that was cut was still being written down
                offset = json.loads(said)["offset"]
                continue
            assert answer.status == 204, (answer.status, said)
            offset = int(answer.headers["Upload-Offset"])

    def _announce(self) -> None:
        said = {"filename": f"{self.sha256[:8]}.mp4", "project": str(self.project)}
        pairs = (f"{name} {base64.b64encode(v.encode()).decode()}" for name, v in said.items())
        metadata = {"Upload-Length": str(self.size), "Upload-Metadata": ",".join(pairs)}
        self.place = self._ask("POST", "/api/v1/uploads/", metadata, 201)["location"]

    def _break_off(self, offset: int, end: int, cut: int) -> None:
        other = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        other.putrequest("PATCH", self.place)
        said = {**self.headers, **self._piece(offset), "Content-Length": str(end - offset)}
        for name, value in said.items():
            other.putheader(name, value)
        other.endheaders()
        for block in self._bytes(offset, cut):
            other.send(block)
        other.close()
        self.broken += 1

    def _piece(self, offset: int) -> dict[str, str]:
        return {"Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}

    def _bytes(self, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            inside = start % BLOCK
            part = self.block[inside : inside + min(BLOCK - inside, end - start)]
            yield part
            start += len(part)

    def _ask(self, method: str, path: str, headers: dict[str, str], status: int) -> Any:
        self.client.request(method, path, headers={**self.headers, **headers})
        answer = self.client.getresponse()
        said = answer.read()
        assert answer.status == status, (answer.status, said)
        return {name.lower(): value for name, value in answer.getheaders()}


def hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    main()
