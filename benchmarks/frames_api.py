"""How fast the frame grid is answered: index, filters, counts, bulk marks, thumbnails.

    python benchmarks/frames_api.py [--frames 100000] [--rounds 60] [--pictures 640]

Makes a data folder of its own with a project of so many frames in SQLite (every third with a
car, every fifth with a plate, half of the plates read), starts the web process on a free port
and talks HTTP to it with a session, as a browser does. The last pages are asked for as often
as the first. ``--pictures`` so many frames have a real 1920x1080 JPEG, for the packs.
The aim is p95 < 80 ms for each request at 100,000 and at 1,000,000 frames.
"""

from __future__ import annotations

import argparse
import os
import random
import secrets
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from transcribe_api import ROOT, Page, show, timed, web_process

VIDEOS = 12
BATCH = 2000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--pictures", type=int, default=640)
    parser.add_argument("--data", help="keep the data folder here, and use it when it is filled")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lpr-benchmark-") as folder:
        os.environ["LPR_DATA"] = given.data or folder
        os.environ.pop("REDIS_URL", None)
        password = secrets.token_urlsafe(12)
        fill(given.frames, given.pictures, password)
        with web_process() as port:
            page = Grid(port, password)
            spent = {f"{given.frames:,} frames": walk(page, given.rounds)}
    show(spent)


def fill(count: int, pictures: int, password: str) -> None:
    """A project with ``count`` frames of several videos, or the one that is there already."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "lprsite.settings"
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from annotations import projects

    call_command("migrate", verbosity=0)
    user, new = User.objects.get_or_create(username="bench")
    user.set_password(password)
    user.save()
    if not new:
        return
    project = projects.create("Benchmark", by=user)
    begun = time.perf_counter()
    add_frames(project, count, real_pictures(pictures))
    add_boxes(project)
    print(f"filled in {time.perf_counter() - begun:.0f} s")


def real_pictures(count: int) -> list[tuple[str, str]]:
    """(key, sha256) of so many different JPEGs of 1920x1080."""
    import cv2
    import numpy as np

    from annotations.vision.crops import encode_jpeg
    from lprsite import files

    rng = np.random.default_rng(0)
    made = []
    for number in range(count):
        spots = rng.integers(0, 255, (27, 48, 3), np.uint8)
        picture = cv2.resize(spots, (1920, 1080), interpolation=cv2.INTER_CUBIC)
        cv2.putText(picture, str(number), (60, 400), cv2.FONT_HERSHEY_SIMPLEX, 12, (255,) * 3, 30)
        grain = rng.integers(0, 12, (1080, 1920, 3), np.uint8)
        made.append(files.put_bytes("frames", encode_jpeg(cv2.add(picture, grain)), ".jpg"))
    return made


def add_frames(project: Any, count: int, pictures: list[tuple[str, str]]) -> None:
    from annotations.models import Frame, Video

    each = -(-count // VIDEOS)
    known = {"bytes": 1, "container": "mp4", "codec": "h264", "width": 1920, "height": 1080}
    for number in range(VIDEOS):
        video = Video.objects.create(
            project=project,
            name=f"Entrance, hour {number + 1}.mp4",
            file="none",
            sha256=uuid.uuid4().hex * 2,
            time_base="1/1000",
            duration=each / 5,
            fps=20,
            **known,
        )
        here = min(each, count - number * each)
        rows = (frame(project, video, at, pictures) for at in range(here))
        in_batches(Frame, rows)


def frame(project: Any, video: Any, at: int, pictures: list[tuple[str, str]]) -> Any:
    from annotations.models import Frame

    key, sha256 = pictures[at % len(pictures)] if pictures else ("none.jpg", uuid.uuid4().hex * 2)
    status = "open" if at % 10 > 3 else "done" if at % 10 else "nothing_here"
    size = {"width": 1920, "height": 1080, "status": status, "name": f"hour_{at:06d}"}
    return Frame(project=project, video=video, pts=at * 200, sha256=sha256, file=key, **size)


def add_boxes(project: Any) -> None:
    """Cars on every third frame that is done, plates on every fifth; half of them read."""
    from annotations.models import Box, Crop, Frame, Label, Transcription

    car, plate = (Label.objects.get(project=project, name=name) for name in ("car", "plate"))
    side = {"x1": 1, "y1": 1, "x2": 90, "y2": 40}
    ids = list(Frame.objects.order_by("id").values_list("pk", flat=True))
    in_batches(Box, (Box(frame_id=pk, label=car, **side) for pk in ids[::3]))
    in_batches(Box, (Box(frame_id=pk, label=plate, **side) for pk in ids[::5]))
    plates = list(Box.objects.filter(label=plate).order_by("id").values_list("pk", flat=True))
    size = {"width": 89, "height": 39, "file": "none", "project": project}
    in_batches(Crop, (Crop(box_id=pk, sha256=uuid.uuid4().hex * 2, **size) for pk in plates))
    crops = list(Crop.objects.order_by("id").values_list("pk", flat=True))[::2]
    random.seed(1)
    in_batches(Transcription, (read(pk) for pk in crops))
    texts = Transcription.objects.order_by("id").values_list("pk", "crop_id")
    current = [Crop(pk=crop, current_id=pk, waiting=False) for pk, crop in texts]
    for start in range(0, len(current), 500):
        Crop.objects.bulk_update(current[start : start + 500], ["current", "waiting"])


def read(crop: int) -> Any:
    from annotations.models import Transcription

    letters = "".join(random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=3))
    text = f"{letters}{random.randrange(10_000):04d}"
    return Transcription(crop_id=crop, status="readable", text=text, client_key=uuid.uuid4())


def in_batches(model: Any, rows: Iterator[Any]) -> None:
    while batch := list(islice(rows, BATCH)):
        model.objects.bulk_create(batch, batch_size=200)


class Grid(Page):
    def fetch(self, address: str) -> bytes:
        """What is no JSON."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        self.connection.request("GET", f"/api/v1/{address}", headers={"Cookie": cookies})
        answer = self.connection.getresponse()
        assert answer.status == 200, answer.status
        return answer.read()


def walk(page: Grid, rounds: int) -> dict[str, list[float]]:
    """What the grid asks for, each so many times. Milliseconds each."""
    spent: dict[str, list[float]] = {}

    def ask(name: str, address: str, body: Any = None) -> Any:
        method = "POST" if body else "GET"
        return timed(spent.setdefault(name, []), lambda: page.call(method, address, body))

    project = f"project={page.project}"
    begun = time.perf_counter()
    places, ids = whole_index(ask, project)
    print(f"whole index: {len(ids):,} frames in {time.perf_counter() - begun:.2f} s")
    random.seed(2)
    for number in range(rounds):
        ask("healthz", "/healthz")
        ask("index, first page", f"frames/index/?{project}")
        ask("index, last page", f"frames/index/?{project}&after={places[-1]}")
        middle = random.choice(ids)
        ask("list of 100", f"frames/?{project}&limit=100")
        ask("one frame", f"frames/{middle}/")
        ask("next with a plate, open", f"frames/{middle}/?status=open&has=plate")
        ask("next without a plate", f"frames/{middle}/?has=car,-plate")
        ask("text AB*", f"frames/reading/?{project}&text=AB*")
        ask("text ?B?12*", f"frames/reading/?{project}&text=?B?12*")
        start = random.randrange(max(1, len(ids) - 1000))
        body = {"project": page.project, "frames": ids[start : start + 500]}
        ask("mark 500", "frames/bulk/", {**body, "do": ("open", "done")[number % 2]})
        if number % 5 == 0:
            ask("counts", f"frames/counts/?{project}")
            ask("stats", f"stats/?{project}")
        pack = ",".join(str(pk) for pk in ids[start : start + 64])
        name = "pack of 64, first look" if number < 8 else "pack of 64"
        timed(spent.setdefault(name, []), lambda: page.fetch(f"media/frame-packs/{pack}/"))  # noqa: B023 (called at once)
    return spent


def whole_index(ask: Callable[..., Any], project: str) -> tuple[list[str], list[int]]:
    """Every page of the index in turn: the places where pages begin, and all ids."""
    places: list[str] = []
    ids: list[int] = []
    after = ""
    while True:
        told = ask("index, any page", f"frames/index/?{project}{after and f'&after={after}'}")
        last = 0
        for step in told["ids"]:
            last += step
            ids.append(last)
        if told["next"] is None:
            return places, ids
        after = told["next"]
        places.append(after)


if __name__ == "__main__":
    main()
