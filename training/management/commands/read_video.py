from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from annotations.commands import StepCommand, writable
from training import readings, tasks
from training.management.reading import add_reading_arguments, reading_settings


class Command(StepCommand):
    help = "Read a whole video: one read per passing vehicle. Goes on where it broke off."

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", help="a video, or the number of one already here")
        parser.add_argument("--out", type=Path, required=True, help="reads.csv or reads.json")
        parser.add_argument("--annotated", type=Path, help="MP4 with boxes and texts drawn on it")
        add_reading_arguments(parser)
        parser.add_argument(
            "--all", action="store_true", help="look also where nothing moves for seconds"
        )

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        out = writable(options["out"])
        annotated = writable(options["annotated"]) if options["annotated"] else None
        run = readings.create(
            self.video(options["file"]),
            **reading_settings(self.project, options),
            skip_idle=not options["all"],
            resume=True,
        )
        result = self.run_task(tasks.infer, **tasks.of_run(run))
        told = readings.json_of if out.suffix.lower() == ".json" else readings.csv_of
        out.write_text(told(run), encoding="utf-8", newline="")
        result["out"] = str(out)
        if annotated:
            self.run_task(tasks.annotate_video, **tasks.of_run(run), out=str(annotated))
            result["annotated"] = str(annotated)
        return result
