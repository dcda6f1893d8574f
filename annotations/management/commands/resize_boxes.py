from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from annotations import exporting, tasks
from annotations.commands import StepCommand, size_of


class Command(StepCommand):
    help = "Write all labelled frames and their boxes at one size: KITTI labels and a table."

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--size", type=size_of, default=exporting.FRAME_SIZE, help="as 960x544")
        parser.add_argument("--out", type=Path, default=Path("frames_resized"))

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        out = options["out"].resolve()
        result = self.run_task(tasks.resize_boxes, out=str(out), size=list(options["size"]))
        return {**result, "folder": str(out)}
