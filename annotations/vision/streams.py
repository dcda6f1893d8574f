"""Inside a video file: opening it safely, its packets, its frames in order of time.

Nothing here ever seeks: seeking is inexact in most containers, reading packets without
decoding them is exact and cheap.
"""

from __future__ import annotations

import heapq
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from PIL import Image, UnidentifiedImageError

from annotations import errors

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,avi"
CODECS = frozenset(
    {"h264", "hevc", "av1", "vp8", "vp9", "mpeg4", "mjpeg", "mpeg1video", "mpeg2video", "h263"}
    | {"msmpeg4v2", "msmpeg4v3", "wmv1", "wmv2", "wmv3", "vc1", "prores", "dnxhd", "dvvideo"}
    | {"huffyuv", "ffv1", "rawvideo"}
)
MAX_SIDE = 8192
MAX_HOURS = 48
MAX_WAITING = 64 << 20  # bytes of packets kept while looking for the keyframe to start from
MAX_READ_ERRORS = 50  # in a row, before the rest of a file is given up
SCAN_SECONDS = 20.0  # of reading packets; enough for four hours of 1080p
MOST_REORDERED = 32  # packets at the beginning without a time of decoding
HOLE_SECONDS = 1.0  # without a frame, where frames come more often


@dataclass
class DecodeReport:
    """What happened while frames were decoded; filled while ``decode`` runs."""

    decoded: int = 0
    corrupt: int = 0
    """Frames decoded with visible damage (part of ``decoded``)."""
    errors: int = 0
    """Packets not read whole or not decoded, and frames dropped for an impossible time."""
    expected: int | None = None
    """Frames by the file's own count, where the whole video is decoded and it has one."""
    duration: float | None = None
    """Seconds that the file claims, where the whole video is decoded."""
    last_seconds: float = 0.0
    finished: bool = False

    @property
    def missing(self) -> int:
        """Frames that the file promises and does not give."""
        return max(0, (self.expected or 0) - self.decoded) if self.finished else 0

    @property
    def complete(self) -> bool:
        """Whether the whole video was there, undamaged. An edit list may hide two frames."""
        late = self.duration is not None and self.last_seconds < self.duration * 0.98 - 2
        short = self.missing > 2 if self.expected else late
        return self.finished and not (self.corrupt or self.errors or short)


@dataclass(frozen=True)
class Scan:
    """What the packets of a video tell without being decoded."""

    packets: int = 0
    whole: bool = False
    """Whether all packets were read; a very long file is not read to its end."""
    errors: int = 0
    """Stretches that could not be read."""
    untimed: int = 0
    """Packets without a time to show them at."""
    key_distance: float | None = None
    """Longest time between two keyframes in seconds; None with fewer than two."""
    varies: bool = False
    """Whether frames come at uneven times."""
    holes: int = 0
    """Stretches of over a second without a frame."""
    hole_seconds: float = 0.0
    last_seconds: float = 0.0
    """Time of the last packet from the start."""


@contextmanager
def opened(path: Path) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The file and its moving picture, within what we accept."""
    name = path.name
    if path.stat().st_size == 0:
        raise errors.EmptyFile(name=name)
    try:
        # Playlists and other formats that name further files or addresses are shut out here.
        limits = {"format_whitelist": FORMATS, "protocol_whitelist": "file"}
        container = av.open(str(path.resolve()), options=limits, metadata_errors="replace")
    except av.FFmpegError as error:
        raise _not_a_video(path) from error
    with container:
        stream = _moving_picture(container, name)
        _check_size(container, stream, name)
        # The size may change inside the stream.
        stream.codec_context.options = {"max_pixels": str(MAX_SIDE * MAX_SIDE)}
        yield container, stream


def _moving_picture(container: InputContainer, name: str) -> VideoStream:
    stills = Disposition.attached_pic | Disposition.still_image
    for stream in container.streams.video:
        if stream.disposition & stills:
            continue
        if codec_of(stream) not in CODECS:
            raise errors.VideoCodecUnknown(name=name, codec=codec_of(stream))
        return stream
    raise errors.NoPictureInVideo(name=name)


def _check_size(container: InputContainer, stream: VideoStream, name: str) -> None:
    width, height = stored_size(stream)
    if width > MAX_SIDE or height > MAX_SIDE:
        raise errors.VideoTooLarge(name=name, width=width, height=height)
    if width <= 0 or height <= 0 or stream.time_base is None:
        raise errors.VideoUnreadable(name=name)
    if (duration_of(container, stream) or 0) > MAX_HOURS * 3600:
        raise errors.VideoTooLong(name=name, hours=MAX_HOURS)


def _not_a_video(path: Path) -> errors.Refused:
    """Why a file could not be opened, told from its first bytes."""
    name = path.name
    with path.open("rb") as file:
        head = file.read(16)
    try:
        with Image.open(path, formats=("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")):
            return errors.StillPicture(name=name)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        pass
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide"):
        return errors.VideoCutOff(name=name)
    if head.startswith((b"ID3", b"OggS", b"fLaC")) or head[8:12] == b"WAVE":
        return errors.NoPictureInVideo(name=name)
    start = head.find(b"\0\0\1")
    if start in (0, 1):
        unit = head[start + 3]
        # Parameter sets, delimiters and messages, of H.264 or HEVC.
        if unit & 0x1F in (6, 7, 9) or unit >> 1 in (32, 33, 35, 39):
            return errors.RawVideoStream(name=name)
    return errors.NotAVideo(name=name)


def codec_of(stream: VideoStream) -> str:
    # A codec that the library cannot decode comes without a context.
    return stream.codec_context.codec.canonical_name if stream.codec_context else "unknown"


def stored_size(stream: VideoStream) -> tuple[int, int]:
    return stream.codec_context.width, stream.codec_context.height


def time_base(stream: VideoStream) -> Fraction:
    assert stream.time_base is not None, "checked when opened"
    return stream.time_base


def start_pts(stream: VideoStream) -> int:
    return stream.start_time or 0


def mean_fps(stream: VideoStream) -> float | None:
    rate = stream.average_rate or stream.guessed_rate
    return float(rate) if rate and 0 < rate <= 1000 else None


def duration_of(container: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    if not container.duration:
        return None
    if container.format.name.startswith("matroska"):  # it tells the time of the end
        seconds = (container.duration - max(0, container.start_time or 0)) / 1_000_000
        return seconds if seconds > 0 else None
    return container.duration / 1_000_000


def rotation_of(frame: VideoFrame) -> int:
    """Degrees clockwise to upright; libav tells them the other way round."""
    return -90 * round(frame.rotation / 90) % 360


def read_packets(
    container: InputContainer, stream: VideoStream, report: DecodeReport
) -> Iterator[Packet[VideoStream]]:
    """The stream's packets with content; unreadable stretches are counted and passed over."""
    in_a_row = 0
    while in_a_row < MAX_READ_ERRORS:
        try:
            for packet in container.demux(stream):
                in_a_row = 0
                report.errors += packet.is_corrupt
                if packet.size:
                    yield packet
            return
        except av.EOFError:
            return
        except MemoryError:
            raise
        except IndexError:  # a packet of a stream, such as sound, that began after the file did
            in_a_row += 1
        except av.FFmpegError:
            in_a_row += 1
            report.errors += 1


def scan_packets(container: InputContainer, stream: VideoStream) -> Scan:
    """Read packets to the end, or for ``SCAN_SECONDS``, without decoding any."""
    until, base = time.monotonic() + SCAN_SECONDS, float(time_base(stream))
    first = start_pts(stream)
    report, gaps, keys = DecodeReport(), Counter[int](), _Keys()
    count = untimed = 0
    before: int | None = None
    latest = 0
    whole = True
    for packet in read_packets(container, stream, report):
        count += 1
        untimed += packet.pts is None
        shown = packet.pts if packet.pts is not None else packet.dts
        if shown is not None:
            latest = max(latest, shown - first)
            if packet.is_keyframe:
                keys.see(shown)
        if packet.dts is not None:
            if before is not None:
                gaps[packet.dts - before] += 1
            before = packet.dts
        if time.monotonic() > until:
            whole = False
            break
    varies, holes, length = _unevenness(gaps, base)
    return Scan(
        packets=count,
        whole=whole,
        errors=report.errors,
        untimed=untimed,
        key_distance=None if keys.longest is None else keys.longest * base,
        varies=varies,
        holes=holes,
        hole_seconds=length,
        last_seconds=latest * base,
    )


class _Keys:
    """The longest way from one keyframe to the next, in steps of time."""

    def __init__(self) -> None:
        self._last: int | None = None
        self.longest: int | None = None

    def see(self, at: int) -> None:
        if self._last is not None:
            self.longest = max(self.longest or 0, at - self._last)
        self._last = at


def _unevenness(gaps: Counter[int], base: float) -> tuple[bool, int, float]:
    """From how often each gap between packets comes: uneven?, holes, their seconds together."""
    if not gaps:
        return False, 0, 0.0
    usual = gaps.most_common(1)[0][0]
    off = sum(n for gap, n in gaps.items() if abs(gap - usual) > 0.25 * usual)
    least = max(HOLE_SECONDS, 3 * usual * base)
    holes = {gap: n for gap, n in gaps.items() if gap * base > least}
    missing = sum((gap - usual) * base * n for gap, n in holes.items())
    return off > 0.02 * gaps.total(), sum(holes.values()), round(missing, 3)


def with_decoding_times(
    packets: Iterable[Packet[VideoStream]], step: int
) -> Iterator[Packet[VideoStream]]:
    """The packets; those first ones of an MKV that have no decoding time get one.

    ``step`` is the usual distance of two frames in steps of the time base.
    """
    waiting: list[Packet[VideoStream]] = []
    for packet in packets:
        waiting.append(packet)
        if packet.dts is None and len(waiting) <= MOST_REORDERED:
            continue
        for back, early in enumerate(reversed(waiting[:-1]), start=1):
            if packet.dts is not None:
                early.dts = packet.dts - back * step
        yield from waiting
        waiting = []
    yield from waiting


Stretch = tuple[int | None, int | None]
"""pts from which and before which frames are wanted; None: from the beginning, to the end."""


def read_frames(
    packets: Iterable[Packet[VideoStream]],
    stream: VideoStream,
    order: Order,
    stretches: Sequence[Stretch],
    report: DecodeReport,
) -> Iterator[VideoFrame]:
    """Frames in order of time, at least those of the stretches, which are in order too.

    Groups of pictures before, between and after them are not decoded at all.
    """
    gate = _Gate(stretches)
    for packet in packets:
        at = packet.pts if packet.pts is not None else packet.dts
        if at is not None:
            order.read(at)
        for ready in gate.admitted(packet, at, order):
            for frame in _decode_packet(stream, ready, report):
                if gate.shows(frame):
                    yield frame
        if gate.leaps():
            stream.codec_context.flush_buffers()
    for last in [*gate.left(), None]:
        for frame in _decode_packet(stream, last, report):
            if gate.shows(frame):
                yield frame


class _Gate:
    """Which packets the decoder gets: all of a stretch, from the keyframe it begins with."""

    def __init__(self, stretches: Sequence[Stretch]) -> None:
        self._ahead = list(stretches)
        self._shut = self._ahead[0][0] is not None
        self._kept: list[Packet[VideoStream]] = []
        """Packets since the last keyframe from which one could begin."""
        self._bytes = 0
        self._over = False
        """Whether a frame behind the stretch has come out, so that all of it has."""
        self._not_before: int | None = None

    def admitted(
        self, packet: Packet[VideoStream], at: int | None, order: Order
    ) -> list[Packet[VideoStream]]:
        """The packets to decode now that this one has been read."""
        begin = self._ahead[0][0] if self._shut else self._next()
        if begin is None:
            return [packet]
        early = at is None or at <= begin
        after = self._shut or (self._ahead[0][1] is not None and (at or 0) >= self._ahead[0][1])
        if packet.is_keyframe and at is not None and early and after:
            if self._shut:
                order.place(at)
            self._keep_none()
            self._kept, self._bytes = [packet], packet.size
        elif self._shut or self._kept:
            self._kept.append(packet)
            self._bytes += packet.size
        ready = [packet]
        if self._shut:
            self._shut = early and self._bytes < MAX_WAITING
            ready = [] if self._shut else self._kept
        elif not early and len(self._ahead) > 1:
            self._ahead.pop(0)  # so near to the next stretch that nothing is left out
            self._over = False
        if not self._shut and (not early or self._bytes >= MAX_WAITING):
            self._keep_none()
        return ready

    def shows(self, frame: VideoFrame) -> bool:
        """Whether a frame is whole: those shown before their first keyframe are not."""
        if frame.pts is None:
            return True
        if self._not_before is not None and frame.pts < self._not_before:
            return False
        end = self._ahead[0][1]
        self._over = self._over or (end is not None and frame.pts >= end)
        return True

    def leaps(self) -> bool:
        """Whether the decoder is emptied here, to begin anew with the next stretch."""
        if self._shut or not self._over or not self._kept or self._next() is None:
            return False
        self._ahead.pop(0)
        self._shut, self._over = True, False
        self._not_before = self._kept[0].pts
        return True

    def left(self) -> list[Packet[VideoStream]]:
        """What waits for the decoder when all packets are read."""
        return self._kept if self._shut else []

    def _next(self) -> int | None:
        return self._ahead[1][0] if len(self._ahead) > 1 else None

    def _keep_none(self) -> None:
        self._kept, self._bytes = [], 0


def _decode_packet(
    stream: VideoStream, packet: Packet[VideoStream] | None, report: DecodeReport
) -> list[VideoFrame]:
    try:
        return stream.codec_context.decode(packet)
    except av.EOFError:
        return []
    except MemoryError:  # libav's is both; a limit is no damage
        raise
    except av.FFmpegError:
        report.errors += 1
        return []


class Order:
    """Places of frames among all packets of a video, counted while reading.

    Packets come in the order of decoding; when a frame comes out, every packet of an
    earlier time has been read.
    """

    def __init__(self) -> None:
        self._ahead: list[int] = []
        self._passed = 0
        self.before: int | None = None
        """The pts just before the last one asked for."""

    def read(self, pts: int) -> None:
        heapq.heappush(self._ahead, pts)

    def place(self, pts: int) -> int:
        """How many packets have an earlier time. ``pts`` must not go down between calls."""
        while self._ahead and self._ahead[0] < pts:
            self.before = heapq.heappop(self._ahead)
            self._passed += 1
        return self._passed
