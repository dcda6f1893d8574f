"""TAO LPRNet: a folder ``image``, a folder ``label`` with one line in each NAME.txt, and
``characters.txt`` with one character a line.

Its reader takes pictures with endings in lower case, leaves those without a .txt out in
silence, and fails on a character that the list lacks; so the writer checks all of that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from annotations.errors import (
    EntryAmbiguous,
    EntryAmbiguousText,
    EntryFileUnreadable,
    EntryPictureMissing,
    EntryRefused,
    ExportTextImpossible,
    NoTranscriptions,
)
from annotations.formats.archives import Source
from annotations.formats.exports import ExportCrop, Names, Sink, opened
from annotations.formats.matching import Match, is_picture, match_all, stem
from annotations.formats.plans import ReportLine
from annotations.formats.transcribed import TextPair, Transcribed
from annotations.formats.yolo import label_files, picture_paths, read_text
from lprsite.errors import Refused

CHARACTERS = "characters.txt"


# --- reading


def read(source: Source) -> Transcribed:
    """Read the label files. Raises NoTranscriptions if there are none."""
    files = label_files(source)
    if not files:
        raise NoTranscriptions(name=source.name)
    pictures = [member for member in source.members() if is_picture(member)]
    matches = match_all({file: picture_paths(file) for file in files}, pictures, by=stem)
    pairs, problems = [], []
    for file in files:
        try:
            found = _pair(file, read_text(source, file), matches[file])
        except Refused as reason:
            found = EntryFileUnreadable(file=file, line=1, reason=reason)
        if isinstance(found, TextPair):
            pairs.append(found)
        else:
            problems.append(ReportLine(file, 1, found.outcome, found))
    taken = {pair.member for pair in pairs}
    rest = tuple(member for member in pictures if member not in taken)
    return Transcribed(
        "lprnet", source.name, tuple(pairs), tuple(problems), rest, read_alphabet(source)
    )


def read_alphabet(source: Source) -> tuple[str, ...]:
    """The characters listed nearest to the top, without blank lines; () without a list."""
    lists = [name for name in source.members() if name.rpartition("/")[2] == CHARACTERS]
    if not lists:
        return ()
    nearest = min(lists, key=lambda member: member.count("/"))
    lines = [line.strip() for line in read_text(source, nearest)]
    return tuple(dict.fromkeys(line for line in lines if line))


def _pair(file: str, lines: Sequence[str], match: Match) -> TextPair | EntryRefused:
    said = [line.strip() for line in lines if line.strip()]
    if match.several:
        names = ", ".join(f"“{member}”" for member in match.several[:4])
        return EntryAmbiguous(file=file, line=1, pictures=names)
    if match.member is None:
        name = stem(picture_paths(file)[-1])
        text = said[0] if len(said) == 1 else ""
        return EntryPictureMissing(file=file, line=1, picture=name, text=text)
    if len(said) != 1:
        return EntryAmbiguousText(file=file, line=1)
    return TextPair(match.member, said[0])


# --- writing


def write(
    out: Path | Sink, crops: Iterable[ExportCrop], *, alphabet: Sequence[str] = ()
) -> dict[str, int]:
    """Write image/SPLIT, label/SPLIT (without SPLIT where that is "") and characters.txt.

    The list of characters is ``alphabet``, or every character used, sorted. Returns the
    counts of crops and characters. Raises ExportTextImpossible for an empty text or one
    with a character outside ``alphabet``, ExportFolderNotEmpty.
    """
    names, used, count = Names(), set[str](), 0
    with opened(out) as sink:
        for crop in crops:
            check_text(crop, alphabet)
            used.update(crop.text)
            name = names.give(crop.name, group=crop.split, flat=True)
            name = stem(name) + name[len(stem(name)) :].lower()
            below = f"{crop.split}/" if crop.split else ""
            sink.put(f"image/{below}{name}", crop.data, of=crop.source)
            sink.put(f"label/{below}{stem(name)}.txt", f"{crop.text}\n".encode())
            count += 1
        listed = list(alphabet) or sorted(used)
        sink.put(CHARACTERS, "".join(f"{character}\n" for character in listed).encode())
    return {"crops": count, "characters": len(listed)}


def check_text(crop: ExportCrop, alphabet: Sequence[str] = (), *, never: str = "") -> None:
    """Raises ExportTextImpossible for a text that is empty or that the format cannot hold.

    ``alphabet`` () allows every character but spaces and those of ``never``.
    """
    if not crop.text:
        raise ExportTextImpossible(picture=crop.name, text="", character="")
    for character in crop.text:
        foreign = character in never or (bool(alphabet) and character not in alphabet)
        if foreign or character.isspace():
            raise ExportTextImpossible(picture=crop.name, text=crop.text, character=character)
