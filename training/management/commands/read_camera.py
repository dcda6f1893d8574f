from __future__ import annotations

import argparse
import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from annotations import cameras
from annotations.commands import StepCommand, writable
from annotations.errors import Refused
from annotations.models import Video
from training import readings, tasks
from training.management.reading import add_reading_arguments, reading_settings
from training.models import InferenceRun

ADDRESS = "LPR_CAMERA_ADDRESS"


class Command(StepCommand):
    help = (
        "Read what a camera sends (RTSP, or HLS over HTTP) until Ctrl-C. It is recorded in "
        "pieces that become videos of the project, each read as it ends; they stay as long as "
        "the project keeps videos."
    )

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "address",
            nargs="?",
            help="rtsp://… or https://….m3u8 (default: the camera's own); one with a password "
            f"is better kept in the environment, as {ADDRESS}: other users see command lines",
        )
        parser.add_argument("--camera", required=True, help="its name in the project")
        parser.add_argument(
            "--piece", type=float, default=60.0, metavar="SECONDS", help="of a recording"
        )
        parser.add_argument("--minutes", type=float, help="stop after so many")
        parser.add_argument("--out", type=Path, help="append the reads to this CSV")
        add_reading_arguments(parser)

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        if not 5 <= options["piece"] <= 3600:
            raise CommandError("A piece has 5 to 3600 seconds.")
        if options["minutes"] is not None and not 0 < options["minutes"] < 1e6:
            raise CommandError("The minutes are more than 0.")
        out = writable(options["out"]) if options["out"] else None
        camera = cameras.named(self.project, options["camera"])
        given = options["address"] or os.environ.get(ADDRESS)
        address = given or cameras.address_of(camera)
        settings = reading_settings(self.project, options)
        recording = cameras.Recording(address, seconds=options["piece"], told=self._say)
        counts = {"videos": 0, "reads": 0, "refused": 0}
        with _stopped_by_hand(recording, options["minutes"], self._say):
            for piece in recording.pieces():
                if piece is None:
                    continue
                try:
                    video = cameras.bring(piece, camera)
                    run = self._read(video, settings)
                except Refused as refusal:
                    counts["refused"] += 1
                    self._say(refusal.sentence())
                    continue
                counts["videos"] += 1
                counts["reads"] += self._tell(run, out)
        return {**counts, "lost": recording.lost}

    def _read(self, video: Video, settings: dict[str, Any]) -> InferenceRun:
        run = readings.create(video, **settings)
        self.run_task(tasks.infer, **tasks.of_run(run))
        return run

    def _tell(self, run: InferenceRun, out: Path | None) -> int:
        """Say what was read, and append it to the table; returns how many."""
        lines = readings.csv_of(run)
        if out:
            begun = out.exists() and out.stat().st_size > 0
            with out.open("a", encoding="utf-8", newline="") as table:
                table.write(lines.split("\r\n", 1)[1] if begun else lines)
        found = run.reads.select_related("run__video__camera").order_by("first_pts", "number")
        rows = [readings.as_row(read) for read in found]
        for row in rows:
            self._say(f"{row['time']}  {row['text']}  {round(100 * row['confidence'])} %")
        return len(rows)

    def _say(self, line: str) -> None:
        if not self.as_json:
            self.stdout.write(line)
            self.stdout.flush()  # somebody may watch a file


@contextlib.contextmanager
def _stopped_by_hand(
    recording: cameras.Recording, minutes: float | None, say: Any
) -> Iterator[None]:
    """The first Ctrl-C (or SIGTERM) ends the recording, the next one everything."""

    def stop(number: int, frame: Any) -> None:
        signal.signal(number, signal.default_int_handler)
        recording.stop()
        say("Stopping: what was recorded is read first. Ctrl-C again stops at once.")

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    timer = threading.Timer(60 * (minutes or 0), recording.stop)
    timer.daemon = True
    if minutes:
        timer.start()
    try:
        yield
    except KeyboardInterrupt:
        raise CommandError("Stopped at once; what was not read yet is gone.") from None
    finally:
        timer.cancel()
        for number, handler in before.items():
            signal.signal(number, handler)
