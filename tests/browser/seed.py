"""Fills an empty data folder for the browser tests: one drawn video with frames, boxes, crops
and reads. ``python tests/browser/seed.py`` with LPR_DATA set; prints the ids as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from annotations.models import Crop, Frame, Project, Video
    from training.synthetic.video import Truth, TruthPassage

PASSWORD = "a-good-password"
SECONDS = 24.0
FPS = 10.0
SIZE = (640, 360)
SEED = 5
CROPS = 60
COPIES = 20  # of the plates and of the run: each test changes its own


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lprsite.settings")
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from annotations import members, projects
    from annotations.models import Role

    call_command("migrate", interactive=False, verbosity=0)
    ana = User.objects.create_user("ana", password=PASSWORD)
    luis = User.objects.create_user("luis", password=PASSWORD)
    project = projects.create("Entrance", by=ana)
    members.join(project, luis, Role.REVIEWER)
    empty = projects.create("Nothing yet", by=ana)
    with tempfile.TemporaryDirectory() as folder:
        video, truth = recording(project, Path(folder) / "drawn.mp4")
    crops = boxes(video, truth)
    assert crops, "the drawn video shows no plate"
    reviewed = projects.create("Reviewed", by=ana)
    members.join(reviewed, luis, Role.REVIEWER)
    members.join(reviewed, User.objects.create_user("vera", password=PASSWORD), Role.VIEWER)
    runs = [reads(copied(video, reviewed, number), video, truth) for number in range(COPIES)]
    texts = drawn_plates(CROPS)
    plates = [single_crops(number, texts, (ana, luis)) for number in range(COPIES)]
    suggested = suggested_frames(ana, video)
    many = many_frames((ana, luis), video)
    bare = video.frames.filter(boxes=None)
    json.dump(
        {
            "project": project.pk,
            "empty": empty.pk,
            "plates": plates,
            "plate_texts": [text for _, text, _ in texts],
            "video": video.pk,
            "runs": runs,
            "frames": list(video.frames.order_by("pts").values_list("pk", flat=True)),
            "many": many,
            "suggested": suggested,
            "bare": list(bare.order_by("pts").values_list("pk", flat=True)),
        },
        sys.stdout,
    )


def recording(project: Project, path: Path) -> tuple[Video, Truth]:
    """A drawn video, ingested, playable and split into two frames a second."""
    from annotations import copies, selections, videos
    from annotations.models import Video
    from lprsite.jobs.engine import Running
    from lprsite.jobs.models import Job, State, lease_end
    from training.synthetic import video as drawn

    truth = drawn.write(path, seconds=SECONDS, fps=FPS, size=SIZE, seed=SEED, count=4)
    row, _ = videos.ingest(path, project=project, name="Entrance, hour 1.mp4")
    job = Job.objects.create(
        task="seed", queue="media", state=State.RUNNING, attempt=1, lease_until=lease_end()
    )
    running = Running(job)
    copies.make_preview(row, running)
    selections.split(selections.choose(row, fps=2.0), running)
    job.delete()
    return Video.objects.get(pk=row.pk), truth


def suggested_frames(by: Any, drawn: Video) -> tuple[int, list[int]]:
    """A project of two pictures: a detector proposes three boxes on the first, and has not seen
    the second."""
    from annotations import projects, suggestions
    from annotations.models import Frame

    project = projects.create("Suggested", by=by)
    known = {"project": project, "width": SIZE[0], "height": SIZE[1]}
    rows = [
        Frame.objects.create(file=one.file, sha256=one.sha256, **known)
        for one in drawn.frames.order_by("pts")[:2]
    ]
    found: list[suggestions.Found] = [
        ("car", 100, 100, 300, 250, 0.95),
        ("car", 400, 100, 560, 240, 0.8),
        ("plate", 180, 200, 240, 220, 0.7),
    ]
    suggestions.keep_boxes("Detector 1", {rows[0].pk: found})
    return project.pk, [row.pk for row in rows]


def many_frames(people: tuple[Any, Any], drawn: Video) -> int:
    """A project of 2,000 frames in two videos with few different pictures; one plate is read."""
    from uuid import uuid4

    from annotations import boxes, members, projects, transcriptions
    from annotations.models import Crop, Frame, Role, Video

    project = projects.create("Many frames", by=people[0])
    members.join(project, people[1], Role.REVIEWER)
    pictures = list(drawn.frames.order_by("pts").values_list("file", "sha256"))
    size = {"project": project, "width": SIZE[0], "height": SIZE[1]}
    for hour in (1, 2):
        known = {"bytes": 1, "container": "mp4", "codec": "h264", "time_base": "1/1000"}
        video = Video.objects.create(
            name=f"Entrance, hour {hour}.mp4",
            file="none",
            sha256=uuid4().hex * 2,
            duration=1000.0,
            **known,
            **size,
        )
        rows = [
            Frame(
                video=video,
                pts=at * 1000,
                file=pictures[at % len(pictures)][0],
                sha256=pictures[at % len(pictures)][1],
                status="done" if at < 100 else "open",
                **size,
            )
            for at in range(1000)
        ]
        Frame.objects.bulk_create(rows, batch_size=200)
    late = Frame.objects.filter(project=project).order_by("-id")[5]
    box = boxes.draw(late, label="plate", xyxy=(10, 10, 90, 50))
    reading = transcriptions.Reading("readable", "PBA1234", uuid4(), 1)
    transcriptions.save(Crop.objects.get(box=box), reading, by=people[0])
    return project.pk


def boxes(video: Video, truth: Truth) -> list[tuple[Crop, str]]:
    """The true boxes on the first two thirds of the frames; the last third is left to do."""
    from annotations import boxes as step
    from annotations.models import Crop

    frames = list(video.frames.order_by("pts"))
    made: list[tuple[Crop, str]] = []
    for frame in frames[: len(frames) * 2 // 3]:
        for drawn in seen(frame, truth):
            box = step.draw(frame, label=drawn.label, xyxy=(drawn.x1, drawn.y1, drawn.x2, drawn.y2))
            if drawn.label == "plate":
                made.append((Crop.objects.get(box=box), drawn.text))
    return made


def seen(frame: Frame, truth: Truth) -> Any:
    """The true boxes at the frame's moment."""
    moment = frame.seconds() or 0.0
    return min(truth.frames, key=lambda one: abs(one.seconds - moment)).boxes


def drawn_plates(count: int) -> list[tuple[str, str, tuple[str, int, int]]]:
    """Stored pictures of plates: (key, text, (sha256, width, height))."""
    from annotations.vision import crops as vision
    from lprsite import files
    from training.synthetic import plates

    rng = np.random.default_rng(SEED)
    made = []
    for _ in range(count):
        plate = plates.render(rng, formats=("ecuador",))
        key, sha256 = files.put_bytes("crops", vision.encode_png(plate.picture), ".png")
        height, width = plate.picture.shape[:2]
        made.append((key, plate.text, (sha256, width, height)))
    return made


def single_crops(
    number: int, pictures: list[tuple[str, str, tuple[str, int, int]]], people: tuple[Any, Any]
) -> int:
    """A project with plates and no frames: one right suggestion, one wrong, the rest without."""
    from annotations import members, projects
    from annotations.models import Crop, Role

    project = projects.create(f"Plates {number}", by=people[0])
    members.join(project, people[1], Role.REVIEWER)
    for place, (key, text, (sha256, width, height)) in enumerate(pictures):
        crop = Crop.objects.create(
            project=project,
            name=f"plate_{place:03d}.png",
            file=key,
            sha256=sha256,
            width=width,
            height=height,
        )
        if place < 2:
            suggest(crop, text, wrong=place == 1)
    return project.pk


def suggest(crop: Crop, text: str, *, wrong: bool) -> None:
    """What a recognizer saw; a wrong one doubts its third character."""
    from annotations.models import Suggestion

    other = "X" if text[2] != "X" else "Y"
    Suggestion.objects.create(
        crop=crop,
        model_name="Recognizer 12",
        text=text[:2] + other + text[3:] if wrong else text,
        characters=[0.61 if wrong and at == 2 else 0.99 for at in range(len(text))],
        alternatives=[[[text[2], 0.37]] if wrong and at == 2 else [] for at in range(len(text))],
    )


def copied(video: Video, project: Project, number: int) -> Video:
    """The same recording again: what is reviewed on one video counts for all its runs."""
    from annotations.models import Video

    known = Video.objects.get(pk=video.pk)
    known.pk, known.project, known.sha256 = None, project, f"{number:064d}"
    known.save()
    return known


def reads(video: Video, original: Video, truth: Truth) -> int:
    """A run that read every passage; the second with one wrong character."""
    from fractions import Fraction

    from training.models import InferenceRun, Read, TrainedModel

    detector, recognizer = (
        TrainedModel.objects.create(
            project=video.project, kind=kind, name=name, network="drawn", file=f"models/{kind}"
        )
        for kind, name in (("detector", "Detector 4"), ("recognizer", "Recognizer 12"))
    )
    run = InferenceRun.objects.create(
        project=video.project, video=video, detector=detector, recognizer=recognizer
    )
    base = Fraction(video.time_base)
    for number, passage in enumerate(truth.passages, start=1):
        keys = [
            [int(frame.seconds / base) + video.start_pts, box.x1, box.y1, box.x2, box.y2]
            for frame in truth.frames
            for box in frame.boxes
            if box.label == "plate" and box.vehicle == passage.vehicle
        ]
        wrong = number == 2
        last = passage.text[-1]
        text = passage.text[:-1] + ("8" if last == "0" else "0") if wrong else passage.text
        read = Read.objects.create(
            run=run,
            number=number,
            first_pts=keys[0][0],
            last_pts=keys[-1][0],
            boxes=keys,
            text=text,
            confidence=0.62 if wrong else 0.97 - number / 100,
            characters=[0.99] * (len(text) - 1) + [0.55 if wrong else 0.97],
            votes=len(keys),
        )
        kept(read, original, passage)
    return run.pk


def kept(read: Any, video: Video, passage: TruthPassage) -> None:
    """Crops of the read's track, cut from the frames that were split."""
    from annotations.models import Crop
    from training.models import ReadCrop

    cut = Crop.objects.filter(box__frame__video=video, box__frame__pts__gte=read.first_pts)
    for crop in cut.filter(box__frame__pts__lte=read.last_pts).select_related("box__frame"):
        box = crop.box
        if box is None or box.frame.pts is None:
            continue
        pts = box.frame.pts
        near = nearest(read.boxes, pts)
        if abs(near[1] - box.x1) > box.x2 - box.x1:
            continue  # another vehicle at the same moment
        ReadCrop.objects.create(
            read=read,
            pts=pts,
            box=list(box.xyxy),
            file=crop.file,
            sha256=crop.sha256,
            width=crop.width,
            height=crop.height,
            sharpness=crop.sharpness,
            text=passage.text,
            confidence=0.9,
        )


def nearest(keys: list[list[float]], pts: int) -> list[float]:
    """The key box of a track that is nearest in time."""
    return min(keys, key=lambda key: abs(key[0] - pts))


if __name__ == "__main__":
    main()
