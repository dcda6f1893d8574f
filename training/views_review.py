"""The doors of review: reads, passages and checked spans."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, cast
from uuid import uuid4

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.mixins import DestroyModelMixin, ListModelMixin, RetrieveModelMixin
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from annotations import members, passages, verdicts
from annotations.access import InProject
from annotations.formats import tables
from annotations.models import (
    AuditEntry,
    CheckedSpan,
    Passage,
    PassageChange,
    Project,
    Role,
    Video,
)
from lprsite.jobs.serializers import JobSerializer
from lprsite.jobs.views import NewestFirst
from training import comparisons, lines, reads, reviews, sightings, sure, tasks
from training.models import InferenceRun, Read, ReadCrop
from training.serializers_readings import (
    AcceptSerializer,
    AcceptSureSerializer,
    CheckedSpanSerializer,
    CycleSerializer,
    CyclesSerializer,
    MergeSerializer,
    PassageAddSerializer,
    PassageDeleteSerializer,
    PassageDetailSerializer,
    PassagePatchSerializer,
    ReadLineSerializer,
    ReadSerializer,
    RejectSerializer,
    ReviewNewsSerializer,
    SightingSerializer,
    SoughtReadsSerializer,
    SplitSerializer,
    SureOfferSerializer,
    UndoSerializer,
)
from training.sightings import Place, Sighting, Sought

DECIMAL = OpenApiParameter(
    "decimal", str, enum=["comma"], description="for spreadsheets that write 0,5; with ; between"
)


class ByTime(CursorPagination):
    ordering = ("first_pts", "id")
    page_size = 200
    page_size_query_param = "limit"
    max_page_size = 1000


class ByPlace(NewestFirst):
    """Pages of sightings; the cursor is the place of the last one."""

    def page_of(self, find: Callable[..., Iterator[Sighting]], request: Request) -> list[Sighting]:
        """``find`` gives so many, those that follow a place."""
        most = self.get_page_size(request) or self.max_page_size
        found = list(find(after=self._after(request), most=most + 1))
        self._last = found[most - 1].place if len(found) > most else None
        self._address = request.build_absolute_uri()
        return found[:most]

    def _after(self, request: Request) -> Place | None:
        given = request.query_params.get(self.cursor_query_param)
        if given is None:
            return None
        place = re.fullmatch(r"(\d{1,18})\.(-?\d{1,18})\.([01])\.(\d{1,18})", given, re.ASCII)
        if place is None:
            raise NotFound(self.invalid_cursor_message)
        video, first_pts, read, key = map(int, place.groups())
        return Place(video, first_pts, bool(read), key)

    def get_next_link(self) -> str | None:
        if self._last is None:
            return None
        cursor = ".".join(str(int(part)) for part in self._last)
        return replace_query_param(self._address, self.cursor_query_param, cursor)

    def get_previous_link(self) -> None:
        return None


class ReadViewSet(ListModelMixin, RetrieveModelMixin, InProject):
    queryset = Read.objects.select_related(
        "run__video__project",
        "run__video__camera",
        "match__passage__reviewer",
        "match__passage__video",
    ).prefetch_related(
        Prefetch("crops", ReadCrop.objects.select_related("read__run__video").order_by("pts"))
    )
    serializer_class = ReadSerializer
    pagination_class = ByTime
    filterset_fields = ["run", "run__video"]
    project_path = "run__project"
    write_role = Role.REVIEWER

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """``ids``: only these, at most a page."""
        rows = super().filter_queryset(queryset)
        asked = self.request.query_params.get("ids") if self.action == "list" else None
        if asked is None:
            return rows
        return rows.filter(pk__in=[int(one) for one in asked.split(",")[:200] if one.isdecimal()])

    @extend_schema(parameters=[OpenApiParameter("ids", str, description="such as 12,13,14")])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Reads with their boxes, crops and passages, by time."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=AcceptSerializer, responses=ReadSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """The read is right; with another ``text``, it is corrected.

        409 with the present passage when somebody decided otherwise since ``revision``.
        """
        given = AcceptSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user: Any = request.user
        reviews.accept(self.get_object(), **given.validated_data, by=user)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=MergeSerializer, responses=ReadSerializer)
    @action(detail=True, methods=["post"])
    def merge(self, request: Request, pk: str) -> Response:
        """This track and an ``other`` of the run, or a ``passage``, are of one vehicle.

        409 as accept.
        """
        given = MergeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        asked, read = dict(given.validated_data), self.get_object()
        other: Read | Passage
        if "passage" in asked:
            rows = Passage.objects.select_related("video__project", "reviewer")
            key, deed = asked.pop("passage"), asked["deed"]
            if deed and PassageChange.objects.filter(video=read.run.video_id, deed=deed).exists():
                return Response(self.get_serializer(read).data)  # it may be gone since
            other = get_object_or_404(rows, pk=key, video=read.run.video_id)
        else:
            other = get_object_or_404(self.get_queryset(), pk=asked.pop("other"), run=read.run_id)
        user: Any = request.user
        reviews.merge(read, other, **asked, by=user)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=SplitSerializer, responses=ReadSerializer)
    @action(detail=True, methods=["post"])
    def split(self, request: Request, pk: str) -> Response:
        """The track is of two vehicles, the second from a moment on. 409 as accept."""
        given = SplitSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        asked, read = dict(given.validated_data), self.get_object()
        at, (first, second) = read.run.video.pts(asked.pop("seconds")), asked.pop("texts")
        user: Any = request.user
        reviews.split(read, at, texts=(first, second), **asked, by=user)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        parameters=[OpenApiParameter("run", int, required=True)],
        responses=ReadLineSerializer(many=True),
        filters=False,
    )
    @action(detail=False)
    def lines(self, request: Request) -> Response:
        """The reads of a run by time, without what only the read on screen needs."""
        given = request.query_params.get("run", "")
        runs = InferenceRun.objects.filter(project__in=members.visible(request.user))
        known = runs.select_related("video__camera")
        run = get_object_or_404(known, pk=int(given) if given.isdecimal() else 0)
        page = self.paginate_queryset(run.reads.only("run", "first_pts"))
        return self.get_paginated_response(lines.lines(run, page or []))

    @extend_schema(request=RejectSerializer, responses=ReadSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """The read is of no plate, a duplicate, or of a plate nobody can read. 409 as accept."""
        given = RejectSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user: Any = request.user
        reviews.reject(self.get_object(), **given.validated_data, by=user)
        return Response(self.get_serializer(self.get_object()).data)

    def _sought(self, request: Request) -> tuple[Project, Sought]:
        given = SoughtReadsSerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        visible = members.visible(request.user)
        return get_object_or_404(visible, pk=given.validated_data["project"]), given.sought()

    @extend_schema(
        parameters=[SoughtReadsSerializer], responses=SightingSerializer(many=True), filters=False
    )
    @action(detail=False, pagination_class=ByPlace)
    def search(self, request: Request) -> Response:
        """Where plates were seen, in all videos of a project: the newest video first, in it the
        latest moment; also what people saw and the newest reading of a video did not."""
        project, sought = self._sought(request)
        if sought.text and "cursor" not in request.query_params:
            self._note(request, project, "searched reads")
        pages = cast(ByPlace, self.paginator)
        page = pages.page_of(partial(sightings.find, project, sought), request)
        told = {"pictures": sightings.pictures(page)}
        found = SightingSerializer(page, many=True, context=told)
        return pages.get_paginated_response(found.data)

    @extend_schema(
        parameters=[SoughtReadsSerializer, DECIMAL],
        filters=False,
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, "one line per vehicle")},
    )
    @action(detail=False, pagination_class=None)
    def table(self, request: Request) -> HttpResponse:
        """What a search finds, as a table."""
        project, sought = self._sought(request)
        self._note(request, project, "export reads")
        comma = request.query_params.get("decimal") == "comma"
        found = sightings.table(sightings.find(project, sought), comma=comma)
        answer = HttpResponse(tables.BOM + found, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="reads.csv"'
        return answer

    def _note(self, request: Request, project: Project, what: str) -> None:
        asked = {k: str(v) for k, v in request.query_params.items() if k != "project"}
        AuditEntry.objects.create(
            project=project,
            user_id=request.user.pk,
            action=what,
            subject=asked.get("text", "")[:255],
            details=asked,
        )


class _OfVideo(InProject):
    write_role = Role.REVIEWER

    def video_for(self, pk: int) -> Video:
        """The video a new row will belong to, once the person may review it."""
        videos = Video.objects.filter(project__in=members.visible(self.request.user))
        video = get_object_or_404(videos.select_related("project"), pk=pk)
        self.project_for(video.project)
        return video


class PassageViewSet(ListModelMixin, RetrieveModelMixin, DestroyModelMixin, _OfVideo):
    """The truth of a video: vehicles that passed, by time."""

    queryset = Passage.objects.select_related("video__project", "reviewer")
    serializer_class = PassageDetailSerializer
    pagination_class = ByTime
    filterset_fields = ["video", "status"]
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """``missed_by``: those that this run did not read."""
        rows = super().filter_queryset(queryset)
        run = self.request.query_params.get("missed_by") if self.action == "list" else None
        if run is None:
            return rows
        missed = lines.missed_by(int(run) if run.isdecimal() else 0)
        return rows.filter(pk__in=missed.values("pk"))

    @extend_schema(
        parameters=[OpenApiParameter("missed_by", int, description="a run that did not read them")]
    )
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """The passages of a video, by time."""
        return super().list(request, *args, **kwargs)

    @extend_schema(request=PassageAddSerializer, responses={201: PassageDetailSerializer})
    def create(self, request: Request) -> Response:
        """A vehicle that a reviewer saw and the program missed; once per ``client_key``."""
        given = PassageAddSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        video = self.video_for(given.validated_data["video"])
        user: Any = request.user
        with transaction.atomic():
            passage = passages.add(video, **given.facts(video), by=user)
            reads.rescore(video, passage.first_pts, passage.last_pts)
        return Response(self.get_serializer(passage).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=PassagePatchSerializer, responses=PassageDetailSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Correct text, times or boxes; 409 with the present passage when ``revision`` is old."""
        passage: Passage = self.get_object()
        given = PassagePatchSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user: Any = request.user
        edit, revision = given.edit(passage.video), given.validated_data["revision"]
        deed = given.validated_data["client_key"]
        changed = reviews.correct(passage, edit, revision=revision, by=user, deed=deed)
        return Response(self.get_serializer(changed).data)

    @extend_schema(
        parameters=[
            OpenApiParameter("revision", int, required=True),
            OpenApiParameter("client_key", OpenApiTypes.UUID),
        ]
    )
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take a passage back; 409 when ``revision`` is old."""
        passage: Passage = self.get_object()
        asked = PassageDeleteSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        given, user = asked.validated_data, cast(Any, request.user)
        key = given["client_key"]
        deed = passages.Deed("delete", key) if key else None
        with transaction.atomic():
            passages.delete(passage, revision=given["revision"], by=user, deed=deed)
            reads.rescore(passage.video, passage.first_pts, passage.last_pts)
        return Response(status=status.HTTP_204_NO_CONTENT)


class CheckedSpanViewSet(ListModelMixin, RetrieveModelMixin, DestroyModelMixin, _OfVideo):
    """Stretches of a video whose passages are complete; those that touch are one."""

    queryset = CheckedSpan.objects.select_related("video", "by")
    serializer_class = CheckedSpanSerializer
    pagination_class = ByTime
    project_path = "video__project"
    filterset_fields = ["video"]
    http_method_names = ["get", "post", "delete", "head", "options"]

    @extend_schema(request=CheckedSpanSerializer, responses={201: CheckedSpanSerializer})
    def create(self, request: Request) -> Response:
        """Say that no passage is missing between two moments."""
        given = CheckedSpanSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        new = given.validated_data
        video = self.video_for(new["video_id"])
        user: Any = request.user
        first, last = video.pts(new["first_seconds"]), video.pts(new["last_seconds"])
        with transaction.atomic():
            span = passages.check_span(video, first, last, by=user)
            reads.rescore(video, span.first_pts, span.last_pts)
        return Response(self.get_serializer(span).data, status=status.HTTP_201_CREATED)

    def perform_destroy(self, instance: CheckedSpan) -> None:
        with transaction.atomic():
            instance.delete()
            reads.rescore(instance.video, instance.first_pts, instance.last_pts)


class ReviewOfRun(InProject):
    """What a reviewer asks of a whole run."""

    @extend_schema(
        parameters=[
            OpenApiParameter("since", int, description="left out: only where it stands"),
            OpenApiParameter("after", int, description="number of the newest read that is known"),
        ],
        responses=ReviewNewsSerializer,
    )
    @action(detail=True)
    def news(self, request: Request, pk: str) -> Response:
        """What of the truth of the run's video changed since a change that was seen.

        And the reads that a reading at work has made ``after`` a read.
        """
        run: InferenceRun = self.get_object()
        since, after = (self._number(request, name) for name in ("since", "after"))
        seen = lines.last_change(run) if since is None else since
        return Response(ReviewNewsSerializer(lines.since(run, seen, after=after)).data)

    @staticmethod
    def _number(request: Request, name: str) -> int | None:
        given = request.query_params.get(name, "")
        return int(given) if given.removeprefix("-").isdecimal() else None

    @extend_schema(responses=SureOfferSerializer(many=True))
    @action(detail=True, pagination_class=None, url_path="sure")
    def sure(self, request: Request, pk: str) -> Response:
        """What accepting the surest reads unseen would let through, for each threshold."""
        return Response(SureOfferSerializer(sure.offers(self.get_object()), many=True).data)

    @extend_schema(request=AcceptSureSerializer, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], url_path="accept-sure")
    def accept_sure(self, request: Request, pk: str) -> Response:
        """Accept unseen what waits outside the random tenth, of at least ``threshold``.

        The job's result says how many they were. Once for each ``client_key``.
        """
        given = AcceptSureSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        asked, run = given.validated_data, cast(InferenceRun, self.get_object())
        deed = asked["client_key"]
        job = tasks.start_accepting(run, asked["threshold"], deed=deed, by=request.user)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        request=UndoSerializer, responses={200: ReviewNewsSerializer, 202: JobSerializer}
    )
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Response:
        """Take back what a review of the run's video did in one step; answers what changed by it.

        Where many reads were accepted unseen, a job takes back those about which nobody decided
        since. 409 with the present passage when somebody decided otherwise.
        """
        given = UndoSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        asked, user = given.validated_data, cast(Any, request.user)
        run: InferenceRun = self.get_object()
        if verdicts.is_bulk(run.video, asked["undone"]):
            deed = asked["deed"] or uuid4()
            job = tasks.start_undoing(run, asked["undone"], deed=deed, by=user)
            return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)
        before = lines.last_change(run)
        reviews.undo(run.video, asked["undone"], by=user, deed=asked["deed"])
        return Response(ReviewNewsSerializer(lines.since(run, before)).data)

    @extend_schema(
        parameters=[OpenApiParameter("project", int, required=True)],
        responses=CyclesSerializer,
        filters=False,
    )
    @action(detail=False, pagination_class=None)
    def cycles(self, request: Request) -> Response:
        """What successive models gained, each two judged on the same reviewed passages."""
        given = request.query_params.get("project", "")
        visible = members.visible(request.user)
        project = get_object_or_404(visible, pk=int(given) if given.isdecimal() else 0)
        return Response({"results": CycleSerializer(comparisons.cycles(project), many=True).data})
