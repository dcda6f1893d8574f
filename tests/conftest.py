"""What every test may use."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# the same examples every time, and no clock: a busy machine is no failure
settings.register_profile(
    "project", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("project")

pytest_plugins = ["tests.annotations.archives"]

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last, whatever the random order."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference material beside the project; tests that need it skip without it."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip("the reference material beside the project is not here")
    return folder


@pytest.fixture
def storage(settings: Any, tmp_path: Path) -> Path:
    """An empty file storage for this test."""
    folder = tmp_path / "files"
    settings.DATA = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": folder},
        },
    }
    return folder


@pytest.fixture
def user(db: None, django_user_model: Any) -> Any:
    return django_user_model.objects.create_user("ana", password="a-good-password")


@pytest.fixture
def project(user: Any, storage: Path) -> Any:
    """A project whose manager is ``user``."""
    from annotations import projects

    return projects.create("Entrance", by=user)


@pytest.fixture
def api(user: Any) -> Any:
    """An API client logged in as ``user``."""
    from rest_framework.test import APIClient

    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def running() -> Any:
    """A claimed job for calling a step directly."""
    from lprsite.jobs.engine import Running
    from lprsite.jobs.models import Job, State, lease_end

    job = Job.objects.create(
        task="test", queue="media", state=State.RUNNING, attempt=1, lease_until=lease_end()
    )
    return Running(job)
