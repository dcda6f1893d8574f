"""Small clips for tests, written with PyAV, and ways to damage them.

Frame k shows a white bar whose left edge tells k, on a grey slope; top left is dark red,
so that a turned picture is seen to be turned.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from av.video.stream import VideoStream

WIDTH, HEIGHT = 160, 96
BAR = 8


def picture(k: int, *, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Frame k as BGR."""
    slope = np.linspace(40, 120, width).astype(np.uint8)
    frame = np.repeat(np.tile(slope, (height, 1))[:, :, None], 3, axis=2)
    left = (k * 3) % (width - BAR)
    frame[height // 2 :, left : left + BAR] = 235
    frame[: height // 4, : width // 4] = (0, 0, 130)
    return frame


def bar_of(bgr: np.ndarray) -> int:
    """Left edge of the bar / 3: k as long as the clip has under 50 frames."""
    row = bgr[-5].mean(axis=1) > 180
    return round(int(np.argmax(row)) / 3)


def write(
    path: Path,
    *,
    frames: int = 40,
    fps: int = 10,
    codec: str = "libx264",
    gop: int = 10,
    times: Sequence[float] | None = None,
    rotation: int | None = None,
    start: float = 0.0,
    b_frames: int = 0,
    width: int = WIDTH,
    height: int = HEIGHT,
    pixel_format: str = "yuv420p",
    container: str | None = None,
) -> Path:
    """A clip of constant rate, or with frame k at ``times[k]`` seconds.

    ``rotation`` is libav's display angle (counter-clockwise), ``start`` the first time stamp.
    """
    fine = times is not None or start
    base = Fraction(1, 1000) if fine else Fraction(1, fps)
    with av.open(str(path), "w", format=container) as out:
        stream = cast(VideoStream, out.add_stream(codec, rate=fps))
        stream.width, stream.height, stream.pix_fmt = width, height, pixel_format
        stream.codec_context.time_base = base
        stream.codec_context.gop_size = gop
        stream.codec_context.max_b_frames = b_frames
        if codec == "libx264":
            stream.options = {"sc_threshold": "0", "crf": "16", "threads": "1"}
        if rotation is not None:
            stream.set_display_rotation(rotation)
        for k in range(frames):
            frame = av.VideoFrame.from_ndarray(
                picture(k, width=width, height=height), format="bgr24"
            ).reformat(format=pixel_format)
            seconds = (times[k] if times else k / fps) + start
            frame.pts, frame.time_base = round(seconds / base), base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def street(
    path: Path,
    *,
    seconds: float = 20.0,
    fps: int = 10,
    cars: Sequence[tuple[float, float]] = ((5.0, 8.0),),
    car: int = 40,
    noise: float = 3.0,
    clock: bool = False,
    light: Callable[[float], float] = lambda _t: 1.0,
    gop: int = 10,
    container: str | None = None,
) -> Path:
    """A still street of 320x180 with a car ``car`` pixels wide crossing during each of ``cars``.

    ``noise`` is the sensor's in grey levels, ``clock`` burns running digits into the top left,
    ``light`` multiplies everything by its value at a time.
    """
    rng = np.random.default_rng(5)
    place = cv2.resize(rng.integers(60, 160, (18, 32), np.uint8), (320, 180)).astype(np.float32)
    with av.open(str(path), "w", format=container) as out:
        stream = out.add_stream("libx264", rate=fps)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.codec_context.time_base = Fraction(1, fps)
        stream.codec_context.gop_size = gop
        stream.options = {"crf": "20", "preset": "veryfast", "threads": "1", "sc_threshold": "0"}
        for k in range(round(seconds * fps)):
            t = k / fps
            grey = place.copy()
            for begin, end in cars:
                if begin <= t < end:
                    left = round((t - begin) / (end - begin) * (320 + car)) - car
                    grey[100 : 100 + car // 2, max(0, left) : max(0, left + car)] = 220
            grey = grey * light(t) + rng.normal(0, noise, grey.shape)
            picture = np.clip(grey, 0, 255).astype(np.uint8)
            if clock:
                picture[:20, :110] = 0
                cv2.putText(picture, f"12:00:{k // fps % 60:02d}", (2, 16), 0, 0.6, 255, 2)
            frame = av.VideoFrame.from_ndarray(picture, format="gray").reformat(format="yuv420p")
            frame.pts, frame.time_base = k, Fraction(1, fps)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def heavy(path: Path, *, frames: int = 150) -> Path:
    """The same frame of 3840x2160 over and over: soon written, long decoded."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mjpeg", rate=10)
        stream.width, stream.height, stream.pix_fmt = 3840, 2160, "yuvj420p"
        shown = picture(0, width=3840, height=2160)
        frame = av.VideoFrame.from_ndarray(shown, format="bgr24").reformat(format="yuvj420p")
        data = b"".join(bytes(packet) for packet in stream.encode(frame))
        for k in range(frames):
            packet = av.Packet(data)
            packet.stream, packet.pts, packet.dts, packet.is_keyframe = stream, k, k, True
            packet.time_base = Fraction(1, 10)
            out.mux(packet)
    return path


def scatter(path: Path, *, count: int = 200, seed: int = 1) -> Path:
    """Change random bytes of the media data."""
    data = bytearray(path.read_bytes())
    at = data.index(b"mdat") + 4
    length = struct.unpack(">I", data[at - 8 : at - 4])[0] - 8
    rng = np.random.default_rng(seed)
    for place in rng.integers(at + 2000, at + length, count):
        data[place] = int(rng.integers(256))
    path.write_bytes(data)
    return path


def write_sound(path: Path) -> Path:
    """A file with sound and no picture."""
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("aac", rate=8000)
        for k in range(8):
            samples = np.zeros((1, 1024), np.float32)
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = 8000, k * 1024, Fraction(1, 8000)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def cut(path: Path, part: float) -> Path:
    """Keep the first part (0..1) of the file."""
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * part)])
    return path


def damage(path: Path, *, start: float, end: float) -> Path:
    """Zero a stretch of the media data (0..1 of it), leaving the index whole."""
    data = bytearray(path.read_bytes())
    at = data.index(b"mdat") + 4
    length = struct.unpack(">I", data[at - 8 : at - 4])[0] - 8
    first, last = at + int(length * start), at + int(length * end)
    data[first:last] = bytes(last - first)
    path.write_bytes(data)
    return path
