"""Claim, lease, progress, cancel, reap: exactly-one execution over at-least-once messages.

A message carries a job's id. ``Job.objects.claim`` is one conditional UPDATE, so a second
delivery does nothing. A heartbeat renews the lease while the work runs; only ``reap`` frees
leases that ran out. Every write names its attempt; a write that changes no row means that
the job is no longer ours.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, close_old_connections, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from lprsite.errors import Refused
from lprsite.jobs import progress
from lprsite.jobs.models import ACTIVE, HELD, Job, State, lease_end, this_process

log = logging.getLogger(__name__)
HEARTBEAT_SECONDS = 10.0
RESEND_SECONDS = 60
LOOKED_AT = 50  # waiting jobs, for one whose device is free

ENDING = threading.Event()
"""Set once this worker was told to end: work that has no end of its own gives way."""

Work = Callable[["Running"], "dict[str, Any] | None"]


class Broke(Refused):
    en = "The program failed: {what}. Look at the worker's log; starting again may help."
    es = "El programa falló: {what}. Vea el registro del proceso; quizá baste empezar de nuevo."


class WorkerDied(Refused):
    en = (
        "The program working on this ended without a word, {attempt} times. "
        "Look at the worker's log, then start it again."
    )
    es = (
        "El programa que hacía esto terminó sin decir nada, {attempt} veces. "
        "Vea el registro del proceso y empiece de nuevo."
    )


def in_words(refusal: Refused | None) -> dict[str, str]:
    """The columns of a job that say why it failed, in both languages."""
    if refusal is None:
        return {"error": "", "error_es": "", "error_code": ""}
    return {
        "error": refusal.sentence(),
        "error_es": refusal.sentence("es"),
        "error_code": refusal.code,
    }


class Cancelled(Exception):
    """The person asked to stop."""


class Lost(Exception):
    """Another attempt owns the job now; this one must not write any more."""


class Running:
    """A claimed job in the hands of the process that works on it."""

    def __init__(
        self, job: Job, listener: Callable[[Job], None] | None = None, *, place: str = ""
    ) -> None:
        self.job = job
        self.place = place  # the device that is its own while it works, if its task needs one
        self.parameters: dict[str, Any] = job.parameters
        self._asked_to_stop = threading.Event()
        self._lost = threading.Event()
        self._over = threading.Event()
        self._written = 0.0
        self._listener = listener

    def check(self) -> None:
        """Stop here if the person asked for it or the lease went to another attempt.

        Raises:
            Cancelled, Lost
        """
        if self._lost.is_set():
            raise Lost
        if self._asked_to_stop.is_set():
            raise Cancelled

    def progress(
        self, done: int, total: int | None = None, unit: str = "", message: str = ""
    ) -> None:
        """Say how far the work is. Written to the row at most once a second."""
        self.job.done, self.job.total = done, total
        self.job.unit, self.job.message = unit or self.job.unit, message[:300]
        if self._listener:
            self._listener(self.job)
        progress.announce(self.job, at_most_every=0.2)
        now = time.monotonic()
        if now - self._written >= 1.0:
            self._written = now
            self.write_progress()
        self.check()

    def write_progress(self) -> None:
        """Write the progress now, and see whether the job is still ours."""
        job = self.job
        changed = job.mine().update(
            done=job.done, total=job.total, unit=job.unit, message=job.message
        )
        if not changed:
            self._lost.set()

    def relay(self) -> None:
        """Pass on the progress that a child process writes into the row."""
        if self._listener:
            self.job.refresh_from_db(fields=["done", "total", "unit", "message"])
            self._listener(self.job)

    def beat(self) -> None:
        """Renew the lease once and read the wish to stop."""
        row = self.job.mine().values_list("state", flat=True).first()
        if row is None or not self.job.mine().update(lease_until=lease_end()):
            self._lost.set()
        elif row == State.CANCELLING:
            self._asked_to_stop.set()

    @contextlib.contextmanager
    def heartbeat(self) -> Iterator[None]:
        """Renew the lease from a thread while the block runs."""
        thread = threading.Thread(target=self._beat_until_over, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join(timeout=5)

    def _beat_until_over(self) -> None:
        ticks = 0
        while not self._over.wait(1.0):
            ticks += 1
            try:
                if ticks % HEARTBEAT_SECONDS == 0:
                    self.beat()
                elif self.job.mine().filter(state=State.CANCELLING).exists():
                    self._asked_to_stop.set()
            except Exception:
                log.exception("heartbeat of job %s failed; trying again", self.job.pk)
                close_old_connections()
        connection.close()


@contextlib.contextmanager
def anywhere(_: Job) -> Iterator[str | None]:
    """Where a job works that needs no device of its own."""
    yield ""


@dataclass(frozen=True)
class Task:
    """A kind of long work: its name, its queue and the function that does it."""

    name: str
    queue: str
    work: Work
    max_attempts: int
    role: int = 2  # the membership that may cancel the work of others
    # Holds a device for a job in its block; None: all that would do are busy, so it waits.
    place: Callable[[Job], contextlib.AbstractContextManager[str | None]] = anywhere

    def enqueue(
        self,
        *,
        project_id: int | None,
        by: Any = None,
        dedupe: str = "",
        **parameters: Any,
    ) -> Job:
        """Queue the work; the message leaves when the transaction commits.

        With ``dedupe``, an active job of the same key is returned instead of a second one.
        """
        job = Job(
            task=self.name,
            queue=self.queue,
            project_id=project_id,
            created_by=by if getattr(by, "pk", None) else None,
            parameters=parameters,
            dedupe_key=dedupe and f"{self.name}:{dedupe}"[:120],
            max_attempts=self.max_attempts,
        )
        try:
            with transaction.atomic():
                job.save()
        except IntegrityError:
            if known := Job.objects.active().filter(dedupe_key=job.dedupe_key).first():
                return known
            job.save()  # the other one ended between the two queries
        transaction.on_commit(lambda: send(job))
        return job

    def run_here(
        self,
        *,
        project_id: int | None,
        by: Any = None,
        listener: Callable[[Job], None] | None = None,
        **parameters: Any,
    ) -> Job:
        """Do the work in this process, without the broker, as commands do.

        Raises:
            Refused: the work was refused; the row says the same.
        """
        job = self.held(project_id=project_id, by=by, max_attempts=1, **parameters)
        execute(self, job, listener=listener, reraise=True)
        job.refresh_from_db()
        return job

    def held(
        self, *, project_id: int | None, by: Any = None, max_attempts: int = 0, **parameters: Any
    ) -> Job:
        """A job that this process has claimed already; ``execute`` does it.

        Short work is done so while somebody waits for the answer. Should the process die, the
        reaper gives the job to a worker, as long as it has attempts.
        """
        return Job.objects.create(
            task=self.name,
            queue=self.queue,
            project_id=project_id,
            created_by=by if getattr(by, "pk", None) else None,
            parameters=parameters,
            state=State.RUNNING,
            attempt=1,
            max_attempts=max_attempts or self.max_attempts,
            lease_owner=this_process(),
            lease_until=lease_end(),
            started_at=timezone.now(),
        )


TASKS: dict[str, Task] = {}


def role_for(job: Job) -> int:
    """The membership that may cancel another person's job; of an unknown task, managers'."""
    kind = TASKS.get(job.task)
    return kind.role if kind else 4


def task(
    name: str,
    *,
    queue: str,
    max_attempts: int = 3,
    role: int = 2,
    place: Callable[[Job], contextlib.AbstractContextManager[str | None]] = anywhere,
) -> Callable[[Work], Task]:
    """Make a function long work: ``@task("split_video", queue="media")``."""

    def register(work: Work) -> Task:
        if name in TASKS:
            raise ValueError(f"two tasks are called {name!r}")
        TASKS[name] = Task(name, queue, work, max_attempts, role, place)
        return TASKS[name]

    return register


def attach(job_id: int, attempt: int) -> Running:
    """In a supervised child: the job whose lease the supervisor keeps.

    Raises:
        Lost: the attempt does not hold the job.
    """
    job = Job.objects.filter(pk=job_id, attempt=attempt, state__in=HELD).first()
    if job is None:
        raise Lost
    return Running(job)


def send(job: Job) -> None:
    """Put the job's id on its queue. A broker that is away is no error: the reaper sends again."""
    from lprsite.jobs.tasks import run

    Job.objects.filter(pk=job.pk).update(sent_at=timezone.now(), sendings=F("sendings") + 1)
    try:
        run.apply_async(args=[job.pk], queue=job.queue)
    except Exception as problem:  # kombu, redis and sockets raise their own kinds
        log.warning("job %s waits: the broker did not take it (%s)", job.pk, problem)
    progress.announce(job)


def work_on(queue: str) -> bool:
    """Do the first job in a queue's turn whose device is free; whether there was one."""
    for waiting in Job.objects.in_turn().filter(queue=queue)[:LOOKED_AT]:
        kind = TASKS[waiting.task]
        with kind.place(waiting) as place:
            if place is not None and (job := Job.objects.claim(waiting.pk)):
                execute(kind, job, place=place)
                return True
    return False


def execute(
    kind: Task,
    job: Job,
    *,
    listener: Callable[[Job], None] | None = None,
    reraise: bool = False,
    place: str = "",
) -> None:
    """Run a claimed job to its end and write how it ended."""
    running = Running(job, listener, place=place)
    progress.announce(job)
    try:
        with running.heartbeat():
            result = kind.work(running)
        running.write_progress()
        finish(job, State.SUCCEEDED, result=result or {})
    except Cancelled:
        finish(job, State.CANCELLED)
    except Lost:
        log.warning("job %s attempt %s was taken over", job.pk, job.attempt)
    except Refused as refusal:
        finish(job, State.FAILED, refusal=refusal)
        if reraise:
            raise
    except BaseException as problem:
        finish(job, State.FAILED, refusal=Broke(what=f"{type(problem).__name__}: {problem}"))
        raise


def finish(
    job: Job,
    state: State,
    *,
    result: dict[str, Any] | None = None,
    refusal: Refused | None = None,
) -> None:
    """Write the end of this attempt, if the attempt still owns the job."""
    job.mine().update(
        state=state,
        result=result or {},
        **in_words(refusal),
        done=job.done,
        total=job.total,
        unit=job.unit,
        ended_at=timezone.now(),
        lease_until=None,
        lease_owner="",
    )
    progress.announce(job)


def cancel(job: Job) -> None:
    """Ask for a stop: a queued job ends at once, a running one at its next check."""
    now = timezone.now()
    queued = Job.objects.filter(pk=job.pk, state=State.QUEUED)
    if not queued.update(state=State.CANCELLED, ended_at=now):
        Job.objects.filter(pk=job.pk, state=State.RUNNING).update(state=State.CANCELLING)
    progress.announce(job)


def move(job: Job, to: str) -> None:
    """Let a waiting job have its turn "first", "earlier", "later" or "last".

    Only among those of its project in its queue: the turns of others stay where they are.
    """
    with transaction.atomic():
        rows = Job.objects.in_turn().filter(queue=job.queue, project_id=job.project_id)
        waiting = list(rows.select_for_update().only("rank"))
        ranks = [row.rank for row in waiting]
        order = [row.pk for row in waiting]
        if job.pk not in order:
            return
        here = order.index(job.pk)
        places = {"first": 0, "earlier": max(here - 1, 0), "later": here + 1, "last": len(order)}
        order.insert(places[to], order.pop(here))
        for before, place in enumerate(range(1, len(ranks))):  # two of the same moment
            ranks[place] = max(ranks[place], math.nextafter(ranks[before], math.inf))
        moved = [Job(pk=pk, rank=rank) for pk, rank in zip(order, ranks, strict=True)]
        Job.objects.bulk_update(moved, ["rank"])
    progress.announce(job)


def reap() -> dict[str, int]:
    """Free leases that ran out and send again what the broker lost. Returns counts."""
    now = timezone.now()
    counts = {"freed": 0, "failed": 0, "cancelled": 0, "sent": 0}
    expired = Job.objects.filter(state__in=HELD, lease_until__lt=now)
    for job in expired:
        counts[_free(job)] += 1
    due = Job.objects.filter(state=State.QUEUED).filter(
        Q(sent_at__isnull=True) | Q(sent_at__lt=now - timedelta(seconds=RESEND_SECONDS))
    )
    for job in due:
        # Sent again after 1, 2, 4 ... minutes: a long queue must not fill with copies.
        wait = timedelta(seconds=RESEND_SECONDS * 2 ** min(max(job.sendings - 1, 0), 6))
        if job.sent_at is None or now - job.sent_at > wait:
            send(job)
            counts["sent"] += 1
    return counts


def free_if_abandoned(job: Job) -> None:
    """Free a job whose process on this machine is gone, without waiting for its lease."""
    host, _, number = job.lease_owner.rpartition(":")
    if job.state not in HELD or host != this_process().rpartition(":")[0]:
        return
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        _free(job)
    except PermissionError:  # somebody else's, so it lives
        return


def _free(job: Job) -> str:
    same = job.mine().filter(state=job.state, lease_until=job.lease_until)
    over = {"lease_until": None, "lease_owner": "", "ended_at": timezone.now()}
    if job.state == State.CANCELLING:
        same.update(state=State.CANCELLED, **over)
        outcome = "cancelled"
    elif job.attempt < job.max_attempts:
        if same.update(state=State.QUEUED, lease_until=None, lease_owner="", sendings=0):
            send(job)
        outcome = "freed"
    else:
        same.update(
            state=State.FAILED,
            **in_words(WorkerDied(attempt=job.attempt)),
            **over,
        )
        outcome = "failed"
    job.refresh_from_db()
    progress.announce(job)
    return outcome


def delete_of_project(project_id: int) -> None:
    """Forget the ended jobs of a project that is being deleted, and stop the active ones."""
    for job in Job.objects.filter(project_id=project_id, state__in=ACTIVE):
        cancel(job)
    Job.objects.filter(project_id=project_id).exclude(state__in=ACTIVE).delete()


def workers_alive() -> bool:
    """Whether some worker has said so in the last minute (see ``tasks.py``)."""
    from django.core.cache import cache

    try:
        return bool(settings.REDIS_URL) and cache.get("worker-alive") is not None
    except Exception:  # the cache is the broker's server; away means no worker can work
        return False
