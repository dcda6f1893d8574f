"""A first guess of what the classes of an import are; a person confirms it.

By name where there are names; else by geometry: a plate is much smaller than a car and lies
inside one.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from annotations.vision.boxes import Xyxy

NEGATIVE = frozenset({"negative", "negativo", "background", "fondo"})
_PLATES = frozenset(
    {"plate", "plates", "placa", "placas", "patente", "patentes", "matricula", "matrícula", "lp"}
    | {"licence", "license", "licenseplate", "licenceplate", "numberplate", "lpd", "anpr", "targa"}
)
_CARS = frozenset(
    {"car", "cars", "vehicle", "vehicles", "vehiculo", "vehículo", "auto", "autos", "carro"}
    | {"carros", "coche", "coches", "van", "vans", "truck", "trucks", "automobile"}
)
_WORDS = re.compile(r"[^\W\d_]+")
_PICTURES = 2000  # that are looked at
_BOXES = 60  # of a picture
_SMALLER = 4.0  # times, at least, that a plate is smaller than its car
_WITHIN = 0.9  # of a box's area that lies in another: it is inside
_MOSTLY = 0.5  # of the boxes of a class
_ALONE_AREA = 0.02  # of the picture: below it a class that is alone may be plates
_ALONE_SHAPE = (1.3, 8.0)  # width : height of plates


@dataclass(frozen=True, slots=True)
class Geometry:
    """The boxes of a class: how many were measured, their middle area as a share of the
    picture, their middle width : height in pixels (0 if no picture is known), and how many of
    those that share a picture with a much larger box of another class lie inside one, most
    often of ``host``."""

    boxes: int
    area: float
    shape: float = 0.0
    inside: float = 0.0
    host: str = ""


def by_name(label: str) -> str | None:
    """ "plate" or "car" where the name says so, None for negatives, else the name itself."""
    said = label.casefold()
    if said in NEGATIVE:
        return None
    words = set(_WORDS.findall(said))
    if words & _PLATES or any(word in said for word in ("plate", "placa", "patente", "matric")):
        return "plate"
    return "car" if words & _CARS else label


def by_geometry(classes: Mapping[str, Geometry]) -> dict[str, str | None]:
    """Class -> "plate" or "car"; classes below 0 are no classes and have no guess."""
    known = {label: found for label, found in classes.items() if not label.startswith("-")}
    if not known:
        return {}
    if len(known) == 1:
        ((label, found),) = known.items()
        low, high = _ALONE_SHAPE
        small = found.area < _ALONE_AREA and (not found.shape or low <= found.shape <= high)
        return {label: "plate" if small else "car"}
    largest = max(found.area for found in known.values())
    hosts = {found.host for found in known.values() if found.inside >= _MOSTLY}
    guess: dict[str, str | None] = {}
    for label, found in known.items():
        tiny = found.area * _SMALLER < largest
        nested = found.inside >= _MOSTLY and label not in hosts
        guess[label] = "plate" if tiny and (nested or not hosts) else "car"
    return guess


def measured(
    boxes: Mapping[str, Sequence[tuple[str, Xyxy]]], shapes: Mapping[str, float]
) -> dict[str, Geometry]:
    """Class -> its geometry, from (class, box in fractions) by picture.

    ``shapes`` gives pictures their width : height. A sample of pictures is enough.
    """
    areas: dict[str, list[float]] = defaultdict(list)
    forms: dict[str, list[float]] = defaultdict(list)
    inside: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    beside: dict[str, int] = defaultdict(int)
    step = max(1, len(boxes) // _PICTURES)
    for key in list(boxes)[::step]:
        here = [(label, box, _area(box)) for label, box in boxes[key][:_BOXES]]
        for label, box, area in here:
            areas[label].append(area)
            if key in shapes and box[3] > box[1]:
                forms[label].append((box[2] - box[0]) / (box[3] - box[1]) * shapes[key])
            larger = [
                other for other in here if other[0] != label and 0 < area * _SMALLER < other[2]
            ]
            beside[label] += bool(larger)
            holders = [one for one in larger if _holds(one[1], box, area)]
            if holders:
                inside[label][min(holders, key=lambda one: one[2])[0]] += 1
    found = {}
    for label, sizes in areas.items():
        host = max(inside[label], key=lambda h: inside[label][h], default="")
        share = sum(inside[label].values()) / max(beside[label], 1)
        found[label] = Geometry(len(sizes), _middle(sizes), _middle(forms[label]), share, host)
    return found


def _holds(outer: Xyxy, inner: Xyxy, area: float) -> bool:
    """Whether nearly all of a box lies in another."""
    common = (
        max(outer[0], inner[0]),
        max(outer[1], inner[1]),
        min(outer[2], inner[2]),
        min(outer[3], inner[3]),
    )
    return _area(common) >= _WITHIN * area


def _area(box: Xyxy) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2] if values else 0.0
