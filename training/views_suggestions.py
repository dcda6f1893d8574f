"""What networks propose for crops and frames, and asking for new proposals."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.mixins import DestroyModelMixin, ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import members, suggestions
from annotations.access import InProject
from annotations.models import Frame, Suggestion
from annotations.serializers import BoxSuggestionSerializer, SuggestionSerializer
from lprsite.jobs.serializers import JobSerializer
from lprsite.jobs.views import NewestFirst
from training import tasks


class AskSerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField()


class SuggestionViewSet(ListModelMixin, RetrieveModelMixin, InProject):
    """Every suggestion that was made, newest first; a lease of crops brings those that count."""

    queryset = Suggestion.objects.filter(crop__isnull=False)
    serializer_class = SuggestionSerializer
    pagination_class = NewestFirst
    project_path = "crop__project"
    filterset_fields = ["crop", "crop__project"]

    @extend_schema(request=AskSerializer, responses={202: JobSerializer})
    def create(self, request: Request) -> Response:
        """Have the present recognizer read every waiting crop that it has not read."""
        given = AskSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        visible = members.visible(request.user)
        project = get_object_or_404(visible, pk=given.validated_data["project"])
        job = tasks.start_suggesting(self.project_for(project), by=request.user)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class AskBoxesSerializer(serializers.Serializer[Any]):
    frame = serializers.IntegerField()


class BoxSuggestionViewSet(DestroyModelMixin, InProject):
    """Boxes that detectors propose on frames; a frame brings its own."""

    queryset = Suggestion.objects.filter(frame__isnull=False).select_related("frame__project")
    serializer_class = BoxSuggestionSerializer
    project_path = "frame__project"

    @extend_schema(request=AskBoxesSerializer, responses={202: JobSerializer, 204: None})
    def create(self, request: Request) -> Response:
        """Have the present detector look at a frame and the next ones of its video without boxes.

        204 when it has looked already, or where there is no detector.
        """
        given = AskBoxesSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        rows = Frame.objects.filter(project__in=members.visible(request.user))
        frame = get_object_or_404(rows.select_related("project"), pk=given.validated_data["frame"])
        self.project_for(frame.project)
        job = tasks.start_suggesting_boxes(frame)
        if job is None:
            return Response(status=status.HTTP_204_NO_CONTENT)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    def perform_destroy(self, instance: Suggestion) -> None:
        """Propose this box no more."""
        assert instance.frame is not None, "of the queryset"
        suggestions.settle(instance.frame, instance.pk)

    @extend_schema(request=None, responses={204: None})
    @action(detail=True, methods=["post"])
    def offer(self, request: Request, pk: str) -> Response:
        """Propose a rejected box again."""
        suggestion: Suggestion = self.get_object()
        assert suggestion.frame is not None, "of the queryset"
        suggestions.settle(suggestion.frame, suggestion.pk, settled=False)
        return Response(status=status.HTTP_204_NO_CONTENT)
