"""Bring in what other tools made: look at it, map its classes, import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import imports, members, tasks
from annotations.access import InProject
from annotations.models import ImportBatch, Project
from annotations.serializers_data import (
    ImportBatchSerializer,
    ImportDetailSerializer,
    ImportExamineSerializer,
    ImportStartSerializer,
    ImportUploadSerializer,
)
from lprsite.jobs.models import Job
from lprsite.jobs.serializers import JobSerializer
from lprsite.jobs.views import NewestFirst
from lprsite.texts import both


class ImportViewSet(ListModelMixin, RetrieveModelMixin, InProject):
    queryset = ImportBatch.objects.select_related("created_by", "project")
    serializer_class = ImportDetailSerializer
    pagination_class = NewestFirst
    filterset_fields = ["project"]
    parser_classes = [MultiPartParser, JSONParser]

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        if self.action == "list":
            return rows.defer("report", "classes", "facts")
        return rows

    def get_serializer_class(self) -> Any:
        return ImportBatchSerializer if self.action == "list" else ImportDetailSerializer

    @extend_schema(request=ImportUploadSerializer, responses={201: ImportDetailSerializer})
    def create(self, request: Request) -> Response:
        """Take a file or a path on the server in, and look at what it holds."""
        given = ImportUploadSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        project = get_object_or_404(
            members.visible(request.user), pk=given.validated_data["project"]
        )
        batch = self._receive(self.project_for(project), given.validated_data)
        self._look(batch, None)
        return Response(self.get_serializer(batch).data, status=status.HTTP_201_CREATED)

    def _receive(self, project: Project, given: dict[str, Any]) -> ImportBatch:
        user: Any = self.request.user
        if upload := given.get("file"):
            assert isinstance(upload, TemporaryUploadedFile)
            path = Path(upload.temporary_file_path())
            batch = imports.receive(
                path, project=project, name=upload.name or "import", by=user, upload=True
            )
            path.touch()  # the upload handler deletes its file and expects to find one
            return batch
        if given.get("path"):
            path = imports.allowed_path(given["path"])
            return imports.receive(path, project=project, name=path.name, by=user)
        raise ValidationError(
            {
                "file": both(
                    "Send a file, or a path on the server.",
                    "Envíe un archivo o una ruta del servidor.",
                )
            }
        )

    def _look(self, batch: ImportBatch, mapping: Any) -> Job:
        user: Any = self.request.user
        job = tasks.examine_import.enqueue(
            project_id=batch.project_id,
            by=user,
            dedupe=str(batch.pk),
            batch=batch.pk,
            mapping=mapping,
        )
        ImportBatch.objects.filter(pk=batch.pk).update(job_id=job.pk)
        batch.job_id = job.pk
        return job

    @extend_schema(request=ImportExamineSerializer, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def examine(self, request: Request, pk: str) -> Response:
        """Look at the file again: pictures it lacked may have come in since."""
        batch: ImportBatch = self.get_object()
        given = ImportExamineSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        imports.begin_examining(batch)
        job = self._look(batch, given.validated_data["mapping"])
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=ImportStartSerializer, responses={202: JobSerializer})
    @action(detail=True, methods=["post"], parser_classes=[JSONParser])
    def start(self, request: Request, pk: str) -> Response:
        """Import with this mapping; without one, as suggested."""
        batch: ImportBatch = self.get_object()
        given = ImportStartSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user: Any = request.user
        if imports.prepare(batch, given.validated_data["mapping"]):
            job = tasks.run_import.enqueue(
                project_id=batch.project_id, by=user, dedupe=str(batch.pk), batch=batch.pk
            )
            ImportBatch.objects.filter(pk=batch.pk).update(job_id=job.pk)
        else:
            job = Job.objects.get(pk=batch.job_id or 0)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)
