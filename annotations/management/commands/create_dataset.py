from __future__ import annotations

import argparse
from typing import Any

from annotations import datasets, tasks
from annotations.commands import StepCommand
from annotations.models.datasets import Kind, Split


class Command(StepCommand):
    help = "Freeze what is labelled now as the next dataset version; no vehicle on two sides."

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("kind", choices=Kind.values)
        for split in Split.values:
            usual = datasets.DEFAULT_SHARES[split]
            parser.add_argument(f"--{split}", type=float, help=f"share in 0..1 (default {usual})")
        parser.add_argument("--seed", type=int, default=0, help="the same seed splits the same")
        parser.add_argument("--whole-videos", action="store_true", help="keep each video together")
        parser.add_argument("--note", default="")

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        given = {split: options[split] for split in Split.values if options[split] is not None}
        rule: dict[str, Any] = {
            "shares": given or None,
            "seed": options["seed"],
            "whole_videos": options["whole_videos"],
        }
        datasets.Rule.of(**rule)
        return self.run_task(
            tasks.freeze_dataset, kind=options["kind"], note=options["note"][:200], **rule
        )

    def show(self, result: dict[str, Any]) -> None:
        counts = result["counts"]
        self.stdout.write(
            f"Dataset {result['dataset']} (version {result['number']}), leaks {counts['leaks']}"
        )
        for split in Split.values:
            boxes = "".join(f", {n} {label}" for label, n in counts[split]["boxes"].items())
            said = f"{counts[split]['items']} items in {counts[split]['groups']} groups{boxes}"
            self.stdout.write(f"  {split}: {said}")
