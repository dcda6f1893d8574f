from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from tqdm import tqdm

from annotations.commands import SentenceCommand, size_of
from lprsite.errors import Refused
from training.synthetic import files, plates, video


class Command(SentenceCommand):
    help = "Draw plates, street scenes or a video of traffic, with what is on them written down."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        formats = ", ".join(plates.format_names())
        add = parser.add_argument
        add("kind", choices=("plates", "scenes", "video"))
        add("--count", type=_at_least_one, help="pictures (default 100) or vehicles (default 10)")
        add("--out", type=Path, required=True, help="folder to write into")
        add("--seed", type=_number, default=0, help="the same seed draws the same (default 0)")
        add("--size", type=size_of, help="as 640x360")
        add("--seconds", type=float, help="length of the video")
        add("--fps", type=float, default=10.0, help="of the video (default 10)")
        add("--formats", default="ecuador", help=f"separated by commas: {formats}, or all")
        add("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        quiet = options["json"] or not sys.stderr.isatty()
        try:
            with tqdm(disable=quiet, leave=False, unit=f" {options['kind']}") as bar:
                result = _make(options, bar)
        except Refused as refusal:
            raise CommandError(refusal.sentence()) from refusal
        except OSError as error:
            raise CommandError(
                f"“{options['out']}” cannot be written: {error.strerror}."
            ) from error
        if options["json"]:
            self.stdout.write(json.dumps(result))
        else:
            self.stdout.write(", ".join(f"{key} {value}" for key, value in result.items()))


def _make(options: dict[str, Any], bar: Any) -> dict[str, Any]:
    def progress(done: int, total: int) -> None:
        bar.total = total
        bar.update(done - bar.n)

    names = plates.format_names() if options["formats"] == "all" else options["formats"].split(",")
    formats = plates.check_formats([name.strip() for name in names])
    options["count"] = options["count"] or (10 if options["kind"] == "video" else 100)
    out, seed, count = options["out"], options["seed"], options["count"]
    if options["kind"] == "video":
        return _make_video(options, formats, progress)
    shared = {"count": count, "seed": seed, "formats": formats, "progress": progress}
    if options["kind"] == "plates":
        manifest = files.write_plates(out, size=options["size"], **shared)
    else:
        manifest = files.write_scenes(out, size=options["size"] or (640, 360), **shared)
    return {options["kind"]: count, "manifest": str(manifest), "sheet": str(out / files.SHEET)}


def _make_video(options: dict[str, Any], formats: tuple[str, ...], progress: Any) -> dict[str, Any]:
    path = options["out"] / f"traffic_{options['seed']}.mp4"
    truth = video.write(
        path, seconds=options["seconds"] or video.seconds_for(options["count"]),
        fps=options["fps"], size=options["size"] or (640, 360), seed=options["seed"],
        count=options["count"], formats=formats, progress=progress,
    )  # fmt: skip
    return {
        "vehicles": len(truth.passages), "frames": len(truth.frames), "video": str(path),
        "truth": str(video.truth_path(path)), "sheet": str(files.write_video_sheet(path, truth)),
    }  # fmt: skip


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"“{text}” is not a whole number from 0 up.")
    return int(text)


def _at_least_one(text: str) -> int:
    number = _number(text)
    if number < 1:
        raise argparse.ArgumentTypeError("At least 1 is needed.")
    return number
