"""CTC prefix beam search: the likeliest texts, all alignments of each together.

A prefix keeps two probabilities: its alignments that end in a blank, and those that end in its
last character. An automaton says which characters may follow, so every text that comes out
has one of its forms. Every crop is searched for itself.

N crops, T steps, K characters (the blank is class K), W prefixes kept, L places of a prefix.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from training.recognizer.automaton import Automaton

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Number = TypeVar("Number", np.int64, np.float64)

WIDTH = 10
_NOTHING = -1  # pads a prefix


@dataclass(frozen=True)
class Found:
    """A text as class numbers, and ln of the probability that the search saw for it.

    What was cut away on the way is missing: the true probability is this or more.
    """

    classes: tuple[int, ...]
    log_probability: float


@dataclass
class _Beams:
    prefix: Ints  # (N, W, L)
    length: Ints  # (N, W)
    state: Ints  # (N, W)
    blank: Floats  # (N, W): ln of the alignments that end in a blank
    other: Floats  # (N, W): ln of those that end in the last character

    def total(self) -> Floats:
        return np.logaddexp(self.blank, self.other)

    def last(self, none: int) -> Ints:
        """(N, W): the last class of each prefix, ``none`` for the empty one."""
        at = np.maximum(self.length - 1, 0)[..., None]
        found = np.take_along_axis(self.prefix, at, axis=2)[..., 0]
        return np.where(self.length > 0, found, none)


def search(
    log_probabilities: Floats, automaton: Automaton, *, width: int = WIDTH
) -> list[list[Found]]:
    """(N, T, K + 1) -> for each crop the texts found that the automaton accepts, best first.

    A crop has none where no text of the automaton can be written in T steps.
    """
    count, steps, _ = log_probabilities.shape
    places = min(steps, automaton.longest or steps)
    beams = _start(count, width, places)
    with np.errstate(invalid="ignore"):  # ln 0 plus ln 0
        for step in range(steps):
            left = steps - step - 1
            beams = _advance(beams, log_probabilities[:, step], automaton, left=left)
    return [_texts(beams, crop, automaton) for crop in range(count)]


def _start(count: int, width: int, places: int) -> _Beams:
    beams = _Beams(
        np.full((count, width, places), _NOTHING, np.int64),
        np.zeros((count, width), np.int64),
        np.zeros((count, width), np.int64),
        np.full((count, width), -np.inf),
        np.full((count, width), -np.inf),
    )
    beams.blank[:, 0] = 0.0
    return beams


def _advance(beams: _Beams, emitted: Floats, automaton: Automaton, *, left: int) -> _Beams:
    """One step: every prefix stays or grows, equal ones join, the best W remain.

    ``emitted`` (N, K + 1) are the logs of this step; ``left`` steps follow it.
    """
    count, width, places = beams.prefix.shape
    blank = emitted.shape[1] - 1
    last, total = beams.last(blank), beams.total()
    stay_blank = total + emitted[:, blank, None]
    stay_other = beams.other + np.take_along_axis(emitted, last, axis=1)
    grown = _grown(beams, emitted, last, total)  # (N, W, K)
    following = automaton.step[beams.state]  # (N, W, K)
    reachable = automaton.shortest[following] <= left
    grown[(following < 0) | ~reachable | (beams.length >= places)[..., None]] = -np.inf
    _join(beams, last, total, grown, stay_other)
    late = automaton.shortest[beams.state] > left
    stay_blank[late], stay_other[late] = -np.inf, -np.inf
    scores = np.concatenate(
        [np.logaddexp(stay_blank, stay_other), grown.reshape(count, width * blank)], axis=1
    )
    best = np.argsort(-scores, axis=1, kind="stable")[:, :width]
    grows = best >= width
    source = np.where(grows, (best - width) // blank, best)
    letter = (best - width) % blank
    return _Beams(
        *_prefixes(beams, source, grows, letter),
        np.where(grows, _at(following, source, letter), _of(beams.state, source)),
        np.where(grows, -np.inf, _of(stay_blank, source)),
        np.where(grows, np.take_along_axis(scores, best, axis=1), _of(stay_other, source)),
    )


def _grown(beams: _Beams, emitted: Floats, last: Ints, total: Floats) -> Floats:
    """(N, W, K): each prefix with one more character. A doubled one needs a blank between."""
    letters = np.arange(emitted.shape[1] - 1)
    doubled = last[..., None] == letters
    before = np.where(doubled, beams.blank[..., None], total[..., None])
    grown: Floats = before + emitted[:, None, :-1]
    return grown


def _join(beams: _Beams, last: Ints, total: Floats, grown: Floats, stay: Floats) -> None:
    """Where a grown prefix is one that is there already, move its probability to that one."""
    alive = total > -np.inf
    shortened = beams.prefix.copy()
    ends = np.maximum(beams.length - 1, 0)[..., None]
    np.put_along_axis(shortened, ends, _NOTHING, axis=2)
    grows_into = (beams.prefix[:, :, None] == shortened[:, None]).all(axis=-1)  # (N, W, W)
    grows_into &= alive[:, :, None] & (alive & (beams.length > 0))[:, None]
    crop, parent, child = np.nonzero(grows_into)
    letter = last[crop, child]
    stay[crop, child] = np.logaddexp(stay[crop, child], grown[crop, parent, letter])
    grown[crop, parent, letter] = -np.inf


def _prefixes(
    beams: _Beams, source: Ints, grows: npt.NDArray[np.bool_], letter: Ints
) -> tuple[Ints, Ints]:
    prefix = np.take_along_axis(beams.prefix, source[..., None], axis=1)
    length = _of(beams.length, source)
    crop, beam = np.nonzero(grows & (length < prefix.shape[2]))
    prefix[crop, beam, length[crop, beam]] = letter[crop, beam]
    return prefix, length + grows


def _of(values: npt.NDArray[Number], source: Ints) -> npt.NDArray[Number]:
    return np.take_along_axis(values, source, axis=1)


def _at(following: Ints, source: Ints, letter: Ints) -> Ints:
    rows = np.arange(len(source))[:, None]
    found: Ints = following[rows, source, letter]
    return found


def _texts(beams: _Beams, crop: int, automaton: Automaton) -> list[Found]:
    totals = beams.total()[crop]
    return [
        Found(tuple(beams.prefix[crop, beam, : beams.length[crop, beam]].tolist()), float(score))
        for beam, score in enumerate(totals)
        if score > -np.inf and automaton.accepts[beams.state[crop, beam]]
    ]
