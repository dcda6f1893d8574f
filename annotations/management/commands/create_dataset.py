from __future__ import annotations

import argparse
from datetime import date
from typing import Any

from django.db.models import Q

from annotations import datasets, splits, tasks
from annotations.commands import StepCommand
from annotations.errors import VideoUnknown
from annotations.models import Video
from annotations.models.datasets import Kind, Split


def day(text: str) -> date:
    """A date of the command line. Raises ArgumentTypeError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{text}” is no date; write YYYY-MM-DD") from None


class Command(StepCommand):
    help = (
        "Freeze what is labelled now as the next dataset version; no vehicle is on two sides. "
        "Without a kind: a version for the detector and one for the recognizer, where there is "
        "something labelled for them."
    )

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("kind", nargs="?", choices=Kind.values, help="default: both")
        for split in Split.values:
            usual = splits.DEFAULT_SHARES[split]
            parser.add_argument(f"--{split}", type=float, help=f"share in 0..1 (default {usual})")
        parser.add_argument("--seed", type=int, default=0, help="the same seed splits the same")
        parser.add_argument("--whole-videos", action="store_true", help="keep each video together")
        parser.add_argument(
            "--video", action="append", default=[], help="only of this one, by name or id; repeat"
        )
        parser.add_argument("--since", type=day, help="only from this day on, YYYY-MM-DD")
        parser.add_argument("--until", type=day, help="only up to this day, YYYY-MM-DD")
        parser.add_argument("--min-width", type=int, default=0, help="of crops, pixels")
        parser.add_argument("--min-sharpness", type=float, default=0.0, help="of crops")
        parser.add_argument(
            "--agreed",
            action="store_true",
            help="only texts that two people or a reviewer agree on",
        )
        parser.add_argument("--done", action="store_true", help="only frames that are done")
        parser.add_argument("--note", default="", help="a word for the list of versions")

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        """The first version's facts, and all of them as ``versions``."""
        given = {split: options[split] for split in Split.values if options[split] is not None}
        rule: dict[str, Any] = {
            "shares": given or None,
            "seed": options["seed"],
            "whole_videos": options["whole_videos"],
        }
        splits.Rule.of(**rule)
        rule["filter"] = self.filter(options).json()
        kinds = [options["kind"]] if options["kind"] else datasets.kinds_with_data(self.project)
        made = [self.freeze(kind, {**rule, "note": options["note"][:200]}) for kind in kinds]
        return {**made[0], "versions": made}

    def filter(self, options: dict[str, Any]) -> datasets.Filter:
        """What the options take. Raises VideoUnknown."""
        named = [self.named(name).pk for name in options["video"]]
        only = {"min_width", "min_sharpness", "agreed", "done", "since", "until"}
        return datasets.Filter(videos=tuple(named), **{name: options[name] for name in only})

    def named(self, name: str) -> Video:
        numbered = int(name) if name.isdecimal() and len(name) < 10 else 0
        video = self.project.videos.filter(Q(name=name) | Q(pk=numbered)).first()
        if video is None:
            raise VideoUnknown(video=f"“{name}”")
        return video

    def freeze(self, kind: str, given: dict[str, Any]) -> dict[str, Any]:
        """Freeze a version. ``dataset`` is what ``--dataset`` and ``export_dataset`` take."""
        result = self.run_task(tasks.freeze_dataset, kind=kind, **given)
        number = result["number"]
        return {
            "dataset": number,
            "version": f"{kind}:{number}",
            "kind": kind,
            "number": number,
            "id": result["dataset"],
            "counts": result["counts"],
        }

    def show(self, result: dict[str, Any]) -> None:
        for one in result["versions"]:
            counts = one["counts"]
            self.stdout.write(f"Dataset version {one['version']}, leaks {counts['leaks']}")
            for split in Split.values:
                boxes = "".join(f", {n} {label}" for label, n in counts[split]["boxes"].items())
                said = f"{counts[split]['items']} items in {counts[split]['groups']} groups{boxes}"
                self.stdout.write(f"  {split}: {said}")
