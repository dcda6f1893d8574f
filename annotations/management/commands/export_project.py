from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from annotations import tasks
from annotations.commands import StepCommand, writable


class Command(StepCommand):
    help = (
        "Write a whole project, up to its dataset versions, into an archive that "
        "import_project makes a project of again."
    )

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--out", type=Path, required=True, help="a .zip")
        parser.add_argument(
            "--without-videos", action="store_true", help="leave out recordings and previews"
        )

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        out = writable(options["out"]).resolve()
        counts = self.run_task(
            tasks.export_project, out=str(out), videos=not options["without_videos"]
        )
        return {**counts, "file": str(out)}
