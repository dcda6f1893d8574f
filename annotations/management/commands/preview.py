from __future__ import annotations

import argparse
from typing import Any

from annotations import tasks
from annotations.commands import StepCommand


class Command(StepCommand):
    help = "Make the copy of a recording that browsers play; the recording is left alone."

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("video", help="a file, or the number of a video already here")

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        video = self.video(options["video"])
        return {"video": video.pk, **self.run_task(tasks.make_preview, video=video.pk)}
