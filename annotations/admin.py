"""Administration of recordings and labels. Work itself happens on the pages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin import ShowFacets
from django.contrib.auth.admin import GroupAdmin as PlainGroupAdmin
from django.contrib.auth.admin import UserAdmin as PlainUserAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Count, IntegerField, JSONField, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.html import format_html
from rest_framework.authtoken.admin import TokenAdmin as PlainTokenAdmin
from rest_framework.authtoken.models import TokenProxy
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from annotations import cameras, deletion, exports, tasks
from annotations.models import (
    AuditEntry,
    Camera,
    DatasetVersion,
    Export,
    Frame,
    ImportBatch,
    Label,
    Membership,
    PlateFormat,
    Project,
    Video,
)
from lprsite.errors import Refused
from lprsite.texts import both

_OPEN = both("Open", "Abrir")


def open_link(path: str, text: str = _OPEN) -> str:
    """A link to a work page."""
    return format_html('<a class="underline" href="/p/{}">{}</a>', path, text)


def counted(model: type[Model], by: str) -> Coalesce:
    """How many rows of a model belong to each of the outer ones, in the same query."""
    rows = model._default_manager.filter(**{by: OuterRef("pk")}).order_by()
    each = rows.values(by).annotate(counted=Count("pk")).values("counted")
    return Coalesce(Subquery(each, output_field=IntegerField()), 0)


class Tidy(ModelAdmin):
    """A form with its structured columns folded away, and a list whose filters count."""

    show_facets = ShowFacets.ALWAYS
    show_full_result_count = False
    list_per_page = 50

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        names = list(self.get_fields(request, obj))
        folded = [name for name in names if self._is_structured(name)]
        plain = [name for name in names if name not in folded]
        sets: list[Any] = [(None, {"fields": plain})]
        if folded:
            title = both("Details", "Detalles")
            sets.append((title, {"classes": ["collapse"], "fields": folded}))
        return sets

    def _is_structured(self, name: Any) -> bool:
        try:
            return isinstance(self.model._meta.get_field(name), JSONField)
        except FieldDoesNotExist:
            return False

    def has_work_permission(self, request: HttpRequest) -> bool:
        """Whether somebody may start work on the rows: who could change them if they changed."""
        its = self.opts
        return request.user.has_perm(f"{its.app_label}.change_{its.model_name}")

    def confirm(
        self, request: HttpRequest, question: str, rows: Iterable[tuple[Model, str]]
    ) -> TemplateResponse | None:
        """A page that asks whether somebody is sure; None once they are."""
        if request.POST.get("sure"):
            return None
        facts = {
            **self.admin_site.each_context(request),
            "title": question,
            "question": question,
            "rows": [{"pk": row.pk, "name": str(row), "losses": told} for row, told in rows],
            "action": request.POST["action"],
            "yes": both("Yes, I am sure", "Sí, seguro"),
            "no": both("No, go back", "No, volver"),
        }
        return TemplateResponse(request, "annotations/admin_confirm.html", facts)

    def start_each(self, request: HttpRequest, rows: Iterable[Any], start: Any) -> None:
        """Start the work of each row; say how many began, and why others did not."""
        begun = 0
        for row in rows:
            try:
                start(row)
            except Refused as refusal:
                self.message_user(request, refusal.sentence(), "ERROR")
            else:
                begun += 1
        if begun:
            self.message_user(
                request,
                both(
                    "It is being done in the background; see Jobs.",
                    "Se hace en segundo plano; vea Trabajos.",
                ),
            )


class ReadOnly(Tidy):
    """Rows that only the steps make and change; the admin looks."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _losses(counts: dict[str, int]) -> str:
    """What a deletion takes along, in a line."""
    return ", ".join(f"{name} {count:,}" for name, count in counts.items() if count) or "–"


# --- people: the shapes of Django's own pages in the look of the others

for _model in (User, Group, TokenProxy):
    admin.site.unregister(_model)


@admin.register(User)
class UserAdmin(PlainUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["username", "email", "projects", "is_active", "is_staff", "last_login"]
    show_facets = ShowFacets.ALWAYS

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(joined=counted(Membership, "user"))

    @admin.display(description=both("projects", "proyectos"), ordering="joined")
    def projects(self, user: Any) -> int:
        return int(user.joined)


@admin.register(Group)
class GroupAdmin(PlainGroupAdmin, ModelAdmin):
    pass


@admin.register(TokenProxy)
class TokenAdmin(PlainTokenAdmin, ModelAdmin):
    """Whoever looks need not see the keys, neither here nor in the log of what was done."""

    list_display = ["user", "created"]
    autocomplete_fields = ["user"]

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """Show the key, this once, to whoever made the token."""
        told = both("The key, shown only now: {}", "La clave, que solo se muestra ahora: {}")
        self.message_user(request, format_html(told, obj.key))
        return super().response_add(request, obj, post_url_continue)


def _token_name(token: Any) -> str:
    """Its own name is the key, which headings, delete pages and the log would show."""
    return f"{token.user}"


# The class is the framework's, and all of these ask it for its name.
TokenProxy.__str__ = _token_name  # type: ignore[method-assign]


# --- projects and what is in them


class PlateFormatInline(TabularInline):
    model = PlateFormat
    extra = 0


class LabelInline(TabularInline):
    model = Label
    extra = 0


@admin.register(Project)
class ProjectAdmin(Tidy):
    list_display = ["name", "videos_", "frames_", "members_", "time_zone", "pages"]
    search_fields = ["name"]
    inlines = [LabelInline, PlateFormatInline]
    readonly_fields = ["deleting_at"]
    actions = ["archive"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Project]:
        rows: QuerySet[Project] = super().get_queryset(request)
        return rows.annotate(
            videos_counted=counted(Video, "project"),
            frames_counted=counted(Frame, "project"),
            members_counted=counted(Membership, "project"),
        )

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Its settings page asks for its name first, and a job takes it away."""
        return False

    @admin.display(description=both("videos", "videos"), ordering="videos_counted")
    def videos_(self, project: Any) -> int:
        return int(project.videos_counted)

    @admin.display(description=both("frames", "fotogramas"), ordering="frames_counted")
    def frames_(self, project: Any) -> int:
        return int(project.frames_counted)

    @admin.display(description=both("members", "miembros"), ordering="members_counted")
    def members_(self, project: Any) -> str:
        address = (
            '<a class="underline" href="/admin/annotations/membership/?project__id__exact={}">'
        )
        return format_html(address + "{}</a>", project.pk, project.members_counted)

    @admin.display(description=both("pages", "páginas"))
    def pages(self, project: Project) -> str:
        return format_html(
            "{} · {} · {}",
            open_link(str(project.pk), both("Work", "Trabajo")),
            format_html(
                '<a class="underline" href="/admin/training/trainingrun/page/{}/">{}</a>',
                project.pk,
                both("Train", "Entrenar"),
            ),
            open_link(f"{project.pk}/settings", both("Settings, delete", "Ajustes, borrar")),
        )

    @admin.action(
        description=both("Write an archive of the whole project", "Archivar el proyecto entero"),
        permissions=["work"],
    )
    def archive(self, request: HttpRequest, queryset: Any) -> None:
        person: Any = request.user

        def start(project: Project) -> None:
            made = exports.request_archive(project, videos=False, by=person)
            job = tasks.export_dataset.enqueue(project_id=project.pk, by=person, export=made.pk)
            Export.objects.filter(pk=made.pk).update(job_id=job.pk)

        self.start_each(request, queryset, start)


@admin.register(Membership)
class MembershipAdmin(Tidy):
    """In a list of its own: a project may have hundreds, which no form of it would carry."""

    list_display = ["user", "project", "role"]
    list_filter = ["role", "project"]
    list_select_related = ["user", "project"]
    search_fields = ["user__username", "user__email"]
    autocomplete_fields = ["user", "project"]


@admin.register(Camera)
class CameraAdmin(Tidy):
    list_display = ["name", "project", "source_kind", "source_host", "videos", "clock_offset"]
    list_filter = ["project"]
    list_select_related = ["project"]
    search_fields = ["name"]
    autocomplete_fields = ["project"]
    readonly_fields = ["source_kind", "source_host"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(counted=counted(Video, "camera"))

    def delete_model(self, request: HttpRequest, obj: Camera) -> None:
        cameras.forget(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Camera]) -> None:
        for camera in queryset:
            cameras.forget(camera)

    @admin.display(description=both("videos", "videos"), ordering="counted")
    def videos(self, camera: Any) -> int:
        return int(camera.counted)


@admin.register(Video)
class VideoAdmin(ReadOnly):
    list_display = ["name", "project", "camera", "length", "size", "frames_", "created_at", "page"]
    list_filter = ["project", "camera", "codec"]
    list_select_related = ["project", "camera"]
    search_fields = ["name"]
    actions = ["delete_with_all"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).annotate(counted=counted(Frame, "video"))

    @admin.display(description=both("frames", "fotogramas"), ordering="counted")
    def frames_(self, video: Any) -> int:
        return int(video.counted)

    @admin.display(description=both("length", "duración"), ordering="duration")
    def length(self, video: Video) -> str:
        minutes, seconds = divmod(round(video.duration or 0), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"

    @admin.display(description=both("size", "tamaño"))
    def size(self, video: Video) -> str:
        return f"{video.width}x{video.height}"

    @admin.display(description=both("page", "página"))
    def page(self, video: Video) -> str:
        return open_link(f"{video.project_id}/videos/{video.pk}")

    @admin.action(
        description=both("Delete with all made of it", "Borrar con todo lo que salió de él"),
        permissions=["work"],
    )
    def delete_with_all(self, request: HttpRequest, queryset: Any) -> TemplateResponse | None:
        question = both(
            "Delete these videos with everything made of them?",
            "¿Borrar estos videos con todo lo que salió de ellos?",
        )
        told = ((video, _losses(deletion.losses_of_video(video))) for video in queryset)
        if asked := self.confirm(request, question, told):
            return asked
        person: Any = request.user

        def start(video: Video) -> None:
            deletion.begin_video(video, by=person)
            tasks.start_delete_video(video, person)

        self.start_each(request, queryset, start)
        return None


@admin.register(Frame)
class FrameAdmin(ReadOnly):
    list_display = ["id", "name", "project", "video", "status", "page"]
    list_filter = ["status", "project"]
    list_select_related = ["video", "project"]
    search_fields = ["name"]
    show_facets = ShowFacets.ALLOW  # there may be millions

    @admin.display(description=both("page", "página"))
    def page(self, frame: Frame) -> str:
        return open_link(f"{frame.project_id}/frames/{frame.pk}")


@admin.register(ImportBatch)
class ImportBatchAdmin(ReadOnly):
    list_display = ["name", "project", "format", "counted", "dry_run", "created_by", "created_at"]
    list_filter = ["format", "dry_run", "project"]
    list_select_related = ["project", "created_by"]
    search_fields = ["name"]
    exclude = ["report"]  # thousands of lines; the page has it as a file

    @admin.display(description=both("imported of seen", "importadas de vistas"))
    def counted(self, batch: ImportBatch) -> str:
        counts = batch.counts
        told = f"{counts['imported']:,} / {counts['seen']:,}" if "seen" in counts else "–"
        return open_link(f"{batch.project_id}/imports/{batch.pk}", told)


@admin.register(DatasetVersion)
class DatasetVersionAdmin(ReadOnly):
    list_display = ["__str__", "project", "items_", "note", "created_by", "created_at", "page"]
    list_filter = ["kind", "incomplete", "project"]
    list_select_related = ["project", "created_by"]
    search_fields = ["note"]

    @admin.display(description=both("train / val / test", "train / val / test"))
    def items_(self, version: DatasetVersion) -> str:
        counts = version.counts
        return " / ".join(
            f"{counts.get(split, {}).get('items', 0):,}" for split in ("train", "val", "test")
        )

    @admin.display(description=both("page", "página"))
    def page(self, version: DatasetVersion) -> str:
        return open_link(f"{version.project_id}/datasets/{version.pk}")


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly):
    list_display = ["at", "user", "action", "subject", "project"]
    list_filter = ["action", "project"]
    list_select_related = ["user", "project"]
    search_fields = ["subject", "user__username"]
    date_hierarchy = "at"
