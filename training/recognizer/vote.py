"""One text from the many reads of a track."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from training.recognizer.predict import PlateRead

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


NOTHING = Voted("", 0.0, (), 0)


def vote(reads: Sequence[PlateRead], weights: Sequence[float]) -> Voted:
    """Vote per length, then per character, each read by its weight times its confidence.

    ``weights`` (>= 0, such as a crop's sharpness or size) belong to the reads, one each; only
    their ratios matter. Reads of nothing do not vote. Ties go to the shorter text and the
    earlier character, so the order of the reads does not matter.
    """
    ballots = [
        (read, weight * max(read.confidence, 1e-6))
        for read, weight in zip(reads, weights, strict=True)
        if read.text and weight > 0
    ]
    if not ballots:
        return NOTHING
    total = sum(weight for _, weight in ballots)
    ballots = [(read, weight / total) for read, weight in ballots]
    lengths: dict[int, float] = defaultdict(float)
    for read, weight in ballots:
        lengths[len(read.text)] += weight
    length = _winner(lengths)
    chosen = [(read, weight) for read, weight in ballots if len(read.text) == length]
    elected = [_elect(chosen, place) for place in range(length)]
    text = "".join(character for character, _ in elected)
    characters = tuple(share for _, share in elected)
    votes = sum(read.text == text for read, _ in ballots)
    others = tuple(_second(chosen, place, text[place]) for place in range(length))
    return Voted(
        text, min(characters) * lengths[length], characters, votes, others, _greedy(reads, weights)
    )


def _second(ballots: Sequence[tuple[PlateRead, float]], place: int, first: str) -> Second:
    """The best other character at ``place``, said first or second by the ballots."""
    scores: dict[str, float] = defaultdict(float)
    for read, weight in ballots:
        scores[read.text[place]] += weight * read.characters[place]
        for character, share in read.alternatives[place : place + 1]:
            scores[character] += weight * share
    scores.pop(first, None)
    scores.pop("", None)
    if not scores:
        return "", 0.0
    best = _winner(scores)
    return best, min(1.0, scores[best] / sum(weight for _, weight in ballots))


def _greedy(reads: Sequence[PlateRead], weights: Sequence[float]) -> str:
    scores: dict[str, float] = defaultdict(float)
    for read, weight in zip(reads, weights, strict=True):
        if read.greedy:
            scores[read.greedy] += weight * read.greedy_confidence
    return _winner(scores) if scores else ""


def _elect(ballots: Sequence[tuple[PlateRead, float]], place: int) -> tuple[str, float]:
    """The character at ``place`` and how sure the ballots are of it together."""
    scores: dict[str, float] = defaultdict(float)
    for read, weight in ballots:
        scores[read.text[place]] += weight * read.characters[place]
    winner = _winner(scores)
    return winner, min(1.0, scores[winner] / sum(weight for _, weight in ballots))


def _winner(scores: dict[Choice, float]) -> Choice:
    # sums of the same numbers in another order differ in the last digits: rounded, they tie
    return min(scores, key=lambda key: (-round(scores[key], 9), key))
