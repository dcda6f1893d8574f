"""Recordings of cameras as JSON and back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from rest_framework import serializers

from lprsite.jobs.serializers import JobSerializer
from training import reads
from training.camera_runs import LONGEST_PIECE, PIECE_SECONDS, SHORTEST_PIECE
from training.models import CameraRun, Read
from training.serializers_readings import SEEN_AT, LooksSerializer

MODEL = "a number, current or starter; empty: the current one, else the starter"


class CameraRunSerializer(serializers.ModelSerializer[CameraRun]):
    job = JobSerializer(read_only=True, allow_null=True)
    unread = serializers.SerializerMethodField(help_text="pieces that wait to be read")
    reads_today = serializers.SerializerMethodField(help_text="of the camera, since midnight")
    trouble_text = serializers.SerializerMethodField(help_text="in the reader's language")

    class Meta:
        model = CameraRun
        fields = [
            "id",
            "camera",
            "detector",
            "recognizer",
            "options",
            "job",
            "pieces",
            "dropped",
            "unread",
            "reads_today",
            "piece_began",
            "last_piece_at",
            "trouble",
            "trouble_text",
            "trouble_since",
            "created_at",
            "stopped_at",
        ]
        read_only_fields = fields
        extra_kwargs = {
            "pieces": {"help_text": "that became videos"},
            "dropped": {"help_text": "pieces that were thrown away unread"},
            "piece_began": {"help_text": "the present piece; null: nothing comes now"},
            "trouble": {"help_text": "the code of why nothing is recorded or read now, or empty"},
        }

    def get_unread(self, run: CameraRun) -> int:
        return int(self.context.get("unread", {}).get(run.pk, 0))

    def get_reads_today(self, run: CameraRun) -> int:
        return int(self.context.get("reads_today", {}).get(run.camera_id, 0))

    def get_trouble_text(self, run: CameraRun) -> str:
        spanish = (get_language() or "en").startswith("es")
        return run.trouble_es if spanish else run.trouble_en


class CameraReadSerializer(serializers.ModelSerializer[Read]):
    """A read of a camera while it is recorded."""

    seen_at = serializers.SerializerMethodField(help_text=SEEN_AT)
    text = serializers.CharField(source="shown", read_only=True)
    status = serializers.SerializerMethodField(help_text="accepted, corrected, or empty")
    picture = serializers.SerializerMethodField(help_text="the sharpest crop")

    class Meta:
        model = Read
        fields = ["id", "run", "seen_at", "text", "confidence", "direction", "status", "picture"]
        read_only_fields = fields

    def get_seen_at(self, read: Read) -> datetime | None:
        return read.run.video.time_of(read.first_pts)

    def get_status(self, read: Read) -> str:
        passage = reads.matched_passage(read)
        return passage.status if passage else ""

    def get_picture(self, read: Read) -> str | None:
        crop = next(iter(read.crops.all()), None)
        return f"/api/v1/media/read-crops/{crop.pk}/?v={crop.sha256[:8]}" if crop else None


class StartRecordingSerializer(LooksSerializer):
    camera = serializers.IntegerField()
    detector = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=40, help_text=MODEL
    )
    recognizer = serializers.CharField(
        required=False, allow_blank=True, default="", max_length=40, help_text=MODEL
    )
    seconds = serializers.FloatField(
        required=False,
        default=PIECE_SECONDS,
        min_value=SHORTEST_PIECE,
        max_value=LONGEST_PIECE,
        help_text="of a piece: its reads are there when it has ended and was read",
    )
    keep_all = serializers.BooleanField(
        required=False,
        default=False,
        help_text="keep also the pieces in which nothing was read; else they are deleted",
    )

    def asked(self) -> dict[str, Any]:
        """What ``camera_runs.start`` takes besides the camera."""
        return {name: value for name, value in self.validated_data.items() if name != "camera"}
