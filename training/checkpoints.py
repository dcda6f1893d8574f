"""Checkpoints on disk: weights and everything needed to use them, in one safetensors file.

Nothing here unpickles: a checkpoint from a stranger can be wrong, but it cannot run code.
The metadata is one JSON text under the key ``lpr``.
"""

from __future__ import annotations

import json
import os
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import metadata as distributions
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from training import headers
from training.errors import CheckpointUnreadable, CheckpointWrongKind
from training.headers import BEST as BEST
from training.headers import LAST as LAST
from training.headers import find as find

STATE = "state.safetensors"

_KEY = headers.KEY
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Checkpoint:
    """Weights by name, on the CPU, and the metadata saved with them."""

    weights: dict[str, Tensor]
    metadata: dict[str, Any]


def save(path: Path, weights: Mapping[str, Tensor], metadata: Mapping[str, Any]) -> None:
    """Write ``path`` under a temporary name, then rename: a reader never sees half a file.

    ``metadata`` must be plain JSON (str, int, float, bool, None, lists, dicts); else TypeError.
    """
    text = json.dumps(metadata, ensure_ascii=False, sort_keys=True)
    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in weights.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        save_file(tensors, temporary, metadata={_KEY: text})
        with temporary.open("rb") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def ship(trained: Path, target: Path, **more: Any) -> None:
    """A starter: the weights after the last epoch in half precision, with their story and more.

    The last, not the best on a few held-out pictures: the running mean gains until the end.
    """
    checkpoint = load(trained / LAST)
    weights = {  # kernels only: norms' statistics are few, and some too small for 16 bits
        name: tensor.half() if tensor.ndim > 1 else tensor
        for name, tensor in checkpoint.weights.items()
    }
    save(target, weights, {**checkpoint.metadata, "starter": True, **more})


def load(path: Path) -> Checkpoint:
    """Read a checkpoint; ``path`` may be the file or a folder (see :func:`find`).

    Refuses with CheckpointMissing or CheckpointUnreadable.
    """
    file = find(path)
    try:
        with safe_open(file, framework="pt", device="cpu") as opened:
            metadata = _parse((opened.metadata() or {}).get(_KEY), file)
            # safetensors' keys() is its own method, not a mapping's
            weights = {name: opened.get_tensor(name) for name in list(opened.keys())}
    except (SafetensorError, OSError) as error:
        raise CheckpointUnreadable(name=file.name) from error
    return Checkpoint(weights, metadata)


def read_metadata(path: Path) -> dict[str, Any]:
    """Only the metadata, without reading the weights. Refuses as :func:`load`."""
    file = find(path)
    try:
        with safe_open(file, framework="pt", device="cpu") as opened:
            return _parse((opened.metadata() or {}).get(_KEY), file)
    except (SafetensorError, OSError) as error:
        raise CheckpointUnreadable(name=file.name) from error


def require_kind(checkpoint: Checkpoint, kind: str, *, name: str) -> None:
    """Refuse a checkpoint of another kind ("detector", "recognizer") than wanted."""
    found = checkpoint.metadata.get("kind")
    if found != kind:
        raise CheckpointWrongKind(name=name, found=found or "?", wanted=kind)


def flatten(state: Any) -> tuple[dict[str, Tensor], Any]:
    """Split a nested state (an optimiser's, say) into tensors by name and plain JSON.

    The inverse is :func:`unflatten`. Dict keys may be str or int.
    """
    tensors: dict[str, Tensor] = {}
    return tensors, _flatten(state, "state", tensors)


def unflatten(tensors: Mapping[str, Tensor], plain: Any) -> Any:
    """Rebuild what :func:`flatten` took apart; tuples come back as lists."""
    if isinstance(plain, list):
        return [unflatten(tensors, item) for item in plain]
    if isinstance(plain, dict):
        if "tensor" in plain:
            return tensors[plain["tensor"]]
        return {key: unflatten(tensors, value) for key, value in plain["items"]}
    return plain


@lru_cache(maxsize=1)
def code_version() -> str:
    """Package version and git commit if there is one, such as ``0.1.0+3f2a9c1``. Never fails."""
    commit = _commit()
    return f"{_version()}+{commit}" if commit else _version()


def _parse(text: str | None, file: Path) -> dict[str, Any]:
    try:
        parsed = json.loads(text or "")
    except ValueError as error:
        raise CheckpointUnreadable(name=file.name) from error
    if not isinstance(parsed, dict):
        raise CheckpointUnreadable(name=file.name)
    return parsed


def _flatten(value: Any, name: str, tensors: dict[str, Tensor]) -> Any:
    if isinstance(value, Tensor):
        tensors[name] = value
        return {"tensor": name}
    if isinstance(value, Mapping):
        # pairs, not an object: JSON would turn integer keys into text
        return {"items": [[k, _flatten(v, f"{name}.{k}", tensors)] for k, v in value.items()]}
    if isinstance(value, list | tuple):
        return [_flatten(item, f"{name}.{i}", tensors) for i, item in enumerate(value)]
    return value


def _version() -> str:
    try:
        return distributions.version("lpr-studio")
    except distributions.PackageNotFoundError:
        pass
    try:
        project = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))
        return str(project["project"]["version"])
    except (OSError, ValueError, KeyError):
        return "unknown"


def _commit() -> str:
    if not (_ROOT / ".git").exists():
        return ""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short=10", "HEAD"],
            cwd=_ROOT,
            capture_output=True,
            text=True,
            timeout=5,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
