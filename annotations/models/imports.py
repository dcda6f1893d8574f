"""What came in, what went out, and who looked."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from annotations.models.projects import Project


class ImportBatch(models.Model):
    """One archive, folder or table that was brought in. seen = imported + each other reason."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="imports")
    name = models.CharField(max_length=255)
    path = models.CharField(max_length=500)  # a storage key, or a path on the server
    stored = models.BooleanField(default=True)  # whether ``path`` is a storage key
    sha256 = models.CharField(max_length=64, blank=True)
    format = models.CharField(max_length=40, blank=True)
    labels = models.JSONField(default=dict, blank=True)  # label in the archive -> boxes
    needs_map = models.BooleanField(default=False)
    mapping = models.JSONField(default=dict, blank=True)  # label in the archive -> ours, or null
    counts = models.JSONField(default=dict, blank=True)
    report = models.JSONField(default=list, blank=True)  # file, line, outcome, sentences; capped
    report_csv = models.CharField(max_length=255, blank=True)  # the whole report, as files
    report_json = models.CharField(max_length=255, blank=True)
    classes = models.JSONField(default=dict, blank=True)  # label -> geometry, outcomes, samples
    samples = models.CharField(max_length=255, blank=True)  # a sheet of cut-outs, a row a label
    facts = models.JSONField(default=dict, blank=True)  # pictures, texts, videos: see imports.py
    dry_run = models.BooleanField(default=True)
    job_id = models.BigIntegerField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    file_columns = ("path", "report_csv", "report_json", "samples")

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "import batches"

    def __str__(self) -> str:
        return self.name


class Export(models.Model):
    """A zip that a job makes, for download until it expires. ``parameters`` make it again."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="exports")
    format = models.CharField(max_length=40)
    parameters = models.JSONField(default=dict)
    file = models.CharField(max_length=255, blank=True)
    bytes = models.PositiveBigIntegerField(null=True)
    counts = models.JSONField(default=dict)
    job_id = models.BigIntegerField(null=True)
    expires_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    file_columns = ("file",)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.format} {self.pk}"


class AuditEntry(models.Model):
    """Who exported, viewed or deleted what. Only ever added to."""

    project = models.ForeignKey(Project, on_delete=models.SET_NULL, null=True)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    action = models.CharField(max_length=40)
    subject = models.CharField(max_length=255)
    details = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["project", "-id"], name="audit_by_project")]
        verbose_name_plural = "audit entries"

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
