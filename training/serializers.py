"""Trainings, models and their figures as JSON."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from lprsite import files
from lprsite.jobs.serializers import JobSerializer
from training.models import (
    Evaluation,
    Promotion,
    TrainedModel,
    TrainingRun,
    TrainingSchedule,
)


class TrainedModelSerializer(serializers.ModelSerializer[TrainedModel]):
    is_current = serializers.BooleanField(read_only=True, default=False)
    dataset_name = serializers.SerializerMethodField()
    parent_name = serializers.CharField(source="parent.name", read_only=True, default="")
    run = serializers.IntegerField(source="run.pk", read_only=True, default=None)
    onnx = serializers.SerializerMethodField(help_text="whether its ONNX file was made")
    bytes = serializers.SerializerMethodField(help_text="of its checkpoint; null: it is gone")

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
            "parent_name",
            "run",
            "is_current",
            "created_at",
            "retired_at",
            "onnx",
            "bytes",
        ]
        read_only_fields = [f for f in fields if f != "name"]

    def get_onnx(self, model: TrainedModel) -> bool:
        return bool(model.onnx)

    def get_bytes(self, model: TrainedModel) -> int | None:
        try:
            return files.local_path(model.file).stat().st_size
        except OSError:
            return None

    def get_dataset_name(self, model: TrainedModel) -> str:
        """The version it learned from; "" for a model that came with the program."""
        return str(model.dataset) if model.dataset is not None else ""

    def to_representation(self, instance: TrainedModel) -> dict[str, Any]:
        """In a list without the report among the figures: it is long, and one model's page."""
        told = super().to_representation(instance)
        told["name"] = instance.shown_name
        if self.parent is not None:
            told["figures"] = {k: v for k, v in told["figures"].items() if k != "report"}
        return told


class PromoteSerializer(serializers.Serializer[Any]):
    why = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class PromotionSerializer(serializers.ModelSerializer[Promotion]):
    model_name = serializers.CharField(source="model.shown_name", read_only=True)
    retired = serializers.DateTimeField(source="model.retired_at", read_only=True, allow_null=True)
    by = serializers.CharField(source="by.username", default="", read_only=True)

    class Meta:
        model = Promotion
        fields = ["id", "kind", "model", "model_name", "retired", "by", "why", "at", "ended_at"]
        read_only_fields = fields


class EvaluationSerializer(serializers.ModelSerializer[Evaluation]):
    figures = serializers.SerializerMethodField(help_text="without the long report")

    class Meta:
        model = Evaluation
        fields = ["id", "model", "dataset", "split", "figures", "learned", "created_at"]
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": True})
    def get_figures(self, row: Evaluation) -> dict[str, Any]:
        return {name: value for name, value in row.figures.items() if name != "report"}


class EvaluateSerializer(serializers.Serializer[Any]):
    dataset = serializers.IntegerField()


class ShownItemSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    text = serializers.CharField()
    boxes = serializers.JSONField(help_text="[label, x1, y1, x2, y2] in pixels")


class FoundSerializer(serializers.Serializer[Any]):
    """What a network said on one picture."""

    item = serializers.IntegerField()
    text = serializers.CharField(required=False)
    confidence = serializers.FloatField(required=False)
    boxes: Any = serializers.JSONField(
        required=False, help_text="[label, x1, y1, x2, y2, confidence] in pixels"
    )
    wrong = serializers.IntegerField(required=False, help_text="mistakes on this picture")


class ModelDifferingSerializer(serializers.Serializer[Any]):
    item = ShownItemSerializer()
    first = FoundSerializer()
    second = FoundSerializer()


class ModelComparisonSerializer(serializers.Serializer[Any]):
    both_right = serializers.IntegerField()
    only_first = serializers.IntegerField()
    only_second = serializers.IntegerField()
    both_wrong = serializers.IntegerField()
    differing = ModelDifferingSerializer(many=True)


class StepSamplesSerializer(serializers.Serializer[Any]):
    step = serializers.IntegerField()
    found = FoundSerializer(many=True)


class SamplesSerializer(serializers.Serializer[Any]):
    items = ShownItemSerializer(many=True)
    steps = StepSamplesSerializer(many=True)


class StopSerializer(serializers.Serializer[Any]):
    when = serializers.ChoiceField(choices=["now", "epoch"], default="now")


class MoveTrainingSerializer(serializers.Serializer[Any]):
    to = serializers.ChoiceField(choices=["first", "earlier", "later", "last"])


class TrainingRunSerializer(serializers.ModelSerializer[TrainingRun]):
    job = JobSerializer(read_only=True, allow_null=True)
    dataset_name = serializers.CharField(source="dataset.__str__", read_only=True)
    parent_name = serializers.CharField(source="parent.shown_name", default="", read_only=True)
    model_name = serializers.CharField(source="trained_model.name", default="", read_only=True)
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
            "parent_name",
            "trained_model",
            "model_name",
            "config",
            "seed",
            "device",
            "minutes",
            "code_version",
            "environment",
            "stop",
            "job",
            "created_by",
            "created_at",
        ]
        read_only_fields = fields


class TrainingScheduleSerializer(serializers.ModelSerializer[TrainingSchedule]):
    error = serializers.SerializerMethodField(help_text="why the last start was refused")
    created_by = serializers.CharField(source="created_by.username", default="", read_only=True)

    class Meta:
        model = TrainingSchedule
        fields = [
            "id",
            "project",
            "kind",
            "dataset",
            "config",
            "parent",
            "device",
            "minutes",
            "at",
            "nightly",
            "next_at",
            "run",
            "error",
            "created_by",
            "created_at",
        ]
        read_only_fields = fields

    def get_error(self, row: TrainingSchedule) -> str:
        spanish = (get_language() or "en").startswith("es")
        return row.error_es if spanish and row.error_es else row.error


class TrainingOptionSerializer(serializers.Serializer[Any]):
    """One setting of a training, for a form."""

    name = serializers.CharField(help_text="a dot parts the name of a group of settings")
    type = serializers.ChoiceField(
        choices=["whole", "number", "switch", "choice", "pair", "list", "words"]
    )
    choices: Any = serializers.JSONField(help_text="what may be chosen; else empty")
    optional = serializers.BooleanField(help_text="null is a value too")
    group = serializers.CharField(source="group_title")
    title = serializers.CharField(source="about.title")
    help = serializers.CharField(source="about.help")
    unit = serializers.CharField(source="about.unit")
    low = serializers.FloatField(source="about.low", allow_null=True)
    high = serializers.FloatField(source="about.high", allow_null=True)
    multiple = serializers.IntegerField(source="about.multiple")
    default: Any = serializers.JSONField(help_text="what each preset has")


class StartTrainingSerializer(serializers.Serializer[Any]):
    dataset = serializers.IntegerField()
    parent: Any = serializers.CharField(
        required=False,
        allow_null=True,
        max_length=40,
        help_text="the trained model to start from: a number, current or starter; null: from "
        "nothing; left out: the current one, else the starter; preset tao starts from nothing",
    )
    preset = serializers.ChoiceField(choices=["quick", "standard", "tao"], default="quick")
    epochs = serializers.IntegerField(required=False, min_value=1, max_value=10_000)
    batch = serializers.IntegerField(required=False, min_value=1, max_value=4096)
    seed = serializers.IntegerField(required=False, min_value=0, max_value=2**31 - 1)
    config = serializers.DictField(
        required=False, default=dict, help_text="further settings of the network's config"
    )
    device = serializers.CharField(
        required=False, default="auto", max_length=10, help_text="auto, cpu, cuda:0, ..."
    )
    minutes = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=1,
        max_value=60 * 24 * 365,
        help_text="at most so long: its epochs are fitted to it",
    )

    def settings(self) -> dict[str, Any]:
        """The settings of the run: the preset and what was changed of it."""
        given = dict(self.validated_data)
        named = {k: given[k] for k in ("preset", "epochs", "batch", "seed") if k in given}
        return {**given["config"], **named}


class DeviceSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    memory_mb = serializers.IntegerField()


class TrainingEstimateSerializer(serializers.Serializer[Any]):
    """What a few steps tell of the whole training."""

    epochs = serializers.IntegerField()
    seconds = serializers.FloatField()
    seconds_low = serializers.FloatField()
    seconds_high = serializers.FloatField()
    epoch_seconds = serializers.FloatField()
    steps = serializers.IntegerField(help_text="of an epoch")
    memory_mb = serializers.FloatField()
    memory_total_mb = serializers.FloatField()
    device = serializers.CharField()


class CheckedTrainingSerializer(serializers.Serializer[Any]):
    warnings = serializers.ListField(child=serializers.CharField())
    refusal = serializers.CharField(allow_blank=True, help_text="why it cannot start; else empty")
    setting = serializers.CharField(allow_blank=True, help_text="the one that is refused, if one")
    estimate = TrainingEstimateSerializer(allow_null=True)
    measuring = JobSerializer(allow_null=True, help_text="the newest measuring of just this")
    devices = DeviceSerializer(many=True)


class ScheduleTrainingSerializer(StartTrainingSerializer):
    """A training that starts later: as one that starts now, with a time."""

    at = serializers.TimeField(help_text="by the project's clock")
    nightly = serializers.BooleanField(
        required=False,
        default=False,
        help_text="every day, on the newest dataset version if it is a new one",
    )


class CurvesSerializer(serializers.Serializer[Any]):
    steps = serializers.ListField(child=serializers.IntegerField())
    series = serializers.DictField(
        child=serializers.ListField(child=serializers.FloatField(allow_null=True)),
        help_text="per metric one value per step, null where there is none",
    )
