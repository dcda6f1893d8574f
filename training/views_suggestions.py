"""What recognizers propose for the crops of a project, and asking for new proposals."""

from __future__ import annotations

from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from annotations import members
from annotations.access import InProject
from annotations.models import Suggestion
from annotations.serializers import SuggestionSerializer
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
