"""Exports as JSON and back."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations import exporting, exports
from annotations.models import Export
from annotations.models.datasets import Kind
from annotations.serializers_data import CountsField

READY, EXPIRED = "ready", "expired"
STATES = (READY, EXPIRED, "queued", "running", "cancelling", "failed", "cancelled")
SIZE = {
    "type": "array",
    "items": {"type": "integer", "minimum": 8, "maximum": 8192},
    "minItems": 2,
    "maxItems": 2,
}


@extend_schema_field(SIZE)
class SizeField(serializers.ListField):
    """Width and height in pixels."""

    child = serializers.IntegerField(min_value=8, max_value=8192)


class ExportRequestSerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField(required=False, help_text="needed without a dataset")
    dataset = serializers.IntegerField(required=False, help_text="the id of a version")
    format = serializers.ChoiceField(choices=[*exporting.ALL_FORMATS, exports.PROJECT])
    kind = serializers.ChoiceField(
        choices=Kind.choices, required=False, help_text="csv of everything labelled needs it"
    )
    size = SizeField(
        required=False,
        min_length=2,
        max_length=2,
        help_text="width and height; kitti 960x544 and lprnet 96x48 unless said",
    )
    videos = serializers.ListField(
        child=serializers.IntegerField(), default=list, help_text="only these; empty: all"
    )
    labels = serializers.ListField(
        child=serializers.CharField(max_length=40), default=list, help_text="only these"
    )
    hidden = serializers.BooleanField(default=False, help_text="make plates unreadable")
    with_videos = serializers.BooleanField(default=True, help_text="of the format project")


class RestoreSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(required=False, allow_empty_file=True, use_url=False)
    path = serializers.CharField(
        required=False, help_text="a file on the server, below the folder opened for this"
    )
    batch = serializers.IntegerField(
        required=False, help_text="an import whose file is the archive"
    )
    name = serializers.CharField(
        max_length=110, allow_blank=True, default="", help_text="instead of the project's own"
    )


class ExportSerializer(serializers.ModelSerializer[Export]):
    dataset = serializers.IntegerField(
        source="parameters.dataset", read_only=True, default=None, allow_null=True
    )
    version = serializers.CharField(
        source="parameters.version", read_only=True, default="", help_text="as detector:3"
    )
    kind = serializers.CharField(source="parameters.kind", read_only=True, default="")
    hidden = serializers.BooleanField(source="parameters.hidden", read_only=True, default=False)
    with_videos = serializers.BooleanField(
        source="parameters.with_videos", read_only=True, default=False
    )
    counts = CountsField(read_only=True)
    file = serializers.SerializerMethodField(help_text="null until it is made and when it expired")
    state = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField(help_text="in the reader's language")
    job = serializers.IntegerField(source="job_id", read_only=True, allow_null=True)
    created_by = serializers.CharField(source="created_by.username", default="", read_only=True)

    class Meta:
        model = Export
        fields = [
            "id",
            "project",
            "dataset",
            "version",
            "kind",
            "format",
            "hidden",
            "with_videos",
            "counts",
            "bytes",
            "file",
            "state",
            "error",
            "job",
            "expires_at",
            "created_by",
            "created_at",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_file(self, export: Export) -> str | None:
        ready = self.get_state(export) == READY
        return f"/api/v1/media/exports/{export.pk}/" if ready else None

    @extend_schema_field(serializers.ChoiceField(choices=STATES))
    def get_state(self, export: Export) -> str:
        over = export.expires_at is not None and export.expires_at < timezone.now()
        if export.file and not over:
            return READY
        made = export.expires_at is not None
        return EXPIRED if made else str(getattr(export, "job_state", None) or "failed")

    def get_error(self, export: Export) -> str:
        spanish = (get_language() or "en").startswith("es")
        texts = [getattr(export, name, None) for name in ("job_error_es", "job_error")]
        said = texts if spanish else texts[1:]
        return str(next(filter(None, said), "")) if export.expires_at is None else ""
