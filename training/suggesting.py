"""Which networks propose texts and boxes in a project, and having them look at what waits."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.db.models import Q
from django.utils import timezone

from annotations import boxes, suggestions
from annotations.models import Crop, Frame, Project
from annotations.models.crops import CropQuerySet
from annotations.models.datasets import Kind
from annotations.suggestions import Found, Proposal
from annotations.transcriptions import LONGEST
from lprsite import files
from lprsite.jobs.engine import Running
from lprsite.jobs.models import ACTIVE, Job, State
from training import readings, runs, starters
from training.errors import StarterMissing

PIECE = 32  # crops read at once: little is waited for, and little is lost
AHEAD = 8  # frames behind the one on screen
TASK, BOXES_TASK = "suggest", "suggest_boxes"
ASSISTANT = "PP-OCRv6"
# After suggestions failed or were stopped, before they begin by themselves.
REST = timedelta(minutes=10)

Ask = Callable[[dict[str, Any], Callable[[], None]], dict[str, Any]]


@dataclass(frozen=True)
class Source:
    """A network: its name as suggestions store it, and its checkpoint; beside it, perhaps,
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
    mark = _mark(starter)
    name = f"Starter recognizer {mark}"
    if assistant := starters.assistant():
        beside = f"{ASSISTANT} beside starter {mark}"
        return Source(f"{name} beside {ASSISTANT}", starter, beside, assistant)
    return Source(name, starter)


def detector_of(project: Project) -> Source:
    """The project's current detector, else the starter. Raises StarterMissing."""
    if model := runs.current(project, Kind.DETECTOR):
        return Source(model.name, files.local_path(model.file))
    starter = starters.path(Kind.DETECTOR)
    return Source(f"Starter detector {_mark(starter)}", starter)


@lru_cache(maxsize=4)
def _mark(starter: Path) -> str:
    """Part of the name, so that the starter of a later version is another one."""
    return hashlib.sha256(starter.read_bytes()).hexdigest()[:4]


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


def unlooked_at(frame: Frame, source: Source) -> list[Frame]:
    """The frames that a job for this frame looks at."""
    return suggestions.unlooked_at(frame, source.name, ahead=AHEAD)


def suggest_boxes(frame: Frame, running: Running, ask: Ask) -> dict[str, Any]:
    """Propose boxes on the frame and on the next ones of its video that have none.

    Raises what ``ask`` raises, and StarterMissing.
    """
    source = detector_of(frame.project)
    rows = unlooked_at(frame, source)
    labels = set(frame.project.labels.values_list("name", flat=True))
    for piece in filter(None, (rows[:1], rows[1:])):  # what is on screen does not wait for more
        paths = [str(files.local_path(one.file)) for one in piece]
        answer = ask({"detector": str(source.checkpoint), "frames": paths}, running.check)
        found = {
            one.pk: [box for box in told if box[0] in labels and _has_area(box)]
            for one, told in zip(piece, answer["found"], strict=True)
        }
        suggestions.keep_boxes(source.name, found)
    return {"frames": len(rows), "model": source.name}


def _has_area(box: Found) -> bool:
    _, x1, y1, x2, y2, _ = box
    return min(x2 - x1, y2 - y1) >= boxes.SMALLEST


def boxes_due(frame: Frame) -> bool:
    """Whether a detector is there and should look now: at this frame, or at many behind it."""
    try:
        source = detector_of(frame.project)
    except StarterMissing:
        return False
    rows = unlooked_at(frame, source)
    if frame not in rows and len(rows) <= AHEAD // 2:
        return False
    jobs = Job.objects.filter(task=BOXES_TASK, project_id=frame.project_id)
    return not jobs.filter(_resting()).exists()


def _resting() -> Q:
    return Q(state__in=(State.FAILED, State.CANCELLED), ended_at__gt=timezone.now() - REST)


def due(projects: Iterable[int]) -> list[int]:
    """Those of the projects where no suggestions are being made, nor failed a short while ago."""
    ids = list(projects)
    jobs = Job.objects.filter(_resting() | Q(state__in=ACTIVE), task=TASK, project_id__in=ids)
    busy = set(jobs.values_list("project_id", flat=True))
    return [pk for pk in ids if pk not in busy]
