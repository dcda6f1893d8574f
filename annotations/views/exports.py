"""Exports: ask for one, look, download until it expires, delete, make it again."""

from __future__ import annotations

from typing import Any

from asgiref.sync import sync_to_async
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import exporting, exports, members, tasks
from annotations.access import InProject
from annotations.exporting import Order
from annotations.models import DatasetVersion, Export, Project, Role
from annotations.serializers_exports import ExportRequestSerializer, ExportSerializer
from annotations.views.media import person
from lprsite import files
from lprsite.jobs import engine
from lprsite.jobs.serializers import JobSerializer
from lprsite.jobs.views import NewestFirst
from lprsite.media import only_read, send_file
from lprsite.texts import both


class ExportViewSet(ListModelMixin, RetrieveModelMixin, InProject):
    """What was exported. Archives of whole projects are for managers only."""

    queryset = Export.objects.select_related("created_by", "project")
    serializer_class = ExportSerializer
    pagination_class = NewestFirst
    filterset_fields = ["project"]
    write_role = Role.REVIEWER

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        asked = self.request.query_params.get("dataset", "") if self.request else ""
        if asked.isdecimal():
            rows = rows.filter(parameters__dataset=int(asked))
        if not getattr(self.request.user, "is_superuser", False):
            managed = members.visible(self.request.user).filter(
                memberships__user=self.request.user.pk, memberships__role=Role.MANAGER
            )
            rows = rows.filter(~Q(format=exports.PROJECT) | Q(project__in=managed))
        return exports.with_jobs(rows)

    @extend_schema(parameters=[OpenApiParameter("dataset", int)])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=ExportRequestSerializer, responses={202: JobSerializer})
    def create(self, request: Request) -> Response:
        """Write a version, everything labelled, or the whole project as a zip.

        With ``dataset`` that version; else everything labelled in ``project``.
        """
        given = ExportRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        asked, user = given.validated_data, request.user
        person: Any = user
        if asked["format"] == exports.PROJECT:
            project = self.project_for(self._project(asked), Role.MANAGER)
            return self._start(
                exports.request_archive(project, videos=asked["with_videos"], by=person)
            )
        order = self._order(asked)
        self.project_for(order.project)
        return self._start(exports.request(order, by=person))

    def destroy(self, request: Request, pk: str) -> Response:
        """Delete the file and the row; the audit trail keeps that it was there."""
        export: Export = self.get_object()
        user: Any = request.user
        exports.remove(export, by=user)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def again(self, request: Request, pk: str) -> Response:
        """Make the same once more, of what there is now."""
        user: Any = request.user
        return self._start(exports.again(self.get_object(), by=user))

    def _project(self, asked: dict[str, Any]) -> Project:
        if asked.get("project") is None:
            raise ValidationError(
                {
                    "project": both(
                        "Say which project, or which dataset version.",
                        "Diga qué proyecto o qué versión de datos.",
                    )
                }
            )
        return get_object_or_404(members.visible(self.request.user), pk=asked["project"])

    def _order(self, asked: dict[str, Any]) -> Order:
        size = asked.get("size")
        common: dict[str, Any] = {
            "size": (size[0], size[1]) if size else None,
            "hidden": asked["hidden"],
        }
        if asked.get("dataset") is not None:
            whole = DatasetVersion.objects.exclude(manifest_hash="").select_related("project")
            theirs = whole.filter(project__in=members.visible(self.request.user))
            version = get_object_or_404(theirs, pk=asked["dataset"])
            return Order.of(version, asked["format"], **common)
        kind = exporting.kind_of(asked["format"], asked.get("kind"))
        return Order(
            self._project(asked),
            kind,
            asked["format"],
            videos=tuple(asked["videos"]),
            labels=tuple(asked["labels"]),
            **common,
        )

    def _start(self, export: Export) -> Response:
        """A few crops are written before the answer; all else is queued."""
        user: Any = self.request.user
        at_once = exports.is_quick(export)
        begin = tasks.export_dataset.held if at_once else tasks.export_dataset.enqueue
        job = begin(project_id=export.project_id, by=user, export=export.pk)
        Export.objects.filter(pk=export.pk).update(job_id=job.pk)
        if at_once:
            engine.execute(tasks.export_dataset, job)
            job.refresh_from_db()
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


@sync_to_async
def _key(request: HttpRequest, pk: int) -> str:
    """The file of an export that this person may have now; 404 for anything else."""
    export = Export.objects.filter(exports.downloadable(), pk=pk).select_related("project").first()
    role = Role.MANAGER if export and export.format == exports.PROJECT else Role.REVIEWER
    if export is None or not members.may_see(person(request), export.project_id, role):
        raise Http404("There is no such file.")
    if request.method == "GET" and request.headers.get("Range", "bytes=0-").startswith("bytes=0-"):
        user: Any = person(request)
        exports.record(export.project, "downloaded", f"{export.format} {export.pk}", by=user)
    return export.file


@only_read
async def download(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The zip, with byte ranges, so that a broken download goes on where it stopped."""
    path = files.local_path(await _key(request, pk))
    return await send_file(request, path, cache="private, no-cache", download_as=path.name)
