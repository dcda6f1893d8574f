from __future__ import annotations

from typing import Any

from annotations import tasks
from annotations.commands import StepCommand


class Command(StepCommand):
    help = "Make the crops of all plate boxes that have none yet."

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        return self.run_task(tasks.crop_plates, project=self.project.pk)
