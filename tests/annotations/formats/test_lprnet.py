"""The folders of TAO LPRNet."""

from __future__ import annotations

from pathlib import Path

import pytest

from annotations import errors, formats
from annotations.formats import lprnet
from annotations.formats.archives import open_source
from annotations.formats.exports import ExportCrop

from .conftest import jpeg
from .test_labelerjs import texts


def test_written_layout_is_read_again(tmp_path: Path):
    crops = [
        ExportCrop("a.JPG", jpeg(9, 9), "ABC123"),
        ExportCrop("v/a.jpg", jpeg(9, 8), "ABC124", "val"),
        ExportCrop("a.png", jpeg(9, 7), "XYZ"),
    ]
    assert lprnet.write(tmp_path / "out", crops) == {"crops": 3, "characters": 10}
    found = texts(tmp_path / "out")
    assert [(p.member, p.text) for p in found.pairs] == [
        ("image/train/a.jpg", "ABC123"),
        ("image/train/a_2.png", "XYZ"),
        ("image/val/v_a.jpg", "ABC124"),
    ]
    assert "".join(found.alphabet) == "1234ABCXYZ" and found.format == "lprnet"
    assert (tmp_path / "out/label/train/a.txt").read_text() == "ABC123\n"


@pytest.mark.parametrize("text", ["", "AB-1", "A B"])
def test_text_outside_the_alphabet_is_refused(tmp_path: Path, text: str):
    with pytest.raises(errors.ExportTextImpossible, match=r"a\.jpg"):
        lprnet.write(tmp_path / "out", [ExportCrop("a.jpg", b"", text)], alphabet="AB1")
    assert list(tmp_path.iterdir()) == []


def test_texts_without_picture_and_empty_ones_are_reported(foldered):
    root = foldered(
        {"images/a.jpg": jpeg(9, 9), "labels/a.txt": "\n", "labels/b.txt": "AB1\n",
         "images/c.jpg": jpeg(9, 9), "characters.txt": "A\n\nB\nA\n"}
    )  # fmt: skip
    found = texts(root)
    assert found.counts == {"seen": 2, "imported": 0, "bad_line": 1, "picture_missing": 1}
    assert found.alphabet == ("A", "B")
    assert found.untranscribed == ("images/a.jpg", "images/c.jpg")


def test_texts_of_plates_are_not_taken_for_boxes(foldered):
    root = foldered({"image/a.jpg": jpeg(9, 9), "label/a.txt": "1234567\n"})
    with open_source(root) as source:
        assert formats.read(source).format == "pictures"
