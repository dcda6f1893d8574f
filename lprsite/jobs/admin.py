from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from lprsite.jobs import engine
from lprsite.jobs.models import Job
from lprsite.texts import both


@admin.register(Job)
class JobAdmin(ModelAdmin):
    list_display = ["id", "task", "state", "done", "total", "attempt", "created_by", "created_at"]
    list_filter = ["state", "task", "queue"]
    readonly_fields = [field.name for field in Job._meta.fields]
    actions = ["cancel"]
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description=both("Cancel the chosen jobs", "Cancelar los trabajos elegidos"))
    def cancel(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for job in queryset:
            engine.cancel(job)
        self.message_user(
            request,
            both("They stop at their next check.", "Se detienen en su próxima comprobación."),
        )
