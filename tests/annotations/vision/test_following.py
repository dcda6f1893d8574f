"""Plates followed by their pixels from one frame with boxes to the next."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from annotations.vision import following
from annotations.vision.boxes import Xyxy
from annotations.vision.following import Follower

WIDTH, HEIGHT = 480, 270
PLATE = (40, 16)
FPS = 10.0


def spots(seed: int, width: int, height: int) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(40, 215, (height // 8, width // 8), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)


class Street:
    """A still background over which cars drive, each with a pattern of its own."""

    def __init__(self, cars: int) -> None:
        self._ground = spots(99, WIDTH, HEIGHT)
        self._cars = [spots(n, 3 * PLATE[0], 3 * PLATE[1]) for n in range(cars)]

    def picture(self, *places: tuple[int, int] | None) -> np.ndarray:
        """Each car's plate at its place; None: it is not there."""
        picture = self._ground.copy()
        for car, place in zip(self._cars, places, strict=True):
            if place:
                left, top = place[0] - PLATE[0], place[1] - PLATE[1]
                picture[top : top + car.shape[0], left : left + car.shape[1]] = car
        return picture


def box(x: int, y: int) -> Xyxy:
    return float(x), float(y), float(x + PLATE[0]), float(y + PLATE[1])


def test_a_plate_meets_its_next_box_a_length_further_on() -> None:
    street, follower = Street(1), Follower()
    places = [(60 + 20 * k, 120) for k in range(11)]
    found = []
    for k, place in enumerate(places):
        boxes = {k: box(*place)} if k % 10 == 0 else None
        found += follower.look(street.picture(place), k / FPS, boxes)
    assert found == [(0, 10)]


def test_two_cars_that_change_places_keep_their_own() -> None:
    """Where one was the other is: no rule of nearness would tell them apart."""
    street, follower = Street(2), Follower()
    found = []
    for k in range(11):
        one, other = (60 + 20 * k, 60), (260 - 20 * k, 180)
        boxes = {10 * k + 1: box(*one), 10 * k + 2: box(*other)} if k % 10 == 0 else None
        found += follower.look(street.picture(one, other), k / FPS, boxes)
    assert sorted(found) == [(1, 101), (2, 102)]


def test_another_car_at_the_same_place_is_not_the_same() -> None:
    street, follower = Street(2), Follower()
    follower.look(street.picture((200, 120), None), 0.0, {1: box(200, 120)})
    assert follower.look(street.picture(None, (200, 120)), 0.1, {2: box(200, 120)}) == []


def test_a_plate_without_a_box_is_followed_for_a_while_only() -> None:
    street, follower = Street(1), Follower()
    picture = street.picture((200, 120))
    follower.look(picture, 0.0, {1: box(200, 120)})
    follower.look(picture, following.MAX_GAP - 0.1)
    assert not follower.idle
    assert follower.look(picture, following.MAX_GAP + 0.1, {2: box(200, 120)}) == []


def test_after_a_cut_nothing_is_followed() -> None:
    street, follower = Street(1), Follower()
    follower.look(street.picture((200, 120)), 0.0, {1: box(200, 120)})
    follower.forget()
    assert follower.look(street.picture((200, 120)), 0.1, {2: box(200, 120)}) == []


def test_a_plate_of_one_grey_is_found_nowhere() -> None:
    """What has no pattern is alike everywhere: it was found in the corner of where it might be."""
    flat, follower = np.full((HEIGHT, WIDTH), 20, np.uint8), Follower()
    follower.look(flat, 0.0, {1: box(200, 120)})
    assert follower.look(flat, 0.1, {2: box(80, 6)}) == []


@pytest.mark.parametrize(("widths", "times"), [([], 1), ([20.0], 1), ([64.0], 2), ([900.0], 4)])
def test_large_plates_are_followed_in_smaller_frames(widths: list[float], times: int) -> None:
    assert following.reduction(widths) == times
