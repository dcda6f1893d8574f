from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from annotations import projects
from annotations.commands import Bar, StepCommand, writable
from annotations.models import Project
from training import readings, runs
from training.management.reading import VERIFY
from training.readings import AROUND_CARS, TILES


class Command(StepCommand):
    help = "Find and read the plates on the pictures of a folder or a manifest."
    needs_project = False

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("pictures", type=Path, help="a folder, or a CSV with file,x,y,w,h,text")
        parser.add_argument(
            "--detector", default="current", help="number, folder, current or starter"
        )
        parser.add_argument(
            "--recognizer", default="current", help="number, folder, current or starter"
        )
        parser.add_argument("--tiles", **TILES)
        parser.add_argument("--around-cars", **AROUND_CARS)
        parser.add_argument("--verify", **VERIFY)
        parser.add_argument("--out", type=Path, required=True, help="CSV of the reads")

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        out = writable(options["out"])
        from training import pictures  # loads torch, which no other command should pay for

        rows = pictures.listed(options["pictures"])
        detector = pictures.Detector.load(self._checkpoint("detector", options))
        recognizer = pictures.Recognizer.load(
            self._checkpoint("recognizer", options), formats=self._formats(options)
        )
        with Bar(hidden=self.as_json) as bar:
            figures, predictions = pictures.read_images(
                detector,
                recognizer,
                rows,
                bar.count,
                tiles=options["tiles"],
                around_cars=options["around_cars"],
                verify=options["verify"],
            )
        pictures.write(out, predictions)
        return figures

    def _checkpoint(self, kind: str, options: dict[str, Any]) -> Path:
        given = str(options[kind])
        project: Project | None = None
        if runs.needs_project(given):
            project = projects.named_or_only(options["project"])
        return runs.checkpoint_of(project, kind, given)

    def _formats(self, options: dict[str, Any]) -> list[str]:
        """The plate formats of the project, where one is named or a model is looked up in it."""
        models = (str(options["detector"]), str(options["recognizer"]))
        if not options["project"] and not any(map(runs.needs_project, models)):
            return []
        return readings.patterns_of(projects.named_or_only(options["project"]).pk)

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(json.dumps(result, indent=2))
