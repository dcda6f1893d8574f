"""CTC prefix beam search: the likeliest texts, all alignments of each together.

A prefix keeps two probabilities: its alignments that end in a blank, and those that end in its
last character. An automaton says which characters may follow, so every text that comes out
has one of its forms. Every crop is searched for itself.

N crops, T steps, K characters (the blank is class K), W prefixes kept, L places of a prefix.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.recognizer.automaton import Automaton

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

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
    """The prefixes of all crops one after another, W of each: B = N x W rows."""

    prefix: Ints  # (B, L)
    stem: Ints  # (B, L): the prefix without its last character
    last: Ints  # (B,): the last class of the prefix, K for the empty one
    length: Ints  # (B,)
    state: Ints  # (B,)
    blank: Floats  # (B,): ln of the alignments that end in a blank
    other: Floats  # (B,): ln of those that end in the last character
    total: Floats  # (B,): ln of both


def search(
    log_probabilities: Floats, automaton: Automaton, *, width: int = WIDTH
) -> list[list[Found]]:
    """(N, T, K + 1) -> for each crop the texts found that the automaton accepts, best first.

    A crop has none where no text of the automaton can be written in T steps.
    """
    count, steps, classes = log_probabilities.shape
    places = min(steps, automaton.longest or steps)
    beams = _start(count, width, places, blank=classes - 1)
    with np.errstate(invalid="ignore"):  # ln 0 plus ln 0
        for step in range(steps):
            emitted = log_probabilities[:, step].repeat(width, axis=0)
            beams = _advance(beams, emitted, automaton, width=width, left=steps - step - 1)
    return [_texts(beams, range(n * width, (n + 1) * width), automaton) for n in range(count)]


def _start(count: int, width: int, places: int, *, blank: int) -> _Beams:
    rows = count * width
    nothing, impossible = np.full((rows, places), _NOTHING), np.full(rows, -np.inf)
    begun = impossible.copy()
    begun[::width] = 0.0
    zeros = np.zeros(rows, np.int64)
    return _Beams(nothing, nothing, np.full(rows, blank), zeros, zeros, begun, impossible, begun)


def _advance(
    beams: _Beams, emitted: Floats, automaton: Automaton, *, width: int, left: int
) -> _Beams:
    """One step: every prefix stays or grows, equal ones join, the best W of a crop remain.

    ``emitted`` (B, K + 1) are the logs of this step; ``left`` steps follow it.
    """
    rows, blank = np.arange(len(emitted)), emitted.shape[1] - 1
    again = emitted[rows, beams.last]
    stay_blank, stay_other = beams.total + emitted[:, blank], beams.other + again
    grown = beams.total[:, None] + emitted
    grown[rows, beams.last] = beams.blank + again  # a doubled character needs a blank between
    grown = grown[:, :blank] + _closed(automaton, left)[beams.state]
    _join(beams, grown, stay_other, width)
    late = automaton.shortest[beams.state] > left
    stay_blank[late] = stay_other[late] = -np.inf
    stays = np.logaddexp(stay_blank, stay_other)
    scores = np.concatenate([stays.reshape(-1, width), grown.reshape(-1, width * blank)], axis=1)
    best = (-scores).argsort(axis=1, kind="stable")[:, :width]
    total = scores[rows[: len(best), None], best].ravel()
    grows = (best >= width).ravel()
    beam, letter = np.divmod(best - width, blank)
    source = (np.where(best < width, best, beam) + rows[::width, None]).ravel()
    return _chosen(beams, source, grows, letter.ravel(), automaton, (stay_blank, stay_other, total))


def _chosen(
    beams: _Beams,
    source: Ints,
    grows: npt.NDArray[np.bool_],
    letter: Ints,
    automaton: Automaton,
    logs: tuple[Floats, Floats, Floats],
) -> _Beams:
    """The beams of the next step: row by row one of these, as it is or with one more letter."""
    stay_blank, stay_other, total = logs
    prefix, length = beams.prefix[source], beams.length[source]
    new = grows.nonzero()[0]
    new = new[length[new] < prefix.shape[1]]  # an impossible one may have no room
    stem = np.where(grows[:, None], prefix, beams.stem[source])
    prefix[new, length[new]] = letter[new]
    state = beams.state[source]
    return _Beams(
        prefix,
        stem,
        np.where(grows, letter, beams.last[source]),
        length + grows,
        np.where(grows, automaton.step[state, letter], state),
        np.where(grows, -np.inf, stay_blank[source]),
        np.where(grows, total, stay_other[source]),
        total,
    )


def _closed(automaton: Automaton, left: int) -> Floats:
    """(S, K): 0 where a character may follow, -inf where no text can end in ``left`` steps."""
    open_ = (automaton.step >= 0) & (automaton.shortest[automaton.step] <= left)
    return np.where(open_, 0.0, -np.inf)


def _join(beams: _Beams, grown: Floats, stay: Floats, width: int) -> None:
    """Where a grown prefix is one that is there already, move its probability to that one."""
    shape = (-1, width, beams.prefix.shape[1])
    stems, prefixes = beams.stem.reshape(shape), beams.prefix.reshape(shape)
    grows_into = (prefixes[:, :, None] == stems[:, None]).all(axis=-1)  # (N, W, W)
    alive = (beams.total > -np.inf).reshape(-1, width)
    grows_into &= alive[:, :, None] & (alive & (beams.length > 0).reshape(-1, width))[:, None]
    crop, parent, child = grows_into.nonzero()
    parent, child = crop * width + parent, crop * width + child
    letter = beams.last[child]
    stay[child] = np.logaddexp(stay[child], grown[parent, letter])
    grown[parent, letter] = -np.inf


def _texts(beams: _Beams, rows: range, automaton: Automaton) -> list[Found]:
    return [
        Found(tuple(beams.prefix[row, : beams.length[row]].tolist()), float(beams.total[row]))
        for row in rows
        if beams.total[row] > -np.inf and automaton.accepts[beams.state[row]]
    ]
