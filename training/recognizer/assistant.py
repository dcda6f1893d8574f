"""PP-OCR's recognizer as a second pair of eyes, where the extra ``assistant`` is installed.

Only the network out of rapidocr's wheel is used, by onnxruntime: a general reader of lines of
text (PP-OCRv6 small, Apache-2.0) that knows nothing of plates. What it says is decoded as our own
networks' scores are, in the project's characters and formats.

N crops, T steps, C classes of PP-OCR, K characters of the alphabet.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch

from annotations.vision.crops import Bgr
from training.recognizer import automaton
from training.recognizer.predict import PlateRead, both_ways, decode

_HEIGHT, _NARROWEST, _WIDEST = 48, 160, 640  # pixels of what the network sees
_LEAST = 1e-9

Floats = npt.NDArray[np.float32]


class Assistant:
    """PP-OCR ready to read plates of these characters; ``formats`` as for a Recognizer."""

    def __init__(self, file: Path, *, formats: Iterable[str], characters: str) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        self._session: Any = onnxruntime.InferenceSession(
            str(file), options, providers=["CPUExecutionProvider"]
        )
        known = self._session.get_modelmeta().custom_metadata_map["character"].splitlines()
        places: dict[str, list[int]] = {}
        for place, character in enumerate(known, 1):  # 0 is the blank
            places.setdefault(character.upper(), []).append(place)
        self.alphabet = "".join(one for one in characters if one in places)
        self.formats = automaton.of_patterns(formats, self.alphabet)
        self._places = [places[one] for one in self.alphabet]

    def read(self, crops: Sequence[Bgr]) -> list[PlateRead]:
        """Read crops of any size, uint8 BGR (H, W, 3), in their order; two rows as a Recognizer."""
        return both_ways(self._read, crops)

    def _read(self, crops: Sequence[Bgr]) -> list[PlateRead]:
        reads: list[PlateRead] = []
        for crop in crops:
            shares = self._session.run(None, {"x": _line(crop)})[0]  # (1, T, C)
            reads += decode(torch.from_numpy(self._scores(shares)), self.alphabet, self.formats)
        return reads

    def _scores(self, shares: Floats) -> Floats:
        """(N, T, C) -> (N, T, K + 1): a character's share in either case; all else is a gap."""
        own = [shares[..., places].sum(axis=-1) for places in self._places]
        gap = 1.0 - sum(own, np.zeros(shares.shape[:2], np.float32))
        scores: Floats = np.log(np.clip(np.stack([*own, gap], axis=-1), _LEAST, 1.0))
        return scores


def _line(crop: Bgr) -> Floats:
    """(H, W, 3) BGR -> (1, 3, 48, w), -1..1, in the crop's own proportions."""
    height, width = crop.shape[:2]
    wide = int(np.clip(round(_HEIGHT * width / height), 16, _WIDEST))
    line = cv2.resize(crop, (wide, _HEIGHT), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    padded = np.zeros((1, 3, _HEIGHT, max(wide, _NARROWEST)), np.float32)
    padded[0, :, :, :wide] = (line / 127.5 - 1.0).transpose(2, 0, 1)
    return padded
