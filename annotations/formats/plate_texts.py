"""Texts of crops in tables and in file names.

fast-plate-ocr: a CSV with ``image_path`` and ``plate_text``, paths relative to it; our own
tables of resized crops say ``file`` and ``text``. LPRNet_Pytorch: the text is the file's name
up to the first "-" or "_".
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from io import StringIO

from annotations.errors import (
    EntryAmbiguous,
    EntryAmbiguousText,
    EntryBadLine,
    EntryPictureMissing,
    EntryPictureOutside,
    EntryRefused,
    EntryTextTwice,
    ManifestBroken,
    NoTranscriptions,
)
from annotations.formats.annotations import measure
from annotations.formats.archives import Source, beside, clean_name, suffix
from annotations.formats.manifest import CSV_LIMIT, delimiter_of, plain
from annotations.formats.matching import Match, is_picture, match_all, stem
from annotations.formats.plans import ReportLine
from annotations.formats.transcribed import TextPair, Transcribed
from annotations.formats.words import decoded
from lprsite.errors import Refused

_COLUMNS = (("image_path", "plate_text"), ("file", "text"), ("filename", "text"))
_BOXES = ("xywh", ("x1", "y1", "x2", "y2"), ("xmin", "ymin", "xmax", "ymax"))
_HEAD = 4096
_NAME = re.compile(r"[^\W_]{4,10}")
_UUID = re.compile(r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-")
_SEPARATOR = re.compile("[-_]")
_SAMPLE = 40
_MOSTLY = 0.9
_WIDEST = 400  # pixels of a crop
_SHAPES = (1.1, 8.0)  # width : height of crops


# --- tables


def find_tables(source: Source) -> list[str]:
    """The CSV members whose first line names pictures and texts, but no boxes."""
    named = source.main is not None
    members = [source.main or ""] if named else list(source.members())
    return [m for m in members if suffix(m) == ".csv" and _is_table(source, m)]


def _is_table(source: Source, member: str) -> bool:
    text = decoded(source.head(member, _HEAD))
    first = text.splitlines()[:1]
    return _places(next(csv.reader(first, delimiter=delimiter_of(text)), [])) is not None


def read_tables(source: Source, members: Sequence[str]) -> Transcribed:
    """Read tables of texts. Raises NoTranscriptions and ManifestBroken."""
    pictures = [] if source.main else [name for name in source.members() if is_picture(name)]
    pairs: dict[str, TextPair] = {}
    problems: list[ReportLine] = []
    for member in members:
        base = member.rpartition("/")[2]
        rows = list(_rows(source, member))
        places = {file: clean_name(beside(member, file)) for _, file, _ in rows}
        matches = _matches(source, places, pictures)
        for line, file, text in rows:
            match = matches.get(file)
            said = _refusal(base, line, file, text, usable=bool(places[file]))
            if said is None and match is not None and match.several:
                said = _ambiguous(base, line, match.several)
            elif said is None and (match is None or match.member is None):
                said = EntryPictureMissing(file=base, line=line, picture=file, text=text)
            elif said is None and match is not None and match.member in pairs:
                said = EntryTextTwice(file=base, line=line, picture=file)
            if said is not None:
                problems.append(ReportLine(base, line, said.outcome, said))
            elif match is not None and match.member is not None:
                pairs[match.member] = TextPair(match.member, text)
    if not pairs and not problems:
        raise NoTranscriptions(name=source.name)
    rest = tuple(name for name in pictures if name not in pairs)
    return Transcribed("text-table", source.name, tuple(pairs.values()), tuple(problems), rest)


def _matches(
    source: Source, places: Mapping[str, str | None], pictures: Sequence[str]
) -> dict[str, Match]:
    """Exact paths are asked for one by one; the others are looked for in the source."""
    found = {key: Match(path) for key, path in places.items() if path and source.has(path)}
    taken = {match.member for match in found.values()}
    missing = {key: [path] for key, path in places.items() if path and key not in found}
    return found | match_all(missing, [name for name in pictures if name not in taken])


def _refusal(base: str, line: int, file: str, text: str, *, usable: bool) -> EntryRefused | None:
    if not file:
        return EntryBadLine(file=base, line=line, expected=2, found=1)
    if not usable:
        return EntryPictureOutside(file=base, line=line, picture=file)
    return None if text else EntryAmbiguousText(file=base, line=line)


def _ambiguous(base: str, line: int, several: Sequence[str]) -> EntryRefused:
    names = ", ".join(f"“{member}”" for member in several[:4])
    return EntryAmbiguous(file=base, line=line, pictures=names)


def _rows(source: Source, member: str) -> Iterator[tuple[int, str, str]]:
    """(line, file, text) of a table."""
    text = decoded(source.read(member, limit=CSV_LIMIT))
    lines = csv.reader(StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True)
    try:
        places = _places(next(lines, []))
        assert places is not None, "a table was recognised by its first line"
        for cells in lines:
            if any(cell.strip() for cell in cells):
                fill = [*cells, *[""] * (max(places) + 1 - len(cells))]
                file, said = (plain(fill[place]) for place in places)
                yield lines.line_num, file.replace("\\", "/").removeprefix("./"), said.strip()
    except csv.Error as error:
        base = member.rpartition("/")[2]
        raise ManifestBroken(name=base, line=max(lines.line_num, 1)) from error


def _places(header: Sequence[str]) -> tuple[int, int] | None:
    said = [cell.strip().lower() for cell in header]
    if any(set(edges) <= set(said) for edges in _BOXES):
        return None
    for file, text in _COLUMNS:
        if file in said and text in said:
            return said.index(file), said.index(text)
    return None


# --- names


def looks_named_by_text(source: Source, pictures: Sequence[str]) -> bool:
    """Whether nearly all pictures are small crops whose names begin like plate texts."""
    if not pictures:
        return False
    fitting = sum(text_of(member) != "" for member in pictures)
    if fitting < _MOSTLY * len(pictures):
        return False
    step = max(1, len(pictures) // _SAMPLE)
    return all(_is_crop(source, member) for member in pictures[::step][:_SAMPLE])


def text_of(member: str) -> str:
    """The text that a file's name begins with, "" if it is no plate's.

    Plates have capitals and digits; ``frame_0001`` and UUIDs are no plates.
    """
    base = stem(member.rpartition("/")[2])
    said = _SEPARATOR.split(base, maxsplit=1)[0]
    if not _NAME.fullmatch(said) or _UUID.match(base) or said != said.upper():
        return ""
    letters, digits = any(map(str.isalpha, said)), any(map(str.isdigit, said))
    return said if letters and digits else ""


def read_names(source: Source) -> Transcribed:
    """The texts in the names of all pictures. Raises NoTranscriptions if no name has one."""
    pictures = [member for member in source.members() if is_picture(member)]
    said = {member: text_of(member) for member in pictures}
    pairs = tuple(TextPair(member, text) for member, text in said.items() if text)
    if not pairs:
        raise NoTranscriptions(name=source.name)
    rest = tuple(member for member, text in said.items() if not text)
    return Transcribed("lprnet-names", source.name, pairs, (), rest)


def _is_crop(source: Source, member: str) -> bool:
    try:
        width, height = measure(source, member)
    except Refused:
        return True  # told when it is brought in
    return width <= _WIDEST and _SHAPES[0] <= width / height <= _SHAPES[1]
