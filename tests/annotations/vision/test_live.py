"""Recording what a camera sends over the net."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import pytest

from annotations import errors
from annotations.vision import child, live
from tests.annotations.vision import clips


class Silent(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[str]:
    """The address of a folder that plays an ended playlist of four seconds, a keyframe each."""
    clip, folder = clips.write(tmp_path / "clip.mp4"), tmp_path / "sent"
    folder.mkdir()
    with (
        av.open(str(clip)) as source,
        av.open(str(folder / "all.m3u8"), "w", format="hls", options={"hls_time": "1"}) as out,
    ):
        copy = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if packet.dts is not None:
                packet.stream = copy
                out.mux(packet)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder)))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://me:secret@127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def recorded(address: str, folder: Path, **given: Any) -> list[live.Piece]:
    given = {"seconds": 2.0, "stopped": lambda: False, "tell": lambda _: None, **given}
    return list(live.record(address, folder, **given))


def frames_of(piece: live.Piece) -> int:
    with av.open(str(piece.path)) as made:
        return sum(1 for _ in made.decode(video=0))


def test_camera_is_recorded_in_pieces_that_begin_at_keyframes(camera: str, tmp_path: Path) -> None:
    pieces = recorded(f"{camera}/all.m3u8", tmp_path)
    assert [frames_of(piece) for piece in pieces] == [20, 20]
    assert [round(piece.seconds, 1) for piece in pieces] == [1.9, 1.9]
    assert round(pieces[1].begun - pieces[0].begun, 3) == 2.0
    with av.open(str(pieces[1].path)) as made:
        begun = datetime.fromisoformat(made.metadata["creation_time"]).timestamp()
    assert abs(begun - pieces[1].begun) <= 1


def test_piece_ends_before_it_is_larger_than_may_be_written(
    camera: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "LARGEST", 1)
    pieces = recorded(f"{camera}/all.m3u8", tmp_path, seconds=3600.0)
    assert [frames_of(piece) for piece in pieces] == [10, 10, 10, 10]


def test_recording_that_is_stopped_keeps_what_came(camera: str, tmp_path: Path) -> None:
    told: list[float] = []
    pieces = recorded(
        f"{camera}/all.m3u8", tmp_path, stopped=lambda: len(told) == 14, tell=told.append
    )
    assert [frames_of(piece) for piece in pieces] == [14]


def test_nothing_is_recorded_before_it_was_taken(camera: str, tmp_path: Path) -> None:
    ended = (tmp_path / "sent" / "all.m3u8").read_text()
    live_one = ended.replace("#EXT-X-ENDLIST", "").replace("#EXT-X-PLAYLIST-TYPE:VOD", "")
    (tmp_path / "sent" / "live.m3u8").write_text(live_one)
    told: list[float] = []
    pieces = recorded(
        f"{camera}/live.m3u8", tmp_path, stopped=lambda: len(told) == 25, tell=told.append
    )
    assert pieces and all(piece.begun + piece.seconds <= time.time() for piece in pieces)


@pytest.mark.parametrize("name", ["gone.m3u8", "files.m3u8"])
def test_camera_that_cannot_be_had_is_refused_without_its_password(
    camera: str, tmp_path: Path, name: str
) -> None:
    segment = next((tmp_path / "sent").glob("*.ts"))
    (tmp_path / "sent" / "files.m3u8").write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://{segment}\n#EXT-X-ENDLIST\n"
    )  # names a file of the server
    with pytest.raises(errors.CameraAway) as refused:
        recorded(f"{camera}/{name}?token=hidden", tmp_path)
    said = refused.value.sentence()
    assert "127.0.0.1" in said and "secret" not in said and "hidden" not in said
    assert not list(tmp_path.glob("0*.mp4"))


def test_one_picture_is_shown_of_a_camera(camera: str) -> None:
    seen = child.still(f"{camera}/all.m3u8")
    assert seen.facts["codec"] == "h264" and seen.facts["width"] > 0
    assert seen.data.startswith(b"\xff\xd8")
    with pytest.raises(errors.CameraAway) as refused:
        child.still(f"{camera}/gone.m3u8")
    assert "secret" not in refused.value.sentence("es")
    assert "no hay nada en esa dirección" in refused.value.sentence("es")


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "2852039166",
        "fe80::1",
        "fe80::1%eth0",
        "::ffff:169.254.0.9",
        "100.100.100.200",
        "fd00:ec2::254",
    ],
)
def test_link_local_address_is_refused(host: str) -> None:
    with pytest.raises(errors.CameraHostForbidden):
        live.check_host(host)


@pytest.mark.parametrize("host", ["192.168.1.20", "10.0.0.9", "127.0.0.1", "fd12::7"])
def test_address_of_a_private_network_is_let_in(host: str) -> None:
    assert live.check_host(host)


def test_name_that_came_to_lead_elsewhere_is_refused_when_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("169.254.169.254", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: place)
    with pytest.raises(errors.CameraHostForbidden):
        recorded("http://gate.example/all.m3u8", tmp_path)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "rtsp://gate:port/",
        "rtsp://gate/a b",
        "rtsp://gate/\r\nDEL",
        "rtsp://h/" + "a" * 2000,
        f"rtsp://{'h' * 254}/",
        "file:///etc/passwd",
        "http://",
        "gate.mp4",
        "ftp://host/a",
        "http://[bad/a",
    ],
)
def test_address_that_is_no_cameras_is_refused(address: str) -> None:
    with pytest.raises(errors.CameraAddressWrong):
        live.host_of(address)
