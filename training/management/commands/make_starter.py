from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path
from typing import Any

from annotations.commands import Bar, StepCommand, writable
from annotations.models.datasets import Kind


class Command(StepCommand):
    help = "Train a network the program comes with, on drawn pictures alone."
    needs_project = False

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("kind", choices=Kind.values)
        parser.add_argument("--out", type=Path, required=True, help="folder; goes on if it began")
        parser.add_argument("--from", dest="parent", type=Path, help="a checkpoint to start from")
        parser.add_argument("--epochs", type=int)
        parser.add_argument("--count", type=int, help="scenes, or plates an epoch")
        parser.add_argument("--batch", type=int, help="pictures of a step")

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        kind, folder = options["kind"], options["out"]
        starter = import_module(f"training.{kind}.starter")  # loads torch
        writable(folder / starter.NAME) if folder.is_dir() else writable(folder)
        parent: Path | None = options["parent"]
        settings = starter.config(
            epochs=options["epochs"], batch=options["batch"], started=parent is not None
        )
        figures: dict[str, float] = {}
        with Bar(hidden=self.as_json) as bar:
            for epoch in starter.make(
                settings, folder, init=parent, count=options["count"], progress=bar.count
            ):
                figures = epoch.metrics
                bar.count(0, 1, message=f"{epoch.epoch}/{epoch.epochs}")
        return {"file": str(folder / starter.NAME), **figures}
