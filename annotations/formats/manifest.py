"""Our own table of boxes and texts: ``file,x,y,w,h[,text][,label][,source][,country]``.

Pixels of the upright picture, paths relative to the table, several lines per file. An
empty text is not known; x, y, w and h all empty say that nothing is on the picture. A
spreadsheet's ";" and decimal comma are understood. Cells that a spreadsheet would run as
a formula carry a "'" in front, which reading takes away again.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from annotations.errors import (
    EntryBadLine,
    EntryBadShape,
    EntryNotANumber,
    EntryPictureOutside,
    EntryRefused,
    EntryTagOnly,
    EntryZeroArea,
    ManifestBroken,
    ManifestColumns,
)
from annotations.formats.annotations import Annotations, Progress, annotations_of
from annotations.formats.archives import Source, beside, clean_name
from annotations.formats.entries import Entry
from annotations.formats.exports import Spool, fresh_file
from annotations.formats.matching import Match, is_picture, match_all
from annotations.formats.words import MAX_WORDS, decoded, number

REQUIRED = ("file", "x", "y", "w", "h")
COLUMNS = (*REQUIRED, "text", "label", "source", "country")
DEFAULT_LABEL = "plate"
CSV_LIMIT = 256 << 20
_HEAD = 4096
_FORMULA = re.compile(r"^'*[=+\-@\t\r]")


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a box in pixels, or None for a picture that shows nothing.

    ``problem`` says why the line cannot be used; its box is None then, too.
    """

    line: int
    file: str
    box: tuple[float, float, float, float] | None = None  # x, y, w, h
    text: str = ""
    label: str = DEFAULT_LABEL
    source: str = ""
    country: str = ""
    problem: EntryRefused | None = None


# --- reading


def read_rows(source: Source, member: str) -> list[Row]:
    """The lines of a table, in their order, bad ones with their sentence.

    Pictures are not looked at. Raises ManifestColumns and ManifestBroken.
    """
    base = member.rpartition("/")[2]
    text = decoded(source.read(member, limit=CSV_LIMIT))
    delimiter = delimiter_of(text)
    lines = csv.reader(StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        columns = _columns(next(lines, []), name=base)
        width = max(columns.values()) + 1
        rows = []
        for cells in lines:
            if any(cell.strip() for cell in cells):
                fill = cells + [""] * (width - len(cells))
                said = {name: plain(fill[place]) for name, place in columns.items()}
                if delimiter == ";":
                    said |= {name: said[name].replace(",", ".") for name in ("x", "y", "w", "h")}
                rows.append(_row(base, lines.line_num, said, cells=len(cells), columns=width))
        return rows
    except csv.Error as error:
        raise ManifestBroken(name=base, line=max(lines.line_num, 1)) from error


def looks_like_manifest(source: Source, member: str) -> bool:
    """Whether the first line of a table names our columns."""
    text = decoded(source.head(member, _HEAD))
    first = text.splitlines()[:1]
    cells = next(csv.reader(first, delimiter=delimiter_of(text)), [])
    return set(REQUIRED) <= {cell.strip().lower() for cell in cells}


def read(source: Source, member: str, *, progress: Progress | None = None) -> Annotations:
    """Read a table of boxes; pictures are looked for beside it."""
    rows = read_rows(source, member)
    base = member.rpartition("/")[2]
    wanted = {row.file: clean_name(beside(member, row.file)) for row in rows}
    return annotations_of(
        source,
        format="csv",
        labels=list(dict.fromkeys(row.label for row in rows if row.box is not None)),
        entries=[_entry(base, row, wanted[row.file]) for row in rows],
        matches=_matches(source, wanted),
        fractions=False,
        wanted={key: [path] for key, path in wanted.items() if path},
        progress=progress,
    )


def _matches(source: Source, wanted: Mapping[str, str | None]) -> dict[str, Match]:
    """Exact paths are asked for one by one; only if some fail is the source listed."""
    found = {
        key: Match(path if path is not None and source.has(path) else None)
        for key, path in wanted.items()
    }
    missing = {key: [path] for key, path in wanted.items() if path and not found[key].member}
    if missing and source.main is None:  # beside a named file may lie a whole disk
        taken = {match.member for match in found.values()}
        free = (name for name in source.members() if is_picture(name) and name not in taken)
        found.update(match_all(missing, free))
    return found


def _entry(base: str, row: Row, path: str | None) -> Entry:
    problem = row.problem
    if problem is None and path is None:
        problem = EntryPictureOutside(file=base, line=row.line, picture=row.file)
    elif problem is None and row.box is None:
        problem = EntryTagOnly(file=base, line=row.line)
    if problem is not None or row.box is None:
        # A tag must not carry a label that boxes have: it says that nothing is there.
        label = "negative" if isinstance(problem, EntryTagOnly) else row.label
        return Entry(base, row.line, row.file, label, problem=problem)
    x, y, w, h = row.box
    return Entry(base, row.line, row.file, row.label, (x, y, x + w, y + h), row.text)


def _row(base: str, line: int, said: Mapping[str, str], *, cells: int, columns: int) -> Row:
    file = said["file"].replace("\\", "/")
    label = said.get("label", "") or DEFAULT_LABEL
    facts = said.get("text", ""), label, said.get("source", ""), said.get("country", "")
    problem: EntryRefused
    if not file:
        return Row(line, file, None, problem=EntryBadShape(file=base, line=line))
    if cells > columns or cells < len(REQUIRED):
        problem = EntryBadLine(file=base, line=line, expected=columns, found=cells)
        return Row(line, file, None, *facts, problem)
    if max(map(len, facts)) > MAX_WORDS:
        problem = EntryBadShape(file=base, line=line)
        return Row(line, file, None, problem=problem)
    texts = [said[name] for name in ("x", "y", "w", "h")]
    if not any(texts):
        return Row(line, file, None, *facts)
    values = []
    for text in texts:
        try:
            values.append(number(text))
        except ValueError:
            values.append(math.nan)
        if not math.isfinite(values[-1]):
            problem = EntryNotANumber(file=base, line=line, value=text[:40])
            return Row(line, file, None, *facts, problem)
    x, y, w, h = values
    if w <= 0 or h <= 0:
        problem = EntryZeroArea(file=base, line=line)
        return Row(line, file, None, *facts, problem)
    return Row(line, file, (x, y, w, h), *facts)


def _columns(header: Sequence[str], *, name: str) -> dict[str, int]:
    """Known column -> its place."""
    said = [cell.strip().lower() for cell in header]
    for column in REQUIRED:
        if column not in said:
            raise ManifestColumns(name=name, missing=f"“{column}”")
    return {column: said.index(column) for column in COLUMNS if column in said}


def delimiter_of(text: str) -> str:
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def plain(cell: str) -> str:
    """A cell without surrounding space and without the guard against formulas."""
    cell = cell.strip(" ")
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


# --- writing


def write(path: Path, rows: Iterable[Row]) -> int:
    """Write a table with all our columns; returns its lines. Numbers as short as exact."""
    table = Table()
    for row in rows:
        table.add(row)
    with fresh_file(path) as part, part.open("wb") as file:
        file.writelines(table.pieces())
    return table.rows


class Table:
    """A table that is written while its pictures are, without being held in memory."""

    def __init__(self) -> None:
        self.rows = 0
        self._file = Spool()
        self._line(COLUMNS)

    def add(self, row: Row) -> None:
        """Write one line, its numbers as short as exact."""
        edges = ["", "", "", ""] if row.box is None else [_short(edge) for edge in row.box]
        words = [guarded(word) for word in (row.text, row.label, row.source, row.country)]
        self._line([guarded(row.file), *edges, *words])
        self.rows += 1

    def pieces(self) -> Iterator[bytes]:
        """The file, piece by piece."""
        return self._file.pieces()

    def _line(self, cells: Sequence[str]) -> None:
        line = StringIO()
        csv.writer(line, lineterminator="\n").writerow(cells)
        self._file.write(line.getvalue().encode())


def guarded(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula: "=1" becomes "'=1"."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def guarded_rows(rows: Iterable[Sequence[object]]) -> Iterator[list[object]]:
    """The rows of any table for csv.writer, with their texts guarded."""
    for row in rows:
        yield [guarded(cell) if isinstance(cell, str) else cell for cell in row]


def _short(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
