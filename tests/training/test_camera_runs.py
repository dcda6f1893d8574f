"""Cameras that are recorded and read until somebody stops them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from annotations import cameras, errors
from annotations.models import AuditEntry, Camera, Project, Video
from annotations.vision.live import Piece
from lprsite.errors import Refused
from lprsite.jobs import engine
from lprsite.jobs.models import Job, State, this_process
from tests.annotations.rows import make_frame, make_video
from tests.annotations.vision import clips
from tests.training.rows import make_read, make_run
from training import camera_runs, reading, reviews, runs, sightings, tasks, work
from training.errors import CameraRecorded
from training.models import CameraRun, InferenceRun, TrainedModel

API = "/api/v1/camera-runs/"
SECRET = "rtsp://me:secret@192.168.1.20/stream"
Sends = Callable[..., None]


@pytest.fixture
def gate(project: Project) -> Camera:
    for kind in ("detector", "recognizer"):
        runs.promote(TrainedModel.objects.create(project=project, kind=kind, name=kind, file="x"))
    return Camera.objects.create(project=project, name="Gate", **cameras.source_of(SECRET))


@pytest.fixture
def run(gate: Camera) -> CameraRun:
    return camera_runs.start(gate, keep_all=True)


@pytest.fixture
def sends(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sends:
    """Have cameras send pieces; what else is given is called, or is a trouble, in between."""

    def sends(*what: int | Refused | Callable[[], None] | None) -> None:
        def pieces(recording: cameras.Recording) -> Iterator[Piece | None]:
            for number, one in enumerate(what):
                if callable(one):
                    one()
                    yield None
                    continue
                recording.trouble = one if isinstance(one, Refused) else None
                recording.began = 1_795_780_000.0 + 30 * number
                if not isinstance(one, int):
                    yield None
                    continue
                clip = clips.write(tmp_path / f"{one}.mp4", frames=10 + one)
                yield Piece(clip, recording.began, 1.0)
                if recording._stopping.is_set():
                    return

        monkeypatch.setattr(cameras.Recording, "pieces", pieces)

    return sends


def recorded(run: CameraRun) -> Job:
    """Have the recording's job done here, as a worker does."""
    job = tasks.start_recording(run)
    engine.work_on("cameras")
    job.refresh_from_db()
    run.refresh_from_db()
    return job


def test_each_piece_becomes_a_video_that_waits_to_be_read(run: CameraRun, sends: Sends) -> None:
    sends(None, 1, None, 2)
    job = recorded(run)
    assert (job.state, job.result["pieces"], job.done) == (State.SUCCEEDED, 2, 2)
    assert (run.pieces, run.dropped, run.trouble) == (2, 0, "")
    assert run.stopped_at is not None  # the playlist ended
    assert InferenceRun.objects.filter(camera_run=run, throughput={}).count() == 2
    waits = Job.objects.get(task="read_pieces")  # one job reads both
    assert (waits.queue, waits.parameters["camera_run"]) == ("gpu", run.pk)
    video = Video.objects.earliest("pk")
    assert video.camera == run.camera and video.recorded_at is not None
    assert video.preview == video.file
    last = Video.objects.latest("pk").recorded_at
    assert last and run.last_piece_at == last + timedelta(seconds=1)


def test_no_address_is_told_by_rows_of_a_recording(
    api: Any, gate: Camera, sends: Sends, caplog: pytest.LogCaptureFixture
) -> None:
    sends(1, errors.CameraAway(host="192.168.1.20", why="it fell silent"), 2)
    answer = api.post(API, {"camera": gate.pk}, format="json")
    engine.work_on("cameras")
    told = answer.content.decode() + api.get(API).content.decode() + caplog.text
    told += str(list(Job.objects.values())) + str(list(AuditEntry.objects.values()))
    assert answer.status_code == 202 and "secret" not in told
    assert gate.sealed_address not in told


def test_stopped_recording_keeps_what_came(run: CameraRun, sends: Sends) -> None:
    def stop() -> None:
        camera_runs.stop(CameraRun.objects.get(pk=run.pk))
        held[0]._asked_to_stop.set()

    held: list[engine.Running] = []
    job = tasks.start_recording(run)
    sends(1, stop, 2, 3)
    claimed = Job.objects.claim(job.pk)
    assert claimed is not None
    held.append(engine.Running(claimed))
    with pytest.raises(engine.Cancelled):
        list(camera_runs.record(run, held[0]))
    run.refresh_from_db()
    assert (run.pieces, Video.objects.count()) == (2, 2)  # the one at work is brought in
    assert run.stopped_at and not camera_runs.wanted().exists()
    assert (run.trouble, run.piece_began) == ("", None)


def test_recording_goes_on_by_itself_when_its_worker_ended(
    run: CameraRun, sends: Sends, monkeypatch: pytest.MonkeyPatch
) -> None:
    sends(1, engine.ENDING.set, 2, 3)
    try:
        job = recorded(run)
    finally:
        engine.ENDING.clear()
    assert (job.state, run.pieces, run.stopped_at) == (State.SUCCEEDED, 2, None)
    tasks.go_on_recording()
    tasks.go_on_recording()
    assert Job.objects.filter(task="record_camera").count() == 2
    sends(4)
    engine.work_on("cameras")
    run.refresh_from_db()
    assert run.pieces == 3


def test_recording_of_a_killed_worker_goes_on_at_once(run: CameraRun, sends: Sends) -> None:
    job = tasks.start_recording(run)
    host = this_process().rpartition(":")[0]
    claimed = Job.objects.claim(job.pk)
    assert claimed is not None
    claimed.mine().update(lease_owner=f"{host}:{2**22 + 1}")  # no process has such a number
    tasks.go_on_recording()
    sends(1)
    engine.work_on("cameras")
    job.refresh_from_db()
    assert (job.state, job.attempt, job.done) == (State.SUCCEEDED, 2, 1)


def test_broken_recording_is_begun_again_after_a_while(run: CameraRun, sends: Sends) -> None:
    def break_down() -> None:
        raise RuntimeError("out of luck")

    sends(break_down)
    with pytest.raises(RuntimeError):
        recorded(run)
    assert not camera_runs.wanted().exists()
    Job.objects.update(ended_at=timezone.now() - 2 * camera_runs.AGAIN)
    assert list(camera_runs.wanted()) == [run]


def test_recording_of_another_address_begins_anew(run: CameraRun, sends: Sends) -> None:
    def move() -> None:
        Camera.objects.update(**cameras.source_of("rtsp://10.0.0.9/"))

    sends(1, move, *([None] * camera_runs.LOOK_TICKS), 2, 3)
    recorded(run)
    assert (run.pieces, run.stopped_at) == (2, None)


def test_recording_whose_address_was_lost_ends_with_a_sentence(
    run: CameraRun, settings: Any
) -> None:
    settings.SECRET_KEY = "another"
    job = recorded(run)
    assert (job.state, job.error_code) == (State.FAILED, "CameraAddressLost")
    assert run.stopped_at and "Give it again" in run.trouble_en


def test_recording_stopped_among_the_jobs_stays_stopped(
    api: Any, run: CameraRun, gate: Camera
) -> None:
    job = tasks.start_recording(run)
    assert api.post(f"/api/v1/jobs/{job.pk}/cancel/").json()["state"] == State.CANCELLED
    tasks.go_on_recording()
    run.refresh_from_db()
    assert run.stopped_at and Job.objects.count() == 1
    assert api.post(API, {"camera": gate.pk}, format="json").status_code == 202


def test_camera_that_is_deleted_is_recorded_no_further(
    api: Any, run: CameraRun, gate: Camera, sends: Sends
) -> None:
    def delete() -> None:
        assert api.delete(f"/api/v1/cameras/{gate.pk}/").status_code == 204

    sends(1, delete, 2, 3)
    job = tasks.start_recording(run)
    engine.work_on("cameras")
    job.refresh_from_db()
    assert job.error == ""
    assert list(Video.objects.values_list("camera", flat=True)) == [None]
    assert not Job.objects.active().exists()


def test_trouble_is_told_while_it_lasts(run: CameraRun, sends: Sends) -> None:
    seen = []

    def look() -> None:
        row = CameraRun.objects.get(pk=run.pk)
        seen.append((row.trouble, row.trouble_since is not None, row.piece_began is not None))

    away = errors.CameraAway(host="192.168.1.20", why="it fell silent")
    sends(None, look, away, look, None, look)
    recorded(run)
    assert seen == [("", False, True), ("CameraAway", True, True), ("", False, True)]


def test_pieces_are_dropped_while_reading_is_behind(
    run: CameraRun, sends: Sends, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_runs, "MOST_UNREAD", 2)

    def read_one() -> None:
        InferenceRun.objects.filter(camera_run=run).update(throughput={"frames": 9})

    def look() -> None:
        assert CameraRun.objects.get(pk=run.pk).trouble == "ReadingBehind"

    sends(1, 2, 3, look, read_one, 4)
    recorded(run)
    assert (run.pieces, run.dropped, Video.objects.count()) == (3, 1, 3)


def test_project_that_is_full_takes_no_piece(run: CameraRun, sends: Sends, settings: Any) -> None:
    settings.PROJECT_BYTES = 1
    sends(1)
    recorded(run)
    assert (run.pieces, run.dropped) == (0, 1)


def test_pieces_without_a_plate_are_deleted(gate: Camera, sends: Sends, project: Project) -> None:
    run = camera_runs.start(gate)
    found = [make_run(project, make_video(project, camera=gate, name=str(n))) for n in range(4)]
    for piece in found:
        piece.camera_run, piece.throughput = run, {"frames": 9}
        piece.save()
    make_read(found[0], "PBA1234", 0, 5)
    make_frame(project, video=found[1].video, pts=0)  # somebody labels it
    InferenceRun.objects.filter(pk=found[2].pk).update(throughput={})  # is being read
    sends(1)
    recorded(run)
    names = Video.objects.order_by("pk").values_list("name", flat=True)
    assert list(names)[:3] == ["0", "1", "2"] and len(names) == 4


def test_camera_is_recorded_once(api: Any, gate: Camera) -> None:
    first = api.post(API, {"camera": gate.pk}, format="json")
    assert (first.status_code, first.json()["job"]["queue"]) == (202, "cameras")
    second = api.post(API, {"camera": gate.pk, "seconds": 60}, format="json")
    assert (second.status_code, second.json()["code"]) == (409, CameraRecorded.__name__)
    assert api.post(f"{API}{first.json()['id']}/stop/").json()["stopped_at"]
    assert api.post(API, {"camera": gate.pk}, format="json").status_code == 202
    noted = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(noted) == ["started a camera", "stopped a camera", "started a camera"]


@pytest.mark.parametrize(
    "wrong", [{"seconds": 1}, {"detector": "77"}, {"fps": 0}, {"camera": 10**9}]
)
def test_recording_that_cannot_be_is_refused(api: Any, gate: Camera, wrong: Any) -> None:
    assert api.post(API, {"camera": gate.pk, **wrong}, format="json").status_code in (400, 404)
    assert not CameraRun.objects.exists()


def test_camera_without_address_is_not_recorded(api: Any, gate: Camera) -> None:
    Camera.objects.update(**cameras.source_of(""))
    refused = api.post(API, {"camera": gate.pk}, format="json")
    assert refused.json()["code"] == "CameraWithoutAddress"


def test_piece_that_is_read_late_stands_where_it_belongs(
    api: Any, run: CameraRun, pieces: list[InferenceRun]
) -> None:
    for number in range(60):  # more than a page
        make_read(pieces[1], f"PBB{number:04}", number, number + 1)
    make_read(pieces[0], "PBA0001", 0, 1)
    address, seen = f"/api/v1/cameras/{run.camera_id}/reads/", []
    while address:
        page = api.get(address).json()
        seen += [row["text"] for row in page["results"]]
        address = page["next"]
    assert seen == [f"PBB{number:04}" for number in reversed(range(60))] + ["PBA0001"]


def test_reads_of_a_camera_come_newest_first(
    api: Any, run: CameraRun, project: Project, django_assert_num_queries: Any
) -> None:
    now = timezone.now()
    seen = make_run(project, make_video(project, camera=run.camera, recorded_at=now))
    seen.camera_run, seen.throughput = run, {"frames": 9}
    seen.save()
    for number in range(3):
        make_read(seen, f"PBA100{number}", number, number + 1, crops=("PBA1000",))
    make_read(make_run(project, make_video(project, camera=run.camera)), "PBA9999", 0, 1)
    with django_assert_num_queries(3):
        rows = api.get(f"/api/v1/cameras/{run.camera_id}/reads/").json()["results"]
    assert [row["text"] for row in rows] == ["PBA1002", "PBA1001", "PBA1000"]
    assert rows[0]["picture"] and rows[0]["seen_at"]
    camera_runs.start(
        Camera.objects.create(project=project, name="Yard", **cameras.source_of(SECRET))
    )
    with django_assert_num_queries(4):
        shown = api.get(f"{API}?project={project.pk}").json()["results"][1]
    assert (shown["reads_today"], shown["unread"]) == (3, 0)


@pytest.fixture
def pieces(run: CameraRun, project: Project) -> list[InferenceRun]:
    """Two pieces of a minute, read, the second half a second after the end of the first."""
    begun = timezone.now()
    found = []
    for number in range(2):
        at = begun + number * timedelta(seconds=60.5)
        video = make_video(project, camera=run.camera, recorded_at=at)
        found.append(make_run(project, video))
        InferenceRun.objects.filter(pk=found[-1].pk).update(camera_run=run, throughput={"n": 1})
        found[-1].refresh_from_db()
    return found


def shown(api: Any, run: CameraRun) -> list[str]:
    rows = api.get(f"/api/v1/cameras/{run.camera_id}/reads/").json()["results"]
    today = api.get(API).json()["results"][0]["reads_today"]
    assert today == len(rows)
    return [row["text"] for row in rows]


@pytest.mark.parametrize("last_done", [0, 1])
def test_vehicle_at_the_seam_of_two_pieces_is_there_once(
    api: Any, run: CameraRun, pieces: list[InferenceRun], last_done: int
) -> None:
    first, second = pieces
    make_read(first, "PBA1234", 100, 40_000)  # long before the seam
    make_read(first, "GSK7788", 50_000, 59_000)
    make_read(first, "XZQ9055", 50_000, 60_000)
    make_read(second, "GSK7738", 200, 3_000)
    make_read(second, "PBA1234", 300, 3_000)
    make_read(second, "XZQ9055", 20_000, 30_000)  # comes back later
    camera_runs.join_beside(pieces[last_done])
    found = ["XZQ9055", "PBA1234", "GSK7788", "XZQ9055", "PBA1234"]
    assert sorted(shown(api, run)) == sorted(found)
    project = run.camera.project_id
    rows = api.get(f"/api/v1/reads/search/?project={project}").json()["results"]
    assert sorted(row["text"] for row in rows) == sorted(found)
    table = api.get(f"/api/v1/reads/table/?project={project}&camera={run.camera_id}")
    assert table.content.decode().count("\r\n") == 1 + len(found)


def test_vehicle_rejected_before_the_seam_is_found_after_it(
    run: CameraRun, pieces: list[InferenceRun]
) -> None:
    cut_short = make_read(pieces[0], "GSK7788", 50_000, 59_900)
    make_read(pieces[1], "GSK7788", 0, 3_000)
    camera_runs.join_beside(pieces[1])
    reviews.reject(cut_short, reason="unreadable")
    (found,) = sightings.find(run.camera.project, sightings.Sought())
    assert found.run == pieces[1].pk


def test_pieces_apart_have_no_seam(api: Any, run: CameraRun, pieces: list[InferenceRun]) -> None:
    make_read(pieces[0], "GSK7788", 50_000, 59_900)
    make_read(pieces[1], "GSK7788", 0, 3_000)
    Video.objects.filter(pk=pieces[0].video_id).update(duration=40.0)
    camera_runs.join_beside(pieces[1])
    assert shown(api, run) == ["GSK7788", "GSK7788"]


def test_vehicle_that_is_not_at_the_seam_any_more_is_there_again(
    api: Any, run: CameraRun, pieces: list[InferenceRun]
) -> None:
    make_read(pieces[0], "GSK7788", 50_000, 59_900)
    again = make_read(pieces[1], "GSK7788", 0, 3_000)
    camera_runs.join_beside(pieces[0])
    assert shown(api, run) == ["GSK7788"]
    pieces[0].reads.update(text="TLM4410")
    camera_runs.join_beside(pieces[0])
    again.refresh_from_db()
    assert again.continues_id is None


# --- reading what waits


@pytest.fixture
def waiting(run: CameraRun, project: Project) -> list[InferenceRun]:
    found = []
    for _ in range(3):
        found.append(make_run(project, make_video(project, camera=run.camera), formats=[]))
        InferenceRun.objects.filter(pk=found[-1].pk).update(camera_run=run)
    InferenceRun.objects.update(detector=found[0].detector, recognizer=found[0].recognizer)
    return found


def read_waiting(
    run: CameraRun, reads: Callable[[InferenceRun], None]
) -> tuple[dict[str, Any], int]:
    """Have what waits read as the program of a job does; returns also how often it loaded."""
    loaded: list[InferenceRun] = []

    def load(piece: InferenceRun) -> tuple[None, None]:
        loaded.append(piece)
        return None, None

    def read_video(piece: InferenceRun, *_: Any) -> None:
        reads(piece)
        InferenceRun.objects.filter(pk=piece.pk).update(throughput={"frames": 9})

    job = tasks.start_reading_pieces(run)
    claimed = Job.objects.claim(job.pk)
    assert claimed is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "_networks", load)
        patch.setattr(reading, "read_video", read_video)
        return work.read_pieces(engine.Running(claimed)), len(loaded)


def test_what_waits_is_read_in_one_go_with_networks_loaded_once(
    run: CameraRun, waiting: list[InferenceRun]
) -> None:
    order: list[int] = []
    result, loaded = read_waiting(run, lambda piece: order.append(piece.pk))
    assert (result["pieces"], loaded) == (3, 1)
    assert order == [piece.pk for piece in waiting]
    assert camera_runs.unread([run]) == {} and not camera_runs.with_unread().exists()


def test_piece_that_cannot_be_read_is_kept_and_holds_up_no_other(
    run: CameraRun, waiting: list[InferenceRun], sends: Sends
) -> None:
    def reads(piece: InferenceRun) -> None:
        if piece.pk == waiting[0].pk:
            raise errors.VideoDecoderDied(name="x")

    assert read_waiting(run, reads)[0]["pieces"] == 3
    run.refresh_from_db()
    assert run.dropped == 1
    run.options["keep_all"] = False
    run.save()
    sends(1)
    recorded(run)
    left = Video.objects.filter(inference_runs__in=waiting)
    assert list(left) == [waiting[0].video]  # may have had plates


@pytest.mark.parametrize("refused", [False, True])
def test_piece_deleted_while_it_is_read_holds_up_no_other(
    run: CameraRun, waiting: list[InferenceRun], refused: bool
) -> None:
    def reads(piece: InferenceRun) -> None:
        if piece.pk == waiting[0].pk:
            Video.objects.filter(pk=piece.video_id).delete()
            if refused:
                raise errors.VideoFileGone(name="x")

    assert read_waiting(run, reads)[0]["pieces"] == 2
    assert camera_runs.unread([run]) == {}


def test_piece_that_kills_its_program_is_left_after_a_few_tries(
    run: CameraRun, waiting: list[InferenceRun]
) -> None:
    for _ in range(camera_runs.MOST_TRIES):
        piece = camera_runs.next_unread(run)
        assert piece is not None and piece.pk == waiting[0].pk
    piece = camera_runs.next_unread(run)
    assert piece is not None and piece.pk == waiting[1].pk


def test_what_nobody_reads_is_begun_by_itself(run: CameraRun, waiting: list[InferenceRun]) -> None:
    camera_runs.stop(run)
    tasks.go_on_recording()
    tasks.go_on_recording()
    assert Job.objects.filter(task="read_pieces").count() == 1
    Job.objects.update(state=State.FAILED, ended_at=timezone.now())
    tasks.go_on_recording()
    assert Job.objects.filter(task="read_pieces").count() == 1  # not again at once
    Job.objects.update(ended_at=timezone.now() - 2 * camera_runs.AGAIN)
    tasks.go_on_recording()
    assert Job.objects.filter(task="read_pieces").count() == 2
