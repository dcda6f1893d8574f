"""The forms of the texts a training learned from, when nearly all of them have one of a few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

_FEWEST_TEXTS = 100  # fewer say too little about the forms there are
_SHARE = 0.01  # of the texts that have a form before it counts: rarer ones may be mistyped
_COVERED = 0.97  # of the texts that the forms have together


def learned(texts: Sequence[str]) -> tuple[str, ...]:
    """Patterns (``A`` letter, ``9`` digit) of the texts, the most frequent first.

    Empty where the texts are few, of too many forms, or hold other characters.
    """
    if len(texts) < _FEWEST_TEXTS:
        return ()
    counted = Counter(form_of(text) for text in texts)
    forms = [
        form
        for form, count in counted.most_common()
        if count >= _SHARE * len(texts) and set(form) <= {"A", "9"}
    ]
    covered = sum(counted[form] for form in forms)
    return tuple(forms) if covered >= _COVERED * len(texts) else ()


def form_of(text: str) -> str:
    """``AB12`` -> ``AA99``; what is neither a Latin letter nor a digit stays."""
    return "".join(_place(character) for character in text)


def _place(character: str) -> str:
    if not character.isascii():
        return character
    return "A" if character.isalpha() else "9" if character.isdigit() else character
