from __future__ import annotations

import argparse
from typing import Any

from annotations import selections, tasks
from annotations.commands import StepCommand
from annotations.vision.activity import MOVES
from annotations.vision.selection import KEPT

ALIKE = 3
"""Bits of 64 by which near-duplicates differ, where a person does not say."""


class Command(StepCommand):
    help = "Bring in a recording and take frames from it. Run again, it adds what is missing."

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("video", help="a file, or the number of a video already here")
        rule = parser.add_mutually_exclusive_group()
        rule.add_argument(
            "--fps", type=float, help="frames a second (default: the project's rule, else 1)"
        )
        rule.add_argument("--every", type=int, help="every Nth frame")
        parser.add_argument("--from", dest="start", type=float, default=0.0, help="seconds")
        parser.add_argument("--to", dest="end", type=float, help="seconds")
        parser.add_argument(
            "--motion",
            type=float,
            nargs="?",
            const=MOVES,
            help="only while something moves of at least this side, as a share of the picture's "
            f"(default {MOVES})",
        )
        parser.add_argument(
            "--near-duplicates",
            type=int,
            nargs="?",
            const=ALIKE,
            metavar="BITS",
            help="leave out what differs from the frame before in no more than so many of 64 bits "
            f"(default {ALIKE})",
        )
        parser.add_argument("--cap", type=int, help="at most so many frames, evenly")
        parser.add_argument(
            "--dry-run", action="store_true", help="say how many frames it would be, take none"
        )

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        given = {name: options[name] for name in selections.FIELDS}
        rule = selections.rule_of(given)
        video = self.video(options["video"])
        if all(given[name] is None for name in KEPT):
            given |= video.project.selection_defaults
            rule = selections.rule_of(given)
        if options["dry_run"]:
            found = selections.estimate(video, rule)
            if found is None:
                self.run_task(tasks.measure_activity, video=video.pk)
                video.refresh_from_db()
                found = selections.estimate(video, rule) or {}
            return {"video": video.pk, **found}
        selection = selections.choose(video, **given)
        result = self.run_task(tasks.split_video, selection=selection.pk, video=video.pk)
        return {"video": video.pk, **result}
