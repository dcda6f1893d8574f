"""How fast the dashboard's figures are answered when a project is large.

    python benchmarks/dashboard_api.py [--frames 1000000] [--rounds 10]

Makes a data folder of its own with a project of so many frames in SQLite, each with one plate
box and its crop; four of five plates are read, one of a hundred by two people. Then the web
process is started on a free port and asked as a browser does. Milliseconds.
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
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from frames_api import add_frames, in_batches
from transcribe_api import ROOT, Page, show, timed, web_process

STARTS = 3  # of the web process, which has forgotten everything each time
PEOPLE = ("bench", "luis", "marta")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--data", help="keep the data folder here, and use it when it is filled")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lpr-benchmark-") as folder:
        os.environ["LPR_DATA"] = given.data or folder
        os.environ.pop("REDIS_URL", None)
        password = secrets.token_urlsafe(12)
        fill(given.frames, password)
        spent: dict[str, list[float]] = {}
        for _ in range(STARTS):
            with web_process() as port:
                ask(Page(port, password), given.rounds, spent)
    show({f"{given.frames:,} frames and crops": spent})


def fill(count: int, password: str) -> None:
    """A project of ``count`` frames, boxes and crops, or the one that is there already."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "lprsite.settings"
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from annotations import projects
    from annotations.models import Box, Crop, Frame, Transcription

    call_command("migrate", verbosity=0)
    users = [User.objects.get_or_create(username=name)[0] for name in PEOPLE]
    users[0].set_password(password)
    users[0].save()
    if Frame.objects.exists():
        return
    begun = time.perf_counter()
    project = projects.create("Benchmark", by=users[0])
    add_frames(project, count, [])
    label = project.labels.get(name="plate")
    random.seed(1)
    in_batches(Box, (box(pk, label) for pk in ids(Frame)))
    in_batches(Crop, (crop(pk, project) for pk in ids(Box)))
    crops = list(ids(Crop))
    in_batches(Transcription, (read(pk, users) for pk in crops if pk % 5))
    in_batches(Transcription, (read(pk, users, role="second") for pk in crops if pk % 100 == 1))
    take_first_readings()
    print(f"filled in {time.perf_counter() - begun:.0f} s")


def ids(model: Any) -> Iterator[int]:
    """All ids, read before the first is given."""
    return iter(list(model.objects.order_by("pk").values_list("pk", flat=True)))


def box(frame: int, label: Any) -> Any:
    from annotations.models import Box

    x, y = random.gauss(1000, 200), random.gauss(700, 100)
    x, y = min(max(x, 1.0), 1800.0), min(max(y, 1.0), 1000.0)
    return Box(frame_id=frame, label=label, x1=x, y1=y, x2=x + 90, y2=y + 40)


def crop(box_id: int, project: Any) -> Any:
    from annotations.models import Crop

    wide = max(20, round(random.gauss(95, 25)))
    size = {"width": wide, "height": wide // 2, "sharpness": random.lognormvariate(5, 1)}
    return Crop(box_id=box_id, project=project, sha256=uuid.uuid4().hex * 2, file="none", **size)


def read(crop_id: int, users: list[Any], *, role: str = "first") -> Any:
    from annotations.models import Transcription

    letters = "".join(random.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ", k=3))
    text = f"{letters}{random.randrange(1000):04d}"
    known = {"seconds": random.lognormvariate(0.7, 0.5), "client_key": uuid.uuid4(), "role": role}
    return Transcription(
        crop_id=crop_id, status="readable", text=text, by=random.choice(users), **known
    )


def take_first_readings() -> None:
    """The first reading of each crop is its current one; they are spread over forty days."""
    from django.db.models import Exists, F, OuterRef, Subquery
    from django.utils import timezone

    from annotations.models import Crop, Transcription

    of_crop = Transcription.objects.filter(crop=OuterRef("pk"), role="first").order_by("pk")
    rows = Crop.objects.filter(Exists(of_crop))
    rows.update(current=Subquery(of_crop.values("pk")[:1]), waiting=False)
    now = timezone.now()
    for day in range(40):
        some = Transcription.objects.annotate(rest=F("pk") % 40).filter(rest=day)
        some.update(created_at=now - timedelta(days=day))


def ask(page: Page, rounds: int, spent: dict[str, list[float]]) -> None:
    """What the dashboard asks for, each so many times; what is counted first is remembered."""
    for number in range(rounds):
        for name in ("stats/", "stats/videos/", "stats/labelling/", "transcriptions/people/"):
            address = f"{name}?project={page.project}"
            kind = f"{name} {'again' if number else 'first'}"
            timed(spent.setdefault(kind, []), partial(page.call, "GET", address))


if __name__ == "__main__":
    main()
