"""How a video is read: the options that the commands which read videos share."""

from __future__ import annotations

import argparse
from typing import Any

from annotations.models import Project
from training import runs
from training.readings import AROUND_CARS, EVERY, FRAMES_A_SECOND, TILES

# The option of the commands that read pictures, as argparse takes it.
VERIFY: dict[str, Any] = {
    "action": argparse.BooleanOptionalAction,
    "help": "look again, close up, at every plate found: more are right, for a quarter of a pass "
    "each (default: unless that was worse in the model's training)",
}
MODEL = "number, folder, current or starter (default: current)"


def add_reading_arguments(parser: argparse.ArgumentParser) -> None:
    """The networks, and how often and how closely they look."""
    parser.add_argument("--detector", default="current", help=MODEL)
    parser.add_argument("--recognizer", default="current", help=MODEL)
    parser.add_argument(
        "--fps", type=float, default=FRAMES_A_SECOND, help="frames a second to look at"
    )
    parser.add_argument("--detect-every", metavar="N", **EVERY)
    parser.add_argument("--tiles", **TILES)
    parser.add_argument("--around-cars", **AROUND_CARS)


def reading_settings(project: Project, options: dict[str, Any]) -> dict[str, Any]:
    """The same as ``readings.create`` takes them. Raises what ``runs.find`` refuses."""
    models = {
        kind: runs.find(project, kind, options[kind], paths=True)
        for kind in ("detector", "recognizer")
    }
    looks = ("fps", "detect_every", "tiles", "around_cars")
    return models | {name: options[name] for name in looks}
