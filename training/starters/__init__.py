"""The networks the program comes with, trained on drawn plates alone.

A new project reads with them before it has a model of its own, and trainings start from them.
"""

from __future__ import annotations

from pathlib import Path

from training.errors import StarterMissing

_HERE = Path(__file__).resolve().parent


def path(kind: str) -> Path:
    """The checkpoint of the starter of a kind ("recognizer"). Raises StarterMissing."""
    file = _HERE / f"{kind}.safetensors"
    if not file.is_file():
        raise StarterMissing(kind=kind)
    return file
