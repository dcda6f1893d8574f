"""Models on the same held pictures: their figures, and where two of them differ.

No torch here: ``training/work.py`` does the reading, this keeps and compares it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from annotations.models import DatasetItem, DatasetVersion, Project
from annotations.models.datasets import Split
from annotations.vision import boxes as geometry
from training.errors import NotComparable
from training.models import Evaluation, TrainedModel

MATCHED = 0.5  # IoU from which a detection is the labelled object
_MOST_SHOWN = 500


def errors_of(
    truths: Sequence[tuple[str, float, float, float, float, bool]],
    found: Sequence[tuple[str, float, float, float, float]],
) -> dict[str, int]:
    """Missed and false ones of a frame; ``found`` best first, ignored truths count nowhere."""
    free = set(range(len(truths)))
    false = 0
    for label, *box in found:
        places = [at for at in free if truths[at][0] == label]
        overlaps = geometry.iou([box], [truths[at][1:5] for at in places])[0] if places else []
        best = max(zip(overlaps, places, strict=True), default=(0.0, -1))
        if best[0] < MATCHED:
            false += 1
        elif not truths[best[1]][5]:  # several detections may lie in one ignored region
            free.remove(best[1])
    missed = sum(not truths[at][5] for at in free)
    return {"missed": missed, "false": false, "wrong": missed + false}


def keep(
    model: TrainedModel,
    version: DatasetVersion,
    split: str,
    figures: Mapping[str, Any],
    found: list[dict[str, Any]],
) -> Evaluation:
    """Keep a model's figures and reads; a second evaluation takes the place of the first."""
    learned = 0
    if model.dataset_id is not None:
        taught = DatasetItem.objects.filter(version=model.dataset_id, split=Split.TRAIN)
        judged = version.items.filter(split=split)
        learned = judged.filter(sha256__in=taught.values("sha256")).count()
    row, _ = Evaluation.objects.update_or_create(
        model=model,
        dataset=version,
        split=split,
        defaults={"figures": dict(figures), "found": found, "learned": learned},
    )
    return row


def lacking(project: Project, version: DatasetVersion) -> list[int]:
    """The models of the version's kind, starter included, that were not judged on it yet."""
    rows = TrainedModel.objects.filter(kind=version.kind, retired_at=None)
    rows = rows.filter(project=project) | rows.filter(project=None)
    done = Evaluation.objects.filter(dataset=version).values("model")
    return list(rows.exclude(pk__in=done).order_by("id").values_list("pk", flat=True))


@dataclass(frozen=True)
class Comparison:
    """How two models differ on the same pictures."""

    both_right: int
    only_first: int
    only_second: int
    both_wrong: int
    differing: list[dict[str, Any]]  # item, truth, what each said; where one is right first


def compare(first: Evaluation, second: Evaluation) -> Comparison:
    """Side by side. Raises NotComparable unless both saw the same pictures."""
    if (first.dataset_id, first.split) != (second.dataset_id, second.split):
        raise NotComparable(first=first.model.name, second=second.model.name)
    other = {each["item"]: each for each in second.found}
    pairs = [(each, other[each["item"]]) for each in first.found if each["item"] in other]
    counts = {(a, b): 0 for a in (False, True) for b in (False, True)}
    differing = []
    for mine, its in pairs:
        counts[bool(mine["wrong"]), bool(its["wrong"])] += 1
        if mine["wrong"] != its["wrong"] or mine.get("text") != its.get("text"):
            differing.append((mine, its))
    differing.sort(key=lambda pair: bool(pair[0]["wrong"]) == bool(pair[1]["wrong"]))
    return Comparison(
        counts[False, False],
        counts[False, True],
        counts[True, False],
        counts[True, True],
        _with_truths(differing[:_MOST_SHOWN]),
    )


def _with_truths(
    pairs: Sequence[tuple[dict[str, Any], dict[str, Any]]],
) -> list[dict[str, Any]]:
    items = DatasetItem.objects.in_bulk([mine["item"] for mine, _ in pairs])
    return [
        {"item": shown(items[mine["item"]]), "first": mine, "second": its}
        for mine, its in pairs
        if mine["item"] in items
    ]


def shown(item: DatasetItem) -> dict[str, Any]:
    """A picture of a dataset version and its truth, as pages show it."""
    return {
        "id": item.pk,
        "width": item.width,
        "height": item.height,
        "text": item.text,
        "boxes": [[box["label"], box["x1"], box["y1"], box["x2"], box["y2"]] for box in item.boxes],
    }
