"""Reading metrics worked by hand."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.recognizer import metrics

TEXTS = st.text("AB01", max_size=8)


def test_one_wrong_character_of_seven():
    pairs = [("PBA1234", "PBA1Z34")]
    assert metrics.exact(pairs) == 0
    assert metrics.character_accuracy(pairs) == pytest.approx(6 / 7)
    assert metrics.confusions(pairs) == {("2", "Z"): 1}


def test_exact_is_a_share_and_case_matters():
    assert metrics.exact([("AB1", "AB1"), ("AB1", "ab1")]) == 0.5


def test_missed_and_invented_characters():
    assert metrics.confusions([("ABC", "AC")]) == {("B", ""): 1}
    assert metrics.confusions([("AC", "ABC")]) == {("", "B"): 1}
    assert metrics.character_accuracy([("ABC", ""), ("A", "A")]) == pytest.approx(0.25)


def test_no_pairs_score_nothing():
    assert metrics.exact([]) == metrics.character_accuracy([]) == 0


def test_much_too_long_a_reading_is_not_below_zero():
    assert metrics.character_accuracy([("A", "BBBBBB")]) == 0


@given(TEXTS, TEXTS)
def test_distance_is_symmetric_and_zero_only_for_equals(a: str, b: str):
    assert metrics.edit_distance(a, b) == metrics.edit_distance(b, a)
    assert (metrics.edit_distance(a, b) == 0) == (a == b)


@given(TEXTS, TEXTS)
def test_alignment_spells_both_texts_and_costs_the_distance(a: str, b: str):
    pairs = metrics.align(a, b)
    assert ("".join(x for x, _ in pairs), "".join(y for _, y in pairs)) == (a, b)
    assert sum(x != y for x, y in pairs) == metrics.edit_distance(a, b)
