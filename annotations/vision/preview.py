"""A copy of a video that browsers play and seek in.

Second 0 of the copy is second 0 of the video, the time of its first frame, whatever stamp that
has in the file; so a time on the page is the same time in the original. A copy without loss
keeps the time of every frame; one that is encoded again shows at each moment, to half of its
own frame, what the original showed, also where that one's rate varied.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from annotations.vision.streams import (
    DecodeReport,
    mean_fps,
    opened,
    read_packets,
    start_pts,
    time_base,
    with_decoding_times,
)
from annotations.vision.video import Decoded, VideoInfo, decode, probe

HEIGHT = 540
FPS = 30
KEYS_APART = 10.0
"""Seconds between keyframes; with more, seeking in a copy of the stream would be slow."""
CONTAINERS = ("mov,mp4", "matroska", "mpegts")
"""Beginnings of the names of containers whose times can be trusted as they are."""

Progress = Callable[[float], None]
Look = Callable[[Decoded], object]


@dataclass(frozen=True)
class Made:
    """What kind of copy came out."""

    copied: bool
    """Whether it is the stream itself, without loss."""
    suffix: str
    """Of the file's name: ``.mp4``, or ``.webm`` where there is no H.264 encoder."""


def make_preview(
    source: Path,
    target: Path,
    *,
    progress: Progress | None = None,
    transcode: bool = False,
    look: Look | None = None,
    report: DecodeReport | None = None,
) -> Made:
    """Write a copy that browsers play and seek in.

    8-bit 4:2:0 H.264 with a keyframe at least each ten seconds is repacked into MP4, its index
    first. Anything else (or with ``transcode``, for damaged files) becomes at most 540p of
    constant rate with a keyframe each second: H.264, or VP9 where that cannot be had.
    ``progress`` gets the seconds done and may raise to stop; ``look`` gets every frame if they
    are decoded, and ``report`` is filled then. ``target`` appears only when it is complete.
    """
    info = probe(source)
    told = progress or (lambda _seconds: None)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        made = Made(copied=True, suffix=".mp4")
        if transcode or not repackable(info) or not _repack(source, part, told):
            made = Made(copied=False, suffix=_transcode(source, part, info, told, look, report))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return made


def repackable(info: VideoInfo) -> bool:
    """Whether browsers play the stream as it is, once it lies in an MP4."""
    apart = info.scan.last_seconds if info.scan.key_distance is None else info.scan.key_distance
    return (
        info.codec == "h264"
        and info.pixel_format in ("yuv420p", "yuvj420p")
        and info.container.startswith(CONTAINERS)
        and apart <= KEYS_APART
        and not (info.scan.untimed or info.scan.errors)
    )


def _repack(source: Path, part: Path, progress: Progress) -> bool:
    """Copy the packets into an MP4; False where their times do not fit into one."""
    report = DecodeReport()
    try:
        with (
            opened(source) as (container, stream),
            av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as out,
        ):
            copy = out.add_stream_from_template(stream)
            first, base, told = start_pts(stream), time_base(stream), -1
            step = max(1, round(1 / ((mean_fps(stream) or 25.0) * base)))
            for packet in with_decoding_times(read_packets(container, stream, report), step):
                if packet.pts is None or packet.dts is None:
                    return False
                packet.pts, packet.dts = packet.pts - first, packet.dts - first
                seconds = float(packet.pts * base)
                packet.stream = copy
                out.mux(packet)
                if int(seconds) > told:
                    told = int(seconds)
                    progress(seconds)
    except av.FFmpegError:
        return False
    return True


def _transcode(
    source: Path,
    part: Path,
    info: VideoInfo,
    progress: Progress,
    look: Look | None,
    report: DecodeReport | None,
) -> str:
    """Encode again; returns the suffix of what was written."""
    kind = _encoder()
    rate = _preview_rate(info.fps or 25.0)
    shrink = min(1.0, HEIGHT / info.height)
    size = (_even(info.width * shrink), _even(info.height * shrink))
    with av.open(str(part), "w", format=kind.container, options=kind.muxing) as out:
        stream = cast(VideoStream, out.add_stream(kind.codec, rate=rate))
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = 1 / rate
        stream.codec_context.gop_size = max(1, round(rate))
        stream.options = dict(kind.options)
        told = -1
        frames = _looked_at(decode(source, report=report), look)
        for tick, frame in _constant_rate(frames, rate, size):
            frame.pts, frame.time_base = tick, 1 / rate
            out.mux(stream.encode(frame))
            if int(tick / rate) > told:
                told = int(tick / rate)
                progress(float(tick / rate))
        out.mux(stream.encode(None))
    return kind.suffix


@dataclass(frozen=True)
class _Encoder:
    codec: str
    container: str
    suffix: str
    options: dict[str, str]
    muxing: dict[str, str]


_H264 = _Encoder(
    "libx264", "mp4", ".mp4", {"preset": "veryfast", "crf": "26"}, {"movflags": "+faststart"}
)
_VP9 = _Encoder(
    "libvpx-vp9",
    "webm",
    ".webm",
    {"deadline": "realtime", "cpu-used": "7", "crf": "34", "b": "0", "row-mt": "1"},
    {"cues_to_front": "1"},
)


def _encoder() -> _Encoder:
    return _H264 if _H264.codec in av.codecs_available else _VP9


def _looked_at(frames: Iterable[Decoded], look: Look | None) -> Iterator[Decoded]:
    for frame in frames:
        if look:
            look(frame)
        yield frame


def _preview_rate(fps: float) -> Fraction:
    """Frames a second of a preview. A low mean, of a rate that varies, is multiplied up to 10."""
    rate = Fraction(min(fps, FPS)).limit_denominator(1001) or Fraction(1, 1001)
    return rate * math.ceil(10 / rate)


def _constant_rate(
    decoded: Iterable[Decoded], rate: Fraction, size: tuple[int, int]
) -> Iterator[tuple[int, VideoFrame]]:
    """(tick, frame) for every tick 0, 1, ... of ``rate``: each frame holds until the next."""
    held: VideoFrame | None = None
    tick = 0
    for frame in decoded:
        place = math.floor(frame.seconds * rate + 0.5)
        while held is not None and tick < place:
            yield tick, held
            tick += 1
        if place >= tick or held is None:
            held = frame.resized_yuv(size)
            held.pict_type = 0  # the source's keyframes are not the preview's
    if held is not None:
        yield tick, held


def _even(length: float) -> int:
    return max(2, round(length / 2) * 2)
