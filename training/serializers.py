"""Runs, models, readings and reads as JSON."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations.models import Passage
from annotations.passages import REASONS
from lprsite.jobs.serializers import JobSerializer
from training.models import InferenceRun, Metric, Read, ReadCrop, TrainedModel, TrainingRun


class TrainedModelSerializer(serializers.ModelSerializer[TrainedModel]):
    is_current = serializers.BooleanField(read_only=True, default=False)
    dataset_name = serializers.CharField(source="dataset.__str__", read_only=True, default="")
    run = serializers.IntegerField(source="run.pk", read_only=True, default=None)

    class Meta:
        model = TrainedModel
        fields = [
            "id",
            "project",
            "kind",
            "name",
            "network",
            "metadata",
            "figures",
            "dataset",
            "dataset_name",
            "parent",
            "run",
            "is_current",
            "created_at",
            "retired_at",
        ]
        read_only_fields = [f for f in fields if f != "name"]


class PromoteSerializer(serializers.Serializer[Any]):
    why = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class TrainingRunSerializer(serializers.ModelSerializer[TrainingRun]):
    job = JobSerializer(read_only=True, allow_null=True)
    dataset_name = serializers.CharField(source="dataset.__str__", read_only=True)
    created_by = serializers.CharField(source="created_by.username", default="", read_only=True)

    class Meta:
        model = TrainingRun
        fields = [
            "id",
            "project",
            "kind",
            "dataset",
            "dataset_name",
            "parent",
            "trained_model",
            "config",
            "seed",
            "code_version",
            "job",
            "created_by",
            "created_at",
        ]
        read_only_fields = fields


class StartTrainingSerializer(serializers.Serializer[Any]):
    dataset = serializers.IntegerField()
    parent: Any = serializers.IntegerField(required=False, allow_null=True, default=None)
    preset = serializers.ChoiceField(choices=["quick", "standard", "tao"], default="quick")
    epochs = serializers.IntegerField(required=False, min_value=1, max_value=10_000)
    batch = serializers.IntegerField(required=False, min_value=1, max_value=4096)
    seed = serializers.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    config = serializers.DictField(
        required=False, default=dict, help_text="further settings of the network's config"
    )

    def settings(self) -> dict[str, Any]:
        """The settings of the run: the preset and what was changed of it."""
        given = dict(self.validated_data)
        named = {k: given[k] for k in ("preset", "epochs", "batch", "seed") if k in given}
        return {**given["config"], **named}


class MetricSerializer(serializers.ModelSerializer[Metric]):
    class Meta:
        model = Metric
        fields = ["step", "name", "value"]


class CurvesSerializer(serializers.Serializer[Any]):
    steps = serializers.ListField(child=serializers.IntegerField())
    series = serializers.DictField(
        child=serializers.ListField(child=serializers.FloatField(allow_null=True)),
        help_text="per metric one value per step, null where there is none",
    )


class InferenceRunSerializer(serializers.ModelSerializer[InferenceRun]):
    job = JobSerializer(read_only=True, allow_null=True)
    video_name = serializers.CharField(source="video.name", read_only=True)
    detector_name = serializers.CharField(source="detector.name", read_only=True)
    recognizer_name = serializers.CharField(source="recognizer.name", read_only=True)
    score = serializers.SerializerMethodField(help_text="only on a single run")

    class Meta:
        model = InferenceRun
        fields = [
            "id",
            "project",
            "video",
            "video_name",
            "detector",
            "detector_name",
            "recognizer",
            "recognizer_name",
            "options",
            "throughput",
            "job",
            "score",
            "created_at",
        ]
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "integer"}})
    def get_score(self, run: InferenceRun) -> dict[str, int]:
        return dict(self.context.get("score", {}))


class StartReadingSerializer(serializers.Serializer[Any]):
    video = serializers.IntegerField()
    detector = serializers.CharField(required=False, default="current")
    recognizer = serializers.CharField(required=False, default="current")
    fps = serializers.FloatField(required=False, default=5.0, min_value=0.1, max_value=120)


class ReadCropSerializer(serializers.ModelSerializer[ReadCrop]):
    picture = serializers.SerializerMethodField()
    seconds = serializers.SerializerMethodField()

    class Meta:
        model = ReadCrop
        fields = ["id", "pts", "seconds", "box", "picture", "width", "height", "text", "confidence"]

    def get_picture(self, crop: ReadCrop) -> str:
        return f"/api/v1/media/read-crops/{crop.pk}/?v={crop.sha256[:8]}"

    def get_seconds(self, crop: ReadCrop) -> float:
        return crop.read.run.video.seconds(crop.pts)


class PassageSerializer(serializers.ModelSerializer[Passage]):
    reviewer = serializers.CharField(source="reviewer.username", default="", read_only=True)
    first_seconds = serializers.SerializerMethodField()
    last_seconds = serializers.SerializerMethodField()

    class Meta:
        model = Passage
        fields = [
            "id",
            "video",
            "text",
            "status",
            "reject_reason",
            "first_pts",
            "last_pts",
            "first_seconds",
            "last_seconds",
            "reviewer",
            "revision",
            "updated_at",
        ]
        read_only_fields = fields

    def get_first_seconds(self, passage: Passage) -> float:
        return passage.video.seconds(passage.first_pts)

    def get_last_seconds(self, passage: Passage) -> float:
        return passage.video.seconds(passage.last_pts)


class ReadSerializer(serializers.ModelSerializer[Read]):
    first_seconds = serializers.SerializerMethodField()
    last_seconds = serializers.SerializerMethodField()
    boxes = serializers.SerializerMethodField(help_text="[seconds, x1, y1, x2, y2] by time")
    crops = ReadCropSerializer(many=True, read_only=True)
    passage = serializers.SerializerMethodField()
    outcome = serializers.SerializerMethodField(help_text="empty until it is matched")

    class Meta:
        model = Read
        fields = [
            "id",
            "run",
            "number",
            "first_seconds",
            "last_seconds",
            "text",
            "confidence",
            "characters",
            "votes",
            "boxes",
            "crops",
            "passage",
            "outcome",
        ]

    def get_first_seconds(self, read: Read) -> float:
        return read.run.video.seconds(read.first_pts)

    def get_last_seconds(self, read: Read) -> float:
        return read.run.video.seconds(read.last_pts)

    @extend_schema_field(
        serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))
    )
    def get_boxes(self, read: Read) -> list[list[float]]:
        video = read.run.video
        return [[round(video.seconds(int(key[0])), 3), *key[1:]] for key in read.boxes]

    def get_outcome(self, read: Read) -> str:
        match = getattr(read, "match", None)
        return match.outcome if match else ""

    @extend_schema_field(PassageSerializer(allow_null=True))
    def get_passage(self, read: Read) -> Any:
        match = getattr(read, "match", None)
        return PassageSerializer(match.passage).data if match and match.passage else None


class AcceptSerializer(serializers.Serializer[Any]):
    text = serializers.CharField(required=False, allow_null=True, default=None, max_length=64)


class RejectSerializer(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=REASONS)
