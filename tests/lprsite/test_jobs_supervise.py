"""A job's program of its own: its end is judged, and it never outlives its parent."""

from __future__ import annotations

import os
import select
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from lprsite.jobs import supervise
from lprsite.jobs.engine import Cancelled, Running
from lprsite.jobs.models import Job, State

PROGRAM = "tests.lprsite.job_programs"
DEADLINE = 30.0  # seconds; only a failure waits so long

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="named pipes are needed to look on"),
]


class Lookout:
    """The reading end of the pipe that waiting programs hold open."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.heard = ""

    def _read(self, deadline: float) -> str:
        readable, _, _ = select.select([self.handle], [], [], max(0.0, deadline - time.monotonic()))
        assert readable, f"nothing happened in {DEADLINE} seconds; heard {self.heard!r}"
        return os.read(self.handle, 1000).decode()

    def wait_for(self, *lines: str) -> None:
        deadline = time.monotonic() + DEADLINE
        while not set(lines) <= set(self.heard.split()):
            self.heard += self._read(deadline)

    def wait_until_all_gone(self) -> None:
        deadline = time.monotonic() + DEADLINE
        while self._read(deadline):
            pass


@pytest.fixture
def lookout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lookout]:
    path = tmp_path / "programs"
    monkeypatch.setenv("LPR_TEST_PIPE", str(path))
    watching = Lookout(path)
    yield watching
    os.close(watching.handle)


@pytest.fixture
def does(monkeypatch: pytest.MonkeyPatch) -> Any:
    return lambda what: monkeypatch.setenv("LPR_TEST_DOES", what)


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the tests' database that other processes use."""
    path = tmp_path / "jobs.sqlite3"
    connection.ensure_connection()
    with closing(sqlite3.connect(path)) as copy:
        copy.executescript("\n".join(connection.connection.iterdump()))
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setenv("LPR_DATA", str(tmp_path))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "lprsite.settings")
    return path


def look_up(database: Path, columns: str) -> tuple[Any, ...]:
    with closing(sqlite3.connect(database)) as copy:
        return tuple(copy.execute(f"SELECT {columns} FROM jobs_job").fetchone())  # noqa: S608 (our own words)


def test_child_that_succeeds_gives_the_result_of_its_row(running: Running, does: Any) -> None:
    does("nothing")
    running.job.mine().update(result={"loaves": 5}, done=5, total=5)
    assert supervise.run(running, PROGRAM) == {"loaves": 5}
    running.job.refresh_from_db()
    assert running.job.log == "child does nothing\n"
    assert (running.job.done, running.job.total) == (5, 5)


def test_child_that_refuses_hands_its_sentence_up(running: Running, does: Any) -> None:
    does("refuse")
    running.job.mine().update(
        error="The oven is cold. Heat it.",
        error_es="El horno está frío. Caliéntelo.",
        error_code="OvenCold",
    )
    with pytest.raises(supervise.ChildRefused) as refusal:
        supervise.run(running, PROGRAM)
    assert refusal.value.code == "OvenCold"
    assert refusal.value.sentence("es") == "El horno está frío. Caliéntelo."


def test_child_that_crashes_leaves_its_last_words(running: Running, does: Any) -> None:
    does("crash")
    with pytest.raises(supervise.ChildFailed, match=r"code 7.*the oven is cold"):
        supervise.run(running, PROGRAM)


def test_child_ends_with_the_wish_to_stop(
    running: Running,
    does: Any,
    lookout: Lookout,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    does("wait")

    def check() -> None:
        lookout.wait_for("child", "grandchild")
        raise Cancelled

    monkeypatch.setattr(running, "check", check)
    with pytest.raises(Cancelled):
        supervise.run(running, PROGRAM)
    lookout.wait_until_all_gone()


def test_child_and_grandchild_end_when_the_worker_is_killed(
    does: Any, lookout: Lookout, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    does("wait")
    job = Job.objects.create(task="bake", queue="gpu")
    request.getfixturevalue("database")
    worker = subprocess.Popen([sys.executable, "-m", PROGRAM, "run", str(job.pk)])
    try:
        lookout.wait_for("child", "grandchild")
        worker.send_signal(signal.SIGKILL)
    finally:
        worker.kill()
        worker.wait(DEADLINE)
    lookout.wait_until_all_gone()


def test_refusal_written_by_the_child_ends_the_job(
    does: Any, request: pytest.FixtureRequest
) -> None:
    does("report")
    job = Job.objects.create(task="bake", queue="gpu")
    database = request.getfixturevalue("database")
    subprocess.run([sys.executable, "-m", PROGRAM, "run", str(job.pk)], check=True, timeout=60)
    assert look_up(database, "state, error, error_code, done, total, unit") == (
        *(State.FAILED, "The oven is cold. Heat it.", "OvenCold"),
        *(2, 5, "loaves"),
    )
