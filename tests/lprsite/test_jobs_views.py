"""Jobs through the API: members look, annotators cancel."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache

from annotations import members
from annotations.models import Role
from lprsite.jobs.models import Job, State


@pytest.fixture
def job(project: Any) -> Job:
    return Job.objects.create(
        task="split_video", queue="media", project_id=project.pk, log="frame 1\n"
    )


def test_list_shows_the_jobs_of_one_project(api: Any, job: Job) -> None:
    Job.objects.create(task="split_video", queue="media", project_id=job.pk + 100)
    answer = api.get("/api/v1/jobs/", {"project": job.project_id})
    assert [row["id"] for row in answer.json()["results"]] == [job.pk]


def test_id_that_no_column_holds_is_refused(api: Any, job: Job) -> None:
    answer = api.get("/api/v1/jobs/", {"project": "9" * 30})
    assert (answer.status_code, answer.json()["code"]) == (400, "Invalid")


@pytest.mark.parametrize("given", ["", "x", "²", "999999"])
def test_list_of_no_project_of_mine_is_not_there(api: Any, job: Job, given: str) -> None:
    assert api.get("/api/v1/jobs/", {"project": given}).status_code == 404


def test_cancel_through_the_api(api: Any, job: Job) -> None:
    answer = api.post(f"/api/v1/jobs/{job.pk}/cancel/")
    assert (answer.status_code, answer.json()["state"]) == (200, State.CANCELLED)


def test_viewer_reads_the_log_and_cannot_cancel(
    api: Any, user: Any, project: Any, job: Job
) -> None:
    members.join(project, user, Role.VIEWER)
    assert api.get(f"/api/v1/jobs/{job.pk}/log/").json() == {"log": "frame 1\n"}
    assert api.post(f"/api/v1/jobs/{job.pk}/cancel/").status_code == 404
    job.refresh_from_db()
    assert job.state == State.QUEUED


def test_job_without_project_belongs_to_nobody(api: Any, db: None) -> None:
    job = Job.objects.create(task="evaluate", queue="gpu")
    assert api.get(f"/api/v1/jobs/{job.pk}/").status_code == 404


def test_page_can_tell_that_no_worker_is_alive(api: Any, settings: Any) -> None:
    assert api.get("/api/v1/jobs/workers/").json() == {"alive": False}
    settings.REDIS_URL = "redis://somewhere"
    cache.set("worker-alive", "yes")
    assert api.get("/api/v1/jobs/workers/").json() == {"alive": True}
    cache.delete("worker-alive")
    assert api.get("/api/v1/jobs/workers/").json() == {"alive": False}
