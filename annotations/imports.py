"""Bring pictures, boxes and texts in from other tools, as often as one likes without doubling.

A batch is first examined (what is in it and what would become of it; nothing is written),
then run with a mapping of its labels. Rows are written in small pieces under natural keys:
a run that was killed completes when it runs again, and a second import adds nothing.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone

from annotations import formats, import_matches, import_reports, import_samples
from annotations.bringing import Bringing, Tally
from annotations.errors import (
    ArchiveGap,
    ClassTwice,
    EntryFileUnreadable,
    ImportBusy,
    ImportDone,
    ImportGone,
    ImportNotReady,
    LabelNameWrong,
    MapNeeded,
    MapWrong,
    MemberDamaged,
    NoTranscriptions,
    PathNotAllowed,
    SourceMissing,
    TooManyLabels,
)
from annotations.formats import Annotations, Plan, Transcribed
from annotations.formats.archives import Source, open_source
from annotations.formats.exports import safe_file_name
from annotations.models import ImportBatch, Label, Project
from lprsite import files
from lprsite.jobs.engine import Running
from lprsite.jobs.models import ACTIVE, Job, State

KEPT_DAYS = 7  # for which an uploaded file is kept after it came in
LONGEST_LABEL = 40
NEW_LABELS = 100  # that one import may add
SAMPLE_TEXTS = 12
TEXT_FORMATS = ("labelerjs", "lprnet", "lprnet-names", "text-table")

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
    batch: ImportBatch,
    running: Running,
    mapping: LabelMap | None = None,
    *,
    texts: bool = False,
) -> dict[str, Any]:
    """Find out what the batch holds and what would become of it. Needs no mapping.

    Every picture is read and compared with the project, so that the counts are those that an
    import with the suggested mapping would have; nothing is written but the report and a
    sheet of samples. May be asked for again, also after an import: what was missing may have
    come in since. ``texts``: somebody says that it holds texts of crops; then names of files
    are read as such, whatever they look like.
    """
    batch.dry_run, batch.counts, batch.report = True, {}, []
    with opened(batch) as source:
        said = _read(batch, source, running, texts=texts)
        batch.format = said.format
        if isinstance(said, Transcribed):
            batch.labels, batch.needs_map, batch.mapping, batch.classes = {}, False, {}, {}
            tally, facts = _bring_texts(batch, source, said, running, dry=True)
        else:
            batch.labels, batch.needs_map = said.label_counts, said.needs_map
            batch.mapping = _suggested(batch.project, said) if mapping is None else dict(mapping)
            tally, facts = _examine_boxes(batch, source, said, mapping, running)
            batch.classes = _classes(said, tally, import_samples.make(batch, source, said))
        facts |= _damage(source, tally)
    _store(batch, tally, facts)
    return {"batch": batch.pk, "format": batch.format, "counts": batch.counts, "facts": batch.facts}


def _examine_boxes(
    batch: ImportBatch,
    source: Source,
    said: Annotations,
    mapping: LabelMap | None,
    running: Running,
) -> tuple[Tally, dict[str, Any]]:
    plan = said.resolve(mapping)
    if mapping is None:
        plan = _relabelled(plan, batch.mapping)
    labels = {label.name: label for label in Label.objects.filter(project=batch.project)}
    tally = Tally(plan.counts, plan.report, plan.by_label)
    with Bringing(batch, source, tally, labels=labels, dry=True) as bringing:
        _bring_pictures(bringing, plan, running, message="looking")
    facts = _facts(tally, plan, said)
    if not tally.of_videos:
        new = [picture.member for picture in plan.pictures if not picture.stored]
        members = new or list(plan.unlabelled)
        facts["likely_videos"] = import_matches.likely_videos(batch.project, source, members)
    return tally, facts


def _relabelled(plan: Plan, mapping: LabelMap) -> Plan:
    """The plan of a dry run with the labels that would be suggested."""
    pictures = tuple(
        replace(
            picture,
            boxes=tuple(replace(b, label=mapping.get(b.said) or b.label) for b in picture.boxes),
        )
        for picture in plan.pictures
    )
    return replace(plan, pictures=pictures)


def _classes(
    said: Annotations, tally: Tally, samples: Mapping[str, tuple[int, int]]
) -> dict[str, Any]:
    """What the mapping page shows of each class: geometry, outcomes, place of its samples."""
    geometry = said.geometry()
    found: dict[str, Any] = {}
    for label in said.label_counts:
        outcomes: Mapping[str, int] = tally.by_label.get(label, {})
        one: dict[str, Any] = {"outcomes": {k: n for k, n in outcomes.items() if n}}
        if label in geometry:
            one |= asdict(geometry[label])
        if label in samples:
            one["row"], one["cells"] = samples[label]
        found[label] = one
    return found


def _facts(tally: Tally, plan: Plan, said: Annotations) -> dict[str, Any]:
    """Counts beside the entries: pictures, texts, rows, and where pictures were found."""
    return {
        "fixed": dict(plan.fixed),
        "pictures": len(plan.pictures) + len(plan.unlabelled),
        "negatives": sum(picture.negative for picture in plan.pictures),
        "unlabelled": len(plan.unlabelled),
        "elsewhere": sum(bool(picture.stored) for picture in said.pictures.values()),
        "of_videos": dict(tally.of_videos),
        "texts": dict(tally.texts),
        "made": dict(tally.made),
    }


def _read(
    batch: ImportBatch, source: Source, running: Running, *, texts: bool
) -> Annotations | Transcribed:
    """What the source says, with what the project knows of pictures that it lacks."""
    said = formats.look(
        source, progress=lambda done, total: running.progress(done, total, "pictures", "looking")
    )
    if isinstance(said, Transcribed):
        return said
    if texts and said.format == formats.PICTURES_ONLY:
        with contextlib.suppress(NoTranscriptions):
            return formats.read_transcriptions(source)
    return import_matches.pictures_of_project(batch.project, said)


def _suggested(project: Project, said: Annotations) -> dict[str, str | None]:
    """A first mapping: what this project chose before, else its own names, else a guess."""
    guess = said.suggest()
    known = set(Label.objects.filter(project=project).values_list("name", flat=True))
    guess |= {label: label for label in guess if label in known}
    return guess | {label: to for label, to in project.class_map.items() if label in guess}


def begin_examining(batch: ImportBatch) -> None:
    """Refuse to look at a batch again while somebody works on it.

    Raises ImportBusy, and ImportGone where its file is not kept any more.
    """
    if not batch.path:
        raise ImportGone(name=batch.name)
    if Job.objects.filter(pk=batch.job_id or 0, state__in=ACTIVE).exists():
        raise ImportBusy(name=batch.name)


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
            named = not classes or any(label in given for label in classes)
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
        said = _read(batch, source, running, texts=batch.format in TEXT_FORMATS)
        if isinstance(said, Transcribed):
            tally, facts = _bring_texts(batch, source, said, running)
        else:
            tally, facts = _bring_boxes(batch, source, said, running)
        facts |= _damage(source, tally)
    _store(batch, tally, facts)
    return {
        "batch": batch.pk,
        "format": batch.format,
        "counts": batch.counts,
        "texts": dict(tally.texts),
        "made": dict(tally.made),
        "facts": batch.facts,
    }


def _bring_boxes(
    batch: ImportBatch, source: Source, said: Annotations, running: Running
) -> tuple[Tally, dict[str, Any]]:
    plan = said.resolve(batch.mapping)
    used = {box.label for picture in plan.pictures for box in picture.boxes}
    labels = _labels(batch, used)
    tally = Tally(plan.counts, plan.report, plan.by_label)
    complete = _complete(said, batch.mapping, labels)
    with Bringing(batch, source, tally, labels=labels, complete=complete) as bringing:
        _bring_pictures(bringing, plan, running)
    remembered = {label: to for label, to in batch.mapping.items() if label in batch.labels}
    batch.project.refresh_from_db(fields=["class_map"])
    batch.project.class_map |= remembered
    batch.project.save(update_fields=["class_map"])
    return tally, _facts(tally, plan, said)


def _bring_pictures(bringing: Bringing, plan: Plan, running: Running, *, message: str = "") -> None:
    total = len(plan.pictures) + len(plan.unlabelled)
    said = (message,) if message else ()
    for done, picture in enumerate(plan.pictures, 1):
        bringing.add(picture)
        running.progress(done, total, "pictures", *said)
    for done, member in enumerate(plan.unlabelled, len(plan.pictures) + 1):
        bringing.add_unlabelled(member)
        running.progress(done, total, "pictures", *said)
    bringing.flush()


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


def _damage(source: Source, tally: Tally) -> dict[str, Any]:
    """What a damaged archive lacks, counted, with a line in the report for each loss."""
    damage = source.damage
    if damage is None:
        return {}
    told = {line.file for line in tally.report}
    for member in damage.lost:
        if member not in told:
            reason = MemberDamaged(name=source.name, member=member)
            tally.note(EntryFileUnreadable(file=member, line=0, reason=reason))
    for start, size in damage.gaps:
        tally.note(ArchiveGap(file=source.name, line=0, start=start, bytes=size))
    lost = {"members": damage.members, "lost": len(damage.lost), "gaps": len(damage.gaps)}
    return {"damage": lost}


def _bring_texts(
    batch: ImportBatch,
    source: Source,
    said: Transcribed,
    running: Running,
    *,
    dry: bool = False,
) -> tuple[Tally, dict[str, Any]]:
    here = import_matches.crops_of_project(batch.project, said)
    problems = [line for place, line in enumerate(said.problems) if place not in here]
    counts = dict(said.counts)
    counts["imported"] += len(here)
    if here:
        counts["picture_missing"] -= len(here)
    tally = Tally(counts, problems)
    beside = {pair.member.rpartition("/")[0] for pair in said.pairs}
    # Crops that nobody has read yet lie in the folders of those that somebody has.
    waiting = [m for m in said.untranscribed if m.rpartition("/")[0] in beside]
    with Bringing(batch, source, tally, dry=dry) as bringing:
        for place, crop in here.items():
            facts = said.problems[place].refusal.facts
            bringing.add_said(crop, str(facts["text"]), str(facts["picture"]))
        every = [*((pair.member, pair.text) for pair in said.pairs), *((m, "") for m in waiting)]
        for done, (member, text) in enumerate(every, 1):
            bringing.add_text(member, text)
            running.progress(done, len(every), "crops", "looking" if dry else "")
        bringing.flush()
    return tally, {
        "pictures": len(every),
        "elsewhere": len(here),
        "unlabelled": len(waiting),
        "made": dict(tally.made),
        "sample_texts": _sample_texts(said.pairs),
    }


def _sample_texts(pairs: Sequence[formats.TextPair]) -> list[list[str]]:
    """Some (file, text), so that a person sees whether they were read rightly."""
    step = max(1, len(pairs) // SAMPLE_TEXTS)
    return [[pair.member.rpartition("/")[2], pair.text] for pair in pairs[::step][:SAMPLE_TEXTS]]


def _store(batch: ImportBatch, tally: Tally, facts: Mapping[str, Any]) -> None:
    batch.counts = {name: count for name, count in tally.counts.items() if count or name == "seen"}
    batch.counts.setdefault("imported", 0)
    batch.report = import_reports.kept_lines(tally.report)
    batch.facts = {**facts, "report_lines": len(tally.report)}
    import_reports.write(batch, tally.report)
    batch.save(
        update_fields=[
            "format", "labels", "needs_map", "mapping", "classes", "counts", "report", "facts",
            "dry_run",
        ]
    )  # fmt: skip
