"""Files on their way in, files of a watched folder, and files on their way out."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from annotations.models.imports import ImportBatch
from annotations.models.projects import Project
from annotations.models.videos import Video


class Purpose(models.TextChoices):
    VIDEO = "video"
    IMPORT = "import"
    ARCHIVE = "archive"  # of a whole project, so of none that is here


class UploadQuerySet(models.QuerySet["Upload"]):
    def unfinished(self) -> UploadQuerySet:
        return self.filter(finished_at__isnull=True)


class Upload(models.Model):
    """A file on its way in, resumable at ``offset``.

    ``lease`` names the request that is writing to it now; a lease whose time is over holds
    nothing. Once whole (``finished_at``), ``job_id`` checks it and it becomes ``video``,
    ``batch`` or a project; then ``file`` is empty, because the file was moved or refused.
    """

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, null=True, related_name="uploads"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=255)
    purpose = models.CharField(max_length=7, choices=Purpose.choices, default=Purpose.VIDEO)
    size = models.PositiveBigIntegerField()
    offset = models.PositiveBigIntegerField(default=0)
    file = models.CharField(max_length=255, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    metadata = models.TextField(blank=True)  # Upload-Metadata as it was sent
    fingerprint = models.CharField(max_length=120, blank=True)  # how a browser knows it again
    lease = models.CharField(max_length=32, blank=True)
    lease_until = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    job_id = models.BigIntegerField(null=True)
    video = models.ForeignKey(Video, on_delete=models.SET_NULL, null=True, related_name="+")
    batch = models.ForeignKey(ImportBatch, on_delete=models.SET_NULL, null=True, related_name="+")
    expires_at = models.DateTimeField(db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UploadQuerySet.as_manager()

    file_columns = ("file",)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                name="upload_offset_in_size", condition=Q(offset__lte=F("size"))
            ),
            models.CheckConstraint(
                name="upload_of_archive_has_no_project",
                condition=Q(project=None, purpose="archive")
                | (Q(project__isnull=False) & ~Q(purpose="archive")),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def expired(self) -> bool:
        return self.finished_at is None and self.expires_at < timezone.now()

    @property
    def being_sent(self) -> bool:
        """Whether some request is writing to it now."""
        return self.lease_until is not None and self.lease_until > timezone.now()


class WatchedFile(models.Model):
    """A state of a file in the watched folder that was taken up, once and for all."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    path = models.CharField(max_length=500)  # below the folder opened for this
    bytes = models.PositiveBigIntegerField()
    mtime_ns = models.BigIntegerField()
    job_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["project", "path", "bytes", "mtime_ns"], name="watched_file_once"
            )
        ]

    def __str__(self) -> str:
        return self.path


class DoomedFile(models.Model):
    """A file that deleted rows referred to. It goes once nothing else refers to it."""

    key = models.CharField(max_length=255, unique=True)  # a folder ends with "/"
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.key
