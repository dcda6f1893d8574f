"""Two readings of the same video, judged on what was already reviewed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from annotations.models import Passage, Video
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
    right = sum(one.outcome == "right" for one in seen.values())
    low, high = bounds.interval(right, total)
    return {"right": right, "low": round(low, 4), "high": round(high, 4)}


def _told(video: Video, passage: Passage, first: Seen, second: Seen) -> dict[str, Any]:
    sides = {
        side: {"outcome": seen.outcome, "read": seen.read, "text": seen.text}
        for side, seen in (("first", first), ("second", second))
    }
    seconds = round(video.seconds(passage.first_pts), 3)
    return {"passage": passage.pk, "seconds": seconds, "text": passage.text, **sides}
