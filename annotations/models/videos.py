"""A recording and the rule by which frames were taken from it."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

from django.conf import settings
from django.db import models
from django.db.models import Q

from annotations.models.projects import Camera, Project


class Video(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="videos")
    camera = models.ForeignKey(Camera, on_delete=models.SET_NULL, null=True, blank=True)
    name = models.CharField(max_length=255)
    file = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    bytes = models.PositiveBigIntegerField()
    container = models.CharField(max_length=60)
    codec = models.CharField(max_length=40)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    fps = models.FloatField(null=True)
    duration = models.FloatField(null=True)  # seconds
    rotation = models.SmallIntegerField(default=0)
    time_base = models.CharField(max_length=30)  # seconds per pts, as a fraction
    start_pts = models.BigIntegerField(default=0)
    frames_expected = models.PositiveBigIntegerField(null=True)
    damage = models.JSONField(default=dict, blank=True)
    recorded_at = models.DateTimeField(null=True, blank=True)
    thumbnail = models.CharField(max_length=255, blank=True)
    preview = models.CharField(max_length=255, blank=True)
    activity = models.CharField(max_length=255, blank=True)  # how much moves, frame by frame
    original = models.ForeignKey(  # of a video without idle stretches
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="condensed"
    )
    time_map = models.JSONField(default=list, blank=True)  # [from, to, from in the original], s
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    deleting_at = models.DateTimeField(null=True, blank=True)  # a job is taking it away

    file_columns = ("file", "thumbnail", "preview", "activity")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "sha256"], name="video_once_per_project")
        ]
        indexes = [models.Index(fields=["camera", "recorded_at"], name="video_by_camera_and_time")]

    def __str__(self) -> str:
        return self.name

    def seconds(self, pts: int) -> float:
        """The time of ``pts`` from the start of the video, in seconds."""
        return float((pts - self.start_pts) * Fraction(self.time_base))

    def pts(self, seconds: float) -> int:
        """The pts nearest to a time from the start of the video; inverse of ``seconds``."""
        return self.start_pts + round(Fraction(seconds) / Fraction(self.time_base))

    @property
    def broken(self) -> bool:
        """Whether something in it could not be read or decoded, as far as is known."""
        return bool(self.damage.get("corrupt") or self.damage.get("errors"))

    def original_seconds(self, seconds: float) -> float:
        """The time in the recording this video was condensed from; its own where it was not."""
        found = seconds
        for begins, _, before in self.time_map:
            if seconds >= begins:
                found = before + seconds - begins
        return float(found)

    @property
    def began(self) -> datetime | None:
        """When the recording began, by the right clock; None where nobody knows."""
        if self.recorded_at is None:
            return None
        off = self.camera.clock_offset if self.camera else 0.0
        return self.recorded_at + timedelta(seconds=off)

    def time_of(self, pts: int) -> datetime | None:
        """When this moment was, by the right clock; None where nobody knows."""
        begins = self.began
        if begins is None:
            return None
        return begins + timedelta(seconds=self.original_seconds(self.seconds(pts)))


class Selection(models.Model):
    """The rule by which frames were taken: N a second, or every Nth, within a range.

    Further, only where something moves, only pictures unlike the one before, and at most so
    many; ``annotations.vision.selection`` says what exactly.
    """

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="selections")
    fps = models.FloatField(null=True)
    every = models.PositiveIntegerField(null=True)
    start = models.FloatField(default=0.0)
    end = models.FloatField(null=True)
    motion = models.FloatField(null=True)  # side of what moves, as a share of the picture's
    near_duplicates = models.PositiveSmallIntegerField(null=True)  # bits of 64 that may differ
    cap = models.PositiveIntegerField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="selection_fps_or_every",
                condition=Q(fps__gt=0, every__isnull=True) | Q(fps__isnull=True, every__gt=0),
            ),
            models.CheckConstraint(
                name="selection_range",
                condition=Q(start__gte=0) & (Q(end__isnull=True) | Q(end__gt=models.F("start"))),
            ),
            models.CheckConstraint(
                name="selection_filters",
                condition=(Q(motion__isnull=True) | Q(motion__gt=0, motion__lte=1))
                & (Q(near_duplicates__isnull=True) | Q(near_duplicates__lte=64))
                & (Q(cap__isnull=True) | Q(cap__gt=0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.fps} a second" if self.fps else f"every {self.every}."
