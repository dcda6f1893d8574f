from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from annotations.commands import Bar, StepCommand, writable


class Command(StepCommand):
    help = "Train the network the program comes with, on drawn plates alone."
    needs_project = False

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("kind", choices=["recognizer"])
        parser.add_argument("--out", type=Path, required=True, help="folder; goes on if it began")
        parser.add_argument("--from", dest="parent", type=Path, help="a checkpoint to start from")
        parser.add_argument("--epochs", type=int)

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        from training.recognizer import starter  # loads torch

        folder: Path = options["out"]
        writable(folder / starter.NAME) if folder.is_dir() else writable(folder)
        settings = starter.config(epochs=options["epochs"], started=options["parent"] is not None)
        figures: dict[str, float] = {}
        with Bar(hidden=self.as_json) as bar:
            for epoch in starter.make(settings, folder, init=options["parent"]):
                figures = epoch.metrics
                bar.count(epoch.epoch, epoch.epochs)
        return {"file": str(folder / starter.NAME), **figures}
