"""Start, watch and stop trainings from the admin; the page is the work page's own entry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html_join

from annotations import members
from annotations.admin import ReadOnly, counted, open_link
from annotations.models import DatasetItem, Project
from lprsite.bundle import entry
from lprsite.errors import Refused
from lprsite.jobs import engine
from lprsite.texts import both
from training import runs, tasks
from training.errors import ModelRetired
from training.models import (
    Evaluation,
    InferenceRun,
    Promotion,
    Read,
    TrainedModel,
    TrainingRun,
    TrainingSchedule,
)


@admin.register(TrainingRun)
class TrainingRunAdmin(ReadOnly):
    list_display = ["__str__", "project", "dataset", "state", "epochs", "trained_model"]
    list_display += ["created_by", "created_at", "work"]
    list_filter = ["kind", "job__state", "project"]
    list_select_related = ["project", "dataset", "job", "trained_model", "created_by"]
    readonly_fields = ["pictures"]
    change_list_template = "training/admin_runs.html"
    actions = ["stop", "go_on"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("page/", view(self.choose), name="training_choose"),
            path("page/<int:project>/", view(self.page), name="training_page"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, with a button that leads to the training page."""
        start = both("Train", "Entrenar")
        shown: HttpResponse = super().changelist_view(
            request, {**(extra_context or {}), "start": start}
        )
        return shown

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
        title = both("Training", "Entrenamiento")
        context = {**self.admin_site.each_context(request), "title": title, **facts}
        return TemplateResponse(request, "training/admin_page.html", context)

    @admin.display(description=both("page", "página"))
    def work(self, run: TrainingRun) -> str:
        return open_link(f"{run.project_id}/training/{run.pk}")

    @admin.display(description=both("state", "estado"))
    def state(self, run: TrainingRun) -> str:
        return run.job.get_state_display() if run.job else str(both("not started", "sin empezar"))

    @admin.display(description=both("progress", "avance"))
    def epochs(self, run: TrainingRun) -> str:
        job = run.job
        return f"{job.done / job.total:.0%}" if job and job.total else ""

    @admin.display(description=both("what it says last", "lo que dice al final"))
    def pictures(self, run: TrainingRun) -> str:
        """The fixed held pictures with what the network said after its last epoch."""
        last = run.samples.order_by("-step").first()
        if last is None:
            return "–"
        found = {each["item"]: each for each in last.found}
        items = run.dataset.items.filter(pk__in=found)
        return format_html_join("", _SAMPLE, (_sample(item, found[item.pk]) for item in items))

    @admin.action(
        description=both("Stop the chosen trainings", "Detener los entrenamientos elegidos"),
        permissions=["work"],
    )
    def stop(self, request: HttpRequest, queryset: Any) -> None:
        for run in queryset.exclude(job=None).select_related("job"):
            engine.cancel(run.job)
        self.message_user(
            request,
            both("They stop after their present step.", "Se detienen tras el paso en curso."),
        )

    @admin.action(
        description=both("Go on with the chosen trainings", "Continuar los elegidos"),
        permissions=["work"],
    )
    def go_on(self, request: HttpRequest, queryset: Any) -> None:
        def start(run: TrainingRun) -> None:
            runs.require_stopped(run)
            tasks.start_training(run, by=request.user)

        self.start_each(request, queryset.select_related("job", "trained_model"), start)


_SAMPLE = (
    '<figure style="display:inline-block;margin:0 12px 12px 0;vertical-align:top">'
    '<span style="position:relative;display:block">'
    '<img src="/api/v1/media/dataset-items/{}/" alt="" style="max-height:180px;min-height:48px">'
    '<svg viewBox="0 0 {} {}" style="position:absolute;inset:0;width:100%;height:100%">{}</svg>'
    "</span><figcaption>{}</figcaption></figure>"
)
_RECTANGLE = (
    '<rect x="{}" y="{}" width="{}" height="{}" fill="none" stroke="#f59e0b" stroke-width="2"/>'
)


def _sample(item: DatasetItem, found: Mapping[str, Any]) -> tuple[Any, ...]:
    """What the places of _SAMPLE are filled with."""
    boxes = [row[1:5] for row in found.get("boxes", [])]
    drawn = format_html_join("", _RECTANGLE, ((x, y, x2 - x, y2 - y) for x, y, x2, y2 in boxes))
    said = found.get("text")
    told = "" if said is None else f"{said} " + ("✓" if said == item.text else f"≠ {item.text}")
    return item.pk, item.width, item.height, drawn, told


@admin.register(TrainedModel)
class TrainedModelAdmin(ReadOnly):
    list_display = ["name", "kind", "project", "figure", "is_current", "network", "dataset"]
    list_display += ["parent", "created_at", "page"]
    list_filter = ["kind", ("retired_at", admin.EmptyFieldListFilter), "network", "project"]
    list_select_related = ["project", "dataset", "parent"]
    search_fields = ["name"]
    actions = ["onnx_file", "retire"]

    def get_queryset(self, request: HttpRequest) -> Any:
        current = Promotion.objects.filter(model=OuterRef("pk"), ended_at=None)
        return super().get_queryset(request).annotate(now=Exists(current))

    @admin.display(description=both("current", "vigente"), ordering="now")
    def is_current(self, model: Any) -> str:
        return "✓" if model.now else ""

    @admin.display(description=both("exact / mean AP", "exactos / AP media"))
    def figure(self, model: TrainedModel) -> str:
        value = model.figures.get(runs.JUDGED[model.kind])
        return f"{value:.1%}" if isinstance(value, float) else ""

    @admin.display(description=both("page", "página"))
    def page(self, model: TrainedModel) -> str:
        if model.project_id is None:
            return ""
        return open_link(f"{model.project_id}/models/{model.pk}")

    @admin.action(
        description=both("Make their ONNX files", "Hacer sus archivos ONNX"), permissions=["work"]
    )
    def onnx_file(self, request: HttpRequest, queryset: Any) -> None:
        def start(model: TrainedModel) -> None:
            if model.retired_at is not None:
                raise ModelRetired(model=model.name)
            runs.require_onnx()
            tasks.start_export(model, by=request.user)

        self.start_each(request, queryset, start)

    @admin.action(
        description=both("Retire: delete their files", "Retirar: borrar sus archivos"),
        permissions=["work"],
    )
    def retire(self, request: HttpRequest, queryset: Any) -> TemplateResponse | None:
        question = both(
            "Delete the files of these models? Their rows, figures and lineage stay.",
            "¿Borrar los archivos de estos modelos? Quedan sus filas, cifras y linaje.",
        )
        chosen = queryset.exclude(project=None)
        if asked := self.confirm(request, question, ((model, model.network) for model in chosen)):
            return asked
        for model in chosen:
            try:
                runs.retire(model)
            except Refused as refusal:
                self.message_user(request, refusal.sentence(), "ERROR")
        return None


@admin.register(Promotion)
class PromotionAdmin(ReadOnly):
    list_display = ["model", "kind", "project", "by", "why", "at", "ended_at", "page"]
    list_filter = ["kind", ("ended_at", admin.EmptyFieldListFilter), "project"]
    list_select_related = ["model", "project", "by"]

    @admin.display(description=both("page", "página"))
    def page(self, promotion: Promotion) -> str:
        return open_link(f"{promotion.project_id}/models/{promotion.model_id}")


@admin.register(InferenceRun)
class InferenceRunAdmin(ReadOnly):
    list_display = ["__str__", "project", "state", "reads_", "detector", "recognizer"]
    list_display += ["created_by", "created_at", "page"]
    list_filter = ["job__state", "project"]
    list_select_related = ["video", "project", "detector", "recognizer", "job", "created_by"]
    search_fields = ["video__name"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(counted=counted(Read, "run"))

    @admin.display(description=both("state", "estado"))
    def state(self, run: InferenceRun) -> str:
        return run.job.get_state_display() if run.job else ""

    @admin.display(description=both("reads", "lecturas"), ordering="counted")
    def reads_(self, run: Any) -> int:
        return int(run.counted)

    @admin.display(description=both("page", "página"))
    def page(self, run: InferenceRun) -> str:
        return open_link(f"{run.project_id}/review/{run.pk}")


@admin.register(Evaluation)
class EvaluationAdmin(ReadOnly):
    list_display = ["model", "dataset", "split", "figure", "learned", "created_at", "page"]
    list_filter = ["split", "model__kind", "dataset__project"]
    list_select_related = ["model", "dataset__project"]
    exclude = ["found"]  # what was said on every picture: long, and the pages compare it

    @admin.display(description=both("exact / mean AP", "exactos / AP media"))
    def figure(self, row: Evaluation) -> str:
        value = row.figures.get(runs.JUDGED[row.model.kind])
        return f"{value:.1%}" if isinstance(value, float) else ""

    @admin.display(description=both("page", "página"))
    def page(self, row: Evaluation) -> str:
        return open_link(f"{row.dataset.project_id}/models/{row.model_id}")


@admin.register(TrainingSchedule)
class TrainingScheduleAdmin(ReadOnly):
    list_display = ["__str__", "project", "nightly", "next_at", "run", "error", "created_by"]
    list_display += ["page"]
    list_filter = ["nightly", "kind", "project"]
    list_select_related = ["project", "run", "created_by"]

    @admin.display(description=both("page", "página"))
    def page(self, schedule: TrainingSchedule) -> str:
        return open_link(f"{schedule.project_id}/training")
