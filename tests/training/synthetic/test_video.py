"""Videos of drawn traffic: the truth is that of the file."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest

from training.errors import SyntheticVideoRefused
from training.synthetic import video


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, video.Truth]:
    path = tmp_path_factory.mktemp("video") / "traffic.mp4"
    return path, video.write(path, seconds=14, fps=5, size=(320, 180), seed=3, count=2)


def test_truth_has_the_stamps_of_the_decoded_frames(made: tuple[Path, video.Truth]) -> None:
    path, truth = made
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert stream.time_base == truth.time_base
        frames = list(container.decode(stream))
    assert [frame.pts for frame in frames] == [frame.pts for frame in truth.frames]
    assert len(frames) == 70 and truth.frames[5].seconds == pytest.approx(1.0)
    keys = [frame.time for frame in frames if frame.key_frame]
    assert max(b - a for a, b in pairwise(keys)) <= 1


def test_truth_beside_the_video_reads_back_the_same(made: tuple[Path, video.Truth]) -> None:
    path, truth = made
    assert video.truth_path(path).name == "traffic.mp4.truth.json"
    assert video.read_truth(path) == truth


def test_each_vehicle_passes_once_with_its_own_text(made: tuple[Path, video.Truth]) -> None:
    _, truth = made
    assert [passage.vehicle for passage in truth.passages] == [0, 1]
    assert len({passage.text for passage in truth.passages}) == 2
    for passage in truth.passages:
        seen = [
            frame.seconds
            for frame in truth.frames
            for box in frame.boxes
            if box.label == "plate" and box.vehicle == passage.vehicle
            and box.x2 - box.x1 >= video.PLATE_FROM
        ]  # fmt: skip
        assert (min(seen), max(seen)) == (passage.first_seconds, passage.last_seconds)


def test_boxes_lie_inside_the_picture(made: tuple[Path, video.Truth]) -> None:
    _, truth = made
    for frame in truth.frames:
        for box in frame.boxes:
            assert 0 <= box.x1 < box.x2 <= 320 and 0 <= box.y1 < box.y2 <= 180


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_passage_lasts_three_to_six_seconds_and_comes_near(tmp_path: Path, seed: int) -> None:
    truth = video.write(tmp_path / "a.mp4", seconds=30, fps=4, seed=seed, count=4)
    assert len(truth.passages) == 4
    for passage in truth.passages:
        assert 2.9 <= passage.last_seconds - passage.first_seconds <= 6.0
        widths = [
            box.x2 - box.x1
            for frame in truth.frames
            for box in frame.boxes
            if box.label == "plate" and box.vehicle == passage.vehicle
        ]
        assert max(widths) >= 65


def test_same_arguments_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.mp4", "b.mp4"):
        video.write(tmp_path / name, seconds=8, fps=2, size=(320, 180), seed=9, count=1)
    first, second = tmp_path / "a.mp4", tmp_path / "b.mp4"
    assert first.read_bytes() == second.read_bytes()
    assert video.truth_path(first).read_text() == video.truth_path(second).read_text()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"count": 40}, "40 vehicles do not fit into 10 seconds"),
        ({"size": (321, 180)}, "321x180 is too small or odd"),
        ({"fps": 0.0}, "0 frames a second"),
        ({"seconds": float("nan")}, "nan seconds"),
    ],
)
def test_what_cannot_be_made_is_refused(
    tmp_path: Path, change: dict[str, Any], sentence: str
) -> None:
    asked: dict[str, Any] = {"seconds": 10.0, "fps": 10.0, "size": (320, 180), **change}
    with pytest.raises(SyntheticVideoRefused, match=sentence):
        video.write(tmp_path / "a.mp4", **asked)
    assert list(tmp_path.iterdir()) == []


def test_progress_may_stop_the_work_and_leaves_nothing(tmp_path: Path) -> None:
    def stop(done: int, total: int) -> None:
        assert (done, total) == (1, 20)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        video.write(tmp_path / "a.mp4", seconds=10, fps=2, size=(320, 180), count=1, progress=stop)
    assert list(tmp_path.iterdir()) == []
