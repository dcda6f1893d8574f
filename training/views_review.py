"""The doors of review: reads, passages and checked spans."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import DestroyModelMixin, ListModelMixin, RetrieveModelMixin
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import members, passages
from annotations.access import InProject
from annotations.models import AuditEntry, CheckedSpan, Passage, Project, Role, Video
from lprsite.jobs.views import NewestFirst
from training import reads, sightings
from training.models import Read, ReadCrop
from training.serializers import (
    AcceptSerializer,
    CheckedSpanSerializer,
    PassageAddSerializer,
    PassageDetailSerializer,
    PassagePatchSerializer,
    ReadSerializer,
    RejectSerializer,
    SightingSerializer,
    SoughtReadsSerializer,
)
from training.sightings import Sought


class ByTime(CursorPagination):
    ordering = ("first_pts", "id")
    page_size = 200
    page_size_query_param = "limit"
    max_page_size = 1000


class ReadViewSet(ListModelMixin, RetrieveModelMixin, InProject):
    queryset = Read.objects.select_related(
        "run__video__project", "match__passage__reviewer", "match__passage__video"
    ).prefetch_related(
        Prefetch("crops", ReadCrop.objects.select_related("read__run__video").order_by("pts"))
    )
    serializer_class = ReadSerializer
    pagination_class = ByTime
    filterset_fields = ["run", "run__video"]
    project_path = "run__project"
    write_role = Role.REVIEWER

    @extend_schema(request=AcceptSerializer, responses=ReadSerializer)
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str) -> Response:
        """The read is right; with another ``text``, it is corrected.

        409 with the present passage when somebody decided otherwise since ``revision``.
        """
        given = AcceptSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user: Any = request.user
        reads.accept(self.get_object(), **given.validated_data, by=user)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=RejectSerializer, responses=ReadSerializer)
    @action(detail=True, methods=["post"])
    def reject(self, request: Request, pk: str) -> Response:
        """The read is of no plate, a duplicate, or of a plate nobody can read. 409 as accept."""
        given = RejectSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user: Any = request.user
        reads.reject(self.get_object(), **given.validated_data, by=user)
        return Response(self.get_serializer(self.get_object()).data)

    def _sought(self, request: Request) -> tuple[Project, Sought]:
        given = SoughtReadsSerializer(data=request.query_params)
        given.is_valid(raise_exception=True)
        visible = members.visible(request.user)
        return get_object_or_404(visible, pk=given.validated_data["project"]), given.sought()

    @extend_schema(
        parameters=[SoughtReadsSerializer], responses=SightingSerializer(many=True), filters=False
    )
    @action(detail=False, pagination_class=NewestFirst)
    def search(self, request: Request) -> Response:
        """Where plates were seen, in all videos of a project, the newest reads first."""
        project, sought = self._sought(request)
        if sought.text and "cursor" not in request.query_params:
            self._note(request, project, "searched reads")
        rows = sightings.find(project, sought).select_related(
            "run__video__camera", "match__passage"
        )
        page = self.paginate_queryset(rows.prefetch_related("crops").defer("boxes"))
        return self.get_paginated_response(SightingSerializer(page, many=True).data)

    @extend_schema(
        parameters=[SoughtReadsSerializer],
        filters=False,
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, "one line per read")},
    )
    @action(detail=False, pagination_class=None)
    def table(self, request: Request) -> HttpResponse:
        """What a search finds, as a table."""
        project, sought = self._sought(request)
        self._note(request, project, "export reads")
        found = sightings.table(sightings.find(project, sought))
        answer = HttpResponse(found, content_type="text/csv; charset=utf-8")
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
        changed = reads.correct(passage, edit, revision=revision, by=user)
        return Response(self.get_serializer(changed).data)

    @extend_schema(parameters=[OpenApiParameter("revision", int, required=True)])
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Take a passage back; 409 when ``revision`` is old."""
        passage: Passage = self.get_object()
        given = request.query_params.get("revision", "")
        user: Any = request.user
        with transaction.atomic():
            passages.delete(passage, revision=int(given) if given.isdecimal() else -1, by=user)
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
