"""Which picture a key means."""

from __future__ import annotations

import unicodedata

from annotations.formats.matching import Match, match_all, stem


def match(key: str, *pictures: str) -> Match:
    return match_all({key: [key]}, pictures)[key]


def test_exact_path_comes_first():
    assert match("a/x.jpg", "a/X.jpg", "a/x.jpg", "x.jpg") == Match("a/x.jpg")


def test_case_and_accents_form_do_not_matter():
    assert match("A/X.JPG", "a/x.jpg") == Match("a/x.jpg")
    composed = "cámara ñ.jpg"
    assert match(composed, unicodedata.normalize("NFD", composed)).member


def test_file_name_is_enough_when_only_one_has_it():
    assert match("old/x.jpg", "new/x.jpg", "y.jpg") == Match("new/x.jpg")
    assert match("old/x.jpg", "a/x.jpg", "b/x.jpg").several == ("a/x.jpg", "b/x.jpg")


def test_picture_named_exactly_is_not_given_to_another_key():
    found = match_all({"a/x.jpg": ["a/x.jpg"], "b/x.jpg": ["b/x.jpg"]}, ["a/x.jpg"])
    assert found == {"a/x.jpg": Match("a/x.jpg"), "b/x.jpg": Match()}


def test_two_keys_that_want_the_same_file_name_get_none():
    found = match_all({"a/x.jpg": ["a/x.jpg"], "b/x.jpg": ["b/x.jpg"]}, ["x.jpg"])
    assert all(one.member is None and one.several for one in found.values())


def test_two_pictures_that_differ_in_case_only_are_ambiguous():
    assert match("X.jpg", "x.jpg", "x.JPG").several


def test_key_without_a_usable_path_finds_nothing():
    assert match_all({"../x": []}, ["x"]) == {"../x": Match()}


def test_stem_cuts_one_picture_ending_only():
    assert stem("a.b/c.0001.JPG") == "a.b/c.0001"
    assert stem("a/c.0001") == "a/c.0001"


def test_many_pictures_are_matched_quickly():
    names = [f"d{n % 100}/f{n}.jpg" for n in range(50_000)]
    found = match_all({f"x/f{n}.JPG": [f"x/f{n}.JPG"] for n in range(50_000)}, names)
    assert all(one.member for one in found.values())
