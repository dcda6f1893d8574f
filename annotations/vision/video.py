"""Videos: what a file holds, its frames in order of time, pictures and previews of it.

Everything goes by time stamps. ``pts`` is the integer stamp in the stream's time base as
stored; ``seconds`` counts from the stream's first frame.
"""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from annotations import errors
from annotations.vision import crops
from annotations.vision.crops import Bgr
from annotations.vision.streams import (
    DecodeReport,
    Order,
    codec_of,
    duration_of,
    mean_fps,
    opened,
    read_frames,
    read_packets,
    rotation_of,
    start_pts,
    stored_size,
    time_base,
)

TICK = 0.001
"""Seconds by which a time may miss a boundary: MKV rounds its times to this."""
PROBE_PACKETS = 1000
PROBE_MEMORY = 4 << 30  # bytes of address space
PROBE_SECONDS = 30
PREVIEW_HEIGHT = 540
PREVIEW_FPS = 30

Progress = Callable[[float], None]
__all__ = [
    "DecodeReport",
    "Decoded",
    "Selection",
    "VideoInfo",
    "decode",
    "make_preview",
    "probe",
    "probe_in_child",
    "select",
    "thumbnail",
]
_CLOCKWISE = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}


@dataclass(frozen=True)
class VideoInfo:
    """What a video file says about itself, checked by decoding its first frame."""

    container: str
    codec: str
    pixel_format: str
    width: int
    """Pixels of the upright frame."""
    height: int
    fps: float | None
    """Mean frames a second; None where the file does not tell."""
    duration: float | None
    """Seconds."""
    rotation: int
    """Degrees clockwise that make the stored frame upright: 0, 90, 180 or 270."""
    time_base: Fraction
    """Seconds of one step of a pts."""
    start_pts: int
    frames_expected: int | None
    """Frames by the file's own count; None where it has none."""

    def seconds(self, pts: int) -> float:
        """Seconds from the start of the video to a pts."""
        return float((pts - self.start_pts) * self.time_base)

    def as_json(self) -> dict[str, Any]:
        """The facts as JSON values; ``from_json`` reads them back."""
        return {**asdict(self), "time_base": str(self.time_base)}

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> VideoInfo:
        """The other way of ``as_json``."""
        return cls(**{**facts, "time_base": Fraction(facts["time_base"])})


@dataclass(frozen=True)
class Selection:
    """Which frames to take: ``fps`` a second or ``every`` Nth, from start to before end (seconds).

    With neither, one a second. Every Nth counts from the beginning of the video. Raises
    SelectionWrong.
    """

    fps: float | None = None
    every: int | None = None
    start: float = 0.0
    end: float | None = None

    def __post_init__(self) -> None:
        if self.fps is None and self.every is None:
            object.__setattr__(self, "fps", 1.0)
        right = (
            (self.fps is None or self.every is None)
            and (self.fps is None or 0 < self.fps <= 1000)
            and (self.every is None or self.every >= 1)
            and 0 <= self.start < math.inf
            and (self.end is None or self.start < self.end < math.inf)
        )
        if not right:
            raise errors.SelectionWrong()

    def slot(self, seconds: float, index: int) -> int:
        """The slot of a frame; the first frame of each slot is taken. Below 0 before the start."""
        if self.every is not None:
            return index // self.every
        assert self.fps is not None
        return math.floor((seconds - self.start + TICK) * self.fps)


class Decoded:
    """One frame in order of time. Its pixels are converted only when asked for."""

    __slots__ = ("_frame", "_size", "corrupt", "index", "previous_seconds", "pts", "seconds")

    def __init__(
        self,
        frame: VideoFrame,
        *,
        size: tuple[int, int],
        pts: int,
        index: int,
        seconds: float,
        previous_seconds: float | None,
    ) -> None:
        self._frame = frame
        self._size = size
        self.pts = pts
        self.index = index
        """Place in the video, from 0, counting frames that cannot be decoded too."""
        self.seconds = seconds
        self.previous_seconds = previous_seconds
        """Time of the frame before, decodable or not; None for the first."""
        self.corrupt = frame.is_corrupt

    def bgr(self) -> Bgr:
        """The upright picture (H, W, 3), always of the size that ``probe`` tells."""
        stored = self._frame.to_ndarray(format="bgr24", width=self._size[0], height=self._size[1])
        return _turned(np.asarray(stored, np.uint8), rotation_of(self._frame))

    def grey(self, width: int = 64) -> npt.NDArray[np.uint8]:
        """A small upright grey picture about ``width`` wide: cheap, for seeing motion."""
        height = max(1, round(width * self._size[1] / self._size[0]))
        plane = self._frame.planes[0]
        if self._frame.format.name in ("yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "nv12"):
            stored = np.frombuffer(memoryview(plane), np.uint8).reshape(
                plane.height, plane.line_size
            )
            stored = stored[:, : plane.width]
        else:
            stored = np.asarray(self._frame.to_ndarray(format="gray"), np.uint8)
        # Every n-th pixel, then areas: as good for motion as all of them, and far cheaper.
        step = max(1, stored.shape[1] // (4 * width))
        thinned = np.ascontiguousarray(stored[::step, ::step])
        small = cv2.resize(thinned, (width, height), interpolation=cv2.INTER_AREA)
        return _turned(np.asarray(small, np.uint8), rotation_of(self._frame))

    def resized_yuv(self, size: tuple[int, int]) -> VideoFrame:
        """The upright frame as yuv420p of ``size`` (width, height), for an encoder."""
        if not rotation_of(self._frame):
            return self._frame.reformat(*size, format="yuv420p")
        upright = np.ascontiguousarray(self.bgr())
        return VideoFrame.from_ndarray(upright, format="bgr24").reformat(*size, format="yuv420p")


def probe(path: Path) -> VideoInfo:
    """What is in a video file, decided by its content, with its first frame decoded.

    Raises EmptyFile, NotAVideo, StillPicture, VideoCutOff, NoPictureInVideo, RawVideoStream,
    VideoCodecUnknown, VideoTooLarge, VideoTooLong or VideoUnreadable. Files of strangers are
    better looked at by ``probe_in_child``.
    """
    with opened(path) as (container, stream):
        report = DecodeReport()
        packets = islice(read_packets(container, stream, report), PROBE_PACKETS)
        frame = next(read_frames(packets, stream, Order(), None, report), None)
        if frame is None:
            raise errors.VideoUnreadable(name=path.name)
        rotation = rotation_of(frame)
        width, height = stored_size(stream)
        return VideoInfo(
            container=container.format.name,
            codec=codec_of(stream),
            pixel_format=frame.format.name,
            width=height if rotation in (90, 270) else width,
            height=width if rotation in (90, 270) else height,
            fps=mean_fps(stream),
            duration=duration_of(container, stream),
            rotation=rotation,
            time_base=time_base(stream),
            start_pts=start_pts(stream),
            frames_expected=stream.frames or None,
        )


def probe_in_child(path: Path, *, thumbnail_to: Path | None = None) -> VideoInfo:
    """``probe`` in a process of its own with bounded memory and time.

    The child also writes a thumbnail to ``thumbnail_to``, so that nobody else decodes a
    stranger's file. Raises what ``probe`` raises, and VideoCheckFailed when the child dies
    or is stopped.
    """
    root = str(Path(__file__).resolve().parents[2])
    command = [sys.executable, "-m", "annotations.vision.video", str(path.resolve())]
    command += [str(thumbnail_to)] if thumbnail_to else []
    environment = {**os.environ, "PYTHONPATH": root, "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=2 * PROBE_SECONDS,
            check=False,
        )
        answer = json.loads(done.stdout)
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise errors.VideoCheckFailed(name=path.name) from error
    if "refused" in answer:
        raise getattr(errors, answer["refused"])(**answer["facts"])
    return VideoInfo.from_json(answer["info"])


def decode(
    path: Path,
    *,
    start: float = 0.0,
    end: float | None = None,
    report: DecodeReport | None = None,
) -> Iterator[Decoded]:
    """The frames from ``start`` to before ``end`` (seconds) in order of time.

    Packet by packet: what cannot be decoded is counted in ``report`` and passed over. A
    frame has the same pts and index whatever the start. Memory does not grow with length.
    A frame whose time is not after the one before it is dropped and counted as an error.
    """
    report = DecodeReport() if report is None else report
    with opened(path) as (container, stream):
        stream.thread_type = "AUTO"
        base, first = time_base(stream), start_pts(stream)
        if start <= 0 and end is None:
            report.expected = stream.frames or None
            report.duration = duration_of(container, stream)
        size, order = stored_size(stream), Order()
        step = max(1, round(1 / (float(base) * (mean_fps(stream) or 25.0))))
        from_pts = first + math.floor((start - TICK) / base) if start > 0 else None
        last: int | None = None
        for frame in read_frames(
            read_packets(container, stream, report), stream, order, from_pts, report
        ):
            pts = frame.pts if frame.pts is not None else first if last is None else last + step
            if last is not None and pts <= last:
                report.errors += 1
                continue
            last, index = pts, order.place(pts)
            seconds = float((pts - first) * base)
            if seconds < start - TICK:
                continue
            if end is not None and seconds >= end - TICK:
                break
            report.decoded += 1
            report.corrupt += frame.is_corrupt
            report.last_seconds = seconds
            before = None if order.before is None else float((order.before - first) * base)
            yield Decoded(
                frame, size=size, pts=pts, index=index, seconds=seconds, previous_seconds=before
            )
        report.finished = True


def select(decoded: Iterable[Decoded], selection: Selection) -> Iterator[Decoded]:
    """The frames that a selection takes: the first of each slot of time, or of N frames.

    ``decoded`` may begin anywhere: the same pts are taken as in a run from the beginning.
    """
    last: int | None = None
    for frame in decoded:
        if frame.seconds < selection.start - TICK:
            continue
        if selection.end is not None and frame.seconds >= selection.end - TICK:
            return
        if last is None:
            before = -math.inf if frame.previous_seconds is None else frame.previous_seconds
            outside = before < selection.start - TICK and selection.every is None
            last = -1 if outside else selection.slot(before, frame.index - 1)
        slot = selection.slot(frame.seconds, frame.index)
        if slot > last:
            last = slot
            yield frame


def thumbnail(path: Path, width: int = 480) -> bytes:
    """A JPEG of one early frame, ``width`` pixels wide. Raises what ``probe`` raises."""
    info = probe(path)
    moment = min(5.0, (info.duration or 0.0) / 10)
    chosen = next(decode(path, start=moment), None) or next(decode(path), None)
    if chosen is None:
        raise errors.VideoUnreadable(name=path.name)
    picture = chosen.bgr()
    height = max(1, round(picture.shape[0] * width / picture.shape[1]))
    return crops.encode_jpeg(crops.resize_frame(picture, (width, height)), quality=85)


def make_preview(
    source: Path, target: Path, *, progress: Progress | None = None, transcode: bool = False
) -> bool:
    """Write an MP4 that browsers play and seek in; True when it is a copy without loss.

    8-bit 4:2:0 H.264 is repacked, anything else (or with ``transcode``, for damaged files)
    becomes at most 540p H.264 of constant rate with a keyframe each second. Second 0 of the
    preview is second 0 of the video. ``progress`` gets the seconds done and may raise to
    stop; ``target`` appears only when it is complete.
    """
    info = probe(source)
    told = progress or (lambda _seconds: None)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    playable = info.codec == "h264" and info.pixel_format in ("yuv420p", "yuvj420p")
    try:
        copied = playable and not transcode and _repack(source, part, told)
        if not copied:
            _transcode(source, part, info, told)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return copied


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
            for packet in read_packets(container, stream, report):
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


def _transcode(source: Path, part: Path, info: VideoInfo, progress: Progress) -> None:
    rate = _preview_rate(info.fps or 25.0)
    shrink = min(1.0, PREVIEW_HEIGHT / info.height)
    size = (_even(info.width * shrink), _even(info.height * shrink))
    with av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as out:
        stream = out.add_stream("libx264", rate=rate)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = 1 / rate
        stream.codec_context.gop_size = max(1, round(rate))
        stream.options = {"preset": "veryfast", "crf": "26"}
        told = -1
        for tick, frame in _constant_rate(decode(source), rate, size):
            frame.pts, frame.time_base = tick, 1 / rate
            out.mux(stream.encode(frame))
            if int(tick / rate) > told:
                told = int(tick / rate)
                progress(float(tick / rate))
        out.mux(stream.encode(None))


def _preview_rate(fps: float) -> Fraction:
    """Frames a second of a preview. A low mean, of a rate that varies, is multiplied up to 10."""
    rate = Fraction(min(fps, PREVIEW_FPS)).limit_denominator(1001) or Fraction(1, 1001)
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


def _turned(picture: npt.NDArray[np.uint8], clockwise: int) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.rotate(picture, _CLOCKWISE[clockwise])) if clockwise else picture


def _main(path: Path, thumbnail_to: Path | None) -> None:
    """The child of ``probe_in_child``: limits itself, then answers in JSON."""
    resource.setrlimit(resource.RLIMIT_AS, (PROBE_MEMORY, PROBE_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROBE_SECONDS, PROBE_SECONDS))
    try:
        answer: dict[str, Any] = {"info": probe(path).as_json()}
        if thumbnail_to:
            thumbnail_to.write_bytes(thumbnail(path))
    except errors.Refused as refusal:
        answer = {"refused": refusal.code, "facts": refusal.facts}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
