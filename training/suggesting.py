"""Which recognizer proposes texts in a project, and having it read the crops that wait."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db.models import Q
from django.utils import timezone

from annotations import suggestions
from annotations.models import Crop, Project
from annotations.models.crops import CropQuerySet
from annotations.models.datasets import Kind
from annotations.suggestions import Proposal
from annotations.transcriptions import LONGEST
from lprsite import files
from lprsite.jobs.engine import Running
from lprsite.jobs.models import ACTIVE, Job, State
from training import readings, runs, starters

PIECE = 32  # crops read at once: little is waited for, and little is lost
TASK = "suggest"
ASSISTANT = "PP-OCRv6"
# After suggestions failed or were stopped, before they begin by themselves.
REST = timedelta(minutes=10)

Ask = Callable[[dict[str, Any], Callable[[], None]], dict[str, Any]]


@dataclass(frozen=True)
class Source:
    """A recognizer: its name as suggestions store it, and its checkpoint; beside it, perhaps,
    the optional assistant, whose name they store where it was the surer one."""

    name: str
    checkpoint: Path
    beside: str = ""
    assistant: Path | None = None


def source_of(project: Project) -> Source:
    """The project's current recognizer, else the starter. Raises StarterMissing.

    The starter has the assistant beside it, where that is installed: neither was made for this
    place, and the surer of two reads better than either.
    """
    if model := runs.current(project, Kind.RECOGNIZER):
        return Source(model.name, files.local_path(model.file))
    starter = starters.path(Kind.RECOGNIZER)
    # Part of the name, so that the starter of a later version is another one.
    mark = hashlib.sha256(starter.read_bytes()).hexdigest()[:4]
    name = f"Starter recognizer {mark}"
    if assistant := starters.assistant():
        beside = f"{ASSISTANT} beside starter {mark}"
        return Source(f"{name} beside {ASSISTANT}", starter, beside, assistant)
    return Source(name, starter)


def wanted(project: Project, source: Source, *, again: bool) -> CropQuerySet:
    """The crops that a job of this source would read."""
    return suggestions.wanted(project, (source.name, source.beside), again=again)


def suggest(project: Project, running: Running, ask: Ask, *, again: bool) -> dict[str, Any]:
    """Propose a text for every waiting crop that has none; with ``again``, none of this source.

    Raises what ``ask`` raises, and StarterMissing.
    """
    source = source_of(project)
    rows = wanted(project, source, again=again)
    request = {
        "checkpoint": str(source.checkpoint),
        "assistant": str(source.assistant or ""),
        "formats": readings.patterns_of(project.pk),
        "characters": project.alphabet,
    }
    total, made, last = rows.count(), 0, 0
    while piece := list(rows.filter(pk__gt=last)[:PIECE]):
        paths = [str(files.local_path(crop.file)) for crop in piece]
        reads = ask({**request, "crops": paths}, running.check)["reads"]
        said: dict[str, list[Proposal]] = {source.name: [], source.beside: []}
        for crop, read in zip(piece, reads, strict=True):
            by = source.beside if read and read.get("assistant") else source.name
            said[by].append(_proposal(crop, read))
        for model, proposals in said.items():
            suggestions.keep(model, proposals)
        made, last = made + len(piece), piece[-1].pk
        running.progress(made, max(made, total), "crops", source.name)
    return {"made": made, "model": source.name}


def _proposal(crop: Crop, read: dict[str, Any] | None) -> Proposal:
    """Nothing where nothing was read, or more than any plate has."""
    if read is None or len(read["text"]) > LONGEST:
        return Proposal(crop.pk, crop.revision, "")
    return Proposal(crop.pk, crop.revision, read["text"], read["characters"], read["alternatives"])


def due(projects: Iterable[int]) -> list[int]:
    """Those of the projects where no suggestions are being made, nor failed a short while ago."""
    ids = list(projects)
    resting = Q(state__in=(State.FAILED, State.CANCELLED), ended_at__gt=timezone.now() - REST)
    jobs = Job.objects.filter(resting | Q(state__in=ACTIVE), task=TASK, project_id__in=ids)
    busy = set(jobs.values_list("project_id", flat=True))
    return [pk for pk in ids if pk not in busy]


def forget_earlier(job: Job) -> None:
    """Of the suggestions that the program began by itself, keep only the latest job's row.

    Somebody who draws boxes makes it begin every few seconds.
    """
    earlier = Job.objects.filter(task=TASK, project_id=job.project_id, pk__lt=job.pk)
    earlier.filter(state=State.SUCCEEDED, created_by=None).delete()
