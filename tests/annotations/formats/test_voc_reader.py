"""Pascal VOC, and the XML of strangers."""

from __future__ import annotations

import pytest

from annotations import errors, formats
from annotations.formats import voc
from annotations.formats.archives import open_source
from annotations.formats.exports import ExportBox, ExportPicture

from .conftest import adds_up, jpeg, read


def xml(*objects: str, size: str = "375,211", filename: str = "a.jpg") -> str:
    width, height = size.split(",")
    return (
        f"<annotation><folder>x</folder><filename>{filename}</filename><size><width>{width}</width>"
        f"<height>{height}</height><depth>3</depth></size>{''.join(objects)}</annotation>"
    )


def thing(x1: object, y1: object, x2: object, y2: object, name: str = "car") -> str:
    edges = f"<xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax>"
    return f"<object><name>{name}</name><bndbox>{edges}</bndbox></object>"


def test_edges_are_taken_as_written_without_subtracting_one(zipped):
    plan = read(zipped({"a.xml": xml(thing(0, 1, 375, 210.5)), "a.jpg": jpeg()})).resolve()
    assert adds_up(plan)["imported"] == 1
    assert plan.pictures[0].boxes[0].xyxy == (0, 1, 375, 210.5)


@pytest.mark.parametrize("filename", ["a", "other.jpg", "", "/home/me/zzz.png"])
def test_the_files_own_name_decides_not_the_one_inside(zipped, filename):
    files = {
        "Annotations/a.xml": xml(thing(1, 1, 5, 5), filename=filename),
        "JPEGImages/a.jpg": jpeg(),
        "JPEGImages/other.jpg": jpeg(),
    }
    plan = read(zipped(files)).resolve()
    assert [(p.name, len(p.boxes)) for p in plan.pictures] == [("JPEGImages/a.jpg", 1)]


def test_the_name_inside_helps_where_the_files_own_finds_nothing(zipped):
    files = {"0001.xml": xml(thing(1, 1, 5, 5), filename="a.jpg"), "a.jpg": jpeg()}
    assert adds_up(read(zipped(files)).resolve())["imported"] == 1


@pytest.mark.parametrize(
    ("item", "outcome"),
    [
        (thing("NaN", "NaN", "NaN", "NaN", "Negative"), "tag_only"),
        ("<object><name>car</name></object>", "tag_only"),
        ("<object><name>car</name><polygon><x1>1</x1></polygon></object>", "bad_line"),
        ("<object><bndbox/></object>", "bad_line"),
        (thing(1, 2, "x", 4), "not_a_number"),
        (thing(1, 2, "inf", 4), "not_a_number"),
        (thing(5, 2, 5, 4), "zero_area"),
        (thing(-1, 65, 380, 190), "clamped"),
    ],
)
def test_odd_object_has_one_outcome(zipped, item, outcome):
    counts = adds_up(
        read(zipped({"a.xml": xml(item, thing(1, 1, 5, 5)), "a.jpg": jpeg()})).resolve()
    )
    assert (counts["seen"], counts[outcome]) == (2, 1)


def test_no_objects_is_a_negative_and_a_size_of_0_is_no_size(zipped):
    files = {
        "a.xml": xml(size="0,0"),
        "a.jpg": jpeg(),
        "b.xml": xml(thing(1, 1, 9, 9), size="0,0", filename="b.jpg"),
        "b.jpg": jpeg(),
    }
    plan = read(zipped(files)).resolve()
    assert [p.negative for p in plan.pictures] == [True, False] or [
        p.negative for p in plan.pictures
    ] == [False, True]


LAUGHS = (
    '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    "<annotation><filename>&b;</filename></annotation>"
)
REACHES = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation>&x;</annotation>'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (LAUGHS, "document type"),
        (REACHES, "document type"),
        ("<annotation><object>", "not valid XML"),
        ("<annotation>" + "<a>" * 200 + "</a>" * 200 + "</annotation>", "too deeply"),
        ("\xff\xfe", "not valid XML"),
    ],
)
def test_hostile_xml_is_one_line_of_the_report(zipped, content, words):
    files = {"a.xml": content, "b.xml": xml(thing(1, 1, 9, 9)), "b.jpg": jpeg()}
    plan = read(zipped(files)).resolve()
    assert adds_up(plan) == {"seen": 2, "imported": 1, "clamped": 0, "file_unreadable": 1}
    assert words in plan.report[0].sentence


def test_what_we_write_is_read_again_within_half_a_pixel(tmp_path):
    box = ExportBox("licence plate & <x>", 10.25, 20.5, 110.75, 70.125)
    pictures = [
        ExportPicture("v_000001.jpg", jpeg(), 375, 211, (box,)),
        ExportPicture("v_000002.jpg", jpeg(), 375, 211, (), "val", negative=True),
    ]
    voc.write(tmp_path / "voc", pictures)
    plan = read(tmp_path / "voc").resolve()
    found = plan.pictures[0].boxes[0]
    assert found.label == box.label
    assert found.xyxy == pytest.approx((10.25, 20.5, 110.75, 70.125), abs=0.5)
    assert [p.negative for p in plan.pictures] == [False, True]


def test_files_with_a_document_type_alone_are_refused_by_its_name(zipped):
    endless = '<!DOCTYPE a [<!ENTITY b "c">]><annotation>&b;</annotation>'
    path = zipped({"0.xml": endless, "0.jpg": jpeg()})
    for look in (formats.read, formats.look):
        with open_source(path) as source, pytest.raises(errors.XmlUnsafe, match="DOCTYPE"):
            look(source)


def test_archives_beside_a_file_that_was_named_are_not_its_fault(foldered):
    root = foldered({"empty.json": "[]", "other.zip": b"PK\x03\x04"})
    with open_source(root / "empty.json") as source, pytest.raises(errors.NothingToImport):
        formats.look(source)
