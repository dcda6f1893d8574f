"""Videos by content and by time stamp."""

from __future__ import annotations

import importlib.util
import itertools
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from av.video.frame import VideoFrame
from hypothesis import given
from hypothesis import strategies as st

from annotations import errors
from annotations.vision import crops, video
from annotations.vision.video import Decoded, DecodeReport, Selection

_spec = importlib.util.spec_from_file_location("clips", Path(__file__).with_name("clips.py"))
assert _spec is not None and _spec.loader is not None
clips = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(clips)


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """40 frames at 10 a second, a keyframe each second, B-frames."""
    path: Path = clips.write(tmp_path_factory.mktemp("clips") / "clip.mp4", b_frames=2)
    return path


def chosen(path: Path, selection: Selection, start: float = 0.0) -> list[int]:
    return [frame.pts for frame in video.select(video.decode(path, start=start), selection)]


def test_probe_tells_what_is_inside(clip):
    info = video.probe(clip)
    assert (info.codec, info.width, info.height, info.rotation) == ("h264", 160, 96, 0)
    assert info.fps == 10 and info.duration == pytest.approx(4.0)
    assert info.frames_expected == 40
    assert video.VideoInfo.from_json(info.as_json()) == info


def test_frames_come_in_order_with_their_times(clip):
    report = DecodeReport()
    frames = list(video.decode(clip, report=report))
    assert [clips.bar_of(frame.bgr()) for frame in frames] == list(range(40))
    assert [frame.index for frame in frames] == list(range(40))
    assert [frame.seconds for frame in frames] == pytest.approx([k / 10 for k in range(40)])
    assert report.complete and report.decoded == report.expected == 40


@pytest.mark.parametrize("start", [0.05, 0.9, 1.0, 1.01, 2.55, 3.9])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts", ".avi"])
def test_a_later_start_gives_the_same_frames(tmp_path, start, suffix):
    avi = suffix == ".avi"
    path = clips.write(
        tmp_path / f"c{suffix}", b_frames=0 if avi else 2, codec="mpeg4" if avi else "libx264"
    )
    whole = [(f.pts, f.index, f.previous_seconds) for f in video.decode(path)]
    late = [(f.pts, f.index, f.previous_seconds) for f in video.decode(path, start=start)]
    first = next(f.index for f in video.decode(path) if f.seconds >= start - video.TICK)
    assert late == whole[first:] != []


def test_end_is_not_included(clip):
    assert [f.index for f in video.decode(clip, start=1.0, end=1.3)] == [10, 11, 12]


def test_times_start_at_zero_though_the_stream_does_not(tmp_path):
    path = clips.write(tmp_path / "late.ts", start=7.5)
    info = video.probe(path)
    assert info.start_pts > 0
    frames = list(video.decode(path))
    assert frames[0].seconds == 0 and frames[-1].seconds == pytest.approx(3.9)
    assert info.seconds(frames[-1].pts) == frames[-1].seconds


def test_one_a_second_goes_by_time_where_the_rate_varies(tmp_path):
    times = [k / 10 for k in range(20)] + [4.1 + k / 10 for k in range(10)]
    path = clips.write(tmp_path / "vfr.mp4", frames=30, times=times)
    frames = list(video.select(video.decode(path), Selection(fps=1)))
    assert [clips.bar_of(f.bgr()) for f in frames] == [0, 10, 20, 29]
    assert [f.seconds for f in frames] == pytest.approx([0, 1, 4.1, 5.0])


def test_every_nth_counts_from_the_beginning(clip):
    frames = list(video.select(video.decode(clip), Selection(every=6, start=1.0)))
    assert [f.index for f in frames] == [12, 18, 24, 30, 36]


def test_a_range_is_sampled_from_its_start(clip):
    frames = list(video.select(video.decode(clip), Selection(fps=2, start=0.7, end=2.0)))
    assert [f.index for f in frames] == [7, 12, 17]


@pytest.mark.parametrize(
    "selection", [Selection(fps=3), Selection(every=7), Selection(fps=2.5, start=0.35)]
)
@pytest.mark.parametrize("resume", [0.4, 1.0, 1.15, 2.9])
def test_resumed_selection_takes_the_same_frames(clip, selection, resume):
    info = video.probe(clip)
    whole = chosen(clip, selection)
    assert chosen(clip, selection) == whole
    rest = [pts for pts in whole if info.seconds(pts) >= resume - video.TICK]
    assert chosen(clip, selection, start=resume) == rest != []


def stamp(index: int, seconds: list[float]) -> Decoded:
    """A frame of which only the time counts."""
    return Decoded(
        VideoFrame(16, 16),
        size=(16, 16),
        pts=index,
        index=index,
        seconds=seconds[index],
        previous_seconds=seconds[index - 1] if index else None,
    )


@given(
    st.lists(st.integers(1, 3000), min_size=1, max_size=60),
    st.one_of(
        st.floats(0.1, 30).map(lambda fps: Selection(fps=fps)),
        st.integers(1, 9).map(lambda n: Selection(every=n)),
    ),
    st.integers(0, 59),
)
def test_selection_from_anywhere_is_the_rest_of_the_whole(gaps, selection, begin):
    seconds = [ms / 1000 for ms in itertools.accumulate(gaps)]
    stamps = [stamp(k, seconds) for k in range(len(seconds))]
    whole = [s.index for s in video.select(stamps, selection)]
    rest = [s.index for s in video.select(stamps[begin:], selection)]
    assert rest == [k for k in whole if k >= begin]
    assert whole[0] == 0


def test_millisecond_times_do_not_make_the_rhythm_limp():
    seconds = [round(k / 30, 3) for k in range(300)]
    stamps = [stamp(k, seconds) for k in range(300)]
    taken = [s.index for s in video.select(stamps, Selection(fps=15))]
    assert taken == list(range(0, 300, 2))


@pytest.mark.parametrize(
    "wrong",
    [
        {"fps": 1.0, "every": 2},
        {"fps": 0},
        {"fps": float("nan")},
        {"every": 0},
        {"start": -1},
        {"start": 5, "end": 5},
        {"end": float("inf")},
    ],
)
def test_senseless_selection_is_refused(wrong):
    with pytest.raises(errors.SelectionWrong):
        Selection(**wrong)


@pytest.mark.parametrize("angle", [90, 180, -90])
def test_rotation_is_applied_once_and_as_players_do(tmp_path, angle):
    path = clips.write(tmp_path / "phone.mp4", frames=3, rotation=angle)
    info = video.probe(path)
    assert info.rotation == -angle % 360  # libav's angle is counter-clockwise, ours clockwise
    upright = np.rot90(clips.picture(0), k=angle // 90)
    found = next(video.decode(path)).bgr()
    assert found.shape == upright.shape == (info.height, info.width, 3)
    assert np.abs(found.astype(int) - upright).mean() < 6
    reader = cv2.VideoCapture(str(path))
    assert np.abs(found.astype(int) - reader.read()[1]).mean() < 1
    reader.release()


def test_grey_is_upright_and_small(tmp_path):
    path = clips.write(tmp_path / "phone.mp4", frames=1, rotation=-90)
    frame = next(video.decode(path))
    small = frame.grey(32)
    assert small.shape == (32, 19)
    wanted = cv2.resize(cv2.cvtColor(frame.bgr(), cv2.COLOR_BGR2GRAY), (19, 32))
    assert abs(float(small.mean()) - float(wanted.mean())) < 12


def test_damage_is_counted_and_passed_over(tmp_path):
    path = clips.damage(clips.write(tmp_path / "bad.mp4"), start=0.3, end=0.5)
    report = DecodeReport()
    first = [frame.pts for frame in video.decode(path, report=report)]
    assert report.finished and not report.complete
    assert report.errors + report.corrupt > 0
    assert max(first) == max(f.pts for f in video.decode(clips.write(tmp_path / "good.mp4")))
    assert [frame.pts for frame in video.decode(path)] == first


def test_file_cut_after_its_index_is_reported(tmp_path):
    source = clips.write(tmp_path / "source.mp4")
    path = tmp_path / "cut.mp4"
    assert video.make_preview(source, path)  # its index comes first
    clips.cut(path, 0.5)
    report = DecodeReport()
    found = list(video.decode(path, report=report))
    assert 0 < len(found) < 35
    assert report.missing == 40 - len(found) and not report.complete


def test_stopping_early_is_not_called_complete(clip):
    report = DecodeReport()
    for _ in zip(video.decode(clip, report=report), range(3), strict=False):
        pass
    assert not report.finished and not report.complete and report.missing == 0


def make(name: str, folder: Path) -> Path:
    path = folder / f"{name}.mp4"
    if name == "empty":
        path.touch()
    elif name == "text":
        path.write_text("not a video\n" * 50)
    elif name == "playlist":
        path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/hostname\n")
    elif name == "picture":
        cv2.imwrite(str(folder / "p.png"), clips.picture(0))
        (folder / "p.png").rename(path)
    elif name == "sound":
        clips.write_sound(path)
    elif name == "cut":
        clips.cut(clips.write(path), 0.6)
    elif name == "raw":
        clips.write(path, container="h264")
    elif name == "odd_codec":
        clips.write(path, codec="png", container="mov", pixel_format="rgb24")
    elif name == "nothing_decodes":
        clips.damage(clips.write(path), start=0.0, end=1.0)
    return path


@pytest.mark.parametrize(
    ("name", "refusal"),
    [
        ("empty", errors.EmptyFile),
        ("text", errors.NotAVideo),
        ("playlist", errors.NotAVideo),
        ("picture", errors.StillPicture),
        ("sound", errors.NoPictureInVideo),
        ("cut", errors.VideoCutOff),
        ("raw", errors.RawVideoStream),
        ("odd_codec", errors.VideoCodecUnknown),
        ("nothing_decodes", errors.VideoUnreadable),
    ],
)
def test_what_is_no_video_is_refused_by_its_content(tmp_path, name, refusal):
    path = make(name, tmp_path)
    with pytest.raises(refusal, match=f"{name}.mp4"):
        video.probe(path)


def test_absurd_sizes_are_refused_by_the_header(tmp_path):
    path = clips.write(tmp_path / "wide.mp4", codec="mjpeg", pixel_format="yuvj420p", frames=1)
    data = bytearray(path.read_bytes())
    in_jpeg = data.index(b"\xff\xc0") + 5
    in_index = data.index(bytes([0, 160, 0, 96]), data.index(b"stsd"))
    for at in (in_jpeg, in_index):
        data[at : at + 4] = b"\x24\x00\x24\x00"
    path.write_bytes(data)
    with pytest.raises(errors.VideoTooLarge, match="9216x9216"):
        video.probe(path)


def test_probe_in_a_child_says_the_same(clip, tmp_path):
    assert video.probe_in_child(clip) == video.probe(clip)
    with pytest.raises(errors.NotAVideo, match=r"text\.mp4"):
        video.probe_in_child(make("text", tmp_path))


def test_child_without_an_answer_is_a_refusal(clip, monkeypatch):
    def stuck(command, **given):
        raise subprocess.TimeoutExpired(command, given["timeout"])

    monkeypatch.setattr(subprocess, "run", stuck)
    with pytest.raises(errors.VideoCheckFailed):
        video.probe_in_child(clip)
    monkeypatch.undo()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(errors.VideoCheckFailed):
        video.probe_in_child(clip)


def test_thumbnail_is_a_small_upright_jpeg(tmp_path):
    path = clips.write(tmp_path / "phone.mp4", rotation=-90)
    assert crops.picture_size(video.thumbnail(path, width=48)) == (48, 80)


def test_h264_preview_is_a_copy_that_starts_at_zero(tmp_path):
    source = clips.write(tmp_path / "cam.ts", start=7.5, b_frames=2)
    told: list[float] = []
    assert video.make_preview(source, tmp_path / "p.mp4", progress=told.append) is True
    frames = list(video.decode(tmp_path / "p.mp4"))
    assert [clips.bar_of(f.bgr()) for f in frames] == list(range(40))
    assert frames[-1].seconds == pytest.approx(3.9, abs=0.002)
    data = (tmp_path / "p.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    assert told == sorted(told) and told[-1] >= 3
    assert [p.name for p in tmp_path.iterdir() if p.name.endswith(".part")] == []


def test_copied_preview_stays_upright(tmp_path):
    source = clips.write(tmp_path / "phone.mp4", rotation=-90)
    assert video.make_preview(source, tmp_path / "p.mp4") is True
    assert video.probe(tmp_path / "p.mp4").rotation == 90


def test_other_codecs_become_constant_rate_h264_with_a_keyframe_each_second(tmp_path):
    source = clips.write(
        tmp_path / "cam.avi", codec="mpeg4", width=1200, height=800, frames=25, gop=25
    )
    assert video.make_preview(source, tmp_path / "p.mp4") is False
    info = video.probe(tmp_path / "p.mp4")
    assert (info.codec, info.width, info.height, info.fps) == ("h264", 810, 540, 10)
    import av

    with av.open(str(tmp_path / "p.mp4")) as file:
        packets = [p for p in file.demux(video=0) if p.size]
        keys = [float((p.pts or 0) * p.time_base) for p in packets if p.is_keyframe]
    assert keys == pytest.approx([0, 1, 2])


def test_transcoded_preview_shows_each_moment_where_it_was(tmp_path):
    times = [0, 0.1, 0.2, 1.4, 1.5, 3.0]
    source = clips.write(tmp_path / "vfr.mp4", frames=6, times=times, rotation=-90)
    assert video.make_preview(source, tmp_path / "p.mp4", transcode=True) is False
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
        video.make_preview(clip, tmp_path / "p.mp4", progress=stop)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "frames", "seconds"), [("parking_us_432p", 377, 30.16), ("toll_vn_720p", 339, 18.74)]
)
def test_real_clips_are_whole_and_sampled_by_time(shared, name, frames, seconds):
    path = shared / "video" / f"{name}.mp4"
    report = DecodeReport()
    taken = [f.seconds for f in video.select(video.decode(path, report=report), Selection())]
    assert report.complete and report.decoded == frames
    assert video.probe(path).duration == pytest.approx(seconds, abs=0.01)
    assert len(taken) == int(seconds) + 1
    assert all(0 <= moment - k + video.TICK < 0.1 for k, moment in enumerate(taken))


def test_transcoded_preview_keeps_the_brightness(shared, tmp_path):
    path = shared / "video" / "toll_vn_720p.mp4"  # full-range colours
    source = next(video.decode(path)).bgr()
    video.make_preview(path, tmp_path / "p.mp4", transcode=True)
    shown = next(video.decode(tmp_path / "p.mp4")).bgr()
    assert np.abs(source.mean((0, 1)) - shown.mean((0, 1))).max() < 3
