"""Street scenes with drawn vehicles, and the boxes of what can be seen of them.

A scene is a place (road, kerbs, houses, sky seen by one camera) with vehicles on it, far
ones first. Boxes are (x1, y1, x2, y2) pixels, tight around what is visible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from training.synthetic import backdrops, camera, plates, vehicles, weather
from training.synthetic.backdrops import colour_of as _colour
from training.synthetic.vehicles import Drawn, Vehicle, View

Picture = NDArray[np.uint8]
Rng = np.random.Generator

#: A vehicle of which less is seen gets no box; nor does one smaller than this many pixels.
CAR_HIDDEN_AT = 0.25
SMALLEST_CAR = 8
SMALLEST_PLATE = (6, 3)


@dataclass(frozen=True)
class SceneBox:
    """A box in pixels; ``vehicle`` numbers the vehicles of the scene, both boxes of one alike.

    ``text`` is the plate's on its ``plate`` box and on its ``car`` box.
    """

    label: str
    x1: float
    y1: float
    x2: float
    y2: float
    text: str
    vehicle: int


@dataclass(frozen=True)
class Scene:
    """``picture`` BGR (H, W, 3) and its boxes."""

    picture: Picture
    boxes: tuple[SceneBox, ...]


@dataclass(frozen=True)
class Place:
    """A camera and the empty street before it.

    ``lanes`` are the middles of the lanes in metres across; ``turn`` is the street's angle
    to the way the camera looks, radians.
    """

    view: View
    empty: Picture
    lanes: tuple[float, ...]
    light: float = 1.0
    turn: float = 0.0

    def stand(self, vehicle: Vehicle, x: float, z: float, heading: float) -> Vehicle:
        """The vehicle ``x`` across and ``z`` along this street, which may itself be turned."""
        sine, cosine = float(np.sin(self.turn)), float(np.cos(self.turn))
        return vehicle.at(x * cosine + z * sine, z * cosine - x * sine, heading + self.turn)


def render(
    rng: Rng,
    *,
    size: tuple[int, int] = (640, 360),
    formats: Sequence[str] = ("ecuador",),
    vehicles_most: int = 5,
    damage: float = 1.0,
) -> Scene:
    """A street scene of ``size`` (w, h) pixels with up to ``vehicles_most`` vehicles.

    ``damage`` 0..1 scales blur, noise and bad light. About one scene in twenty is empty.
    The same generator state gives the same scene. Raises UnknownPlateFormat.
    """
    plates.check_formats(formats)
    count = 0 if rng.random() < 0.05 else int(rng.integers(1, vehicles_most + 1))
    place, first = _choose_place(rng, size)
    parked = _park(rng, place, count, formats, first=first)
    picture, boxes = compose(place, parked)
    lamps = [lamp for _, vehicle in parked for lamp in vehicle.lamps(place.view)]
    shining = [(b.x1, b.y1, b.x2, b.y2) for b in boxes if b.label == "plate"]
    seen = weather.spoil(rng, picture, lamps, shining, damage=damage)
    return Scene(seen, boxes)


def compose(
    place: Place, cars: Sequence[tuple[int, Vehicle]]
) -> tuple[Picture, tuple[SceneBox, ...]]:
    """The street with the numbered vehicles on it, and their boxes by number."""
    picture = place.empty.copy()
    order = sorted(cars, key=lambda item: -float(np.hypot(item[1].x, item[1].z)))
    owner = np.full(picture.shape[:2], -1, np.int16)
    drawn: list[tuple[int, Vehicle, Drawn, int]] = []
    for number, vehicle in order:
        seen = vehicles.draw_vehicle(vehicle, place.view, light=place.light)
        if seen is None:
            continue
        vehicles.ground_shadow(picture, vehicle, place.view)
        covered = vehicles.paste(picture, seen)
        height, width = covered.shape
        room = owner[seen.top : seen.top + height, seen.left : seen.left + width]
        room[covered] = number
        drawn.append((number, vehicle, seen, int(covered.sum())))
    boxes: list[SceneBox] = []
    for number, vehicle, seen, pixels in sorted(drawn, key=lambda item: item[0]):
        boxes += _boxes_of(owner, number, vehicle, seen, pixels)
    return picture, tuple(boxes)


def _boxes_of(
    owner: NDArray[np.int16], number: int, vehicle: Vehicle, seen: Drawn, pixels: int
) -> list[SceneBox]:
    height, width = seen.bgra.shape[:2]
    mine = owner[seen.top : seen.top + height, seen.left : seen.left + width] == number
    x, y, w, h = cv2.boundingRect(mine.astype(np.uint8))
    if min(w, h) < SMALLEST_CAR or int(mine.sum()) < CAR_HIDDEN_AT * pixels:
        return []
    text = vehicle.flat.text
    x1, y1 = seen.left + x, seen.top + y
    car = SceneBox("car", float(x1), float(y1), float(x1 + w), float(y1 + h), text, number)
    plate = _plate_box(mine, number, seen, text)
    return [car] if plate is None else [car, plate]


def _plate_box(
    mine: NDArray[np.bool_], number: int, seen: Drawn, text: str
) -> SceneBox | None:  # fmt: skip
    if seen.plate is None:
        return None
    local = (seen.plate - (seen.left, seen.top)).astype(np.float32)
    whole = float(cv2.contourArea(local))
    mask = np.zeros(mine.shape, np.uint8)
    # Pixel i covers i..i+1, while OpenCV's polygons run through the middles of pixels.
    cv2.fillConvexPoly(mask, np.round((local - 0.5) * 16).astype(np.int32), 1, cv2.LINE_8, 4)
    mask &= mine
    if whole < 1 or int(mask.sum()) < vehicles.PLATE_HIDDEN_AT * whole:
        return None
    x, y, w, h = cv2.boundingRect(mask)
    if w < SMALLEST_PLATE[0] or h < SMALLEST_PLATE[1]:
        return None
    left, top = max(local[:, 0].min(), float(x)), max(local[:, 1].min(), float(y))
    right, bottom = min(local[:, 0].max(), float(x + w)), min(local[:, 1].max(), float(y + h))
    return SceneBox("plate", float(left + seen.left), float(top + seen.top),
                    float(right + seen.left), float(bottom + seen.top), text, number)  # fmt: skip


# --- the place


def _choose_place(
    rng: Rng, size: tuple[int, int]
) -> tuple[Place, tuple[float, float, float] | None]:
    """A street, and where (x, z, heading) its first vehicle stands, if that was chosen.

    Two in five are streets as any camera sees them. The others look at one vehicle: from near, as
    people photograph them, or from a gantry through a long lens.
    """
    way = float(rng.random())
    if way < 0.4:
        return make_place(rng, size=size, lanes=int(rng.integers(1, 5)), cluttered=True), None
    near = way < 0.78
    if near:
        high, focal = rng.uniform((0.9, 0.8), (2.0, 1.7))
        plate = float(np.exp(rng.uniform(np.log(0.07), np.log(0.34))))
        heading = float(np.clip(rng.normal(0, 0.3), -0.8, 0.8))
    else:
        high, focal = rng.uniform((3.5, 1.5), (7.0, 3.2))
        plate = float(np.exp(rng.uniform(np.log(0.03), np.log(0.15))))
        heading = float(rng.normal(0, 0.12))
    z = max(2.4, high * 1.3, float(focal) * 0.46 / plate)
    row, column = rng.uniform((0.35, 0.2), (0.85, 0.8))
    focal *= size[0]
    pitch = np.arctan((high - 0.6) / z) - np.arctan((row - 0.5) * size[1] / focal)
    view = View(size[0], size[1], float(focal), float(high), float(pitch))
    x = (float(column) - 0.5) * size[0] * z / float(focal)
    place = make_place(rng, size=size, lanes=int(rng.integers(1, 4)), view=view, cluttered=True)
    away = rng.random() < 0.6
    return place, (x, z + 2.1, heading + (0.0 if away else np.pi))


def make_place(
    rng: Rng,
    *,
    size: tuple[int, int],
    lanes: int,
    view: View | None = None,
    lane: float = 3.0,
    cluttered: bool = False,
) -> Place:
    """An empty street of ``lanes`` lanes, ``lane`` metres each, before a camera.

    Without ``view`` a camera is drawn: 1.3 to 6 m high, wide to long lens. A ``cluttered``
    street has walls, fences and hedges beside it.
    """
    turn, shift = 0.0, 0.0
    if view is None:
        turn, shift = float(np.clip(rng.normal(0, 0.13), -0.4, 0.4)), float(rng.normal(0, 0.8))
        view = _random_view(rng, size)
    middles = tuple((i - (lanes - 1) / 2) * lane + shift for i in range(lanes))
    picture = _sky_and_houses(rng, view)
    _ground(rng, picture, view, _ground_map(rng, middles, lane), turn)
    if cluttered:
        backdrops.line_street(rng, picture, int(np.clip(view.horizon, 0, size[1] - 1)))
    _posts(rng, picture, view, middles, lane)
    light = float(rng.uniform(0.85, 1.1))
    return Place(view, picture, middles, light, turn)


def _random_view(rng: Rng, size: tuple[int, int]) -> View:
    width, height = size
    high = float(rng.uniform(1.3, 6.0))
    focal = width * float(rng.uniform(0.9, 2.2))
    # The higher the camera, the further down it looks.
    horizon = float(rng.uniform(0.1, 0.42)) - 0.09 * max(0.0, high - 2.2)
    pitch = float(np.arctan((0.5 - horizon) * height / focal))
    return View(width, height, focal, high, pitch)


def _sky_and_houses(rng: Rng, view: View) -> Picture:
    picture = np.zeros((view.height_px, view.width, 3), np.uint8)
    horizon = int(np.clip(view.horizon, 0, view.height_px))
    if horizon < 2:
        return picture
    top, low = (np.add(backdrops.muted(rng, 120, 240), (14, 4, 0)) for _ in range(2))
    low = np.maximum(low, 170)
    share = np.linspace(0, 1, horizon)[:, None, None]
    picture[:horizon] = np.clip(top + (low - top) * share, 0, 255)
    reach = max(6, horizon)
    x = -20
    while x < view.width:
        wide = int(rng.integers(view.width // 14 + 1, view.width // 4 + 2))
        tall = int(reach * rng.uniform(0.15, 1.1))
        _house(rng, picture, (x, horizon - tall, wide, tall + 4))
        x += wide + int(rng.integers(-6, view.width // 8 + 1))
    _trees(rng, picture, horizon, reach)
    return picture


def _house(rng: Rng, picture: Picture, box: tuple[int, int, int, int]) -> None:
    x, y, w, h = box
    wall = backdrops.muted(rng, 50, 220)
    cv2.rectangle(picture, (x, y), (x + w, y + h), _colour(wall), -1)
    pitch_x, pitch_y = int(rng.integers(7, 26)), int(rng.integers(8, 26))
    window = _colour(wall * float(rng.choice([0.45, 0.6, 1.25])))
    for row in range(y + pitch_y // 2, y + h - pitch_y // 2, pitch_y):
        for column in range(x + pitch_x // 2, x + w - pitch_x // 2, pitch_x):
            end = (column + pitch_x // 2, row + pitch_y // 2)
            cv2.rectangle(picture, (column, row), end, window, -1)
    if rng.random() < 0.35 and w > 24:  # shop sign: text that is no plate
        backdrops.board(rng, picture, (x + w // 8, y + h // 2), w * 3 // 4)


def _trees(rng: Rng, picture: Picture, horizon: int, reach: int) -> None:
    for _ in range(int(rng.integers(0, 6))):
        centre = int(rng.integers(0, picture.shape[1]))
        green = np.array([40, 80, 50]) * rng.uniform(0.5, 1.4)
        for _ in range(14):
            at = (centre + int(rng.normal(0, reach * 0.14)),
                  horizon - int(reach * rng.uniform(0.02, 0.4)))  # fmt: skip
            shade = _colour(green * rng.uniform(0.7, 1.3))
            cv2.circle(picture, at, max(2, int(reach * rng.uniform(0.04, 0.12))), shade, -1)


# The ground map: pixels a metre across and along, metres to each side and ahead.
_ACROSS, _ALONG = 14, 5
_HALF_ROAD, _AHEAD = 16, 150


def _ground(rng: Rng, picture: Picture, view: View, top: Picture, turn: float) -> None:
    """The ground seen from above as a map, put into perspective in one warp."""
    down = view.pitch + float(np.arctan(view.height_px / 2 / view.focal))
    near = 0.4 + max(0.0, view.height / float(np.tan(max(down, 0.05))) * 0.55)
    corners = np.array([[-_HALF_ROAD, 0, near + _AHEAD], [_HALF_ROAD, 0, near + _AHEAD],
                        [_HALF_ROAD, 0, near], [-_HALF_ROAD, 0, near]], np.float64)  # fmt: skip
    sine, cosine = np.sin(turn), np.cos(turn)
    corners[:, 0], corners[:, 2] = (
        corners[:, 0] * cosine + corners[:, 2] * sine,
        np.maximum(corners[:, 2] * cosine - corners[:, 0] * sine, 0.3),
    )
    pixels, _ = view.project(corners)
    height, width = top.shape[:2]
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    matrix = cv2.getPerspectiveTransform(source, pixels.astype(np.float32))
    horizon = int(np.clip(view.horizon, 0, view.height_px - 1))
    beyond = _colour(top[: height // 4, : width // 8].mean(axis=(0, 1)))
    size = (view.width, view.height_px - horizon)
    matrix = np.array([[1, 0, 0], [0, 1, -horizon], [0, 0, 1]]) @ matrix
    picture[horizon:] = cv2.warpPerspective(top, matrix, size, borderValue=beyond)
    band = picture[horizon : horizon + max(4, view.height_px // 12)]
    band[:] = cv2.blur(band, (5, 3))  # far texture would flicker


def _ground_map(rng: Rng, middles: tuple[float, ...], lane: float) -> Picture:
    height, width = _AHEAD * _ALONG, 2 * _HALF_ROAD * _ACROSS
    grey = float(rng.uniform(55, 150))
    grain = camera.grain_piece(rng, width, height // 2)[..., 0] * float(rng.uniform(3, 9))
    patches = cv2.resize(rng.normal(0, 7, (24, 14)).astype(np.float32), (width, height))
    tone = grey + cv2.resize(grain, (width, height)) + patches
    ground = cv2.merge([np.clip(tone, 0, 255).astype(np.uint8)] * 3)
    edges = (middles[0] - lane / 2, middles[-1] + lane / 2)
    _sides(rng, ground, edges)
    _markings(rng, ground, middles, lane)
    for _ in range(int(rng.integers(0, 14))):  # oil, patches, drains
        at = (int(rng.integers(width // 4, width * 3 // 4)), int(rng.integers(0, height)))
        axes = (int(rng.integers(2, 12)), int(rng.integers(1, 7)))
        cv2.ellipse(
            ground, at, axes, 0, 0, 360, _colour(np.full(3, grey * rng.uniform(0.6, 0.95))), -1
        )
    return np.asarray(ground, np.uint8)


def _column(x: float) -> int:
    return round((x + _HALF_ROAD) * _ACROSS)


def _sides(rng: Rng, ground: Picture, edges: tuple[float, float]) -> None:
    kinds = ((110, 112, 116), (60, 105, 75), (140, 150, 165), (90, 120, 150))
    for low, high in ((-_HALF_ROAD, edges[0] - 0.3), (edges[1] + 0.3, _HALF_ROAD)):
        side = np.array(kinds[int(rng.integers(len(kinds)))]) * rng.uniform(0.7, 1.2)
        part = ground[:, max(0, _column(low)) : max(0, _column(high))]
        if part.size:
            over = np.empty_like(part)
            over[:] = np.clip(side, 0, 255)
            part[:] = cv2.addWeighted(part, 0.35, over, 0.65, 0)
    if rng.random() < 0.7:
        for edge in edges:
            at = _column(edge)
            kerb = _colour(np.full(3, float(rng.uniform(130, 220))))
            cv2.rectangle(ground, (at - 3, 0), (at + 3, ground.shape[0]), kerb, -1)
            if rng.random() < 0.3:
                for row in range(0, ground.shape[0], 4 * _ALONG):
                    end = (at + 3, row + 2 * _ALONG)
                    cv2.rectangle(ground, (at - 3, row), end, (40, 190, 230), -1)


def _markings(rng: Rng, ground: Picture, middles: tuple[float, ...], lane: float) -> None:
    if rng.random() < 0.15:
        return
    paint = _colour(np.array([225, 228, 230]) * rng.uniform(0.7, 1.0))
    yellow = _colour(np.array([60, 190, 220]) * rng.uniform(0.7, 1.0))
    dash = _ALONG * int(rng.integers(2, 4))
    for index, middle in enumerate(middles[:-1]):
        at = _column(middle + lane / 2)
        colour = yellow if index == (len(middles) - 1) // 2 and rng.random() < 0.5 else paint
        for row in range(0, ground.shape[0], 2 * dash):
            cv2.rectangle(ground, (at - 1, row), (at + 1, row + dash), colour, -1)
    for edge in (middles[0] - lane / 2 + 0.15, middles[-1] + lane / 2 - 0.15):
        if rng.random() < 0.6:
            at = _column(edge)
            cv2.rectangle(ground, (at - 1, 0), (at + 1, ground.shape[0]), paint, -1)
    if rng.random() < 0.3:  # zebra or stop line
        row = ground.shape[0] - int(rng.integers(6, 18)) * _ALONG
        for column in range(_column(middles[0] - lane / 2), _column(middles[-1] + lane / 2), 14):
            cv2.rectangle(ground, (column, row), (column + 7, row + 2 * _ALONG), paint, -1)


def _posts(rng: Rng, picture: Picture, view: View, middles: tuple[float, ...], lane: float) -> None:
    """Posts, booths and signs beside the road."""
    for _ in range(int(rng.integers(0, 4))):
        side = -1 if rng.random() < 0.5 else 1
        x = (middles[0] - lane / 2 if side < 0 else middles[-1] + lane / 2) + side * rng.uniform(
            0.8, 5
        )
        z, wide, tall = rng.uniform(7, 30), rng.choice([0.12, 0.3, 1.6]), rng.uniform(1.0, 5)
        foot = np.array([[x - wide / 2, 0, z], [x + wide / 2, 0, z], [x + wide / 2, tall, z],
                         [x - wide / 2, tall, z]])  # fmt: skip
        pixels, depth = view.project(foot)
        if depth.min() < 1:
            continue
        colour = _colour(backdrops.muted(rng, 20, 230))
        cv2.fillConvexPoly(picture, np.round(pixels).astype(np.int32), colour, cv2.LINE_AA)
        left, top = pixels[:, 0].min(), pixels[:, 1].min()
        if wide > 1 and rng.random() < 0.6:
            backdrops.board(rng, picture, (int(left), int(top)), int(np.ptp(pixels[:, 0])))


# --- vehicles


def _park(
    rng: Rng,
    place: Place,
    count: int,
    formats: Sequence[str],
    *,
    first: tuple[float, float, float] | None,
) -> list[tuple[int, Vehicle]]:
    """Vehicles on the lanes, no two on the same spot, the nearest near enough to read."""
    parked: list[tuple[int, Vehicle]] = []
    nearest, spots = _nearest(place.view), list[tuple[float, float]]()
    for number in range(count):
        if first is not None and number == 0:
            x, z, heading = first
        else:
            spot = _free_spot(rng, place, nearest + (3.0 if number else 0.0), spots)
            if spot is None:
                continue
            (x, z), heading = spot, _heading(rng)
        flat = plates.draw(rng, formats=formats, height=72, wear=float(rng.choice([0, 0.2, 0.6])))
        vehicle = vehicles.make_vehicle(
            rng, flat, plate_scale=float(rng.uniform(0.92, 1.1)), detailed=True
        )
        spots.append((x, z))
        parked.append((number, place.stand(vehicle, x, z, heading)))
    return parked


def _free_spot(
    rng: Rng, place: Place, nearest: float, spots: Sequence[tuple[float, float]]
) -> tuple[float, float] | None:
    for _ in range(12):
        lane = int(rng.integers(len(place.lanes)))
        z = nearest * (1 + 3.2 * float(rng.random()) ** 1.8)
        x = place.lanes[lane] + float(rng.normal(0, 0.2))
        if all(abs(x - other[0]) > 2.3 or abs(z - other[1]) > 6.5 for other in spots):
            return x, z
    return None


def _heading(rng: Rng) -> float:
    heading = (0.0 if rng.random() < 0.5 else np.pi) + float(rng.normal(0, 0.1))
    if rng.random() < 0.12:
        heading += float(rng.uniform(-0.7, 0.7))
    return heading


def _nearest(view: View) -> float:
    """About where a car's lower edge meets the lower edge of the picture."""
    down = view.pitch + float(np.arctan(view.height_px / 2 / view.focal))
    return max(4.5, view.height / float(np.tan(max(down, 0.05))) + 2.4)
