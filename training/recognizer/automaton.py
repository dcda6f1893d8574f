"""Plate formats as an automaton that says which character may follow.

A state is a number; 0 is the start. Built by subsets: a state stands for the formats that are
still possible and the place reached, so a text has exactly one way through.
S states, K characters.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from annotations import plate_formats

NEVER = 1_000_000  # characters to the end of a text that has none


@dataclass(frozen=True)
class Automaton:
    """``step`` (S, K): the next state or -1. ``accepts`` (S,): whether a text may end here.

    ``shortest`` (S,): the fewest further characters until one may. ``longest``: characters of
    the longest text, None where there is no limit.
    """

    step: npt.NDArray[np.int64]
    accepts: npt.NDArray[np.bool_]
    shortest: npt.NDArray[np.int64]
    longest: int | None

    def fits(self, classes: Sequence[int]) -> bool:
        """Whether a text, as class numbers, has one of the forms."""
        state = 0
        for index in classes:
            state = int(self.step[state, index])
            if state < 0:
                return False
        return bool(self.accepts[state])


def anything(characters: int) -> Automaton:
    """Every text of so many characters."""
    return Automaton(
        np.zeros((1, characters), np.int64), np.ones(1, np.bool_), np.zeros(1, np.int64), None
    )


def of_patterns(patterns: Iterable[str], alphabet: str) -> Automaton | None:
    """The texts of ``alphabet`` with the form of at least one pattern; None if there is none.

    Raises BadPattern (annotations.plate_formats).
    """
    forms = [_classes(plate_formats.parse(pattern), alphabet) for pattern in patterns]
    forms = [form for form in forms if all(form)]  # a place no character can take: never fits
    if not forms:
        return None
    numbers: dict[tuple[int, frozenset[int]], int] = {(0, frozenset(range(len(forms)))): 0}
    rows: list[list[int]] = []
    # dicts keep their order: the loop meets each state once, also those found on the way
    queue = list(numbers)
    for place, alive in queue:
        row = []
        for index in range(len(alphabet)):
            left = frozenset(f for f in alive if place < len(forms[f]) and index in forms[f][place])
            key = (place + 1, left)
            if left and key not in numbers:
                numbers[key] = len(numbers)
                queue.append(key)
            row.append(numbers[key] if left else -1)
        rows.append(row)
    ends = [[len(forms[f]) - place for f in alive] for place, alive in numbers]
    return Automaton(
        np.array(rows, np.int64),
        np.array([0 in left for left in ends]),
        np.array([min((n for n in left if n >= 0), default=NEVER) for left in ends], np.int64),
        max(len(form) for form in forms),
    )


def _classes(places: Iterable[frozenset[str]], alphabet: str) -> list[frozenset[int]]:
    return [
        frozenset(at for at, character in enumerate(alphabet) if character in allowed)
        for allowed in places
    ]
