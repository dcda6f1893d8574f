from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

from annotations.commands import StepCommand, writable
from annotations.models.datasets import Kind
from lprsite import files
from training import headers, runs, tasks
from training.models import TrainedModel


class Command(StepCommand):
    help = "Write a trained model as an ONNX file, checked equal to the model."

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "kind",
            choices=Kind.values,
            nargs="?",
            help="default: what MODEL is; of current and starter the recognizer",
        )
        parser.add_argument("--model", default="current", help="number, folder, current or starter")
        parser.add_argument("--out", type=Path, required=True, help="the file, such as plates.onnx")

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        out = writable(options["out"])
        runs.require_onnx()
        given = options["model"]
        model = runs.find(self.project, options["kind"] or _kind_of(given), given, paths=True)
        result = self.run_task(tasks.export_model, model=model.pk)
        shutil.copyfile(files.local_path(runs.onnx_key(model)), out)
        return {**result, "out": str(out)}

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(
            f"{result['out']}: {result['bytes'] / 1e6:.1f} MB, "
            f"at most {result['max_difference']:.1e} from the model."
        )


def _kind_of(given: str) -> str:
    found: object = None
    if given.isdecimal():
        found = TrainedModel.objects.filter(pk=int(given)).values_list("kind", flat=True).first()
    elif Path(given).exists():
        found = headers.read(Path(given)).get("kind")
    return str(found) if found in Kind.values else Kind.RECOGNIZER
