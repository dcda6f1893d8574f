"""Street scenes: the boxes hold what can be seen."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np

from training.synthetic import backdrops, plates, scenes, vehicles, weather
from training.synthetic.scenes import Place, Scene, SceneBox
from training.synthetic.vehicles import Vehicle, View

VIEW = View(640, 360, 1100.0, 2.4, 0.1)


def scene(seed: int) -> Scene:
    return scenes.render(np.random.default_rng(seed))


def street(*cars: tuple[float, float]) -> tuple[Place, list[tuple[int, Vehicle]]]:
    """An empty grey street with hatchbacks facing the camera at the given (x, z)."""
    rng = np.random.default_rng(0)
    place = Place(VIEW, np.full((360, 640, 3), 200, np.uint8), (0.0,))
    made = []
    for number, (x, z) in enumerate(cars):
        car = vehicles.make_vehicle(rng, plates.draw(rng), kind="hatchback")
        made.append((number, place.stand(car, x, z, np.pi)))
    return place, made


def boxes(label: str, *cars: tuple[float, float]) -> dict[int, SceneBox]:
    place, made = street(*cars)
    return {box.vehicle: box for box in scenes.compose(place, made)[1] if box.label == label}


def test_same_seed_gives_the_same_scene() -> None:
    first, again, other = scene(2), scene(2), scene(3)
    assert np.array_equal(first.picture, again.picture) and first.boxes == again.boxes
    assert not np.array_equal(first.picture, other.picture)


def test_boxes_lie_inside_the_picture_and_plates_inside_their_car() -> None:
    found = 0
    for seed in range(25):
        drawn = scene(seed)
        height, width = drawn.picture.shape[:2]
        cars = {box.vehicle: box for box in drawn.boxes if box.label == "car"}
        for box in drawn.boxes:
            assert 0 <= box.x1 < box.x2 <= width and 0 <= box.y1 < box.y2 <= height
            car = cars[box.vehicle]
            assert car.x1 - 1 <= box.x1 and box.x2 <= car.x2 + 1
            assert car.y1 - 1 <= box.y1 and box.y2 <= car.y2 + 1
            assert plates.matches(box.text, "ecuador")
            found += box.label == "plate"
    assert found > 15


def test_size_is_as_asked() -> None:
    drawn = scenes.render(np.random.default_rng(1), size=(480, 272))
    assert drawn.picture.shape == (272, 480, 3) and drawn.picture.dtype == np.uint8


def test_car_box_is_tight_around_what_was_painted() -> None:
    place, made = street((0.0, 14.0))
    picture, found = scenes.compose(place, made)
    car = next(box for box in found if box.label == "car")
    painted = (picture != 200).any(axis=2)
    rows = np.flatnonzero(painted[:, int(car.x1) : int(car.x2)].any(axis=1))
    assert rows[0] == car.y1  # the roof: no shadow reaches above it
    assert painted[int(car.y1) : int(car.y2), int(car.x1)].any()


def test_plate_box_lies_on_the_plate_pixels() -> None:
    place, made = street((0.0, 12.0))
    white = np.full((48, 126, 3), 255, np.uint8)
    flat = plates.FlatPlate(white, np.full((48, 126), 255, np.uint8), "ABC1234")
    base = made[0][1]
    mount = replace(base.mount, recess=(0.54, 0.25), rim=0.0)
    size = (0.44, 0.168)
    car = replace(base, paint=(20, 20, 20), flat=flat, plate_metres=size, mount=mount)
    picture, found = scenes.compose(place, [(0, car)])
    plate = next(box for box in found if box.label == "plate")
    inside = picture[
        round(plate.y1) + 1 : round(plate.y2) - 1, round(plate.x1) + 1 : round(plate.x2) - 1
    ]
    assert inside.min() > 225
    assert picture[round(plate.y1) - 2, round(plate.x1) : round(plate.x2)].max() < 225


def test_nearer_is_larger_and_lower() -> None:
    found = boxes("car", (-1.5, 12.0), (1.5, 22.0))
    near, far = found[0], found[1]
    assert near.x2 - near.x1 > 1.4 * (far.x2 - far.x1)
    assert near.y2 > far.y2


def test_a_plate_behind_another_car_gets_no_box() -> None:
    assert set(boxes("plate", (0.0, 11.0), (0.0, 18.0))) == {0}
    assert set(boxes("plate", (-1.5, 11.0), (1.5, 18.0))) == {0, 1}


def test_a_half_hidden_car_is_boxed_where_it_shows() -> None:
    alone = boxes("car", (9.0, 50.0), (0.9, 18.0))[1]
    behind = boxes("car", (-0.4, 11.0), (0.9, 18.0))[1]
    assert behind.x1 > alone.x1 + 5 and abs(behind.x2 - alone.x2) <= 1


def test_a_car_beyond_the_edge_has_no_box() -> None:
    assert boxes("car", (40.0, 12.0)) == {}
    assert boxes("car", (0.0, -10.0)) == {}


def test_plates_are_seen_from_far_and_near() -> None:
    heights = [
        box.y2 - box.y1 for seed in range(40) for box in scene(seed).boxes if box.label == "plate"
    ]
    assert min(heights) < 8 and max(heights) > 40


def test_plates_are_as_wide_as_their_country_makes_them() -> None:
    rng = np.random.default_rng(5)
    for name, wide in (("usa", 0.305), ("europe", 0.52)):
        flat = plates.draw(rng, formats=(name,))
        assert flat.wide == wide
        assert vehicles.make_vehicle(rng, flat, detailed=True).plate_metres[0] == wide


def test_a_plate_is_boxed_wherever_and_however_it_is_mounted() -> None:
    place, _ = street()
    flat = plates.draw(np.random.default_rng(0))
    boxed = Counter[bool]()
    for seed in range(60):
        rng = np.random.default_rng(seed)
        car = vehicles.make_vehicle(rng, flat, detailed=True)
        front = bool(seed % 2)
        found = scenes.compose(place, [(0, car.at(0.0, 11.0, np.pi if front else 0.0))])[1]
        there = [box for box in found if box.label == "plate"]
        assert len(there) == car.mount.wears[0 if front else 1]
        boxed[bool(there)] += 1
        for box in there:
            quad, _ = VIEW.project(car.at(0.0, 11.0, np.pi if front else 0.0).plate_corners(front))
            assert abs(box.x1 - quad[:, 0].min()) < 1.5 and abs(box.x2 - quad[:, 0].max()) < 1.5
    assert boxed[True] > 40 and boxed[False] > 0


def test_lamps_stand_on_the_end_that_faces_the_camera() -> None:
    car = vehicles.make_vehicle(np.random.default_rng(1), plates.draw(np.random.default_rng(1)))
    front = car.at(0.0, 14.0, np.pi).lamps(VIEW)
    rear = car.at(0.0, 14.0, 0.0).lamps(VIEW)
    assert [lamp.red for lamp in front] == [False] * 2 and [lamp.red for lamp in rear] == [True] * 2
    assert all(abs((a.x + b.x) / 2 - 320) < 12 for a, b in (front, rear))


def test_a_detailed_vehicle_has_the_same_outline_as_a_plain_one() -> None:
    flat = plates.draw(np.random.default_rng(0))
    cars = [vehicles.make_vehicle(np.random.default_rng(3), flat, kind="van", detailed=detailed)
            for detailed in (False, True)]  # fmt: skip
    plain, rich = (vehicles.draw_vehicle(car.at(0.0, 12.0, 0.0), VIEW) for car in cars)
    assert plain is not None and rich is not None
    assert np.array_equal(plain.bgra[..., 3], rich.bgra[..., 3])
    assert not np.array_equal(plain.bgra, rich.bgra)


def test_without_damage_a_scene_stays_nearly_as_it_was() -> None:
    picture = np.full((90, 160, 3), 120, np.uint8)
    calm = weather.spoil(np.random.default_rng(0), picture, damage=0.0)
    assert abs(float(calm.mean()) - 120) < 6 and float(calm.std()) < 3
    spoilt = [weather.spoil(np.random.default_rng(s), picture, damage=1.0) for s in range(12)]
    assert {one.shape for one in spoilt} == {(90, 160, 3)}
    assert np.std([one.mean() for one in spoilt]) > 10


def test_backdrops_stay_within_the_picture() -> None:
    picture = np.full((90, 160, 3), 200, np.uint8)
    for number, draw in enumerate((backdrops.hedge, backdrops.wall, backdrops.fence)):
        seen = picture.copy()
        draw(np.random.default_rng(number), seen, (-30, 40, 90, 200))
        assert (seen[:40] == 200).all() and (seen[:, 60:] == 200).all()
        assert (seen[40:, :60] != 200).any()
        draw(np.random.default_rng(number), seen, (400, 400, 20, 20))
