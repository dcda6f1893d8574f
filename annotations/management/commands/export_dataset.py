from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from annotations import exports, tasks
from annotations.commands import StepCommand, size_of


class Command(StepCommand):
    help = "Write a dataset version into a new folder, in the format of another tool."

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("version", help="its number in the list, or detector:3")
        parser.add_argument("--format", required=True, choices=exports.ALL_FORMATS)
        parser.add_argument("--out", type=Path, required=True, help="a new or empty folder")
        parser.add_argument(
            "--size", type=size_of, help="kitti and lprnet (default 960x544 and 96x48)"
        )

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        version = exports.version_named(self.project, options["version"])
        exports.Order(version, options["format"])
        out = options["out"].resolve()
        size = list(options["size"]) if options["size"] else None
        counts = self.run_task(
            tasks.export_dataset,
            dataset=version.pk,
            format=options["format"],
            size=size,
            out=str(out),
        )
        return {**counts, "folder": str(out)}
