"""The report of an evaluation, worked by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from training.recognizer import evaluation
from training.recognizer.evaluation import Examined, Facts
from training.recognizer.predict import PlateRead


def examined(
    truth: str, text: str, sure: float, *, crop: int = 1, height: int = 30, video: str = "gate"
) -> Examined:
    read = PlateRead(text, sure, (sure,) * len(text), greedy=text, greedy_confidence=sure)
    return Examined(Facts(crop, height, 500.0, 120.0, {"video": video}), truth, read)


FOUR = [
    examined("AB1", "AB1", 0.9, crop=1),
    examined("AB8", "ABB", 0.8, crop=2, height=12),
    examined("CB8", "CBB", 0.7, crop=3, height=12, video="road"),
    examined("AB2", "A2", 0.7, crop=4),
]


def test_confusions_name_the_crops_behind_them():
    first, second = evaluation.confusions(FOUR)
    assert (first["truth"], first["read"], first["count"], first["of"]) == ("8", "B", 2, 2)
    assert [crop["crop"] for crop in first["crops"]] == [2, 3]
    assert (second["truth"], second["read"], second["of"]) == ("B", "", 4)


def test_the_curve_covers_more_and_is_less_exact():
    points = evaluation.curve(FOUR)
    assert [p["threshold"] for p in points] == [0.9, 0.8, 0.7]  # equal ones are cut together
    assert [p["coverage"] for p in points] == [0.25, 0.5, 1.0]
    assert [p["exact"] for p in points] == [1.0, 0.5, 0.25]


def test_breakdowns_by_measure_format_and_video():
    by = evaluation.breakdowns(FOUR, [("Short", "AA9")])
    assert [(r["low"], r["high"], r["count"], r["exact"]) for r in by["height"]] == [
        (None, 16, 2, 0.0),
        (24, 32, 2, 0.5),
    ]
    assert [(r["name"], r["count"]) for r in by["format"]] == [("Short", 4)]
    assert [(r["name"], r["count"]) for r in by["video"]] == [("gate", 3), ("road", 1)]


def test_the_worst_reads_are_wrong_and_sure():
    assert [(w["crop"], w["distance"]) for w in evaluation.worst(FOUR)] == [(2, 1), (3, 1), (4, 1)]


def test_the_report_is_bounded_json():
    rng = np.random.default_rng(0)
    letters = list("ABCDEFGH0123456789")

    def text() -> str:
        return "".join(rng.choice(letters, 7))

    many = [
        examined(text(), text(), float(rng.random()), crop=n, video=f"v{n}") for n in range(1500)
    ]
    told = evaluation.report(many, [("Any", "AAA9999")])
    assert len(told["curve"]) == 41 and told["curve"][-1]["coverage"] == 1.0
    assert len(json.dumps(told)) < 60_000
    assert told["edit_distance"] > 3 and told["greedy_exact"] == pytest.approx(0, abs=0.01)


def test_nothing_examined_is_nothing_told():
    assert evaluation.report([]) == {}


def test_measures_of_a_picture():
    facts = evaluation.facts_of(np.full((20, 60, 3), 100, np.uint8), "a.png")
    assert (facts.height, facts.sharpness, facts.brightness) == (20, 0.0, 100.0)
