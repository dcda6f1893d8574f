"""A project of many frames into an archive and back: seconds, memory, and that nothing differs.

    .venv/bin/python benchmarks/archive.py [FRAMES]

On SQLite in a temporary folder; frames are small drawn pictures with a car and a read plate
each, as rows and files of a real project are, only that the pictures are smaller.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FRAMES = int(sys.argv[1]) if len(sys.argv) > 1 else 12_000


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="lpr-archive-"))
    os.environ.update(LPR_DATA=str(folder), DJANGO_SETTINGS_MODULE="lprsite.settings")
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    try:
        measure(folder)
    finally:
        shutil.rmtree(folder)


def measure(folder: Path) -> None:
    from django.core.management import call_command

    from annotations import archive, exporting, exports, projects, restoring
    from annotations.models import Project

    call_command("migrate", verbosity=0)
    project = projects.create("Many")
    timed("fill", lambda: fill(project))
    before = digest(project)
    running = worker()
    out = folder / "many.zip"
    for name in ("yolo", "csv"):
        order = exporting.Order(project, "detector", name)
        path = folder / f"{name}.zip"
        timed(f"export {name}", lambda o=order, p=path: exports.zip_order(o, p, running))
    order = exporting.Order(project, "recognizer", "csv")
    timed("export crops csv", lambda: exports.zip_order(order, folder / "c.zip", running))
    counts = timed("archive", lambda: archive.write(project, out, running, videos=True))
    print(f"  {counts}, {out.stat().st_size / 1e6:.0f} MB")
    timed("forget", lambda: restoring.forget(project))
    shutil.rmtree(folder / "files")
    told = timed("restore", lambda: restoring.restore(out, running))
    same = digest(Project.objects.get(pk=told["project"])) == before
    print(f"identical rows: {same}; peak memory {peak():.0f} MB")
    assert same


def fill(project: Any) -> None:
    """Frames of a video, each with two boxes, their history, a crop and a text."""
    from uuid import uuid4

    import cv2
    import numpy as np
    from django.contrib.auth.models import User

    from annotations.models import Box, BoxChange, Crop, Frame, Label, Transcription, Video
    from lprsite import files

    ana = User.objects.create_user("ana")
    label = {row.name: row for row in Label.objects.filter(project=project)}
    video = Video.objects.create(
        project=project, name="gate.mp4", file="", sha256="0" * 64, bytes=1, container="mp4",
        codec="h264", width=320, height=180, time_base="1/1000",
    )  # fmt: skip
    rng = np.random.default_rng(1)
    for start in range(0, FRAMES, 200):
        frames, crops = [], []
        for number in range(start, min(start + 200, FRAMES)):
            spots = rng.integers(0, 255, (9, 16, 3), np.uint8)
            picture = cv2.resize(spots, (320, 180))
            key, sha = files.put_bytes("frames", cv2.imencode(".jpg", picture)[1].tobytes(), ".jpg")
            frames.append(
                Frame(
                    project=project, video=video, pts=number * 50, index=number, file=key,
                    name=f"gate_{number:06d}", sha256=sha, width=320, height=180, status="done",
                    complete_labels=["car", "plate"],
                )
            )  # fmt: skip
            small = picture[:48, :96].copy()
            small[0, 0] = (number & 255, number >> 8 & 255, 0)
            crops.append(files.put_bytes("crops", cv2.imencode(".png", small)[1].tobytes(), ".png"))
        Frame.objects.bulk_create(frames)
        cars = [Box(frame=f, label=label["car"], x1=1, y1=2, x2=200, y2=150) for f in frames]
        Box.objects.bulk_create(cars)
        plates = [
            Box(frame=f, label=label["plate"], x1=50.5, y1=60.25, x2=90, y2=80, car=car)
            for f, car in zip(frames, cars, strict=True)
        ]
        Box.objects.bulk_create(plates)
        BoxChange.objects.bulk_create(
            BoxChange(box=box, action="made", after={"x1": box.x1}, by=ana) for box in cars + plates
        )
        made = [
            Crop(project=project, box=box, file=key, sha256=sha, width=96, height=48)
            for box, (key, sha) in zip(plates, crops, strict=True)
        ]
        Crop.objects.bulk_create(made)
        texts = [
            Transcription(
                crop=crop, status="readable", text=f"ABC{n % 9999:04d}", client_key=uuid4(), by=ana
            )
            for n, crop in enumerate(made, start)
        ]
        Transcription.objects.bulk_create(texts)
        for crop, text in zip(made, texts, strict=True):
            crop.current, crop.waiting = text, False
        Crop.objects.bulk_update(made, ["current", "waiting"])


def digest(project: Any) -> str:
    """A hash over every value of every row, with places instead of ids."""
    import hashlib

    from annotations.archive import TABLES

    places: dict[Any, dict[int, int]] = {}
    for table in TABLES:
        ids = {pk for way in table.project for pk in rows(table, way, project, "pk")}
        places[table.model] = {pk: place for place, pk in enumerate(sorted(ids))}
    found = hashlib.sha256()
    for table in TABLES:
        names = ["pk", *(field.attname for field in table.columns)]
        models = [field.related_model for field in table.columns]
        every = {
            row for way in table.project for row in map(frozen, rows(table, way, project, *names))
        }
        for _, *values in sorted(every, key=lambda row: row[0]):
            told = [
                places[model][value] if model in places and value is not None else value
                for model, value in zip(models, values, strict=True)
            ]
            found.update(repr(told).encode())
    return found.hexdigest()


def rows(table: Any, way: str, project: Any, *names: str) -> Any:
    found = table.rows.filter(**{way: project})
    return found.values_list(*names, flat=len(names) == 1).iterator()


def frozen(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(repr(v) if isinstance(v, list | dict) else v for v in row)


def worker() -> Any:
    from lprsite.jobs.engine import Running
    from lprsite.jobs.models import Job, State, lease_end

    return Running(
        Job.objects.create(
            task="bench", queue="media", state=State.RUNNING, attempt=1, lease_until=lease_end()
        )
    )


def timed(name: str, work: Callable[[], Any]) -> Any:
    start, used = time.perf_counter(), time.process_time()
    found = work()
    wall, cpu = time.perf_counter() - start, time.process_time() - used
    print(f"{name}: {wall:.1f} s ({cpu:.1f} s of processor), peak {peak():.0f} MB", flush=True)
    return found


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
