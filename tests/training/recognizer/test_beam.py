"""Beam search and posteriors against every alignment there is."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest

from training.recognizer import automaton, beam, posterior

Text = tuple[int, ...]


def distributions(seed: int, *shape: int) -> np.ndarray:
    raw = np.random.default_rng(seed).gamma(0.6, size=shape) + 1e-4
    return np.asarray(raw / raw.sum(axis=-1, keepdims=True))


def every_text(probabilities: np.ndarray) -> dict[Text, float]:
    """(T, K + 1) -> the probability of each text, one alignment after the other."""
    steps, classes = probabilities.shape
    found: dict[Text, float] = defaultdict(float)
    for path in itertools.product(range(classes), repeat=steps):
        runs = [index for index, _ in itertools.groupby(path)]
        text = tuple(index for index in runs if index != classes - 1)
        found[text] += float(np.prod([probabilities[t, c] for t, c in enumerate(path)]))
    return found


def test_alignments_of_a_text_count_together():
    # "aa" per step 0.6 blank, 0.4 a: empty 0.36, "a" 0.64: the greedy path is the empty one
    probabilities = np.array([[[0.4, 0.6], [0.4, 0.6]]])
    best, second = beam.search(np.log(probabilities), automaton.anything(1))[0]
    assert (best.classes, second.classes) == ((0,), ())
    assert best.log_probability == pytest.approx(np.log(0.64))


@pytest.mark.parametrize("seed", range(6))
def test_a_wide_search_finds_every_text_with_its_probability(seed: int):
    probabilities = distributions(seed, 2, 5, 3)
    searched = beam.search(np.log(probabilities), automaton.anything(2), width=200)
    for crop, found in zip(probabilities, searched, strict=True):
        truth = every_text(crop)
        assert {f.classes: np.exp(f.log_probability) for f in found} == pytest.approx(truth)
        assert found[0].classes == max(truth, key=lambda text: truth[text])


@pytest.mark.parametrize("seed", range(6))
def test_the_constraint_is_exact(seed: int):
    forms = automaton.of_patterns(["A9", "99A"], "0AB")
    assert forms is not None
    probabilities = distributions(seed, 1, 5, 4)
    truth = {text: p for text, p in every_text(probabilities[0]).items() if forms.fits(text)}
    found = beam.search(np.log(probabilities), forms, width=100)[0]
    assert {f.classes: np.exp(f.log_probability) for f in found} == pytest.approx(truth)
    narrow = beam.search(np.log(probabilities), forms, width=3)[0]
    assert narrow and all(forms.fits(f.classes) for f in narrow)
    assert all(np.exp(f.log_probability) <= truth[f.classes] + 1e-12 for f in narrow)


def test_a_form_longer_than_the_steps_is_not_found():
    forms = automaton.of_patterns(["999"], "01")
    assert forms is not None
    assert beam.search(np.log(distributions(0, 1, 2, 3)), forms)[0] == []
    assert beam.search(np.zeros((0, 5, 3)), forms) == []


def test_certain_steps_do_not_trouble_the_search():
    certain = np.eye(3)[[0, 2, 0, 1]][None]
    with np.errstate(divide="ignore"):
        found = beam.search(np.log(certain), automaton.anything(2))[0]
    assert [f.classes for f in found] == [(0, 0, 1)]


def test_a_crop_is_searched_for_itself():
    forms = automaton.of_patterns(["AAA9999", "AAA999"], "0123456789ABCDEF")
    assert forms is not None
    logs = np.log(distributions(3, 9, 24, 17))
    together = beam.search(logs, forms)
    assert together == [beam.search(logs[n : n + 1], forms)[0] for n in range(9)]


def test_characters_are_judged_by_every_text_in_their_place():
    probabilities = distributions(1, 3, 5, 4)
    texts: list[Text] = [(0, 0), (2, 1, 2), ()]
    for crop, text, sure in zip(
        probabilities, texts, posterior.judge(probabilities, texts), strict=True
    ):
        truth = every_text(crop)
        assert sure.probability == pytest.approx(truth[text])
        assert sure.places.shape == (len(text), 3)
        for place, shares in enumerate(sure.places):
            others = [truth[(*text[:place], c, *text[place + 1 :])] for c in range(3)]
            assert shares == pytest.approx(np.array(others) / sum(others))


def test_judging_a_text_does_not_depend_on_its_neighbours():
    probabilities = distributions(2, 3, 8, 4)
    texts: list[Text] = [(0,), (1, 1, 2, 0), (2, 1)]
    for crop, together in enumerate(posterior.judge(probabilities, texts)):
        alone = posterior.judge(probabilities[crop : crop + 1], [texts[crop]])[0]
        assert alone.probability == pytest.approx(together.probability, rel=1e-12)
        assert alone.places == pytest.approx(together.places, rel=1e-12)
    assert posterior.judge(np.zeros((0, 8, 4)), []) == []
