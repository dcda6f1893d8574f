"""Groups of rows that share keys, and their sides."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations import splits
from annotations.errors import SharesWrong

ROWS = st.lists(st.lists(st.integers(0, 30), max_size=4), max_size=60)
SHARES = st.sampled_from([(0.8, 0.1, 0.1), (0.5, 0.25, 0.25), (0.95, 0.05, 0.0), (1.0, 0.0, 0.0)])


def rule_of(shares: tuple[float, float, float], seed: int = 0) -> splits.Rule:
    named = dict(zip(("train", "val", "test"), shares, strict=True))
    return splits.Rule.of(named, seed=seed, whole_videos=False)


@given(ROWS)
def test_rows_that_share_a_key_share_a_group(rows):
    groups = splits.components(rows)
    owner: dict[int, int] = {}
    for keys, group in zip(rows, groups, strict=True):
        for key in keys:
            assert owner.setdefault(key, group) == group


@given(ROWS)
def test_rows_of_a_group_are_joined_by_a_chain_of_keys(rows):
    groups = splits.components(rows)
    for first in set(groups):
        members_ = [set(keys) for keys, group in zip(rows, groups, strict=True) if group == first]
        reached, left = members_[:1], members_[1:]
        while joined := [keys for keys in left if any(keys & other for other in reached)]:
            reached += joined
            left = [keys for keys in left if keys not in joined]
        assert left == []


@given(st.lists(st.integers(0, 25), min_size=1, max_size=200), SHARES, st.integers(0, 5))
def test_every_group_is_on_one_side_and_every_share_gets_one(groups, shares, seed):
    rule = rule_of(shares, seed)
    sides_of = splits.assign(groups, rule)
    sides: dict[int, set[str]] = {}
    for group, split in zip(groups, sides_of, strict=True):
        sides.setdefault(group, set()).add(split)
    assert all(len(found) == 1 for found in sides.values())
    wanted = {name for name, share in rule.shares if share > 0}
    assert set(sides_of) <= wanted
    if len(sides) >= len(wanted):
        assert set(sides_of) == wanted
    assert splits.assign(groups, rule) == sides_of


@given(st.integers(100, 400), SHARES)
def test_many_small_groups_fill_the_shares(count, shares):
    rule = rule_of(shares)
    found = Counter(splits.assign(list(range(count)), rule))
    for name, share in rule.shares:
        assert abs(found[name] - share * count) <= 1.5


@pytest.mark.parametrize(
    "shares", [{"train": 0.5}, {"train": 0.0, "val": 1.0}, {"train": 1.0, "x": 0.0},
               {"train": 2.0, "val": -1.0}, {"train": float("nan")}],
)  # fmt: skip
def test_shares_that_do_not_add_up(shares):
    with pytest.raises(SharesWrong):
        splits.Rule.of(shares, seed=0, whole_videos=False)
