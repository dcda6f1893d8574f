"""Drawn plates: what is written on them, and that a seed fixes them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from training.errors import UnknownPlateFormat
from training.synthetic import glyphs, plates


@pytest.mark.parametrize("name", plates.format_names())
def test_text_fits_the_format_and_has_no_separators(name: str) -> None:
    for seed in range(8):
        plate = plates.render(np.random.default_rng(seed), formats=(name,))
        assert plates.matches(plate.text, name)
        assert plate.text.isalnum() and plate.text.isupper()


def test_same_seed_gives_the_same_plate_and_another_seed_another() -> None:
    first, again, other = (plates.render(np.random.default_rng(seed)) for seed in (4, 4, 5))
    assert first.text == again.text and np.array_equal(first.picture, again.picture)
    assert first.text != other.text


def test_an_ecuadorian_plate_starts_with_a_province() -> None:
    firsts = {plates.draw(np.random.default_rng(seed)).text[0] for seed in range(200)}
    assert not firsts & set("DF")  # no province has them
    assert len(firsts) > 18


def test_asked_size_is_kept_and_free_size_is_a_road_cameras() -> None:
    asked = plates.render(np.random.default_rng(1), size=(96, 48))
    assert asked.picture.shape == (48, 96, 3) and asked.picture.dtype == np.uint8
    widths = {plates.render(np.random.default_rng(seed)).picture.shape[1] for seed in range(10)}
    assert len(widths) > 5 and min(widths) >= 80 and max(widths) < 240


def test_given_text_is_drawn_under_the_pattern_it_fits() -> None:
    plate = plates.draw(np.random.default_rng(1), formats=("ecuador", "chile"), text="BBBB12")
    assert plate.text == "BBBB12"
    with pytest.raises(UnknownPlateFormat):
        plates.draw(np.random.default_rng(1), text="TOOLONG99")


def test_a_clean_plate_differs_from_a_damaged_one_only_by_the_camera() -> None:
    clean = plates.render(np.random.default_rng(3), damage=0.0)
    worn = plates.render(np.random.default_rng(3), damage=1.0)
    assert clean.text == worn.text
    assert cv2.Laplacian(clean.picture, cv2.CV_64F).var() > 300  # crisp characters


def test_unknown_format_is_refused_by_name() -> None:
    with pytest.raises(UnknownPlateFormat, match="mars"):
        plates.render(np.random.default_rng(1), formats=("ecuador", "mars"))


@pytest.mark.parametrize("look", glyphs.LOOKS)
def test_every_look_draws_thirty_six_different_characters(look: str) -> None:
    shapes = set()
    for character in plates.LETTERS + plates.DIGITS:
        mask = glyphs.glyph(look, character)
        assert mask.shape[0] == glyphs.GLYPH_HEIGHT and mask.max() == 255
        shapes.add(mask.tobytes())
    twins = {"O0", "I1"}  # the stamped looks draw these two pairs alike or nearly so
    assert len(shapes) >= 36 - len(twins)
