from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from annotations import imports
from annotations.errors import NoTranscriptions
from annotations.management.commands.import_annotations import Command as ImportAnnotations
from annotations.models import ImportBatch


class Command(ImportAnnotations):
    help = (
        "Bring in crops with their texts: labelerJS's annotations.txt, a fast-plate-ocr CSV, TAO "
        "LPRNet folders, pictures named by their texts, or our own table."
    )

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="annotations.txt, a .csv, a folder or a .zip")
        self.add_common_arguments(parser)

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        return self.bring(options["file"], None, options, texts=True)

    def accept(self, batch: ImportBatch) -> None:
        """Refuse a file without any text. Raises NoTranscriptions."""
        texts = batch.facts.get("texts") or {}
        if batch.format not in imports.TEXT_FORMATS and not texts.get("seen"):
            raise NoTranscriptions(name=batch.name)
