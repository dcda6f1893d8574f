"""Files on their way in, as JSON."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations.models import Upload
from lprsite.jobs.models import ACTIVE, State

STATES = ("sending", "expired", "checking", "done", "refused")


class UploadSerializer(serializers.ModelSerializer[Any]):
    # Its rows carry state, error and error_es of their job, as job_..., and of the job that failed
    # to understand the import they became, as look_....
    state = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField(help_text="why it was refused")
    being_sent = serializers.BooleanField(
        read_only=True, help_text="some window or program is writing to it now"
    )
    job = serializers.IntegerField(source="job_id", read_only=True, allow_null=True)
    created_by = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = Upload
        fields = [
            "id",
            "project",
            "name",
            "purpose",
            "size",
            "offset",
            "fingerprint",
            "state",
            "being_sent",
            "error",
            "job",
            "video",
            "batch",
            "sha256",
            "created_by",
            "created_at",
            "expires_at",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.ChoiceField(choices=STATES))
    def get_state(self, upload: Any) -> str:
        if upload.finished_at is None:
            return "expired" if upload.expired else "sending"
        if upload.look_state:
            return "refused"
        if upload.video_id or upload.batch_id or upload.job_state == State.SUCCEEDED:
            return "done"
        return "checking" if upload.job_state in ACTIVE else "refused"

    def get_error(self, upload: Any) -> str:
        spanish = (get_language() or "en").startswith("es")
        said = (spanish and upload.look_error_es) or upload.look_error
        said = said or (spanish and upload.job_error_es) or upload.job_error
        return str(said or "")
