"""A video without its idle stretches, and the way back to the times of the recording.

Where the stream allows, whole groups of pictures are copied: nothing is lost, an hour takes
seconds, and plates stay as sharp as they were. A cut can then only begin at a keyframe, so up to
one keyframe distance more is kept before a movement and after it. Otherwise (no sane times,
keyframes far apart) the frames are encoded again, at full size and nearly without loss.
"""

from __future__ import annotations

import os
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.frame import PictureType
from av.video.stream import VideoStream

from annotations import errors
from annotations.vision.preview import CONTAINERS, KEYS_APART, Progress
from annotations.vision.selection import TICK
from annotations.vision.streams import (
    DecodeReport,
    mean_fps,
    opened,
    read_packets,
    start_pts,
    time_base,
    with_decoding_times,
)
from annotations.vision.video import VideoInfo, decode, probe

CODECS = frozenset({"h264", "hevc", "mpeg4", "av1", "vp9"})
"""What is copied: what an MP4 holds and players know."""

Span = tuple[float, float]


@dataclass
class Condensed:
    """What came out."""

    copied: bool
    seconds: float = 0.0
    """Length of the new video."""
    map: list[tuple[float, float, float]] = field(default_factory=list)
    """(from, to, from in the recording) of every stretch, in seconds."""

    def original(self, seconds: float) -> float:
        """The recording's time of a moment of the new video."""
        begins = [stretch[0] for stretch in self.map]
        stretch = self.map[max(0, bisect_right(begins, seconds) - 1)]
        return stretch[2] + seconds - stretch[0]


def condense(
    source: Path, target: Path, keep: Iterable[Span], *, progress: Progress | None = None
) -> Condensed:
    """Write the stretches ``keep`` (from, to in seconds, in order) of a video to an MP4.

    ``target`` appears only when it is complete. ``progress`` gets the recording's seconds done
    and may raise to stop. Raises NothingMoves when nothing is to be kept, and what ``probe``
    raises.
    """
    spans = [(begin, end) for begin, end in keep if end > begin]
    info = probe(source)
    told = progress or (lambda _seconds: None)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        made = _copy(source, part, spans, told) if _copyable(info) else None
        if made is None:
            made = _encode(source, part, spans, info, told)
        if not made.map:
            raise errors.NothingMoves(name=source.name)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return made


def _copyable(info: VideoInfo) -> bool:
    apart = info.scan.last_seconds if info.scan.key_distance is None else info.scan.key_distance
    return (
        info.codec in CODECS
        and info.container.startswith(CONTAINERS)
        and apart <= KEYS_APART
        and not (info.scan.untimed or info.scan.errors)
    )


class _Kept:
    """Asks, in order of time, whether something of a stretch is kept."""

    def __init__(self, spans: list[Span]) -> None:
        self._spans = spans
        self._at = 0

    def any(self, begin: float, end: float) -> bool:
        while self._at < len(self._spans) and self._spans[self._at][1] <= begin:
            self._at += 1
        return self._at < len(self._spans) and self._spans[self._at][0] < end


def _copy(source: Path, part: Path, spans: list[Span], progress: Progress) -> Condensed | None:
    """Copy the groups of pictures that touch a stretch; None where an MP4 does not take them."""
    made, report, kept = Condensed(copied=True), DecodeReport(), _Kept(spans)
    try:
        with (
            opened(source) as (container, stream),
            av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as out,
        ):
            copy = out.add_stream_from_template(stream)
            first, base = start_pts(stream), time_base(stream)
            joined = _Joined(made, first, base)
            step = max(1, round(1 / ((mean_fps(stream) or 25.0) * base)))
            packets = with_decoding_times(read_packets(container, stream, report), step)
            for group, over in _groups(packets, step):
                begin = float(((group[0].pts or 0) - first) * base)
                if kept.any(begin, float((over - first) * base)):
                    for packet in joined.shifted(group, over):
                        packet.stream = copy
                        out.mux(packet)
                else:
                    joined.apart()
                progress(begin)
    except (av.FFmpegError, _Untimed):
        return None
    return made


class _Untimed(Exception):
    """A packet has no time; encoding again gives it one."""


def _groups(
    packets: Iterable[Packet[VideoStream]], step: int
) -> Iterator[tuple[list[Packet[VideoStream]], int]]:
    """(packets from one keyframe to the next in order of decoding, pts at which they end)."""
    group: list[Packet[VideoStream]] = []
    for packet in packets:
        if packet.pts is None or packet.dts is None:
            raise _Untimed
        if packet.is_keyframe:
            if group:
                yield group, packet.pts
            group = []
        if group or packet.is_keyframe:
            group.append(packet)
    if group:
        last = max(group, key=lambda packet: packet.pts or 0)
        yield group, (last.pts or 0) + (last.duration or step)


class _Joined:
    """Moves groups of pictures together and remembers where they came from."""

    def __init__(self, made: Condensed, first: int, base: Fraction) -> None:
        self._made, self._first, self._base = made, first, base
        self._offset: int | None = None
        self._end = 0
        self._last_dts: int | None = None

    def apart(self) -> None:
        """The next group does not follow the one before it."""
        self._offset = None

    def shifted(self, group: list[Packet[VideoStream]], over: int) -> Iterator[Packet[VideoStream]]:
        key = group[0]
        assert key.pts is not None and key.dts is not None
        begins = self._offset is None
        if self._offset is None:
            self._offset = key.pts - self._end
            if self._last_dts is not None:
                self._offset = min(self._offset, key.dts - self._last_dts - 1)
        begin = key.pts
        for packet in group:
            assert packet.pts is not None and packet.dts is not None
            # Pictures shown before the keyframe need the group before it.
            if begins and packet.pts < begin:
                continue
            packet.pts, packet.dts = packet.pts - self._offset, packet.dts - self._offset
            self._last_dts = packet.dts
            yield packet
        self._end = over - self._offset
        self._note(begin, over, begins)

    def _note(self, begin: int, over: int, begins: bool) -> None:
        assert self._offset is not None
        end = self._seconds(over - self._offset)
        if begins:
            came = self._seconds(begin - self._first)
            self._made.map.append((self._seconds(begin - self._offset), end, came))
        else:
            start, _, came = self._made.map[-1]
            self._made.map[-1] = (start, end, came)
        self._made.seconds = end

    def _seconds(self, steps: int) -> float:
        return float(steps * self._base)


def h264_stream(out: OutputContainer, info: VideoInfo, size: tuple[int, int]) -> VideoStream:
    """A stream of ``size`` (width, height), nearly without loss, that counts time as the video."""
    rate = max(1, round(info.fps or 25))
    stream = out.add_stream("libx264", rate=rate)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.codec_context.time_base = info.time_base
    stream.codec_context.gop_size = rate
    stream.options = {"preset": "veryfast", "crf": "20"}
    return stream


def _encode(
    source: Path, part: Path, spans: list[Span], info: VideoInfo, progress: Progress
) -> Condensed:
    """Decode and encode the frames inside the stretches, each with its own distance in time."""
    made, base = Condensed(copied=False), info.time_base
    step = max(1, round(1 / ((info.fps or 25.0) * base)))
    size = (info.width // 2 * 2, info.height // 2 * 2)
    ahead = list(spans)
    offset, last = 0, -step
    with av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        stream = h264_stream(out, info, size)
        inside = False
        for frame in decode(source, stretches=spans) if spans else ():
            while frame.seconds >= ahead[0][1] - TICK:
                ahead.pop(0)
                inside = False
            progress(frame.seconds)
            picture = frame.resized_yuv(size)
            picture.pict_type = PictureType.NONE if inside else PictureType.I
            at = frame.pts - info.start_pts
            if not inside:
                offset, inside = at - (last + step), True
                moved = float((at - offset) * base)
                made.map.append((moved, moved, float(at * base)))
            last = at - offset
            picture.pts, picture.time_base = last, base
            out.mux(stream.encode(picture))
            end = float((last + step) * base)
            made.map[-1] = (made.map[-1][0], end, made.map[-1][2])
            made.seconds = end
        out.mux(stream.encode(None))
    return made
