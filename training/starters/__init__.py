"""The networks the program comes with, trained on drawn plates and scenes alone.

A new project finds and reads with them before it has models of its own; trainings start from them.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from training.errors import StarterMissing

_HERE = Path(__file__).resolve().parent
_ASSISTANT = "PP-OCRv6_rec_small.onnx"


def path(kind: str) -> Path:
    """The checkpoint of the starter of a kind ("detector", "recognizer"). Raises StarterMissing."""
    file = _HERE / f"{kind}.safetensors"
    if not file.is_file():
        raise StarterMissing(kind=kind)
    return file


def assistant() -> Path | None:
    """PP-OCR's recognizer in rapidocr's package; None where the extra is not installed."""
    if importlib.util.find_spec("onnxruntime") is None:
        return None
    package = importlib.util.find_spec("rapidocr")
    folders = (package and package.submodule_search_locations) or ()
    files = (Path(folder) / "models" / _ASSISTANT for folder in folders)
    return next((file for file in files if file.is_file()), None)
