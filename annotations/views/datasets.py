"""Dataset versions and their exports."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import datasets, exports, members, tasks
from annotations.access import InProject
from annotations.models import DatasetVersion, Export, Project, Role
from annotations.models.datasets import Split
from annotations.serializers_data import (
    DatasetItemSerializer,
    DatasetPreviewSerializer,
    DatasetRequestSerializer,
    DatasetRuleSerializer,
    DatasetVersionSerializer,
    ExportRequestSerializer,
    ExportSerializer,
)
from lprsite.api import ById
from lprsite.jobs.serializers import JobSerializer
from lprsite.jobs.views import NewestFirst


class ByPosition(ById):
    ordering = "position"


class DatasetViewSet(ListModelMixin, RetrieveModelMixin, InProject):
    """Frozen versions; one that is still being written is not there yet."""

    queryset = DatasetVersion.objects.exclude(manifest_hash="").select_related("created_by")
    serializer_class = DatasetVersionSerializer
    pagination_class = NewestFirst
    filterset_fields = ["project", "kind"]
    write_role = Role.REVIEWER

    @extend_schema(request=DatasetRuleSerializer, responses=DatasetPreviewSerializer)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Response:
        """What a version frozen now would hold. Nothing is stored."""
        given = DatasetRuleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        project = self._project(given.validated_data["project"])
        items = datasets.draft(project, given.validated_data["kind"], given.rule())
        return Response({"counts": datasets.summary(items)})

    @extend_schema(request=DatasetRequestSerializer, responses={202: JobSerializer})
    def create(self, request: Request) -> Response:
        """Freeze what is labelled now as the next version of its kind."""
        given = DatasetRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        given.rule()
        asked = dict(given.validated_data)
        project = self._project(asked.pop("project"))
        user: Any = request.user
        job = tasks.freeze_dataset.enqueue(
            project_id=project.pk, by=user, dedupe=f"{project.pk}:{asked['kind']}", **asked
        )
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        parameters=[OpenApiParameter("split", str, enum=Split.values)],
        responses=DatasetItemSerializer(many=True),
    )
    @action(detail=True, pagination_class=ByPosition, filterset_fields=[])
    def items(self, request: Request, pk: str) -> Response:
        """The pictures or crops of a version, in its order."""
        version: DatasetVersion = self.get_object()
        rows = version.items.order_by("position")
        if (split := request.query_params.get("split", "")) in Split.values:
            rows = rows.filter(split=split)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(DatasetItemSerializer(page, many=True).data)

    def _project(self, pk: int) -> Project:
        return self.project_for(get_object_or_404(members.visible(self.request.user), pk=pk))


class ExportViewSet(ListModelMixin, RetrieveModelMixin, InProject):
    queryset = Export.objects.select_related("created_by")
    serializer_class = ExportSerializer
    pagination_class = NewestFirst
    filterset_fields = ["project"]
    write_role = Role.REVIEWER

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        asked = self.request.query_params.get("dataset", "") if self.request else ""
        return rows.filter(parameters__dataset=int(asked)) if asked.isdecimal() else rows

    @extend_schema(parameters=[OpenApiParameter("dataset", int)])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=ExportRequestSerializer, responses={202: JobSerializer})
    def create(self, request: Request) -> Response:
        """Write a version as a zip; it can be downloaded for a week."""
        given = ExportRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        asked = given.validated_data
        version = get_object_or_404(
            DatasetVersion.objects.exclude(manifest_hash="").select_related("project"),
            pk=asked["dataset"],
            project__in=members.visible(request.user),
        )
        project = self.project_for(version.project)
        user: Any = request.user
        size = asked.get("size")
        order = exports.Order(version, asked["format"], (size[0], size[1]) if size else None)
        export = exports.request(project, order, by=user)
        job = tasks.export_dataset.enqueue(project_id=project.pk, by=user, export=export.pk)
        Export.objects.filter(pk=export.pk).update(job_id=job.pk)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)
