"""Administration of recordings and labels. Work itself happens on the pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.admin import ModelAdmin, TabularInline

from annotations.models import (
    AuditEntry,
    Camera,
    DatasetVersion,
    Frame,
    ImportBatch,
    Label,
    Membership,
    PlateFormat,
    Project,
    Video,
)
from lprsite.texts import both


class ReadOnly(ModelAdmin):
    """Rows that only the steps make and change; the admin looks."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MembershipInline(TabularInline):
    model = Membership
    autocomplete_fields = ["user"]
    extra = 0


class PlateFormatInline(TabularInline):
    model = PlateFormat
    extra = 0


class LabelInline(TabularInline):
    model = Label
    extra = 0


@admin.register(Project)
class ProjectAdmin(ModelAdmin):
    list_display = ["name", "video_count", "time_zone", "pages"]
    search_fields = ["name"]
    inlines = [MembershipInline, LabelInline, PlateFormatInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        rows: QuerySet[Project] = super().get_queryset(request)
        return rows.annotate(videos_counted=Count("videos"))

    @admin.display(description=both("videos", "videos"), ordering="videos_counted")
    def video_count(self, project: Any) -> int:
        return int(project.videos_counted)

    @admin.display(description=both("pages", "páginas"))
    def pages(self, project: Project) -> str:
        return format_html(
            '<a href="/p/{0}">Work</a> · <a href="/admin/training/trainingrun/page/{0}/">Train</a>',
            project.pk,
        )


@admin.register(Camera)
class CameraAdmin(ModelAdmin):
    list_display = ["name", "project", "clock_offset"]
    list_filter = ["project"]


@admin.register(Video)
class VideoAdmin(ReadOnly):
    list_display = ["name", "project", "duration", "width", "height", "created_at", "page"]
    list_filter = ["project", "codec"]
    search_fields = ["name"]

    @admin.display(description=both("page", "página"))
    def page(self, video: Video) -> str:
        return format_html('<a href="/p/{}/videos/{}">Open</a>', video.project_id, video.pk)


@admin.register(Frame)
class FrameAdmin(ReadOnly):
    list_display = ["id", "name", "video", "status", "page"]
    list_filter = ["status", "project"]
    list_select_related = ["video"]

    @admin.display(description=both("page", "página"))
    def page(self, frame: Frame) -> str:
        return format_html('<a href="/p/{}/frames/{}">Open</a>', frame.project_id, frame.pk)


@admin.register(ImportBatch)
class ImportBatchAdmin(ReadOnly):
    list_display = ["name", "project", "format", "dry_run", "created_by", "created_at"]
    list_filter = ["project", "format"]


@admin.register(DatasetVersion)
class DatasetVersionAdmin(ReadOnly):
    list_display = ["__str__", "project", "note", "created_by", "created_at"]
    list_filter = ["project", "kind"]


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    list_display = ["at", "user", "action", "subject", "project"]
    list_filter = ["action", "project"]
