"""Recordings, and the rules by which frames are taken of them, as JSON and back."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from annotations import members, selections
from annotations.models import Camera, Selection, Video
from annotations.serializers import media
from lprsite.texts import both


class VideoSerializer(serializers.ModelSerializer[Video]):
    frames = serializers.IntegerField(source="frame_count", read_only=True, default=0)
    thumbnail = serializers.SerializerMethodField()
    preview = serializers.SerializerMethodField(help_text="empty until it has been made")
    deleting = serializers.SerializerMethodField(help_text="a job is taking it away")

    class Meta:
        model = Video
        fields = [
            "id",
            "project",
            "camera",
            "name",
            "bytes",
            "container",
            "codec",
            "width",
            "height",
            "fps",
            "duration",
            "rotation",
            "frames_expected",
            "damage",
            "recorded_at",
            "thumbnail",
            "preview",
            "original",
            "time_map",
            "frames",
            "deleting",
            "created_at",
        ]
        read_only_fields = [f for f in fields if f not in ("camera", "name", "recorded_at")]

    def get_deleting(self, row: Video) -> bool:
        return row.deleting_at is not None

    def validate_camera(self, camera: Camera | None) -> Camera | None:
        video = self.instance
        if camera and isinstance(video, Video) and camera.project_id != video.project_id:
            raise serializers.ValidationError(
                both("The project has no such camera.", "El proyecto no tiene esa cámara.")
            )
        return camera

    def get_thumbnail(self, row: Video) -> str:
        return media("thumbnails", row.pk, row.sha256[:8]) if row.thumbnail else ""

    def get_preview(self, row: Video) -> str:
        return media("previews", row.pk, row.sha256[:8]) if row.preview else ""


class VideoUploadSerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField()
    file = serializers.FileField(required=False, allow_empty_file=True, use_url=False)
    path = serializers.CharField(
        required=False, help_text="on the server, below the folder opened for this"
    )


class SelectionSerializer(serializers.ModelSerializer[Selection]):
    class Meta:
        model = Selection
        fields = ["id", "video", *selections.FIELDS, "created_at"]
        read_only_fields = ["id", "video", "created_at"]
        extra_kwargs = {
            "fps": {"min_value": 0.001, "max_value": 1000},
            "every": {"min_value": 1},
            "start": {"min_value": 0},
            "motion": {
                "min_value": 0.001,
                "max_value": 1,
                "help_text": "only while something moves: its side as a share of the picture's",
            },
            "near_duplicates": {
                "max_value": 64,
                "help_text": "leave out a frame whose dHash differs from that of the last one "
                "taken in no more than so many of 64 bits",
            },
            "cap": {"min_value": 1, "help_text": "at most so many, evenly over the range"},
        }


class EstimateAskedSerializer(SelectionSerializer):
    """A rule for a video, not stored."""

    class Meta(SelectionSerializer.Meta):
        fields = ["video", *selections.FIELDS]
        read_only_fields: list[str] = []

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        request = self.context.get("request")
        if request is not None:
            seen = Video.objects.filter(project__in=members.visible(request.user))
            fields["video"].queryset = seen.select_related("camera")
        return fields


class EstimateSerializer(serializers.Serializer[Any]):
    measured = serializers.BooleanField()
    frames = serializers.IntegerField(help_text="what a split takes, exactly")
    considered = serializers.IntegerField(help_text="without filters and cap")
    idle_seconds = serializers.FloatField(help_text="within the range")


class ActivitySerializer(serializers.Serializer[Any]):
    measured = serializers.BooleanField()
    bin_seconds = serializers.FloatField()
    threshold = serializers.FloatField(help_text="of the figures in motion: from here on it moves")
    motion = serializers.ListField(
        child=serializers.FloatField(allow_null=True),
        help_text="the greatest figure in each part: side of what moves as a share of the "
        "picture's; null is unknown",
    )
    frames = serializers.ListField(
        child=serializers.IntegerField(), help_text="taken so far, in each part"
    )
    idle = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
        help_text="from, to in seconds",
    )
    damaged = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
        help_text="broken or missing frames, from, to in seconds",
    )


class CondenseSerializer(serializers.Serializer[Any]):
    motion = serializers.FloatField(
        required=False, min_value=0.001, max_value=1, help_text="as in a selection"
    )
