"""labelerJS's annotations.txt."""

from __future__ import annotations

import pytest

from annotations import errors, formats
from annotations.formats.archives import open_source

from .conftest import jpeg


def texts(path) -> formats.Transcribed:
    with open_source(path) as source:
        return formats.read_transcriptions(source)


@pytest.mark.parametrize("folder", ["", "crops/"])
@pytest.mark.parametrize("named", [False, True])
def test_texts_find_their_crops(foldered, folder, named):
    root = foldered(
        {
            "annotations.txt": "0.jpg ABC123\n1.jpg abc 12 \n",
            **{f"{folder}{n}.jpg": jpeg(9, 9) for n in range(3)},
        }
    )
    found = texts(root / "annotations.txt" if named else root)
    assert [(p.member, p.text) for p in found.pairs] == [
        (f"{folder}0.jpg", "ABC123"),
        (f"{folder}1.jpg", "abc 12"),
    ]
    assert found.untranscribed == (f"{folder}2.jpg",)
    assert found.counts == {"seen": 2, "imported": 2}


def test_zip_with_a_folder_around_it(zipped):
    found = texts(zipped({"x/annotations.txt": "0.jpg A", "x/crops/0.jpg": jpeg(9, 9)}))
    assert [(p.member, p.text) for p in found.pairs] == [("x/crops/0.jpg", "A")]


def test_line_is_split_at_the_last_space_after_a_known_picture(foldered):
    root = foldered(
        {
            "annotations.txt": "a b.jpg PX 12\na PX\na b.jpg c.jpg Z\n",
            "crops/a b.jpg": jpeg(9, 9),
            "crops/a": "no picture",
            "crops/a b.jpg c.jpg": jpeg(9, 9),
        }
    )
    found = texts(root)
    assert [(p.member, p.text) for p in found.pairs] == [
        ("crops/a b.jpg", "PX 12"),
        ("crops/a b.jpg c.jpg", "Z"),
    ]
    assert found.counts["picture_missing"] == 1


def test_every_line_that_is_left_out_has_its_reason(foldered):
    lines = "0.jpg A\n\n0.jpg B\ngone.jpg C\n1.jpg\n1.jpg \njunk\n2.jpg D\n"
    root = foldered(
        {"annotations.txt": lines, "0.jpg": jpeg(9, 9), "1.jpg": jpeg(9, 9),
         "x/2.jpg": jpeg(9, 9), "y/2.jpg": jpeg(9, 9)}
    )  # fmt: skip
    found = texts(root)
    assert found.counts == {
        "seen": 7, "imported": 1, "duplicate": 1, "picture_missing": 1, "bad_line": 3,
        "ambiguous": 1,
    }  # fmt: skip
    assert [p.line for p in found.problems] == [3, 4, 5, 6, 7, 8]
    assert all(f"“annotations.txt”, line {p.line}:" in p.sentence for p in found.problems)


def test_source_without_texts_says_so(zipped):
    with pytest.raises(errors.NoTranscriptions, match=r"import\.zip"):
        texts(zipped({"a.jpg": jpeg(9, 9)}))
