"""Start, watch and stop trainings from the admin; the page is the work page's own entry."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html

from annotations import members
from annotations.admin import ReadOnly
from annotations.models import Project
from lprsite.bundle import entry
from lprsite.jobs import engine
from lprsite.texts import both
from training.models import (
    Evaluation,
    InferenceRun,
    Promotion,
    TrainedModel,
    TrainingRun,
    TrainingSchedule,
)


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnly):
    list_display = ["__str__", "project", "dataset", "state", "trained_model", "created_at", "work"]
    list_filter = ["kind", "job__state", "project"]
    list_select_related = ["project", "dataset", "job", "trained_model"]
    change_list_template = "training/admin_runs.html"
    actions = ["stop"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("page/", view(self.choose), name="training_choose"),
            path("page/<int:project>/", view(self.page), name="training_page"),
            *super().get_urls(),
        ]

    def choose(self, request: HttpRequest) -> HttpResponse:
        """The training page of the only project, or a choice among several."""
        projects = list(members.visible(request.user).order_by("name")[:200])
        if len(projects) == 1:
            return redirect("admin:training_page", project=projects[0].pk)
        return self._page(request, projects=projects)

    def page(self, request: HttpRequest, project: int) -> HttpResponse:
        """The training pages of a project, as people have them beside the work pages."""
        found: Project = get_object_or_404(members.visible(request.user), pk=project)
        return self._page(request, project=found, entry=entry())

    def _page(self, request: HttpRequest, **facts: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), "title": "Training", **facts}
        return TemplateResponse(request, "training/admin_page.html", context)

    @admin.display(description=both("page", "página"))
    def work(self, run: TrainingRun) -> str:
        return format_html('<a href="/p/{}/training/{}">Open</a>', run.project_id, run.pk)

    @admin.display(description=both("state", "estado"))
    def state(self, run: TrainingRun) -> str:
        return run.job.state if run.job else "not started"

    @admin.action(
        description=both("Stop the chosen trainings", "Detener los entrenamientos elegidos")
    )
    def stop(self, request: HttpRequest, queryset: Any) -> None:
        for run in queryset.exclude(job=None).select_related("job"):
            engine.cancel(run.job)
        self.message_user(
            request,
            both("They stop after their present step.", "Se detienen tras el paso en curso."),
        )


@admin.register(TrainedModel)
class TrainedModelAdmin(ReadOnly):
    list_display = ["name", "kind", "project", "network", "dataset", "parent", "created_at"]
    list_filter = ["kind", "project"]
    list_select_related = ["project", "dataset", "parent"]


@admin.register(Promotion)
class PromotionAdmin(ReadOnly):
    list_display = ["model", "kind", "project", "by", "why", "at", "ended_at"]
    list_filter = ["kind", "project"]
    list_select_related = ["model", "project", "by"]


@admin.register(InferenceRun)
class InferenceRunAdmin(ReadOnly):
    list_display = ["__str__", "video", "detector", "recognizer", "created_at"]
    list_filter = ["project"]
    list_select_related = ["video", "detector", "recognizer"]


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnly):
    list_display = ["model", "dataset", "split", "learned", "created_at"]
    list_filter = ["split", "dataset__project"]
    list_select_related = ["model", "dataset__project"]
    exclude = ["found"]  # what was said on every picture: long, and the pages compare it


@admin.register(TrainingSchedule)
class TrainingScheduleAdmin(ReadOnly):
    list_display = ["__str__", "project", "nightly", "next_at", "run", "error", "created_by"]
    list_filter = ["nightly", "kind", "project"]
    list_select_related = ["project", "run", "created_by"]
