"""Which picture does a line of an import mean?

Names change on the way: case, accents (macOS writes them decomposed), folders. A key is
matched by its exact path, then by its path without case and accents' form, then by a
file name that only one picture has. A picture that a key names exactly is never given
to another key that merely has the same file name.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from annotations.formats.archives import PICTURE_SUFFIXES, suffix


@dataclass(frozen=True, slots=True)
class Match:
    """The picture found for a key, or the several that fit it, or neither."""

    member: str | None = None
    several: tuple[str, ...] = ()


def is_picture(member: str) -> bool:
    """Whether a member is named like a picture."""
    return suffix(member) in PICTURE_SUFFIXES


def stem(member: str) -> str:
    """A member's path without its picture ending: "a/b.c.jpg" -> "a/b.c"."""
    return member[: -len(suffix(member))] if is_picture(member) else member


def match_all(
    wanted: Mapping[str, Sequence[str]],
    pictures: Iterable[str],
    *,
    by: Callable[[str], str] = str,
) -> dict[str, Match]:
    """Key -> its picture. ``wanted`` gives each key the paths it may have, best first.

    ``by`` is what is compared of a picture: its path, or ``stem`` where the ending is
    unknown. Linear in keys and pictures.
    """
    index = _Index(pictures, by)
    found = {key: index.by_path(paths) for key, paths in wanted.items()}
    claimed = {match.member for match in found.values() if match.member}
    open_keys = [key for key, match in found.items() if match == Match()]
    by_name: dict[str, list[str]] = defaultdict(list)
    for key in open_keys:
        for member in index.by_name(wanted[key]):
            if member not in claimed:
                by_name[key].append(member)
    rivals: dict[str, int] = defaultdict(int)
    for members in by_name.values():
        for member in members:
            rivals[member] += 1
    for key, members in by_name.items():
        unique = len(members) == 1 and rivals[members[0]] == 1
        found[key] = Match(members[0]) if unique else Match(several=tuple(members))
    return found


class _Index:
    """Pictures by exact path, by softened path, and by softened file name."""

    def __init__(self, pictures: Iterable[str], by: Callable[[str], str]) -> None:
        self._exact: dict[str, list[str]] = defaultdict(list)
        self._soft: dict[str, list[str]] = defaultdict(list)
        self._names: dict[str, list[str]] = defaultdict(list)
        for member in pictures:
            path = by(member)
            self._exact[path].append(member)
            self._soft[_soft(path)].append(member)
            self._names[_soft(path.rpartition("/")[2])].append(member)

    def by_path(self, paths: Sequence[str]) -> Match:
        """The picture at the first of the paths that has one, or the several there."""
        for look, table in ((str, self._exact), (_soft, self._soft)):
            for path in paths:
                if members := table.get(look(path)):
                    unique = len(members) == 1
                    return Match(members[0]) if unique else Match(several=tuple(members))
        return Match()

    def by_name(self, paths: Sequence[str]) -> Sequence[str]:
        """The pictures that have the file name of the paths, in whatever folder."""
        return self._names.get(_soft(paths[0].rpartition("/")[2]), ()) if paths else ()


def _soft(path: str) -> str:
    return unicodedata.normalize("NFC", path).casefold()
