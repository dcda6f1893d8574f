"""A job as the API shows it."""

from __future__ import annotations

from django.utils.translation import get_language
from rest_framework import serializers

from lprsite.jobs.models import Job


class JobSerializer(serializers.ModelSerializer[Job]):
    project = serializers.IntegerField(source="project_id", allow_null=True)
    created_by = serializers.CharField(source="created_by.username", default="", read_only=True)
    error = serializers.SerializerMethodField(help_text="in the reader's language")

    class Meta:
        model = Job
        fields = [
            "id",
            "task",
            "queue",
            "project",
            "parameters",
            "state",
            "attempt",
            "max_attempts",
            "done",
            "total",
            "unit",
            "message",
            "error",
            "error_code",
            "result",
            "created_by",
            "created_at",
            "started_at",
            "ended_at",
        ]
        read_only_fields = fields

    def get_error(self, job: Job) -> str:
        spanish = (get_language() or "en").startswith("es")
        return job.error_es if spanish and job.error_es else job.error


class WorkersSerializer(serializers.Serializer[object]):
    alive = serializers.BooleanField()
