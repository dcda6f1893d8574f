"""Cameras over the net: connected again when they break off, never more than waits."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache

from annotations import archive, cameras, errors, tasks
from annotations.models import AuditEntry, Camera, Project
from annotations.vision import child
from annotations.vision.confined import Message
from annotations.vision.live import Piece
from lprsite import files
from lprsite.jobs.engine import Running
from tests.annotations.vision import clips

ADDRESS = "rtsp://me:secret@gate.example/stream"
Sent = list[int | Exception]


@pytest.fixture
def sends(monkeypatch: pytest.MonkeyPatch) -> Callable[[Sent], None]:
    """Have the camera send so many pieces a connection, or break at once."""
    monkeypatch.setattr(cameras, "FIRST_WAIT", 0.0)

    def sends(connections: Sent) -> None:
        left = iter(connections)

        def record(address: str, folder: Path, **_: Any) -> Iterator[Message]:
            assert address == ADDRESS
            count = next(left, 0)
            if isinstance(count, Exception):
                raise count
            for number in range(abs(count)):
                path = folder / f"{number}.mp4"
                path.write_bytes(b"piece")
                yield Message("piece", {"path": str(path), "begun": 9.0, "seconds": 5.0})
            if count < 0:
                raise errors.CameraAway(host="gate.example", why="it broke")

        monkeypatch.setattr(child, "record", record)

    return sends


def recording(told: list[str]) -> cameras.Recording:
    return cameras.Recording(ADDRESS, seconds=5.0, told=told.append)


def test_camera_that_breaks_off_is_connected_again(sends: Callable[[Sent], None]) -> None:
    sends([-2, errors.CameraAway(host="gate.example", why="refused"), -1, 1])
    told: list[str] = []
    seen = [piece.path.read_bytes() for piece in recording(told).pieces() if piece]
    assert seen == [b"piece"] * 4
    assert len(told) == 3 and not any("secret" in line for line in told)


def test_camera_that_never_sent_anything_is_given_up(sends: Callable[[Sent], None]) -> None:
    sends([errors.CameraAway(host="gate.example", why="refused")] * 3)
    with pytest.raises(errors.CameraAway):
        list(recording([]).pieces())


def test_recording_ends_before_the_disk_is_full(
    sends: Callable[[Sent], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sends([2, 2])
    monkeypatch.setattr(files, "free_bytes", lambda: 1)
    with pytest.raises(errors.DiskFull):
        list(recording([]).pieces())


def test_patient_recording_waits_for_ever(
    sends: Callable[[Sent], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sends([*([errors.CameraAway(host="gate.example", why="refused")] * 5), 2, 1])
    free = iter([10**12] * 7 + [1] + [10**12] * 9)  # and for space on the disk
    monkeypatch.setattr(files, "free_bytes", lambda: next(free))
    told: list[str] = []
    waits = cameras.Recording(ADDRESS, seconds=5.0, patient=True, told=told.append)
    assert len([piece for piece in waits.pieces() if piece]) == 2
    assert len(told) == 6 and waits.trouble is not None


def test_stopped_recording_gives_what_there_is(sends: Callable[[Sent], None]) -> None:
    sends([-1, -1, -1, -1])
    stopped = recording([])
    pieces = stopped.pieces()
    next(pieces)
    stopped.stop()
    assert len([piece for piece in pieces if piece]) <= 3


def test_no_more_pieces_wait_than_may(
    sends: Callable[[Sent], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(cameras, "MOST_WAITING", 2)
    sends([5])
    told: list[str] = []
    slow = recording(told)
    slow._run(tmp_path)
    assert (slow.lost, len(slow._waiting), len(told)) == (3, 2, 3)
    assert len(list(tmp_path.rglob("*.mp4"))) == 2


def test_piece_becomes_a_video_of_its_camera(project: Project, tmp_path: Path) -> None:
    camera = Camera.objects.create(project=project, name="Gate")
    clip = clips.write(tmp_path / "000001.mp4")
    begun = datetime(2026, 11, 27, 12, 0, 5, tzinfo=UTC)
    video = cameras.bring(Piece(clip, begun.timestamp(), 4.0), camera)
    assert (video.name, video.camera) == ("Gate 2026-11-27 12.00.05.mp4", camera)
    assert video.recorded_at == begun and not clip.exists()


@pytest.mark.parametrize("wrong", [1e300, -1e11, "nan"])
def test_clock_that_is_off_by_ages_is_refused(api: Any, project: Project, wrong: Any) -> None:
    given = {"project": project.pk, "name": "Gate", "clock_offset": wrong}
    assert api.post("/api/v1/cameras/", given, format="json").status_code == 400


def test_camera_is_known_by_its_name(project: Project) -> None:
    with pytest.raises(errors.CameraUnknown):
        cameras.named(project, "Gate")


# --- the address of a camera


@pytest.fixture
def gate(api: Any, project: Project) -> Camera:
    given = {"project": project.pk, "name": "Gate", "address": ADDRESS}
    answer = api.post("/api/v1/cameras/", given, format="json")
    assert answer.status_code == 201 and "secret" not in answer.content.decode()
    return Camera.objects.get()


@pytest.fixture(autouse=True)
def no_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotations.vision.live.socket.getaddrinfo", lambda *_, **__: [])


def test_address_is_told_to_nobody(api: Any, gate: Camera, admin_client: Any) -> None:
    assert cameras.address_of(gate) == ADDRESS and "secret" not in gate.sealed_address
    told = [
        api.get("/api/v1/cameras/").content,
        admin_client.get(f"/admin/annotations/camera/{gate.pk}/change/").content,
        admin_client.get("/admin/annotations/camera/").content,
    ]
    assert all(b"gate.example" in page for page in told)
    assert not any(b"secret" in page or gate.sealed_address.encode() in page for page in told)
    note = AuditEntry.objects.get()
    assert note.details == {"kind": "rtsp", "host": "gate.example"}


def test_address_is_changed_kept_and_taken_away(api: Any, gate: Camera) -> None:
    def change(**given: str) -> Camera:
        answer = api.patch(f"/api/v1/cameras/{gate.pk}/", given, format="json")
        assert answer.status_code == 200
        return Camera.objects.get()

    assert cameras.address_of(change(name="Yard")) == ADDRESS
    assert change(address="https://host/live.m3u8").source_kind == "hls"
    assert (change(address="").source_host, Camera.objects.get().sealed_address) == ("", "")
    with pytest.raises(errors.CameraWithoutAddress):
        cameras.address_of(Camera.objects.get())


@pytest.mark.parametrize("wrong", ["file:///etc/passwd", "http://169.254.169.254/hidden"])
def test_address_that_may_not_be_leaves_no_camera(api: Any, project: Project, wrong: str) -> None:
    given = {"project": project.pk, "name": "Gate", "address": wrong}
    answer = api.post("/api/v1/cameras/", given, format="json")
    assert answer.status_code == 400 and "hidden" not in answer.content.decode()
    assert not Camera.objects.exists() and not AuditEntry.objects.exists()


def test_address_under_another_key_is_asked_for_again(gate: Camera, settings: Any) -> None:
    settings.SECRET_KEY = "another"
    with pytest.raises(errors.CameraAddressLost):
        cameras.address_of(gate)


def test_picture_of_a_camera_is_shown_before_its_address_is_kept(
    api: Any, gate: Camera, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []

    def still(address: str) -> Message:
        called.append(address)
        if len(called) == 3:
            raise errors.CameraAway(host="gate.example", why="Connection refused")
        facts = {"width": 1920, "height": 1080, "codec": "hevc"}
        return Message("picture", facts, b"jpeg")

    monkeypatch.setattr(child, "still", still)
    address = f"/api/v1/cameras/{gate.pk}/try/"
    seen = api.post(address, {}, format="json").json()
    assert (seen["picture"], seen["width"]) == ("data:image/jpeg;base64,anBlZw==", 1920)
    assert api.post(address, {"address": "rtsp://other/"}, format="json").status_code == 200
    refused = api.post(address, {}, format="json")
    assert refused.status_code == 400 and "secret" not in refused.content.decode()
    assert called == [ADDRESS, "rtsp://other/", ADDRESS]
    cache.add(f"camera-look:{gate.pk}", "yes")
    assert api.post(address, {}, format="json").status_code == 409
    cache.delete(f"camera-look:{gate.pk}")


def test_address_is_part_of_no_archive(gate: Camera, tmp_path: Path) -> None:
    path = tmp_path / "project.zip"
    running = Running(tasks.export_project.held(project_id=gate.project_id))
    archive.write(gate.project, path, running, videos=True)
    with zipfile.ZipFile(path) as whole:
        line = whole.read("rows/cameras.jsonl").decode()
    assert "Gate" in line and "gate.example" not in line and gate.sealed_address not in line
