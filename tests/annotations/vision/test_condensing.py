"""Videos without idle stretches, and the way back to the recording's times."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annotations import errors
from annotations.vision import condensing, video
from annotations.vision.condensing import Condensed, condense
from tests.annotations.vision import clips

KEEP = [(1.2, 1.9), (3.1, 3.4)]


def shown(path: Path) -> list[tuple[int, float]]:
    """(number of the frame that is seen, its time) of every frame."""
    return [(clips.bar_of(frame.bgr()), frame.seconds) for frame in video.decode(path)]


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_groups_of_pictures_with_movement_are_copied(tmp_path, suffix, b_frames):
    source = clips.write(tmp_path / f"gate{suffix}", b_frames=b_frames, start=5.0)
    made = condense(source, tmp_path / "short.mp4", KEEP)
    frames = shown(tmp_path / "short.mp4")
    assert made.copied and [number for number, _ in frames] == [*range(10, 20), *range(30, 40)]
    assert made.seconds == pytest.approx(2.0, abs=0.01)
    for number, seconds in frames:
        assert made.original(seconds) == pytest.approx(number / 10, abs=0.002)


def test_neighbouring_groups_are_one_stretch(tmp_path):
    source = clips.write(tmp_path / "gate.mp4", b_frames=2)
    made = condense(source, tmp_path / "short.mp4", [(1.2, 2.5)])
    assert [tuple(np.round(stretch, 3)) for stretch in made.map] == [(0.0, 2.0, 1.0)]
    assert condense(source, tmp_path / "all.mp4", [(0.0, 4.0)]).seconds == pytest.approx(4.0)


@pytest.mark.parametrize("rotation", [None, 90])
def test_rare_keyframes_are_encoded_again_to_the_frame(tmp_path, rotation, monkeypatch):
    monkeypatch.setattr(condensing, "KEYS_APART", 0.5)
    source = clips.write(tmp_path / "gate.mp4", gop=40, b_frames=2, rotation=rotation)
    made = condense(source, tmp_path / "short.mp4", KEEP)
    assert not made.copied
    frames = list(video.decode(tmp_path / "short.mp4"))
    turns = 0 if rotation is None else 3
    numbers = [clips.bar_of(np.rot90(frame.bgr(), k=turns)) for frame in frames]
    assert numbers == [12, 13, 14, 15, 16, 17, 18, 31, 32, 33]
    for frame, number in zip(frames, numbers, strict=True):
        assert made.original(frame.seconds) == pytest.approx(number / 10, abs=0.002)


def test_uneven_times_stay_as_they_were(tmp_path):
    times = [k / 10 for k in range(12)] + [3.0, 3.05, 3.4, 4.1]
    source = clips.write(tmp_path / "vfr.mp4", frames=16, times=times, gop=4)
    made = condense(source, tmp_path / "short.mp4", [(2.9, 4.2)])
    for number, seconds in shown(tmp_path / "short.mp4"):
        assert made.original(seconds) == pytest.approx(times[number], abs=0.002)


def test_nothing_to_keep_is_refused_and_leaves_nothing(tmp_path):
    source = clips.write(tmp_path / "gate.mp4")
    with pytest.raises(errors.NothingMoves, match=r"gate\.mp4"):
        condense(source, tmp_path / "short.mp4", [])
    assert [path.name for path in tmp_path.iterdir()] == ["gate.mp4"]


def test_times_between_stretches_belong_to_the_one_before():
    made = Condensed(True, 5.0, [(0.0, 2.0, 10.0), (2.0, 5.0, 60.0)])
    assert [made.original(t) for t in (0.0, 1.5, 2.0, 4.0)] == [10.0, 11.5, 60.0, 62.0]
