"""The truth of a video: vehicles that passed, and where the list is complete."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from annotations.models.projects import Project
from annotations.models.videos import Video


class PassageStatus(models.TextChoices):
    NEW = "new"
    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    REJECTED = "rejected"


class Passage(models.Model):
    """One vehicle passing one camera, as a person confirmed it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="passages")
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="passages")
    first_pts = models.BigIntegerField()
    last_pts = models.BigIntegerField()
    key_boxes = models.JSONField(default=list)  # [pts, x1, y1, x2, y2], by pts
    text = models.CharField(max_length=32, blank=True)
    status = models.CharField(
        max_length=10, choices=PassageStatus.choices, default=PassageStatus.NEW
    )
    reject_reason = models.CharField(max_length=20, blank=True)
    unseen = models.BooleanField(default=False)  # accepted for its confidence; nobody looked
    reviewer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    revision = models.PositiveIntegerField(default=1)
    client_key = models.UUIDField(null=True, unique=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["first_pts", "id"]
        indexes = [models.Index(fields=["video", "first_pts"], name="passage_by_time")]
        constraints = [
            models.CheckConstraint(
                name="passage_in_order", condition=Q(last_pts__gte=F("first_pts"))
            ),
            models.CheckConstraint(
                name="passage_reason_when_rejected",
                condition=Q(status="rejected") | Q(reject_reason=""),
            ),
            models.CheckConstraint(
                name="passage_unseen_when_accepted",
                condition=Q(unseen=False) | Q(status="accepted"),
            ),
        ]

    def __str__(self) -> str:
        return self.text or f"passage {self.pk}"

    @property
    def verdict(self) -> str:
        """The status as tables say it."""
        return "accepted unseen" if self.unseen else str(self.status)


class PassageChange(models.Model):
    """What a passage was before somebody did something: history, and the way back.

    What a person does in one step (a deed) may change several passages, such as a merge.
    """

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="passage_changes")
    passage = models.BigIntegerField()  # its id; the passage itself may be gone
    deed = models.UUIDField(db_index=True)
    kind = models.CharField(max_length=10)
    before = models.JSONField(null=True)  # its facts; null: there was none
    revision = models.PositiveIntegerField()  # of the passage afterwards; 0: deleted
    first_pts = models.BigIntegerField()  # of the stretch that was touched
    last_pts = models.BigIntegerField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["video", "id"], name="passage_change_by_video")]

    def __str__(self) -> str:
        return f"{self.kind} of passage {self.passage}"


class CheckedSpan(models.Model):
    """A stretch of a video in which the passages are complete."""

    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="checked_spans")
    first_pts = models.BigIntegerField()
    last_pts = models.BigIntegerField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        ordering = ["first_pts"]
        constraints = [
            models.CheckConstraint(
                name="checked_span_in_order", condition=Q(last_pts__gt=F("first_pts"))
            )
        ]

    def __str__(self) -> str:
        return f"{self.first_pts} to {self.last_pts}"
