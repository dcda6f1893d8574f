"""Cameras over the net: connected again when they break off, never more than waits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from annotations import cameras, errors
from annotations.models import Camera, Project
from annotations.vision import child
from annotations.vision.child import Message
from annotations.vision.live import Piece
from lprsite import files
from tests.annotations.vision import clips

ADDRESS = "rtsp://me:secret@gate.example/stream"
Sent = list[int | Exception]


@pytest.fixture
def sends(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sent], None]:
    """Have the camera send so many pieces a connection, or break at once."""
    monkeypatch.setattr(cameras, "FIRST_WAIT", 0.0)

    def sends(connections: Sent) -> None:
        left = iter(connections)

        def record(address: str, folder: Path, **_: Any) -> Iterator[Message]:
            assert address == ADDRESS
            count = next(left, 0)
            if isinstance(count, Exception):
                raise count
            for number in range(abs(count)):
                path = folder / f"{number}.mp4"
                path.write_bytes(b"piece")
                yield Message("piece", {"path": str(path), "begun": 9.0, "seconds": 5.0})
            if count < 0:
                raise errors.CameraAway(host="gate.example", why="it broke")

        monkeypatch.setattr(child, "record", record)

    return sends


def recording(told: list[str]) -> cameras.Recording:
    return cameras.Recording(ADDRESS, seconds=5.0, told=told.append)


def test_camera_that_breaks_off_is_connected_again(sends: Callable[[Sent], None]) -> None:
    sends([-2, errors.CameraAway(host="gate.example", why="refused"), -1, 1])
    told: list[str] = []
    seen = [piece.path.read_bytes() for piece in recording(told).pieces()]
    assert seen == [b"piece"] * 4
    assert len(told) == 3 and not any("secret" in line for line in told)


def test_camera_that_never_sent_anything_is_given_up(sends: Callable[[Sent], None]) -> None:
    sends([errors.CameraAway(host="gate.example", why="refused")] * 3)
    with pytest.raises(errors.CameraAway):
        list(recording([]).pieces())


def test_recording_ends_before_the_disk_is_full(
    sends: Callable[[Sent], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sends([2, 2])
    monkeypatch.setattr(files, "free_bytes", lambda: 1)
    with pytest.raises(errors.DiskFull):
        list(recording([]).pieces())


def test_stopped_recording_gives_what_there_is(sends: Callable[[Sent], None]) -> None:
    sends([-1, -1, -1, -1])
    stopped = recording([])
    pieces = stopped.pieces()
    next(pieces)
    stopped.stop()
    assert len(list(pieces)) <= 3


def test_no_more_pieces_wait_than_may(
    sends: Callable[[Sent], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cameras, "MOST_WAITING", 2)
    sends([5])
    told: list[str] = []
    slow = recording(told)
    slow._run(tmp_path)
    assert (slow.lost, len(slow._waiting), len(told)) == (3, 2, 3)
    assert len(list(tmp_path.rglob("*.mp4"))) == 2


def test_piece_becomes_a_video_of_its_camera(project: Project, tmp_path: Path) -> None:
    camera = Camera.objects.create(project=project, name="Gate")
    clip = clips.write(tmp_path / "000001.mp4")
    begun = datetime(2026, 11, 27, 12, 0, 5, tzinfo=UTC)
    video = cameras.bring(Piece(clip, begun.timestamp(), 4.0), camera)
    assert (video.name, video.camera) == ("Gate 2026-11-27 12.00.05.mp4", camera)
    assert video.recorded_at == begun and not clip.exists()


def test_camera_is_known_by_its_name(project: Project) -> None:
    with pytest.raises(errors.CameraUnknown):
        cameras.named(project, "Gate")
