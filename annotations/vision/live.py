"""What a camera sends over the net, in pieces: MP4 files of about the same length.

Packets are copied, nothing is decoded. A piece begins at a keyframe and ends before the first
one that comes late enough, or after bytes enough, where times jump, and where the connection
breaks; so memory holds one packet, however long a camera is followed.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, cast
from urllib.parse import urlsplit

import av
from av.container import InputContainer, OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from annotations import errors
from annotations.vision.crops import Bgr
from annotations.vision.streams import codec_of, mean_fps, time_base, with_decoding_times

LONGEST = 2000  # characters of an address
CODECS = frozenset({"h264", "hevc"})
OPEN_SECONDS = 10.0  # without an answer
READ_SECONDS = {"rtsp": 8.0, "hls": 20.0}  # without a packet; those of HLS come by segments
DRIFT = 1e-4  # by which the camera's clock may be slower than ours
JUMP_SECONDS = 5.0  # between two packets: the camera's clock was set, or much was lost
# Each kind of address, with all that it may lead to: a playlist names further addresses.
RTSP = {"rtsp_transport": "tcp", "protocol_whitelist": "rtsp,rtsps,rtp,srtp,tcp,tls"}
HLS = {"protocol_whitelist": "http,https,tcp,tls,crypto", "format_whitelist": "hls,mpegts,mov"}
KINDS = {
    "rtsp": ("rtsp", RTSP),
    "rtsps": ("rtsp", RTSP),
    "http": ("hls", HLS),
    "https": ("hls", HLS),
}
METADATA = frozenset(  # of clouds, those that are not link-local
    map(ipaddress.ip_address, ("fd00:ec2::254", "fd20:ce::254", "100.100.100.200"))
)
LONGEST_HOST = 253  # characters
LARGEST = 3 << 30  # bytes of a piece, well below what a recording child may write
UNCLEAR_FRAMES = 250  # until one is whole: a stream may be joined between two keyframes


@dataclass(frozen=True)
class Piece:
    """A recorded file."""

    path: Path
    begun: float
    """When its first frame came, seconds since 1970."""
    seconds: float


def host_of(address: str) -> str:
    """The host of a camera's address: names, passwords and paths stay untold.

    Raises CameraAddressWrong.
    """
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    plain = address.isprintable() and " " not in address and len(address) <= LONGEST
    if not host or len(host) > LONGEST_HOST or parts.scheme not in KINDS or not plain:
        raise errors.CameraAddressWrong()
    return host


def kind_of(address: str) -> str:
    """``rtsp`` or ``hls``. Raises CameraAddressWrong."""
    host_of(address)
    return KINDS[urlsplit(address).scheme][0]


def check_host(host: str) -> bool:
    """Whether the host has addresses now.

    Raises CameraHostForbidden where one of them is link-local: there clouds tell machines their
    secrets, and no camera has such an address for good. Those of a private network are the usual
    ones of cameras.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        places = [str(place[0]) for *_, place in found]
    except (OSError, UnicodeError):
        places = []
    for place in places or [host]:
        try:
            ip = ipaddress.ip_address(place.partition("%")[0])
        except ValueError:  # a name that nobody knows
            continue
        ip = getattr(ip, "ipv4_mapped", None) or ip
        if ip.is_link_local or ip in METADATA:
            raise errors.CameraHostForbidden(host=host)
    return bool(places)


@contextmanager
def _opened(address: str) -> Iterator[tuple[InputContainer, VideoStream]]:
    """The source behind an address and its picture.

    Raises CameraAddressWrong, CameraHostForbidden, CameraAway, CameraCodecUnknown, and what
    libav says: its own words name the address.
    """
    host = host_of(address)
    kind, options = KINDS[urlsplit(address).scheme]
    if not check_host(host):
        raise errors.CameraAway(host=host, why="nobody knows this name")
    limits = (OPEN_SECONDS, READ_SECONDS[kind])
    with av.open(address, format=kind, options=options, timeout=limits) as source:
        stream = next(iter(source.streams.video), None)
        codec = codec_of(stream) if stream else "no picture"
        if stream is None or codec not in CODECS:
            raise errors.CameraCodecUnknown(host=host, codec=codec)
        yield source, stream


@dataclass(frozen=True)
class Still:
    """One picture of a camera, and what it sends."""

    bgr: Bgr
    codec: str


def still(address: str) -> Still:
    """The first whole picture that a camera sends now.

    Raises CameraAddressWrong, CameraHostForbidden, CameraAway and CameraCodecUnknown.
    """
    host, why = host_of(address), "it sends no picture that can be shown"
    try:
        with _opened(address) as (source, stream):
            for count, frame in enumerate(source.decode(stream)):
                if not frame.is_corrupt:
                    bgr = cast(Bgr, frame.to_ndarray(format="bgr24"))
                    return Still(bgr, codec_of(stream))
                if count > UNCLEAR_FRAMES:
                    break
    except av.FFmpegError as problem:
        why = _why(problem)
    raise errors.CameraAway(host=host, why=why)


def record(
    address: str,
    folder: Path,
    *,
    seconds: float,
    stopped: Callable[[], bool],
    tell: Callable[[float], None],
) -> Iterator[Piece]:
    """The pieces, each given when it is whole, until a playlist ends or ``stopped`` says so.

    ``tell`` hears the seconds of the present piece at every packet. Raises CameraAddressWrong,
    CameraAway also when a connection breaks (the pieces before it, and what there is of the
    last, were given), CameraHostForbidden and CameraCodecUnknown.
    """
    host = host_of(address)
    broken = None
    try:
        with _opened(address) as (source, stream):
            pieces = _Pieces(folder, stream, seconds, live=not source.duration)
            step = max(1, round(1 / ((mean_fps(stream) or 25.0) * time_base(stream))))
            with pieces:
                try:
                    for packet in with_decoding_times(source.demux(stream), step):
                        if not packet.size:
                            continue
                        if (whole := pieces.add(packet)) is not None:
                            yield whole
                        tell(pieces.seconds)
                        if stopped():
                            break
                    else:
                        # Only a playlist that has its end knows how long it is.
                        broken = None if source.duration else "the connection ended"
                except av.FFmpegError as problem:
                    broken = _why(problem)
                if (last := pieces.finish()) is not None:
                    yield last
    except av.FFmpegError as problem:
        broken = _why(problem)
    if broken:
        raise errors.CameraAway(host=host, why=broken)


def _why(problem: av.FFmpegError) -> str:
    if isinstance(problem, av.ExitError):  # a time limit of ours
        return "it fell silent"
    return (problem.strerror or type(problem).__name__).rstrip(".")


class _Pieces:
    """The files that packets go to, one after the other."""

    def __init__(self, folder: Path, stream: VideoStream, seconds: float, *, live: bool) -> None:
        self._folder, self._stream, self._length, self._live = folder, stream, seconds, live
        self._base = time_base(stream)
        self._number = 0
        self._out: OutputContainer | None = None
        self._copy: Any = None
        self._zero: tuple[float, int] | None = None  # (clock, dts) of the first packet of all
        self._first = self._before = self._count = self._bytes = 0

    def __enter__(self) -> _Pieces:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        if self._out is not None:
            self._out.close()

    @property
    def seconds(self) -> float:
        """The length of the present piece."""
        return float((self._before - self._first) * self._base) if self._out else 0.0

    def add(self, packet: Packet[VideoStream]) -> Piece | None:
        """Write a packet; returns the piece that it ended."""
        ended = None
        if packet.dts is None or packet.pts is None:
            return None
        passed = float((packet.dts - self._before) * self._base)
        if self._out and not 0 < passed <= JUMP_SECONDS:
            ended = self.finish()
            self._zero = None
        elif self._out and packet.is_keyframe and self._is_full(passed):
            ended = self.finish()
        self._zero = self._when(packet.dts, passed if self._out else 0.0)
        if self._out is None and packet.is_keyframe:
            self._begin(packet.dts)
        if self._out is not None:
            self._before, self._count = packet.dts, self._count + 1
            self._bytes += packet.size
            packet.pts, packet.dts = packet.pts - self._first, packet.dts - self._first
            packet.stream = self._copy
            self._out.mux(packet)
        return ended

    def _when(self, dts: int, passed: float) -> tuple[float, int]:
        """The clock at the dts of the first packet, as far as is known by now.

        No packet comes before it was taken; many come later: waited while the stream was
        examined, or in one segment with those before. So the earliest clock is the right one.
        """
        if self._zero is None:
            return time.time(), dts
        clock, zero = self._zero
        if not self._live:
            return clock, zero
        return min(clock + DRIFT * passed, time.time() - float((dts - zero) * self._base)), zero

    def _begin(self, dts: int) -> None:
        self._number += 1
        self._out = av.open(str(self._path), "w", format="mp4")
        # Also makes the bytes of two pieces differ, should a camera send the same again.
        begun = datetime.fromtimestamp(self._clock(dts), UTC)
        self._out.metadata["creation_time"] = begun.isoformat()
        self._copy = self._out.add_stream_from_template(self._stream)
        self._first = self._before = dts
        self._count = self._bytes = 0

    def _is_full(self, passed: float) -> bool:
        return self.seconds + passed >= self._length or self._bytes >= LARGEST

    def _clock(self, dts: int) -> float:
        """When a packet was taken, seconds since 1970."""
        assert self._zero is not None, "it is known with the first packet"
        clock, zero = self._zero
        return clock + float((dts - zero) * self._base)

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._number:06d}.mp4"

    def finish(self) -> Piece | None:
        """End the present piece and give it; None where there is none, or only one frame."""
        if self._out is None:
            return None
        seconds, begun = self.seconds, self._clock(self._first)
        self._out.close()
        self._out = None
        if self._count < 2:
            self._path.unlink()
            return None
        return Piece(self._path, begun, seconds)
