"""Recordings: upload, look, split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.db.models import Count
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin, UpdateModelMixin
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import members, tasks, videos
from annotations.access import InProject
from annotations.models import Selection, Video
from annotations.serializers import SelectionSerializer, VideoSerializer, VideoUploadSerializer
from lprsite.jobs.serializers import JobSerializer


class VideoViewSet(ListModelMixin, RetrieveModelMixin, UpdateModelMixin, InProject):
    queryset = Video.objects.annotate(frame_count=Count("frames")).order_by("id")
    serializer_class = VideoSerializer
    filterset_fields = ["project"]
    parser_classes = [MultiPartParser, JSONParser]
    http_method_names = ["get", "post", "patch", "head", "options"]

    @extend_schema(request=VideoUploadSerializer, responses={201: VideoSerializer})
    def create(self, request: Request) -> Response:
        """Bring in a recording; the same file again answers 200 with the video it already is."""
        given = VideoUploadSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        project = get_object_or_404(
            members.visible(request.user), pk=given.validated_data["project"]
        )
        self.project_for(project)
        video, new = self._ingest(project, given.validated_data)
        if new:
            tasks.make_preview.enqueue(
                project_id=project.pk, by=request.user, dedupe=str(video.pk), video=video.pk
            )
        code = status.HTTP_201_CREATED if new else status.HTTP_200_OK
        return Response(self.get_serializer(video).data, status=code)

    def _ingest(self, project: Any, given: dict[str, Any]) -> tuple[Video, bool]:
        user: Any = self.request.user
        if upload := given.get("file"):
            assert isinstance(upload, TemporaryUploadedFile)
            path = Path(upload.temporary_file_path())
            found = videos.ingest(
                path, project=project, name=upload.name or "video", by=user, move=True
            )
            path.touch()  # the upload handler deletes its file and expects to find one
            return found
        if given.get("path"):
            path = videos.allowed_path(given["path"])
            return videos.ingest(path, project=project, name=path.name, by=user)
        raise ValidationError({"file": "Send a file, or a path on the server."})

    @extend_schema(request=SelectionSerializer, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def split(self, request: Request, pk: str) -> Response:
        """Take frames: ``fps`` a second or ``every`` Nth, from ``start`` to ``end`` seconds."""
        video: Video = self.get_object()
        given = SelectionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user: Any = request.user
        selection: Selection = videos.choose(video, **given.validated_data, by=user)
        job = tasks.split_video.enqueue(
            project_id=video.project_id, by=user, selection=selection.pk, video=video.pk
        )
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)
