"""What a camera sends over the net, in pieces: MP4 files of about the same length.

Packets are copied, nothing is decoded. A piece begins at a keyframe and ends before the first
one that comes late enough, where times jump, and where the connection breaks; so memory holds
one packet, however long a camera is followed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import av
from av.container import OutputContainer
from av.packet import Packet
from av.video.stream import VideoStream

from annotations import errors
from annotations.vision.streams import codec_of, mean_fps, time_base, with_decoding_times

CODECS = frozenset({"h264", "hevc"})
OPEN_SECONDS, READ_SECONDS = 10.0, 15.0  # without an answer, without a packet
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
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in KINDS:
        raise errors.CameraAddressWrong()
    return host


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
    last, were given) and CameraCodecUnknown.
    """
    host = host_of(address)
    kind, options = KINDS[urlsplit(address).scheme]
    broken, called = None, time.time()
    try:
        with av.open(
            address, format=kind, options=options, timeout=(OPEN_SECONDS, READ_SECONDS)
        ) as source:
            stream = next(iter(source.streams.video), None)
            codec = codec_of(stream) if stream else "no picture"
            if stream is None or codec not in CODECS:
                raise errors.CameraCodecUnknown(host=host, codec=codec)
            pieces = _Pieces(folder, stream, seconds, called)
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
    except av.FFmpegError as problem:  # its own words name the address
        broken = _why(problem)
    if broken:
        raise errors.CameraAway(host=host, why=broken)


def _why(problem: av.FFmpegError) -> str:
    if isinstance(problem, av.ExitError):  # a time limit of ours
        return "it fell silent"
    return (problem.strerror or type(problem).__name__).rstrip(".")


class _Pieces:
    """The files that packets go to, one after the other."""

    def __init__(self, folder: Path, stream: VideoStream, seconds: float, called: float) -> None:
        self._folder, self._stream, self._length = folder, stream, seconds
        self._called: float | None = called  # the first packets waited while they were examined
        self._base = time_base(stream)
        self._number = 0
        self._out: OutputContainer | None = None
        self._copy: Any = None
        self._zero: tuple[float, int] | None = None  # (clock, dts) of the first packet of all
        self._first = self._before = self._count = 0

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
        elif self._out and packet.is_keyframe and self.seconds + passed >= self._length:
            ended = self.finish()
        if self._zero is None:
            self._zero = self._called or time.time(), packet.dts
            self._called = None
        if self._out is None and packet.is_keyframe:
            self._begin(packet.dts)
        if self._out is not None:
            self._before, self._count = packet.dts, self._count + 1
            packet.pts, packet.dts = packet.pts - self._first, packet.dts - self._first
            packet.stream = self._copy
            self._out.mux(packet)
        return ended

    def _begin(self, dts: int) -> None:
        self._number += 1
        self._out = av.open(str(self._path), "w", format="mp4")
        self._copy = self._out.add_stream_from_template(self._stream)
        self._first = self._before = dts
        self._count = 0

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._number:06d}.mp4"

    def finish(self) -> Piece | None:
        """End the present piece and give it; None where there is none, or only one frame."""
        if self._out is None or self._zero is None:
            return None
        seconds, (clock, zero) = self.seconds, self._zero
        self._out.close()
        self._out = None
        if self._count < 2:
            self._path.unlink()
            return None
        begun = clock + float((self._first - zero) * self._base)
        return Piece(self._path, begun, seconds)
