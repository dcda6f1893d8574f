"""The Celery side of the engine: one message runs one job, one tick reaps."""

from __future__ import annotations

import os
from typing import Any

from celery import shared_task
from celery.signals import (
    heartbeat_sent,
    worker_process_init,
    worker_ready,
    worker_shutting_down,
)
from django.core.cache import cache

from lprsite.jobs import engine
from lprsite.jobs.models import Job


@shared_task(name="lprsite.jobs.tasks.run")
def run(job_id: int) -> None:
    """Work on what is first in the job's queue; a second delivery finds nothing to claim.

    Afterwards the next is told to begin: its own message may have come while its device was busy.
    """
    queue = Job.objects.filter(pk=job_id).values_list("queue", flat=True).first()
    if queue is None or not engine.work_on(queue):
        return
    waiting = Job.objects.in_turn().filter(queue=queue).first()
    if waiting is not None and engine.TASKS[waiting.task].place is not engine.anywhere:
        engine.send(waiting)


@shared_task(name="lprsite.jobs.tasks.reap")
def reap() -> None:
    """Free leases that ran out, send again what was lost."""
    engine.reap()


@worker_process_init.connect
def _one_thread_each(**_: Any) -> None:
    """Pool processes share the cores by number, not by OpenCV's threads."""
    import cv2

    cv2.setNumThreads(1)
    os.environ.setdefault("OMP_NUM_THREADS", "1")


@worker_shutting_down.connect
def _end(**_: Any) -> None:
    engine.ENDING.set()


@worker_ready.connect
@heartbeat_sent.connect
def _say_alive(**_: Any) -> None:
    cache.set("worker-alive", "yes", timeout=60)
