"""What a training will take: measured by a few of its steps, kept per configuration.

A job of the task "estimate" is the record; the newest of a configuration counts. How many
epochs there are is no part of the configuration: the time of one is what is measured.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotations.models import DatasetVersion
from lprsite.jobs.models import Job, State
from training.errors import MeasuredToFail
from training.models import TrainedModel

TASK = "estimate"
# Reasons that lie in the machinery, not in what was asked: another try may go well.
_ACCIDENTS = {"Broke", "WorkerDied", "ChildFailed", "ChildKilled", ""}
_LEAST_SPREAD = 0.15  # a few steps never tell more exactly than this
_BUDGET_SHARE = 0.95  # of a time budget is planned; the rest is for surprises


@dataclass(frozen=True)
class Measured:
    """Seconds of an average epoch and of all that is done once; the relative spread of steps."""

    epoch_seconds: float
    once_seconds: float
    spread: float
    steps: int  # of an epoch
    memory_mb: float  # the most that was held
    memory_total_mb: float  # of the device
    device: str

    def seconds(self, epochs: int) -> float:
        """How long a training of so many epochs takes."""
        return self.once_seconds + epochs * self.epoch_seconds

    def told(self, epochs: int) -> dict[str, Any]:
        """For people: seconds with the range they probably lie in, and memory."""
        spread = max(self.spread, _LEAST_SPREAD)
        seconds = self.seconds(epochs)
        return {
            "epochs": epochs,
            "seconds": seconds,
            "seconds_low": seconds * (1 - min(spread, 0.9)),
            "seconds_high": seconds * (1 + spread),
            "epoch_seconds": self.epoch_seconds,
            "steps": self.steps,
            "memory_mb": self.memory_mb,
            "memory_total_mb": self.memory_total_mb,
            "device": self.device,
        }

    def epochs_within(self, minutes: float, most: int) -> int:
        """How many epochs fit into so many minutes: at least one, at most ``most``."""
        left = minutes * 60 * _BUDGET_SHARE - self.once_seconds
        return max(1, min(most, int(left / max(self.epoch_seconds, 1e-6))))


def key_of(
    version: DatasetVersion,
    settings: Mapping[str, Any],
    *,
    parent: TrainedModel | None,
    device: str,
) -> str:
    """The name of a configuration: what decides the time of an epoch and the memory."""
    decisive = {name: value for name, value in settings.items() if name not in ("epochs", "seed")}
    facts = [version.pk, decisive, parent.pk if parent else None, device]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:32]


def newest(version: DatasetVersion, key: str) -> Job | None:
    """The newest measuring of a configuration, at work or over."""
    rows = Job.objects.filter(project_id=version.project_id, task=TASK)
    return rows.filter(dedupe_key=f"{TASK}:{key}").first()


def known(version: DatasetVersion, key: str) -> Measured | None:
    """What was measured of a configuration, if it was."""
    job = newest(version, key)
    if job is None or job.state != State.SUCCEEDED:
        return None
    return Measured(**job.result)


def why_not(version: DatasetVersion, key: str) -> MeasuredToFail | None:
    """Why a configuration cannot work, where measuring it has shown that."""
    job = newest(version, key)
    if job is None or job.state != State.FAILED or job.error_code in _ACCIDENTS:
        return None
    return MeasuredToFail(why=job.error, why_es=job.error_es)
