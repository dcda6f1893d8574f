"""Plates read whole, also where their box cuts them short.

A detector's box may end inside the plate, and the characters beyond it are lost. A read that
has no format is tried again in wider and wider windows, as long as each shows the text before
with more characters at its ends, about as surely.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from annotations.vision.boxes import Xyxy
from annotations.vision.crops import Bgr, crop_plate
from training.recognizer.predict import PlateRead
from training.recognizer.vote import part_of

MARGINS = ((0.08, 0.08), (0.25, 0.15), (0.45, 0.15), (0.7, 0.15))
"""Of the box: beyond its left and right edge, and beyond its upper and lower one."""
AS_SURE = 0.7
"""How sure a longer text must be beside the one before."""

Read = Callable[[Sequence[Bgr]], list[PlateRead]]


@dataclass(frozen=True)
class Whole:
    """A plate as it was cut out at last, and what it reads."""

    crop: Bgr
    read: PlateRead


def read_whole(read: Read, plates: Sequence[tuple[Bgr, Xyxy]]) -> list[Whole]:
    """Read plates, each given by its picture and its box in pixels; in their order."""
    found = _cut_and_read(read, plates, MARGINS[0])
    growing = [at for at, one in enumerate(found) if _may_be_cut(one.read)]
    for margins in MARGINS[1:]:
        wider = _cut_and_read(read, [plates[at] for at in growing], margins)
        grown = [
            (at, one)
            for at, one in zip(growing, wider, strict=True)
            if _shows_more(one.read, found[at].read)
        ]
        for at, one in grown:
            found[at] = one
        growing = [at for at, _ in grown]
    return found


def _cut_and_read(
    read: Read, plates: Sequence[tuple[Bgr, Xyxy]], margins: tuple[float, float]
) -> list[Whole]:
    crops = [crop_plate(picture, _wider(box, *margins)) for picture, box in plates]
    return [
        Whole(crop, said) for crop, said in zip(crops, read(crops) if crops else [], strict=True)
    ]


def _wider(box: Xyxy, beside: float, above: float) -> Xyxy:
    x1, y1, x2, y2 = box
    right, down = beside * (x2 - x1), above * (y2 - y1)
    return x1 - right, y1 - down, x2 + right, y2 + down


def _may_be_cut(read: PlateRead) -> bool:
    return bool(read.text) and read.text != read.fitted


def _shows_more(wider: PlateRead, before: PlateRead) -> bool:
    longer = len(wider.text) > len(before.text)
    sure = wider.confidence >= AS_SURE * before.confidence
    return longer and sure and part_of(before.text, wider.text) is not None
