"""How fast the transcription page is answered: lease and save, quiet and while others write.

    python benchmarks/transcribe_api.py [--crops 12000] [--rounds 300]

Makes a data folder of its own with a project of 12,000 crops in SQLite, starts the web
process on a free port and talks HTTP to it with a session, as a browser does. Then the same
while another process stores frames in batches of 50 rows: first as a split does, encoding
every frame before, then without any pause, which nothing real does.
Prints milliseconds, of /healthz too: what this machine takes for a request that does
nothing. The aim is p50 < 25 and p95 < 100 also under writes.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

WRITERS = ("under a split", "under endless writes")
ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--crops", type=int, default=12_000)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--writer", choices=WRITERS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.writer:
        write_for_ever(given.writer)
        return
    with tempfile.TemporaryDirectory(prefix="lpr-benchmark-") as folder:
        os.environ["LPR_DATA"] = folder
        os.environ.pop("REDIS_URL", None)
        password = secrets.token_urlsafe(12)
        fill(given.crops, password)
        with web_process() as port:
            page = Page(port, password)
            page.work(20)
            rows = {"quiet": page.work(given.rounds)}
            for kind in WRITERS:
                with writer(kind):
                    rows[kind] = page.work(given.rounds)
    show(rows)


def fill(count: int, password: str) -> None:
    """A project with ``count`` crops on frames of a video, all waiting."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "lprsite.settings"
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from annotations import projects
    from annotations.models import Box, Crop, Frame, Label, Suggestion, Video

    call_command("migrate", verbosity=0)
    user = User.objects.create_superuser("bench", password=password)
    user.is_superuser = False
    user.save()
    project = projects.create("Benchmark", by=user)
    video = Video.objects.create(
        project=project,
        name="v",
        file="none",
        sha256="0" * 64,
        bytes=1,
        container="mp4",
        codec="h264",
        width=1920,
        height=1080,
        time_base="1/1000",
    )
    label = Label.objects.get(project=project, name="plate")
    size = {"width": 1920, "height": 1080, "file": "none"}
    frames = Frame.objects.bulk_create(
        (
            Frame(project=project, video=video, pts=k, sha256=uuid.uuid4().hex * 2, **size)
            for k in range(count)
        ),
        batch_size=200,
    )
    drawn = Box.objects.bulk_create(
        (Box(frame=f, label=label, x1=1, y1=1, x2=90, y2=40) for f in frames), batch_size=200
    )
    crops = Crop.objects.bulk_create(
        (
            Crop(
                project=project,
                box=b,
                sha256=uuid.uuid4().hex * 2,
                file="none",
                width=89,
                height=39,
            )
            for b in drawn
        ),
        batch_size=200,
    )
    Suggestion.objects.bulk_create(
        (Suggestion(crop=c, model_name="starter", text="PBA1234") for c in crops), batch_size=200
    )


def write_for_ever(kind: str) -> None:
    """Store frames in batches of 50 rows, until killed."""
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    import numpy as np

    from annotations import videos
    from annotations.models import Frame, Video
    from annotations.vision.crops import encode_jpeg

    picture = np.random.default_rng(0).integers(0, 255, (1080, 1920, 3), np.uint8)

    video, pts = Video.objects.get(), 10_000_000
    while True:
        batch = []
        for _ in range(50):
            pts += 1
            if kind == "under a split":
                encode_jpeg(picture)
            sha256 = uuid.uuid4().hex * 2
            batch.append(
                Frame(
                    project_id=video.project_id,
                    video=video,
                    pts=pts,
                    sha256=sha256,
                    file=f"frames/{sha256}.jpg",
                    width=1920,
                    height=1080,
                )
            )
        videos._store(batch)


@contextmanager
def web_process() -> Any:
    """The web process as ``up`` starts it; gives its port."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        os.set_inheritable(listening.fileno(), True)
        port = listening.getsockname()[1]
        web = subprocess.Popen(
            [sys.executable, "-m", "lprsite.web", str(listening.fileno())],
            cwd=ROOT,
            pass_fds=[listening.fileno()],
        )
    try:
        yield port
    finally:
        web.kill()
        web.wait()


@contextmanager
def writer(kind: str) -> Any:
    program = subprocess.Popen(
        [sys.executable, str(Path(__file__).resolve()), "--writer", kind], cwd=ROOT
    )
    time.sleep(3)  # it has started and is writing
    try:
        yield
        assert program.poll() is None, "the writer ended before its time"
    finally:
        program.kill()
        program.wait()


class Page:
    """The transcription page of one person: a session over one kept connection."""

    def __init__(self, port: int, password: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}
        self.call("GET", "session/")
        self.call("POST", "session/", {"username": "bench", "password": password})
        self.project = self.call("GET", "projects/")["results"][0]["id"]

    def call(self, method: str, address: str, body: Any = None) -> Any:
        headers = {"Content-Type": "application/json"}
        headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        headers["X-CSRFToken"] = self.cookies.get("csrftoken", "")
        whole = address if address.startswith("/") else f"/api/v1/{address}"
        self.connection.request(method, whole, json.dumps(body or {}), headers)
        answer = self.connection.getresponse()
        data = answer.read()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        assert answer.status < 300, (answer.status, data[:500])
        return json.loads(data)

    def work(self, rounds: int) -> dict[str, list[float]]:
        """Save ``rounds`` texts; lease thirty crops whenever ten are left. Milliseconds each."""
        spent: dict[str, list[float]] = {"healthz": [], "lease": [], "save": []}
        held: dict[int, int] = {}
        for number in range(rounds):
            if len(held) <= 10 or number % 10 == 0:
                body = {"project": self.project, "count": 30}
                leased = timed(spent["lease"], lambda: self.call("POST", "crops/lease/", body))  # noqa: B023 (called at once)
                held = {crop["id"]: crop["revision"] for crop in leased["crops"]}
            timed(spent["healthz"], lambda: self.call("GET", "/healthz"))
            crop, revision = held.popitem()
            reading = {
                "status": "readable",
                "text": "PBA1234",
                "client_key": str(uuid.uuid4()),
                "revision": revision,
                "seconds": 1.5,
            }
            address = f"crops/{crop}/transcriptions/"
            timed(spent["save"], lambda: self.call("POST", address, reading))  # noqa: B023 (as above)
        return spent


def timed(into: list[float], call: Callable[[], Any]) -> Any:
    begun = time.perf_counter()
    result = call()
    into.append((time.perf_counter() - begun) * 1000)
    return result


def show(rows: dict[str, dict[str, list[float]]]) -> None:
    print(f"{'':30}{'p50 ms':>8}{'p95 ms':>8}{'worst':>8}")
    for state, spent in rows.items():
        for name, values in spent.items():
            steps = statistics.quantiles(values, n=100)
            print(f"{name + ', ' + state:30}{steps[49]:8.1f}{steps[94]:8.1f}{max(values):8.1f}")


if __name__ == "__main__":
    main()
