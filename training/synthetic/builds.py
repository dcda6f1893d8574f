"""What vehicles are built of: measures, and where plates and trim sit on their ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]


@dataclass(frozen=True)
class Shape:
    """Measures in metres; the cabin's places along the length count from the front, 0..1."""

    length: float
    width: float
    belt: float
    roof: float
    nose: float
    cabin: tuple[float, float, float, float]
    tail: float
    clearance: float = 0.22


SHAPES: dict[str, tuple[Shape, float]] = {
    "hatchback": (Shape(3.9, 1.70, 0.92, 1.48, 0.70, (0.26, 0.44, 0.86, 0.98), 0.88), 3),
    "sedan": (Shape(4.4, 1.74, 0.93, 1.45, 0.70, (0.28, 0.44, 0.70, 0.84), 0.90), 3),
    "suv": (Shape(4.5, 1.84, 1.10, 1.75, 0.92, (0.25, 0.38, 0.90, 0.98), 1.06), 2.5),
    "pickup": (Shape(5.0, 1.82, 1.08, 1.76, 0.95, (0.27, 0.38, 0.58, 0.62), 1.04), 1.2),
    "van": (Shape(4.9, 1.88, 1.15, 2.10, 0.95, (0.08, 0.22, 0.97, 0.99), 1.12), 1),
    "bus": (Shape(8.0, 2.20, 1.30, 2.75, 1.10, (0.005, 0.03, 0.985, 0.995), 1.28), 0.5),
}


@dataclass(frozen=True)
class Mount:
    """Where plates sit, in metres: their middles over the ground clearance and ``across``.

    ``recess`` (width, height) lies around a plate, in a ``tone`` of the paint; ``rim`` is the
    border of a holder. ``wears``: whether there is a plate in front and behind.
    """

    front: float
    rear: float
    across: float = 0.0
    recess: tuple[float, float] | None = None
    tone: float = 0.55
    rim: float = 0.0
    rim_colour: Colour = (30, 30, 30)
    wears: tuple[bool, bool] = (True, True)


@dataclass(frozen=True)
class Trim:
    """A rectangle on an end: its middle across and up, its size, all metres, and its colour."""

    front: bool
    across: float
    up: float
    wide: float
    tall: float
    colour: Colour


def choose_mount(rng: np.random.Generator, shape: Shape, plate: tuple[float, float]) -> Mount:
    """Low on the bumper or high on the lid, in no recess, one that fits or a far larger one."""
    wide, tall = plate
    highest = shape.tail * 0.88 - shape.clearance - tall / 2
    rear = rng.uniform(0.1, 0.28) if rng.random() < 0.35 else rng.uniform(0.36, 0.68)
    across = shape.width * float(rng.uniform(-0.28, 0.28)) if rng.random() < 0.18 else 0.0
    way = rng.random()
    recess = None
    if way < 0.35:
        recess = (wide + float(rng.uniform(0.02, 0.1)), tall + float(rng.uniform(0.02, 0.08)))
    elif way < 0.75:
        recess = (max(wide + 0.01, float(rng.uniform(0.36, 0.8))),
                  max(tall + 0.01, float(rng.uniform(0.13, 0.28))))  # fmt: skip
    rim = float(rng.uniform(0.005, 0.022)) if rng.random() < 0.4 else 0.0
    return Mount(
        front=float(rng.uniform(0.14, 0.4)),
        rear=min(float(rear), max(0.1, highest)),
        across=across,
        recess=recess,
        tone=float(rng.choice([0.25, 0.55, 0.8, 1.12])),
        rim=rim,
        rim_colour=(30.0, 30.0, 32.0) if rng.random() < 0.6 else (178.0, 180.0, 182.0),
        wears=(bool(rng.random() > 0.12), bool(rng.random() > 0.03)),
    )


def choose_trim(rng: np.random.Generator, shape: Shape, paint: Colour) -> tuple[Trim, ...]:
    """Rectangles that are no plates: what a network must not take for one."""
    colours = ((34, 34, 36), (60, 60, 62), (190, 192, 194), (225, 228, 230), (40, 40, 190),
               (40, 140, 235), tone_of(paint, 0.7), tone_of(paint, 1.2))  # fmt: skip
    found = []
    for _ in range(int(rng.integers(0, 10))):
        front = bool(rng.random() < 0.5)
        strip = rng.random() < 0.5
        wide = float(rng.uniform(0.3, 0.9) * shape.width if strip else rng.uniform(0.06, 0.5))
        tall = float(rng.uniform(0.01, 0.05) if strip else rng.uniform(0.03, 0.22))
        room = max(0.0, 0.43 * shape.width - wide / 2)
        across = 0.0 if strip else float(rng.uniform(-room, room))
        top = (shape.nose * 0.86 if front else shape.tail * 0.9) - shape.clearance
        up = shape.clearance + float(rng.uniform(0.05, 0.9)) * top
        colour = colours[int(rng.integers(len(colours)))]
        found.append(Trim(front, across, up, wide, tall, colour))
    return tuple(found)


def tone_of(colour: Colour, factor: float) -> Colour:
    """The colour, darker below a factor of 1 and lighter above."""
    return (colour[0] * factor, colour[1] * factor, colour[2] * factor)
