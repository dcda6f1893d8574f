"""Frozen, numbered dataset versions. Made once by ``annotations.datasets``, never edited."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from annotations.models.crops import Crop
from annotations.models.frames import Frame
from annotations.models.projects import Project


class Kind(models.TextChoices):
    DETECTOR = "detector"
    RECOGNIZER = "recognizer"


class Split(models.TextChoices):
    TRAIN = "train"
    VAL = "val"
    TEST = "test"


class DatasetVersion(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="datasets")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    number = models.PositiveIntegerField()
    note = models.CharField(max_length=200, blank=True)
    filter = models.JSONField(default=dict)
    split_rule = models.JSONField(default=dict)  # shares, whole videos, time gap
    seed = models.PositiveIntegerField(default=0)
    manifest_hash = models.CharField(max_length=64)
    counts = models.JSONField(default=dict)
    incomplete = models.BooleanField(default=False)  # retention deleted some of its files
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind", "number"], name="dataset_numbers_differ"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} v{self.number}"


class DatasetItem(models.Model):
    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveIntegerField()
    name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    file = models.CharField(max_length=255)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    boxes = models.JSONField(default=list)  # {label, x1, y1, x2, y2, ignore}
    complete_labels = models.JSONField(default=list)
    text = models.CharField(max_length=32, blank=True)
    split = models.CharField(max_length=5, choices=Split.choices)
    group = models.CharField(max_length=60)
    frame = models.ForeignKey(Frame, on_delete=models.SET_NULL, null=True, related_name="+")
    crop = models.ForeignKey(Crop, on_delete=models.SET_NULL, null=True, related_name="+")

    file_columns = ("file",)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["version", "position"], name="item_positions_differ")
        ]
        indexes = [models.Index(fields=["version", "split"], name="item_by_split")]

    def __str__(self) -> str:
        return self.name
