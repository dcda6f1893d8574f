"""Tell the browsers that a job changed. Ids only: the page then looks at the API."""

from __future__ import annotations

import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer

if TYPE_CHECKING:
    from lprsite.jobs.models import Job

log = logging.getLogger(__name__)
_last: dict[int, float] = {}


def group_of(project_id: int | None) -> str:
    """The channel group of a project's jobs."""
    return f"jobs.{project_id or 0}"


def announce(job: Job, *, at_most_every: float = 0.0) -> None:
    """Say "look again" for this job; with a limit, at most once in so many seconds."""
    now = time.monotonic()
    if at_most_every and now - _last.get(job.pk, 0.0) < at_most_every:
        return
    if len(_last) > 1000:
        _last.clear()
    _last[job.pk] = now
    _send(job.project_id, {"type": "job.changed", "job": job.pk, "task": job.task})


def review_changed(project_id: int, video_id: int) -> None:
    """Say "look again" to those who review this video."""
    _send(project_id, {"type": "review.changed", "video": video_id})


def _send(project_id: int | None, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    # A hint that cannot be sent is no reason to stop the work.
    with contextlib.suppress(Exception):
        async_to_sync(layer.group_send)(group_of(project_id), message)
