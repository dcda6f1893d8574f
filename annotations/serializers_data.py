"""Imports and dataset versions as JSON and back."""

from __future__ import annotations

from typing import Any

from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations import datasets, splits
from annotations.models import DatasetItem, DatasetVersion, ImportBatch
from annotations.models.datasets import Kind, Split
from annotations.serializers import media

COUNTS = {"type": "object", "additionalProperties": {"type": "integer"}}
MAPPING = {"type": "object", "additionalProperties": {"type": "string", "nullable": True}}
SHARES = {
    "type": "object",
    "properties": {split: {"type": "number", "minimum": 0, "maximum": 1} for split in Split.values},
}
SPLIT_COUNTS = {
    "type": "object",
    "properties": {
        "items": {"type": "integer"},
        "groups": {"type": "integer", "description": "vehicles"},
        "boxes": COUNTS,
        "characters": COUNTS,
    },
    "required": ["items", "groups", "boxes"],
}
OF_VIDEO = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "empty: of no video"},
        "groups": {"type": "integer"},
        **{split: {"type": "integer"} for split in Split.values},
    },
    "required": ["name", "groups", *Split.values],
}
VERSION_COUNTS = {
    "type": "object",
    "properties": {
        **dict.fromkeys(Split.values, SPLIT_COUNTS),
        "leaks": {"type": "integer", "description": "what is on more than one side; must be 0"},
        "leak_lines": {**COUNTS, "description": "by kind: passage, text, picture, time"},
        "videos": {"type": "array", "items": OF_VIDEO},
        "characters": COUNTS,
        "longest": {"type": "integer"},
    },
    "required": [*Split.values, "leaks", "characters", "longest"],
}


@extend_schema_field(COUNTS)
class CountsField(serializers.JSONField):
    """Names with numbers."""


@extend_schema_field(MAPPING)
class MappingField(serializers.DictField):
    """Label in the archive -> label of the project, or null to leave its boxes out."""

    child = serializers.CharField(allow_null=True, allow_blank=True, max_length=200)


@extend_schema_field(SHARES)
class SharesField(serializers.DictField):
    """Shares of train, val and test, adding up to 1."""

    child = serializers.FloatField(min_value=0, max_value=1)


@extend_schema_field(VERSION_COUNTS)
class VersionCountsField(serializers.JSONField):
    """What a version holds, per split."""


GEOMETRY = {
    "boxes": {"type": "integer", "description": "that were measured"},
    "area": {"type": "number", "description": "of the picture, middle of all boxes"},
    "inside": {"type": "number", "description": "share that lies inside larger boxes of host"},
    "host": {"type": "string"},
    "row": {"type": "integer", "description": "of its cut-outs on the sheet of samples"},
    "cells": {"type": "integer", "description": "how many cut-outs there are"},
}
CLASSES = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {
            "outcomes": {**COUNTS, "description": "of its boxes if the class is taken"},
            **GEOMETRY,
        },
        "required": ["outcomes"],
    },
}
LIKELY = {
    "type": "object",
    "properties": {
        "video": {"type": "integer"},
        "name": {"type": "string"},
        "alike": {"type": "integer"},
        "looked": {"type": "integer"},
    },
    "required": ["video", "name", "alike", "looked"],
}
FACTS = {
    "type": "object",
    "properties": {
        "fixed": {**COUNTS, "description": "reasons that no mapping changes"},
        "pictures": {"type": "integer"},
        "negatives": {"type": "integer", "description": "pictures said to show nothing"},
        "unlabelled": {"type": "integer", "description": "pictures that nothing is said about"},
        "elsewhere": {"type": "integer", "description": "not in the file, found in the project"},
        "of_videos": {**COUNTS, "description": "video -> pictures that are frames of it"},
        "texts": {**COUNTS, "description": "what became of the texts of boxes"},
        "made": {**COUNTS, "description": "rows that were made, or would be"},
        "sample_texts": {"type": "array", "items": {"type": "array", "items": {"type": "string"}}},
        "likely_videos": {"type": "array", "items": LIKELY},
        "report_lines": {"type": "integer", "description": "of the whole report"},
        "damage": {
            "type": "object",
            "description": "of an archive that was cut off or damaged",
            "properties": {
                "members": {"type": "integer"},
                "lost": {"type": "integer", "description": "members that are not whole"},
                "gaps": {"type": "integer", "description": "stretches without names"},
            },
            "required": ["members", "lost", "gaps"],
        },
    },
}


@extend_schema_field(CLASSES)
class ClassesField(serializers.JSONField):
    """Class of the file -> its geometry, what becomes of its boxes, and where its samples are."""


@extend_schema_field(FACTS)
class FactsField(serializers.JSONField):
    """What is known of an import beside the counts of its entries."""


class ImportUploadSerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField()
    file = serializers.FileField(required=False, allow_empty_file=True, use_url=False)
    path = serializers.CharField(
        required=False,
        help_text="a file or folder on the server, below the folder opened for this",
    )


class ImportExamineSerializer(serializers.Serializer[Any]):
    mapping = MappingField(
        required=False, allow_null=True, default=None, help_text="to see the counts it would have"
    )


class ImportStartSerializer(serializers.Serializer[Any]):
    mapping = MappingField(required=False, allow_null=True, default=None)


class ReportLineSerializer(serializers.Serializer[Any]):
    file = serializers.CharField()
    line = serializers.IntegerField(help_text="0 where the whole file is meant")
    outcome = serializers.CharField()
    sentence = serializers.SerializerMethodField()

    def get_sentence(self, line: dict[str, Any]) -> str:
        return str(line["es" if (get_language() or "en").startswith("es") else "en"])


class ImportBatchSerializer(serializers.ModelSerializer[ImportBatch]):
    labels = CountsField(read_only=True, help_text="boxes of each label of the file")
    mapping = MappingField(read_only=True, help_text="suggested until it is started")
    counts = CountsField(read_only=True, help_text="seen = imported + each reason; not clamped")
    job = serializers.IntegerField(source="job_id", read_only=True, allow_null=True)
    created_by = serializers.CharField(source="created_by.username", default="", read_only=True)

    class Meta:
        model = ImportBatch
        fields = [
            "id",
            "project",
            "name",
            "sha256",
            "format",
            "labels",
            "needs_map",
            "mapping",
            "counts",
            "dry_run",
            "job",
            "created_by",
            "created_at",
        ]
        read_only_fields = fields


class ImportDetailSerializer(ImportBatchSerializer):
    report = ReportLineSerializer(many=True, read_only=True, help_text="the worst lines")
    report_csv = serializers.SerializerMethodField(help_text="the whole report as a table")
    report_json = serializers.SerializerMethodField(help_text="the whole report as JSON")
    samples = serializers.SerializerMethodField(
        help_text="a sheet of cut-outs of 144x96 pixels: a row for each class, six cells a row"
    )
    classes = ClassesField(read_only=True)
    facts = FactsField(read_only=True)
    kept = serializers.SerializerMethodField(help_text="whether its file is still there")

    class Meta(ImportBatchSerializer.Meta):
        fields = [
            *ImportBatchSerializer.Meta.fields,
            "report",
            "report_csv",
            "report_json",
            "samples",
            "classes",
            "facts",
            "kept",
        ]
        read_only_fields = fields

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_report_csv(self, batch: ImportBatch) -> str | None:
        return media("import-reports", batch.pk) if batch.report_csv else None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_report_json(self, batch: ImportBatch) -> str | None:
        return media("import-reports-json", batch.pk) if batch.report_json else None

    @extend_schema_field(serializers.CharField(allow_null=True))
    def get_samples(self, batch: ImportBatch) -> str | None:
        version = batch.samples.rpartition("/")[2][:8]
        return media("import-samples", batch.pk, version) if batch.samples else None

    def get_kept(self, batch: ImportBatch) -> bool:
        return bool(batch.path)


class DatasetFilterSerializer(serializers.Serializer[Any]):
    """Which of what is labelled a version takes; what is left out asks for nothing."""

    videos = serializers.ListField(
        child=serializers.IntegerField(), required=False, max_length=1000, help_text="none: all"
    )
    since = serializers.DateField(required=False, allow_null=True, help_text="this day included")
    until = serializers.DateField(required=False, allow_null=True, help_text="this day included")
    min_width = serializers.IntegerField(
        required=False, min_value=0, max_value=100_000, help_text="of crops, pixels"
    )
    min_sharpness = serializers.FloatField(required=False, min_value=0, help_text="of crops")
    agreed = serializers.BooleanField(
        required=False, help_text="only texts that two people read alike or a reviewer decided"
    )
    done = serializers.BooleanField(required=False, help_text="only frames that are done")


class DatasetRuleSerializer(serializers.Serializer[Any]):
    """What a version would be frozen by."""

    project = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    shares = SharesField(required=False, allow_null=True, default=None)
    seed = serializers.IntegerField(min_value=0, max_value=2**31 - 1, default=0)
    whole_videos = serializers.BooleanField(default=False)
    filter = DatasetFilterSerializer(required=False)

    def only(self) -> datasets.Filter:
        return datasets.Filter.of(self.validated_data.get("filter"))

    def rule(self) -> splits.Rule:
        """The rule for splitting. Raises SharesWrong."""
        given = self.validated_data
        return splits.Rule.of(
            given["shares"], seed=given["seed"], whole_videos=given["whole_videos"]
        )


class DatasetRequestSerializer(DatasetRuleSerializer):
    note = serializers.CharField(max_length=200, allow_blank=True, default="")


class DatasetPreviewSerializer(serializers.Serializer[Any]):
    counts = VersionCountsField()


class DatasetItemSerializer(serializers.ModelSerializer[DatasetItem]):
    picture = serializers.SerializerMethodField(help_text="as it was frozen")

    class Meta:
        model = DatasetItem
        fields = [
            "id",
            "position",
            "name",
            "width",
            "height",
            "boxes",
            "complete_labels",
            "text",
            "split",
            "group",
            "frame",
            "crop",
            "picture",
        ]
        read_only_fields = fields

    def get_picture(self, item: DatasetItem) -> str:
        return media("dataset-items", item.pk, item.sha256[:8])


class DatasetPairSerializer(serializers.Serializer[Any]):
    """An item as it was in the older version and as it is in the newer one."""

    older = DatasetItemSerializer(allow_null=True)
    newer = DatasetItemSerializer(allow_null=True)


class DatasetDifferenceSerializer(serializers.Serializer[Any]):
    """What differs between two versions: how much of each kind, and the first items."""

    older = serializers.IntegerField()
    newer = serializers.IntegerField()
    counts = CountsField(help_text="same, added, removed, relabelled, moved")
    added = DatasetPairSerializer(many=True)
    removed = DatasetPairSerializer(many=True)
    relabelled = DatasetPairSerializer(many=True)
    moved = DatasetPairSerializer(many=True)


class DatasetVersionSerializer(serializers.ModelSerializer[DatasetVersion]):
    counts = VersionCountsField(read_only=True)
    created_by = serializers.CharField(source="created_by.username", default="", read_only=True)

    class Meta:
        model = DatasetVersion
        fields = [
            "id",
            "project",
            "kind",
            "number",
            "note",
            "filter",
            "split_rule",
            "seed",
            "manifest_hash",
            "counts",
            "incomplete",
            "created_by",
            "created_at",
        ]
        read_only_fields = fields
