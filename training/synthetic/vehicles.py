"""Cars as small meshes, drawn through a pinhole camera, with a plate on each end.

World: metres, x right, y up, z away from the camera, the road is y = 0. A vehicle's own
axes: x across, y up, z along its length with the front at +z; its origin on the ground
in its middle.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthetic import decals
from training.synthetic.builds import (
    SHAPES,
    Colour,
    Mount,
    Shape,
    Trim,
    choose_mount,
    choose_trim,
    tone_of,
)
from training.synthetic.decals import Decal
from training.synthetic.plates import FlatPlate

Picture = NDArray[np.uint8]
Points = NDArray[np.float64]

PLATE_HIDDEN_AT = 0.4
"""A plate of which less than this share is seen gets no box."""
_SUPERSAMPLE = 2
_NEAREST = 0.3  # metres before the camera; what is nearer, or behind, is not drawn
_LIGHT = np.array([0.35, 0.8, -0.48])
GLASS: Colour = (62, 52, 46)
RUBBER: Colour = (28, 28, 28)
# Arch, tyre, rim and hub: share of the radius, colour, layer.
_WHEEL: tuple[tuple[float, Colour, int], ...] = (
    (1.15, (16, 16, 16), 1), (1.0, RUBBER, 2), (0.62, (140, 142, 144), 3), (0.2, (60, 60, 60), 4),
)  # fmt: skip


@dataclass(frozen=True)
class View:
    """A pinhole camera ``height`` metres over the road, looking ``pitch`` radians down."""

    width: int
    height_px: int
    focal: float
    height: float
    pitch: float

    def project(self, points: Points) -> tuple[Points, Points]:
        """World points (N, 3) to pixels (N, 2) and depths (N,) in metres."""
        up, sine, cosine = points[:, 1] - self.height, np.sin(self.pitch), np.cos(self.pitch)
        depth = points[:, 2] * cosine - up * sine
        rise = up * cosine + points[:, 2] * sine
        safe = np.maximum(depth, 0.05)
        x = self.width / 2 + self.focal * points[:, 0] / safe
        y = self.height_px / 2 - self.focal * rise / safe
        return np.stack([x, y], axis=1), depth

    @property
    def horizon(self) -> float:
        """The row of the horizon in pixels; negative when it lies over the picture."""
        return self.height_px / 2 - self.focal * float(np.tan(self.pitch))


PAINTS: tuple[Colour, ...] = (
    (235, 236, 236), (225, 228, 230), (176, 178, 180), (128, 130, 132), (70, 70, 72),
    (34, 34, 36), (28, 26, 30), (36, 34, 160), (30, 26, 110), (130, 70, 30), (90, 44, 20),
    (60, 96, 40), (140, 180, 200), (40, 190, 235), (60, 110, 200), (150, 140, 60),
)  # fmt: skip


@dataclass(frozen=True)
class Face:
    """One filled polygon: corners (N, 3) in the vehicle's axes, anticlockwise from outside."""

    corners: Points
    colour: Colour
    layer: int = 0
    shine: bool = True


@dataclass(frozen=True)
class Lamp:
    """A lamp as seen: middle and radius in pixels; ``red`` at the rear."""

    x: float
    y: float
    radius: float
    red: bool


@dataclass(frozen=True)
class Vehicle:
    """A vehicle standing somewhere: ``x``, ``z`` metres; ``heading`` radians, 0 drives away.

    ``sheen`` (h, w) multiplies the brightness of what is seen of it; None leaves it flat.
    ``tail_lamps``: inner edge (share of the half width), foot and head (shares of the height).
    ``trim``: strips, vents, reflectors and covers on the ends.
    """

    shape: Shape
    paint: Colour
    flat: FlatPlate
    plate_metres: tuple[float, float]
    style: tuple[float, float, float, float]
    mount: Mount
    tail_lamps: tuple[float, float, float]
    trim: tuple[Trim, ...] = ()
    x: float = 0.0
    z: float = 10.0
    heading: float = np.pi
    decals: tuple[Decal, ...] = ()
    sheen: NDArray[np.float32] | None = None

    def at(self, x: float, z: float, heading: float) -> Vehicle:
        """The same vehicle standing elsewhere. Shares the mesh."""
        moved = replace(self, x=x, z=z, heading=heading)
        moved.__dict__["faces"] = self.faces
        return moved

    @cached_property
    def faces(self) -> tuple[Face, ...]:
        """The mesh; layer 1 lies on layer 0 and is drawn over its own side."""
        s = self.shape
        middle = s.length * (0.5 - (s.cabin[0] + s.cabin[3]) / 2)
        solid = _outward([*_body(self), *_ends(self)], np.array([0, (s.clearance + s.nose) / 2, 0]))
        cabin = _outward(_cabin(self), np.array([0, (s.belt + s.roof) / 2, middle]))
        return (*solid, *cabin, *_wheels(self))

    def world(self, corners: Points) -> Points:
        """From the vehicle's axes (N, 3) to the world's."""
        sine, cosine = np.sin(self.heading), np.cos(self.heading)
        x = corners[:, 0] * cosine + corners[:, 2] * sine + self.x
        z = -corners[:, 0] * sine + corners[:, 2] * cosine + self.z
        return np.stack([x, corners[:, 1], z], axis=1)

    def plate_corners(self, front: bool) -> Points:
        """The plate's corners (4, 3) in the world, in reading order of the picture on it."""
        up = self.shape.clearance + (self.mount.front if front else self.mount.rear)
        return self.end_corners(front, (self.mount.across, up), self.plate_metres, 0.045)

    def end_corners(
        self, front: bool, at: tuple[float, float], size: tuple[float, float], before: float
    ) -> Points:
        """Corners (4, 3) in the world of a picture on an end, in its reading order.

        ``at`` is its middle, across to the seer's right and up; ``before`` how far it stands
        off the end. All metres.
        """
        wide, tall = size[0] / 2, size[1] / 2
        along = (self.shape.length / 2 + before) * (1 if front else -1)
        # Seen from outside, the reader's left is the vehicle's +x in front, -x behind.
        way = -1 if front else 1
        x, up = at
        corners = [(x - wide, up + tall), (x + wide, up + tall), (x + wide, up - tall),
                   (x - wide, up - tall)]  # fmt: skip
        return self.world(np.array([(way * across, y, along) for across, y in corners]))

    def lamps(self, view: View) -> list[Lamp]:
        """The lamps of the end that faces the camera."""
        found = []
        s = self.shape
        for front in (True, False):
            high = s.nose * 0.86 if front else s.tail * 0.9
            up = s.clearance + 0.76 * (high - s.clearance)
            quad, depth = view.project(self.plate_corners(front))
            if cv2.contourArea(quad.astype(np.float32), oriented=True) <= 6 or depth.min() < 1:
                continue
            for side in (-0.62, 0.62):
                spot = self.end_corners(front, (side * s.width / 2, up), (0.0, 0.0), 0.05)[:1]
                pixel, away = view.project(spot)
                radius = 0.09 * view.focal / float(away[0])
                found.append(Lamp(float(pixel[0, 0]), float(pixel[0, 1]), radius, not front))
        return found


def make_vehicle(
    rng: np.random.Generator,
    flat: FlatPlate,
    *,
    kind: str | None = None,
    plate_scale: float = 1.0,
    detailed: bool = False,
) -> Vehicle:
    """A vehicle of a random kind and paint wearing ``flat`` on both ends.

    ``plate_scale`` enlarges the plate. A plain vehicle wears it 0.44 m wide in a recess that
    fits; a ``detailed`` one as wide as its country's are, where and how makers and owners put
    them, and has uneven paint with reflections, names, badges and stickers.
    """
    names = list(SHAPES)
    shares = np.array([SHAPES[name][1] for name in names])
    chosen = kind or names[int(rng.choice(len(names), p=shares / shares.sum()))]
    base = SHAPES[chosen][0]
    stretch = rng.normal(1, 0.025, 3)
    shape = replace(
        base, length=base.length * stretch[0], width=base.width * stretch[1],
        roof=base.belt + (base.roof - base.belt) * stretch[2] ** 2,
    )  # fmt: skip
    wide = (flat.wide if detailed else 0.44) * plate_scale
    tall = wide * flat.picture.shape[0] / flat.picture.shape[1]
    paint = PAINTS[int(rng.integers(len(PAINTS)))]
    worn = tuple(float(np.clip(c * rng.uniform(0.88, 1.06), 8, 245)) for c in paint)
    style = tuple(float(value) for value in rng.random(4))
    usual = Mount(0.26, 0.42 + 0.2 * style[3], recess=(wide + 0.1, tall + 0.08))
    plain = Vehicle(shape, (worn[0], worn[1], worn[2]), flat, (wide, tall),
                    (style[0], style[1], style[2], style[3]), usual,
                    (0.56 + 0.14 * style[1], 0.55, 0.95))  # fmt: skip
    if not detailed:
        return plain
    measures = decals.Ends(shape.width, shape.nose, shape.tail, shape.roof)
    lettered = chosen in ("van", "bus", "pickup")
    return replace(
        plain,
        mount=choose_mount(rng, shape, (wide, tall)),
        tail_lamps=(
            float(rng.uniform(0.45, 0.86)),
            float(rng.uniform(0.2, 0.62)),
            float(rng.uniform(0.75, 1.0)),
        ),
        trim=choose_trim(rng, shape, plain.paint),
        decals=decals.choose(rng, measures, tall=lettered),
        sheen=decals.sheen(rng),
    )


# --- mesh


def _quad(a: Colour, b: Colour, c: Colour, d: Colour) -> Points:
    return np.array([a, b, c, d], np.float64)


def _outward(faces: list[Face], inside: Points) -> list[Face]:
    """The faces wound so that their normals point away from the point ``inside``."""
    triples = np.array([face.corners[:3] for face in faces])
    normals = np.cross(triples[:, 1] - triples[:, 0], triples[:, 2] - triples[:, 1])
    middles = np.array([face.corners.sum(axis=0) / len(face.corners) for face in faces])
    right = (normals * (middles - inside)).sum(axis=1) > 0
    return [
        face if good else replace(face, corners=face.corners[::-1])
        for face, good in zip(faces, right, strict=True)
    ]


def _body(vehicle: Vehicle) -> list[Face]:
    """The lower body: stations along the length, each a ring of points across."""
    s = vehicle.shape
    half, low = s.width / 2, s.clearance
    nose, tail = s.nose, s.tail
    stations = (  # place along the length, share of the width, height of the top
        (0.000, 0.86, nose * 0.86), (0.018, 0.94, nose * 0.97), (0.06, 0.99, nose + 0.05),
        (max(s.cabin[0], 0.07), 1.0, s.belt), (0.5, 1.0, s.belt), (min(s.cabin[3], 0.94), 1.0,
        s.belt), (0.95, 0.99, tail), (0.988, 0.95, tail * 0.97), (1.0, 0.90, tail * 0.9),
    )  # fmt: skip
    rings = []
    for along, share, top in stations:
        z, wide = s.length * (0.5 - along), half * share
        side = [(wide * 0.93, low), (wide, low + 0.3 * (top - low)), (wide * 0.985, top - 0.1),
                (wide * 0.88, top)]  # fmt: skip
        ring = [(-x, y, z) for x, y in side] + [(x, y, z) for x, y in reversed(side)]
        rings.append(ring)
    faces = []
    for ahead, behind in pairwise(rings):
        for i in range(7):
            corners = _quad(ahead[i], ahead[i + 1], behind[i + 1], behind[i])
            sill = i in (0, 6)
            faces.append(Face(corners, tone_of(vehicle.paint, 0.72) if sill else vehicle.paint))
    faces.append(Face(np.array(rings[0]), vehicle.paint))
    faces.append(Face(np.array(rings[-1]), vehicle.paint))
    return faces


def _cabin(vehicle: Vehicle) -> list[Face]:
    s = vehicle.shape
    base, top = s.width / 2 * 0.87, s.width / 2 * (0.80 if s.roof > 2 else 0.68)
    z = [s.length * (0.5 - part) for part in s.cabin]
    low, high = s.belt - 0.02, s.roof
    points = {
        "a": (-base, low, z[0]), "b": (base, low, z[0]), "c": (top, high, z[1]),
        "d": (-top, high, z[1]), "e": (top, high, z[2]), "f": (-top, high, z[2]),
        "g": (base, low, z[3]), "h": (-base, low, z[3]),
    }  # fmt: skip
    walls = {"front": "abcd", "left": "hadf", "right": "bgec", "rear": "ghfe", "roof": "dcef"}
    faces = []
    for name, letters in walls.items():
        corners = _quad(*(points[letter] for letter in letters))
        faces.append(Face(corners, vehicle.paint))
        if name == "roof":
            continue
        if name in ("front", "rear"):
            windows = [_inset(corners, 0.05, 0.95, 0.06, 0.9)]
        else:
            windows = [
                _inset(corners, 0.05, 0.49, 0.1, 0.86),
                _inset(corners, 0.53, 0.95, 0.1, 0.86),
            ]
        for window in windows:
            faces.append(Face(window, GLASS, layer=1))
            sky = _between(window, 0.0, 1.0, 0.55, 1.0)
            faces.append(Face(sky, tone_of(GLASS, 1.5), layer=2))
    return faces


def _ends(vehicle: Vehicle) -> list[Face]:
    """Lamps, grille, bumper and number-plate recess on both ends."""
    s = vehicle.shape
    a, b, c, _ = vehicle.style
    half, low = s.width / 2, s.clearance
    front, rear = s.length / 2 + 0.015, -s.length / 2 - 0.015
    tall, reach = s.nose * 0.86 - low, half * 0.86
    faces = []

    def panel(x0: float, x1: float, y0: float, y1: float, z: float, colour: Colour,
              layer: int = 1, slant: float = 0.0) -> None:  # fmt: skip
        corners = [(x0, y0, z), (x1, y0 + slant, z), (x1, y1 + slant, z), (x0, y1, z)]
        faces.append(Face(np.array(corners), colour, layer, shine=False))

    dark = (34.0, 34.0, 36.0)
    bumper = tone_of(vehicle.paint, 0.9) if a < 0.7 else (58.0, 58.0, 60.0)
    for z in (front, rear):
        panel(-reach, reach, low, low + 0.36 * tall, z, bumper)
        panel(-reach * 0.97, reach * 0.97, low - 0.01, low + 0.1 * tall, z, dark, 2)
    grille = reach * (0.42 + 0.2 * b)
    panel(-grille, grille, low + (0.62 - 0.1 * c) * tall, low + 0.86 * tall, front, dark, 2)
    for bar in (0.68, 0.77):
        panel(-grille, grille, low + bar * tall, low + (bar + 0.025) * tall, front,
              (150.0, 150.0, 152.0), 3)  # fmt: skip
    panel(-0.07, 0.07, low + 0.68 * tall, low + 0.82 * tall, front, (200.0, 200.0, 204.0), 4)
    panel(-reach * 0.6, reach * 0.6, low + 0.1 * tall, low + 0.22 * tall, front, dark, 3)
    lamp_low = low + (0.6 + 0.08 * c) * tall
    back = s.tail * 0.9 - low
    for side in (-1, 1):
        inner, outer = side * (grille + 0.03), side * reach
        panel(min(inner, outer), max(inner, outer), lamp_low, low + 0.93 * tall, front,
              (205.0, 208.0, 210.0), 2)  # fmt: skip
        middle = (inner + outer) / 2
        panel(middle - 0.07, middle + 0.07, lamp_low + 0.03, low + 0.88 * tall, front,
              (245.0, 248.0, 250.0), 3)  # fmt: skip
        panel(side * reach * 0.78 - 0.07, side * reach * 0.78 + 0.07, low + 0.13 * tall,
              low + 0.25 * tall, front, (190.0, 200.0, 200.0), 4)  # fmt: skip
        begin, foot, head = vehicle.tail_lamps
        x0, x1 = sorted((side * reach * begin, side * reach))
        panel(x0, x1, low + foot * back, low + head * back, rear, (30.0, 24.0, 150.0), 2)
        panel(x0 + 0.03, x1 - 0.03, low + (foot + 0.05) * back,
              low + (foot + 0.05 + 0.25 * (head - foot)) * back, rear,
              (60.0, 120.0, 210.0), 3)  # fmt: skip
    panel(-reach * 0.5, reach * 0.5, low + 0.9 * back, low + 0.93 * back, rear,
          tone_of(vehicle.paint, 0.6), 2)  # fmt: skip
    for one in vehicle.trim:
        panel(one.across - one.wide / 2, one.across + one.wide / 2, one.up - one.tall / 2,
              one.up + one.tall / 2, front if one.front else rear, one.colour, 4)  # fmt: skip
    mount = vehicle.mount
    for z, up, across in ((front, mount.front, -mount.across), (rear, mount.rear, mount.across)):
        up += low
        if mount.recess:
            wide, high = mount.recess[0] / 2, mount.recess[1] / 2
            panel(across - wide, across + wide, up - high, up + high, z,
                  tone_of(vehicle.paint, mount.tone), 5)  # fmt: skip
            panel(across - wide, across + wide, up + 0.7 * high, up + high, z,
                  tone_of(vehicle.paint, 0.7 * mount.tone), 6)  # fmt: skip
        if mount.rim:
            wide = vehicle.plate_metres[0] / 2 + mount.rim
            high = vehicle.plate_metres[1] / 2 + mount.rim
            panel(across - wide, across + wide, up - high, up + high, z, mount.rim_colour, 7)
    return faces


def _wheels(vehicle: Vehicle) -> list[Face]:
    s = vehicle.shape
    radius = 0.31 + 0.05 * (s.belt - 0.9)
    half = s.width / 2
    around = np.linspace(0, 2 * np.pi, 15)[:-1]
    faces = []
    for along in (0.5 - 0.19, -0.5 + 0.2):
        z = s.length * along
        for side in (-1, 1):
            for size, colour, layer in _WHEEL:
                disc = np.stack(
                    [np.full(14, side * (half + 0.012)), radius + radius * size * np.sin(around),
                     z + radius * size * np.cos(around) * side], axis=1)  # fmt: skip
                disc[:, 1] = np.maximum(disc[:, 1], 0.0)
                face = Face(disc, colour, layer, shine=False)
                faces += _outward([face], np.array([0, radius, z]))
            x0, x1 = side * half * 0.97, side * (half - 0.21)
            for end in (z + radius, z - radius):
                corners = _quad((x0, 0, end), (x1, 0, end), (x1, 0.5, end), (x0, 0.5, end))
                faces.append(Face(corners, RUBBER, -1, shine=False))
                faces.append(Face(corners[::-1], RUBBER, -1, shine=False))
    for side in (-1, 1):  # mirrors
        x0, x1 = side * half * 0.95, side * (half + 0.14)
        z = s.length * (0.5 - s.cabin[0] - 0.05)
        low, high = s.belt, s.belt + 0.13
        corners = _quad((x0, low, z), (x1, low + 0.02, z), (x1, high, z), (x0, high, z))
        faces.append(Face(corners, vehicle.paint))
        faces.append(Face(corners[::-1], tone_of(vehicle.paint, 0.8)))
    return faces


def _between(quad: Points, x0: float, x1: float, y0: float, y1: float) -> Points:
    """Part of a quad whose corners are bottom, bottom, top, top."""

    def at(x: float, y: float) -> Points:
        low = quad[0] + (quad[1] - quad[0]) * x
        high = quad[3] + (quad[2] - quad[3]) * x
        point: Points = low + (high - low) * y
        return point

    return np.array([at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1)])


_inset = _between


# --- drawing


@dataclass(frozen=True)
class Drawn:
    """A vehicle as pixels: ``bgra`` stands at ``left``, ``top`` of the picture.

    ``plate`` are the plate's corners (4, 2) in picture pixels, None where no plate faces
    the camera.
    """

    bgra: Picture
    left: int
    top: int
    plate: Points | None


def draw_vehicle(vehicle: Vehicle, view: View, *, light: float = 1.0) -> Drawn | None:
    """The vehicle through the camera; None where it lies outside or behind."""
    faces = vehicle.faces
    counts = [len(face.corners) for face in faces]
    world = vehicle.world(np.concatenate([face.corners for face in faces]))
    pixels, depth = view.project(world)
    before = depth >= _NEAREST
    if not before.any():
        return None
    left, top = np.floor(pixels[before].min(axis=0)).astype(int) - 1
    right, bottom = np.ceil(pixels[before].max(axis=0)).astype(int) + 2
    left, top = max(0, int(left)), max(0, int(top))
    right, bottom = min(view.width, int(right)), min(view.height_px, int(bottom))
    if right - left < 2 or bottom - top < 2:
        return None
    scale = _SUPERSAMPLE if right - left > 60 else 2 * _SUPERSAMPLE
    canvas = np.zeros(((bottom - top) * scale, (right - left) * scale, 4), np.uint8)
    _fill_faces(canvas, faces, counts, (pixels - (left, top)) * scale, world, depth,
                np.array([0, view.height, 0]), light)  # fmt: skip
    _stick_decals(canvas, vehicle, view, (left, top), scale, light)
    plate = _stick_plate(canvas, vehicle, view, (left, top), scale, light)
    small = np.asarray(
        cv2.resize(canvas, (right - left, bottom - top), interpolation=cv2.INTER_AREA), np.uint8
    )
    if vehicle.sheen is not None:
        sheen = cv2.resize(vehicle.sheen, (right - left, bottom - top))
        small[..., :3] = np.clip(small[..., :3] * sheen[..., None], 0, small[..., 3:])
    return Drawn(small, left, top, plate)


def _fill_faces(
    canvas: Picture, faces: tuple[Face, ...], counts: list[int], pixels: Points, world: Points,
    depth: Points, eye: Points, light: float,
) -> None:  # fmt: skip
    """Fills what faces the camera, far to near. Details follow the wall they lie on."""
    fixed = np.round(np.clip(pixels, -4000, 8000) * 16).astype(np.int32)
    starts = np.cumsum([0, *counts[:-1]])
    normals = np.cross(world[starts + 1] - world[starts], world[starts + 2] - world[starts + 1])
    seen = (normals * (eye - world[starts])).sum(axis=1) > 0
    seen &= np.minimum.reduceat(depth, starts) >= _NEAREST
    far = np.add.reduceat(depth, starts) / np.array(counts)
    layers = np.array([face.layer for face in faces])
    shades = _shades(normals, faces) * light
    order = np.lexsort((-far, layers))
    for index in order:
        if not seen[index]:
            continue
        start = starts[index]
        blue, green, red = (min(255.0, c * shades[index]) for c in faces[index].colour)
        points = fixed[start : start + counts[index]]
        cv2.fillConvexPoly(canvas, points, (blue, green, red, 255), cv2.LINE_8, 4)


def _shades(normals: Points, faces: tuple[Face, ...]) -> Points:
    normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-9)
    lit = 0.62 + 0.3 * np.maximum(0, normals @ _LIGHT) + 0.16 * np.abs(normals[:, 1])
    flat = np.array([not face.shine for face in faces])
    shades: Points = np.where(flat, 0.92, lit)
    return shades


def _stick_plate(
    canvas: Picture, vehicle: Vehicle, view: View, corner: tuple[int, int], scale: int, light: float
) -> Points | None:
    """Warps the flat plate in place on the end that faces the camera."""
    for front, wears in zip((True, False), vehicle.mount.wears, strict=True):
        quad = _facing(vehicle.plate_corners(front), view, least=6)
        if quad is not None and wears:
            _stick(canvas, vehicle.flat, (quad - corner) * scale, light)
            return quad
    return None


def _stick_decals(
    canvas: Picture, vehicle: Vehicle, view: View, corner: tuple[int, int], scale: int, light: float
) -> None:
    for decal in vehicle.decals:
        rows, columns = decal.flat.alpha.shape
        size = (decal.wide, decal.wide * rows / columns)
        corners = vehicle.end_corners(decal.front, (decal.x, decal.up), size, 0.04)
        quad = _facing(corners, view, least=2)
        if quad is not None:
            _stick(canvas, decal.flat, (quad - corner) * scale, light)


def _facing(corners: Points, view: View, *, least: float) -> Points | None:
    """Where a picture's corners are seen, None from behind or under ``least`` pixels."""
    quad, depth = view.project(corners)
    area = float(cv2.contourArea(quad.astype(np.float32), oriented=True))
    return quad if area > least and depth.min() >= _NEAREST else None


def _stick(canvas: Picture, picture: FlatPlate, local: Points, light: float) -> None:
    """Warps a flat picture onto the canvas, in place; ``local`` are its corners there."""
    low = np.maximum(np.floor(local.min(axis=0)).astype(int), 0)
    high = np.minimum(np.ceil(local.max(axis=0)).astype(int) + 1, canvas.shape[1::-1])
    if (high - low).min() < 1:
        return
    flat, alpha = _fitting_size(picture, float(np.ptp(local[:, 1])))
    rows, columns = alpha.shape
    source = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, (local - low).astype(np.float32))
    size = (int(high[0] - low[0]), int(high[1] - low[1]))
    seen = cv2.warpPerspective(flat, matrix, size, borderMode=cv2.BORDER_REPLICATE)
    share = cv2.warpPerspective(alpha, matrix, size).astype(np.float32)[..., None] / 255
    room = canvas[low[1] : high[1], low[0] : high[0], :3]
    room[:] = np.clip(room + (seen * (0.97 * light) - room) * share, 0, 255)


def _fitting_size(flat: FlatPlate, tall: float) -> tuple[Picture, NDArray[np.uint8]]:
    """The plate shrunk by areas to about the size it will have, so that it does not alias."""
    factor = tall * 1.15 / flat.picture.shape[0]
    if factor >= 1:
        return flat.picture, flat.alpha
    size = (
        max(4, round(flat.picture.shape[1] * factor)),
        max(2, round(flat.picture.shape[0] * factor)),
    )
    picture = cv2.resize(flat.picture, size, interpolation=cv2.INTER_AREA)
    alpha = cv2.resize(flat.alpha, size, interpolation=cv2.INTER_AREA)
    return np.asarray(picture, np.uint8), np.asarray(alpha, np.uint8)


def ground_shadow(picture: Picture, vehicle: Vehicle, view: View) -> None:
    """Darkens the road under and beside the vehicle, in place."""
    half, length = vehicle.shape.width / 2 + 0.12, vehicle.shape.length / 2 + 0.12
    foot = np.array(
        [[-half, 0, length], [half, 0, length], [half, 0, -length], [-half, 0, -length]]
    )
    world = vehicle.world(foot)
    cast = world + np.array([-0.45, 0, 0.1]) * vehicle.shape.roof
    pixels, depth = view.project(np.concatenate([world, cast]))
    if depth.min() < _NEAREST:
        return
    soft = max(1, int(np.ptp(pixels[:, 0]) * 0.02)) * 2 + 1
    left, top = np.floor(pixels.min(axis=0)).astype(int) - soft
    right, bottom = np.ceil(pixels.max(axis=0)).astype(int) + soft
    left, top = max(0, int(left)), max(0, int(top))
    right, bottom = min(view.width, int(right)), min(view.height_px, int(bottom))
    if right - left < 2 or bottom - top < 2:
        return
    mask = np.zeros((bottom - top, right - left), np.uint8)
    hull = cv2.convexHull((pixels - (left, top)).astype(np.float32))
    cv2.fillConvexPoly(mask, hull.astype(np.int32), 110)
    under = (pixels[:4] - (left, top)).astype(np.int32)
    cv2.fillConvexPoly(mask, under, 175)
    keep = cv2.bitwise_not(np.asarray(cv2.blur(mask, (soft, soft)), np.uint8))
    room = picture[top:bottom, left:right]
    room[:] = cv2.multiply(room, cv2.merge([keep] * 3), scale=1 / 255)


def paste(picture: Picture, drawn: Drawn) -> NDArray[np.bool_]:
    """Lays the vehicle on the picture, in place; the mask (h, w) of what it covers."""
    height, width = drawn.bgra.shape[:2]
    room = picture[drawn.top : drawn.top + height, drawn.left : drawn.left + width]
    alpha = drawn.bgra[..., 3]
    keep = cv2.merge([cv2.bitwise_not(alpha)] * 3)
    # The colours were averaged together with empty pixels: they already carry alpha.
    room[:] = cv2.add(cv2.multiply(room, keep, scale=1 / 255), drawn.bgra[..., :3])
    covered: NDArray[np.bool_] = alpha > 127
    return covered
