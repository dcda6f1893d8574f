"""Drawn plates: what is written on them, and that a seed fixes them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from annotations import plate_formats
from training.errors import UnknownPlateFormat
from training.synthetic import dressing, formats, glyphs, plates


@pytest.mark.parametrize("name", plates.format_names())
def test_text_fits_the_format_and_has_no_separators(name: str) -> None:
    for seed in range(8):
        plate = plates.render(np.random.default_rng(seed), formats=(name,))
        assert plates.matches(plate.text, name)
        assert plate.text.isalnum() and plate.text == plate.text.upper()


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
    assert len(widths) > 5 and min(widths) >= 64 and max(widths) <= 240


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


@pytest.mark.parametrize("kind", [k for kinds in formats.FORMATS.values() for k in kinds],
                         ids=lambda kind: kind.pattern)  # fmt: skip
def test_every_sort_of_plate_is_drawn_with_contrast_where_its_text_stands(
    kind: formats.Kind,
) -> None:
    name = next(name for name, kinds in formats.FORMATS.items() if kind in kinds)
    for seed in range(3):
        rng = np.random.default_rng(seed)
        text = formats.text_of(formats.fill(rng, kind.pattern))
        flat = plates.draw(rng, formats=(name,), text=text, height=64)
        assert flat.text == text and flat.picture.shape[0] == 64
        middle = cv2.cvtColor(flat.picture, cv2.COLOR_BGR2GRAY)[24:48]
        assert middle.std() > 8, "a plate without ink"


@pytest.mark.parametrize(
    ("country", "name"),
    [("EC", "ecuador"), ("CL", "chile"), ("BR", "brazil"), ("CO", "colombia"), ("PE", "peru"),
     ("AR", "argentina")],
)  # fmt: skip
def test_a_country_draws_what_its_plate_formats_say(country: str, name: str) -> None:
    shipped = [form for form in plate_formats.SHIPPED if form.country == country]
    names = (name, "ecuador-motorcycle") if country == "EC" else (name,)
    drawn = [plates.draw(np.random.default_rng(s), formats=names, height=24).text
             for s in range(120)]  # fmt: skip
    for text in drawn:
        assert any(plate_formats.fits(text, form.pattern) for form in shipped), text
    for form in shipped:
        assert any(plate_formats.fits(text, form.pattern) for text in drawn), form.name


def test_characters_are_equally_frequent_so_that_a_network_reads_and_does_not_guess() -> None:
    rng = np.random.default_rng(0)
    firsts = [formats.fill(rng, "A9")[0] for _ in range(26 * 60)]
    counts = {letter: firsts.count(letter) for letter in formats.LETTERS}
    assert counts["Q"] < counts["O"] / 2 and counts["I"] < counts["O"]  # as plates have them
    others = [counts[letter] for letter in formats.LETTERS if letter not in "QI"]
    assert min(others) > 30 and max(others) < 130


def test_what_is_not_text_is_drawn_but_not_told() -> None:
    assert formats.text_of("#A·1B*2^") == "A1B2"
    blank = np.full((60, 120, 3), 200, np.uint8)
    kind = formats.FORMATS["europe"][0]
    for seed in range(6):
        seen = blank.copy()
        dressing.badge(np.random.default_rng(seed), seen, kind, 50.0, 20.0)
        outside = np.delete(seen, np.s_[40:82], axis=1)
        assert (outside == 200).all(), "a badge stays between its neighbours"


@pytest.mark.parametrize("damage", [0.0, 0.5, 1.0, 1.6])
def test_a_photographed_plate_is_never_blank(damage: float) -> None:
    flat = []
    for seed in range(60):
        plate = plates.render(
            np.random.default_rng(seed), formats=plates.format_names(), size=(96, 48), damage=damage
        )
        assert plate.picture.shape == (48, 96, 3)
        flat.append(float(plate.picture.std()))
    assert np.median(flat) > 20 and min(flat) > 1


@pytest.mark.parametrize("look", glyphs.LOOKS)
def test_every_look_draws_thirty_six_different_characters(look: str) -> None:
    shapes = set()
    for character in formats.LETTERS + formats.DIGITS:
        mask = glyphs.glyph(look, character)
        assert mask.shape[0] == glyphs.GLYPH_HEIGHT and mask.max() == 255
        shapes.add(mask.tobytes())
    twins = {"O0", "I1"}  # the stamped looks draw these two pairs alike or nearly so
    assert len(shapes) >= 36 - len(twins)
