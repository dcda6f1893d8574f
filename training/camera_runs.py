"""Cameras that are recorded and read for days: start, go on, stop, and how it goes.

What a camera sends becomes videos of a few seconds or minutes, each with its reading. Where
readings cannot keep up, new pieces are thrown away and counted; no disk is filled.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection, Generator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from annotations import cameras, deletion
from annotations.errors import CameraUnknown, ProjectFull, Refused
from annotations.models import Camera, CheckedSpan, Frame, Passage, Project, Video
from annotations.models.passages import PassageStatus
from annotations.passages import edits
from annotations.vision.live import Piece
from lprsite.jobs import engine
from lprsite.jobs.engine import Cancelled, Running, WorkerDied
from lprsite.jobs.models import ACTIVE, State
from training import readings, reads, runs
from training.errors import CameraRecorded, ReadingBehind
from training.models import CameraRun, InferenceRun, Read, TrainedModel

log = logging.getLogger(__name__)
PIECE_SECONDS = 30.0
SHORTEST_PIECE, LONGEST_PIECE = 5.0, 3600.0
MOST_UNREAD = 60  # pieces that wait to be read; further ones are thrown away until half are
LEFT = "left"  # why a piece was not read, among the figures of its reading
MOST_TRIES = 3  # of a piece that stops the program that reads it
SEAM_SECONDS, SEAM_EDITS = 3.0, 1  # between two reads of a vehicle at the seam of two pieces
SHOWN = 1000  # pieces; older ones are found by a search
LOOK_TICKS = 10  # of a second: how often is looked whether the camera is still wanted so
AGAIN = timedelta(seconds=60)  # after a failure of ours


def start(
    camera: Camera,
    *,
    detector: str = "",
    recognizer: str = "",
    seconds: float = PIECE_SECONDS,
    keep_all: bool = False,
    by: User | None = None,
    **reading: Any,
) -> CameraRun:
    """Want a camera recorded in pieces of so many seconds; ``go_on`` says what to begin.

    ``reading`` is how each is read, as ``readings.create`` takes it. Pieces in which nothing was
    read are deleted, unless ``keep_all``.

    Raises CameraWithoutAddress, CameraAddressLost, CameraRecorded, and what models are refused
    for.
    """
    cameras.address_of(camera)
    for kind, named in (("detector", detector), ("recognizer", recognizer)):
        _model(camera.project, kind, named)
    try:
        with transaction.atomic():
            return CameraRun.objects.create(
                camera=camera,
                detector=detector,
                recognizer=recognizer,
                options={"seconds": seconds, "keep_all": keep_all, "reading": reading},
                created_by=by,
            )
    except IntegrityError:
        raise CameraRecorded(name=camera.name) from None


def _model(project: Project, kind: str, named: str) -> TrainedModel:
    """The model that a run names; the current one follows what is promoted meanwhile."""
    if named:
        return runs.find(project, kind, named)
    return runs.current(project, kind) or runs.starter(kind)


def stop(run: CameraRun) -> None:
    """Want it no longer; what came is kept and read."""
    now = timezone.now()
    CameraRun.objects.filter(pk=run.pk, stopped_at=None).update(stopped_at=now, **_well())
    if run.job is not None:
        engine.cancel(run.job)


def heed_cancelled() -> None:
    """Want no longer what somebody stopped among the jobs."""
    rows = CameraRun.objects.filter(stopped_at=None, job__state=State.CANCELLED)
    rows.update(stopped_at=timezone.now(), **_well())


def wanted() -> QuerySet[CameraRun]:
    """The runs that nobody works on, though they are wanted."""
    rows = CameraRun.objects.filter(stopped_at=None, camera__project__deleting_at=None)
    failed = Q(job__state=State.FAILED, job__ended_at__gt=timezone.now() - AGAIN)
    return rows.exclude(job__state__in=ACTIVE).exclude(failed).select_related("camera")


def give_up(run: CameraRun, refusal: Refused) -> None:
    """It cannot go on: stop wanting it, and say why."""
    facts = {"stopped_at": timezone.now(), "piece_began": None, **_ill(refusal)}
    CameraRun.objects.filter(pk=run.pk, stopped_at=None).update(**facts)


def record(run: CameraRun, running: Running) -> Generator[InferenceRun, None, None]:
    """Record until it is stopped; gives the readings to begin, one for each piece.

    It also ends, to go on in another job, when the worker ends or the camera's address changed.
    Raises CameraWithoutAddress, CameraAddressLost, Cancelled and Lost.
    """
    address = cameras.address_of(run.camera)
    seconds = run.options["seconds"]
    recording = cameras.Recording(address, seconds=seconds, patient=True, told=log.info)
    cancelled: Cancelled | None = None
    goes_on = False
    state = _State(run, running)
    with closing(recording.pieces()) as pieces:
        for tick, piece in enumerate(pieces):
            try:
                running.check()
            except Cancelled as asked:
                cancelled = asked
                recording.stop()
            if engine.ENDING.is_set() or (tick % LOOK_TICKS == 0 and not _same(run)):
                goes_on = True
                recording.stop()
            if piece is not None:
                if reading := state.take(piece):
                    yield reading
                if not run.options["keep_all"]:
                    with suppress(Cancelled):
                        _forget_empty(run, running)
            state.tell(recording)
    CameraRun.objects.filter(pk=run.pk).update(piece_began=None)
    if cancelled:
        CameraRun.objects.filter(pk=run.pk).update(**_well())
        raise cancelled
    if not goes_on:  # the camera said that this was all
        CameraRun.objects.filter(pk=run.pk).update(stopped_at=timezone.now(), **_well())


def _same(run: CameraRun) -> bool:
    """Whether the run is wanted still, of a camera with the same address."""
    rows = CameraRun.objects.filter(pk=run.pk, stopped_at=None)
    return rows.filter(camera__sealed_address=run.camera.sealed_address).exists()


class _State:
    """What people see of a run at work, and the pieces that it takes."""

    def __init__(self, run: CameraRun, running: Running) -> None:
        self._run, self._running = run, running
        self._lost = 0
        self._behind: ReadingBehind | None = None
        self._unread: Refused | None = None
        self._told: dict[str, Any] = {}

    def take(self, piece: Piece) -> InferenceRun | None:
        """Make the piece a video and its reading; None where it is thrown away or unreadable."""
        run = self._run
        try:
            self._check(piece)
            video = cameras.bring(piece, run.camera)
        except Refused as refusal:
            log.info("a piece of %s was dropped: %s", run, refusal.code)
            self._unread = refusal
            self._count(dropped=1)
            return None
        self._count(pieces=1)
        ended = datetime.fromtimestamp(piece.begun + piece.seconds, UTC)
        CameraRun.objects.filter(pk=run.pk).update(last_piece_at=ended)
        try:
            reading = self._reading(video)
        except Refused as refusal:
            self._unread = refusal
            return None
        self._unread = None
        return reading

    def _reading(self, video: Video) -> InferenceRun:
        run, project = self._run, self._run.camera.project
        reading = readings.create(
            video,
            detector=_model(project, "detector", run.detector),
            recognizer=_model(project, "recognizer", run.recognizer),
            **run.options["reading"],
        )
        reading.camera_run = run
        reading.save(update_fields=["camera_run"])
        return reading

    def _check(self, piece: Piece) -> None:
        """Raises CameraUnknown where it was deleted, ReadingBehind, ProjectFull."""
        if not Camera.objects.filter(pk=self._run.camera_id).exists():
            raise CameraUnknown(name=self._run.camera.name)
        waiting = unread([self._run])[self._run.pk]
        most = MOST_UNREAD // 2 if self._behind else MOST_UNREAD
        self._behind = ReadingBehind(waiting=waiting) if waiting >= most else None
        if self._behind:
            raise self._behind
        if settings.PROJECT_BYTES:
            here = self._run.camera.project.videos.aggregate(all=Sum("bytes"))["all"] or 0
            if here + piece.path.stat().st_size > settings.PROJECT_BYTES:
                limit = settings.PROJECT_BYTES // 1024**3
                raise ProjectFull(name=self._run.camera.name, limit=limit)

    def _count(self, **by: int) -> None:
        added = {name: F(name) + count for name, count in by.items()}
        CameraRun.objects.filter(pk=self._run.pk).update(**added)
        self._running.job.done += by.get("pieces", 0)

    def tell(self, recording: cameras.Recording) -> None:
        """Write what changed, and have the pages look again."""
        if recording.lost > self._lost:
            self._count(dropped=recording.lost - self._lost)
            self._lost = recording.lost
        trouble = recording.trouble or self._behind or self._unread
        began = recording.began and round(recording.began)
        why = trouble.sentence() if trouble else ""
        told = {"why": why, "piece": began, "lost": self._lost, "pieces": self._running.job.done}
        if told == self._told:
            return
        facts: dict[str, Any] = {}
        if why != self._told.get("why"):
            facts = _ill(trouble) if trouble else _well()
            if trouble and self._told.get("why"):
                facts.pop("trouble_since")  # it lasts, for another reason
        facts["piece_began"] = began and datetime.fromtimestamp(began, UTC)
        self._told = told
        CameraRun.objects.filter(pk=self._run.pk).update(**facts)
        with suppress(Cancelled):
            self._running.progress(self._running.job.done, None, "pieces")


def _ill(trouble: Refused) -> dict[str, Any]:
    return {
        "trouble": trouble.code,
        "trouble_en": trouble.sentence(),
        "trouble_es": trouble.sentence("es"),
        "trouble_since": timezone.now(),
    }


def _well() -> dict[str, Any]:
    none = {"trouble": "", "trouble_en": "", "trouble_es": "", "trouble_since": None}
    return {**none, "piece_began": None}


def _forget_empty(run: CameraRun, running: Running) -> None:
    """Delete the newest pieces that were read, had no plate, and that nobody worked on.

    Of one that was left unread nobody knows whether it had a plate: it stays.
    """
    newest = InferenceRun.objects.filter(camera_run=run).order_by("-pk")[: 2 * MOST_UNREAD]
    ended = [
        reading.video_id
        for reading in newest.defer("options")
        if reading.throughput and LEFT not in reading.throughput
    ]
    here = {"video": OuterRef("pk")}
    empty = Video.objects.filter(pk__in=ended, deleting_at=None).filter(
        ~Exists(Read.objects.filter(run__video=OuterRef("pk"))),
        ~Exists(Frame.objects.filter(**here)),
        ~Exists(Passage.objects.filter(**here)),
        ~Exists(CheckedSpan.objects.filter(**here)),
        ~Exists(InferenceRun.objects.filter(**here).exclude(camera_run=run)),
    )
    if empty.exists():
        done = running.job.done
        deletion.take_rows(empty, running)
        deletion.remove_files(running)
        running.job.done = done


def join_beside(piece: InferenceRun) -> None:
    """Find the vehicles that a piece and one beside it both read, as far as both are read.

    A vehicle that passes while one piece ends and the next begins has a read in each.
    """
    pieces = InferenceRun.objects.filter(camera_run=piece.camera_run).select_related("video")
    row = pieces.get(pk=piece.pk)
    before = pieces.filter(pk__lt=piece.pk).order_by("-pk").first()
    after = pieces.filter(pk__gt=piece.pk).order_by("pk").first()
    for first, second in ((before, row), (row, after)):
        if first and second and first.throughput and second.throughput:
            _join(first, second)


def join_before(piece: InferenceRun) -> None:
    """As :func:`join_beside` with the piece before it, while the piece itself is being read."""
    pieces = InferenceRun.objects.filter(camera_run=piece.camera_run_id, pk__lt=piece.pk)
    before = pieces.select_related("video").order_by("-pk").first()
    if before and before.throughput:
        _join(before, piece)


def _join(first: InferenceRun, second: InferenceRun) -> None:
    """Have each read of the second piece that goes on with one of the first say so."""
    begins = (second.video.recorded_at, first.video.recorded_at)
    if begins[0] is None or begins[1] is None:
        return
    length = (begins[0] - begins[1]).total_seconds()  # also of what was lost between them
    if abs(length - (first.video.duration or 0.0)) > SEAM_SECONDS:
        return
    left = [r for r in first.reads.all() if length - _ended(r, first) <= SEAM_SECONDS]
    for read in second.reads.order_by("first_pts", "number"):
        at = length + second.video.seconds(read.first_pts)
        if at - length > SEAM_SECONDS:
            break
        near = [
            (edits(known.text, read.text), at - _ended(known, first), known.pk)
            for known in left
            if read.text and at - _ended(known, first) <= SEAM_SECONDS
        ]
        found = min(near, default=None)
        same = found[2] if found and found[0] <= SEAM_EDITS else None
        Read.objects.filter(pk=read.pk).update(continues=same)
        left = [known for known in left if known.pk != same]


def _ended(read: Read, piece: InferenceRun) -> float:
    return piece.video.seconds(read.last_pts)


def _unread() -> QuerySet[InferenceRun]:
    return InferenceRun.objects.filter(throughput={}, video__deleting_at=None)


def unread(found: Collection[CameraRun]) -> Counter[int | None]:
    """How many pieces of each run wait to be read, in two queries.

    They are among the newest: the oldest are read first, and few may wait.
    """
    its = InferenceRun.objects.filter(camera_run=OuterRef("pk")).order_by("-pk").values("pk")
    edge = Coalesce(Subquery(its[2 * MOST_UNREAD : 2 * MOST_UNREAD + 1]), 0)
    edges = CameraRun.objects.filter(pk__in=[run.pk for run in found]).annotate(edge=edge)
    newest = Q(pk__in=[])
    for pk, after in edges.values_list("pk", "edge"):
        newest |= Q(camera_run=pk, pk__gt=after)
    return Counter(_unread().filter(newest).order_by().values_list("camera_run", flat=True))


def with_unread() -> QuerySet[CameraRun]:
    """The runs of which pieces wait to be read, also of those that were stopped."""
    rows = CameraRun.objects.filter(pk__in=_unread().exclude(camera_run=None).values("camera_run"))
    return rows.filter(camera__project__deleting_at=None).select_related("camera")


def next_unread(run: CameraRun) -> InferenceRun | None:
    """The oldest piece that waits. One that stopped its program several times is left unread."""
    rows = _unread().filter(camera_run=run).order_by("pk")
    for piece in rows.select_related("video__camera", "detector", "recognizer"):
        tries = piece.options.get("tries", 0) + 1
        if tries > MOST_TRIES:
            leave_unread(piece, WorkerDied(attempt=MOST_TRIES))
            continue
        piece.options = {**piece.options, "tries": tries}
        piece.save(update_fields=["options"])
        return piece
    return None


def leave_unread(piece: InferenceRun, why: Refused) -> None:
    """Read a piece no further: it counts as thrown away."""
    log.warning("%s was left unread: %s", piece, why.sentence())
    InferenceRun.objects.filter(pk=piece.pk).update(throughput={LEFT: why.code})
    CameraRun.objects.filter(readings=piece).update(dropped=F("dropped") + 1)
    readings.forget_scratch_of(piece.pk)


def reads_today(found: Collection[CameraRun]) -> dict[int, int]:
    """How many reads each camera of these runs has since midnight, in its project's time zone."""
    begun = Q(pk__in=[])
    for project in {run.camera.project for run in found}:
        now = timezone.now().astimezone(ZoneInfo(project.time_zone))
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        begun |= Q(run__project=project, run__video__recorded_at__gte=midnight)
    cameras = [run.camera_id for run in found]
    rows = Read.objects.filter(begun, run__video__camera__in=cameras, continues=None)
    counted = rows.exclude(run__camera_run=None).order_by().values_list("run__video__camera")
    return {int(pk or 0): count for pk, count in counted.annotate(count=Count("pk"))}


def reads_of(camera: Camera) -> QuerySet[Any]:
    """What is read of the newest pieces of a camera that is recorded, without the rejected.

    A vehicle at the seam of two pieces is there once.
    ``shown`` is the text that counts: what a person confirmed, else what was read.
    """
    confirmed = When(match__passage__status__in=reads.CONFIRMED, then=F("match__passage__text"))
    newest = InferenceRun.objects.filter(camera_run__camera=camera).order_by("-pk")[:SHOWN]
    rows = Read.objects.filter(run__in=newest).exclude(continues__isnull=False)
    return rows.exclude(match__passage__status=PassageStatus.REJECTED).annotate(
        shown=Coalesce(Case(confirmed), F("text"), Value(""))
    )
