"""Frames by the hundred thousand: in their order, by what is on them, and what people say of them.

The order is that of the grid and of the editor's next and previous: the videos one after the
other, each by time, then the single pictures. Pages begin at a key of that order, never at a
count, so the last page of a million costs what the first does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)

from annotations.errors import (
    FrameHasBoxes,
    LabelUnknown,
    PlaceUnknown,
    TimeNeedsVideo,
    VideoUnknown,
)
from annotations.models import (
    AuditEntry,
    Box,
    Crop,
    DoomedFile,
    Frame,
    Label,
    Project,
    Transcription,
    Video,
)
from annotations.models.frames import FrameStatus

PAGE = 3_000  # frames of one page of the index
STATUSES = (FrameStatus.OPEN, FrameStatus.DONE, FrameStatus.NOTHING_HERE)  # two bits each
LABEL_BITS = 24  # of a frame's marks above the status; further labels share the last
_COUNT = 1 << 32  # the count of boxes stands above the bits
NO_BOXES = "-"


@dataclass(frozen=True)
class Sought:
    """Which frames somebody looks for; what is left out does not matter.

    ``has`` names labels, separated by commas: ``plate`` has one, ``-plate`` has none, ``-``
    has no box at all. ``text`` is a plate's text with ``?`` for one and ``*`` for any
    characters; without either it may stand anywhere in the plate. ``start`` and ``end`` are
    seconds of ``video``.
    """

    video: int | None = None
    status: str = ""
    has: str = ""
    text: str = ""
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True)
class Place:
    """A key of the order: behind ``key`` of a video (pts), or of the single pictures (id)."""

    video: int | None
    key: int

    def __str__(self) -> str:
        return f"{self.video or 'p'}.{self.key}"

    @classmethod
    def parse(cls, text: str) -> Place:
        """Raises PlaceUnknown for anything that ``str`` of a place did not write."""
        video, _, key = text.partition(".")
        whole = key.removeprefix("-").isdecimal() and len(key) < 19
        if not whole or not (video == "p" or (video.isdecimal() and len(video) < 19)):
            raise PlaceUnknown(place=text[:40])
        return cls(None if video == "p" else int(video), int(key))

    @classmethod
    def of(cls, frame: Frame) -> Place:
        if frame.video_id is None or frame.pts is None:
            return cls(None, frame.pk)
        return cls(frame.video_id, frame.pts)


@dataclass
class Page:
    """Frames in their order, one number each in every list."""

    ids: list[int] = field(default_factory=list)
    videos: list[int | None] = field(default_factory=list)
    milliseconds: list[int] = field(default_factory=list)  # from the video's start; 0 without one
    marks: list[int] = field(default_factory=list)  # status in two bits, then a bit a label
    boxes: list[int] = field(default_factory=list)
    next: Place | None = None


# --- looking


def find(project_id: int, sought: Sought) -> QuerySet[Frame]:
    """The frames somebody looks for, in no order.

    Raises:
        LabelUnknown, VideoUnknown
        TimeNeedsVideo: a time without a video.
    """
    rows: QuerySet[Frame] = Frame.objects.filter(project_id=project_id)
    if sought.video is not None:
        rows = rows.filter(video=sought.video)
    if sought.status:
        rows = rows.filter(status=sought.status)
    for name in filter(None, sought.has.split(",")):
        rows = _having(rows, project_id, name)
    if sought.text:
        rows = rows.filter(pk__in=reading(project_id, sought.text))
    return _between(rows, sought)


def _having(rows: QuerySet[Frame], project_id: int, name: str) -> QuerySet[Frame]:
    boxes = Box.objects.present().filter(frame=OuterRef("pk"))
    if name == NO_BOXES:
        return rows.filter(~Exists(boxes))
    label = Label.objects.filter(project=project_id, name=name.removeprefix(NO_BOXES)).first()
    if label is None:
        raise LabelUnknown(name=name.removeprefix(NO_BOXES))
    there = Exists(boxes.filter(label=label))
    return rows.filter(~there if name.startswith(NO_BOXES) else there)


def _between(rows: QuerySet[Frame], sought: Sought) -> QuerySet[Frame]:
    if sought.start is None and sought.end is None:
        return rows
    if sought.video is None:
        raise TimeNeedsVideo()
    video = Video.objects.filter(pk=sought.video).first()
    if video is None:
        raise VideoUnknown(video=sought.video)
    if sought.start is not None:
        rows = rows.filter(pts__gte=_pts(video, sought.start))
    if sought.end is not None:
        rows = rows.filter(pts__lte=_pts(video, sought.end))
    return rows


def _pts(video: Video, seconds: float) -> int:
    return round(Fraction(seconds) / Fraction(video.time_base)) + video.start_pts


def reading(project_id: int, pattern: str) -> QuerySet[Any, Any]:
    """The ids of the frames with a plate of this text, in no order, some more than once."""
    crops = Crop.objects.filter(project=project_id, withdrawn=False, current__isnull=False)
    crops = crops.exclude(box=None)  # imported without a frame
    texts = Transcription.objects.filter(alike("text", pattern))
    return crops.filter(current__in=texts, box__deleted_at__isnull=True).values_list(
        "box__frame", flat=True
    )


def alike(column: str, pattern: str) -> Func:
    """The condition that the text in ``column`` is as people describe it."""
    return Func(
        F(column),
        Value(like(pattern)),
        arg_joiner=" LIKE ",
        template="%(expressions)s ESCAPE '!'",
        output_field=BooleanField(),
    )


def like(pattern: str) -> str:
    """What people write as a pattern of SQL: ``PB?12*`` is ``PB_12%``, ``12`` is ``%12%``."""
    plain = "".join(sign for sign in pattern.upper() if sign not in " -.·")
    escaped = "".join(f"!{sign}" if sign in "!%_" else sign for sign in plain)
    if "?" not in plain and "*" not in plain:
        return f"%{escaped}%"
    return escaped.replace("?", "_").replace("*", "%")


# --- the order


def onward(rows: QuerySet[Frame], place: Place | None) -> list[QuerySet[Frame]]:
    """The frames behind ``place`` as stretches, each one walk along the index."""
    videos, pictures = rows.filter(video__isnull=False), _pictures(rows)
    if place is None:
        return [videos.order_by("video_id", "pts"), pictures.order_by("id")]
    if place.video is None:
        return [pictures.filter(pk__gt=place.key).order_by("id")]
    return [
        rows.filter(video=place.video, pts__gt=place.key).order_by("pts"),
        videos.filter(video__gt=place.video).order_by("video_id", "pts"),
        pictures.order_by("id"),
    ]


def backward(rows: QuerySet[Frame], place: Place) -> list[QuerySet[Frame]]:
    """The frames before ``place``, the nearest first."""
    videos = rows.filter(video__isnull=False)
    if place.video is None:
        before = _pictures(rows).filter(pk__lt=place.key).order_by("-id")
        return [before, videos.order_by("-video_id", "-pts")]
    return [
        rows.filter(video=place.video, pts__lt=place.key).order_by("-pts"),
        videos.filter(video__lt=place.video).order_by("-video_id", "-pts"),
    ]


def _pictures(rows: QuerySet[Frame]) -> QuerySet[Frame]:
    return rows.filter(video__isnull=True, pts__isnull=True)


def before(frame: Frame, sought: Sought | None = None) -> int | None:
    """The id of the nearest frame before this one among those looked for.

    Without ``sought`` the way ends with the frame's video (or with the single pictures).
    """
    stretches = backward(find(frame.project_id, sought or Sought()), Place.of(frame))
    return _first(stretches if sought else stretches[:1])


def behind(frame: Frame, sought: Sought | None = None) -> int | None:
    """The id of the nearest frame behind this one, as ``before``."""
    stretches = onward(find(frame.project_id, sought or Sought()), Place.of(frame))
    return _first(stretches if sought else stretches[:1])


def _first(stretches: Sequence[QuerySet[Frame]]) -> int | None:
    for stretch in stretches:
        found: int | None = stretch.values_list("pk", flat=True).first()
        if found is not None:
            return found
    return None


def page(
    project_id: int, *, video: int | None = None, after: Place | None = None, limit: int = PAGE
) -> Page:
    """The next ``limit`` frames of a project, or of one video, with what is on them.

    Three queries along one index and one for the videos, however many frames there are.
    """
    rows = Frame.objects.filter(project_id=project_id)
    if video is not None:
        rows = rows.filter(video=video)
    found: list[tuple[Any, ...]] = []
    for stretch in onward(rows, after):
        if len(found) <= limit:
            told = stretch.annotate(on_it=_boxes_on_it(project_id))
            columns = ("pk", "video_id", "pts", "status", "on_it")
            found += told.values_list(*columns)[: limit + 1 - len(found)]
    return _paged(found, limit)


def _boxes_on_it(project_id: int) -> Any:
    """One number for the boxes on a frame: a bit for each label there is, and their count."""
    labels = labels_of(project_id)
    last = LABEL_BITS - 1
    bits = Case(
        *(When(label=pk, then=Value(4 << min(at, last))) for at, (pk, _) in enumerate(labels)),
        default=Value(4 << last),
        output_field=IntegerField(),
    )
    boxes = Box.objects.present().filter(frame=OuterRef("pk")).order_by().values("frame")
    told = boxes.annotate(on_it=Sum(bits, distinct=True) + Count("*") * _COUNT)
    return Subquery(told.values("on_it"))


def labels_of(project_id: int) -> list[tuple[int, str]]:
    """(id, name) of the project's labels, in the order of their bits."""
    rows = Label.objects.filter(project=project_id).order_by("position", "id")
    return list(rows.values_list("pk", "name"))


def _paged(found: list[tuple[Any, ...]], limit: int) -> Page:
    here = found[:limit]
    if not here:
        return Page()
    ids, videos, pts, states, on_it = (list(column) for column in zip(*here, strict=True))
    status = {name: bits for bits, name in enumerate(STATUSES)}
    told = [number or 0 for number in on_it]
    page = Page(ids=ids, videos=videos)
    page.milliseconds = _milliseconds(videos, pts)
    page.marks = [status[s] | (n & (_COUNT - 1)) for s, n in zip(states, told, strict=True)]
    page.boxes = [number // _COUNT for number in told]
    if len(found) > limit:
        page.next = Place(videos[-1], ids[-1] if videos[-1] is None else pts[-1])
    return page


def _milliseconds(videos: list[int | None], pts: list[int | None]) -> list[int]:
    """The times from the start of each frame's video, rounded down; 0 for single pictures."""
    rows = Video.objects.filter(pk__in={video for video in videos if video is not None})
    clocks: dict[int | None, tuple[int, int, int]] = {None: (0, 0, 1)}
    for pk, start, base in rows.values_list("pk", "start_pts", "time_base"):
        clocks[pk] = (start, 1000 * Fraction(base).numerator, Fraction(base).denominator)
    at = [clocks[video] for video in videos]
    return [((p or 0) - start) * n // d for p, (start, n, d) in zip(pts, at, strict=True)]


def counts(project_id: int, video: int | None = None) -> dict[str, dict[str, int]]:
    """How many frames have each status, and how many have boxes of each label: two queries."""
    rows = Frame.objects.filter(project_id=project_id)
    boxes = Box.objects.present().filter(label__project=project_id)
    if video is not None:
        rows, boxes = rows.filter(video=video), boxes.filter(frame__video=video)
    by_status = rows.order_by().values_list("status").annotate(n=Count("*"))
    by_label = boxes.order_by().values_list("label__name").annotate(n=Count("frame", distinct=True))
    return {"status": dict(by_status), "has": dict(by_label)}


# --- what people say of them


def mark(
    frame: Frame, *, status: str | None = None, complete_labels: list[str] | None = None
) -> Frame:
    """Set the status of a frame, and which classes are fully labelled on it.

    "Done" and "nothing here" mean that every label of the project is complete on the frame,
    unless ``complete_labels`` says otherwise.

    Raises:
        FrameHasBoxes: "nothing here" on a frame with boxes.
        LabelUnknown: a complete label that the project does not have.
    """
    names = [name for _, name in labels_of(frame.project_id)]
    if complete_labels is not None:
        for name in complete_labels:
            if name not in names:
                raise LabelUnknown(name=name)
        frame.complete_labels = complete_labels
    elif status is not None:
        frame.complete_labels = _complete(status, names)
    if status == FrameStatus.NOTHING_HERE and Box.objects.present().filter(frame=frame).exists():
        raise FrameHasBoxes()
    if status is not None:
        frame.status = status
    frame.save(update_fields=["status", "complete_labels"])
    return frame


def _complete(status: str, names: list[str]) -> list[str]:
    return [] if status == FrameStatus.OPEN else names


def mark_many(project: Project, ids: Sequence[int], status: str) -> dict[str, list[int]]:
    """Set the status of many frames; says which were ``changed`` and which could not be.

    "Nothing here" leaves out frames that ``have_boxes``, "done" those that ``have_none``.
    """
    done: dict[str, list[int]] = {"changed": [], "have_boxes": [], "have_none": []}
    names = [name for _, name in labels_of(project.pk)]
    for piece in _pieces(ids):
        with transaction.atomic():
            theirs, boxed = _theirs(project, piece)
            wrong = {FrameStatus.NOTHING_HERE: boxed, FrameStatus.DONE: theirs - boxed}
            left_out = wrong.get(FrameStatus(status), set())
            good = theirs - left_out
            Frame.objects.filter(pk__in=good).update(
                status=status, complete_labels=_complete(status, names)
            )
        done["changed"] += sorted(good)
        done["have_boxes" if status == FrameStatus.NOTHING_HERE else "have_none"] += sorted(
            left_out
        )
    return done


def delete_many(
    project: Project, ids: Sequence[int], *, by: User | None = None
) -> dict[str, list[int]]:
    """Delete frames without boxes; says which are gone (``changed``) and which stayed.

    Those that ``have_boxes`` stay, and those that ``have_texts``, of boxes that were deleted:
    what a person typed is never lost.
    """
    done: dict[str, list[int]] = {"changed": [], "have_boxes": [], "have_texts": []}
    for piece in _pieces(ids):
        with transaction.atomic():
            theirs, boxed = _theirs(project, piece)
            bare = theirs - boxed
            read = Transcription.objects.filter(crop__box__frame__in=bare)
            texts = set(read.values_list("crop__box__frame", flat=True))
            _take_away(bare - texts)
        done["changed"] += sorted(bare - texts)
        done["have_boxes"] += sorted(boxed)
        done["have_texts"] += sorted(texts)
    if gone := done["changed"]:
        AuditEntry.objects.create(
            project=project,
            user=by,
            action="delete_frames",
            subject=f"{len(gone)} frames",
            details={"frames": gone},
        )
    return done


def _take_away(ids: set[int]) -> None:
    """Delete these frames; the files that they named go once no other row names them."""
    crops = Crop.objects.filter(box__frame__in=ids).values_list("file", flat=True)
    keys = {*Frame.objects.filter(pk__in=ids).values_list("file", flat=True), *crops}
    DoomedFile.objects.bulk_create(
        [DoomedFile(key=key) for key in sorted(keys)],
        ignore_conflicts=True,
        batch_size=settings.BULK_ROWS,
    )
    Frame.objects.filter(pk__in=ids).delete()


def _theirs(project: Project, piece: Sequence[int]) -> tuple[set[int], set[int]]:
    """Those of the ids that are frames of this project, and those of them with boxes."""
    theirs = set(project.frames.filter(pk__in=piece).values_list("pk", flat=True))
    present = Box.objects.present().filter(frame__in=theirs)
    return theirs, set(present.values_list("frame", flat=True).distinct())


def _pieces(ids: Sequence[int]) -> list[Sequence[int]]:
    size = settings.BULK_ROWS
    return [ids[start : start + size] for start in range(0, len(ids), size)]
