"""Our own table of boxes and texts."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotations import errors
from annotations.formats import manifest
from annotations.formats.archives import open_source
from annotations.formats.manifest import Row

from .conftest import adds_up, jpeg, png_header, read

HEAD = "file,x,y,w,h,text\n"


def table(lines: str, *, head: str = HEAD) -> dict[str, bytes | str]:
    return {"m.csv": head + lines, "p/a.jpg": jpeg(100, 50), "p/b.jpg": jpeg(100, 50)}


def test_several_lines_of_a_file_are_one_picture(foldered):
    root = foldered(
        table("p/a.jpg,10,10,20,5,ABC123\np/a.jpg,50,10,20,5,\np/b.jpg,0,0,100,50,X1\n")
    )
    for path in (root / "m.csv", root):
        plan = read(path).resolve()
        assert adds_up(plan) == {"seen": 3, "imported": 3, "clamped": 0}
        first, second = plan.pictures
        assert [(b.xyxy, b.text, b.label) for b in first.boxes] == [
            ((10, 10, 30, 15), "ABC123", "plate"),
            ((50, 10, 70, 15), "", "plate"),
        ]
        assert second.boxes[0].xyxy == (0, 0, 100, 50)


def test_zip_with_a_table_inside(zipped):
    assert adds_up(read(zipped(table("p/a.jpg,10,10,20,5,A\n"))).resolve())["imported"] == 1


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ("p/a.jpg,NaN,10,20,5,A", "not_a_number"),
        ("p/a.jpg,1,10,inf,5,A", "not_a_number"),
        ("p/a.jpg,1,10,,5,A", "not_a_number"),
        ("p/a.jpg,1,10,-20,5,A", "zero_area"),
        ("p/a.jpg,1,10,20,0,A", "zero_area"),
        ("p/a.jpg,200,10,20,5,A", "zero_area"),
        ("p/gone.jpg,1,1,2,2,A", "picture_missing"),
        ("../secret.jpg,1,1,2,2,A", "picture_missing"),
        ("/etc/passwd,1,1,2,2,A", "picture_missing"),
        ("C:\\a.jpg,1,1,2,2,A", "picture_missing"),
        ("huge.png,1,1,2,2,A", "picture_unreadable"),
        ("text.jpg,1,1,2,2,A", "picture_unreadable"),
        ("p/a.jpg,1,1", "bad_line"),
        (",1,1,2,2,A", "bad_line"),
        ("p/a.jpg,1,1,2,2,A,7", "bad_line"),
        ("p/a.jpg,1,1,2,2," + "A" * 201, "bad_line"),
        ("p/a.jpg,,,,,", "tag_only"),
        ("p/b.jpg,1,1,2,2,B", "duplicate"),
        ("p\\a.jpg,1,1,2,2,A", "imported"),
        ("p/a.jpg,1,1,2,2", "imported"),
        ("p/a.jpg,-5,1,20,2,A", "clamped"),
    ],
)
def test_odd_line_has_one_outcome(foldered, tmp_path: Path, line, outcome):
    (tmp_path / "secret.jpg").write_bytes(jpeg())
    files = {
        **table(f"p/b.jpg,1,1,2,2,B\n{line}\n"),
        "huge.png": png_header(30_000, 30_000),
        "text.jpg": "no picture",
    }
    plan = read(foldered(files) / "m.csv").resolve()
    counts = adds_up(plan)
    assert counts["seen"] == 2
    if outcome == "clamped":
        assert (counts["imported"], counts["clamped"]) == (2, 1)
    else:
        assert counts[outcome] == (2 if outcome == "imported" else 1)
    if outcome != "imported":
        assert plan.report[0].line == 3 and "“m.csv”, line 3" in plan.report[0].sentence


def test_text_of_several_lines_stays_one_cell(foldered):
    plan = read(foldered(table('p/a.jpg,1,1,2,2,"A\u2028\n\x85B"\n')) / "m.csv").resolve()
    assert plan.pictures[0].boxes[0].text == "A\u2028\n\x85B"


def test_line_without_a_box_is_a_negative(foldered):
    plan = read(foldered(table("p/a.jpg,,,,,\n")) / "m.csv").resolve({"plate": "plate"})
    assert [p.negative for p in plan.pictures] == [True]


def test_text_and_label_columns_are_optional(foldered):
    files = table("p/a.jpg,car,1,1,2,2\np/a.jpg,,5,5,2,2\n", head="\ufefffile,Label, x,y,w,h\n")
    said = read(foldered(files) / "m.csv")
    assert said.labels == ("car", "plate")
    assert adds_up(said.resolve({"car": None}))["ignored"] == 1


def test_spreadsheet_table_with_semicolons_and_decimal_commas(foldered):
    files = table("p/a.jpg;1,5;1;2;2;ñ\n".encode("cp1252").decode("latin-1"))
    files["m.csv"] = HEAD.replace(",", ";").encode() + "p/a.jpg;1,5;1;2;2;Ñ1\r\n".encode("cp1252")
    box = read(foldered(files) / "m.csv").resolve().pictures[0].boxes[0]
    assert (box.x1, box.text) == (1.5, "Ñ1")


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        ("file,x,y,w\na.jpg,1,1,1\n", errors.ManifestColumns),
        ("x" * 300_000, errors.ManifestBroken),
        (HEAD + 'a.jpg,1,1,1,1,"open\n', errors.ManifestBroken),
    ],
)
def test_broken_table_gets_one_sentence(foldered, content, kind):
    with pytest.raises(kind, match=r"m\.csv"):
        read(foldered({"m.csv": content}) / "m.csv")


def test_rows_keep_their_order_and_extra_columns(foldered):
    head = "file,source,country,x,y,w,h,text\n"
    path = foldered(table("b.jpg,s1,EC,1,2,3,4,T\na.jpg,s2,CL,1,2,3,4,\n", head=head)) / "m.csv"
    with open_source(path) as source:
        rows = manifest.read_rows(source, "m.csv")
    assert rows[0] == Row(2, "b.jpg", (1, 2, 3, 4), "T", "plate", "s1", "EC")
    assert [row.file for row in rows] == ["b.jpg", "a.jpg"]


cell = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=8).map(str.strip)
side = st.floats(0.001, 1e4)


@given(text=cell, source=st.sampled_from(["=1+1", "'=x", "''@a", "-1", "+a", "@", "'", "a,b", '"']),
       box=st.tuples(side, side, side, side))  # fmt: skip
def test_written_table_is_read_again_and_holds_no_formula(tmp_path_factory, text, source, box):
    path = tmp_path_factory.mktemp("m") / "m.csv"
    row = Row(2, "a b.jpg", box, text, "car", source, "EC")
    assert manifest.write(path, [row]) == 1
    with open_source(path) as opened:
        assert manifest.read_rows(opened, "m.csv") == [row]
    body = path.read_text(encoding="utf-8").split("\n", 1)[1]
    assert not any(part.lstrip('"').startswith(("=", "+", "-", "@")) for part in body.split(","))


def test_guard_reaches_texts_only():
    assert list(manifest.guarded_rows([["=1", -5, "ok"]])) == [["'=1", -5, "ok"]]
