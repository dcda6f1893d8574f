"""Copies that browsers play: without loss where they can, seekable, true to the time."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from annotations.vision import preview, video
from annotations.vision.preview import make_preview
from tests.annotations.vision import clips


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """40 frames at 10 a second, a keyframe each second, B-frames."""
    path: Path = clips.write(tmp_path_factory.mktemp("clips") / "clip.mp4", b_frames=2)
    return path


def test_h264_preview_is_a_copy_that_starts_at_zero(tmp_path):
    source = clips.write(tmp_path / "cam.ts", start=7.5, b_frames=2)
    told: list[float] = []
    assert make_preview(source, tmp_path / "p.mp4", progress=told.append).copied
    frames = list(video.decode(tmp_path / "p.mp4"))
    assert [clips.bar_of(f.bgr()) for f in frames] == list(range(40))
    assert frames[-1].seconds == pytest.approx(3.9, abs=0.002)
    data = (tmp_path / "p.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert told == sorted(told) and told[-1] >= 3
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".part")] == []


def test_copied_preview_stays_upright(tmp_path):
    source = clips.write(tmp_path / "phone.mp4", rotation=-90)
    assert make_preview(source, tmp_path / "p.mp4").copied
    assert video.probe(tmp_path / "p.mp4").rotation == 90


def test_other_codecs_become_constant_rate_h264_with_a_keyframe_each_second(tmp_path):
    source = clips.write(
        tmp_path / "cam.avi", codec="mpeg4", width=1200, height=800, frames=25, gop=25
    )
    assert not make_preview(source, tmp_path / "p.mp4").copied
    info = video.probe(tmp_path / "p.mp4")
    assert (info.codec, info.width, info.height, info.fps) == ("h264", 810, 540, 10)
    with av.open(str(tmp_path / "p.mp4")) as file:
        packets = [p for p in file.demux(video=0) if p.size]
        keys = [float((p.pts or 0) * p.time_base) for p in packets if p.is_keyframe]
    assert keys == pytest.approx([0, 1, 2])


def test_transcoded_preview_shows_each_moment_where_it_was(tmp_path):
    times = [0, 0.1, 0.2, 1.4, 1.5, 3.0]
    source = clips.write(tmp_path / "vfr.mp4", frames=6, times=times, rotation=-90)
    assert not make_preview(source, tmp_path / "p.mp4", transcode=True).copied
    info = video.probe(tmp_path / "p.mp4")
    assert (info.rotation, info.width, info.height) == (0, 96, 160)
    shown = list(video.decode(tmp_path / "p.mp4"))
    gaps = np.diff([frame.seconds for frame in shown])
    assert np.allclose(gaps, gaps[0], atol=1e-3)
    for k, moment in enumerate(times):
        nearest = min(shown, key=lambda frame: abs(frame.seconds - moment - 0.02))
        stored = np.rot90(nearest.bgr(), k=1)
        assert clips.bar_of(stored) == k


def test_stopped_preview_leaves_nothing(tmp_path, clip):
    def stop(_seconds: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_preview(clip, tmp_path / "p.mp4", progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_transcoded_preview_keeps_the_brightness(shared, tmp_path):
    path = shared / "video" / "toll_vn_720p.mp4"  # full-range colours
    source = next(video.decode(path)).bgr()
    make_preview(path, tmp_path / "p.mp4", transcode=True)
    shown = next(video.decode(tmp_path / "p.mp4")).bgr()
    assert np.abs(source.mean((0, 1)) - shown.mean((0, 1))).max() < 3


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize("transcode", [False, True])
def test_each_moment_of_the_copy_is_that_moment_of_the_video(tmp_path, suffix, transcode):
    """What a page needs to seek: a frame shown at t seconds is at t in the original."""
    source = clips.write(tmp_path / f"cam{suffix}", start=12.3, b_frames=2)
    made = make_preview(source, tmp_path / "p.mp4", transcode=transcode)
    assert made.copied is not transcode
    whole = {clips.bar_of(frame.bgr()): frame.seconds for frame in video.decode(source)}
    for frame in video.decode(tmp_path / "p.mp4"):
        assert whole[clips.bar_of(frame.bgr())] == pytest.approx(frame.seconds, abs=0.011)


def test_rare_keyframes_are_encoded_again(tmp_path):
    long = clips.write(tmp_path / "long.mp4", frames=130, gop=250, b_frames=2)
    info = video.probe(long)
    assert info.scan.key_distance is None and not preview.repackable(info)
    short = clips.write(tmp_path / "short.mp4", frames=60, gop=250)
    assert preview.repackable(video.probe(short))


@pytest.mark.parametrize(
    "facts",
    [
        {"codec": "hevc"},
        {"pixel_format": "yuv420p10le"},
        {"pixel_format": "yuv422p"},
        {"container": "avi"},
    ],
)
def test_what_browsers_do_not_play_is_not_copied(clip, facts):
    from dataclasses import replace

    assert preview.repackable(video.probe(clip))
    assert not preview.repackable(replace(video.probe(clip), **facts))


def test_without_an_h264_encoder_the_copy_is_vp9(tmp_path, clip, monkeypatch):
    monkeypatch.setattr(av, "codecs_available", {"libvpx-vp9"})
    made = make_preview(clip, tmp_path / "p.webm", transcode=True)
    assert (made.copied, made.suffix) == (False, ".webm")
    info = video.probe(tmp_path / "p.webm")
    assert info.codec == "vp9" and info.scan.key_distance == pytest.approx(1.0, abs=0.01)
    shown = [clips.bar_of(frame.bgr()) for frame in video.decode(tmp_path / "p.webm")]
    assert shown == list(range(40))


def test_frames_that_are_decoded_anyway_are_looked_at(tmp_path, clip):
    seen: list[float] = []
    make_preview(clip, tmp_path / "p.mp4", look=lambda frame: seen.append(frame.seconds))
    assert seen == []
    make_preview(
        clip, tmp_path / "p.mp4", look=lambda frame: seen.append(frame.seconds), transcode=True
    )
    assert len(seen) == 40
