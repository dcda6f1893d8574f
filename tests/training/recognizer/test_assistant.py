"""PP-OCR's scores in a project's characters and formats, with a network made of numbers."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from training.recognizer.assistant import Assistant

KNOWN = ["a", "A", "1", "I", "京", "-"]  # behind the blank, which is class 0
CROP = np.zeros((20, 60, 3), np.uint8)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> list[np.ndarray]:
    """What the network will say, and a library that runs it."""
    said: list[np.ndarray] = []

    class Session:
        def __init__(self, *_: Any, **__: Any) -> None: ...

        def get_modelmeta(self) -> Any:
            return SimpleNamespace(custom_metadata_map={"character": "\n".join(KNOWN)})

        def run(self, _: Any, given: dict[str, np.ndarray]) -> list[np.ndarray]:
            assert given["x"].shape == (1, 3, 48, 160) and given["x"].min() == -1.0
            return [said.pop(0)]

    library = SimpleNamespace(InferenceSession=Session, SessionOptions=SimpleNamespace)
    monkeypatch.setitem(sys.modules, "onnxruntime", library)
    return said


def says(*steps: dict[str, float]) -> np.ndarray:
    """(1, T, C): at each step these shares, the rest for the blank."""
    shares = np.zeros((1, len(steps), 1 + len(KNOWN)), np.float32)
    for at, step in enumerate(steps):
        for character, share in step.items():
            shares[0, at, 1 + KNOWN.index(character)] = share
        shares[0, at, 0] = 1.0 - sum(step.values())
    return shares


def test_both_cases_count_and_what_is_foreign_is_a_gap(network: list[np.ndarray]) -> None:
    network.append(says({"a": 0.5, "A": 0.4}, {"-": 0.9}, {"京": 1.0}, {"1": 0.7, "I": 0.2}))
    read = Assistant(Path("x"), formats=(), characters="A1I").read([CROP])[0]
    assert (read.text, read.alternatives[1][0]) == ("A1", "I")
    assert read.characters == pytest.approx((0.999, 0.777), abs=0.01)


def test_formats_are_a_hint(network: list[np.ndarray]) -> None:
    network.append(says({"A": 0.9}, {}, {"1": 0.45, "I": 0.5}))
    assert Assistant(Path("x"), formats=("A9",), characters="A1I").read([CROP])[0].text == "A1"


def test_characters_that_the_network_does_not_know_are_never_read(
    network: list[np.ndarray],
) -> None:
    network.append(says({"A": 0.9}))
    assistant = Assistant(Path("x"), formats=(), characters="AÑ")
    assert assistant.alphabet == "A" and assistant.read([CROP])[0].text == "A"
