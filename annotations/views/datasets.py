"""Dataset versions."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import datasets, differences, members, tasks
from annotations.access import InProject
from annotations.models import DatasetItem, DatasetVersion, Project, Role
from annotations.models.datasets import Split
from annotations.serializers_data import (
    DatasetDifferenceSerializer,
    DatasetItemSerializer,
    DatasetPreviewSerializer,
    DatasetRequestSerializer,
    DatasetRuleSerializer,
    DatasetVersionSerializer,
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
        kind = given.validated_data["kind"]
        drafted = datasets.draft(project, kind, given.rule(), given.only())
        return Response({"counts": datasets.summary(drafted)})

    @extend_schema(request=DatasetRequestSerializer, responses={202: JobSerializer})
    def create(self, request: Request) -> Response:
        """Freeze what is labelled now as the next version of its kind."""
        given = DatasetRequestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        given.rule()
        asked = {**given.validated_data, "filter": given.only().json()}
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

    @extend_schema(
        parameters=[OpenApiParameter("with", int, required=True, description="the older version")],
        responses=DatasetDifferenceSerializer,
        filters=False,
    )
    @action(detail=True, pagination_class=None, filterset_fields=[])
    def compare(self, request: Request, pk: str) -> Response:
        """What this version has otherwise than an older one of its kind."""
        newer: DatasetVersion = self.get_object()
        given = request.query_params.get("with", "")
        older = get_object_or_404(self.get_queryset(), pk=int(given) if given.isdecimal() else 0)
        told = difference_json(older, newer, differences.compare(older, newer))
        return Response(DatasetDifferenceSerializer(told).data)

    def _project(self, pk: int) -> Project:
        return self.project_for(get_object_or_404(members.visible(self.request.user), pk=pk))


def difference_json(
    older: DatasetVersion, newer: DatasetVersion, found: differences.Difference
) -> dict[str, Any]:
    """The counts, and the first items of each kind of difference, fetched in one query."""
    pairs: dict[str, list[tuple[int | None, int | None]]] = {
        "added": [(None, pk) for pk in found.added],
        "removed": [(pk, None) for pk in found.removed],
        "relabelled": [*found.relabelled],
        "moved": [*found.moved],
    }
    shown = {name: some[: differences.EXAMPLES] for name, some in pairs.items()}
    wanted = {pk for some in shown.values() for pair in some for pk in pair if pk}
    items = DatasetItem.objects.in_bulk(wanted)
    return {
        "older": older.pk,
        "newer": newer.pk,
        "counts": {"same": found.same, **{name: len(some) for name, some in pairs.items()}},
        **{
            name: [
                {"older": items.get(was or 0), "newer": items.get(now or 0)} for was, now in some
            ]
            for name, some in shown.items()
        },
    }
