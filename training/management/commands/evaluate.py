from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from annotations import datasets, projects
from annotations.commands import Bar, StepCommand, writable
from annotations.models import Project
from annotations.models.datasets import Kind
from training import runs, tasks
from training.errors import EvaluationUnclear
from training.management.reading import VERIFY
from training.readings import AROUND_CARS, TILES


class Command(StepCommand):
    help = "Figures of a trained model on a dataset version or on a manifest."
    needs_project = False

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("kind", choices=Kind.values)
        parser.add_argument("--model", required=True, help="number, folder, current or starter")
        parser.add_argument("--dataset", help="a dataset version, as 3 or detector:3")
        parser.add_argument("--manifest", type=Path, help="CSV with file,x,y,w,h,text[,label]")
        parser.add_argument("--tiles", **{**TILES, "help": f"{TILES['help']}; manifests only"})
        parser.add_argument(
            "--around-cars", **{**AROUND_CARS, "help": f"{AROUND_CARS['help']}; manifests only"}
        )
        parser.add_argument("--verify", **{**VERIFY, "help": f"{VERIFY['help']}; manifests only"})
        parser.add_argument(
            "--ignore-below",
            type=_label_and_share,
            action="append",
            default=[],
            metavar="LABEL=SHARE",
            help="lower boxes of a label count neither way, as car=0.08 of the picture's height; "
            "manifests only",
        )
        parser.add_argument("--out", type=Path, help="write every prediction as CSV")

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        if (options["dataset"] is None) == (options["manifest"] is None):
            raise EvaluationUnclear()
        if options["out"]:
            writable(options["out"])
        kind = options["kind"]
        project: Project | None = None
        if options["manifest"] is None or runs.needs_project(options["model"]):
            project = self.project = projects.named_or_only(options["project"])
        checkpoint = runs.checkpoint_of(project, kind, options["model"])
        if options["manifest"] is None:
            version = datasets.find(self.project, options["dataset"], kind=kind)
            self.needs_project = True
            return self.run_task(
                tasks.evaluate, dataset=version.pk, checkpoint=str(checkpoint.resolve())
            )
        return self._on_manifest(kind, checkpoint, options)

    def _on_manifest(self, kind: str, checkpoint: Path, options: dict[str, Any]) -> dict[str, Any]:
        from training import pictures  # loads torch, which only this branch needs

        rows = pictures.listed(options["manifest"])
        with Bar(hidden=self.as_json) as bar:
            if kind == Kind.DETECTOR:
                detector = pictures.Detector.load(checkpoint)
                figures, predictions = pictures.evaluate_detector(
                    detector,
                    rows,
                    bar.count,
                    tiles=options["tiles"],
                    around_cars=options["around_cars"],
                    verify=options["verify"],
                    smallest=dict(options["ignore_below"]),
                )
            else:
                recognizer = pictures.Recognizer.load(checkpoint)
                figures, predictions = pictures.evaluate_recognizer(recognizer, rows, bar.count)
        if options["out"]:
            pictures.write(options["out"], predictions)
        return figures

    def show(self, result: dict[str, Any]) -> None:
        headline = {name: value for name, value in result.items() if name != "report"}
        self.stdout.write(json.dumps(headline, indent=2))


def _label_and_share(text: str) -> tuple[str, float]:
    label, _, share = text.partition("=")
    try:
        if label and 0 < float(share) < 1:
            return label, float(share)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is not like car=0.08, a label and a share")
