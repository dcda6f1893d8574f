"""tus 1.0, edge by edge: nothing lost, nothing doubled, nobody else's."""

from __future__ import annotations

import base64
import hashlib
import io
import random
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory
from django.utils import timezone
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from annotations import archive, errors, tasks, uploads
from annotations.models import ImportBatch, Project, Role, Upload, Video
from annotations.views.uploads import upload as view
from lprsite import bodies, files
from lprsite.jobs import tasks as job_tasks
from lprsite.jobs.models import Job
from tests.annotations.rows import client_of, make_member, make_video
from tests.annotations.vision import clips

TUS: dict[str, Any] = {"HTTP_TUS_RESUMABLE": "1.0.0"}
PIECE = "application/offset+octet-stream"
LIST = "/api/v1/uploads/"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "WAIT_SECONDS", 0.0)


def metadata(**said: Any) -> str:
    pairs = ((name, base64.b64encode(str(value).encode()).decode()) for name, value in said.items())
    return ",".join(f"{name} {value}" for name, value in pairs)


def announce(
    api: Any, project: Any, size: Any, *, name: str = "gate.mp4", said: Any = None, **more: str
) -> Any:
    given = {"filename": name, "project": project.pk, **(said or {})}
    headers = {**TUS, "HTTP_UPLOAD_LENGTH": str(size), "HTTP_UPLOAD_METADATA": metadata(**given)}
    return api.post(LIST, **{**headers, **more})


def place(api: Any, project: Any, size: int, **more: Any) -> str:
    answer = announce(api, project, size, **more)
    assert answer.status_code == 201, answer.content
    return str(answer["Location"])


def send(api: Any, where: str, data: bytes, offset: Any, **more: str) -> Any:
    headers = {**TUS, "HTTP_UPLOAD_OFFSET": str(offset), **more}
    return api.generic("PATCH", where, data, **{"content_type": PIECE, **headers})


def ends_at(api: Any, where: str) -> int:
    answer = api.head(where, **TUS)
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    return int(answer["Upload-Offset"])


def zip_of(name: str, data: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return packed.getvalue()


def run_jobs() -> list[Job]:
    while job := Job.objects.filter(state="queued").exclude(task="make_preview").first():
        job_tasks.run(job.pk)
    return list(Job.objects.order_by("id"))


def stored(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return clips.write(tmp_path_factory.mktemp("clips") / "gate.mp4").read_bytes()


# --- the whole way


def test_pieces_become_a_video(api: Any, project: Any, clip: bytes) -> None:
    where, half = place(api, project, len(clip)), len(clip) // 2
    assert send(api, where, clip[:half], 0)["Upload-Offset"] == str(half)
    assert ends_at(api, where) == half
    answer = send(api, where, clip[half:], half)
    assert (answer.status_code, answer["Upload-Offset"]) == (204, str(len(clip)))
    assert api.get(where).json()["state"] == "checking"
    run_jobs()
    said, video = api.get(where).json(), Video.objects.get()
    assert (said["state"], said["video"], said["error"]) == ("done", video.pk, "")
    assert said["sha256"] == video.sha256 == hashlib.sha256(clip).hexdigest()
    assert files.local_path(video.file).read_bytes() == clip
    assert not list((files.root() / "uploads").iterdir())
    Video.objects.all().delete()
    assert api.get(where).json()["state"] == "done"
    assert [job.task for job in Job.objects.order_by("id")] == ["ingest_video", "make_preview"]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_ten_interruptions_end_with_the_same_hash(
    api: Any, project: Any, clip: bytes, seed: int
) -> None:
    """Each time the connection breaks within a piece that said it would be longer."""
    cuts = sorted(random.Random(seed).sample(range(1, len(clip)), 10))
    where = place(api, project, len(clip))
    for cut in cuts:
        offset = ends_at(api, where)
        assert broken_off(api, where, clip, offset, cut - offset).status_code == 408
        assert ends_at(api, where) == cut
    assert send(api, where, clip[cuts[-1] :], cuts[-1]).status_code == 204
    run_jobs()
    assert Video.objects.get().sha256 == hashlib.sha256(clip).hexdigest()


def broken_off(api: Any, where: str, data: bytes, offset: int, length: int) -> Any:
    """A piece whose connection breaks after ``length`` bytes, as ``Bodies`` hands it on."""
    messages = iter(
        [
            {"type": "http.request", "body": data[offset : offset + length], "more_body": True},
            {"type": "http.disconnect"},
        ]
    )

    async def receive() -> Any:
        return next(messages)

    headers: Any = {"HTTP_UPLOAD_OFFSET": str(offset), "CONTENT_TYPE": PIECE, **TUS}
    request: Any = RequestFactory().generic("PATCH", where, b"", **headers)
    request.scope = {bodies.BODY: bodies.Body(receive)}
    request._force_auth_user = api.handler._force_user
    return async_to_sync(view)(request, pk=int(where.split("/")[-2]))


def test_the_same_file_again_is_the_same_video(api: Any, project: Any, clip: bytes) -> None:
    for name in ("gate.mp4", "gate again.mp4"):
        where = place(api, project, len(clip), name=name)
        send(api, where, clip, 0)
        run_jobs()
        assert api.get(where).json()["video"] == Video.objects.get().pk


def test_several_files_come_side_by_side(api: Any, project: Any) -> None:
    places = [place(api, project, 8, name=f"{n}.mp4") for n in range(3)]
    for offset in (0, 4):
        for n, where in enumerate(places):
            assert send(api, where, bytes([n]) * 4, offset).status_code == 204
    parts = [files.local_path(upload.file).read_bytes() for upload in Upload.objects.all()]
    assert parts == [bytes([n]) * 8 for n in range(3)]
    listed = api.get(LIST, {"project": project.pk}).json()["results"]
    assert [(one["name"], one["state"]) for one in listed] == [
        (f"{n}.mp4", "checking") for n in range(3)
    ]


def test_an_archive_becomes_an_import(api: Any, project: Any) -> None:
    data = zip_of("a.jpg", b"hello")
    where = place(api, project, len(data), name="boxes.zip", said={"purpose": "import"})
    send(api, where, data, 0)
    run_jobs()
    said, batch = api.get(where).json(), ImportBatch.objects.get()
    assert (said["state"], said["batch"], batch.name) == ("done", batch.pk, "boxes.zip")
    assert files.local_path(batch.path).read_bytes() == data
    assert Job.objects.get(pk=batch.job_id or 0).task == "examine_import"


def test_an_archive_that_cannot_be_examined_says_why_and_is_swept(api: Any, project: Any) -> None:
    data = zip_of("bomb.txt", bytes(2 << 20))
    where = place(api, project, len(data), name="bomb.zip", said={"purpose": "import"})
    send(api, where, data, 0)
    run_jobs()
    batch = ImportBatch.objects.get()
    said = api.get(where, headers={"accept-language": "es"}).json()
    assert (said["state"], said["batch"]) == ("refused", batch.pk)
    assert said["error"] == Job.objects.get(pk=batch.job_id or 0).error_es
    assert "bomb.zip" in api.get(where).json()["error"]
    kept = files.local_path(batch.path)
    assert kept.is_file()
    ImportBatch.objects.update(created_at=timezone.now() - timedelta(days=8))
    tasks.sweep()
    batch.refresh_from_db()
    assert (kept.exists(), batch.path) == (False, "")


@pytest.mark.parametrize(
    ("data", "code"), [(b"Dear Ana,\n" * 9, "NotAVideo"), (b"\xff\xd8\xff", "NotAVideo")]
)
def test_what_is_no_video_is_refused_in_the_job_and_removed(
    api: Any, project: Any, storage: Path, data: bytes, code: str
) -> None:
    where = place(api, project, len(data), name="letter.mp4")
    assert send(api, where, data, 0).status_code == 204
    job = run_jobs()[0]
    said = api.get(where).json()
    assert (job.state, job.error_code, said["state"]) == ("failed", code, "refused")
    assert "“letter.mp4”" in said["error"] and stored(storage) == []
    assert "«letter.mp4»" in api.get(where, HTTP_ACCEPT_LANGUAGE="es").json()["error"]


def test_a_job_killed_after_the_move_completes(
    api: Any, project: Any, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    where = place(api, project, len(clip))
    send(api, where, clip, 0)

    def killed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Video, "save", killed)
        with pytest.raises(KeyboardInterrupt):
            run_jobs()
    Job.objects.update(state="queued")
    run_jobs()
    assert api.get(where).json()["state"] == "done"
    assert files.local_path(Video.objects.get().file).read_bytes() == clip


# --- what a server must say


def test_options_name_version_extensions_and_size(api: Any, project: Any) -> None:
    answer = api.options(LIST)
    assert (answer.status_code, answer["Tus-Version"]) == (204, "1.0.0")
    assert answer["Tus-Extension"] == "creation,expiration,termination"
    assert int(answer["Tus-Max-Size"]) == 50 * 1024**3


def test_creation_answers_with_place_and_expiry(api: Any, project: Any) -> None:
    answer = announce(api, project, 9, said={"fingerprint": "abc"})
    assert answer["Location"] == f"{LIST}{Upload.objects.get().pk}/"
    assert answer["Tus-Resumable"] == "1.0.0" and answer["Upload-Expires"].endswith("GMT")
    assert answer.json()["fingerprint"] == "abc"
    head = api.head(answer["Location"], **TUS)
    assert (head["Upload-Length"], head["Upload-Offset"]) == ("9", "0")
    assert uploads.parse_metadata(head["Upload-Metadata"])["filename"] == "gate.mp4"


@pytest.mark.parametrize("version", ["", "0.2.2", "2.0.0"])
@pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE"])
def test_other_versions_are_refused(api: Any, project: Any, method: str, version: str) -> None:
    where = LIST if method == "POST" else place(api, project, 4)
    headers = {"HTTP_TUS_RESUMABLE": version} if version else {}
    answer = api.generic(method, where, b"", content_type=PIECE, **headers)
    assert (answer.status_code, answer["Tus-Version"]) == (412, "1.0.0")


@pytest.mark.parametrize(
    ("length", "said", "code"),
    [
        ("", {}, "UploadHeaderWrong"),
        ("-1", {}, "UploadHeaderWrong"),
        ("9e9", {}, "UploadHeaderWrong"),
        ("9" * 20, {}, "UploadHeaderWrong"),
        ("0", {}, "EmptyFile"),
        ("4", {"filename": ""}, "UploadHeaderWrong"),
        ("4", {"filename": "a\nb.mp4"}, "UploadHeaderWrong"),
        ("4", {"purpose": "virus"}, "UploadHeaderWrong"),
        ("4", {"project": "none"}, "UploadHeaderWrong"),
        ("4", {"note": "x" * 5000}, "UploadHeaderWrong"),
    ],
)
def test_wrong_announcements_are_refused(
    api: Any, project: Any, length: str, said: dict[str, str], code: str
) -> None:
    answer = announce(api, project, length, said=said)
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not Upload.objects.exists()


def test_metadata_that_is_no_base64_is_refused(api: Any, project: Any) -> None:
    assert announce(api, project, 4, HTTP_UPLOAD_METADATA="filename ***").status_code == 400
    answer = announce(api, project, 4, HTTP_UPLOAD_DEFER_LENGTH="1")
    assert answer.json()["code"] == "UploadLengthUnknown"


def test_folders_in_a_name_are_dropped(api: Any, project: Any) -> None:
    place(api, project, 4, name="C:\\videos\\..\\gate.mp4")
    assert Upload.objects.get().name == "gate.mp4"


def test_wrong_offset_is_told_the_right_one(api: Any, project: Any) -> None:
    where = place(api, project, 10)
    send(api, where, b"12345", 0)
    for offset in (0, 4, 6, 10, 11):
        answer = send(api, where, b"x", offset)
        assert (answer.status_code, answer.json()["offset"]) == (409, 5)
    assert ends_at(api, where) == 5


@pytest.mark.parametrize("offset", ["", "-1", "five", "²"])
def test_unreadable_offset_is_refused(api: Any, project: Any, offset: str) -> None:
    where = place(api, project, 4)
    headers = {**TUS, "HTTP_UPLOAD_OFFSET": offset.encode().decode("latin1")}
    answer = api.generic("PATCH", where, b"x", content_type=PIECE, **headers)
    assert answer.status_code == 400


def test_a_piece_has_its_own_content_type(api: Any, project: Any) -> None:
    where = place(api, project, 4)
    assert send(api, where, b"{}", 0, content_type="application/json").status_code == 415


def test_a_piece_beyond_the_end_or_the_limit_is_refused(
    api: Any, project: Any, settings: Any
) -> None:
    where = place(api, project, 10)
    assert send(api, where, b"x" * 11, 0).status_code == 413
    settings.UPLOAD_PIECE_BYTES = 4
    assert send(api, where, b"x" * 5, 0).status_code == 413
    assert broken_off(api, where, b"x" * 9, 0, 5).status_code == 413  # without a length
    assert ends_at(api, where) == 0
    assert send(api, where, b"x" * 4, 0).status_code == 204


def test_nothing_more_may_come_once_it_is_whole(api: Any, project: Any) -> None:
    where = place(api, project, 4)
    send(api, where, b"1234", 0)
    assert ends_at(api, where) == 4
    assert send(api, where, b"", 4).status_code == 409
    assert send(api, where, b"1234", 0).status_code == 409
    assert Job.objects.count() == 1


def test_method_override_for_old_clients(api: Any, project: Any) -> None:
    where = place(api, project, 4)
    headers = {**TUS, "HTTP_UPLOAD_OFFSET": "0", "HTTP_X_HTTP_METHOD_OVERRIDE": "PATCH"}
    assert api.generic("POST", where, b"12", content_type=PIECE, **headers).status_code == 204
    assert ends_at(api, where) == 2
    assert api.generic("POST", where, b"", content_type=PIECE, **TUS).status_code == 405


def test_unknown_upload_is_not_found(api: Any, project: Any) -> None:
    for method in ("HEAD", "PATCH", "DELETE", "GET"):
        assert api.generic(method, f"{LIST}999/", b"", **TUS).status_code == 404


def test_termination_frees_the_disk(api: Any, project: Any, storage: Path) -> None:
    where = place(api, project, 4)
    send(api, where, b"12", 0)
    assert api.delete(where, **TUS).status_code == 204
    assert stored(storage) == []
    assert api.head(where, **TUS).status_code == 404


def test_giving_up_while_it_is_checked_cancels_the_check(api: Any, project: Any) -> None:
    where = place(api, project, 4)
    send(api, where, b"1234", 0)
    assert api.delete(where, **TUS).status_code == 204
    assert Job.objects.get().state == "cancelled" and not Upload.objects.exists()


# --- one writer at a time


def test_two_at_once_lose_nothing(api: Any, project: Any) -> None:
    where = place(api, project, 8)
    upload = Upload.objects.get()
    first = uploads.Writer(upload, uploads.hold(upload, 0))
    first.write(b"12")
    second = send(api, where, b"xxxx", 0)
    assert (second.status_code, second.json()["code"]) == (423, "UploadBusy")
    assert api.head(where, **TUS).status_code == 423
    first.close()
    assert ends_at(api, where) == 2


def test_who_lost_the_lease_changes_nothing(api: Any, project: Any) -> None:
    where = place(api, project, 8)
    upload = Upload.objects.get()
    hanging = uploads.Writer(upload, uploads.hold(upload, 0))
    Upload.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert send(api, where, b"1234", 0).status_code == 204
    hanging.write(b"12")
    with pytest.raises(errors.UploadBusy):
        hanging.close()
    assert ends_at(api, where) == 4


def test_a_killed_server_is_written_over_from_what_was_safe(api: Any, project: Any) -> None:
    """The process died between the write and the row: the file is longer than the offset."""
    where = place(api, project, 8)
    upload = Upload.objects.get()
    lost = uploads.Writer(upload, uploads.hold(upload, 0))
    lost.write(b"xxxxx")
    Upload.objects.update(lease_until=timezone.now() - timedelta(seconds=1))  # time passes
    assert ends_at(api, where) == 0
    send(api, where, b"12345678", 0)
    assert files.local_path(upload.file).read_bytes() == b"12345678"


def test_a_slow_piece_is_safe_before_it_ends(
    api: Any, project: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "RENEW_SECONDS", -1.0)
    where = place(api, project, 8)
    upload = Upload.objects.get()
    writer = uploads.Writer(upload, uploads.hold(upload, 0))
    writer.write(b"123")
    writer.write(b"45")
    upload.refresh_from_db()
    assert (upload.offset, upload.being_sent) == (3, True)
    assert Upload.objects.get().expires_at > timezone.now() and where


def test_a_part_file_that_vanished_says_so(api: Any, project: Any) -> None:
    where = place(api, project, 4)
    files.delete(Upload.objects.get().file)
    assert send(api, where, b"12", 0).status_code == 410
    assert ends_at(api, where) == 0  # and nothing holds it


# --- time and room


def test_expired_uploads_are_gone_and_swept(api: Any, project: Any, storage: Path) -> None:
    where, kept = place(api, project, 4), place(api, project, 4)
    old = Upload.objects.order_by("id")[0]
    Upload.objects.filter(pk=old.pk).update(expires_at=timezone.now() - timedelta(hours=1))
    assert send(api, where, b"12", 0).status_code == 410
    assert api.head(where, **TUS).status_code == 410
    assert api.get(where).json()["state"] == "expired"
    tasks.sweep()
    assert api.head(where, **TUS).status_code == 404
    assert ends_at(api, kept) == 0 and len(stored(storage)) == 1


def test_sweep_leaves_what_is_being_checked(api: Any, project: Any, storage: Path) -> None:
    where = place(api, project, 4)
    send(api, where, b"1234", 0)
    Upload.objects.update(expires_at=timezone.now() - timedelta(hours=1))
    assert uploads.sweep() == 0 and len(stored(storage)) == 1
    Job.objects.update(state="failed")
    assert uploads.sweep() == 1 and stored(storage) == []


def test_every_piece_puts_the_expiry_off(api: Any, project: Any) -> None:
    where = place(api, project, 4)
    Upload.objects.update(expires_at=timezone.now() + timedelta(minutes=1))
    send(api, where, b"1", 0)
    assert Upload.objects.get().expires_at > timezone.now() + timedelta(days=2)


def test_room_is_checked_before_anything_comes(
    api: Any, project: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(size: int) -> tuple[int, str]:
        answer = announce(api, project, size)
        return answer.status_code, answer.json()["code"]

    settings.MAX_VIDEO_BYTES = 100
    assert refused(101) == (413, "UploadTooLarge")
    settings.UPLOAD_USER_BYTES = 60
    place(api, project, 30)
    assert refused(31) == (413, "UploadsTooLarge")
    settings.PROJECT_BYTES = 50
    make_video(project, bytes=15)
    assert refused(6) == (413, "ProjectFull")
    settings.UPLOADS_EACH = 1
    assert refused(1) == (403, "UploadsTooMany")
    settings.UPLOADS_EACH, settings.DISK_RESERVE_BYTES = 9, 0
    monkeypatch.setattr(files, "free_bytes", lambda: 34)  # 30 of it are on their way
    assert refused(5) == (507, "NoRoomForUpload")
    place(api, project, 4)


# --- who may


def test_outsiders_viewers_and_others_stay_out(api: Any, project: Any) -> None:
    where = place(api, project, 4)
    viewer = client_of(make_member(project, "viewer", Role.VIEWER))
    other = client_of(make_member(project, "other", Role.ANNOTATOR))
    from django.contrib.auth.models import User

    eve, nobody = client_of(User.objects.create_user("eve")), client_of(None)
    for client, expected in ((nobody, 403), (eve, 404), (viewer, 403)):
        assert announce(client, project, 4).status_code == expected
        assert send(client, where, b"x", 0).status_code == expected
    assert send(other, where, b"x", 0).json()["code"] == "UploadNotYours"
    assert other.delete(where, **TUS).status_code == 403
    assert ends_at(api, where) == 0
    mine = place(other, project, 4)
    assert api.delete(mine, **TUS).status_code == 204  # a manager may give up for others


def test_session_needs_its_csrf_token_and_a_token_does_not(project: Any, user: Any) -> None:
    by_session = APIClient(enforce_csrf_checks=True)
    by_session.force_login(user)
    assert announce(by_session, project, 4).status_code == 403
    by_token = APIClient(enforce_csrf_checks=True)
    by_token.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.create(user=user).key}")
    where = place(by_token, project, 4)
    assert send(by_session, where, b"1234", 0).status_code == 403
    assert send(by_token, where, b"1234", 0).status_code == 204


# --- small files in a form


def form(api: Any, project: Any, data: bytes, name: str = "gate.mp4") -> tuple[int, Any]:
    given = {"project": project.pk, "file": SimpleUploadedFile(name, data)}
    answer = api.post("/api/v1/videos/", given, format="multipart")
    return answer.status_code, answer.json()


def test_small_file_in_a_form_goes_the_same_way(api: Any, project: Any, clip: bytes) -> None:
    status, job = form(api, project, clip)
    assert (status, job["task"], job["state"]) == (202, "ingest_video", "queued")
    run_jobs()
    assert Job.objects.get(pk=job["id"]).result == {"video": Video.objects.get().pk, "new": True}
    assert form(api, project, b"")[1]["code"] == "EmptyFile"


# --- archives of whole projects


@pytest.fixture
def archived(project: Any, running: Any, tmp_path: Path) -> bytes:
    make_video(project, file="videos/gone.mp4")
    archive.write(project, tmp_path / "a.zip", running, videos=True)
    return (tmp_path / "a.zip").read_bytes()


def announce_archive(api: Any, size: int) -> str:
    said = metadata(filename="a.zip", purpose="archive", fingerprint="f")
    answer = api.post(LIST, **TUS, HTTP_UPLOAD_LENGTH=str(size), HTTP_UPLOAD_METADATA=said)
    assert answer.status_code == 201, answer.content
    return str(answer["Location"])


def test_archive_in_pieces_becomes_a_project(api: Any, project: Any, archived: bytes) -> None:
    where = announce_archive(api, len(archived))
    assert send(api, where, archived[:200], 0).status_code == 204
    assert api.get(LIST, {"purpose": "archive"}).json()["results"][0]["state"] == "sending"
    assert send(api, where, archived[200:], 200).status_code == 204
    run_jobs()
    said = api.get(where).json()
    assert (said["state"], said["project"]) == ("done", None)
    restored = Job.objects.get(pk=said["job"]).result
    assert restored["name"] == "Entrance (2)" and restored["videos"] == 1
    assert not list((files.root() / "uploads").iterdir())
    assert api.delete(where, **TUS).status_code == 204
    assert Project.objects.count() == 2


def test_archive_that_is_none_is_refused_and_goes(api: Any, project: Any) -> None:
    data = zip_of("a.txt", b"1")
    where = announce_archive(api, len(data))
    assert send(api, where, data, 0).status_code == 204
    run_jobs()
    said = api.get(where).json()
    assert said["state"] == "refused" and "no archive of a project" in said["error"]
    assert not list((files.root() / "uploads").iterdir())
    assert Project.objects.count() == 1


def test_upload_of_an_archive_is_its_senders_alone(api: Any, project: Any) -> None:
    where = announce_archive(api, 100)
    eva = client_of(make_member(project, "eva", Role.MANAGER))
    assert eva.get(where).status_code == 404 and eva.delete(where, **TUS).status_code == 404
    assert eva.get(LIST).json()["results"] == []
    given = {"filename": "a.mp4", "project": ""}
    said: Any = {"HTTP_UPLOAD_LENGTH": "9", "HTTP_UPLOAD_METADATA": metadata(**given)}
    assert eva.post(LIST, **TUS, **said).status_code == 400  # only an archive may lack one
