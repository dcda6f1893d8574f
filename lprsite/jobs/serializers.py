"""A job as the API shows it."""

from __future__ import annotations

from rest_framework import serializers

from lprsite.jobs.models import Job


class JobSerializer(serializers.ModelSerializer[Job]):
    project = serializers.IntegerField(source="project_id", allow_null=True)
    created_by = serializers.CharField(source="created_by.username", default="", read_only=True)

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


class WorkersSerializer(serializers.Serializer[object]):
    alive = serializers.BooleanField()
