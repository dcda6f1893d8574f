"""Checkpoints: what goes in comes out, and what is not ours is refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from training import checkpoints
from training.errors import CheckpointMissing, CheckpointUnreadable, CheckpointWrongKind


def test_saved_checkpoint_loads_the_same(tmp_path: Path):
    weights = {"a": torch.arange(6.0).reshape(2, 3), "b": torch.tensor(3)}
    metadata = {"kind": "recognizer", "alphabet": "0Ñ", "figures": {"exact": 0.5}}
    checkpoints.save(tmp_path / "run" / "best.safetensors", weights, metadata)
    loaded = checkpoints.load(tmp_path / "run")
    assert loaded.metadata == metadata
    assert checkpoints.read_metadata(tmp_path / "run") == metadata
    assert {k: v.tolist() for k, v in loaded.weights.items()} == {
        k: v.tolist() for k, v in weights.items()
    }


def test_tied_and_strided_weights_are_saved(tmp_path: Path):
    tied = torch.rand(4, 4)
    checkpoints.save(tmp_path / "x.safetensors", {"a": tied, "b": tied, "c": tied.t()}, {})
    assert torch.equal(checkpoints.load(tmp_path / "x.safetensors").weights["c"], tied.t())


def test_failed_save_leaves_the_old_file_and_no_other(tmp_path: Path):
    path = tmp_path / "best.safetensors"
    checkpoints.save(path, {"a": torch.ones(1)}, {"n": 1})
    with pytest.raises(TypeError):
        checkpoints.save(path, {"a": torch.ones(1)}, {"n": object()})
    assert checkpoints.load(path).metadata == {"n": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["best.safetensors"]


def test_best_is_preferred_to_last(tmp_path: Path):
    checkpoints.save(tmp_path / "last.safetensors", {}, {})
    assert checkpoints.find(tmp_path).name == "last.safetensors"
    checkpoints.save(tmp_path / "best.safetensors", {}, {})
    assert checkpoints.find(tmp_path).name == "best.safetensors"


def test_missing_file_is_refused(tmp_path: Path):
    with pytest.raises(CheckpointMissing, match="no_model"):
        checkpoints.find(tmp_path / "no_model")


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a model", b"\x80\x04pickle"])
def test_other_files_are_refused(tmp_path: Path, content: bytes):
    (tmp_path / "x.safetensors").write_bytes(content)
    with pytest.raises(CheckpointUnreadable, match=r"x\.safetensors"):
        checkpoints.load(tmp_path / "x.safetensors")


def test_safetensors_of_another_program_is_refused(tmp_path: Path):
    save_file({"a": torch.ones(1)}, tmp_path / "x.safetensors")
    with pytest.raises(CheckpointUnreadable):
        checkpoints.read_metadata(tmp_path / "x.safetensors")


def test_wrong_kind_is_refused():
    with pytest.raises(CheckpointWrongKind, match="is a detector, but a recognizer"):
        checkpoints.require_kind(
            checkpoints.Checkpoint({}, {"kind": "detector"}), "recognizer", name="x"
        )


def test_optimiser_state_survives_a_round_trip(tmp_path: Path):
    layer = torch.nn.Linear(3, 2)
    optimiser = torch.optim.AdamW(layer.parameters())
    layer(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    tensors, plain = checkpoints.flatten(optimiser.state_dict())
    checkpoints.save(tmp_path / "state.safetensors", tensors, {"optimiser": plain})
    loaded = checkpoints.load(tmp_path / "state.safetensors")
    again = checkpoints.unflatten(loaded.weights, loaded.metadata["optimiser"])
    assert again["param_groups"] == [
        {k: list(v) if isinstance(v, tuple) else v for k, v in group.items()}
        for group in optimiser.state_dict()["param_groups"]
    ]
    for index, state in optimiser.state_dict()["state"].items():
        for name, value in state.items():
            assert torch.equal(again["state"][index][name], value)


def test_code_version_is_text():
    assert checkpoints.code_version()
