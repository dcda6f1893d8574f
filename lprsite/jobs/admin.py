from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import ShowFacets
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from lprsite.jobs import engine
from lprsite.jobs.models import Job
from lprsite.texts import both

_FOLDED = ("parameters", "result", "log", "error_es", "error_code", "dedupe_key", "rank")


@admin.register(Job)
class JobAdmin(ModelAdmin):
    """What works, waits and has ended. Rows go by themselves, with what they are about."""

    list_display = [
        "id",
        "task",
        "state",
        "progress",
        "trouble",
        "created_by",
        "created_at",
        "work",
    ]
    list_filter = ["state", "task", "queue"]
    list_select_related = ["created_by"]
    search_fields = ["=id", "error"]
    show_facets = ShowFacets.ALWAYS
    show_full_result_count = False
    list_per_page = 50
    actions = ["cancel"]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        names = [name for name in self.get_fields(request, obj) if name not in _FOLDED]
        title = both("Details", "Detalles")
        return [(None, {"fields": names}), (title, {"classes": ["collapse"], "fields": _FOLDED})]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_work_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.change_job")

    @admin.display(description=both("progress", "avance"))
    def progress(self, job: Job) -> str:
        return f"{job.done:,} / {job.total:,} {job.unit}" if job.total else ""

    @admin.display(description=both("error", "error"))
    def trouble(self, job: Job) -> str:
        return job.error if len(job.error) <= 80 else f"{job.error[:79]}…"

    @admin.display(description=both("page", "página"))
    def work(self, job: Job) -> str:
        if job.project_id is None:
            return ""
        link = '<a class="underline" href="/p/{}/jobs">{}</a>'
        return format_html(link, job.project_id, both("Open", "Abrir"))

    @admin.action(
        description=both("Cancel the chosen jobs", "Cancelar los trabajos elegidos"),
        permissions=["work"],
    )
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for job in queryset:
            engine.cancel(job)
        self.message_user(
            request,
            both("They stop at their next check.", "Se detienen en su próxima comprobación."),
        )
