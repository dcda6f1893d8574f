"""Bring pictures, boxes and texts in from other tools, as often as one likes without doubling.

A batch is first examined (what is in it and what would become of it; nothing is written),
then run with a mapping of its labels. Rows are written in small pieces under natural keys:
a run that was killed completes when it runs again, and a second import adds nothing.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from annotations import formats
from annotations.bringing import Bringing, Tally
from annotations.errors import (
    ClassTwice,
    ImportDone,
    ImportGone,
    ImportNotReady,
    LabelNameWrong,
    MapNeeded,
    MapWrong,
    NothingToImport,
    NoTranscriptions,
    PathNotAllowed,
    SourceMissing,
    TooManyLabels,
)
from annotations.formats import Annotations, Transcribed, labelerjs, lprnet
from annotations.formats.archives import Source, open_source
from annotations.formats.exports import safe_file_name
from annotations.models import ImportBatch, Label, Project
from lprsite import files
from lprsite.jobs.engine import Running
from lprsite.jobs.models import ACTIVE, Job, State

KEPT_LINES = 2000  # of a report; the counts are always whole
KEPT_DAYS = 7  # for which an uploaded file is kept after it came in
LONGEST_LABEL = 40
NEW_LABELS = 100  # that one import may add
PICTURES_ONLY = "pictures"
TEXT_FORMATS = ("labelerjs", "lprnet")

LabelMap = Mapping[str, str | None]


# --- taking a file in


def allowed_path(given: str) -> Path:
    """A file or folder on the server that people may import.

    Raises:
        PathNotAllowed: no folder is opened for this, or the path leaves it.
        SourceMissing: nothing is there.
    """
    if not settings.SERVER_FOLDER:
        raise PathNotAllowed(path=given)
    root = Path(settings.SERVER_FOLDER).resolve()
    path = (root / given).resolve()
    if not path.is_relative_to(root):
        raise PathNotAllowed(path=given)
    if not path.exists():
        raise SourceMissing(name=given)
    return path


def receive(
    path: Path, *, project: Project, name: str, by: User | None = None, upload: bool = False
) -> ImportBatch:
    """A batch for a file or folder. An upload is moved into the storage, others stay in place.

    Raises:
        SourceMissing: there is nothing at ``path``.
    """
    if not path.exists():
        raise SourceMissing(name=name)
    sha256 = files.sha256_of(path) if path.is_file() else ""
    kept = str(path.resolve())
    if upload:
        # A folder for each, so that a table finds nothing of others beside it.
        kept = f"imports/{uuid4().hex}/{_file_name(name)}"
        target = files.local_path(kept)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
    return ImportBatch.objects.create(
        project=project, name=name[:255], path=kept, stored=upload, sha256=sha256, created_by=by
    )


def _file_name(name: str) -> str:
    """A name for the disk that keeps the ending."""
    return safe_file_name(name).rpartition("/")[2][-100:].lstrip(".") or "import"


@contextmanager
def opened(batch: ImportBatch) -> Iterator[Source]:
    """The batch's file or folder. Raises ImportGone, and what the archive refuses."""
    if not batch.path:
        raise ImportGone(name=batch.name)
    path = files.local_path(batch.path) if batch.stored else Path(batch.path)
    with open_source(path) as source:
        yield source


def forget_old() -> int:
    """Delete uploaded files that came in over a week ago; their rows and counts stay."""
    old = timezone.now() - timedelta(days=KEPT_DAYS)
    rows = ImportBatch.objects.filter(stored=True, created_at__lt=old).exclude(path="")
    for batch in rows:
        shutil.rmtree(files.local_path(batch.path).parent, ignore_errors=True)
        ImportBatch.objects.filter(pk=batch.pk).update(path="")
    return len(rows)


# --- looking at it


def examine(
    batch: ImportBatch, running: Running, mapping: LabelMap | None = None
) -> dict[str, Any]:
    """Find out what the batch holds and what would become of it. Needs no mapping."""
    with opened(batch) as source:
        said = _read(source, running)
    if isinstance(said, Transcribed):
        batch.labels, batch.needs_map, batch.mapping = {}, False, {}
        tally = Tally(said.counts, said.problems)
    else:
        batch.labels, batch.needs_map = said.label_counts, said.needs_map
        batch.mapping = _suggested(batch.project, said) if mapping is None else dict(mapping)
        plan = said.resolve(mapping)
        tally = Tally(plan.counts, plan.report)
    batch.format = said.format
    _store(batch, tally, "format", "labels", "needs_map", "mapping")
    return {"batch": batch.pk, "format": batch.format, "counts": batch.counts}


def _read(source: Source, running: Running) -> Annotations | Transcribed:
    """What the source says: boxes, or texts of crops."""
    if labelerjs.find(source):
        return formats.read_transcriptions(source)
    try:
        said = formats.read(
            source,
            progress=lambda done, total: running.progress(done, total, "pictures", "looking"),
        )
    except NothingToImport:
        said = None
    if said is None or said.format == PICTURES_ONLY:
        try:
            texts = lprnet.read(source)
        except NoTranscriptions:
            texts = None
        if texts is not None and texts.pairs:
            return texts
    if said is None:
        raise NothingToImport(name=source.name)
    return said


def _suggested(project: Project, said: Annotations) -> dict[str, str | None]:
    """A first mapping: what this project chose before, else its own names, else a guess."""
    guess = said.suggest()
    known = set(Label.objects.filter(project=project).values_list("name", flat=True))
    guess |= {label: label for label in guess if label in known}
    return guess | {label: to for label, to in project.class_map.items() if label in guess}


# --- the mapping


def parse_map(text: str | None) -> dict[str, str | None] | None:
    """ "0=car,1=plate,2=" as a mapping; nothing after "=" leaves the class out.

    Raises MapWrong, ClassTwice.
    """
    if text is None:
        return None
    mapping: dict[str, str | None] = {}
    for part in text.split(","):
        label, equals, target = part.partition("=")
        if not equals or not label.strip():
            raise MapWrong(text=text)
        if label.strip() in mapping:
            raise ClassTwice(label=label.strip())
        mapping[label.strip()] = target.strip() or None
    return mapping


def prepare(batch: ImportBatch, mapping: LabelMap | None) -> bool:
    """Settle how the labels are taken; returns False if the import is already on its way.

    Without a mapping the suggested one is taken, except for class numbers, which somebody
    must have named: now, or in an earlier import of the project.

    Raises:
        ImportNotReady, ImportDone, MapNeeded, LabelNameWrong
    """
    if not batch.format:
        raise ImportNotReady(name=batch.name)
    if not batch.dry_run:
        state = Job.objects.filter(pk=batch.job_id or 0).values_list("state", flat=True).first()
        if state == State.SUCCEEDED:
            raise ImportDone(name=batch.name)
        if state in ACTIVE:
            return False
    batch.mapping = _checked_map(batch, mapping)
    batch.dry_run = False
    batch.save(update_fields=["mapping", "dry_run"])
    return True


def _checked_map(batch: ImportBatch, given: LabelMap | None) -> dict[str, str | None]:
    mapping = dict(given) if given is not None else dict(batch.mapping)
    if batch.needs_map:
        classes = [label for label in batch.labels if not label.startswith("-")]
        if given is None:  # a guess by size is for a person to confirm
            named = all(label in batch.project.class_map for label in classes)
        else:
            named = any(label in given for label in classes)
        if not named:
            counts = ", ".join(f"{label} ({batch.labels[label]})" for label in classes)
            raise MapNeeded(name=batch.name, classes=counts)
    for label, target in mapping.items():
        name = target.strip() if target else None
        if name and (len(name) > LONGEST_LABEL or not name.isprintable()):
            raise LabelNameWrong(name=name[:80], limit=LONGEST_LABEL)
        mapping[label] = name or None
    return mapping


# --- doing it


def run(batch: ImportBatch, running: Running) -> dict[str, Any]:
    """Import the batch with its mapping; run again, it completes and doubles nothing."""
    with opened(batch) as source:
        said = _read(source, running)
        if isinstance(said, Transcribed):
            tally = _bring_texts(batch, source, said, running)
        else:
            tally = _bring_boxes(batch, source, said, running)
    _store(batch, tally)
    return {
        "batch": batch.pk,
        "format": batch.format,
        "counts": batch.counts,
        "texts": dict(tally.texts),
        "made": dict(tally.made),
    }


def _bring_boxes(batch: ImportBatch, source: Source, said: Annotations, running: Running) -> Tally:
    plan = said.resolve(batch.mapping)
    used = {box.label for picture in plan.pictures for box in picture.boxes}
    labels = _labels(batch, used)
    tally = Tally(plan.counts, plan.report)
    complete = _complete(said, batch.mapping, labels)
    bringing = Bringing(batch, source, tally, labels=labels, complete=complete)
    total = len(plan.pictures) + len(plan.unlabelled)
    for done, picture in enumerate(plan.pictures, 1):
        bringing.add(picture)
        running.progress(done, total, "pictures")
    for done, member in enumerate(plan.unlabelled, len(plan.pictures) + 1):
        bringing.add_unlabelled(member)
        running.progress(done, total, "pictures")
    bringing.flush()
    remembered = {label: to for label, to in batch.mapping.items() if label in batch.labels}
    batch.project.refresh_from_db(fields=["class_map"])
    batch.project.class_map |= remembered
    batch.project.save(update_fields=["class_map"])
    return tally


def _complete(said: Annotations, mapping: LabelMap, labels: Mapping[str, Label]) -> list[str]:
    """The labels of the project that every picture of the batch is fully labelled with.

    Where the batch knows no label at all, its empty pictures are empty of everything.
    """
    declared = {mapping.get(label, None if said.needs_map else label) for label in said.labels}
    mapped = {mapping.get(label) for label in said.label_counts}
    known = [label for label in labels if label in declared | mapped]
    return sorted(known or labels)


def _labels(batch: ImportBatch, names: set[str]) -> dict[str, Label]:
    """The labels of the project, with those of ``names`` made that it lacks.

    Raises LabelNameWrong and TooManyLabels before any is made.
    """
    known = {label.name: label for label in Label.objects.filter(project=batch.project)}
    fresh = sorted(names - set(known))
    if len(fresh) > NEW_LABELS:
        raise TooManyLabels(name=batch.name, count=len(fresh), limit=NEW_LABELS)
    for name in fresh:
        if not 0 < len(name) <= LONGEST_LABEL or not name.isprintable():
            raise LabelNameWrong(name=name[:80], limit=LONGEST_LABEL)
    last = max((label.position for label in known.values()), default=-1)
    for position, name in enumerate(fresh, last + 1):
        known[name], _ = Label.objects.get_or_create(
            project=batch.project, name=name, defaults={"position": position}
        )
    return known


def _bring_texts(batch: ImportBatch, source: Source, said: Transcribed, running: Running) -> Tally:
    tally = Tally(said.counts, said.problems)
    bringing = Bringing(batch, source, tally)
    beside = {pair.member.rpartition("/")[0] for pair in said.pairs}
    # Crops that nobody has read yet lie in the folders of those that somebody has.
    waiting = [m for m in said.untranscribed if m.rpartition("/")[0] in beside]
    total = len(said.pairs) + len(waiting)
    for done, pair in enumerate(said.pairs, 1):
        bringing.add_text(pair.member, pair.text)
        running.progress(done, total, "crops")
    for done, member in enumerate(waiting, len(said.pairs) + 1):
        bringing.add_text(member, "")
        running.progress(done, total, "crops")
    bringing.flush()
    return tally


def _store(batch: ImportBatch, tally: Tally, *fields: str) -> None:
    batch.counts = {name: count for name, count in tally.counts.items() if count or name == "seen"}
    batch.counts.setdefault("imported", 0)
    batch.report = [
        {
            "file": line.file,
            "line": line.line,
            "outcome": line.outcome,
            "en": line.refusal.sentence("en"),
            "es": line.refusal.sentence("es"),
        }
        for line in tally.report[:KEPT_LINES]
    ]
    batch.save(update_fields=["counts", "report", *fields])
