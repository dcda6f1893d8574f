"""One safe way to look into what a person hands us: a zip, a folder, a .json or a .csv.

Nothing is ever extracted to disk: members are read one at a time into memory, under
limits that are counted while reading. A member is named by its path with "/" between
the folders, whatever the archive wrote.
"""

from __future__ import annotations

import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from threading import Lock
from typing import IO, Protocol

from annotations.errors import (
    ArchiveBomb,
    ArchiveCompression,
    ArchiveDamaged,
    ArchiveDuplicateName,
    ArchiveEncrypted,
    ArchiveLink,
    ArchiveMemberTooLarge,
    ArchiveOfAnotherKind,
    ArchiveOverlap,
    ArchivePathUnsafe,
    ArchiveTooLarge,
    ArchiveTooManyEntries,
    MemberDamaged,
    MemberMissing,
    SourceEmpty,
    SourceMissing,
    SourceUnknown,
)
from annotations.formats import directories
from annotations.formats.limits import DEFAULT_LIMITS, Limits
from annotations.formats.salvage import Salvage, agrees, begins_as_zip, salvage
from lprsite.errors import Refused

CHUNK = 1 << 20
FILES_READ_ALONE = frozenset({".json", ".csv", ".txt", ".yaml", ".yml"})
_ARCHIVES = frozenset({".zip", ".rar", ".7z", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst"})
_MAGIC = (
    (b"Rar!\x1a\x07", "RAR"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"\xfd7zXZ\0", "xz"),
    (b"\x28\xb5\x2f\xfd", "Zstandard"),
)
# Those that cannot be read are pictures too: so their lines get the right reason.
PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".heic", ".heif", ".avif"}
)
_JUNK = frozenset({".ds_store", "thumbs.db", "desktop.ini"})
_DRIVE = re.compile(r"^[A-Za-z]:")
_ENCRYPTED = 0x1 | 0x40
_UTF8_NAME = 0x800
_LOCAL_HEADER = 30  # bytes before the name, in front of every member
_METHODS = frozenset(
    {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
)


@dataclass(frozen=True)
class Damage:
    """What is missing of a damaged archive.

    ``lost`` are members that are named in it, but not whole; pictures among them are members
    still. ``gaps`` are stretches, as (start, bytes), where even names are gone.
    """

    members: int
    lost: tuple[str, ...]
    gaps: tuple[tuple[int, int], ...]


class Source(Protocol):
    """An opened zip or folder. ``main`` is the file that was named itself, if one was.

    ``damage`` is what is known to be missing of a damaged archive: what is not there says
    nothing then.
    """

    name: str
    main: str | None
    damage: Damage | None

    def members(self) -> tuple[str, ...]:
        """Every file, in the order of the archive (folders: sorted), without system junk."""
        ...

    def has(self, member: str) -> bool:
        """Whether this exact member exists."""
        ...

    def read(self, member: str, *, limit: int | None = None) -> bytes:
        """All bytes of a member; refuses more than ``limit`` (default: the member limit)."""
        ...

    def head(self, member: str, size: int) -> bytes:
        """The first ``size`` bytes of a member, or all if it is shorter."""
        ...

    def size(self, member: str) -> int:
        """How many bytes a member says it has; 0 if it is not there."""
        ...


@contextmanager
def open_source(path: Path | str, *, limits: Limits = DEFAULT_LIMITS) -> Iterator[Source]:
    """Open a zip, a folder, or a single .json, .csv, .txt or .yaml beside its pictures.

    A zip is known by its content, not by its name; a folder that holds one zip and nothing
    else is that zip, as our export as Cloud Annotations is. A zip that was cut off or damaged
    gives what can be read of it, and says what cannot as its ``damage``. Raises the
    ``Archive...`` and ``Source...`` refusals before anything is read.
    """
    path = _only_zip(Path(path))
    if path.is_dir():
        yield FolderSource(path, name=path.name or str(path), main=None, limits=limits)
    elif not path.is_file():
        raise SourceMissing(name=path.name or str(path))
    elif path.stat().st_size == 0:
        raise SourceEmpty(name=path.name)
    elif is_zip(path):
        with _opened_zip(path, limits) as source:
            yield source
    else:
        yield _file_source(path, limits)


def _only_zip(path: Path) -> Path:
    """The one zip of a folder with nothing else in it; any other path as it is."""
    if not path.is_dir():
        return path
    inside = list(islice((file for file in path.iterdir() if not is_junk(file.name)), 2))
    alone = len(inside) == 1 and inside[0].is_file() and not inside[0].is_symlink()
    return inside[0] if alone and is_zip(inside[0]) else path


def is_zip(path: Path) -> bool:
    """Whether a file is a zip, if need be one that lacks its end."""
    return zipfile.is_zipfile(path) or begins_as_zip(path)


def is_archive(member: str) -> bool:
    """Whether a file is named like an archive."""
    return suffix(member) in _ARCHIVES


def is_junk(member: str) -> bool:
    """Whether a file is left by a system and never meant: __MACOSX, ._x, .DS_Store, ..."""
    parts = member.split("/")
    base = parts[-1]
    return "__MACOSX" in parts or base.startswith("._") or base.lower() in _JUNK


class FolderSource:
    """A folder on disk. Links that lead out of it are as good as absent."""

    def __init__(self, root: Path, *, name: str, main: str | None, limits: Limits) -> None:
        self.name, self.main = name, main
        self.damage: Damage | None = None
        self._root = root.resolve()
        self._limits = limits
        self._members: tuple[str, ...] | None = None

    def members(self) -> tuple[str, ...]:
        """Every visible file below the folder, sorted; walked once, when first asked."""
        if self._members is None:
            self._members = tuple(sorted(self._walk()))
        return self._members

    def has(self, member: str) -> bool:
        """Whether this exact member exists inside the folder."""
        return self._inside(member) is not None

    def path(self, member: str) -> Path:
        """Where a member lies. Raises MemberMissing for one that is not inside."""
        if (path := self._inside(member)) is None:
            raise MemberMissing(name=self.name, member=member)
        return path

    def read(self, member: str, *, limit: int | None = None) -> bytes:
        """All bytes of a member; refuses more than ``limit``."""
        limit = self._limits.member if limit is None else limit
        data = self.head(member, limit + 1)
        if len(data) > limit:
            raise ArchiveMemberTooLarge(name=self.name, member=member, limit=limit)
        return data

    def head(self, member: str, size: int) -> bytes:
        """The first ``size`` bytes of a member."""
        try:
            with self.path(member).open("rb") as file:
                return file.read(size)
        except OSError as error:
            raise MemberDamaged(name=self.name, member=member) from error

    def size(self, member: str) -> int:
        """How many bytes a member has; 0 if it is not there."""
        path = self._inside(member)
        return path.stat().st_size if path is not None else 0

    def _walk(self) -> Iterator[str]:
        seen = 0
        for folder, folders, files in os.walk(self._root):
            folders[:] = [name for name in folders if not name.startswith(".")]
            seen += len(files)
            if seen > self._limits.entries:
                raise ArchiveTooManyEntries(
                    name=self.name, entries=seen, limit=self._limits.entries
                )
            below = Path(folder).relative_to(self._root)
            for file in files:
                member = (below / file).as_posix()
                if not file.startswith(".") and not is_junk(member) and self._usable(member):
                    yield member

    def _usable(self, member: str) -> bool:
        path = self._root / member
        return not path.is_symlink() or self._inside(member) is not None

    def _inside(self, member: str) -> Path | None:
        """The real path of a member, or None if it is missing, special or outside."""
        if clean_name(member) != member:
            return None
        try:
            path = (self._root / member).resolve()
            inside = path.is_relative_to(self._root) and path.is_file()
        except (OSError, ValueError, RuntimeError):
            return None
        return path if inside else None


class ZipSource:
    """A zip archive whose table of contents was checked before anything is read.

    Of a salvaged one only whole members are there, and the pictures that are not whole, so
    that their boxes get the right reason.
    """

    def __init__(self, archive: zipfile.ZipFile | Salvage, *, name: str, limits: Limits) -> None:
        self.name = name
        self.main: str | None = None
        self._archive, self._limits = archive, limits
        self._infos = checked_members(archive.infolist(), name=name, limits=limits)
        self.damage = _damage(archive, self._infos) if isinstance(archive, Salvage) else None
        for member in self.damage.lost if self.damage else ():
            if suffix(member) not in PICTURE_SUFFIXES:
                del self._infos[member]
        self._members = tuple(member for member in self._infos if not is_junk(member))
        self._sizes: dict[str, int] = {}
        self._total = 0
        self._one_reader = Lock()

    def members(self) -> tuple[str, ...]:
        """Every file, in the order of the archive, without system junk."""
        return self._members

    def has(self, member: str) -> bool:
        """Whether this exact member exists."""
        return member in self._infos

    def read(self, member: str, *, limit: int | None = None) -> bytes:
        """All bytes of a member, counted while they are unpacked."""
        limit = self._limits.member if limit is None else limit
        with self._one_reader:  # the archive's own count of readers is not safe
            return b"".join(self._chunks(member, limit=limit))

    def head(self, member: str, size: int) -> bytes:
        """The first ``size`` bytes of a member; only those are unpacked."""
        with self._one_reader, self._open(member) as file, self._damage_named(member):
            return file.read(size)

    def size(self, member: str) -> int:
        """How many bytes a member says it has; 0 if it is not there."""
        return self._infos[member].file_size if member in self._infos else 0

    def pieces(self, member: str, *, limit: int | None = None) -> Iterator[bytes]:
        """A member piece by piece, counted while it is unpacked; for what memory cannot hold."""
        return self._chunks(member, limit=self._limits.member if limit is None else limit)

    def _chunks(self, member: str, *, limit: int) -> Iterator[bytes]:
        packed = self._info(member).compress_size
        size = 0
        with self._open(member) as file, self._damage_named(member):
            while chunk := file.read(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise ArchiveMemberTooLarge(name=self.name, member=member, limit=limit)
                if size > self._limits.ratio_from and size > packed * self._limits.ratio:
                    raise ArchiveBomb(name=self.name, member=member, limit=self._limits.ratio)
                self._count(member, size)
                yield chunk

    def _count(self, member: str, size: int) -> None:
        """Add to the total; a member read twice counts once."""
        before = self._sizes.get(member, 0)
        if size > before:
            self._sizes[member] = size
            self._total += size - before
        if self._total > self._limits.total:
            raise ArchiveTooLarge(name=self.name, limit=self._limits.total)

    def _info(self, member: str) -> zipfile.ZipInfo:
        if member not in self._infos:
            raise MemberMissing(name=self.name, member=member)
        return self._infos[member]

    def _open(self, member: str) -> IO[bytes] | zipfile.ZipExtFile:
        with self._damage_named(member):
            return self._archive.open(self._info(member))

    @contextmanager
    def _damage_named(self, member: str) -> Iterator[None]:
        try:
            yield
        except Refused:
            raise
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
            raise MemberDamaged(name=self.name, member=member) from error
        except (NotImplementedError, RuntimeError) as error:
            raise ArchiveCompression(name=self.name, member=member) from error


def _damage(archive: Salvage, infos: dict[str, zipfile.ZipInfo]) -> Damage:
    lost = tuple(m for m, info in infos.items() if info.orig_filename in archive.lost)
    return Damage(len(infos), lost, tuple(archive.gaps))


def checked_members(
    infos: list[zipfile.ZipInfo], *, name: str, limits: Limits
) -> dict[str, zipfile.ZipInfo]:
    """Member name -> its record, or the refusal of the first record that must not be read."""
    if len(infos) > limits.entries:
        raise ArchiveTooManyEntries(name=name, entries=len(infos), limit=limits.entries)
    members: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        member = safe_name(info, name=name)
        _check_record(info, member, name=name, limits=limits)
        if info.is_dir() or info.orig_filename.endswith("\\"):
            continue
        if member in members:
            raise ArchiveDuplicateName(name=name, member=member)
        members[member] = info
    if sum(info.file_size for info in members.values()) > limits.total:
        raise ArchiveTooLarge(name=name, limit=limits.total)
    return members


def safe_name(info: zipfile.ZipInfo, *, name: str) -> str:
    """The member's relative path with "/"; refuses whatever points elsewhere."""
    written = _decoded(info)
    clean = clean_name(written.replace("\\", "/"))
    if clean is None:
        raise ArchivePathUnsafe(name=name, member=written.replace("\0", "\\0"))
    return clean


def clean_name(path: str) -> str | None:
    """A relative path without "." and "//", or None if it is absolute, climbs or is empty."""
    if not path or "\0" in path or path.startswith("/") or _DRIVE.match(path):
        return None
    parts = [part for part in path.split("/") if part not in ("", ".")]
    return "/".join(parts) if parts and ".." not in parts else None


def _decoded(info: zipfile.ZipInfo) -> str:
    """The name as its writer meant it.

    Without the UTF-8 flag zipfile decodes as cp437, which the format asks for; but macOS
    writes UTF-8 without the flag, and bytes above 127 that are valid UTF-8 are no accident.
    """
    written = info.orig_filename  # the whole name: ``filename`` ends at the first NUL
    if info.flag_bits & _UTF8_NAME or written.isascii():
        return written
    try:
        return written.encode("cp437").decode("utf-8")
    except UnicodeError:
        return written


def _check_record(info: zipfile.ZipInfo, member: str, *, name: str, limits: Limits) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise ArchiveLink(name=name, member=member)
    if info.flag_bits & _ENCRYPTED:
        raise ArchiveEncrypted(name=name, member=member)
    if info.compress_type not in _METHODS:
        raise ArchiveCompression(name=name, member=member)
    if info.file_size > limits.ratio_from and info.file_size > info.compress_size * limits.ratio:
        raise ArchiveBomb(name=name, member=member, limit=limits.ratio)


def _check_no_overlap(infos: list[zipfile.ZipInfo], *, name: str) -> None:
    """Members that share packed bytes multiply the content: no real archive has them."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise ArchiveOverlap(name=name, member=info.filename)
        end = info.header_offset + _LOCAL_HEADER + info.compress_size


@contextmanager
def _opened_zip(path: Path, limits: Limits) -> Iterator[ZipSource]:
    with ExitStack() as stack:
        infos: list[zipfile.ZipInfo] = []
        try:
            directories.check(path, most=limits.entries)
            archive = stack.enter_context(zipfile.ZipFile(path))
            infos = archive.infolist()
            whole = agrees(path, infos)
        except (ArchiveDamaged, zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            whole = False  # zipfile raises any of these on a table that leads astray
        if whole:
            _check_no_overlap(infos, name=path.name)
            yield ZipSource(archive, name=path.name, limits=limits)
        else:
            yield ZipSource(_salvaged(path, infos, limits), name=path.name, limits=limits)


def _salvaged(path: Path, table: list[zipfile.ZipInfo], limits: Limits) -> Salvage:
    found = salvage(path, limits, table) if begins_as_zip(path) else Salvage(path)
    if len(found.infos) == len(found.lost):
        raise ArchiveDamaged(name=path.name)
    return found


def _file_source(path: Path, limits: Limits) -> FolderSource:
    with path.open("rb") as file:
        head = file.read(8)
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            raise ArchiveOfAnotherKind(name=path.name, kind=kind)
    if path.suffix.lower() == ".zip":
        raise ArchiveDamaged(name=path.name)
    if path.suffix.lower() not in FILES_READ_ALONE:
        raise SourceUnknown(name=path.name)
    return FolderSource(path.parent, name=path.name, main=path.name, limits=limits)


def suffix(member: str) -> str:
    """The ending of a member in lower case, with its dot: ".jpg"."""
    base = member.rpartition("/")[2]
    name, dot, ending = base.rpartition(".")
    return f".{ending.lower()}" if dot and name and ending else ""


def folder(member: str) -> str:
    """The folder part of a member, "" at the top."""
    return member.rpartition("/")[0]


def beside(member: str, name: str) -> str:
    """``name`` in the folder of ``member``."""
    return f"{folder(member)}/{name}" if folder(member) else name
