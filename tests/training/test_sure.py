"""Accepting the surest reads unseen, bounded by a random tenth."""

from __future__ import annotations

from typing import Any
from unittest import mock
from uuid import uuid4

import pytest

from annotations.errors import ThresholdUnknown, TooFewSampled
from annotations.models import Crop, Passage
from lprsite.jobs import tasks as job_tasks
from lprsite.jobs.engine import Cancelled, Running
from lprsite.jobs.models import Job
from tests.annotations.rows import json_of
from tests.training.rows import make_run
from training import bounds, reads, reviews, sure
from training.models import InferenceRun, Read

MANY = 260


@pytest.fixture
def run(project: Any) -> InferenceRun:
    """A run of many reads; every fifth is doubtful."""
    run = make_run(project)
    box = [100.0, 50.0, 160.0, 80.0]
    Read.objects.bulk_create(
        Read(
            run=run,
            number=number,
            first_pts=number * 100,
            last_pts=number * 100 + 50,
            boxes=[[number * 100, *box], [number * 100 + 50, *box]],
            text=f"PBA{number:04d}",
            confidence=0.5 if number % 5 == 0 else 0.97,
        )
        for number in range(MANY)
    )
    return run


def tenth(run: InferenceRun) -> list[Read]:
    rows = run.reads.filter(confidence__gte=0.9)
    return [read for read in rows if sure.sampled(run.pk, read.number)]


def offer(run: InferenceRun, threshold: float = 0.9) -> sure.Offer:
    return next(one for one in sure.offers(run) if one.threshold == threshold)


def test_the_tenth_is_a_tenth_and_stays_the_same() -> None:
    drawn = [n for n in range(10_000) if sure.sampled(7, n)]
    assert 900 < len(drawn) < 1100
    assert drawn == [n for n in range(10_000) if sure.sampled(7, n)]
    assert drawn != [n for n in range(10_000) if sure.sampled(8, n)]


def test_the_bound_by_hand() -> None:
    """Of 100 sampled none wrong: 1 - 0.0125 ** (1 / 100) = 4.29 % of 1000 are 42."""
    one = sure.Offer(threshold=0.9, sample=100, reviewed=100, wrong=0, open=900, rest=900)
    assert (one.ready, one.at_most) == (True, 42)
    share = bounds.upper(3, 100, 1 - 0.05 / 4)
    three = sure.Offer(threshold=0.9, sample=100, reviewed=100, wrong=3, open=900, rest=900)
    assert three.at_most == int(share * 1000) - 3


def test_refused_until_the_tenth_is_reviewed(run: InferenceRun, running: Running) -> None:
    sample = tenth(run)
    assert len(sample) >= sure.LEAST
    for read in sample[:-1]:
        reviews.accept(read)
    with pytest.raises(TooFewSampled):
        sure.accept(run, 0.9, running, deed=uuid4())
    with pytest.raises(ThresholdUnknown):
        sure.accept(run, 0.5, running, deed=uuid4())
    assert not Passage.objects.filter(unseen=True).exists()


def test_a_small_tenth_is_no_evidence(project: Any) -> None:
    run = make_run(project)
    assert (offer(run).sample, offer(run).ready, offer(run).at_most) == (0, False, 0)


def test_accepted_unseen_is_no_figure_and_teaches_nothing(
    run: InferenceRun, running: Running, django_assert_max_num_queries: Any
) -> None:
    sample = tenth(run)
    reviews.accept(sample[0], text="GSK0000")
    for read in sample[1:]:
        reviews.accept(read)
    before = offer(run)
    assert (before.ready, before.wrong, before.reviewed) == (True, 1, len(sample))
    key = uuid4()
    with django_assert_max_num_queries(60):  # in two steps
        done = sure.accept(run, 0.9, running, deed=key)
    assert done == before.open == MANY - MANY // 5 - len(sample)
    assert sure.accept(run, 0.9, running, deed=key) == done  # begun again
    score = reads.score(run)
    assert (score["right"], score["wrong"], score["unseen"]) == (len(sample) - 1, 1, done)
    assert not Crop.objects.exists()
    assert offer(run).reviewed == len(sample)  # what nobody saw is no evidence
    looked = run.reads.filter(match__passage__unseen=True)[0]
    reviews.accept(looked)
    assert reads.score(run)["right"] == len(sample)
    undone = uuid4()  # all but what a person has looked at since
    assert sure.undo(run, key, running, deed=undone) == done - 1
    assert sure.undo(run, key, running, deed=undone) == done - 1  # begun again
    assert reads.score(run)["unseen"] == 0 and reads.score(run)["right"] == len(sample)
    assert Passage.objects.count() == len(sample) + 1


def test_offers_and_acceptance_through_the_api(api: Any, run: InferenceRun) -> None:
    status, found = json_of(api, "get", f"inference-runs/{run.pk}/sure/")
    assert (status, [one["threshold"] for one in found]) == (200, [0.8, 0.9, 0.95, 0.99])
    assert found[1]["open"] > 0 and found[1]["at_most"] == found[1]["open"]
    given = {"threshold": 0.9, "client_key": str(uuid4())}
    status, body = json_of(api, "post", f"inference-runs/{run.pk}/accept-sure/", given)
    assert (status, body["code"]) == (400, "TooFewSampled")
    for read in tenth(run):
        reviews.accept(read)
    for _ in range(2):  # sent twice
        status, job = json_of(api, "post", f"inference-runs/{run.pk}/accept-sure/", given)
        assert (status, job["task"], job["state"]) == (202, "accept_sure", "queued")
    job_tasks.run(job["id"])
    done = Job.objects.get(task="accept_sure")
    assert done.result == {"accepted": Passage.objects.filter(unseen=True).count()}
    assert done.result["accepted"] == found[1]["open"]
    back = {"undone": given["client_key"], "client_key": str(uuid4())}
    for _ in range(2):
        status, job = json_of(api, "post", f"inference-runs/{run.pk}/undo/", back)
        assert (status, job["task"]) == (202, "undo_sure")
    job_tasks.run(job["id"])
    assert Job.objects.get(task="undo_sure").result == {"undone": found[1]["open"]}
    assert not Passage.objects.filter(unseen=True).exists()
    assert json_of(api, "post", f"inference-runs/{run.pk}/undo/", back)[0] == 202  # sent again
    back["client_key"] = str(uuid4())
    assert json_of(api, "post", f"inference-runs/{run.pk}/undo/", back)[0] == 409


def test_broken_off_it_goes_on(run: InferenceRun, running: Running) -> None:
    for read in tenth(run):
        reviews.accept(read)
    key, wanted = uuid4(), offer(run).open

    def stop(*_: Any) -> None:
        if Passage.objects.filter(unseen=True).exists():
            raise Cancelled

    with mock.patch.object(running, "progress", stop), pytest.raises(Cancelled):
        sure.accept(run, 0.9, running, deed=key)
    assert Passage.objects.filter(unseen=True).count() == sure.CHUNK
    assert sure.accept(run, 0.9, running, deed=key) == wanted
    assert reads.score(run)["unseen"] == wanted
    undone, done = uuid4(), Passage.objects.count()

    def stop_again(*_: Any) -> None:
        if Passage.objects.count() < done:
            raise Cancelled

    with mock.patch.object(running, "progress", stop_again), pytest.raises(Cancelled):
        sure.undo(run, key, running, deed=undone)
    assert reads.score(run)["unseen"] == wanted - sure.CHUNK
    assert sure.undo(run, key, running, deed=undone) == wanted
    assert reads.score(run)["unseen"] == 0
