"""Begin a reading of a video, and hand out its reads as a table."""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Case, Exists, OuterRef, QuerySet, Subquery, When

from annotations import activities, exports
from annotations.errors import BeingDeleted
from annotations.formats import tables
from annotations.models import Export, PlateFormat, Project, Video
from annotations.vision import child
from lprsite import files
from lprsite.jobs.engine import Running
from lprsite.jobs.models import ACTIVE
from training import reads
from training.errors import DatasetForOther, ReadingNotDone
from training.models import InferenceRun, Read, TrainedModel

FRAMES_A_SECOND = 10.0
DETECT_EVERY = 2
MOST_EVERY = 10
ANNOTATED = "annotated-video"  # the format of an export
MOST_TILES = 5
# The commands' option, as argparse takes it.
TILES: dict[str, Any] = {
    "type": int,
    "choices": range(1, MOST_TILES + 1),
    "default": 1,
    "help": "look also at N x N parts of every picture, for far plates: 1 + N x N times the work",
}
EVERY: dict[str, Any] = {
    "type": int,
    "choices": range(1, MOST_EVERY + 1),
    "default": DETECT_EVERY,
    "help": "find plates on every Nth frame looked at, and follow them on those between "
    f"(default: {DETECT_EVERY})",
}
AROUND_CARS: dict[str, Any] = {
    "action": "store_true",
    "help": "look again around every car found, for plates missed at first: a pass more for each",
}
COLUMNS = (
    "track",
    "first_seconds",
    "last_seconds",
    "text",
    "confidence",
    "votes",
    "review",
    "confirmed",
    "direction",
    "time",
    "characters",
)


def create(
    video: Video,
    *,
    detector: TrainedModel,
    recognizer: TrainedModel,
    fps: float = FRAMES_A_SECOND,
    detect_every: int = DETECT_EVERY,
    tiles: int = 1,
    around_cars: bool = False,
    skip_idle: bool = True,
    resume: bool = False,
    by: User | None = None,
) -> InferenceRun:
    """A reading that has not started; ``fps`` frames a second are looked at.

    The detector sees every ``detect_every``th of them; between two of them plates are followed.
    ``tiles`` above 1 looks also at so many parts across and down of every frame,
    ``around_cars`` again around every car found. With ``skip_idle`` the stretches in which
    nothing moves are not looked at. With ``resume`` it is the same reading that was begun
    before and broke off, if there is one.

    It keeps the project's plate formats and the areas that the camera ignores as they are now,
    so that going on reads alike.

    Raises:
        DatasetForOther: the models are of the wrong kind.
        BeingDeleted: the video is.
    """
    if video.deleting_at is not None:
        raise BeingDeleted(name=video.name)
    for model, kind in ((detector, "detector"), (recognizer, "recognizer")):
        if model.kind != kind:
            raise DatasetForOther(model=model.name, kind=model.kind, other=kind)
    options = {
        "fps": fps,
        "detect_every": detect_every,
        "tiles": tiles,
        "around_cars": around_cars,
        "skip_idle": skip_idle,
        "formats": patterns_of(video.project_id),
        "ignore": activities.ignored(video),
    }
    facts = {"video": video, "detector": detector, "recognizer": recognizer}
    if resume and (begun := _broken_off(facts, options)):
        return begun
    return InferenceRun.objects.create(
        project_id=video.project_id, **facts, options=options, created_by=by
    )


def _broken_off(facts: dict[str, Any], options: dict[str, Any]) -> InferenceRun | None:
    """The newest reading that nobody does any more and that did not come to its end."""
    for run in InferenceRun.objects.filter(**facts, throughput={}, job=None).order_by("-pk"):
        if options.items() <= run.options.items() and scratch_of(run.pk).is_dir():
            with contextlib.suppress(BlockingIOError), held(run.pk):
                return run
    return None


@contextmanager
def held(run: int) -> Iterator[Path]:
    """The folder of a reading, for one process at a time, however that ends.

    Raises BlockingIOError where another one has it.
    """
    folder = scratch_of(run)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield folder


def patterns_of(project: int) -> list[str]:
    """The plate formats that a project expects, as a hint to the recognizer."""
    rows = PlateFormat.objects.filter(project=project).order_by("id")
    return list(rows.values_list("pattern", flat=True))


def scratch_of(run: int) -> Path:
    """The folder where a reading keeps the plates it has cut until its reads are made."""
    return files.local_path(f"readings/run_{run:06d}")


def forget_scratch_of(run: int) -> None:
    """Remove the folder of a reading that will not go on."""
    shutil.rmtree(scratch_of(run), ignore_errors=True)


def forget_scratch() -> int:
    """Remove the folders of all readings that ended, such as by a worker that died.

    Returns how many.
    """
    folders = files.local_path("readings").glob("run_*")
    found = {int(f.name[4:]) for f in folders if f.name[4:].isdecimal()}
    jobs = dict(InferenceRun.objects.filter(pk__in=found).values_list("pk", "job__state"))
    ended = {pk for pk in found if pk not in jobs or jobs[pk] not in (None, *ACTIVE)}
    for pk in ended:
        forget_scratch_of(pk)
    return len(ended)


def newest(project: Project) -> QuerySet[InferenceRun]:
    """Of each video its newest reading that came to its end; where there is none, its newest.

    Readings without a read do not count.
    """
    runs = InferenceRun.objects.filter(Exists(Read.objects.filter(run=OuterRef("pk"))))
    of_video = runs.filter(video=OuterRef("video"))
    best = of_video.order_by(Case(When(throughput={}, then=1), default=0), "-pk").values("pk")
    return InferenceRun.objects.filter(project=project, pk=Subquery(best[:1])).order_by()


def captions_of(run: InferenceRun) -> list[tuple[str, list[list[float]]]]:
    """Texts and key boxes of the reads, as a person confirmed them; without the rejected."""
    rows = run.reads.select_related("match__passage").order_by("first_pts", "number")
    found = []
    for read in rows:
        passage = reads.matched_passage(read)
        if passage is None:
            found.append((f"{read.text} {round(100 * read.confidence)}", read.boxes))
        elif passage.status in reads.CONFIRMED:
            found.append((passage.text, read.boxes))
    return found


def request_annotated(run: InferenceRun, *, by: User | None = None) -> Export:
    """A row for the run's video with the reads drawn on it, which a job will make.

    Raises ReadingNotDone.
    """
    if not run.throughput:
        raise ReadingNotDone()
    return Export.objects.create(
        project=run.project, format=ANNOTATED, parameters={"run": run.pk}, created_by=by
    )


def annotated(run: InferenceRun) -> QuerySet[Export]:
    """The exports of this video with its reads drawn on it, the newest first."""
    made = Export.objects.filter(project=run.project_id, format=ANNOTATED, parameters__run=run.pk)
    return exports.with_jobs(made.select_related("created_by"))


def keep_annotated(export: Export, run: InferenceRun, running: Running) -> dict[str, Any]:
    """Make the video that an export asks for, for download until it expires."""
    with files.scratch_file(".mp4") as fresh:
        made = annotate(run, fresh, running)
        counts = {"frames": int(made["frames"])}
        name = f"{Path(run.video.name).stem}_reads_{run.pk}.mp4"
        exports.keep(export, fresh, name, counts, title=f"video of {run}")
    return {"export": export.pk, **made}


def annotate(run: InferenceRun, target: Path, running: Running) -> dict[str, Any]:
    """Write the run's video to ``target`` as an MP4 with the reads drawn on it."""
    row, made = run.video, dict[str, Any]()
    messages = child.annotate(
        files.local_path(row.file),
        target,
        captions_of(run),
        name=row.name,
        limits=child.limits_for(activities.info_of(row), output=row.bytes),
    )
    with closing(messages):
        for message in messages:
            if message.kind == "seconds":
                done = round(message.facts["done"])
                running.progress(done, round(row.duration or 0), "seconds")
            elif message.kind == "made":
                made = message.facts
            running.check()
    return {"run": run.pk, **made}


def _rows(run: InferenceRun) -> QuerySet[Read]:
    rows = run.reads.select_related("run__video__camera", "match__passage")
    return rows.order_by("first_pts", "number")


def as_row(read: Read) -> dict[str, Any]:
    """A read as a line of the table: times in seconds of the video, and by the right clock."""
    video = read.run.video
    passage = reads.matched_passage(read)
    return {
        "track": read.number,
        "first_seconds": round(video.seconds(read.first_pts), 3),
        "last_seconds": round(video.seconds(read.last_pts), 3),
        "text": read.text,
        "confidence": round(read.confidence, 4),
        "votes": read.votes,
        "review": passage.verdict if passage else "",
        "confirmed": passage.text if passage else "",
        "direction": read.direction,
        "time": at.isoformat(timespec="milliseconds")
        if (at := video.time_of(read.first_pts))
        else "",
        "characters": " ".join(f"{share:.2f}" for share in read.characters),
    }


def csv_of(run: InferenceRun, *, comma: bool = False) -> str:
    """The reads of a run as CSV, by time; ``comma`` as :func:`tables.table`."""
    lines = ([row[name] for name in COLUMNS] for row in map(as_row, _rows(run)))
    return tables.table(COLUMNS, lines, comma=comma)


def json_of(run: InferenceRun) -> str:
    """The reads of a run as JSON, by time, with their boxes in pixels of the frame."""
    video = run.video
    found = [
        {
            **as_row(read),
            "characters": read.characters,
            "alternatives": read.alternatives,
            "boxes": [[round(video.seconds(key[0]), 3), *key[1:]] for key in read.boxes],
        }
        for read in _rows(run)
    ]
    facts = {"video": video.name, "width": video.width, "height": video.height}
    return json.dumps({**facts, "options": run.options, "reads": found}, ensure_ascii=False)
