"""Two readings of the same video, judged on what was already reviewed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from django.db.models import Count

from annotations.models import Passage, Project, Video
from training import bounds, reads
from training.errors import ReadingsOfDifferentVideos
from training.models import InferenceRun, Match

MISSED = "missed"
SHOWN = 500  # differing passages that are told


@dataclass(frozen=True)
class Seen:
    """What a reading made of a passage."""

    outcome: str = MISSED  # right, wrong or missed
    read: int | None = None
    text: str = ""


def compare(first: InferenceRun, second: InferenceRun) -> dict[str, Any]:
    """What one reading read and the other did not, of the confirmed passages.

    ``table`` counts passages by outcome in the first, then in the second ("right wrong"),
    ``differing`` are those of different outcomes by time; ``shares`` of passages read right
    stand with their 95 % interval, and ``chance`` says how often readings that are equally good
    would differ as much.

    Raises ReadingsOfDifferentVideos.
    """
    if first.video_id != second.video_id:
        raise ReadingsOfDifferentVideos()
    truth = Passage.objects.filter(video=first.video_id, status__in=reads.CONFIRMED, unseen=False)
    rows = list(truth.order_by("first_pts", "id"))
    one, two = (_seen_by(run) for run in (first, second))
    pairs = [(row, one.get(row.pk, Seen()), two.get(row.pk, Seen())) for row in rows]
    table = Counter(f"{a.outcome} {b.outcome}" for _, a, b in pairs)
    only = [sum(a.outcome == "right" != b.outcome for _, a, b in pairs),
            sum(b.outcome == "right" != a.outcome for _, a, b in pairs)]  # fmt: skip
    differing = [_told(first.video, row, a, b) for row, a, b in pairs if a.outcome != b.outcome]
    scores = reads.scores([first, second])
    return {
        "passages": len(rows),
        "table": dict(table),
        "shares": [_share(seen, len(rows)) for seen in (one, two)],
        "only_right": only,
        "chance": round(bounds.sign_test(*only), 4),
        "false": [scores[run.pk]["false"] for run in (first, second)],
        "double": [scores[run.pk]["double"] for run in (first, second)],
        "differing": differing[:SHOWN],
        "more": max(len(differing) - SHOWN, 0),
    }


def _seen_by(run: InferenceRun) -> dict[int, Seen]:
    rows = Match.objects.filter(
        read__run=run, passage__status__in=reads.CONFIRMED, outcome__in=("right", "wrong")
    )
    told = rows.values_list("passage", "outcome", "read", "read__text")
    return {passage: Seen(outcome, read, text) for passage, outcome, read, text in told}


def _share(seen: dict[int, Seen], total: int) -> dict[str, Any]:
    return _bounded(sum(one.outcome == "right" for one in seen.values()), total)


def _bounded(right: int, total: int) -> dict[str, Any]:
    low, high = bounds.interval(right, total)
    return {"right": right, "low": round(low, 4), "high": round(high, 4)}


def _told(video: Video, passage: Passage, first: Seen, second: Seen) -> dict[str, Any]:
    sides = {
        side: {"outcome": seen.outcome, "read": seen.read, "text": seen.text}
        for side, seen in (("first", first), ("second", second))
    }
    seconds = round(video.seconds(passage.first_pts), 3)
    return {"passage": passage.pk, "seconds": seconds, "text": passage.text, **sides}


def cycles(project: Project) -> list[dict[str, Any]]:
    """What each pair of models gained over the pair before it, the oldest first.

    Both are judged on the same truth: the reviewed passages of the videos that both have read,
    each by its newest reading; pairs that read nothing reviewed are passed over. Three queries.
    """
    truth = Passage.objects.filter(project=project, status__in=reads.CONFIRMED, unseen=False)
    reviewed = InferenceRun.objects.filter(project=project, video__in=truth.values("video"))
    rows = reviewed.select_related("detector", "recognizer")
    runs = list(rows.exclude(throughput={}).order_by("pk"))  # those that came to their end
    readings: dict[tuple[int, int], dict[int, InferenceRun]] = {}  # by models, then by video
    for run in runs:
        readings.setdefault((run.detector_id, run.recognizer_id), {})[run.video_id] = run
    known = dict(truth.order_by().values_list("video").annotate(Count("pk")))
    right: dict[int, set[int]] = {}
    seen = {"read__run__in": [run.pk for run in runs], "passage__in": truth, "outcome": "right"}
    for run_id, passage in Match.objects.filter(**seen).values_list("read__run", "passage"):
        right.setdefault(run_id, set()).add(passage)
    found = list(readings.values())
    told = (_cycle(a, b, known, right) for a, b in pairwise(found))
    return [one for one in told if one["passages"]]


def _cycle(
    before: dict[int, InferenceRun],
    after: dict[int, InferenceRun],
    known: dict[int, int],
    right: dict[int, set[int]],
) -> dict[str, Any]:
    shared = [video for video in before if video in after and known.get(video)]
    total = sum(known[video] for video in shared)
    one, two = (
        set().union(*(right.get(side[video].pk, set()) for video in shared))
        for side in (before, after)
    )
    return {
        "before": _models(before),
        "after": _models(after),
        "videos": len(shared),
        "passages": total,
        "shares": [_bounded(len(side), total) for side in (one, two)],
        "only_right": [len(one - two), len(two - one)],
        "chance": round(bounds.sign_test(len(one - two), len(two - one)), 4),
    }


def _models(readings: dict[int, InferenceRun]) -> str:
    run = next(iter(readings.values()))
    return f"{run.detector.shown_name}, {run.recognizer.shown_name}"
