"""What is there and what is left, along the whole line."""

from __future__ import annotations

from annotations import projects
from annotations.models import Project
from lprsite.jobs.models import ACTIVE
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
    """The figures of the dashboard and the sidebar."""
    reads = Read.objects.filter(run__project=project)
    return {
        **projects.counts(project),
        "training_runs": project.training_runs.count(),
        "training_active": project.training_runs.filter(job__state__in=ACTIVE).count(),
        "models": project.trained_models.filter(retired_at__isnull=True).count(),
        "readings": project.inference_runs.count(),
        "reads": reads.count(),
        "reads_open": reads.filter(match__isnull=True).count(),
    }
