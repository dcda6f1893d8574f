"""Videos by content and by time stamp."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import av
import cv2
import numpy as np
import pytest

from annotations import errors
from annotations.vision import crops, streams, video
from annotations.vision.preview import make_preview
from annotations.vision.selection import TICK
from annotations.vision.video import DecodeReport
from tests.annotations.vision import clips


@pytest.fixture(scope="module")
def clip(tmp_path_factory) -> Path:
    """40 frames at 10 a second, a keyframe each second, B-frames."""
    path: Path = clips.write(tmp_path_factory.mktemp("clips") / "clip.mp4", b_frames=2)
    return path


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
    first = next(f.index for f in video.decode(path) if f.seconds >= start - TICK)
    assert late == whole[first:] != []


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".ts"])
@pytest.mark.parametrize(
    ("b_frames", "gop", "codec"), [(0, 4, "libx264"), (3, 5, "libx264"), (2, 6, "libx265")]
)
@pytest.mark.parametrize(
    "stretches",
    [
        [(0.0, 0.3), (3.1, None)],
        [(0.55, 0.6), (0.7, 0.8), (2.4, 2.7)],
        [(1.0, 1.05), (1.1, 1.2), (3.9, 4.0)],
        [(0.0, 0.05), (0.9, 1.0), (1.9, 2.0), (2.9, 3.0)],
    ],
)
def test_stretches_give_the_same_frames_as_the_whole(
    tmp_path, suffix, b_frames, gop, codec, stretches
):
    path = clips.write(tmp_path / f"c{suffix}", b_frames=b_frames, gop=gop, codec=codec)

    def facts(frame):
        return frame.pts, frame.index, frame.previous_seconds, clips.bar_of(frame.bgr())

    def inside(frame):
        return any(
            begin - TICK <= frame.seconds and (end is None or frame.seconds < end - TICK)
            for begin, end in stretches
        )

    report = DecodeReport()
    found = [facts(frame) for frame in video.decode(path, stretches=stretches, report=report)]
    assert found == [facts(frame) for frame in video.decode(path) if inside(frame)] != []
    assert (report.errors, report.corrupt) == (0, 0)


def test_what_lies_between_stretches_is_not_decoded(tmp_path, monkeypatch):
    path, given = clips.write(tmp_path / "c.mp4", gop=5), []
    decode_packet = streams._decode_packet

    def counted(stream, packet, report):
        given.append(packet)
        return decode_packet(stream, packet, report)

    monkeypatch.setattr(streams, "_decode_packet", counted)
    stretches = [(0.0, 0.1), (3.0, 3.1)]
    assert [f.index for f in video.decode(path, stretches=stretches)] == [0, 30]
    assert len(given) < 26


def test_end_is_not_included(clip):
    assert [f.index for f in video.decode(clip, start=1.0, end=1.3)] == [10, 11, 12]


def test_times_start_at_zero_though_the_stream_does_not(tmp_path):
    path = clips.write(tmp_path / "late.ts", start=7.5)
    info = video.probe(path)
    assert info.start_pts > 0
    frames = list(video.decode(path))
    assert frames[0].seconds == 0 and frames[-1].seconds == pytest.approx(3.9)
    assert info.seconds(frames[-1].pts) == frames[-1].seconds


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
    assert make_preview(source, path).copied  # its index comes first
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


def test_thumbnail_is_a_small_upright_jpeg(tmp_path):
    path = clips.write(tmp_path / "phone.mp4", rotation=-90)
    assert crops.picture_size(video.thumbnail(path, width=48)) == (48, 80)


@pytest.mark.parametrize(
    ("name", "frames", "seconds"), [("parking_us_432p", 377, 30.16), ("toll_vn_720p", 339, 18.74)]
)
def test_real_clips_are_whole_and_sampled_by_time(shared, name, frames, seconds):
    path = shared / "video" / f"{name}.mp4"
    report = DecodeReport()
    taken = [f.seconds for f in video.select(video.decode(path, report=report), video.Selection())]
    assert report.complete and report.decoded == frames
    assert video.probe(path).duration == pytest.approx(seconds, abs=0.01)
    assert len(taken) == int(seconds) + 1
    assert all(0 <= moment - k + TICK < 0.1 for k, moment in enumerate(taken))


# --- the table of files that came out of real cameras


def decoded(path: Path) -> tuple[list[int], DecodeReport]:
    report = DecodeReport()
    return [clips.bar_of(frame.bgr()) for frame in video.decode(path, report=report)], report


@pytest.mark.parametrize(
    ("suffix", "given"),
    [
        (".mp4", {"codec": "libx265"}),
        (".mp4", {"codec": "libx265", "pixel_format": "yuv420p10le"}),
        (".mkv", {"codec": "libx265"}),
        (".avi", {"codec": "mjpeg", "pixel_format": "yuvj420p"}),
        (".avi", {"codec": "mpeg4"}),
        (".mp4", {"gop": 250, "b_frames": 3}),
        (".ts", {"b_frames": 3}),
        (".mkv", {"codec": "libvpx-vp9"}),
        (".mov", {}),
    ],
)
def test_codecs_and_containers_of_cameras_are_read_whole(tmp_path, suffix, given):
    path = clips.write(tmp_path / f"cam{suffix}", **given)
    numbers, report = decoded(path)
    assert numbers == list(range(40)) and report.complete
    info = video.probe(path)
    assert info.damage()["complete"] is True and info.scan.packets == 40
    assert info.duration == pytest.approx(4.0, abs=0.15)


def test_file_cut_at_a_fifth_is_known_before_anybody_decodes_it(tmp_path):
    source = clips.write(tmp_path / "source.mp4", gop=5)
    path = tmp_path / "cut.mp4"
    make_preview(source, path)
    clips.cut(path, 0.6)
    found = video.probe(path).damage()
    assert found["expected"] == 40 and 0 < found["packets"] < 35
    assert found["missing"] == 40 - found["packets"] and found["complete"] is False
    numbers, report = decoded(path)
    assert numbers == list(range(len(numbers))) and len(numbers) >= found["packets"] - 1
    assert report.missing == 40 - len(numbers) and not report.complete


@pytest.mark.parametrize("suffix", [".ts", ".mkv"])
def test_recording_that_broke_off_is_read_to_its_end(tmp_path, suffix):
    path = clips.cut(clips.write(tmp_path / f"cut{suffix}"), 0.6)
    numbers, _ = decoded(path)
    assert 10 < len(numbers) < 40 and numbers[:10] == list(range(10))
    assert video.probe(path).width == 160


def test_changed_bytes_are_counted_and_the_rest_is_read(tmp_path):
    path = clips.scatter(clips.write(tmp_path / "bad.mp4", gop=5), count=60)
    numbers, report = decoded(path)
    assert report.finished and len(numbers) > 20
    assert report.corrupt + report.errors > 0 and not report.complete


def test_a_zeroed_part_loses_no_more_than_itself(tmp_path):
    path = clips.damage(clips.write(tmp_path / "bad.mp4", gop=5), start=0.4, end=0.5)
    numbers, report = decoded(path)
    assert numbers[-5:] == [35, 36, 37, 38, 39] and numbers[:10] == list(range(10))
    assert report.errors + report.corrupt > 0 and not report.complete


def test_hole_in_the_times_is_told(tmp_path):
    times = [k / 10 for k in range(20)] + [4.1 + k / 10 for k in range(10)]
    path = clips.write(tmp_path / "vfr.mp4", frames=30, times=times)
    scan = video.probe(path).scan
    assert scan.holes == 1 and scan.hole_seconds == pytest.approx(2.1, abs=0.01)
    uneven = [k / 10 + (k % 3) * 0.03 for k in range(30)]
    path = clips.write(tmp_path / "uneven.mp4", frames=30, times=uneven)
    assert video.probe(path).scan.varies
    assert not video.probe(clips.write(tmp_path / "even.mkv", b_frames=2)).scan.varies


def test_packets_without_times_are_shown_one_after_the_other(tmp_path):
    """AVI stores no times of showing; the rate gives them."""
    path = clips.write(tmp_path / "cam.avi", codec="mpeg4", b_frames=0)
    assert video.probe(path).scan.untimed in (0, 40)
    seconds = [frame.seconds for frame in video.decode(path)]
    assert seconds == pytest.approx([k / 10 for k in range(40)], abs=0.001)


def test_a_limit_of_memory_is_no_damage() -> None:
    def no_memory(_packet: object) -> None:
        raise MemoryError

    stream = cast(Any, SimpleNamespace(codec_context=SimpleNamespace(decode=no_memory)))
    with pytest.raises(MemoryError):
        streams._decode_packet(stream, None, DecodeReport())


def test_dhash_of_a_turned_video_is_that_of_what_people_see(tmp_path):
    turned = next(video.decode(clips.write(tmp_path / "t.mp4", frames=1, rotation=-90)))
    wanted = int(crops.dhash(turned.bgr()), 16)
    assert (turned.dhash() ^ wanted).bit_count() <= 6


def frame_at(pts: int | None) -> Any:
    return cast(Any, SimpleNamespace(pts=pts))


@pytest.mark.parametrize(
    ("times", "kept"),
    [
        ([0, 1, 2, 3], [0, 1, 2, 3]),
        ([0, 1, None, 3], [0, 1, 2, 3]),
        ([0, 2, 1, 3], [0, 2, 3]),  # the later one goes
        ([0, 1, 900, 3, 4], [0, 1, 3, 4]),  # unless the one before had leapt
        ([900, 1, 2], [1, 2]),
        ([0, 1, 5, 5, 6], [0, 1, 5, 6]),
        ([0, 1, 900, 901], [0, 1, 900, 901]),  # a hole
        ([], []),
    ],
)
def test_one_damaged_time_costs_one_frame(times, kept):
    report = DecodeReport()
    rising = video._rising([frame_at(pts) for pts in times], 0, 1, report)
    assert [pts for _, pts in rising] == kept
    assert report.errors == len(times) - len(kept)


def test_sound_that_begins_later_than_the_picture_is_passed_over(tmp_path):
    silent = clips.write(tmp_path / "silent.ts", frames=300, container="mpegts")
    loud = tmp_path / "loud.ts"
    with av.open(str(loud), "w", format="mpegts") as out:
        stream, sound = out.add_stream("libx264", rate=10), out.add_stream("aac", rate=8000)
        stream.width, stream.height, stream.pix_fmt = clips.WIDTH, clips.HEIGHT, "yuv420p"
        for k in range(300, 320):
            frame = av.VideoFrame.from_ndarray(clips.picture(k), format="bgr24")
            frame.pts, frame.time_base = k, Fraction(1, 10)
            out.mux(stream.encode(frame.reformat(format="yuv420p")))
            samples = np.zeros((1, 800), np.float32)
            heard = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            heard.sample_rate, heard.pts, heard.time_base = 8000, k * 800, Fraction(1, 8000)
            out.mux(sound.encode(heard))
        out.mux(stream.encode(None))
        out.mux(sound.encode(None))
    both = tmp_path / "both.ts"
    both.write_bytes(silent.read_bytes() + loud.read_bytes())
    assert video.probe(both).scan.packets == 320
    assert sum(1 for _ in video.decode(both)) == 320


def test_stream_with_a_hole_is_not_complete(tmp_path):
    data = bytearray(clips.write(tmp_path / "a.ts", frames=200, container="mpegts").read_bytes())
    third = len(data) // 3
    del data[third : third + len(data) // 4]
    holed = tmp_path / "holed.ts"
    holed.write_bytes(data)
    report = DecodeReport()
    found = sum(1 for _ in video.decode(holed, report=report))
    assert 100 < found < 160 and report.errors and not report.complete
    damage = video.probe(holed).damage()
    assert (damage["complete"], damage["holes"]) == (False, 1)


def test_stream_that_begins_with_a_message_is_known_as_raw(tmp_path):
    raw = tmp_path / "raw.mp4"
    raw.write_bytes(b"\0\0\1\x06\x05\xff" + bytes(range(64)))
    with pytest.raises(errors.RawVideoStream):
        video.probe(raw)


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", [1, 6])  # BT.709, BT.601
def test_colours_are_those_the_stream_says(tmp_path, matrix, full):
    red, green, blue = (0.2126, 0.7152, 0.0722) if matrix == 1 else (0.299, 0.587, 0.114)
    wanted = np.array([30.0, 180.0, 220.0])  # BGR
    bright = float(wanted @ [blue, green, red])
    planes = [
        bright,
        (wanted[0] - bright) / (2 - 2 * blue),
        (wanted[2] - bright) / (2 - 2 * red),
    ]
    if not full:
        planes = [16 + planes[0] * 219 / 255, planes[1] * 224 / 255, planes[2] * 224 / 255]
    values = [round(planes[0]), round(planes[1] + 128), round(planes[2] + 128)]
    path = tmp_path / "colour.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.options = {"crf": "4"}
        stream.codec_context.colorspace = matrix
        stream.codec_context.color_range = 2 if full else 1
        frame = av.VideoFrame(64, 64, "yuv420p")
        for plane, value in zip(frame.planes, values, strict=True):
            plane.update(bytes([value]) * plane.buffer_size)
        frame.color_range = 2 if full else 1
        frame.pts, frame.time_base = 0, Fraction(1, 10)
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    shown = next(video.decode(path)).bgr()[32, 32].astype(float)
    assert np.abs(shown - wanted).max() <= 3
