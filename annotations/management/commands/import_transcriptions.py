from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from annotations import imports, tasks
from annotations.errors import NoTranscriptions
from annotations.management.commands.import_annotations import Command as ImportAnnotations


class Command(ImportAnnotations):
    help = "Bring in crops with their texts: labelerJS's annotations.txt, or TAO LPRNet folders."

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="annotations.txt, or a folder or .zip with it")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        path: Path = options["file"]
        batch = imports.receive(path, project=self.project, name=path.name or str(path))
        self.run_task(tasks.examine_import, batch=batch.pk)
        batch.refresh_from_db()
        if batch.format not in imports.TEXT_FORMATS:
            raise NoTranscriptions(name=batch.name)
        return self.bring(batch, None, dry_run=options["dry_run"])
