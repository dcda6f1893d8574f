"""What is there and what is left, along the whole line."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from annotations import overview, projects
from annotations.models import Project
from lprsite.jobs.models import ACTIVE
from training import readings
from training.models import Read

RIGHT_SIDE = ("training_runs", "training_active", "models", "readings", "reads", "reads_open")
LEFT_SIDE = (
    "videos",
    "frames",
    "frames_open",
    "boxes",
    "crops",
    "transcribed",
    "waiting",
    "datasets",
)


def counts(project: Project) -> dict[str, int]:
    """The figures of the dashboard and the sidebar; reads are those of each newest reading."""
    reads = Read.objects.filter(run__in=readings.newest(project))
    return {
        **projects.counts(project),
        "training_runs": project.training_runs.count(),
        "training_active": project.training_runs.filter(job__state__in=ACTIVE).count(),
        "models": project.trained_models.filter(retired_at__isnull=True).count(),
        "readings": project.inference_runs.count(),
        "reads": reads.count(),
        "reads_open": reads.filter(match__isnull=True).count(),
    }


@dataclass
class VideoStats(overview.VideoCounts):
    """A video's counts along the whole line; reads are those of its newest reading."""

    reads: int = 0
    reads_open: int = 0
    right: int = 0


def videos(project: Project) -> list[VideoStats]:
    """What is there and what is left of each video."""
    rows = {one.video: VideoStats(**vars(one)) for one in overview.videos(project)}
    reads = Read.objects.filter(run__in=readings.newest(project)).order_by()
    counted = reads.values_list("run__video").annotate(
        n=Count("*"),
        open=Count("pk", filter=Q(match__isnull=True)),
        right=Count("pk", filter=Q(match__outcome="right")),
    )
    for video, count, left, well in counted:
        row = rows[video]
        row.reads, row.reads_open, row.right = count, left, well
    return list(rows.values())
