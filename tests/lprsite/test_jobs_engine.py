"""Long work: claimed once, leased, reported, cancelled, freed, and never done twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from lprsite.errors import Refused
from lprsite.jobs import engine, tasks
from lprsite.jobs.engine import Cancelled, Lost, Running, Task
from lprsite.jobs.models import Job, State, lease_end

pytestmark = pytest.mark.django_db


class NoPaper(Refused):
    en = "There is no paper. Add some."
    es = "No hay papel. Agregue."


@pytest.fixture
def make_task(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Task]:
    """Registers a function as long work for this test."""

    def make(work: Callable[[Running], Any], *, max_attempts: int = 3) -> Task:
        made = Task("test_work", "media", work, max_attempts)
        monkeypatch.setitem(engine.TASKS, made.name, made)
        return made

    return make


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids that went to the broker, in order."""
    ids: list[int] = []
    monkeypatch.setattr(tasks.run, "apply_async", lambda args, queue: ids.extend(args))
    return ids


def queued(**facts: Any) -> Job:
    return Job.objects.create(task="test_work", queue="media", **facts)


def claimed(**facts: Any) -> Job:
    job = Job.objects.claim(queued(**facts).pk)
    assert job is not None
    return job


def expired(**facts: Any) -> Job:
    job = claimed(**facts)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    job.refresh_from_db()
    return job


def test_job_runs_from_click_to_result(
    make_task: Callable[..., Task], sent: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    work = make_task(lambda running: {"sum": sum(running.parameters["numbers"])})
    with django_capture_on_commit_callbacks(execute=True):
        job = work.enqueue(project_id=7, numbers=[1, 2, 3])
    assert sent == [job.pk]
    tasks.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result, job.attempt) == (State.SUCCEEDED, {"sum": 6}, 1)
    assert job.ended_at is not None and job.lease_until is None


def test_of_two_claims_one_wins() -> None:
    job = queued()
    first, second = Job.objects.claim(job.pk), Job.objects.claim(job.pk)
    assert first is not None and first.attempt == 1 and first.lease_owner
    assert second is None


def test_second_delivery_does_nothing(make_task: Callable[..., Task]) -> None:
    times: list[int] = []
    make_task(lambda running: times.append(running.job.attempt))
    job = queued()
    tasks.run(job.pk)
    tasks.run(job.pk)
    assert times == [1]


def test_progress_is_written_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(engine, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    running = Running(claimed())
    with CaptureQueriesContext(connection) as queries:
        for step in range(100):
            running.progress(step, 100, "steps")
    assert len(queries) == 1
    clock[0] += 1.0
    running.progress(100, 100, "steps")
    running.job.refresh_from_db()
    assert (running.job.done, running.job.total, running.job.unit) == (100, 100, "steps")


def test_end_of_progress_is_exact(make_task: Callable[..., Task]) -> None:
    def work(running: Running) -> None:
        for step in range(1, 34):
            running.progress(step, 33, "steps")

    make_task(work)
    job = queued()
    tasks.run(job.pk)
    job.refresh_from_db()
    assert (job.done, job.total) == (33, 33)


def test_queued_job_is_cancelled_at_once() -> None:
    job = queued()
    engine.cancel(job)
    job.refresh_from_db()
    assert job.state == State.CANCELLED and job.ended_at is not None
    assert Job.objects.claim(job.pk) is None


def test_running_job_ends_at_its_next_check(make_task: Callable[..., Task]) -> None:
    def work(running: Running) -> None:
        running.progress(4, 9, "steps")
        engine.cancel(running.job)
        assert Job.objects.get(pk=running.job.pk).state == State.CANCELLING
        running.beat()
        running.progress(5, 9, "steps")
        raise AssertionError("went on after the cancel")

    make_task(work)
    job = queued()
    tasks.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done, job.error) == (State.CANCELLED, 5, "")


def test_cancelling_twice_changes_nothing() -> None:
    job = claimed()
    engine.cancel(job)
    engine.cancel(job)
    job.refresh_from_db()
    assert job.state == State.CANCELLING and job.lease_until is not None


def test_ended_job_cannot_be_cancelled() -> None:
    job = claimed()
    engine.finish(job, State.SUCCEEDED, result={"kept": 1})
    engine.cancel(job)
    job.refresh_from_db()
    assert (job.state, job.result) == (State.SUCCEEDED, {"kept": 1})


def test_refusal_fails_the_job_with_its_sentence(make_task: Callable[..., Task]) -> None:
    def work(running: Running) -> None:
        raise NoPaper

    make_task(work)
    job = queued()
    tasks.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error) == (State.FAILED, "There is no paper. Add some.")
    assert job.error_code == "NoPaper"


def test_unexpected_error_fails_the_job_and_goes_on_up(make_task: Callable[..., Task]) -> None:
    def work(running: Running) -> None:
        raise ZeroDivisionError("nobody expected this")

    make_task(work)
    job = queued()
    with pytest.raises(ZeroDivisionError):
        tasks.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "Broke")
    assert "ZeroDivisionError: nobody expected this" in job.error
    assert job.error_es.startswith("El programa falló: ZeroDivisionError")


def test_lost_attempt_changes_no_row(sent: list[int]) -> None:
    late = Running(expired())
    engine.reap()
    second = Job.objects.claim(late.job.pk)
    assert second is not None and second.attempt == 2
    before = Job.objects.values().get(pk=second.pk)
    with pytest.raises(Lost):
        late.progress(77, 99)
    engine.finish(late.job, State.FAILED, refusal=engine.WorkerDied(attempt=1))
    assert Job.objects.values().get(pk=second.pk) == before


def test_lost_attempt_ends_quietly(make_task: Callable[..., Task]) -> None:
    def work(running: Running) -> None:
        Job.objects.filter(pk=running.job.pk).update(attempt=2)
        running.progress(1, 2)
        raise AssertionError("went on without the lease")

    make_task(work)
    job = queued()
    tasks.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.RUNNING, 2)


def test_beat_renews_the_lease() -> None:
    job = claimed()
    soon = timezone.now() + timedelta(seconds=3)
    Job.objects.filter(pk=job.pk).update(lease_until=soon)
    Running(job).beat()
    job.refresh_from_db()
    assert job.lease_until is not None and job.lease_until > soon


def test_heartbeat_goes_on_after_an_error(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    job = claimed()
    Job.objects.filter(pk=job.pk).update(state=State.CANCELLING)
    running = Running(job)
    waits = iter([False] * 11 + [True])
    monkeypatch.setattr(running, "_over", SimpleNamespace(wait=lambda _: next(waits)))
    real, calls = running.job.mine, iter(range(100))

    def mine() -> Any:
        if next(calls) == 0:
            raise OSError("the database was away")
        return real()

    monkeypatch.setattr(running.job, "mine", mine)
    running._beat_until_over()
    with pytest.raises(Cancelled):
        running.check()
    assert "trying again" in caplog.text


def test_expired_lease_is_queued_again(sent: list[int]) -> None:
    job = expired()
    assert engine.reap() == {"freed": 1, "failed": 0, "cancelled": 0, "sent": 0}
    job.refresh_from_db()
    assert (job.state, job.lease_until, job.lease_owner) == (State.QUEUED, None, "")
    assert sent == [job.pk]
    again = Job.objects.claim(job.pk)
    assert again is not None and again.attempt == 2


def test_living_lease_is_left_alone(sent: list[int]) -> None:
    job = claimed()
    assert set(engine.reap().values()) == {0}
    job.refresh_from_db()
    assert job.state == State.RUNNING


def test_last_attempt_fails_with_a_sentence(sent: list[int]) -> None:
    job = expired(max_attempts=1)
    assert engine.reap()["failed"] == 1
    job.refresh_from_db()
    assert (job.state, job.error_code) == (State.FAILED, "WorkerDied")
    assert "start it again" in job.error and sent == []


def test_expired_cancelling_is_cancelled_not_started_again(sent: list[int]) -> None:
    job = expired()
    engine.cancel(job)
    assert engine.reap()["cancelled"] == 1
    job.refresh_from_db()
    assert (job.state, sent) == (State.CANCELLED, [])


def test_dedupe_key_returns_the_active_job(make_task: Callable[..., Task]) -> None:
    work = make_task(lambda running: None)
    first = work.enqueue(project_id=None, dedupe="9")
    assert work.enqueue(project_id=None, dedupe="9") == first
    assert work.enqueue(project_id=None, dedupe="10") != first
    tasks.run(first.pk)
    assert work.enqueue(project_id=None, dedupe="9") != first


def test_without_broker_the_job_waits_for_the_reaper(
    make_task: Callable[..., Task],
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    tries: list[int] = []

    def away(args: list[int], queue: str) -> None:
        tries.extend(args)
        raise ConnectionError("nobody listens")

    monkeypatch.setattr(tasks.run, "apply_async", away)
    with django_capture_on_commit_callbacks(execute=True):
        job = make_task(lambda running: None).enqueue(project_id=None)
    for minutes, expected in ((0.5, 1), (1.1, 2), (1.1, 2), (2.1, 3), (2.1, 3), (4.1, 4)):
        ago = timezone.now() - timedelta(minutes=minutes)
        Job.objects.filter(pk=job.pk).update(sent_at=ago)
        engine.reap()
        assert len(tries) == expected, f"after {minutes} minutes"
    job.refresh_from_db()
    assert job.state == State.QUEUED


def test_rolled_back_enqueue_leaves_nothing(
    make_task: Callable[..., Task], django_capture_on_commit_callbacks: Any
) -> None:
    work = make_task(lambda running: None)
    with (
        django_capture_on_commit_callbacks() as callbacks,
        pytest.raises(NoPaper),
        transaction.atomic(),
    ):
        work.enqueue(project_id=None)
        raise NoPaper
    assert callbacks == [] and not Job.objects.exists()


def test_command_runs_its_job_here(make_task: Callable[..., Task]) -> None:
    shown: list[int] = []

    def work(running: Running) -> dict[str, int]:
        running.progress(1, 2)
        running.progress(2, 2)
        return {"made": running.parameters["count"]}

    job = make_task(work).run_here(
        project_id=None, listener=lambda job: shown.append(job.done), count=3
    )
    assert (job.state, job.result, job.done, shown) == (State.SUCCEEDED, {"made": 3}, 2, [1, 2])


def test_command_hears_the_refusal(make_task: Callable[..., Task]) -> None:
    def work(running: Running) -> None:
        raise NoPaper

    with pytest.raises(NoPaper):
        make_task(work).run_here(project_id=None)
    assert Job.objects.get().state == State.FAILED


def test_child_attaches_only_to_the_attempt_that_holds_the_job() -> None:
    job = claimed()
    assert engine.attach(job.pk, 1).parameters == {}
    with pytest.raises(Lost):
        engine.attach(job.pk, 2)
    engine.finish(job, State.SUCCEEDED)
    with pytest.raises(Lost):
        engine.attach(job.pk, 1)


@pytest.mark.parametrize("state", [State.RUNNING, State.CANCELLING])
def test_held_job_must_have_a_lease(state: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        queued(state=state)
    queued(state=state, lease_until=lease_end())


def test_two_active_jobs_of_one_key_are_impossible() -> None:
    queued(dedupe_key="same")
    with pytest.raises(IntegrityError), transaction.atomic():
        queued(dedupe_key="same")


def test_task_names_are_given_once(make_task: Callable[..., Task]) -> None:
    make_task(lambda running: None)
    with pytest.raises(ValueError, match="test_work"):
        engine.task("test_work", queue="media")(lambda running: None)


def test_deleted_project_keeps_no_ended_jobs() -> None:
    ended, active, other = queued(project_id=1), claimed(project_id=1), queued(project_id=2)
    engine.cancel(ended)
    engine.delete_of_project(1)
    assert set(Job.objects.values_list("pk", "state")) == {
        (active.pk, State.CANCELLING),
        (other.pk, State.QUEUED),
    }


def test_job_whose_device_is_busy_waits_and_begins_when_it_is_free(
    monkeypatch: pytest.MonkeyPatch, sent: list[int]
) -> None:
    busy, seen = {"cuda:0"}, []

    @contextmanager
    def place(job: Job) -> Iterator[str | None]:
        device = job.parameters["device"]
        yield None if device in busy else device

    work = Task("test_work", "media", lambda running: seen.append(running.place), 3, place=place)
    monkeypatch.setitem(engine.TASKS, work.name, work)
    first, second = (queued(parameters={"device": f"cuda:{number}"}) for number in range(2))
    tasks.run(first.pk)
    assert seen == ["cuda:1"] and sent == [first.pk]  # the one that waits is told again
    tasks.run(first.pk)
    assert seen == ["cuda:1"] and sent == [first.pk]
    busy.clear()
    tasks.run(second.pk)
    assert seen == ["cuda:1", "cuda:0"] and not Job.objects.active().exists()


def test_waiting_jobs_have_their_turn_in_the_order_people_gave_them(
    make_task: Callable[..., Task],
):
    first, second, third = (queued(project_id=1) for _ in range(3))
    other = queued(project_id=2)
    engine.move(third, "first")
    engine.move(first, "later")
    assert list(Job.objects.in_turn()) == [third, second, first, other]
    engine.move(third, "last")
    engine.move(first, "earlier")
    assert list(Job.objects.in_turn()) == [first, second, third, other]
    Job.objects.update(rank=7.0)
    engine.move(second, "first")
    assert list(Job.objects.in_turn().filter(project_id=1)) == [second, first, third]
    taken: list[int] = []
    make_task(lambda running: taken.append(running.job.pk))
    for _ in range(5):
        tasks.run(other.pk)
    assert taken[0] == second.pk and len(taken) == 4
    engine.move(second, "last")  # at work already: nothing to move
