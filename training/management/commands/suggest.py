from __future__ import annotations

from typing import Any

from annotations.commands import StepCommand
from training import tasks


class Command(StepCommand):
    help = "Propose a text for every crop that waits to be transcribed."

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        try:
            return self.run_task(tasks.suggest, project=self.project.pk, again=True)
        finally:
            tasks.READER.end()
