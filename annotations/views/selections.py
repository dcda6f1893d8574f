"""Rules for taking frames: those used, and what one would take."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import members, selections, tasks
from annotations.access import InProject
from annotations.models import Role, Selection, Video
from annotations.serializers_videos import (
    EstimateAskedSerializer,
    EstimateSerializer,
    SelectionSerializer,
)
from lprsite.jobs.serializers import JobSerializer


class SelectionViewSet(ListModelMixin, RetrieveModelMixin, InProject):
    queryset = Selection.objects.order_by("id")
    serializer_class = SelectionSerializer
    project_path = "video__project"
    filterset_fields = ["video"]
    http_method_names = ["get", "post", "head", "options"]

    @extend_schema(
        request=EstimateAskedSerializer, responses={200: EstimateSerializer, 202: JobSerializer}
    )
    @action(detail=False, methods=["post"])
    def estimate(self, request: Request) -> Response:
        """How many frames a rule would take, exactly, without taking them.

        Needs the video's activity; where that is not measured yet, 202 with the job that does.
        """
        given = EstimateAskedSerializer(data=request.data, context=self.get_serializer_context())
        given.is_valid(raise_exception=True)
        video: Video = given.validated_data.pop("video")
        rule = selections.rule_of(given.validated_data)
        if found := selections.estimate(video, rule):
            return Response(EstimateSerializer(found).data)
        user: Any = request.user
        members.require(user, video.project_id, Role.ANNOTATOR)
        job = tasks.measure_activity.enqueue(
            project_id=video.project_id, by=user, dedupe=str(video.pk), video=video.pk
        )
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)
