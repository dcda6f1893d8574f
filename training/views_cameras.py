"""The doors of cameras that are recorded and read: start, stop, how it goes, what was read."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import members
from annotations.access import InProject
from annotations.models import AuditEntry, Camera, Role
from lprsite.jobs.views import NewestFirst
from training import camera_runs, tasks
from training.models import CameraRun, Read
from training.serializers_cameras import (
    CameraReadSerializer,
    CameraRunSerializer,
    StartRecordingSerializer,
)


class CameraRunViewSet(ListModelMixin, RetrieveModelMixin, InProject):
    """Recordings of cameras, the newest first; of each camera one at most is not stopped."""

    queryset = CameraRun.objects.select_related("camera__project", "job__created_by")
    serializer_class = CameraRunSerializer
    pagination_class = NewestFirst
    filterset_fields = ["camera"]
    project_path = "camera__project"
    write_role = Role.MANAGER
    http_method_names = ["get", "post", "head", "options"]

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().filter_queryset(queryset)
        given = self.request.query_params.get("project", "")
        return rows.filter(camera__project=int(given)) if given.isdecimal() else rows

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """The counts of all rows shown, in two queries."""
        given = args[0] if args else []
        rows = [given] if isinstance(given, CameraRun) else list(given)
        counts = {
            "unread": camera_runs.unread(rows),
            "reads_today": camera_runs.reads_today(rows),
        }
        context = {**self.get_serializer_context(), **counts}
        return CameraRunSerializer(*args, **{**kwargs, "context": context})

    @extend_schema(parameters=[OpenApiParameter("project", int)])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=StartRecordingSerializer, responses={202: CameraRunSerializer})
    def create(self, request: Request) -> Response:
        """Record a camera in pieces, and read each, until it is stopped. Only managers."""
        given = StartRecordingSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        seen = Camera.objects.filter(project__in=members.visible(request.user))
        camera = get_object_or_404(
            seen.select_related("project"), pk=given.validated_data["camera"]
        )
        self.project_for(camera.project)
        user: Any = request.user
        run = camera_runs.start(camera, **given.asked(), by=user)
        tasks.start_recording(run, by=user)
        self._note(run, "started a camera")
        run.refresh_from_db()
        return Response(self.get_serializer(run).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses=CameraRunSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str) -> Response:
        """Stop the recording; what came is kept, and read."""
        run: CameraRun = self.get_object()
        camera_runs.stop(run)
        self._note(run, "stopped a camera")
        return Response(self.get_serializer(self.get_object()).data)

    def _note(self, run: CameraRun, what: str) -> None:
        AuditEntry.objects.create(
            project=run.camera.project,
            user_id=self.request.user.pk,
            action=what,
            subject=run.camera.name,
        )


class NewestPieceFirst(CursorPagination):
    """By when something was seen, not by when it was read: old pieces may be read late."""

    ordering = ("-run_id", "-first_pts", "-id")
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200


class CameraReadViewSet(ListModelMixin, InProject):
    """What is read of a camera while it is recorded, the newest reads first."""

    queryset = Read.objects.all()
    serializer_class = CameraReadSerializer
    pagination_class = NewestPieceFirst
    project_path = "run__project"
    filterset_fields: list[str] = []

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows
        seen = Camera.objects.filter(project__in=members.visible(self.request.user))
        camera = get_object_or_404(seen, pk=self.kwargs["pk"])
        found = camera_runs.reads_of(camera).select_related("run__video__camera", "match__passage")
        return found.prefetch_related("crops").defer("boxes")
