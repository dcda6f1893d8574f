"""labelerJS: ``annotations.txt`` with a line "NAME TEXT" for each crop that was read.

The crops lie in ``crops`` or beside the file. Names and texts may both hold spaces, so a
line is split at the last space whose left part is a picture that exists.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from annotations.errors import (
    EntryAmbiguous,
    EntryAmbiguousText,
    EntryPictureMissing,
    EntryRefused,
    EntryTextTwice,
    NoTranscriptions,
)
from annotations.formats.archives import Source, beside, suffix
from annotations.formats.matching import is_picture
from annotations.formats.plans import ReportLine
from annotations.formats.transcribed import TextPair, Transcribed
from annotations.formats.words import decoded
from annotations.formats.yolo import read_text

FILE = "annotations.txt"
_HEAD = 1 << 16
# Boxes in such a file ("a.jpg 10,20,30,40,0") are some other tool's.
_LINE = re.compile(r"^.*\.(jpe?g|png|bmp|webp|gif|tiff?)[ ]+(?![\d.,\s]+,)\S", re.I | re.M)


def find(source: Source) -> str | None:
    """The member with the lines: the named .txt, or the annotations.txt nearest the top.

    Its name is not enough: some line must begin with a picture and go on with a text.
    """
    if source.main is not None:
        found = [source.main] if suffix(source.main) == ".txt" else []
    else:
        members = source.members()
        found = [member for member in members if member.rpartition("/")[2].lower() == FILE]
    said = (member for member in found if _LINE.search(_beginning(source, member)))
    return min(said, key=lambda member: member.count("/"), default=None)


def _beginning(source: Source, member: str) -> str:
    return decoded(source.head(member, _HEAD))


def read(source: Source) -> Transcribed:
    """Read the lines and find their crops. Raises NoTranscriptions if there are no lines."""
    member = find(source)
    if member is None:
        raise NoTranscriptions(name=source.name)
    pictures = [name for name in source.members() if is_picture(name)]
    known = _known(pictures, member)
    base = member.rpartition("/")[2]
    pairs: dict[str, TextPair] = {}
    problems: list[ReportLine] = []
    for line, text in _lines(read_text(source, member)):
        found = _split(base, line, text, known)
        if isinstance(found, TextPair) and found.member in pairs:
            name = found.member.rpartition("/")[2]
            found = EntryTextTwice(file=base, line=line, picture=name)
        if isinstance(found, TextPair):
            pairs[found.member] = found
        else:
            problems.append(ReportLine(base, line, found.outcome, found))
    if not pairs and not problems:
        raise NoTranscriptions(name=source.name)
    rest = tuple(name for name in pictures if name not in pairs)
    return Transcribed("labelerjs", source.name, tuple(pairs.values()), tuple(problems), rest)


def _lines(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    for place, line in enumerate(lines, 1):
        if line.strip():
            yield place, line.lstrip()


def _known(pictures: Iterable[str], member: str) -> dict[str, list[str]]:
    """Name as a line may write it -> pictures, those in ``crops`` and beside first."""
    names: dict[str, list[str]] = defaultdict(list)
    for picture in pictures:
        names[picture.rpartition("/")[2]].append(picture)
    for near in (beside(member, ""), beside(member, "crops/")):
        for picture in pictures:
            if picture.startswith(near):
                names[picture[len(near) :]] = [picture]
    return names


def _split(
    base: str, line: int, text: str, known: Mapping[str, list[str]]
) -> TextPair | EntryRefused:
    place = len(text)
    while (place := text.rfind(" ", 0, place)) > 0:
        said = text[place + 1 :].strip()
        if (found := known.get(text[:place])) and said:
            if len(found) > 1:
                names = ", ".join(f"“{member}”" for member in found[:4])
                return EntryAmbiguous(file=base, line=line, pictures=names)
            return TextPair(found[0], said)
    name = text.rpartition(" ")[0].strip()
    if not name or text.strip() in known:
        return EntryAmbiguousText(file=base, line=line)
    said = text.rpartition(" ")[2].strip() or text.split()[-1]
    return EntryPictureMissing(file=base, line=line, picture=name, text=said)
