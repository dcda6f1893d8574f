"""Formats as an automaton: the same answers as the formats themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations import plate_formats
from annotations.errors import BadPattern
from training.recognizer import automaton

LETTERS = plate_formats.DEFAULT_ALPHABET
SHIPPED = [form.pattern for form in plate_formats.SHIPPED]


def classes(text: str) -> list[int]:
    return [LETTERS.index(character) for character in text]


def test_states_tell_what_may_follow():
    built = automaton.of_patterns(["A9", "B"], "AB7")
    assert built is not None
    assert built.step.tolist()[0] == [1, 2, -1]  # A: the first; B: either
    assert built.accepts.tolist() == [False, False, True, True]
    assert built.shortest.tolist() == [1, 1, 0, 0]
    assert built.longest == 2


@given(st.text(LETTERS, max_size=8), st.lists(st.sampled_from(SHIPPED), min_size=1, unique=True))
def test_accepts_what_fits_a_format(text: str, patterns: list[str]):
    built = automaton.of_patterns(patterns, LETTERS)
    assert built is not None
    assert built.fits(classes(text)) == any(plate_formats.fits(text, p) for p in patterns)


def test_every_example_is_accepted():
    built = automaton.of_patterns(SHIPPED, LETTERS)
    assert built is not None
    assert all(built.fits(classes(e)) for form in plate_formats.SHIPPED for e in form.examples)


def test_formats_the_alphabet_cannot_write_are_left_out():
    assert automaton.of_patterns(["A9"], "012") is None
    assert automaton.of_patterns([], LETTERS) is None
    mixed = automaton.of_patterns(["A9", "99"], "012")
    assert mixed is not None and mixed.fits([0, 1])


def test_a_bad_pattern_is_refused():
    with pytest.raises(BadPattern):
        automaton.of_patterns(["A["], LETTERS)
