"""Begin a reading of a video, and hand out its reads as a table."""

from __future__ import annotations

import csv
import io

from django.contrib.auth.models import User

from annotations.formats.manifest import guarded_rows
from annotations.models import Video
from training import reads
from training.errors import DatasetForOther
from training.models import InferenceRun, TrainedModel

COLUMNS = (
    "track",
    "first_seconds",
    "last_seconds",
    "text",
    "confidence",
    "votes",
    "review",
    "confirmed",
)


def create(
    video: Video,
    *,
    detector: TrainedModel,
    recognizer: TrainedModel,
    fps: float = 5.0,
    by: User | None = None,
) -> InferenceRun:
    """A reading that has not started; ``fps`` frames a second are looked at.

    Raises DatasetForOther when the models are of the wrong kind.
    """
    for model, kind in ((detector, "detector"), (recognizer, "recognizer")):
        if model.kind != kind:
            raise DatasetForOther(model=model.name, kind=model.kind, other=kind)
    return InferenceRun.objects.create(
        project_id=video.project_id,
        video=video,
        detector=detector,
        recognizer=recognizer,
        options={"fps": fps},
        created_by=by,
    )


def csv_of(run: InferenceRun) -> str:
    """The reads of a run as CSV, by time; cells that a spreadsheet would compute are guarded."""
    rows = run.reads.select_related("run__video", "match__passage").order_by("first_pts", "number")
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    lines = ([str(row[name]) for name in COLUMNS] for row in map(reads.as_row, rows))
    writer.writerows(guarded_rows(lines))
    return out.getvalue()
