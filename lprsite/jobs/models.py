"""The table of long work. The row is the truth; messages and sockets only hint at it."""

from __future__ import annotations

import os
import socket
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class State(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


ACTIVE = (State.QUEUED, State.RUNNING, State.CANCELLING)
HELD = (State.RUNNING, State.CANCELLING)


def lease_end() -> Any:
    """When a lease taken or renewed now runs out."""
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def this_process() -> str:
    """The name under which this process holds leases."""
    return f"{socket.gethostname()}:{os.getpid()}"


class JobQuerySet(models.QuerySet["Job"]):
    def active(self) -> JobQuerySet:
        return self.filter(state__in=ACTIVE)

    def claim(self, job_id: int) -> Job | None:
        """Take a queued job for this process; None if another has it, or it is over."""
        taken = self.filter(pk=job_id, state=State.QUEUED).update(
            state=State.RUNNING,
            attempt=F("attempt") + 1,
            lease_owner=this_process(),
            lease_until=lease_end(),
            started_at=timezone.now(),
            error="",
            error_es="",
            message="",
        )
        return self.get(pk=job_id) if taken else None

    def in_turn(self) -> JobQuerySet:
        """The jobs that wait, in the order in which they are taken."""
        return self.filter(state=State.QUEUED).order_by("rank", "pk")


class Job(models.Model):
    """One piece of long work, from the click to its result."""

    task = models.CharField(max_length=60)
    queue = models.CharField(max_length=20)
    rank = models.FloatField(default=time.time)  # lower is taken earlier; seconds since 1970
    parameters = models.JSONField(default=dict)
    project_id = models.BigIntegerField(null=True, db_index=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    attempt = models.PositiveIntegerField(default=0)
    max_attempts = models.PositiveIntegerField(default=3)
    dedupe_key = models.CharField(max_length=120, default="")
    lease_owner = models.CharField(max_length=120, default="")
    lease_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    sendings = models.PositiveIntegerField(default=0)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True)
    unit = models.CharField(max_length=30, default="")
    message = models.CharField(max_length=300, default="")
    error = models.TextField(default="")
    error_es = models.TextField(default="")
    error_code = models.CharField(max_length=60, default="")
    log = models.TextField(default="")
    result = models.JSONField(default=dict)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["project_id", "-id"], name="job_by_project"),
            models.Index(
                fields=["state", "lease_until"],
                name="job_active",
                condition=Q(state__in=["queued", "running", "cancelling"]),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["dedupe_key"],
                name="job_dedupe_while_active",
                condition=~Q(dedupe_key="") & Q(state__in=["queued", "running", "cancelling"]),
            ),
            models.CheckConstraint(
                name="job_held_has_lease",
                condition=~Q(state__in=["running", "cancelling"]) | Q(lease_until__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.pk} ({self.state})"

    @property
    def is_active(self) -> bool:
        return self.state in ACTIVE

    def forget_earlier(self) -> None:
        """Of such jobs that the program began by itself in the project, keep only this row.

        Somebody who draws boxes makes them begin every few seconds.
        """
        earlier = Job.objects.filter(task=self.task, project_id=self.project_id, pk__lt=self.pk)
        earlier.filter(state=State.SUCCEEDED, created_by=None).delete()

    def mine(self) -> models.QuerySet[Job]:
        """The row as long as this attempt holds it; an empty set means: stop."""
        return Job.objects.filter(pk=self.pk, attempt=self.attempt, state__in=HELD)
