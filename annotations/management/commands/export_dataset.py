from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from annotations import datasets, exporting, exports, tasks
from annotations.commands import StepCommand, size_of
from annotations.exporting import Order
from annotations.models.datasets import Kind

LABELLED = "labelled"


class Command(StepCommand):
    help = (
        "Write a dataset version, or everything labelled, into a new folder in the format of "
        "another tool. VERSION is the number within its kind, which the format tells "
        "(yolo: detector; lprnet: recognizer), or both, as in detector:3; csv can be of both "
        "kinds. VERSION labelled means everything that is labelled now."
    )

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("version", help="3, detector:3, recognizer:3 or labelled")
        parser.add_argument("--format", required=True, choices=exporting.ALL_FORMATS)
        parser.add_argument("--out", type=Path, required=True, help="a new or empty folder")
        parser.add_argument(
            "--size",
            type=size_of,
            help="stretch pictures, as 960x544 (which kitti has anyway; lprnet 96x48)",
        )
        parser.add_argument(
            "--kind", choices=Kind.values, help="of everything labelled as csv (default: detector)"
        )
        parser.add_argument(
            "--hide-plates", action="store_true", help="make plates unreadable in the pictures"
        )

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        order = self.order(options)
        out = options["out"].resolve()
        counts = self.run_task(
            tasks.export_dataset, format=order.format, order=exports.given_of(order), out=str(out)
        )
        return {**counts, "folder": str(out)}

    def order(self, options: dict[str, Any]) -> Order:
        """What is asked for. Raises what ``Order`` and ``datasets.find`` refuse."""
        wanted, hidden, size = options["format"], options["hide_plates"], options["size"]
        if options["version"] == LABELLED:
            kind = options["kind"] or self.kind_of_all(wanted)
            return Order(self.project, kind, wanted, size=size, hidden=hidden)
        kinds = exporting.kinds_of(wanted)
        known = options["kind"] or (kinds[0] if len(kinds) == 1 else None)
        # A kind that was written out is heard, so that a wrong one gets its own sentence.
        spoken = not options["version"].isdecimal()
        version = datasets.find(self.project, options["version"], kind=None if spoken else known)
        return Order.of(version, wanted, size=size, hidden=hidden)

    def kind_of_all(self, wanted: str) -> str:
        """The kind of everything labelled: of both, frames unless only crops are there."""
        kinds = exporting.kinds_of(wanted)
        framed = datasets.labelled_frames(self.project).exists()
        read = datasets.readable_crops(self.project).exists()
        return kinds[-1] if read and not framed else kinds[0]
