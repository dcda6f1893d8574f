"""Crops of plates and what people read on them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotations.models.frames import Box, Suggestion
from annotations.models.projects import Project


class CropQuerySet(models.QuerySet["Crop"]):
    def unread(self) -> CropQuerySet:
        """Crops that nobody has transcribed, or that must be looked at again."""
        return self.filter(waiting=True)

    def free_for(self, user: Any) -> CropQuerySet:
        """Crops that no other person holds."""
        return self.filter(
            Q(lease_until__isnull=True) | Q(lease_until__lt=timezone.now()) | Q(lease_owner=user)
        )


class Second(models.TextChoices):
    """What has become of the reading by a second person."""

    NONE = ""  # nobody asked for one
    WANTED = "wanted"
    AGREES = "agrees"
    DIFFERS = "differs"  # a reviewer decides
    DECIDED = "decided"


class Crop(models.Model):
    """The pixels of one plate box."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="crops")
    box = models.OneToOneField(Box, on_delete=models.CASCADE, null=True, related_name="crop")
    group = models.CharField(max_length=60, blank=True)  # passage, source track or text
    name = models.CharField(max_length=255, blank=True)
    file = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    sharpness = models.FloatField(default=0.0)
    revision = models.PositiveIntegerField(default=1)
    current = models.ForeignKey(
        "annotations.Transcription", on_delete=models.RESTRICT, null=True, related_name="+"
    )
    withdrawn = models.BooleanField(default=False)  # its box was deleted or is no plate now
    recheck = models.BooleanField(default=False)  # its box moved so far that the text may be wrong
    waiting = models.BooleanField(default=True)  # somebody should read it
    suggested = models.BooleanField(default=False)  # a network has read this picture
    unlinked = models.BooleanField(
        default=False
    )  # its vehicle is still to be followed in its video
    second = models.CharField(max_length=8, choices=Second.choices, blank=True)
    lease_owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    lease_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CropQuerySet.as_manager()

    file_columns = ("file",)

    class Meta:
        indexes = [
            models.Index(fields=["project", "id"], name="crop_waiting", condition=Q(waiting=True)),
            models.Index(
                fields=["project", "id"],
                name="crop_to_suggest",
                condition=Q(waiting=True, suggested=False),
            ),
            models.Index(fields=["box"], name="crop_to_link", condition=Q(unlinked=True)),
            models.Index(fields=["project", "second", "id"], name="crop_by_second_reading"),
            models.Index(fields=["project", "group"], name="crop_by_group"),
            models.Index(fields=["project", "sha256"], name="crop_by_hash"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "sha256"],
                name="crop_once_per_hash_without_box",
                condition=Q(box__isnull=True),
            ),
            models.CheckConstraint(
                name="crop_waiting_when_unread",
                condition=Q(withdrawn=True, waiting=False)
                | Q(withdrawn=False, waiting=True, current__isnull=True)
                | Q(withdrawn=False, waiting=True, recheck=True)
                | Q(withdrawn=False, waiting=False, current__isnull=False, recheck=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name or f"crop {self.pk}"


class Status(models.TextChoices):
    READABLE = "readable"
    PARTIAL = "partial"
    UNREADABLE = "unreadable"


class ReadingRole(models.TextChoices):
    FIRST = "first"
    SECOND = "second"
    ADJUDICATION = "adjudication"
    REVIEW = "review"


class Transcription(models.Model):
    """What one person read on one crop. Never changed; a new reading is a new row."""

    crop = models.ForeignKey(Crop, on_delete=models.CASCADE, related_name="transcriptions")
    status = models.CharField(max_length=10, choices=Status.choices)
    text = models.CharField(max_length=32, blank=True)
    role = models.CharField(max_length=12, choices=ReadingRole.choices, default=ReadingRole.FIRST)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    suggestion = models.ForeignKey(Suggestion, on_delete=models.SET_NULL, null=True)
    suggestion_outcome = models.CharField(max_length=10, blank=True)  # accepted, changed, ignored
    seconds = models.FloatField(null=True)
    client_key = models.UUIDField(unique=True)
    revision_seen = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["by", "-id"], name="transcription_by_person")]
        constraints = [
            models.CheckConstraint(
                name="transcription_text_when_readable",
                condition=(Q(status="unreadable") & Q(text=""))
                | (Q(status__in=["readable", "partial"]) & ~Q(text="")),
            )
        ]

    def __str__(self) -> str:
        return self.text or self.status
