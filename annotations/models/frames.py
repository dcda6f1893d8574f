"""Frames, the boxes on them, and what a network suggests."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from annotations.models.projects import Label, Project
from annotations.models.videos import Selection, Video


class FrameStatus(models.TextChoices):
    OPEN = "open"
    DONE = "done"
    NOTHING_HERE = "nothing_here"


class FrameQuerySet(models.QuerySet["Frame"]):
    def unannotated(self) -> FrameQuerySet:
        return self.filter(status=FrameStatus.OPEN)


class Frame(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="frames")
    video = models.ForeignKey(Video, on_delete=models.CASCADE, null=True, related_name="frames")
    selection = models.ForeignKey(Selection, on_delete=models.SET_NULL, null=True)
    name = models.CharField(max_length=255, blank=True)
    pts = models.BigIntegerField(null=True)  # in the stream's time base
    index = models.PositiveBigIntegerField(null=True)  # in decode order
    sha256 = models.CharField(max_length=64)
    file = models.CharField(max_length=255)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    dhash = models.CharField(max_length=16, blank=True)
    status = models.CharField(max_length=12, choices=FrameStatus.choices, default=FrameStatus.OPEN)
    complete_labels = models.JSONField(default=list)  # names of the fully labelled classes
    created_at = models.DateTimeField(auto_now_add=True)

    objects = FrameQuerySet.as_manager()

    file_columns = ("file",)

    class Meta:
        indexes = [
            models.Index(fields=["project", "status", "id"], name="frame_by_status"),
            models.Index(fields=["project", "sha256"], name="frame_by_hash"),
            # The grid's order, and all that its index tells: nothing else is read for it.
            models.Index(fields=["project", "video", "pts", "id", "status"], name="frame_in_order"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["video", "pts"], name="frame_once_per_pts", condition=Q(video__isnull=False)
            ),
            models.UniqueConstraint(
                fields=["project", "sha256"],
                name="frame_once_per_hash",
                condition=Q(video__isnull=True),
            ),
            models.CheckConstraint(
                name="frame_pts_with_video",
                condition=Q(video__isnull=True, pts__isnull=True)
                | Q(video__isnull=False, pts__isnull=False),
            ),
            models.CheckConstraint(name="frame_has_size", condition=Q(width__gt=0, height__gt=0)),
        ]

    def __str__(self) -> str:
        return self.name or f"frame {self.pk}"

    def seconds(self) -> float | None:
        """The time in the video, in seconds; none for a single picture."""
        if self.video is None or self.pts is None:
            return None
        return self.video.seconds(self.pts)


class Source(models.TextChoices):
    PERSON = "person"
    IMPORT = "import"
    MODEL = "model"
    REVIEW = "review"
    INTERPOLATED = "interpolated"


class BoxQuerySet(models.QuerySet["Box"]):
    def present(self) -> BoxQuerySet:
        return self.filter(deleted_at__isnull=True)


class Box(models.Model):
    """A rectangle in pixels of its frame, x1 < x2, y1 < y2."""

    frame = models.ForeignKey(Frame, on_delete=models.CASCADE, related_name="boxes")
    label = models.ForeignKey(Label, on_delete=models.RESTRICT, related_name="boxes")
    x1 = models.FloatField()
    y1 = models.FloatField()
    x2 = models.FloatField()
    y2 = models.FloatField()
    ignore = models.BooleanField(default=False)
    source = models.CharField(max_length=12, choices=Source.choices, default=Source.PERSON)
    confidence = models.FloatField(null=True)
    car = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="plates")
    passage = models.ForeignKey(
        "annotations.Passage", on_delete=models.SET_NULL, null=True, related_name="boxes"
    )
    revision = models.PositiveIntegerField(default=1)
    client_key = models.UUIDField(null=True, unique=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    deleted_at = models.DateTimeField(null=True)

    objects = BoxQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["frame", "label"],
                name="box_present_on_frame",
                condition=Q(deleted_at__isnull=True),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="box_has_area", condition=Q(x2__gt=F("x1")) & Q(y2__gt=F("y1"))
            ),
            models.CheckConstraint(name="box_starts_inside", condition=Q(x1__gte=0, y1__gte=0)),
        ]

    def __str__(self) -> str:
        return f"box {self.pk}"

    @property
    def xyxy(self) -> tuple[float, float, float, float]:
        return self.x1, self.y1, self.x2, self.y2


class BoxChange(models.Model):
    """What was done to a box: enough to undo it and to say who did it."""

    box = models.ForeignKey(Box, on_delete=models.CASCADE, related_name="changes")
    action = models.CharField(max_length=10)  # made, moved, deleted, restored
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.action} {self.box_id}"


class Suggestion(models.Model):
    """What a network proposes: a text for a crop, or a box on a frame."""

    crop = models.ForeignKey(
        "annotations.Crop", on_delete=models.CASCADE, null=True, related_name="suggestions"
    )
    frame = models.ForeignKey(
        Frame, on_delete=models.CASCADE, null=True, related_name="suggestions"
    )
    revision = models.PositiveIntegerField(default=1)  # of the crop, as the network saw it
    model_name = models.CharField(max_length=120)
    text = models.CharField(max_length=32, blank=True)
    characters = models.JSONField(default=list)  # one confidence in 0..1 per character
    confidence = models.FloatField(null=True)  # of a text: that of its least sure character
    alternatives = models.JSONField(default=list)  # per character [[other, its share], ...]
    box = models.JSONField(default=list)  # label, x1, y1, x2, y2, confidence
    settled = models.BooleanField(default=False)  # a box that a person accepted or rejected
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="suggestion_for_crop_or_frame",
                condition=Q(crop__isnull=False, frame__isnull=True)
                | Q(crop__isnull=True, frame__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["crop", "revision", "model_name"], name="suggestion_once_per_model"
            ),
        ]

    def __str__(self) -> str:
        return self.text or f"suggestion {self.pk}"
