"""What moves: vehicles do; noise, clocks and the light do not."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from annotations.vision import video
from annotations.vision.activity import MOVES, ROW, Meter, Track, idle_between, mask_of
from tests.annotations.vision import clips

CORNER = [[[0.0, 0.0], [0.4, 0.0], [0.4, 0.15], [0.0, 0.15]]]


def measured(path: Path, ignore=()) -> Track:
    info, meter = video.probe(path), Meter(ignore)
    rows = np.array([meter.measure(frame) for frame in video.decode(path)], ROW)
    return Track(rows, info.time_base, info.start_pts, info.duration or 0.0, ignore)


def test_passing_car_is_what_moves(tmp_path):
    track = measured(clips.street(tmp_path / "s.mp4", cars=[(5, 8), (14, 15.5)]))
    (first, second) = track.moving()
    assert first == pytest.approx((4.2, 9.8), abs=0.7)
    assert second == pytest.approx((13.2, 17.3), abs=0.7)
    assert track.idle() == [(0.0, first[0]), (first[1], second[0])]
    crossing = (track.seconds >= 5.5) & (track.seconds < 7.5)
    assert (track.rows["motion"][crossing] > MOVES).all()


@pytest.mark.parametrize("noise", [0.0, 4.0, 12.0])
def test_noise_is_no_movement(tmp_path, noise):
    track = measured(clips.street(tmp_path / "s.mp4", cars=[], noise=noise, seconds=8))
    assert track.moving() == [] and track.idle() == [(0.0, 8.0)]


def test_running_clock_is_no_movement(tmp_path):
    path = clips.street(tmp_path / "s.mp4", cars=[(20, 23)], clock=True, seconds=26)
    masked = measured(path, CORNER)
    assert masked.rows["motion"][masked.seconds < 19].max() == 0
    assert [round(begin) for begin, _ in masked.moving()] == [19]


@pytest.mark.parametrize(
    "light",
    [
        lambda t: 1.0 + 0.4 * np.sin(t / 3),  # clouds
        lambda t: 1.0 if t < 5 else 0.55,  # a lamp goes out
        lambda t: 0.6 if t < 5 else 1.2,  # the camera adapts at once
    ],
)
def test_changing_light_is_no_movement(tmp_path, light):
    track = measured(clips.street(tmp_path / "s.mp4", cars=[], light=light, seconds=10))
    assert track.moving() == []


def test_car_is_seen_in_changing_light_and_noise(tmp_path):
    path = clips.street(
        tmp_path / "s.mp4", cars=[(6, 9)], noise=8.0, light=lambda t: 1.0 + 0.3 * np.sin(t / 2)
    )
    assert [round(begin) for begin, _ in measured(path).moving()] == [5]


def test_figure_is_the_side_of_what_moves(tmp_path):
    small = measured(clips.street(tmp_path / "s.mp4", car=24, seconds=10, cars=[(3, 7)]))
    large = measured(clips.street(tmp_path / "l.mp4", car=96, seconds=10, cars=[(3, 7)]))
    # Where it was a second ago counts too: two places of car x car/2 pixels of 320x180.
    assert small.rows["motion"].max() == pytest.approx((24 * 12 * 2 / 57600) ** 0.5, rel=0.35)
    assert large.rows["motion"].max() == pytest.approx((96 * 48 * 2 / 57600) ** 0.5, rel=0.35)


def test_ignored_areas_cover_every_cell_they_touch():
    looked = mask_of(CORNER, (10, 20))
    assert not looked[:3, :4].any() and looked[5:, :].all() and looked[:, 6:].all()
    assert mask_of([], (10, 20)).all() and mask_of([[[0, 0], [1, 1]]], (10, 20)).all()


def test_track_is_read_back_as_it_was(tmp_path):
    track = measured(clips.write(tmp_path / "c.ts", start=7.5), CORNER)
    again = Track.from_bytes(track.as_bytes())
    assert again is not None and (again.rows == track.rows).all()
    assert (again.ignore, again.time_base, again.start_pts, again.duration) == (
        CORNER,
        track.time_base,
        track.start_pts,
        track.duration,
    )
    empty = Track(np.zeros(0, ROW), Fraction(1, 10), 0, 0.0)
    assert Track.from_bytes(empty.as_bytes()) is not None


def test_times_are_those_of_the_frames(tmp_path):
    path = clips.write(tmp_path / "c.ts", start=7.5)
    assert measured(path).seconds.tolist() == [frame.seconds for frame in video.decode(path)]


def test_bins_tell_the_most_of_each_part_and_what_is_not_known():
    rows = np.zeros(20, ROW)
    rows["pts"], rows["motion"] = [*range(10), *range(30, 40)], np.linspace(0, 0.19, 20)
    track = Track(rows, Fraction(1, 10), 0, 4.0)
    assert track.bins(4) == [pytest.approx(0.09), None, None, pytest.approx(0.19)]
    assert Track(rows[:0], Fraction(1, 10), 0, 0.0).bins(2) == [None, None]


def test_short_pauses_are_not_idle():
    assert idle_between([(2.0, 5.0), (9.0, 10.0)], 0.0, 20.0) == [(5.0, 9.0), (10.0, 20.0)]
    assert idle_between([(1.0, 5.0)], 6.0, 20.0) == [(6.0, 20.0)]
    assert idle_between([], 0.0, 2.0) == []


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv444p", "yuv420p10le", "yuv422p"])
def test_every_format_is_measured_alike(tmp_path, pixel_format):
    plain = measured(clips.write(tmp_path / "plain.mp4"))
    other = measured(clips.write(tmp_path / "other.mp4", pixel_format=pixel_format))
    assert np.abs(plain.rows["motion"] - other.rows["motion"]).max() < 0.08
    hashes = zip(plain.rows["dhash"].tolist(), other.rows["dhash"].tolist(), strict=True)
    assert max((a ^ b).bit_count() for a, b in hashes) <= 12


@pytest.mark.parametrize("name", ["parking_us_432p", "toll_vn_720p"])
def test_real_traffic_moves(shared, name):
    track = measured(shared / "video" / f"{name}.mp4")
    assert (track.rows["motion"] >= MOVES).mean() > 0.6


def test_broken_frames_holes_and_a_missing_end_are_damage():
    ticks = [t for t in range(100) if not 50 < t < 70]
    rows = np.array([(t, n, 0.0, 0, t in (20, 21)) for n, t in enumerate(ticks)], ROW)
    found = Track(rows, Fraction(1, 10), 0, 20.0).damaged()
    assert [tuple(round(x, 3) for x in one) for one in found] == [(2.0, 2.1), (5.0, 7.0), (9.9, 20)]
    assert Track(rows[:10], Fraction(1, 10), 0, 1.0).damaged() == []
    assert Track(rows[:0], Fraction(1, 10), 0, 3.0).damaged() == [(0.0, 3.0)]
