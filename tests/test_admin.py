"""The administration: what everybody's lists and forms there keep to."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.forms.models import ModelChoiceField
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from rest_framework.authtoken.models import Token

from annotations import projects
from annotations.models import (
    AuditEntry,
    Camera,
    DatasetVersion,
    Export,
    ImportBatch,
    Project,
    Video,
)
from lprsite.jobs.models import Job, State
from tests.annotations.rows import make_frame, make_video
from tests.training.rows import make_run, make_version
from training import runs
from training.models import (
    Evaluation,
    Promotion,
    TrainedModel,
    TrainingRun,
    TrainingSchedule,
)

pytestmark = pytest.mark.django_db

EVERY = sorted(admin.site._registry.values(), key=lambda its: its.opts.label)
MOST_QUERIES = 20
SHORT = {"auth.permission", "auth.group", "contenttypes.contenttype"}  # tables that stay short


@pytest.mark.parametrize("its", EVERY, ids=lambda its: its.opts.label)
def test_no_form_lists_a_whole_table_to_choose_from(its: Any, admin_user: User) -> None:
    request = RequestFactory().get("/")
    request.user = admin_user
    found = [(its.get_form(request), "")] if its.has_change_permission(request) else []
    for inline in its.get_inline_instances(request):
        formset = inline.get_formset(request)
        found.append((formset.form, formset.fk.name))
    for form, parent in found:
        for name, field in form.base_fields.items():
            if not isinstance(field, ModelChoiceField) or name == parent:
                continue
            widget = field.widget
            if isinstance(widget, RelatedFieldWidgetWrapper):
                widget = widget.widget
            assert field.queryset is not None
            label = field.queryset.model._meta.label_lower
            assert hasattr(widget, "get_url") or label in SHORT, f"{name}: {label}"


def fill(number: int) -> None:
    """One more row of everything, all of its own."""
    who = User.objects.create_user(f"person {number}")
    Token.objects.create(user=who)
    project = projects.create(f"Gate {number}", by=who)
    camera = Camera.objects.create(project=project, name=f"camera {number}")
    video = make_video(project, name=f"{number}.mp4", camera=camera)
    make_frame(project, seed=number, video=video, pts=number)
    ImportBatch.objects.create(project=project, name=f"{number}.zip", created_by=who)
    AuditEntry.objects.create(project=project, user=who, action="export", subject="all")
    version = make_version(project, created_by=who)
    run = runs.create(version, {}, by=who)
    run.job = Job.objects.create(task="train", queue="gpu", project_id=project.pk, created_by=who)
    run.save()
    model = runs.finish(run, {}, {"exact": 0.5})
    Promotion.objects.create(project=project, kind="detector", model=model, by=who)
    Evaluation.objects.create(model=model, dataset=version, split="val")
    clock = {"at": time(3), "run": run, "created_by": who}
    TrainingSchedule.objects.create(project=project, kind="recognizer", **clock)
    reading = make_run(project, video)
    reading.job = Job.objects.create(task="read", queue="gpu", project_id=project.pk)
    reading.save()


@pytest.mark.parametrize("its", EVERY, ids=lambda its: its.opts.label)
def test_every_list_opens_in_a_constant_number_of_queries(
    its: Any, admin_client: Any, storage: Path
) -> None:
    address = f"/admin/{its.opts.app_label}/{its.opts.model_name}/?_facets=True"
    counted = []
    for number in (1, 2, 3):
        fill(number)
        with CaptureQueriesContext(connection) as asked:
            assert admin_client.get(address).status_code == 200
        counted.append(len(asked))
    assert counted[2] == counted[1] <= MOST_QUERIES, [each["sql"][:300] for each in asked]


def post(client: Any, table: str, action: str, *rows: Any, **more: str) -> Any:
    chosen = [str(row.pk) for row in rows]
    told = {"action": action, "_selected_action": chosen, **more}
    return client.post(f"/admin/{table}/", told, follow=True)


def test_video_is_deleted_by_a_job_once_somebody_is_sure(
    admin_client: Any, project: Project
) -> None:
    video = make_video(project, name="gate.mp4")
    asked = post(admin_client, "annotations/video", "delete_with_all", video)
    assert b"gate.mp4" in asked.content and not Job.objects.exists()
    post(admin_client, "annotations/video", "delete_with_all", video, sure="yes")
    assert Job.objects.get().task == "delete_video"
    video.refresh_from_db()
    assert video.deleting_at is not None
    again = post(admin_client, "annotations/video", "delete_with_all", video, sure="yes")
    assert b"gate.mp4" in again.content and Job.objects.count() == 1
    assert AuditEntry.objects.get().action == "deleted video"


def test_project_is_archived_by_a_job_and_never_deleted_in_the_request(
    admin_client: Any, project: Project
) -> None:
    post(admin_client, "annotations/project", "archive", project)
    job = Job.objects.get()
    assert (job.task, Export.objects.get().job_id) == ("export_dataset", job.pk)
    answer = admin_client.post(f"/admin/annotations/project/{project.pk}/delete/", {"post": "yes"})
    assert answer.status_code == 403 and Project.objects.exists()


def test_runs_go_on_and_show_what_they_say(admin_client: Any, project: Project) -> None:
    version = make_version(project)
    run = runs.create(version, {})
    item = version.items.first()
    assert item is not None
    runs.keep_samples(run, 1, [{"item": item.pk, "text": item.text, "confidence": 1.0}])
    page = admin_client.get(f"/admin/training/trainingrun/{run.pk}/change/").content.decode()
    assert f"/api/v1/media/dataset-items/{item.pk}/" in page and f"{item.text} ✓" in page
    post(admin_client, "training/trainingrun", "go_on", run)
    run.refresh_from_db()
    assert run.job is not None and run.job.state == State.QUEUED
    post(admin_client, "training/trainingrun", "stop", run)
    run.job.refresh_from_db()
    assert run.job.state == State.CANCELLED


def test_model_is_retired_once_somebody_is_sure(admin_client: Any, project: Project) -> None:
    model = runs.finish(runs.create(make_version(project), {}), {}, {})
    other = runs.finish(runs.create(make_version(project, number=2), {}), {}, {})
    post(admin_client, "training/trainedmodel", "retire", model, other)
    assert TrainedModel.objects.filter(retired_at=None, project=project).count() == 2
    told = post(admin_client, "training/trainedmodel", "retire", model, other, sure="yes")
    assert b"the current one" in told.content
    assert TrainedModel.objects.get(retired_at=None, project=project) == model


def test_who_may_only_look_starts_and_stops_nothing(client: Any, project: Project) -> None:
    looker = User.objects.create_user("luz", password="a-good-password", is_staff=True)
    looker.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    client.force_login(looker)
    run = runs.create(make_version(project), {})
    post(client, "training/trainingrun", "go_on", run)
    video = make_video(project, name="gate.mp4")
    post(client, "annotations/video", "delete_with_all", video, sure="yes")
    assert not Job.objects.exists() and not Video.objects.exclude(deleting_at=None).exists()


def test_camera_is_made_in_a_project_that_is_searched_for(
    admin_client: Any, project: Project
) -> None:
    page = admin_client.get("/admin/annotations/camera/add/").content.decode()
    assert "/admin/autocomplete/" in page and not Camera.objects.exists()
    assert DatasetVersion.objects.count() == TrainingRun.objects.count() == 0


def test_the_key_of_a_token_is_shown_once_and_logged_nowhere(admin_client: Any, user: User) -> None:
    answer = admin_client.post("/admin/authtoken/tokenproxy/add/", {"user": user.pk}, follow=True)
    key = Token.objects.get(user=user).key
    assert key in answer.content.decode()
    later = ("", f"{user.pk}/change/", f"{user.pk}/history/", f"{user.pk}/delete/")
    pages = [f"/admin/authtoken/tokenproxy/{page}" for page in later]
    for page in ["/admin/", *pages]:
        shown = admin_client.get(page)
        assert shown.status_code == 200 and key not in shown.content.decode(), page
    assert not LogEntry.objects.filter(object_repr__contains=key).exists()


@pytest.mark.parametrize("its", EVERY, ids=lambda its: its.opts.label)
def test_every_list_can_be_searched_for_anything(
    its: Any, admin_client: Any, project: Project
) -> None:
    runs.create(make_version(project), {})
    for asked in ("gate", "7", "it's % _ ”", "9" * 30):
        address = f"/admin/{its.opts.app_label}/{its.opts.model_name}/"
        assert admin_client.get(address, {"q": asked}).status_code == 200
