"""Crops and what people read on them, as JSON and back."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

from rest_framework import serializers

from annotations import leases
from annotations.models import Crop, Transcription
from annotations.models.crops import Status
from annotations.serializers import SuggestionSerializer, media


class TranscriptionSerializer(serializers.ModelSerializer[Transcription]):
    by = serializers.CharField(source="by.username", default="", read_only=True)
    picture = serializers.SerializerMethodField()

    class Meta:
        model = Transcription
        fields = [
            "id",
            "crop",
            "status",
            "text",
            "role",
            "by",
            "seconds",
            "suggestion_outcome",
            "revision_seen",
            "picture",
            "created_at",
        ]
        read_only_fields = fields

    def get_picture(self, row: Transcription) -> str:
        return media("crops", row.crop_id)


CROP_COLUMNS = (
    "id",
    "name",
    "width",
    "height",
    "sharpness",
    "revision",
    "group",
    "waiting",
    "recheck",
    "sha256",
    "box__frame",
    "box__frame__sha256",
    "box__frame__pts",
    "box__frame__video",
    "box__frame__video__name",
    "box__frame__video__start_pts",
    "box__frame__video__time_base",
    "box__x1",
    "box__y1",
    "box__x2",
    "box__y2",
    "current__text",
    "current__status",
)
_AS_THEY_ARE = CROP_COLUMNS[:9]
_fraction = lru_cache(maxsize=64)(Fraction)


def crop_json(row: dict[str, Any], suggestion: dict[str, Any] | None = None) -> dict[str, Any]:
    """A row of ``values(*CROP_COLUMNS)`` as :class:`CropSerializer` describes it.

    By hand, because the next crops are asked for all day: field by field takes five times as long.
    """
    frame, video, pts = row["box__frame"], row["box__frame__video"], row["box__frame__pts"]
    seconds = None
    if video is not None and pts is not None:
        base = _fraction(row["box__frame__video__time_base"])
        seconds = float((pts - row["box__frame__video__start_pts"]) * base)
    return {
        **{name: row[name] for name in _AS_THEY_ARE},
        "picture": media("crops", row["id"], row["sha256"][:8]),
        "frame": frame,
        "frame_picture": media("frames", frame, row["box__frame__sha256"][:8]) if frame else "",
        "box_xyxy": [row[f"box__{side}"] for side in ("x1", "y1", "x2", "y2")] if frame else [],
        "video": video,
        "video_name": row["box__frame__video__name"] or "",
        "seconds": seconds,
        "text": row["current__text"] or "",
        "status": row["current__status"] or "",
        "suggestion": suggestion,
    }


def leased_json(
    row: dict[str, Any],
    suggestion: dict[str, Any] | None,
    readings: list[dict[str, Any]],
    kind: str,
) -> dict[str, Any]:
    """A crop as a lease brings it: a second reader does not see what the first read."""
    told = crop_json(row, suggestion)
    if kind == leases.Kind.DISAGREEMENTS:
        return {**told, "role": "adjudication", "readings": readings}
    blind = kind == leases.Kind.WAITING and not row["waiting"]
    hidden = {"text": "", "status": "", "role": "second"} if blind else {"role": "first"}
    return {**told, **hidden, "readings": []}


class CropSerializer(serializers.ModelSerializer[Crop]):
    """What ``crop_json`` gives, for the schema; rows come as ``values(*CROP_COLUMNS)``."""

    picture = serializers.CharField(read_only=True)
    frame = serializers.IntegerField(read_only=True, allow_null=True)
    frame_picture = serializers.CharField(read_only=True)
    box_xyxy = serializers.ListField(child=serializers.FloatField(), read_only=True)
    video = serializers.IntegerField(read_only=True, allow_null=True)
    video_name = serializers.CharField(read_only=True)
    seconds = serializers.FloatField(read_only=True, allow_null=True)
    text = serializers.CharField(read_only=True)
    status = serializers.CharField(read_only=True)
    suggestion = SuggestionSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Crop
        fields = [
            "id",
            "name",
            "picture",
            "width",
            "height",
            "sharpness",
            "revision",
            "group",
            "waiting",
            "recheck",
            "frame",
            "frame_picture",
            "box_xyxy",
            "video",
            "video_name",
            "seconds",
            "text",
            "status",
            "suggestion",
        ]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return crop_json(instance)


class WantedSerializer(serializers.Serializer[Any]):
    """Which crops, and in which order."""

    kind = serializers.ChoiceField(choices=leases.Kind.choices, required=False)
    order = serializers.ChoiceField(choices=leases.Order.choices, required=False)
    video = serializers.IntegerField(required=False)
    text = serializers.CharField(
        required=False, max_length=32, help_text="? is one character, * any number"
    )
    min_height = serializers.IntegerField(required=False, min_value=0, help_text="pixels")
    max_height = serializers.IntegerField(required=False, min_value=0, help_text="pixels")
    min_sharpness = serializers.FloatField(required=False, min_value=0)
    by = serializers.CharField(required=False, max_length=150, help_text="who read it")
    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)


class LeaseSerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField()
    count = serializers.IntegerField(min_value=1, max_value=100, default=30)
    exclude = serializers.ListField(
        child=serializers.IntegerField(), required=False, default=list, max_length=500
    )
    held = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        default=list,
        max_length=500,
        help_text="hold these on, instead of leasing others",
    )
    wanted = WantedSerializer(required=False)
    pictures = serializers.BooleanField(
        default=False, help_text="with the pictures themselves, where they are small"
    )


class EarlierReadingSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Status.choices)
    text = serializers.CharField()
    by = serializers.CharField()


class LeasedCropSerializer(CropSerializer):
    role = serializers.CharField(help_text="of the reading that is asked for")
    readings = EarlierReadingSerializer(many=True, help_text="to decide between")
    inline = serializers.CharField(help_text="the picture as a data address; empty: not brought")

    class Meta(CropSerializer.Meta):
        fields = [*CropSerializer.Meta.fields, "role", "readings", "inline"]


class LeasedSerializer(serializers.Serializer[Any]):
    crops = LeasedCropSerializer(many=True)
    left = serializers.IntegerField(help_text="crops waiting in the project, these included")
    disagreements = serializers.IntegerField(help_text="crops that two people read differently")


class ReleaseSerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField()
    crops = serializers.ListField(child=serializers.IntegerField(), max_length=500)


class ReleasedSerializer(serializers.Serializer[Any]):
    released = serializers.IntegerField()


class ReadingSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Status.choices)
    text = serializers.CharField(allow_blank=True, max_length=64, default="")
    client_key = serializers.UUIDField()
    revision = serializers.IntegerField(help_text="of the crop, as the person saw it")
    seconds = serializers.FloatField(required=False, allow_null=True, default=None, min_value=0)
    suggestion = serializers.IntegerField(required=False, allow_null=True, default=None)
    suggestion_outcome = serializers.ChoiceField(
        choices=["accepted", "changed", "ignored", ""], required=False, default=""
    )

    role = serializers.ChoiceField(
        choices=["first", "second", "adjudication"], required=False, default="first"
    )


class OfProjectSerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField()


class PersonSerializer(serializers.Serializer[Any]):
    """What one person read in a project."""

    person = serializers.CharField()
    readings = serializers.IntegerField()
    median_seconds = serializers.FloatField(allow_null=True)
    compared = serializers.IntegerField(help_text="plates that somebody else read too")
    exact = serializers.FloatField(allow_null=True, help_text="share of them read alike")
    characters = serializers.FloatField(allow_null=True, help_text="share of characters alike")
    days = serializers.DictField(child=serializers.IntegerField(), help_text="readings by date")


class SavedReadingSerializer(serializers.Serializer[Any]):
    transcription = TranscriptionSerializer()
    revision = serializers.IntegerField(help_text="of the crop from now on")
