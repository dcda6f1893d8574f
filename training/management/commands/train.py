from __future__ import annotations

import argparse
import json
from typing import Any

from annotations import datasets
from annotations.commands import StepCommand
from annotations.models.datasets import Kind
from training import devices, preparations, reasons, runs, tasks
from training.errors import ResumeAlone, SettingRefused
from training.models import TrainedModel, TrainingRun
from training.reasons import Reason
from training.recognizer.config import PRESETS

NOTHING = "nothing"


class Command(StepCommand):
    help = "Train a detector or a recognizer on a dataset version."

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("kind", choices=Kind.values)
        parser.add_argument("--dataset", help="version, as 3 or detector:3 (default: newest)")
        parser.add_argument(
            "--from",
            dest="parent",
            help="a trained model to start from: number, folder, current, starter or nothing "
            "(default: the current one, else the starter; preset tao: nothing)",
        )
        parser.add_argument(
            "--resume",
            nargs="?",
            const=runs.LAST,
            metavar="RUN",
            help="go on with a run that was stopped or killed (default: the last one)",
        )
        parser.add_argument("--preset", choices=PRESETS, help="default: quick")
        parser.add_argument("--epochs", type=int)
        parser.add_argument("--batch", type=int)
        parser.add_argument("--seed", type=int)
        parser.add_argument("--minutes", type=int, help="at most; the epochs are fitted to it")
        parser.add_argument("--device", help="auto, cpu, cuda:0, ... (default: auto)")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="NAME=VALUE",
            help="any other setting of the network, such as --set synthetic=2000",
        )

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        run = self._stopped(options) if options["resume"] else self._fresh(options)
        return self.run_task(tasks.train, run=run.pk)

    def _stopped(self, options: dict[str, Any]) -> TrainingRun:
        numbers = ("epochs", "batch", "seed", "minutes")
        others = ("dataset", "parent", "preset", "set", "device", *numbers)
        if any(options[name] not in (None, []) for name in others):
            raise ResumeAlone()
        return runs.stopped(self.project, options["kind"], options["resume"])

    def _fresh(self, options: dict[str, Any]) -> TrainingRun:
        version = datasets.find(self.project, options["dataset"], kind=options["kind"])
        config = {
            k: options[k] for k in ("preset", "epochs", "batch", "seed") if options[k] is not None
        }
        config |= dict(_setting(text) for text in options["set"])
        parent: TrainedModel | None = None
        if options["parent"] is None:
            parent = runs.usual_parent(self.project, options["kind"], config)
        elif options["parent"] != NOTHING:
            parent = runs.find(self.project, options["kind"], options["parent"], paths=True)
        for warning in preparations.warnings(version, config):
            self.stderr.write(warning)
        if options["minutes"] is not None and options["minutes"] < 1:
            raise SettingRefused(
                setting="minutes", value=options["minutes"], reason=reasons.AT_LEAST_ONE
            )
        return runs.create(
            version,
            config,
            parent=parent,
            device=options["device"] or devices.AUTO,
            minutes=options["minutes"],
        )

    def show(self, result: dict[str, Any]) -> None:
        self.stdout.write(f"Run {result['run']} made trained model {result['model']}.")
        self.stdout.write(json.dumps(result["figures"], indent=2))


def _setting(text: str) -> tuple[str, Any]:
    name, given, value = text.partition("=")
    if not given:
        raise SettingRefused(
            setting=text, value="nothing", reason=Reason("write NAME=VALUE", "escriba NOMBRE=VALOR")
        )
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value
