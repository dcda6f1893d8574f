"""Plate formats: a small language without surprises."""

from __future__ import annotations

import pytest

from annotations.errors import BadPattern
from annotations.plate_formats import SHIPPED, Shipped, canonical, display, fits, parse


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda shipped: shipped.name)
def test_examples_fit_their_format(shipped: Shipped) -> None:
    for example in shipped.examples:
        assert fits(example, shipped.pattern)
        assert [c for c in display(example, shipped.display) if c.isalnum()] == list(example)


@pytest.mark.parametrize(
    ("text", "pattern", "fit"),
    [
        ("ABC1234", "AAA9999", True),
        ("ABC123", "AAA9999", False),
        ("ABC12345", "AAA9999", False),
        ("AB11234", "AAA9999", False),
        ("AB?1?34", "AAA9999", True),
        ("XB1", "[XY]B9", True),
        ("ZB1", "[XY]B9", False),
        ("?B1", "[XY]B9", True),
        ("", "A", False),
        ("abc1234", "AAA9999", False),
    ],
)
def test_fit_is_place_by_place(text: str, pattern: str, fit: bool) -> None:
    assert fits(text, pattern) is fit


@pytest.mark.parametrize(
    "pattern", ["", "[", "[]", "A[", "AA]9", "A-9", "A.*", "(A)", "A" * 17, "[A-Z]9", "A 9"]
)
def test_what_is_no_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern):
        parse(pattern)


def test_pattern_becomes_sets_of_characters() -> None:
    letters, two, literal, digit = parse("A[x1]B9")
    assert (len(letters), len(digit)) == (26, 10)
    assert (set(two), set(literal)) == ({"X", "1"}, {"B"})


def test_long_hostile_text_is_checked_at_once() -> None:
    assert not fits("A" * 100_000, "A" * 16)


@pytest.mark.parametrize(
    ("text", "form", "shown"),
    [
        ("ABC1234", "AAA-9999", "ABC-1234"),
        ("ABC12", "AAA-9999", "ABC-12"),
        ("ABC12345", "AAA-9999", "ABC-12345"),
        ("AB123CD", "AA 999 AA", "AB 123 CD"),
        ("ABC", "", "ABC"),
    ],
)
def test_separators_are_shown_not_stored(text: str, form: str, shown: str) -> None:
    assert display(text, form) == shown


def test_older_plates_of_ecuador_are_the_same_vehicle() -> None:
    assert canonical("ABC123") == canonical("ABC0123") == "ABC0123"
    assert canonical("ABC123", countries=("CO",)) == "ABC123"
    assert canonical("AB123C") == "AB123C"


def test_shipped_formats_have_their_names_in_spanish(api, project):
    def names(language: str) -> list[str]:
        rows = api.get("/api/v1/plate-formats/", HTTP_ACCEPT_LANGUAGE=language).json()["results"]
        return [row["name"] for row in rows]

    assert "Ecuador, older" in names("en") and "Ecuador, antigua" in names("es")
    assert [row for row in names("es") if "older" in row or "motorcycle" in row] == []
