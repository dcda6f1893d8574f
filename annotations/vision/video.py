"""Videos: what a file holds, and its frames in order of time.

Everything goes by time stamps. ``pts`` is the integer stamp in the stream's time base as
stored; ``seconds`` counts from the stream's first frame.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from annotations import errors
from annotations.vision import crops
from annotations.vision.crops import Bgr
from annotations.vision.selection import TICK, Selection, select
from annotations.vision.streams import (
    DecodeReport,
    Order,
    Scan,
    Stretch,
    codec_of,
    duration_of,
    mean_fps,
    opened,
    read_frames,
    read_packets,
    rotation_of,
    scan_packets,
    start_pts,
    stored_size,
    time_base,
)

PROBE_PACKETS = 1000
LEAP = 10  # frames that one step in time may span where the next goes back

__all__ = [
    "DecodeReport",
    "Decoded",
    "Selection",
    "VideoInfo",
    "decode",
    "probe",
    "select",
    "thumbnail",
]
_CLOCKWISE = {
    90: cv2.ROTATE_90_CLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_COUNTERCLOCKWISE,
}
_PLANAR = {"yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuvj444p", "nv12", "gray"}
"""Formats whose first plane is the brightness in bytes."""
_DEEP = {"yuv420p10le": 2, "yuv422p10le": 2, "yuv420p12le": 4, "p010le": 8}
"""Those with two bytes for it, and by how many bits it must be shifted down to fit one."""


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
    scan: Scan = field(default_factory=Scan)
    """What reading all packets, without decoding them, told."""

    def seconds(self, pts: int) -> float:
        """Seconds from the start of the video to a pts."""
        return float((pts - self.start_pts) * self.time_base)

    def damage(self) -> dict[str, Any]:
        """What the packets alone tell about the state of the recording, for people.

        ``complete`` is None where a very long file was not read to its end.
        """
        scan, expected = self.scan, self.frames_expected
        missing = max(0, (expected or 0) - scan.packets) if scan.whole else 0
        late = self.duration is not None and scan.last_seconds < self.duration * 0.98 - 2
        whole = not scan.errors and not (missing > 2 if expected else late)
        return {
            "packets": scan.packets,
            "expected": expected,
            "missing": missing,
            "errors": scan.errors,
            "untimed": scan.untimed,
            "varies": scan.varies,
            "holes": scan.holes,
            "hole_seconds": scan.hole_seconds,
            "key_distance": scan.key_distance,
            "last_seconds": scan.last_seconds,
            "complete": whole if scan.whole else None,
        }

    def as_json(self) -> dict[str, Any]:
        """The facts as JSON values; ``from_json`` reads them back."""
        return {**asdict(self), "time_base": str(self.time_base)}

    @classmethod
    def from_json(cls, facts: dict[str, Any]) -> VideoInfo:
        """The other way of ``as_json``."""
        known = {field.name: facts[field.name] for field in fields(cls) if field.name in facts}
        scan = Scan(**facts.get("scan", {}))
        return cls(**{**known, "time_base": Fraction(facts["time_base"]), "scan": scan})


class _Converter(threading.local):
    """What turns frames into pictures: making one anew takes as long as using it."""

    def __init__(self) -> None:
        self.whole = VideoReformatter()


_converter = _Converter()


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
        frame = _converter.whole.reformat(self._frame, *self._size, format="bgr24")
        return _turned(np.asarray(frame.to_ndarray(), np.uint8), rotation_of(self._frame))

    def grey(self, width: int = 64) -> npt.NDArray[np.uint8]:
        """A small upright grey picture about ``width`` wide: cheap, for seeing motion."""
        height = max(1, round(width * self._size[1] / self._size[0]))
        # Every n-th pixel, then areas: as good for motion as all of them, and far cheaper.
        thin = self._thinned(max(1, self._frame.width // (4 * width)))
        small = cv2.resize(thin, (width, height), interpolation=cv2.INTER_AREA)
        return _turned(np.asarray(small, np.uint8), rotation_of(self._frame))

    def brightness(self, reduction: int = 1) -> npt.NDArray[np.uint8]:
        """The upright brightness (H, W), each side ``reduction`` times smaller."""
        size = self._size[0] // reduction, self._size[1] // reduction
        small = cv2.resize(self._thinned(1), size, interpolation=cv2.INTER_AREA)
        return _turned(np.asarray(small, np.uint8), rotation_of(self._frame))

    def dhash(self) -> int:
        """Difference hash of the brightness as 64 bits: alike pictures differ in few."""
        thin = self._thinned(max(1, min(self._frame.width // 240, self._frame.height // 135)))
        turned = _turned(thin, rotation_of(self._frame))
        cells = cv2.resize(turned, (9, 8), interpolation=cv2.INTER_AREA)
        return int.from_bytes(np.packbits(cells[:, 1:] > cells[:, :-1]).tobytes(), "big")

    def _thinned(self, step: int) -> npt.NDArray[np.uint8]:
        """Every ``step``-th pixel of the stored brightness (H, W) in both directions."""
        name, plane = self._frame.format.name, self._frame.planes[0]
        if name in _PLANAR:
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, -1)
            return np.ascontiguousarray(rows[:, : plane.width][::step, ::step])
        if name in _DEEP:
            deep = np.frombuffer(memoryview(plane), "<u2").reshape(plane.height, -1)
            thin = deep[:, : plane.width][::step, ::step] >> _DEEP[name]
            return np.ascontiguousarray(thin.astype(np.uint8))
        whole = np.asarray(self._frame.to_ndarray(format="gray"), np.uint8)
        return np.ascontiguousarray(whole[::step, ::step])

    def resized_yuv(self, size: tuple[int, int]) -> VideoFrame:
        """The upright frame as yuv420p of ``size`` (width, height), for an encoder."""
        if not rotation_of(self._frame):
            return self._frame.reformat(*size, format="yuv420p")
        upright = np.ascontiguousarray(self.bgr())
        return VideoFrame.from_ndarray(upright, format="bgr24").reformat(*size, format="yuv420p")


def probe(path: Path) -> VideoInfo:
    """What is in a video file, decided by its content, with its first frame decoded.

    All packets are read once (five seconds for an hour), so that a recording that was cut off
    is known before anybody decodes it. Raises EmptyFile, NotAVideo, StillPicture, VideoCutOff,
    NoPictureInVideo, RawVideoStream, VideoCodecUnknown, VideoTooLarge, VideoTooLong or
    VideoUnreadable. Files of strangers are better looked at by ``child.probe``.
    """
    with opened(path) as (container, stream):
        scan = scan_packets(container, stream)
    with opened(path) as (container, stream):
        report = DecodeReport()
        packets = islice(read_packets(container, stream, report), PROBE_PACKETS)
        frame = next(read_frames(packets, stream, Order(), [(None, None)], report), None)
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
            scan=scan,
        )


def decode(
    path: Path,
    *,
    start: float = 0.0,
    end: float | None = None,
    stretches: Sequence[tuple[float, float | None]] | None = None,
    report: DecodeReport | None = None,
) -> Iterator[Decoded]:
    """The frames from ``start`` to before ``end`` (seconds) in order of time.

    Or those of several ``stretches`` (from, before), in order and apart from each other; what
    lies between them is not decoded where keyframes allow it.
    Packet by packet: what cannot be decoded is counted in ``report`` and passed over. A
    frame has the same pts and index whatever the start. Memory does not grow with length.
    Frames out of time are dropped and counted as errors.
    """
    report = DecodeReport() if report is None else report
    ahead = list(stretches) if stretches else [(start, end)]
    with opened(path) as (container, stream):
        stream.thread_type = "AUTO"
        base, first = time_base(stream), start_pts(stream)
        if ahead == [(0, None)]:
            report.expected = stream.frames or None
            report.duration = duration_of(container, stream)
        size, order = stored_size(stream), Order()
        step = max(1, round(1 / (float(base) * (mean_fps(stream) or 25.0))))
        wanted = [_in_steps(stretch, first, base) for stretch in ahead]
        packets = read_packets(container, stream, report)
        frames = read_frames(packets, stream, order, wanted, report)
        for frame, pts in _rising(frames, first, step, report):
            index = order.place(pts)
            seconds = float((pts - first) * base)
            while ahead and ahead[0][1] is not None and seconds >= ahead[0][1] - TICK:
                ahead.pop(0)
            if not ahead:
                break
            if seconds < ahead[0][0] - TICK:
                continue
            report.decoded += 1
            report.corrupt += frame.is_corrupt
            report.last_seconds = seconds
            before = None if order.before is None else float((order.before - first) * base)
            yield Decoded(
                frame, size=size, pts=pts, index=index, seconds=seconds, previous_seconds=before
            )
        report.finished = True


def _rising(
    frames: Iterable[VideoFrame], first: int, step: int, report: DecodeReport
) -> Iterator[tuple[VideoFrame, int]]:
    """(frame, pts), each later than the one before; the others are dropped.

    Of two that contradict each other the later one goes, unless the earlier one had leapt ahead:
    one damaged time would cost all frames after it.
    """
    before, held = first - step, None
    for frame in frames:
        after = first if held is None else held[1] + step
        pts = frame.pts if frame.pts is not None else after
        if held is None:
            held = frame, pts
        elif pts > held[1]:
            yield held
            before, held = held[1], (frame, pts)
        else:
            report.errors += 1
            if before < pts and held[1] - before > LEAP * step:
                held = frame, pts
    if held is not None:
        yield held


def _in_steps(stretch: tuple[float, float | None], first: int, base: Fraction) -> Stretch:
    """A stretch of seconds in pts."""
    start, end = stretch
    return (
        first + math.floor((start - TICK) / base) if start > 0 else None,
        None if end is None else first + math.ceil((end - TICK) / base),
    )


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


def _turned(picture: npt.NDArray[np.uint8], clockwise: int) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.rotate(picture, _CLOCKWISE[clockwise])) if clockwise else picture
