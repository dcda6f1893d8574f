"""Make a project from an archive of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations import imports, members, tasks
from annotations.errors import ImportGone
from annotations.models import ImportBatch, Role
from annotations.serializers_exports import RestoreSerializer
from lprsite import files
from lprsite.jobs.serializers import JobSerializer
from lprsite.texts import both


class RestoreView(APIView):
    """Everybody who may make a project may restore one; they become its manager."""

    parser_classes = [MultiPartParser, JSONParser]

    @extend_schema(request=RestoreSerializer, responses={202: JobSerializer})
    def post(self, request: Request) -> Response:
        """A new project from an archive: a small ``file``, a ``path`` on the server, or the
        ``batch`` of an import. Large ones come as an upload with the purpose archive."""
        given = RestoreSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user: Any = request.user
        where = self._where(request, given.validated_data)
        job = tasks.import_project.enqueue(
            project_id=None, by=user, called=given.validated_data["name"], **where
        )
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    def _where(self, request: Request, given: dict[str, Any]) -> dict[str, str]:
        if upload := given.get("file"):
            assert isinstance(upload, TemporaryUploadedFile)
            name = upload.name or "project.zip"
            return {"file": self._kept(Path(upload.temporary_file_path())), "name": name}
        if given.get("batch") is not None:
            theirs = ImportBatch.objects.filter(project__in=members.visible(request.user))
            batch = get_object_or_404(theirs, pk=given["batch"])
            members.require(request.user, batch.project_id, Role.MANAGER)
            if not batch.path:
                raise ImportGone(name=batch.name)
            path = files.local_path(batch.path) if batch.stored else Path(batch.path)
            return {"path": str(path), "name": batch.name}
        if given.get("path"):
            path = imports.allowed_path(given["path"])
            return {"path": str(path), "name": path.name}
        raise ValidationError(
            {
                "file": both(
                    "Send a file, a path on the server, or an import.",
                    "Envíe un archivo, una ruta del servidor o una importación.",
                )
            }
        )

    def _kept(self, path: Path) -> str:
        """The upload under a key of its own, until the job has read it."""
        key = f"imports/{uuid4().hex}/project.zip"
        target = files.local_path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.replace(target)
        path.touch()  # the upload handler deletes its file and expects to find one
        return key
