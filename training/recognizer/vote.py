"""One text from the many reads of a track."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from training.recognizer.predict import PlateRead

OWN = 0.2
"""The share of the weight that a text must have by itself before shorter reads count for it."""
SUREST = 0.99
"""No read's share for a character counts as surer."""

Choice = TypeVar("Choice", int, str)
Second = tuple[str, float]


@dataclass(frozen=True)
class Voted:
    """The text most of the weight stands behind.

    ``characters`` has the share of the weight behind each character, 0..1, scaled by how sure
    the reads that say so are; ``confidence`` is the lowest of them times the share of the
    weight behind this length; ``votes`` counts the reads that say exactly this text.
    ``alternatives`` has the second choice at each place, also where all reads agree on the
    first, and the weight behind it; ``greedy`` is what most of the weight says without formats.
    """

    text: str
    confidence: float
    characters: tuple[float, ...]
    votes: int
    alternatives: tuple[tuple[str, float], ...] = ()
    greedy: str = ""


@dataclass(frozen=True)
class Ballot:
    """A read, its share of all weight, and the place of its first character in the text."""

    read: PlateRead
    weight: float
    at: int = 0


NOTHING = Voted("", 0.0, (), 0)


def vote(reads: Sequence[PlateRead], weights: Sequence[float]) -> Voted:
    """Vote on the length, then per character, each read by its weight times its confidence,
    and for a character by how sure it is of that.

    A box that cuts a plate short loses characters at its ends, so a read that is a part of a
    longer text speaks for that text too, at the places it covers. ``weights`` (>= 0, such as a
    crop's sharpness or size) belong to the reads, one each; only their ratios matter. Reads of
    nothing do not vote. Ties go to the shorter text and the earlier character, so the order of
    the reads does not matter.
    """
    ballots = [
        Ballot(read, weight * max(read.confidence, 1e-6))
        for read, weight in zip(reads, weights, strict=True)
        if read.text and weight > 0
    ]
    if not ballots:
        return NOTHING
    total = sum(ballot.weight for ballot in ballots)
    ballots = [Ballot(ballot.read, ballot.weight / total) for ballot in ballots]
    behind = {length: _behind(ballots, length) for length in {len(b.read.text) for b in ballots}}
    support = {length: sum(b.weight for b in chosen) for length, chosen in behind.items()}
    length = _winner(support)
    chosen = behind[length]
    elected = [_elect(chosen, place) for place in range(length)]
    text = "".join(character for character, _ in elected)
    characters = tuple(share for _, share in elected)
    return Voted(
        text,
        min(characters) * min(1.0, support[length]),
        characters,
        sum(read.text == text for read in reads),
        tuple(_second(chosen, place, text[place]) for place in range(length)),
        _greedy(reads, weights),
    )


def part_of(part: str, text: str) -> int | None:
    """Where the shorter ``part`` stands in ``text``, with one character off if it is long.

    None where it does not; less than half a text is no part of it.
    """
    if not len(text) <= 2 * len(part) < 2 * len(text):
        return None
    places = range(len(text) - len(part) + 1)
    off = [sum(a != b for a, b in zip(part, text[at:], strict=False)) for at in places]
    best = min(places, key=lambda at: off[at])
    return best if off[best] <= (len(part) >= 5) else None


def _behind(ballots: Sequence[Ballot], length: int) -> list[Ballot]:
    """The ballots for a text of this length, with those of its parts where it has weight."""
    own = [ballot for ballot in ballots if len(ballot.read.text) == length]
    text = "".join(_elect(own, place)[0] for place in range(length))
    alike = sum(b.weight for b in own if _differ(b.read.text, text) <= 1)
    if alike < OWN:
        return own
    parts = []
    for ballot in ballots:
        at = part_of(ballot.read.text, text)
        if at is not None:
            parts.append(Ballot(ballot.read, ballot.weight, at))
    return own + parts


def _differ(first: str, second: str) -> int:
    return sum(a != b for a, b in zip(first, second, strict=True))


def _at(ballots: Iterable[Ballot], place: int) -> list[tuple[PlateRead, int, float]]:
    """(read, place in the read, weight) of the ballots that cover a place of the text."""
    return [
        (ballot.read, place - ballot.at, ballot.weight)
        for ballot in ballots
        if 0 <= place - ballot.at < len(ballot.read.text)
    ]


def _second(ballots: Sequence[Ballot], place: int, first: str) -> Second:
    """The best other character at ``place``, said first or second by the ballots."""
    scores: dict[str, float] = defaultdict(float)
    covering = _at(ballots, place)
    for read, at, weight in covering:
        scores[read.text[at]] += weight * read.characters[at]
        for character, share in read.alternatives[at : at + 1]:
            scores[character] += weight * share
    scores.pop(first, None)
    scores.pop("", None)
    if not scores:
        return "", 0.0
    best = _winner(scores)
    return best, min(1.0, scores[best] / sum(weight for _, _, weight in covering))


def _greedy(reads: Sequence[PlateRead], weights: Sequence[float]) -> str:
    scores: dict[str, float] = defaultdict(float)
    for read, weight in zip(reads, weights, strict=True):
        if read.greedy:
            scores[read.greedy] += weight * read.greedy_confidence
    return _winner(scores) if scores else ""


def _elect(ballots: Sequence[Ballot], place: int) -> tuple[str, float]:
    """The character at ``place`` and how sure the ballots that cover it are of it together.

    A read's evidence for a character, its first or second choice, grows with -log(1 - share):
    one that is nearly certain outweighs several that waver.
    """
    evidence: dict[str, float] = defaultdict(float)
    shares: dict[str, float] = defaultdict(float)
    covering = _at(ballots, place)
    for read, at, weight in covering:
        first = (read.text[at], read.characters[at])
        for character, share in (first, *read.alternatives[at : at + 1]):
            if character:
                evidence[character] -= weight * math.log1p(-min(share, SUREST))
                shares[character] += weight * share
    winner = _winner(evidence)
    return winner, min(1.0, shares[winner] / sum(weight for _, _, weight in covering))


def _winner(scores: dict[Choice, float]) -> Choice:
    # sums of the same numbers in another order differ in the last digits: rounded, they tie
    return min(scores, key=lambda key: (-round(scores[key], 9), key))
