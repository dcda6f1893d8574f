from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from annotations import tasks
from annotations.commands import StepCommand
from annotations.errors import SourceMissing


class Command(StepCommand):
    help = (
        "Make a new project from an archive of export_project. Done twice, it makes a second "
        "project with a number behind its name."
    )
    needs_project = False

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="the .zip")
        parser.add_argument("--name", default="", help="what to call it (default: as it was)")

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        path: Path = options["file"]
        if not path.is_file():
            raise SourceMissing(name=path.name or str(path))
        return self.run_task(
            tasks.import_project,
            path=str(path.resolve()),
            name=path.name,
            called=options["name"].strip()[:110],
        )
