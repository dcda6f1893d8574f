"""Which way imports point, and what a process loads when it starts."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LOADED = "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
WEB = "import lprsite.asgi; from django.urls import get_resolver as r; r().url_patterns; "
WORKER = "from lprsite.celery import app; app.loader.import_default_modules(); "


def loaded_by(code: str, data: Path) -> set[str]:
    """The top-level modules that a fresh process has loaded after ``code``."""
    environment = {**os.environ, "LPR_DATA": str(data)}
    environment["DJANGO_SETTINGS_MODULE"] = "lprsite.settings"
    done = subprocess.run(
        [sys.executable, "-c", code + LOADED],
        env=environment,
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("code", [WEB, WORKER], ids=["web", "worker"])
def test_long_lived_processes_start_without_torch(code: str, tmp_path: Path) -> None:
    loaded = loaded_by(code, tmp_path)
    assert {"django", "annotations", "training"} <= loaded
    assert "torch" not in loaded


def test_worker_knows_every_task(tmp_path: Path) -> None:
    code = WORKER + (
        "from lprsite.jobs import engine; "
        "assert {'split_video', 'make_preview', 'train', 'infer'} <= set(engine.TASKS); "
        "assert {'lprsite.jobs.tasks.run', 'lprsite.jobs.tasks.reap', "
        "'annotations.tasks.sweep'} <= set(app.tasks); "
    )
    loaded_by(code, tmp_path)


def test_imports_point_down() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stdout
