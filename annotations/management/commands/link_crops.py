from __future__ import annotations

from typing import Any

from annotations import boxes, tasks, tracks
from annotations.commands import StepCommand


class Command(StepCommand):
    help = (
        "Link plates with the cars they lie in, and the crops of each vehicle with each other, "
        "by following it through its video. Done by itself when boxes come in; this does what is "
        "left, such as boxes of older imports."
    )

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        counts = {"plates": boxes.link_all_plates(self.project), "crops": 0, "videos": 0}
        for video in tracks.due():
            if video.project_id != self.project.pk:
                continue
            left = True
            while left:
                told = self.run_task(tasks.link_crops, video=video.pk)
                counts["crops"] += told["linked"]
                left = told["left"]
            counts["videos"] += 1
        return counts
