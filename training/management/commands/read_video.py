from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from annotations.commands import StepCommand, writable
from training import readings, runs, tasks
from training.readings import TILES

MODEL = "number, folder, current or starter (default: current)"


class Command(StepCommand):
    help = "Read a whole video: one read per passing vehicle."

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", help="a video, or the number of one already here")
        parser.add_argument("--out", type=Path, required=True, help="CSV of the reads")
        parser.add_argument("--annotated", type=Path, help="MP4 with boxes and texts drawn on it")
        parser.add_argument("--detector", default="current", help=MODEL)
        parser.add_argument("--recognizer", default="current", help=MODEL)
        parser.add_argument("--fps", type=float, default=5.0, help="frames a second to look at")
        parser.add_argument("--tiles", **TILES)

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        out = writable(options["out"])
        annotated = writable(options["annotated"]) if options["annotated"] else None
        run = readings.create(
            self.video(options["file"]),
            detector=runs.find(self.project, "detector", options["detector"], paths=True),
            recognizer=runs.find(self.project, "recognizer", options["recognizer"], paths=True),
            fps=options["fps"],
            tiles=options["tiles"],
        )
        result = self.run_task(tasks.infer, run=run.pk)
        out.write_text(readings.csv_of(run), encoding="utf-8", newline="")
        result["out"] = str(out)
        if annotated:
            self.run_task(tasks.annotate_video, run=run.pk, out=str(annotated))
            result["annotated"] = str(annotated)
        return result
