"""Rows that share a vehicle are one group, and whole groups go to a split."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from annotations.errors import SeedWrong, SharesWrong
from annotations.models.datasets import Split

DEFAULT_SHARES = {"train": 0.8, "val": 0.1, "test": 0.1}


@dataclass(frozen=True)
class Rule:
    """How a version is split: shares of the items, seed, and whether videos stay whole."""

    shares: tuple[tuple[str, float], ...] = tuple(DEFAULT_SHARES.items())
    seed: int = 0
    whole_videos: bool = False

    @classmethod
    def of(cls, shares: dict[str, float] | None, *, seed: int, whole_videos: bool) -> Rule:
        """Raises SeedWrong, and SharesWrong unless train, val and test add up to 1."""
        given = {**dict.fromkeys(Split.values, 0.0), **(shares or DEFAULT_SHARES)}
        if not 0 <= seed < 2**31:
            raise SeedWrong(seed=seed)
        proper = set(given) == set(Split.values) and all(0 <= s <= 1 for s in given.values())
        if not proper or abs(sum(given.values()) - 1) > 1e-6 or given["train"] <= 0:
            raise SharesWrong()
        return cls(tuple((name, given[name]) for name in Split.values), seed, whole_videos)


class Groups:
    """Connected components over shared keys (union by the keys that rows have in common)."""

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}

    def find(self, key: Hashable) -> Hashable:
        root = key
        while (up := self._parent.setdefault(root, root)) != root:
            root = up
        while self._parent[key] != root:
            self._parent[key], key = root, self._parent[key]
        return root

    def join(self, keys: Sequence[Hashable]) -> None:
        """All of ``keys`` are of one group."""
        first = self.find(keys[0])
        for key in keys[1:]:
            self._parent[self.find(key)] = first


def components(rows: Sequence[Sequence[Hashable]]) -> list[int]:
    """The number of each row's group: rows that share a key, directly or not, share it.

    Groups are numbered in the order of their first row.
    """
    groups = Groups()
    for index, keys in enumerate(rows):
        groups.join([("row", index), *keys])
    numbers: dict[Hashable, int] = {}
    return [numbers.setdefault(groups.find(("row", i)), len(numbers)) for i in range(len(rows))]


def assign(groups: Sequence[int], rule: Rule) -> list[str]:
    """The split of each row: whole groups, in seeded order, to the split that lacks most.

    Every split with a share gets a group as soon as there are enough groups.
    """
    sizes = Counter(groups)
    order = sorted(sizes)
    random.Random(rule.seed).shuffle(order)
    order.sort(key=lambda group: -sizes[group])  # large ones first fill the shares best
    wanted = {name: share * len(groups) for name, share in rule.shares if share > 0}
    have = dict.fromkeys(wanted, 0)
    chosen: dict[int, str] = {}
    for place, group in enumerate(order):
        left = len(order) - place
        empty = [name for name in wanted if have[name] == 0]
        open_ = empty if left <= len(empty) else list(wanted)
        name = max(open_, key=lambda n: (wanted[n] - have[n], n == Split.TRAIN))
        chosen[group] = name
        have[name] += sizes[group]
    return [chosen[group] for group in groups]
