from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from annotations import tasks
from annotations.commands import StepCommand, writable
from annotations.copies import map_path
from annotations.vision.activity import MOVES


class Command(StepCommand):
    help = (
        "Make a video without the stretches in which nothing moves, and a list of where its times "
        "are in the recording."
    )

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("video", help="a file, or the number of a video already here")
        parser.add_argument(
            "--out", type=Path, help="the new file (default: a new video of the project)"
        )
        parser.add_argument(
            "--motion",
            type=float,
            default=MOVES,
            help=f"side of what moves, as a share of the picture's (default {MOVES})",
        )

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        out: Path | None = options["out"] and writable(options["out"])
        video = self.video(options["video"])
        given: dict[str, Any] = {"video": video.pk, "motion": options["motion"]}
        if out is None:
            return self.run_task(tasks.condense_video, **given)
        result = self.run_task(tasks.condense_video, **given, out=str(out.resolve()))
        return {"out": str(out), "times": str(map_path(out)), **result}
