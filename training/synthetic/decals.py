"""What makes a drawn vehicle less plain: names, badges, stickers, uneven paint."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthetic import glyphs
from training.synthetic.plates import FlatPlate

Rng = np.random.Generator


@dataclass(frozen=True)
class Ends:
    """Measures of a vehicle's ends in metres."""

    width: float
    nose: float
    tail: float
    roof: float


@dataclass(frozen=True)
class Decal:
    """Something flat on an end of the vehicle: its middle ``x`` across (to the seer's right)
    and ``up``, metres; ``flat`` is ``wide`` metres wide."""

    front: bool
    x: float
    up: float
    wide: float
    flat: FlatPlate


_NAMES = (
    "TOYOTA", "CHEVROLET", "KIA", "Hyundai", "MAZDA 3", "1.6 16V", "TDI", "4x4", "V6", "LX",
    "SAIL", "AVEO", "GRAND VITARA", "TURBO", "HYBRID", "ECO", "COROLLA", "D-MAX", "GTI",
)  # fmt: skip
_FIRMS = (
    "TRANSPORTES", "EXPRESS", "RENTAL 24H", "CALL 555 2100", "TAXI", "DELIVERY", "FRESH FOOD",
    "SERVICIO", "SCHOOL BUS", "MUDANZAS", "CARGO 18T", "TRUCK RENTAL", "www.camiones.com",
)  # fmt: skip


def choose(rng: Rng, ends: Ends, *, tall: bool) -> tuple[Decal, ...]:
    """Names and badges on boot lid and bonnet; firms' names on what is ``tall``."""
    found = []
    for side in (-1, 1):
        if rng.random() < 0.6:
            name = _NAMES[int(rng.integers(len(_NAMES)))]
            x = side * ends.width * float(rng.uniform(0.22, 0.34))
            wide = min(float(rng.uniform(0.18, 0.4)), 0.06 * len(name))
            up = ends.tail * float(rng.uniform(0.72, 0.84))
            found.append(Decal(False, x, up, wide, _words(rng, name)))
    for front in (True, False):
        if rng.random() < 0.8:
            high = ends.nose * 0.78 if front else ends.tail * 0.8
            badge = _words(rng, "OVXMHSTK"[int(rng.integers(8))])
            found.append(Decal(front, 0.0, high, float(rng.uniform(0.08, 0.16)), badge))
    if tall and rng.random() < 0.7:
        for up in (0.55, 0.72)[: int(rng.integers(1, 3))]:
            firm = _words(rng, _FIRMS[int(rng.integers(len(_FIRMS)))])
            wide = ends.width * float(rng.uniform(0.4, 0.75))
            found.append(Decal(False, 0.0, ends.roof * up, wide, firm))
    if rng.random() < 0.3:
        x = ends.width * float(rng.uniform(-0.35, 0.35))
        found.append(Decal(False, x, ends.tail * 0.62, 0.12, _sticker(rng)))
    return tuple(found)


def _words(rng: Rng, words: str) -> FlatPlate:
    mask = glyphs.text_mask(words, glyphs.FACES[int(rng.integers(len(glyphs.FACES)))])
    picture = np.empty((*mask.shape, 3), np.uint8)
    picture[:] = rng.choice([15, 40, 190, 235]) + rng.integers(-12, 13, 3)
    return FlatPlate(picture, mask, "")


def _sticker(rng: Rng) -> FlatPlate:
    coarse = rng.integers(20, 240, (3, 4, 3)).astype(np.uint8)
    picture = np.asarray(cv2.resize(coarse, (24, 18), interpolation=cv2.INTER_NEAREST), np.uint8)
    return FlatPlate(picture, np.full((18, 24), 255, np.uint8), "")


def sheen(rng: Rng) -> NDArray[np.float32]:
    """Level bands of sky and road mirrored in the paint, stains, a darker foot: (24, 24)."""
    bands = cv2.resize(rng.normal(0, 0.16, (9, 1)).astype(np.float32), (24, 24))
    stains = cv2.resize(rng.normal(0, 0.09, (6, 8)).astype(np.float32), (24, 24))
    foot = np.linspace(1.12, 0.82, 24, dtype=np.float32)[:, None]
    return np.clip(foot * (1 + bands + stains), 0.35, 1.7).astype(np.float32)
