"""What a dataset version has that an older one had not, and the other way round."""

from __future__ import annotations

import json
from collections.abc import Hashable
from dataclasses import dataclass, field

from annotations.errors import DatasetsUnlike
from annotations.models import DatasetVersion

EXAMPLES = 24  # of each kind of difference


@dataclass
class Difference:
    """Between an older and a newer version of one kind: ids of items, the first so many."""

    same: int = 0
    added: list[int] = field(default_factory=list)
    removed: list[int] = field(default_factory=list)
    relabelled: list[tuple[int, int]] = field(default_factory=list)  # (older, newer)
    moved: list[tuple[int, int]] = field(default_factory=list)  # to another split


def compare(older: DatasetVersion, newer: DatasetVersion) -> Difference:
    """What was added, removed, relabelled, moved to another split; the last two may be one item.

    An item is the same when its frame or crop is; where that is gone, when its picture is.

    Raises DatasetsUnlike.
    """
    if older.project_id != newer.project_id or older.kind != newer.kind:
        raise DatasetsUnlike()
    before, now = _facts(older), _facts(newer)
    told = Difference(
        added=[now[key][0] for key in now.keys() - before.keys()],
        removed=[before[key][0] for key in before.keys() - now.keys()],
    )
    for key in now.keys() & before.keys():
        (was, label, side), (is_, label_now, side_now) = before[key], now[key]
        if label != label_now:
            told.relabelled.append((was, is_))
        if side != side_now:
            told.moved.append((was, is_))
        told.same += label == label_now and side == side_now
    for name in ("added", "removed", "relabelled", "moved"):
        getattr(told, name).sort()
    return told


def _facts(version: DatasetVersion) -> dict[Hashable, tuple[int, str, str]]:
    """What an item is -> its id, what it is labelled, its split."""
    columns = ("pk", "frame", "crop", "sha256", "text", "boxes", "split")
    told: dict[Hashable, tuple[int, str, str]] = {}
    for pk, frame, crop, sha256, text, boxes, split in version.items.values_list(
        *columns
    ).iterator():
        key = ("frame", frame) if frame else ("crop", crop) if crop else ("picture", sha256)
        label = text or json.dumps(boxes, sort_keys=True)
        told[key] = (pk, label, split)
    return told
