"""The networks the program comes with."""

from __future__ import annotations

from pathlib import Path

import pytest

from training import starters
from training.errors import StarterMissing


def test_a_kind_without_weights_is_refused_with_a_sentence(monkeypatch, tmp_path: Path):
    monkeypatch.setattr(starters, "_HERE", tmp_path)
    with pytest.raises(StarterMissing, match="without a recognizer to start with"):
        starters.path("recognizer")
    (tmp_path / "recognizer.safetensors").touch()
    assert starters.path("recognizer") == tmp_path / "recognizer.safetensors"
