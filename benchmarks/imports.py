"""How long 12,000 pictures take to come in from a zip, and how the site answers meanwhile.

    python benchmarks/imports.py [--pictures 12000] [--size 640x360] [--idle 10]

Makes a data folder of its own with a zip of JPEG pictures, each with a car and a plate in
YOLO labels, and with 2,000 crops to transcribe; starts ``manage.py up`` on it, brings the
zip in by its path as a person would (look, map, import), and asks all the while for the list
of frames and saves transcriptions, as the page does. Prints seconds of both jobs, the CPU
seconds of the worker, and milliseconds of the site while idle and while importing. The aims:
the import within 60 s, p95 of list and save below 100 ms.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CROPS = 2000
KINDS = 40  # different pictures; a comment makes every file another
LABELS = "0 0.5 0.5 0.4 0.4\n1 0.5 0.6 0.08 0.04"
THINKING = 0.05  # seconds between two requests of the person
ENDED = ("succeeded", "failed", "cancelled")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=12_000)
    parser.add_argument("--size", default="640x360", help="of each picture")
    parser.add_argument("--idle", type=float, default=10.0, help="seconds measured before")
    given = parser.parse_args()
    width, height = (int(edge) for edge in given.size.split("x"))
    with tempfile.TemporaryDirectory(prefix="lpr-imports-") as folder:
        opened = Path(folder, "open")
        opened.mkdir()
        os.environ["LPR_DATA"] = str(Path(folder, "data"))
        os.environ["LPR_SERVER_FOLDER"] = str(opened)
        for name in ("REDIS_URL", "DATABASE_URL"):
            os.environ.pop(name, None)
        write_zip(opened / "set.zip", given.pictures, (width, height))
        size = (opened / "set.zip").stat().st_size
        token, project = prepared()
        with site() as (port, tree):
            person = Person(port, token, project)
            idle = person.measured_for(given.idle)
            client = Client(port, token)
            batch = client.call("POST", "imports/", {"project": project, "path": "set.zip"})
            with person.meanwhile() as looking:
                looked = client.until_done(batch["job"])
            cpu = cpu_seconds(tree)
            mapping = {"mapping": {"0": "car", "1": "plate"}}
            job = client.call("POST", f"imports/{batch['id']}/start/", mapping)
            with person.meanwhile() as importing:
                ran = client.until_done(job["id"])
            cpu = cpu_seconds(tree) - cpu
            counts = client.call("GET", f"imports/{batch['id']}/")["counts"]
    load = os.getloadavg()[0]
    print(f"{given.pictures:,} pictures of {given.size}, {size / 1e6:.0f} MB, load {load:.1f}")
    print(f"  looked at in {looked:.1f} s, imported in {ran:.1f} s ({cpu:.0f} s of CPU): {counts}")
    print(f"  {'':24}{'p50 ms':>8}{'p95 ms':>8}{'worst':>8}{'times':>8}")
    for state, spent in (("idle", idle), ("looking", looking), ("importing", importing)):
        for name, values in spent.items():
            if len(values) > 1:
                steps = statistics.quantiles(values, n=100)
                said = f"{steps[49]:8.1f}{steps[94]:8.1f}{max(values):8.1f}{len(values):8}"
                print(f"  {name + ', ' + state:24}{said}")


def write_zip(path: Path, count: int, size: tuple[int, int]) -> None:
    """Pictures of soft noise, as large as photographs are, each with its labels."""
    import cv2
    import numpy as np

    rng = np.random.default_rng(0)
    files = []
    for _ in range(KINDS):
        spots = rng.integers(0, 255, (max(size[1] // 16, 2), max(size[0] // 16, 2), 3), np.uint8)
        soft = cv2.resize(spots, size, interpolation=cv2.INTER_CUBIC).astype(np.int16)
        noisy = np.clip(soft + rng.integers(-5, 5, soft.shape), 0, 255).astype(np.uint8)
        files.append(cv2.imencode(".jpg", noisy, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(count):
            data = files[number % KINDS]
            comment = b"\xff\xfe\x00\x0a" + number.to_bytes(8, "big")
            archive.writestr(f"set/{number:06d}.jpg", data[:2] + comment + data[2:])
            archive.writestr(f"set/{number:06d}.txt", LABELS)


def prepared() -> tuple[str, int]:
    """A site with a project and crops that wait; returns (token of its manager, project)."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "lprsite.settings"
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from rest_framework.authtoken.models import Token

    from annotations import projects
    from annotations.models import Crop

    call_command("migrate", verbosity=0)
    user = User.objects.create_superuser("bench", password=uuid.uuid4().hex)
    project = projects.create("Benchmark", by=user)
    rows = (
        Crop(project=project, file="none", sha256=uuid.uuid4().hex * 2, width=89, height=39)
        for _ in range(CROPS)
    )
    Crop.objects.bulk_create(rows, batch_size=200)
    return Token.objects.create(user=user).key, project.pk


@contextmanager
def site() -> Iterator[tuple[int, int]]:
    """``manage.py up`` on a free port; gives (port, process id)."""
    log = Path(os.environ["LPR_DATA"], "benchmark.log")
    with log.open("wb") as out:
        command = [sys.executable, "manage.py", "up", "--bind", "127.0.0.1:0"]
        up = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=out)
    try:
        yield _port(log, up), up.pid
    finally:
        up.terminate()
        up.wait(timeout=30)


def _port(log: Path, up: subprocess.Popen[bytes]) -> int:
    end = time.monotonic() + 120
    while time.monotonic() < end and up.poll() is None:
        if found := re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text(errors="replace")):
            return int(found[1])
        time.sleep(0.2)
    raise SystemExit(f"the site did not start: {log.read_text(errors='replace')[-2000:]}")


def cpu_seconds(tree: int) -> float:
    """CPU seconds used so far by the media worker below ``tree``, threads and children too."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*"):
        try:
            fields = (path / "stat").read_text().rpartition(")")[2].split()
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ")
        except OSError:
            continue
        if b"media" in command and b"celery" in command and _below(int(path.name), tree):
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _below(pid: int, tree: int) -> bool:
    while pid > 1:
        if pid == tree:
            return True
        try:
            pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return False


class Client:
    """The API with a token over one kept connection."""

    def __init__(self, port: int, token: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.token = token

    def call(self, method: str, address: str, body: Any = None) -> Any:
        headers = {"Content-Type": "application/json", "Authorization": f"Token {self.token}"}
        self.connection.request(method, f"/api/v1/{address}", json.dumps(body or {}), headers)
        answer = self.connection.getresponse()
        data = answer.read()
        assert answer.status < 300, (answer.status, data[:500])
        return json.loads(data)

    def until_done(self, job: int) -> float:
        """Wait for a job; returns the seconds from its start to its end."""
        began = time.perf_counter()
        while True:
            row = self.call("GET", f"jobs/{job}/")
            if row["state"] in ENDED:
                assert row["state"] == "succeeded", row
                return time.perf_counter() - began
            time.sleep(0.5)


class Person(Client):
    """Somebody who looks at frames and transcribes, one request after the other."""

    def __init__(self, port: int, token: str, project: int) -> None:
        super().__init__(port, token)
        self.project = project
        self.held: dict[int, int] = {}

    def round(self, spent: dict[str, list[float]]) -> None:
        """One list of frames, one save; crops are leased when few are left."""
        if len(self.held) < 3:
            body = {"project": self.project, "count": 30}
            leased = timed(spent["lease"], lambda: self.call("POST", "crops/lease/", body))
            self.held = {crop["id"]: crop["revision"] for crop in leased["crops"]}
        query = f"frames/?project={self.project}&limit=100"
        timed(spent["list"], lambda: self.call("GET", query))
        time.sleep(THINKING)
        crop, revision = self.held.popitem()
        reading = {
            "status": "readable",
            "text": "PBA1234",
            "client_key": str(uuid.uuid4()),
            "revision": revision,
            "seconds": 1.5,
        }
        address = f"crops/{crop}/transcriptions/"
        timed(spent["save"], lambda: self.call("POST", address, reading))
        time.sleep(THINKING)

    def measured_for(self, seconds: float) -> dict[str, list[float]]:
        spent: dict[str, list[float]] = {"list": [], "save": [], "lease": []}
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.round(spent)
        return spent

    @contextmanager
    def meanwhile(self) -> Iterator[dict[str, list[float]]]:
        """Go on in a thread while the block runs; gives what was measured."""
        spent: dict[str, list[float]] = {"list": [], "save": [], "lease": []}
        over = threading.Event()

        def go_on() -> None:
            while not over.is_set():
                self.round(spent)

        thread = threading.Thread(target=go_on)
        thread.start()
        try:
            yield spent
        finally:
            over.set()
            thread.join()


def timed(into: list[float], call: Callable[[], Any]) -> Any:
    begun = time.perf_counter()
    result = call()
    into.append((time.perf_counter() - begun) * 1000)
    return result


if __name__ == "__main__":
    main()
