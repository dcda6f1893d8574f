"""What a checkpoint says about itself, read without torch: commands and the web ask this.

A safetensors file begins with the length of its header (8 bytes, little-endian) and the header,
a JSON text; ours keeps the metadata there as one JSON text under the key ``lpr``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from training.errors import CheckpointMissing, CheckpointUnreadable, CheckpointWrongKind

BEST = "best.safetensors"
LAST = "last.safetensors"
KEY = "lpr"
LARGEST = 100 * 1024 * 1024  # bytes of a header, the format's own limit


def find(folder_or_file: Path) -> Path:
    """The checkpoint file: itself, or ``best.safetensors`` (else ``last``) of a folder.

    Raises CheckpointMissing.
    """
    path = Path(folder_or_file)
    if path.is_file():
        return path
    for name in (BEST, LAST):
        if (path / name).is_file():
            return path / name
    raise CheckpointMissing(name=path.name)


def read(path: Path) -> dict[str, Any]:
    """The metadata of a checkpoint file or folder.

    Raises:
        CheckpointMissing, CheckpointUnreadable
    """
    file = find(path)
    try:
        with file.open("rb") as opened:
            length = int.from_bytes(opened.read(8), "little")
            if not 0 < length <= min(LARGEST, file.stat().st_size):
                raise ValueError("no header")
            found = json.loads(json.loads(opened.read(length))["__metadata__"][KEY])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise CheckpointUnreadable(name=file.name) from problem
    if not isinstance(found, dict):
        raise CheckpointUnreadable(name=file.name)
    return found


def read_of_kind(path: Path, kind: str) -> dict[str, Any]:
    """As :func:`read`. Raises CheckpointWrongKind when it is of another kind."""
    found = read(path)
    if found.get("kind") != kind:
        raise CheckpointWrongKind(name=path.name, found=found.get("kind") or "?", wanted=kind)
    return found
