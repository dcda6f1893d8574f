from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from annotations import tasks
from annotations.commands import StepCommand, size_of


class Command(StepCommand):
    help = "Write all crops at one size into a folder, with a table of their texts."

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--size", type=size_of, default=(96, 48), help="as 96x48")
        parser.add_argument(
            "--out", type=Path, default=Path("crops_resized"), help="a new or empty folder"
        )

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        out = options["out"].resolve()
        result = self.run_task(
            tasks.resize_crops, project=self.project.pk, out=str(out), size=list(options["size"])
        )
        return {**result, "folder": str(out)}
