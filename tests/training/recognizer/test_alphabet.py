"""Alphabets: which characters, in which order, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.errors import AlphabetRefused, CharacterUnknown
from training.recognizer import alphabet


def test_default_is_digits_then_letters():
    assert len(alphabet.DEFAULT) == 36
    assert alphabet.check(alphabet.DEFAULT) == alphabet.DEFAULT


@pytest.mark.parametrize("wrong", ["", "AA", "A B", "AB?"])
def test_impossible_alphabets_are_refused(wrong: str):
    with pytest.raises(AlphabetRefused):
        alphabet.check(wrong)


def test_unknown_character_names_text_and_file():
    with pytest.raises(CharacterUnknown, match=r"“a”.*“PBa1”.*crop7\.png"):
        alphabet.encode("PBa1", alphabet.DEFAULT, name="crop7.png")


@given(st.text(alphabet.DEFAULT))
def test_encode_then_decode_is_identity(text: str):
    assert alphabet.decode(alphabet.encode(text, alphabet.DEFAULT), alphabet.DEFAULT) == text
