"""The first guess of what classes are."""

from __future__ import annotations

import pytest

from annotations.formats import guessing

from .conftest import jpeg, read


@pytest.mark.parametrize(
    ("label", "guess"),
    [
        ("placa", "plate"),
        ("License_Plate", "plate"),
        ("LP", "plate"),
        ("license plate", "plate"),
        ("coche", "car"),
        ("car", "car"),
        ("cart", "cart"),
        ("Negative", None),
        ("traffic light", "traffic light"),
    ],
)
def test_names_are_read_as_words(label, guess):
    assert guessing.by_name(label) == guess


def measured(**boxes):
    return guessing.by_geometry(guessing.measured({"a": boxes["a"]}, {"a": 16 / 9}))


CAR, PLATE = (0.2, 0.2, 0.6, 0.8), (0.35, 0.6, 0.43, 0.64)


def test_small_boxes_inside_large_ones_are_plates():
    assert measured(a=[("7", CAR), ("3", PLATE)]) == {"7": "car", "3": "plate"}


def test_small_boxes_beside_large_ones_are_no_plates():
    far = (0.9, 0.1, 0.95, 0.15)
    found = measured(a=[("0", CAR), ("1", PLATE), ("2", far)])
    assert found == {"0": "car", "1": "plate", "2": "car"}


def test_cars_that_carry_plates_and_stand_before_a_lorry_are_no_plates():
    lorry = (0.0, 0.0, 1.0, 1.0)
    assert measured(a=[("0", lorry), ("1", CAR), ("2", PLATE)])["1"] == "car"


def test_a_class_alone_is_judged_by_its_size_and_shape():
    assert measured(a=[("0", PLATE)]) == {"0": "plate"}
    assert measured(a=[("0", CAR)]) == {"0": "car"}


def test_classes_below_0_and_tags_have_no_guess(zipped):
    files = {"a.jpg": jpeg(), "a.txt": "0 .5 .5 .4 .4\n-1 .5 .5 .1 .1\n2 NaN NaN NaN NaN"}
    assert read(zipped(files)).suggest() == {"0": "car", "2": None, "-1": None}
