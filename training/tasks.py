"""Long work right of the dataset version. No torch here: each job gets a program of its own."""

from __future__ import annotations

from typing import Any

from lprsite.jobs import supervise
from lprsite.jobs.engine import Running, task

WORK = "training.work"


@task("train", queue="gpu", max_attempts=5)
def train(running: Running) -> dict[str, Any]:
    return supervise.run(running, WORK)


@task("evaluate", queue="gpu")
def evaluate(running: Running) -> dict[str, Any]:
    return supervise.run(running, WORK)


@task("infer", queue="gpu", max_attempts=5)
def infer(running: Running) -> dict[str, Any]:
    return supervise.run(running, WORK)
