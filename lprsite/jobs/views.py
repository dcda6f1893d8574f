"""Jobs of the projects a person belongs to: look, read the log, cancel."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.utils.module_loading import import_string
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from lprsite.jobs import engine
from lprsite.jobs.models import Job
from lprsite.jobs.serializers import JobSerializer, WorkersSerializer


class NewestFirst(CursorPagination):
    ordering = "-id"
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200


class JobViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Job]):
    queryset = Job.objects.select_related("created_by").defer("log")
    serializer_class = JobSerializer
    pagination_class = NewestFirst
    filterset_fields = ["state", "task"]

    def get_queryset(self) -> QuerySet[Job]:
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows.none()
        if self.action == "list":
            project = self.request.query_params.get("project", "")
            self._require(int(project) if project.isdecimal() else None, 1)
            return rows.filter(project_id=int(project))
        return rows

    def get_object(self) -> Job:
        job = super().get_object()
        its_maker = job.created_by_id == self.request.user.pk
        if not (job.project_id is None and its_maker):  # such as restoring a project
            self._require(job.project_id, 1)
        return job

    def _require(self, project_id: int | None, role: int) -> None:
        may_see = import_string(settings.JOB_MEMBERSHIP)
        if project_id is None or not may_see(self.request.user, project_id, role):
            raise Http404

    @extend_schema(parameters=[OpenApiParameter("project", int, required=True)])
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=None, responses=JobSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        job = self.get_object()
        if job.created_by_id != request.user.pk:
            self._require(job.project_id, engine.role_for(job))
        engine.cancel(job)
        job.refresh_from_db()
        return Response(JobSerializer(job).data)

    @extend_schema(responses={200: {"type": "object", "properties": {"log": {"type": "string"}}}})
    @action(detail=True)
    def log(self, request: Request, pk: str) -> Response:
        job = self.get_object()
        return Response({"log": Job.objects.values_list("log", flat=True).get(pk=job.pk)})

    @extend_schema(responses=WorkersSerializer)
    @action(detail=False)
    def workers(self, request: Request) -> Response:
        """Whether any worker is alive, so that the page can say so."""
        return Response({"alive": engine.workers_alive()})
