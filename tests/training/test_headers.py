"""What a checkpoint says about itself, without torch."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from training import checkpoints, headers
from training.errors import CheckpointMissing, CheckpointUnreadable


def test_the_same_is_read_as_with_torch(tmp_path: Path) -> None:
    metadata = {"kind": "recognizer", "alphabet": "0Ñ", "figures": {"exact": 0.5}}
    checkpoints.save(tmp_path / "best.safetensors", {"a": torch.ones(3)}, metadata)
    assert headers.read(tmp_path) == checkpoints.read_metadata(tmp_path) == metadata


def of(header: object) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"PK\x03\x04 not a model",
        b"\xff" * 16,
        (50).to_bytes(8, "little") + b"{}",
        of([]),
        of({"__metadata__": {}}),
        of({"__metadata__": {"lpr": "[1]"}}),
        of({"__metadata__": {"lpr": 1}}),
    ],
)
def test_other_files_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(CheckpointUnreadable, match=r"x\.safetensors"):
        headers.read(tmp_path / "x.safetensors")


def test_foreign_weights_are_refused(tmp_path: Path) -> None:
    save_file({"a": torch.ones(1)}, tmp_path / "x.safetensors")
    with pytest.raises(CheckpointUnreadable):
        headers.read(tmp_path / "x.safetensors")


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointMissing, match="no_model"):
        headers.read(tmp_path / "no_model")
