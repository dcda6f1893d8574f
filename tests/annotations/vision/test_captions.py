"""Boxes and texts drawn on a copy of a video."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from annotations.vision import captions, child, video
from annotations.vision.captions import Caption, annotate
from tests.annotations.vision import clips

KEYS = [[10, 40.0, 50.0, 80.0, 70.0], [20, 60.0, 50.0, 100.0, 70.0]]


def yellow(picture: np.ndarray) -> int:
    """Pixels that are about as yellow as a plate's box."""
    apart = np.abs(picture.astype(int) - np.array(captions.PLATE)).max(axis=2)
    return int((apart < 60).sum())


def test_boxes_lie_between_their_keys() -> None:
    caption = Caption("PBA1234", KEYS)
    assert caption.at(15) == (50.0, 50.0, 90.0, 70.0)
    assert caption.at(9) is None and caption.at(21) is None and Caption("", []).at(0) is None


@pytest.mark.parametrize("rotation", [None, 90])
def test_every_frame_keeps_its_time_and_those_with_a_plate_show_it(
    tmp_path: Path, rotation: int | None
) -> None:
    source = clips.write(tmp_path / "gate.mp4", b_frames=2, rotation=rotation)
    base = video.probe(source).time_base
    keys = [[round(key[0] / 10 / base), *key[1:]] for key in KEYS]
    target = tmp_path / "out.mp4"
    assert annotate(source, target, [Caption("PBA·1234", keys)]) == 11
    info = video.probe(target)
    assert (info.codec, info.pixel_format) == ("h264", "yuv420p")
    before = [frame.seconds for frame in video.decode(source)]
    after = list(video.decode(target))
    assert [frame.seconds for frame in after] == pytest.approx(before, abs=0.002)
    marked = [yellow(frame.bgr()) > 100 for frame in after]
    assert marked == [10 <= number <= 20 for number in range(40)]


def test_child_writes_it_too(tmp_path: Path) -> None:
    source = clips.write(tmp_path / "gate.mp4")
    info = video.probe(source)
    limits = child.limits_for(info, output=source.stat().st_size)
    keys = [[info.start_pts, 10, 10, 50, 30]]
    told = child.annotate(source, tmp_path / "o.mp4", [("A1", keys)], name="gate", limits=limits)
    assert [m.facts for m in told if m.kind == "made"] == [{"frames": 1}]
    assert len(list(video.decode(tmp_path / "o.mp4"))) == 40


def test_nothing_is_left_when_it_is_stopped(tmp_path: Path) -> None:
    source = clips.write(tmp_path / "gate.mp4")

    def stop(seconds: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        annotate(source, tmp_path / "out.mp4", [], progress=stop)
    assert [path.name for path in tmp_path.iterdir()] == ["gate.mp4"]
