"""The command that reads what a camera sends."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from annotations import cameras
from annotations.models import Camera, Project, Video
from annotations.vision.live import Piece
from tests.annotations.vision import clips
from tests.training.rows import make_read
from training import runs
from training.management.commands import read_camera
from training.models import InferenceRun, TrainedModel

SECRET = "rtsp://me:secret@gate.example/stream"


@pytest.fixture
def gate(project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Camera:
    """A camera that sends two pieces, and a piece in which nothing can be read."""
    for kind in ("detector", "recognizer"):
        runs.promote(TrainedModel.objects.create(project=project, kind=kind, name=kind, file="x"))

    def pieces(recording: cameras.Recording) -> Iterator[Piece]:
        for number in range(2):
            clip = clips.write(tmp_path / f"{number}.mp4", frames=10 + number)
            yield Piece(clip, 1_795_780_000.0 + 10 * number, 1.0)
            if number == 0:
                os.kill(os.getpid(), signal.SIGINT)
                assert recording._stopping.is_set()  # what waits is read all the same
        broken = tmp_path / "2.mp4"
        broken.write_bytes(b"none")
        yield Piece(broken, 1_795_780_020.0, 1.0)

    def run_task(_: Any, task: Any, *, run: int, video: int) -> dict[str, Any]:
        reading = InferenceRun.objects.get(pk=run)
        make_read(reading, f"PBA{1000 + run}", 0, reading.video.pts(0.5))
        return {}

    monkeypatch.setattr(cameras.Recording, "pieces", pieces)
    monkeypatch.setattr(read_camera.Command, "run_task", run_task)
    monkeypatch.setenv(read_camera.ADDRESS, SECRET)
    return Camera.objects.create(project=project, name="Gate")


def test_each_piece_of_a_camera_becomes_a_read_video(
    gate: Camera, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "reads.csv"
    call_command("read_camera", "--camera", "Gate", "--out", str(table), "--minutes", "5")
    said = capsys.readouterr().out
    assert "videos 2, reads 2, refused 1, lost 0" in said and "secret" not in said
    lines = table.read_text().splitlines()
    assert len(lines) == 3 and lines[0].startswith("track,")
    assert [line.split(",")[9][:19] for line in lines[1:]] == [
        "2026-11-27T11:46:40", "2026-11-27T11:46:50",
    ]  # fmt: skip
    assert Video.objects.filter(camera=gate, recorded_at__isnull=False).count() == 2
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(
    "wrong",
    [["--camera", "Yard"], ["file:///etc/passwd", "--camera", "Gate"],
     ["--camera", "Gate", "--piece", "1"], ["--camera", "Gate", "--minutes", "0"]],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_in_a_sentence(gate: Camera, wrong: list[str]) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("read_camera", *wrong)
    assert "secret" not in str(refused.value)
