"""Rules for taking frames: by time, by number, by what is seen."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame
from hypothesis import example, given
from hypothesis import strategies as st

from annotations import errors
from annotations.vision import video
from annotations.vision.activity import ROW, Track
from annotations.vision.selection import TICK, Chooser, Selection, choose, thinned
from annotations.vision.video import Decoded
from tests.annotations.vision import clips


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """40 frames at 10 a second, a keyframe each second, B-frames."""
    path: Path = clips.write(tmp_path_factory.mktemp("clips") / "clip.mp4", b_frames=2)
    return path


def chosen(path: Path, selection: Selection, start: float = 0.0) -> list[int]:
    return [frame.pts for frame in video.select(video.decode(path, start=start), selection)]


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
    rest = [pts for pts in whole if info.seconds(pts) >= resume - TICK]
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


@pytest.mark.parametrize(
    "wrong",
    [
        {"motion": 0.0},
        {"motion": 1.5},
        {"motion": float("nan")},
        {"near_duplicates": -1},
        {"near_duplicates": 65},
        {"cap": 0},
    ],
)
def test_senseless_filter_is_refused(wrong):
    with pytest.raises(errors.FilterWrong):
        Selection(**wrong)


def track_of(motion: list[float], dhash: list[int], *, fps: int = 10) -> Track:
    rows = np.zeros(len(motion), ROW)
    rows["pts"] = rows["index"] = np.arange(len(motion))
    rows["motion"], rows["dhash"] = motion, dhash
    return Track(rows, Fraction(1, fps), 0, len(motion) / fps)


def test_each_second_gives_its_first_moving_frame():
    moving = [0.0] * 40
    moving[13:16] = [0.3] * 3
    moving[25] = 0.3
    taken = track_of(moving, [0] * 40).chosen(Selection(fps=1, motion=0.1))
    assert taken["pts"].tolist() == [13, 25]


def test_frame_like_the_last_one_taken_is_left_out():
    shown = [0b0] * 10 + [0b11] * 10 + [0b111] * 10 + [0b1] * 10
    taken = track_of([0.0] * 40, shown).chosen(Selection(fps=10, near_duplicates=1))
    assert taken["pts"].tolist() == [0, 10]


def test_cap_thins_evenly_and_keeps_both_ends():
    track = track_of([0.0] * 100, list(range(100)))
    taken = track.chosen(Selection(every=1, cap=5))
    assert taken["pts"].tolist() == [0, 25, 50, 74, 99]
    assert len(track.chosen(Selection(every=1, cap=1000))) == 100
    assert thinned(np.arange(7), 1).tolist() == [0]


def test_nothing_inside_the_range_is_nothing_taken():
    track = track_of([0.0] * 10, [0] * 10)
    assert len(track.chosen(Selection(start=50, end=60, motion=0.1, near_duplicates=3))) == 0


@example([(1, 0.9139525294303894, 0)], {"fps": 1.0}, 0.9139525382651201, None, 0.0)
@given(
    st.lists(
        st.tuples(st.integers(1, 900), st.floats(0, 1, width=32), st.integers(0, 15)), max_size=60
    ),
    st.one_of(
        st.floats(0.1, 30).map(lambda fps: {"fps": fps}),
        st.integers(1, 9).map(lambda n: {"every": n}),
    ),
    st.one_of(st.none(), st.floats(0.001, 1)),
    st.one_of(st.none(), st.integers(0, 4)),
    st.floats(0, 9),
)
def test_choosing_afterwards_is_choosing_while_decoding(frames, rhythm, motion, bits, start):
    rule = Selection(**rhythm, motion=motion, near_duplicates=bits, start=start, end=start + 20)
    seconds = [ms / 1000 for ms in itertools.accumulate(f[0] for f in frames)]
    stamps = [stamp(k, seconds) for k in range(len(frames))]
    chooser = Chooser(rule)
    live = [
        s.index
        for s, (_, moves, shown) in zip(stamps, frames, strict=True)
        if rule.start - TICK <= s.seconds < start + 20 - TICK
        and chooser.takes(s, motion=moves, dhash=shown)
    ]
    later = choose(
        rule,
        seconds=np.array(seconds),
        index=np.arange(len(frames)),
        motion=np.array([f[1] for f in frames], np.float32),
        dhash=np.array([f[2] for f in frames], np.uint64),
    )
    assert later.tolist() == live
