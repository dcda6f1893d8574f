"""The characters a recognizer knows, in the order of its classes. The blank comes after them."""

from __future__ import annotations

from collections.abc import Sequence

from training.errors import AlphabetRefused, CharacterUnknown

DIGITS = "0123456789"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DEFAULT = DIGITS + LETTERS

# "?" stands for an unreadable character in a partial transcription: nothing to learn from it
UNREADABLE = "?"


def check(alphabet: str) -> str:
    """``alphabet`` itself, or AlphabetRefused: empty, doubled, blank or "?" characters."""
    doubled = sorted({c for c in alphabet if alphabet.count(c) > 1})
    odd = [c for c in alphabet if c.isspace() or c == UNREADABLE]
    if not alphabet or doubled or odd:
        raise AlphabetRefused(alphabet=alphabet)
    return alphabet


def encode(text: str, alphabet: str, *, name: str = "") -> list[int]:
    """Class numbers of the characters. CharacterUnknown names the text and its file ``name``."""
    for character in text:
        if character not in alphabet:
            raise CharacterUnknown(character=character, text=text, name=name)
    return [alphabet.index(character) for character in text]


def decode(classes: Sequence[int], alphabet: str) -> str:
    """The text of class numbers (no blanks among them)."""
    return "".join(alphabet[index] for index in classes)
