"""Recordings: upload, look, split."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Count
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin, UpdateModelMixin
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import activities, deletion, members, selections, tasks, uploads, videos
from annotations.access import InProject
from annotations.models import Project, Purpose, Role, Selection, Video
from annotations.serializers import LossesSerializer
from annotations.serializers_videos import (
    ActivitySerializer,
    CondenseSerializer,
    SelectionSerializer,
    VideoSerializer,
    VideoUploadSerializer,
)
from lprsite.jobs.engine import Task
from lprsite.jobs.models import Job
from lprsite.jobs.serializers import JobSerializer
from lprsite.texts import both

MOST_BINS = 2000


class VideoViewSet(ListModelMixin, RetrieveModelMixin, UpdateModelMixin, InProject):
    queryset = (
        Video.objects.select_related("camera").annotate(frame_count=Count("frames")).order_by("id")
    )
    serializer_class = VideoSerializer
    filterset_fields: ClassVar = {"project": ["exact"], "camera": ["exact", "isnull"]}
    parser_classes = [MultiPartParser, JSONParser]
    http_method_names = ["get", "post", "patch", "delete", "head", "options"]

    @extend_schema(
        request=VideoUploadSerializer,
        responses={202: JobSerializer},
        parameters=[OpenApiParameter("project", int, description="checked before a file is read")],
    )
    def create(self, request: Request) -> Response:
        """Bring in a small file, or one on the server; the job says which video it became.

        Files over 100 MB come in pieces, at ``uploads/``.
        """
        given = VideoUploadSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        project = get_object_or_404(
            members.visible(request.user), pk=given.validated_data["project"]
        )
        job = self._bring(self.project_for(project), given.validated_data)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    def _bring(self, project: Project, given: dict[str, Any]) -> Job:
        user: Any = self.request.user
        if upload := given.get("file"):
            with transaction.atomic():
                return tasks.check_upload(uploads.take_form(project, upload, Purpose.VIDEO, user))
        if path := given.get("path"):
            name = videos.allowed_path(path).name
            return tasks.ingest_video.enqueue(
                project_id=project.pk, by=user, dedupe=f"{project.pk}:{path}", path=path, name=name
            )
        raise ValidationError(
            {
                "file": both(
                    "Send a file, or a path on the server.",
                    "Envíe un archivo o una ruta del servidor.",
                )
            }
        )

    @extend_schema(responses={202: JobSerializer})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete the video with its frames, boxes, texts and readings; managers only."""
        video: Video = self.get_object()
        user: Any = request.user
        members.require(user, video.project_id, Role.MANAGER)
        if video.deleting_at is None:
            deletion.begin_video(video, by=user)
        job = tasks.start_delete_video(video, user)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses=LossesSerializer)
    @action(detail=True, methods=["get"])
    def losses(self, request: Request, pk: str) -> Response:
        """How much would be deleted with the video."""
        return Response({"counts": deletion.losses_of_video(self.get_object())})

    @extend_schema(request=SelectionSerializer, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def split(self, request: Request, pk: str) -> Response:
        """Take frames: ``fps`` a second or ``every`` Nth, from ``start`` to ``end`` seconds.

        With ``motion`` only while something moves, with ``near_duplicates`` only pictures unlike
        the one before, with ``cap`` at most so many, evenly. The job's result counts them.
        """
        video: Video = self.get_object()
        given = SelectionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user: Any = request.user
        selection: Selection = selections.choose(video, **given.validated_data, by=user)
        job = tasks.split_video.enqueue(
            project_id=video.project_id,
            by=user,
            dedupe=str(selection.pk),
            selection=selection.pk,
            video=video.pk,
        )
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        responses={200: ActivitySerializer},
        parameters=[OpenApiParameter("bins", int, description="1 to 2000, 600 if not told")],
    )
    @action(detail=True, methods=["get"])
    def activity(self, request: Request, pk: str) -> Response:
        """What moves and how many frames are taken, in equal parts of the video's time."""
        asked = request.query_params.get("bins", "600")
        if not asked.isdecimal() or len(asked) > 4 or not 1 <= int(asked) <= MOST_BINS:
            raise ValidationError(
                {
                    "bins": both(
                        f"A whole number from 1 to {MOST_BINS}.",
                        f"Un número entero de 1 a {MOST_BINS}.",
                    )
                }
            )
        found = activities.timeline(self.get_object(), int(asked))
        return Response(ActivitySerializer(found).data)

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def measure(self, request: Request, pk: str) -> Response:
        """Measure what moves, if it has not been: for the timeline, estimates and condensing."""
        return self._job(tasks.measure_activity, self.get_object())

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def preview(self, request: Request, pk: str) -> Response:
        """Make the copy that browsers play once more, as after damage was found."""
        return self._job(tasks.make_preview, self.get_object())

    @extend_schema(request=CondenseSerializer, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def condense(self, request: Request, pk: str) -> Response:
        """Make a new video without the stretches in which nothing moves.

        The job's result names it; its ``time_map`` leads back to the times of this one.
        """
        given = CondenseSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return self._job(tasks.condense_video, self.get_object(), **given.validated_data)

    def _job(self, task: Task, video: Video, **given: Any) -> Response:
        user: Any = self.request.user
        job = task.enqueue(
            project_id=video.project_id, by=user, dedupe=str(video.pk), video=video.pk, **given
        )
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)
