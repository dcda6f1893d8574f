"""Freeze dataset versions whose splits never share a vehicle.

What shows one vehicle shares keys: passage, canonical text and, for the detector, time clusters
(frames of one video closer than ``TIME_GAP`` seconds); ``annotations.splits`` keeps it together.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q
from django.utils import timezone

from annotations import plate_formats, splits
from annotations.errors import (
    DatasetEmpty,
    DatasetUnclear,
    DatasetUnknown,
    TextNotInAlphabet,
    TextNotLearnable,
    TextOfCrop,
)
from annotations.formats.matching import stem
from annotations.models import Box, Crop, DatasetItem, DatasetVersion, Frame, Project
from annotations.models.crops import ReadingRole, Second, Status
from annotations.models.datasets import Kind, Split
from annotations.models.frames import FrameStatus
from annotations.vision.crops import CROP_SIZE
from lprsite.jobs.engine import Running
from lprsite.jobs.models import Job

TIME_GAP = 10.0  # seconds without frames that end a time cluster
LOST_AFTER = timedelta(hours=1)  # a version without a job that is not whole by then never will be


@dataclass(frozen=True)
class Filter:
    """Which frames or crops a version takes of those that can teach. Dates include both days."""

    videos: tuple[int, ...] = ()  # none named: all, and what belongs to no video
    since: date | None = None  # when a frame was taken in or a text was read
    until: date | None = None
    min_width: int = 0  # of crops, in pixels
    min_sharpness: float = 0.0  # of crops
    agreed: bool = False  # only texts that two people read alike or a reviewer decided
    done: bool = False  # only frames that somebody said to be done

    @classmethod
    def of(cls, given: dict[str, Any] | None) -> Filter:
        """From JSON, dates as YYYY-MM-DD; unknown names are left out."""
        known: dict[str, Any] = {
            f.name: given[f.name] for f in fields(cls) if given and given.get(f.name) is not None
        }
        for name in {"since", "until"} & set(known):
            known[name] = date.fromisoformat(str(known[name]))
        known["videos"] = tuple(known.get("videos", ()))
        return cls(**known)

    def json(self) -> dict[str, Any]:
        """What is asked for; what takes everything is left out."""
        usual = Filter()
        asked = {f.name: getattr(self, f.name) for f in fields(self)}
        return {
            name: str(value) if isinstance(value, date) else value
            for name, value in asked.items()
            if value != getattr(usual, name)
        }

    def frames(self, rows: Any, zone: ZoneInfo) -> Any:
        if self.done:
            rows = rows.exclude(status=FrameStatus.OPEN)
        return self._of_videos(self._between(rows, "created_at", zone), "video")

    def crops(self, rows: Any, zone: ZoneInfo) -> Any:
        if self.agreed:
            decided = Q(current__role__in=[ReadingRole.ADJUDICATION, ReadingRole.REVIEW])
            rows = rows.filter(decided | Q(second__in=[Second.AGREES, Second.DECIDED]))
        rows = rows.filter(width__gte=self.min_width, sharpness__gte=self.min_sharpness)
        return self._of_videos(
            self._between(rows, "current__created_at", zone), "box__frame__video"
        )

    def _of_videos(self, rows: Any, column: str) -> Any:
        return rows.filter(**{f"{column}__in": self.videos}) if self.videos else rows

    def _between(self, rows: Any, column: str, zone: ZoneInfo) -> Any:
        if self.since:
            rows = rows.filter(**{f"{column}__gte": datetime.combine(self.since, time(), zone)})
        if self.until:
            after = self.until + timedelta(days=1)
            rows = rows.filter(**{f"{column}__lt": datetime.combine(after, time(), zone)})
        return rows


EVERYTHING = Filter()


@dataclass(frozen=True)
class Draft:
    """Items with groups and splits, not stored, and by which keys each was grouped."""

    items: list[DatasetItem]
    keys: list[list[Hashable]]


def labelled_frames(project: Project) -> Any:
    """Frames that can teach the detector: with boxes, or looked at and found empty."""
    present = Box.objects.present().filter(frame=OuterRef("pk"))
    looked_at = Q(status__in=[FrameStatus.DONE, FrameStatus.NOTHING_HERE])
    rows = Frame.objects.filter(project=project).filter(Exists(present) | looked_at)
    return rows.select_related("video").order_by("video_id", "pts", "id")


def readable_crops(project: Project) -> Any:
    """Crops that can teach the recognizer: read, whole, and not waiting for a new look."""
    rows = Crop.objects.filter(
        project=project, withdrawn=False, recheck=False, current__status=Status.READABLE
    )
    return rows.select_related("current", "box__frame__video").order_by("id")


def kinds_with_data(project: Project) -> list[str]:
    """The kinds that a version could be frozen of now. Raises DatasetEmpty if there is none."""
    there = {Kind.DETECTOR: labelled_frames(project), Kind.RECOGNIZER: readable_crops(project)}
    kinds = [str(kind) for kind, rows in there.items() if rows.exists()]
    if not kinds:
        raise DatasetEmpty(kind="detector / recognizer")
    return kinds


def draft(project: Project, kind: str, rule: splits.Rule, only: Filter = EVERYTHING) -> Draft:
    """What a version frozen now would hold.

    Raises DatasetEmpty when there is nothing to freeze, TextNotInAlphabet, TextNotLearnable.
    """
    make = _detector_items if kind == Kind.DETECTOR else _recognizer_items
    items, keys = make(project, rule, only)
    if not items:
        raise DatasetEmpty(kind=kind)
    _check_texts(items, project.alphabet)
    groups = splits.components(keys)
    for position, (item, group, split) in enumerate(
        zip(items, groups, splits.assign(groups, rule), strict=True)
    ):
        item.position, item.group, item.split = position, str(group), split
    return Draft(items, keys)


def _detector_items(
    project: Project, rule: splits.Rule, only: Filter
) -> tuple[list[DatasetItem], list[list[Hashable]]]:
    countries = project.countries()
    boxes: dict[int, list[Box]] = {}
    rows = Box.objects.present().filter(frame__project=project)
    for box in rows.select_related("label", "crop__current").order_by("id").iterator():
        boxes.setdefault(box.frame_id, []).append(box)
    items, keys = [], []
    cluster, last = 0, (0, float("-inf"))
    for frame in only.frames(labelled_frames(project), ZoneInfo(project.time_zone)).iterator():
        here = (frame.video_id or 0, frame.seconds() or 0.0)
        if here[0] != last[0] or here[1] - last[1] > TIME_GAP or not frame.video_id:
            cluster += 1
        last = here
        found = boxes.get(frame.pk, [])
        shared: list[Hashable] = [("time", cluster), ("picture", frame.sha256)]
        if rule.whole_videos and frame.video_id:
            shared.append(("video", frame.video_id))
        for box in found:
            shared += _vehicle_keys(box.passage_id, _text_of(box), countries)
        items.append(
            DatasetItem(
                name=frame.name or f"frame_{frame.pk:06d}",
                sha256=frame.sha256,
                file=frame.file,
                width=frame.width,
                height=frame.height,
                boxes=[_box_json(box) for box in found],
                complete_labels=frame.complete_labels,
                frame=frame,
            )
        )
        keys.append(shared)
    return items, keys


def _recognizer_items(
    project: Project, rule: splits.Rule, only: Filter
) -> tuple[list[DatasetItem], list[list[Hashable]]]:
    countries = project.countries()
    items, keys = [], []
    rows = only.crops(readable_crops(project), ZoneInfo(project.time_zone))
    for crop in rows.iterator(chunk_size=1000):
        passage = crop.box.passage_id if crop.box else None
        shared = _vehicle_keys(passage, crop.current.text, countries)
        shared.append(("picture", crop.sha256))
        if crop.group:
            shared.append(("track", crop.group))
        if rule.whole_videos and crop.box and crop.box.frame.video_id:
            shared.append(("video", crop.box.frame.video_id))
        items.append(
            DatasetItem(
                name=crop_name(crop),
                sha256=crop.sha256,
                file=crop.file,
                width=crop.width,
                height=crop.height,
                text=crop.current.text,
                crop=crop,
            )
        )
        keys.append(shared)
    return items, keys


def crop_name(crop: Crop) -> str:
    """A name that says where a crop comes from: its frame's, or its own file's, and its id."""
    name = crop.box.frame.name if crop.box else crop.name
    return f"{stem(name) or 'crop'}_{crop.pk:06d}"[-255:]


def _vehicle_keys(passage: int | None, text: str, countries: set[str]) -> list[Hashable]:
    keys: list[Hashable] = []
    if passage:
        keys.append(("passage", passage))
    if text and "?" not in text:
        keys.append(("text", plate_formats.canonical(text, countries)))
    return keys


def _text_of(box: Box) -> str:
    crop = getattr(box, "crop", None)
    return crop.current.text if crop and crop.current else ""


def _box_json(box: Box) -> dict[str, Any]:
    return {
        "label": box.label.name,
        "x1": box.x1,
        "y1": box.y1,
        "x2": box.x2,
        "y2": box.y2,
        "ignore": box.ignore,
    }


def summary(draft: Draft) -> dict[str, Any]:
    """Counts per split and video: items, vehicles, boxes per label, characters; and leaks."""
    lines = leaks(draft)
    counts: dict[str, Any] = {"leaks": sum(lines.values()), "leak_lines": lines}
    for split in Split.values:
        mine = [item for item in draft.items if item.split == split]
        counts[split] = {
            "items": len(mine),
            "groups": len({item.group for item in mine}),
            "boxes": dict(Counter(box["label"] for item in mine for box in item.boxes)),
            "characters": _characters(mine),
        }
    counts["videos"] = _per_video(draft.items)
    counts["characters"] = _characters(draft.items)
    counts["longest"] = max((len(item.text) for item in draft.items), default=0)
    return counts


def _characters(items: Iterable[DatasetItem]) -> dict[str, int]:
    return dict(sorted(Counter("".join(item.text for item in items)).items()))


def _per_video(items: Iterable[DatasetItem]) -> list[dict[str, Any]]:
    """Items per split and vehicles of each video, by name; without a name what is of none."""
    rows: dict[int, dict[str, Any]] = {}
    groups: dict[int, set[str]] = defaultdict(set)
    for item in items:
        frame = _frame_of(item)
        video = frame.video if frame else None
        row = rows.setdefault(
            video.pk if video else 0,
            {"name": video.name if video else "", **dict.fromkeys(Split.values, 0)},
        )
        row[item.split] += 1
        groups[video.pk if video else 0].add(item.group)
    told = [{**row, "groups": len(groups[pk])} for pk, row in rows.items()]
    return sorted(told, key=lambda row: (row["name"] == "", row["name"]))


def _frame_of(item: DatasetItem) -> Frame | None:
    if item.crop is not None:
        return item.crop.box.frame if item.crop.box else None
    return item.frame


KEY_KINDS = {"passage": "passage", "track": "passage", "text": "text", "picture": "picture"}


def leaks(draft: Draft) -> dict[str, int]:
    """What stands on more than one side, by kind; each must be 0.

    Passages (or tracks), canonical texts and pictures, and moments of a video at which frames
    closer than ``TIME_GAP`` are parted.
    """
    sides: dict[Hashable, set[str]] = {}
    for item, keys in zip(draft.items, draft.keys, strict=True):
        for key in keys:
            sides.setdefault(key, set()).add(item.split)
    lines = dict.fromkeys(KEY_KINDS.values(), 0)
    for key, found in sides.items():
        kind = KEY_KINDS.get(key[0]) if isinstance(key, tuple) else None
        if kind and len(found) > 1:
            lines[kind] += 1
    return {**lines, "time": _parted_moments(draft.items)}


def _parted_moments(items: Iterable[DatasetItem]) -> int:
    """How often neighbours in a video closer than ``TIME_GAP`` are on two sides (detector)."""
    moments = sorted(
        (item.frame.video_id, item.frame.seconds() or 0.0, item.split)
        for item in items
        if item.frame is not None and item.frame.video_id is not None
    )
    return sum(
        one[0] == next_[0] and next_[1] - one[1] <= TIME_GAP and one[2] != next_[2]
        for one, next_ in pairwise(moments)
    )


def manifest_hash(items: Iterable[DatasetItem]) -> str:
    """SHA-256 over everything that training sees of the items."""
    digest = hashlib.sha256()
    for item in items:
        line = [item.sha256, item.boxes, sorted(item.complete_labels), item.text, item.split]
        digest.update(json.dumps(line, sort_keys=True).encode() + b"\n")
    return digest.hexdigest()


def freeze(
    project: Project,
    kind: str,
    rule: splits.Rule,
    *,
    only: Filter = EVERYTHING,
    note: str = "",
    by: User | None = None,
    running: Running | None = None,
) -> DatasetVersion:
    """Freeze what is labelled now as the next version. It becomes visible when whole.

    Raises what :func:`draft` raises, and whatever stops the job; a half-written version
    is removed.
    """
    drafted = draft(project, kind, rule, only)
    items = drafted.items
    _forget_unfinished(project, kind)
    asked = {**only.json(), **({"job": running.job.pk} if running else {})}
    version = _number(project, kind, rule, note=note, by=by, asked=asked)
    try:
        for start in range(0, len(items), settings.BULK_ROWS):
            chunk = items[start : start + settings.BULK_ROWS]
            for item in chunk:
                item.version = version
            DatasetItem.objects.bulk_create(chunk)
            if running:
                running.progress(start + len(chunk), len(items), "items")
    except BaseException:
        version.delete()
        raise
    version.counts, version.manifest_hash = summary(drafted), manifest_hash(items)
    version.save(update_fields=["counts", "manifest_hash"])
    return version


def _check_texts(items: Iterable[DatasetItem], alphabet: str) -> None:
    """Refuse a text that no recognizer of the project can write: a training would stop at it.

    A text was in the alphabet when it was saved, but alphabets change. A character takes a
    step of four columns; equal neighbours need an empty one between them.
    """
    steps, known = CROP_SIZE[0] // 4, set(alphabet)
    for item in items:
        refused: type[TextOfCrop] | None = None
        foreign = next((character for character in item.text if character not in known), "")
        if foreign:
            refused = TextNotInAlphabet
        elif len(item.text) + sum(a == b for a, b in pairwise(item.text)) > steps:
            refused = TextNotLearnable
        if refused:
            box = item.crop.box if item.crop else None
            raise refused(
                text=item.text,
                picture=item.name,
                character=foreign,
                steps=steps,
                crop=item.crop_id,
                frame=box.frame_id if box else None,
            )


def _forget_unfinished(project: Project, kind: str) -> None:
    """Remove versions that a dead process left half-written; others may be at work on theirs."""
    for version in DatasetVersion.objects.filter(project=project, kind=kind, manifest_hash=""):
        job = version.filter.get("job")
        lost = timezone.now() - version.created_at > LOST_AFTER
        if lost or (job and not Job.objects.active().filter(pk=job).exists()):
            version.delete()


@transaction.atomic
def _number(
    project: Project,
    kind: str,
    rule: splits.Rule,
    *,
    note: str,
    by: User | None,
    asked: dict[str, Any],
) -> DatasetVersion:
    newest = DatasetVersion.objects.filter(project=project, kind=kind).aggregate(n=Max("number"))
    return DatasetVersion.objects.create(
        project=project,
        kind=kind,
        number=(newest["n"] or 0) + 1,
        note=note,
        filter=asked,
        split_rule={"shares": dict(rule.shares), "whole_videos": rule.whole_videos},
        seed=rule.seed,
        manifest_hash="",
        created_by=by,
    )


def find(project: Project, name: str | int | None, *, kind: str | None = None) -> DatasetVersion:
    """The version that commands mean, everywhere in the same way.

    ``name`` is the number within its kind, or both as "detector:3"; without one the newest.
    Where ``kind`` is not known from the context, a number of both kinds is refused.

    Raises:
        DatasetUnknown: the sentence names those there are.
        DatasetUnclear: there is a detector's and a recognizer's of that number.
    """
    whole = DatasetVersion.objects.filter(project=project).exclude(manifest_hash="")
    of_kind = whole.filter(kind=kind) if kind else whole
    said, _, number = str(name or "").strip().replace(" v", ":").rpartition(":")
    if name is None:
        found = list(of_kind.order_by("-number")[:1])
    else:
        named = of_kind.filter(kind=said) if said else of_kind
        right = number.isdecimal() and len(number) < 10
        found = list(named.filter(number=int(number))) if right else []
    if len(found) > 1:
        raise DatasetUnclear(number=number)
    if not found:
        known = ", ".join(f"{row.kind}:{row.number}" for row in of_kind[:10]) or "–"
        raise DatasetUnknown(name=name or kind or "", known=known)
    return found[0]
