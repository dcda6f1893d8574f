from __future__ import annotations

import argparse
from typing import Any

from annotations import tasks, videos
from annotations.commands import StepCommand


class Command(StepCommand):
    help = "Bring in a recording and take frames from it. Run again, it adds what is missing."

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("video", help="a file, or the number of a video already here")
        rule = parser.add_mutually_exclusive_group()
        rule.add_argument("--fps", type=float, help="frames a second (default 1)")
        rule.add_argument("--every", type=int, help="every Nth frame")
        parser.add_argument("--from", dest="start", type=float, default=0.0, help="seconds")
        parser.add_argument("--to", dest="end", type=float, help="seconds")

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        video = self.video(options["video"])
        selection = videos.choose(
            video,
            fps=options["fps"],
            every=options["every"],
            start=options["start"],
            end=options["end"],
        )
        result = self.run_task(tasks.split_video, selection=selection.pk, video=video.pk)
        return {"video": video.pk, **result}
