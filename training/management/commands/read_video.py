from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from annotations.commands import StepCommand, writable
from training import readings, runs, tasks
from training.readings import AROUND_CARS, EVERY, FRAMES_A_SECOND, TILES

MODEL = "number, folder, current or starter (default: current)"


class Command(StepCommand):
    help = "Read a whole video: one read per passing vehicle. Goes on where it broke off."

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", help="a video, or the number of one already here")
        parser.add_argument("--out", type=Path, required=True, help="reads.csv or reads.json")
        parser.add_argument("--annotated", type=Path, help="MP4 with boxes and texts drawn on it")
        parser.add_argument("--detector", default="current", help=MODEL)
        parser.add_argument("--recognizer", default="current", help=MODEL)
        parser.add_argument(
            "--fps", type=float, default=FRAMES_A_SECOND, help="frames a second to look at"
        )
        parser.add_argument("--detect-every", metavar="N", **EVERY)
        parser.add_argument("--tiles", **TILES)
        parser.add_argument("--around-cars", **AROUND_CARS)
        parser.add_argument(
            "--all", action="store_true", help="look also where nothing moves for seconds"
        )

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        out = writable(options["out"])
        annotated = writable(options["annotated"]) if options["annotated"] else None
        run = readings.create(
            self.video(options["file"]),
            detector=runs.find(self.project, "detector", options["detector"], paths=True),
            recognizer=runs.find(self.project, "recognizer", options["recognizer"], paths=True),
            fps=options["fps"],
            detect_every=options["detect_every"],
            tiles=options["tiles"],
            around_cars=options["around_cars"],
            skip_idle=not options["all"],
            resume=True,
        )
        result = self.run_task(tasks.infer, run=run.pk)
        told = readings.json_of if out.suffix.lower() == ".json" else readings.csv_of
        out.write_text(told(run), encoding="utf-8", newline="")
        result["out"] = str(out)
        if annotated:
            self.run_task(tasks.annotate_video, run=run.pk, out=str(annotated))
            result["annotated"] = str(annotated)
        return result
