"""Voting over a track, worked by hand."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.recognizer.predict import PlateRead
from training.recognizer.vote import NOTHING, part_of, vote


def read(text: str, confidence: float = 0.9) -> PlateRead:
    return PlateRead(text, confidence, (confidence,) * len(text))


def test_each_character_is_voted_by_itself():
    voted = vote([read("PBA1234"), read("P8A1234"), read("PBA1Z34")], [1, 1, 1])
    assert voted.text == "PBA1234"
    assert voted.votes == 1
    assert voted.characters[0] == pytest.approx(0.9)
    assert voted.characters[1] == pytest.approx(0.6)
    assert voted.confidence == pytest.approx(0.6)


def test_right_text_may_win_without_any_read_of_it():
    voted = vote([read("XBA12"), read("PXA12"), read("PBX12")], [1, 1, 1])
    assert (voted.text, voted.votes) == ("PBA12", 0)


def test_length_with_most_weight_wins_first():
    voted = vote([read("PBA123"), read("PBA1234"), read("PBA1234")], [1, 1, 1])
    assert voted.text == "PBA1234"
    assert voted.confidence == pytest.approx(0.9)  # the short one is a part of it
    voted = vote([read("XYZ123"), read("PBA1234"), read("PBA1234")], [1, 1, 1])
    assert voted.text == "PBA1234"
    assert voted.confidence == pytest.approx(0.9 * 2 / 3)


def test_texts_cut_short_speak_for_the_longer_one_they_are_part_of():
    cut = [read("A1234"), read("A1234"), read("BA1234"), read("PBA1234", 0.8)]
    voted = vote(cut, [1] * 4)
    assert (voted.text, voted.votes) == ("PBA1234", 1)
    assert voted.characters[0] == pytest.approx(0.8)
    assert voted.characters[-1] == pytest.approx(0.9, abs=0.03)


def test_one_longer_text_among_many_reads_is_not_believed():
    assert vote([read("PBA1234")] * 8 + [read("PBA12341", 0.5)], [1] * 9).text == "PBA1234"


def test_a_longer_text_with_a_seventh_of_the_weight_is_not_believed():
    assert vote([read("2368")] * 6 + [read("E2368")], [1] * 7).text == "2368"


def test_a_nearly_certain_read_with_second_choices_outweighs_several_that_waver():
    wavering = PlateRead("T9", 0.5, (0.55, 0.9), (("I", 0.43), ("", 0.0)), "T9", 0.5)
    certain = PlateRead("I9", 0.5, (0.98, 0.9), (("T", 0.01), ("", 0.0)), "I9", 0.5)
    voted = vote([wavering, wavering, wavering, certain], [1] * 4)
    assert voted.text == "I9"
    assert voted.characters[0] == pytest.approx((3 * 0.43 + 0.98) / 4)


@pytest.mark.parametrize(
    ("part", "text", "at"),
    [
        ("23126", "34A23126", 3),
        ("28126", "34A23126", 3),
        ("3126", "34A23126", 4),
        ("3128", "34A23126", None),
        ("126", "34A23126", None),
        ("PBA1234", "PBA1234", None),
    ],
)
def test_parts_of_a_text(part: str, text: str, at: int | None):
    assert part_of(part, text) == at


def test_one_sharp_read_beats_two_blurred_ones():
    assert vote([read("AAA", 0.99), read("BBB", 0.2), read("BBB", 0.2)], [1, 1, 1]).text == "AAA"
    assert vote([read("AAA"), read("BBB"), read("BBB")], [5, 1, 1]).text == "AAA"


def test_reads_of_nothing_do_not_vote():
    assert vote([read(""), read(""), read("AB1")], [1, 1, 1]).text == "AB1"
    assert vote([read("")], [1]) == vote([], []) == vote([read("A")], [0]) == NOTHING


def test_ties_do_not_depend_on_the_order():
    assert vote([read("B1"), read("A1")], [1, 1]) == vote([read("A1"), read("B1")], [1, 1])
    assert vote([read("B1"), read("A1")], [1, 1]).text == "A1"


def test_a_weight_for_each_read():
    with pytest.raises(ValueError, match="shorter"):
        vote([read("A"), read("B")], [1])


READS = st.lists(
    st.builds(read, st.text("AB1", max_size=3), st.floats(0.0, 1.0)), min_size=1, max_size=6
)


@given(READS, st.randoms(use_true_random=False))
def test_any_order_elects_the_same_with_a_confidence(reads: list[PlateRead], chance: random.Random):
    voted = vote(reads, [1.0] * len(reads))
    mixed = chance.sample(reads, len(reads))
    again = vote(mixed, [1.0] * len(reads))
    assert (again.text, again.votes) == (voted.text, voted.votes)
    assert 0 <= voted.confidence <= 1
    assert len(voted.characters) == len(voted.text)


def test_second_choices_come_from_other_reads_and_from_the_reads_themselves():
    first = PlateRead("AB", 0.8, (0.9, 0.8), (("4", 0.1), ("8", 0.2)), "AB", 0.8)
    second = PlateRead("A8", 0.4, (0.9, 0.6), (("4", 0.1), ("B", 0.3)), "A8", 0.4)
    voted = vote([first, second], [1.0, 1.0])
    assert (voted.text, voted.greedy) == ("AB", "AB")
    assert [character for character, _ in voted.alternatives] == ["4", "8"]
    assert voted.alternatives[0][1] == pytest.approx(0.1)
    assert voted.alternatives[1][1] == pytest.approx((0.8 * 0.2 + 0.4 * 0.6) / 1.2)
