"""Make a project from an archive: the reverse of ``archive``.

An archive is a stranger's file: nothing is unpacked by its own names, every value is checked
by its column, every file by its hash, and a row may only name files that came along. Rows get
new ids; people are found again by name. Whoever restores becomes a manager. The same archive
restored twice makes two projects; where something is wrong, no project is left behind.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import uuid5

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, models, transaction
from django.utils import timezone

from annotations import members, plate_formats
from annotations.archive import (
    FORMAT,
    HEAD,
    KEY,
    SETTINGS,
    TABLES,
    VERSION,
    Table,
    referred,
)
from annotations.errors import (
    ArchiveDamaged,
    ArchiveFileWrong,
    ArchiveNeedsSpace,
    ArchiveRowWrong,
    ArchiveTooNew,
    BadPattern,
    NoProjectArchive,
)
from annotations.formats.archives import ZipSource, open_source
from annotations.formats.limits import Limits
from annotations.models import AuditEntry, Crop, DoomedFile, Membership, PlateFormat, Project, Role
from annotations.shapes import OF_COLUMNS, Shape
from lprsite import files
from lprsite.jobs.engine import Running

ENTRIES = 2_000_000
LINE = 16 << 20  # bytes of one row
SMALL = 8 << 20  # bytes of a file that is checked in memory
_HEAD_BYTES = 4 << 20
_ENDINGS = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".npz", ".csv", ".json"}
    | {".safetensors", ".mp4", ".mov", ".mkv", ".webm", ".ts", ".m2ts", ".avi", ".video"}
)  # nothing that a browser would run


def restore(
    path: Path,
    running: Running,
    *,
    name: str = "",
    by: User | None = None,
    called: str = "",
    began: Callable[[Project], None] = lambda project: None,
) -> dict[str, Any]:
    """Make a project from the archive at ``path``; returns its id, name and counts.

    ``name`` is what people call the file; the project is ``called`` so, or as it was. A name
    that is taken gets a number. ``began`` is told the project before its first row, so that a
    killed run can be cleaned up with ``forget``.

    Raises:
        NoProjectArchive, ArchiveTooNew, ArchiveRowWrong, ArchiveFileWrong, ArchiveNeedsSpace
        and the refusals of hostile zips.
    """
    name = name or path.name
    limits = Limits(
        entries=ENTRIES, member=settings.MAX_VIDEO_BYTES, total=max(files.free_bytes(), 1)
    )
    with open_source(path, limits=limits) as source:
        if source.damage is not None:
            raise ArchiveDamaged(name=name)
        if not isinstance(source, ZipSource) or not source.has(HEAD):
            raise NoProjectArchive(name=name)
        source.name = name
        head = _head(source)
        needed = sum(source.size(member) for member in source.members())
        if needed > files.free_bytes():
            raise ArchiveNeedsSpace(name=name, needed=needed >> 20, free=files.free_bytes() >> 20)
        project = _project(source, head, called)
        began(project)
        restoring = _Restoring(
            source, head, project, running, trusted=by is None or by.is_superuser
        )
        try:
            restoring.files()
            for table in TABLES:
                restoring.table(table)
            restoring.late()
        except BaseException:
            forget(project)
            restoring.doom()
            raise
    if by is not None:
        members.join(project, by, Role.MANAGER)
    return {"project": project.pk, "name": project.name, **restoring.counts}


def forget(project: Project) -> None:
    """Take the rows of a half-restored project away again."""
    crops = Crop.objects.filter(project=project)
    crops.filter(withdrawn=True).update(current=None)
    crops.filter(withdrawn=False).update(current=None, waiting=True)
    for table in reversed(TABLES):
        for way in table.project:
            table.rows.filter(**{way: project.pk}).delete()
    project.delete()


def record(result: Mapping[str, Any], name: str, *, by: User | None) -> None:
    """Put into the audit trail that a project came in."""
    AuditEntry.objects.create(
        project_id=result["project"], user=by, action="restored project", subject=name[:255]
    )


# --- what the archive says of itself


def _head(source: ZipSource) -> dict[str, Any]:
    try:
        head = json.loads(source.read(HEAD, limit=_HEAD_BYTES), parse_constant=_no_number)
        ours = head["format"] == FORMAT and isinstance(head["project"], dict)
        version = int(head["version"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise NoProjectArchive(name=source.name) from error
    if not ours:
        raise NoProjectArchive(name=source.name)
    if version > VERSION:
        raise ArchiveTooNew(name=source.name, version=version, known=VERSION)
    return dict(head)


def _project(source: ZipSource, head: Mapping[str, Any], called: str) -> Project:
    """The project's own row, under a name that is free."""
    said = head["project"]
    given: dict[str, Any] = {}
    try:
        for column in SETTINGS:
            if column in said:
                field = _column(Project, column)
                given[column] = _value(field, said[column], OF_COLUMNS.get(column))
        given["name"] = _free_name(called or str(given.get("name") or "Restored"))
        project = Project(**given)
        project.full_clean()
    except (ValidationError, ValueError, TypeError) as error:
        raise ArchiveRowWrong(
            name=source.name, table=HEAD, line=1, reason=_reason(error)
        ) from error
    _insert(Project, [project])
    return project


def _free_name(wanted: str) -> str:
    """The name, with a number behind it where another project has it."""
    wanted = wanted.strip()[:110] or "Restored"
    taken = set(Project.objects.filter(name__startswith=wanted).values_list("name", flat=True))
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted} ({number})", number + 1
    return name


# --- rows and files


@dataclass
class _Late:
    """A reference to a row that comes later: which row of ours, to which of theirs."""

    row: int
    to: int
    waiting: bool | None = None


class _Restoring:
    """One pass over the files, then over the tables, then over what refers forward."""

    def __init__(
        self,
        source: ZipSource,
        head: Mapping[str, Any],
        project: Project,
        running: Running,
        *,
        trusted: bool,
    ) -> None:
        self.counts: dict[str, int] = {"files": 0, "missing": 0}
        self._source, self._project, self._running = source, project, running
        self._trusted = trusted
        self._ids: dict[type[models.Model], dict[int, int]] = {t.model: {} for t in TABLES}
        self._people = {name: pk for pk, name in User.objects.values_list("pk", "username")}
        self._brought: set[str] = set()
        self._late: dict[tuple[Table, str], list[_Late]] = {}
        counted = head.get("counts")
        rows = list(counted.values()) if isinstance(counted, dict) else []
        self._total = sum(n for n in rows if isinstance(n, int) and n > 0) or None
        self._done = 0

    # files

    def files(self) -> None:
        """Store every file under the hash that its name promises."""
        for member in self._source.members():
            if member.startswith("files/"):
                self._file(member)
                self.counts["files"] += 1
                self._step("files")
        # A deletion may be waiting for files that are wanted again now.
        for keys in self._pieces():
            DoomedFile.objects.filter(key__in=keys).delete()

    def doom(self) -> None:
        """What was stored goes again, unless other rows name it."""
        for keys in self._pieces():
            DoomedFile.objects.bulk_create((DoomedFile(key=k) for k in keys), ignore_conflicts=True)

    def _pieces(self) -> Iterator[list[str]]:
        keys = iter(sorted(self._brought))
        while piece := list(islice(keys, settings.BULK_ROWS)):
            yield piece

    def _file(self, member: str) -> None:
        match = KEY.fullmatch(member.removeprefix("files/"))
        if match is None or match[4] not in _ENDINGS:
            raise ArchiveFileWrong(name=self._source.name, member=member)
        if self._source.size(member) <= SMALL:
            data = self._source.read(member, limit=SMALL)
            self._right(member, hashlib.sha256(data).hexdigest() == match[3])
            files.put_bytes(match[1], data, match[4])
        else:
            self._large(member, match)
        self._brought.add(match[0])

    def _large(self, member: str, match: re.Match[str]) -> None:
        """A recording goes to the disk piece by piece, and gets its name when it is right."""
        digest = hashlib.sha256()
        with files.scratch_file(match[4]) as fresh:
            with fresh.open("wb") as out:
                for piece in self._source.pieces(member):
                    digest.update(piece)
                    out.write(piece)
                    self._running.check()
            self._right(member, digest.hexdigest() == match[3])
            target = files.local_path(match[0])
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh.replace(target)

    def _right(self, member: str, right: bool) -> None:
        if not right:
            raise ArchiveFileWrong(name=self._source.name, member=member)

    # rows

    def table(self, table: Table) -> None:
        """Make the rows of a table, a few in each transaction."""
        member = f"rows/{table.name}.jsonl"
        self.counts[table.name] = 0
        if not self._source.has(member):
            return
        lines = enumerate(_lines(self._source, member), 1)
        while piece := list(islice(lines, settings.BULK_ROWS)):
            self._piece(table, piece)
            self._step("rows", len(piece))

    def _piece(self, table: Table, piece: list[tuple[int, bytes]]) -> None:
        made: list[tuple[models.Model, dict[str, Any]]] = []
        for number, text in piece:
            with self._said(table, number):
                line = json.loads(text, parse_constant=_no_number)
                if table.shared and line.get("shared") and (here := self._here(table, line)):
                    self._ids[table.model][line["id"]] = here
                elif (row := self._row(table, line)) is not None:
                    made.append((row, line))
        rows = [row for row, _ in made]
        with self._said(table, piece[0][0]):
            self._free_keys(table, rows)
            with transaction.atomic():
                _insert(table.model, rows)
        for row, line in made:
            self._ids[table.model][line["id"]] = row.pk
            self._remember(table, row, line)
        self.counts[table.name] += len(made)

    @contextmanager
    def _said(self, table: Table, line: int) -> Iterator[None]:
        """Say of a wrong row where it stands."""
        try:
            yield
        except _WRONG as error:
            raise ArchiveRowWrong(
                name=self._source.name, table=table.name, line=line, reason=_reason(error)
            ) from error

    def _row(self, table: Table, line: dict[str, Any]) -> Any:
        """The row of a line; None for a member whom nobody knows here."""
        if not isinstance(line["id"], int) or line["id"] in self._ids[table.model]:
            raise ValueError("the id is no number, or there twice")
        given: dict[str, Any] = {}
        for field in table.columns:
            if field.name in table.late:
                continue
            if field.is_relation:
                given[field.attname] = self._reference(field, line.get(field.name))
            elif field.name in line:
                shape = table.shapes.get(field.name) or OF_COLUMNS.get(field.name)
                given[field.attname] = _value(field, line[field.name], shape)
        row: Any = table.model(**given)  # of any of the tables
        if isinstance(row, Membership) and row.user_id is None:
            return None
        if "project_id" in {field.attname for field in table.model._meta.concrete_fields}:
            row.project_id = self._project.pk
        self._only_brought(table, row)
        if table.settle is not None:
            table.settle(row)
        if table.renumber is not None:
            table.renumber(row, self._new_id)
        if isinstance(row, Crop):
            row.waiting = not row.withdrawn  # until the text it has is there, too
        if isinstance(row, PlateFormat):
            plate_formats.parse(row.pattern)
        return row

    def _here(self, table: Table, line: dict[str, Any]) -> int | None:
        """The row here that belongs to all projects and has the same files."""
        same = {column: str(line[column]) for column in table.files}
        found = table.rows.filter(project=None, **same).values_list("pk", flat=True).first()
        return int(found) if found is not None else None

    def _reference(self, field: models.Field[Any, Any], old: Any) -> int | None:
        if old is None:
            if not field.null and field.related_model is not User:
                raise ValueError(f"{field.name} is missing")
            return None
        if field.related_model is User:
            return self._people.get(old) if isinstance(old, str) else None
        try:
            return self._new_id(referred(field), old)
        except ValueError as error:
            raise ValueError(f"{field.name} {error}") from error

    def _new_id(self, model: type[models.Model], old: Any) -> int:
        found = self._ids[model].get(old)
        if found is None:
            raise ValueError(f"refers to {old!r}, which is not there")
        return found

    def _only_brought(self, table: Table, row: models.Model) -> None:
        """A stranger's row may name no file of others, which it could then show.

        Administrators may: an archive without recordings finds them again where they still are.
        """
        for column in table.files:
            key = getattr(row, column)
            if not key or key in self._brought:
                continue
            self.counts["missing"] += 1
            if not (self._trusted and KEY.fullmatch(key)):
                setattr(row, column, f"missing/{hashlib.sha256(key.encode()).hexdigest()}")

    def _free_keys(self, table: Table, rows: list[Any]) -> None:
        """Keys that browsers made are unique here: a second copy gets its own."""
        if "client_key" not in {field.name for field in table.columns}:
            return
        keys = [row.client_key for row in rows if row.client_key]
        taken = set(table.rows.filter(client_key__in=keys).values_list("client_key", flat=True))
        for row in rows:
            if row.client_key in taken:
                row.client_key = uuid5(row.client_key, f"project {self._project.pk}")

    # what refers forward

    def _remember(self, table: Table, row: models.Model, line: dict[str, Any]) -> None:
        for column in table.late:
            to = line.get(column)
            if isinstance(to, int):
                waiting = bool(line.get("waiting")) if isinstance(row, Crop) else None
                self._late.setdefault((table, column), []).append(_Late(row.pk, to, waiting))

    def late(self) -> None:
        """Fill in what refers to later rows. One that is not there stays empty."""
        for (table, column), found in self._late.items():
            field = _column(table.model, column)
            ids = self._ids[referred(field)]
            known = [one for one in found if one.to in ids]
            for start in range(0, len(known), settings.BULK_ROWS):
                piece = known[start : start + settings.BULK_ROWS]
                self._fill(table, field, [(one, ids[one.to]) for one in piece])
                self._running.check()

    def _fill(
        self, table: Table, field: models.Field[Any, Any], pairs: list[tuple[_Late, int]]
    ) -> None:
        name = connection.ops.quote_name
        row, column = name(table.model._meta.db_table), name(field.attname)
        rows: list[tuple[Any, ...]] = [(to, one.row) for one, to in pairs]
        sql = f"UPDATE {row} SET {column} = %s WHERE id = %s"  # noqa: S608 - names of our own
        if table.model is Crop:
            sql = f"UPDATE {row} SET {column} = %s, waiting = %s WHERE id = %s"  # noqa: S608 - as above
            rows = [(to, bool(one.waiting), one.row) for one, to in pairs]
        with self._said(table, 0), transaction.atomic(), connection.cursor() as cursor:
            cursor.executemany(sql, rows)

    def _step(self, unit: str, more: int = 1) -> None:
        self._done += more
        self._running.progress(self._done, self._total, unit)


# --- values


def _insert(model: type[models.Model], rows: list[Any]) -> None:
    """Insert the rows as they are, times included, and give them their ids.

    ``bulk_create`` would write the present into every ``created_at``; this is what Django's own
    fixtures do.
    """
    meta: Any = model._meta
    fields = [field for field in meta.local_concrete_fields if not field.primary_key]
    many = max(1, connection.ops.bulk_batch_size(fields, rows))
    for start in range(0, len(rows), many):
        piece = rows[start : start + many]
        manager: Any = model._base_manager
        found = manager._insert(
            piece,
            fields=fields,
            using=connection.alias,
            returning_fields=meta.db_returning_fields,
            raw=True,
        )
        for row, (pk,) in zip(piece, found, strict=True):
            row.pk = pk


def _column(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field), "a column, no way back"
    return field


def _lines(source: ZipSource, member: str) -> Iterator[bytes]:
    """The lines of a member, none longer than ``LINE``."""
    rest = b""
    for piece in source.pieces(member):
        *whole, rest = (rest + piece).split(b"\n")
        yield from (line for line in whole if line.strip())
        if len(rest) > LINE:
            raise ArchiveRowWrong(
                name=source.name, table=member, line=0, reason="a line is too long"
            )
    if rest.strip():
        yield rest


def _value(field: models.Field[Any, Any], said: Any, shape: Shape | None) -> Any:
    """A value as its column takes it; JSON must have the ``shape``.

    Raises ValidationError, ValueError or TypeError.
    """
    if said is None:
        if not field.null:
            raise ValueError(f"{field.name} is empty")
        return None
    if isinstance(field, models.JSONField):
        if shape is not None and not shape(said):
            raise ValueError(f"{field.name} has another shape")
        return said
    if not isinstance(said, str | int | float | bool):
        raise TypeError(f"{field.name} is no plain value")
    value = field.to_python(said)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{field.name} is no number")
    if isinstance(value, str) and "\0" in value:
        raise ValueError(f"{field.name} holds a zero byte")
    if isinstance(value, datetime) and timezone.is_naive(value):
        raise ValueError(f"{field.name} has no time zone")
    if field.choices and value not in {choice for choice, _ in field.flatchoices}:
        raise ValueError(f"{field.name} is {value!r}, which nobody knows")
    field.run_validators(value)
    if field.name == "time_base" and Fraction(value) <= 0:
        raise ValueError("time_base is not positive")
    return value


_WRONG = (
    ValidationError,
    ValueError,
    TypeError,
    KeyError,
    RecursionError,
    ZeroDivisionError,
    OverflowError,
    DatabaseError,
    BadPattern,
)


def _no_number(said: str) -> float:
    raise ValueError(f"{said} is no number")


def _reason(error: BaseException) -> str:
    """A short reason for people; the whole is in the log."""
    said = "; ".join(error.messages) if isinstance(error, ValidationError) else str(error)
    return said[:200] or type(error).__name__
