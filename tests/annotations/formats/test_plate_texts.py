"""Texts in tables and in names of files."""

from __future__ import annotations

import pytest

from annotations import errors, formats
from annotations.formats.archives import open_source
from annotations.formats.plate_texts import text_of

from .conftest import jpeg, read
from .test_labelerjs import texts


@pytest.mark.parametrize(
    "table",
    [
        "image_path,plate_text\nimages/0.jpg,PBX 123\n./images/1.jpg,ABC-12\n",
        "\ufeffimage_path;plate_text;region\r\nimages\\0.jpg;PBX 123;EC\r\n"
        "images/1.jpg;ABC-12;\r\n",
        'file,text\n"images/0.jpg","PBX 123"\nimages/1.jpg,ABC-12\n',
    ],
)
def test_table_of_texts_is_relative_to_itself(foldered, table):
    root = foldered(
        {"train/annotations.csv": table, **{f"train/images/{n}.jpg": jpeg(96, 32) for n in "012"}}
    )
    for path in (root, root / "train" / "annotations.csv"):
        found = texts(path)
        assert [pair.text for pair in found.pairs] == ["PBX 123", "ABC-12"]
        assert found.counts == {"seen": 2, "imported": 2}


def test_every_line_of_a_table_that_is_left_out_has_its_reason(foldered):
    lines = (
        "image_path,plate_text\na.jpg,AB1\na.jpg,AB2\nb.jpg,\ngone.jpg,AB3\n../x.jpg,AB4\n,AB5\n"
    )
    found = texts(foldered({"t.csv": lines, "a.jpg": jpeg(9, 9), "b.jpg": jpeg(9, 9)}))
    assert found.counts == {
        "seen": 6, "imported": 1, "duplicate": 1, "bad_line": 2, "picture_missing": 2,
    }  # fmt: skip
    for problem in found.problems:
        assert f"line {problem.line}" in problem.sentence


def test_torn_table_says_from_which_line_on(foldered):
    root = foldered({"t.csv": 'image_path,plate_text\na.jpg,"AB1\n', "a.jpg": jpeg(9, 9)})
    with pytest.raises(errors.ManifestBroken):
        texts(root)


def test_table_of_boxes_is_no_table_of_texts(foldered):
    root = foldered({"t.csv": "file,x,y,w,h,text\na.jpg,1,1,5,5,AB1\n", "a.jpg": jpeg()})
    with open_source(root) as source:
        assert isinstance(formats.look(source), formats.Annotations)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("AB1234_2.jpg", "AB1234"),
        ("x/AB1234-2-9.png", "AB1234"),
        ("皖A12345.jpg", "皖A12345"),
        ("frame_000001.jpg", ""),
        ("000001.jpg", ""),
        ("IMG_1234.jpg", ""),
        ("ab1234.jpg", ""),
        ("3F2A7C1E-0B4D-4A6E-9C11-5D7E2F9A0B00.jpg", ""),
        ("AB12345678901.jpg", ""),
    ],
)
def test_text_is_the_name_up_to_the_first_hyphen_or_underscore(name, text):
    assert text_of(name) == text


def test_pictures_named_by_their_texts_are_crops_with_texts(foldered):
    names = ("AB1234.jpg", "AB1234_2.jpg", "GHJK34-1.jpg")
    root = foldered({name: jpeg(94, 24) for name in names})
    with open_source(root) as source:
        said = formats.look(source)
    assert isinstance(said, formats.Transcribed)
    assert [pair.text for pair in said.pairs] == ["AB1234", "AB1234", "GHJK34"]


def test_large_pictures_named_like_plates_stay_pictures(foldered):
    root = foldered({f"DSC0{n}234.jpg": jpeg(800, 600) for n in range(3)})
    with open_source(root) as source:
        assert isinstance(formats.look(source), formats.Annotations)
    assert read(root).format == formats.PICTURES_ONLY


def test_own_export_of_texts_in_names_comes_back(foldered):
    ours = {"dataset.json": "{}", "sources.jsonl": "", "SHA256SUMS": ""}
    crops = {f"train/{name}.jpg": jpeg(94, 24) for name in ("AB1234_1", "GHJK34_2")}
    with open_source(foldered({**ours, **crops})) as source:
        assert formats.look(source).format == "lprnet-names"
    (foldered({}) / "sources.jsonl").unlink()
    with open_source(foldered({})) as source, pytest.raises(errors.NothingToImport):
        formats.look(source)
