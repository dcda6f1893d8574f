"""The archive of a whole project, to be restored anywhere.

A zip with ``project.json`` (version of the layout, settings, counts), a file of JSON lines for
each table below ``rows/`` and the stored files below ``files/`` under keys that end in their
SHA-256. Rows keep the ids they had, to refer to one another; people are names. Everything is
written as it is read, a few rows at a time.

Other apps add their tables to ``TABLES`` when they start: this module knows none of them.
"""

from __future__ import annotations

import contextlib
import json
import re
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotations.errors import ExportDiskFull
from annotations.models import (
    Box,
    BoxChange,
    Camera,
    CheckedSpan,
    Crop,
    DatasetItem,
    DatasetVersion,
    Frame,
    ImportBatch,
    Label,
    Membership,
    Passage,
    PlateFormat,
    Project,
    Selection,
    Suggestion,
    Transcription,
    Video,
)
from annotations.shapes import Shape
from lprsite import files
from lprsite.jobs.engine import Running

FORMAT = "lpr-studio-project"
VERSION = 2
HEAD = "project.json"
SPARE_BYTES = 500 << 20  # of the disk, that an archive leaves free
PIECE = 500  # rows of one query
# A stored file's key: its folder, the first two digits of its hash, the hash and an ending.
KEY = re.compile(r"([a-z]{1,20})/([0-9a-f]{2})/(\2[0-9a-f]{62})(\.[a-z0-9]{1,12})")
_BIG = ("videos", "previews")  # folders that are left out when asked for
_CHUNK = 1 << 20
_LOOK_EVERY = 200  # files


# Of a row's old id, and its model, the new one; ValueError where it is not there.
NewId = Callable[[type[models.Model], Any], int]


@dataclass(frozen=True)
class Table:
    """A table of the archive, written behind the tables it refers to.

    ``project`` are the ways from a row to the key of its project. ``leave`` are columns that
    mean nothing elsewhere; ``late`` refer to rows that come later. ``which`` says which rows
    belong to a project, where the ways do not say all. Of a stranger's row, ``shapes`` are
    those of its JSON, and ``settle`` sets right what must not be as he says, or raises
    ValueError. ``renumber`` does that with ids inside of JSON, given what finds the new one.
    """

    name: str
    model: type[models.Model]
    project: tuple[str, ...] = ("project",)
    leave: tuple[str, ...] = ()
    late: tuple[str, ...] = ()
    which: Callable[[Project], Q] | None = None
    settle: Callable[[Any], None] | None = None
    renumber: Callable[[Any, NewId], None] | None = None
    shapes: Mapping[str, Shape] = field(default_factory=dict, hash=False)

    def of(self, project: Project) -> Q:
        """The condition for a row to be the project's."""
        if self.which is not None:
            return self.which(project)
        whose = Q()
        for way in self.project:
            whose |= Q(**{way: project.pk})
        return whose

    @property
    def rows(self) -> Any:
        """All rows of the table, of whatever project."""
        return self.model._default_manager.all()

    @cached_property
    def columns(self) -> list[models.Field[Any, Any]]:
        """What a line holds besides the id."""
        out = {"project", *self.leave}
        every = self.model._meta.concrete_fields
        return [one for one in every if not one.primary_key and one.name not in out]

    @cached_property
    def shared(self) -> bool:
        """Whether the table has rows that belong to no project, and so to all."""
        return any(one.name == "project" and one.null for one in self.model._meta.concrete_fields)

    @cached_property
    def files(self) -> tuple[str, ...]:
        """The columns that name stored files and are written."""
        return tuple(name for name in file_columns(self.model) if name not in self.leave)


TABLES: list[Table] = [
    Table("members", Membership),
    Table("labels", Label),
    Table("cameras", Camera, leave=("sealed_address", "source_kind", "source_host")),
    Table("plate_formats", PlateFormat),
    Table("imports", ImportBatch, leave=("path", "stored", "job_id")),
    Table("videos", Video, leave=("deleting_at",), late=("original",)),
    Table("selections", Selection, ("video__project",)),
    Table("passages", Passage),
    Table("checked_spans", CheckedSpan, ("video__project",)),
    Table("frames", Frame),
    Table("boxes", Box, ("frame__project",), late=("car",)),
    Table("box_changes", BoxChange, ("box__frame__project",)),
    Table("crops", Crop, leave=("lease_owner", "lease_until"), late=("current",)),
    Table("suggestions", Suggestion, ("crop__project", "frame__project")),
    Table("transcriptions", Transcription, ("crop__project",)),
    Table("dataset_versions", DatasetVersion),
    Table("dataset_items", DatasetItem, ("version__project",)),
]
SETTINGS = ("name", "time_zone", "alphabet", "selection_defaults", "second_reading_share",
            "retention_days", "class_map", "created_at")  # fmt: skip


def file_columns(model: type[models.Model]) -> tuple[str, ...]:
    """The columns of a model that name stored files."""
    return tuple(getattr(model, "file_columns", ()))


def referred(field: models.Field[Any, Any]) -> type[models.Model]:
    """The model whose rows a column refers to."""
    model = field.related_model
    assert isinstance(model, type), "a foreign key has a model"
    return model


def forgettable(field: models.Field[Any, Any]) -> bool:
    """Whether a row still means something without the row that a column refers to."""
    relation = field.remote_field
    return relation is not None and relation.on_delete is models.SET_NULL


def write(project: Project, path: Path, running: Running, *, videos: bool) -> dict[str, int]:
    """Write the archive as a zip at ``path``; returns counts of rows, files and missing files.

    Without ``videos`` the recordings and their previews stay here; their rows go along.
    People may work on meanwhile: a row that refers to one that was made after its table was
    written is left out, so that the archive always fits together. Raises ExportDiskFull.
    """
    with zipfile.ZipFile(path, "w") as whole:
        writing = _Writing(project, whole, running)
        for table in TABLES:
            writing.table(table)
        writing.files(videos=videos)
        writing.head(videos=videos)
    return writing.counts


class _Writing:
    """One pass over the tables, then over the files they name."""

    def __init__(self, project: Project, whole: zipfile.ZipFile, running: Running) -> None:
        self.counts: dict[str, int] = {}
        self._project, self._zip, self._running = project, whole, running
        self._there: dict[type[models.Model], set[int]] = {table.model: set() for table in TABLES}
        self._people = dict(User.objects.values_list("pk", "username"))
        self._keys: dict[str, str] = {}  # in the archive -> in the storage
        self._done = 0

    def table(self, table: Table) -> None:
        """Write the rows of a table, one JSON object a line."""
        there = self._there[table.model]
        with self._member(f"rows/{table.name}.jsonl") as member:
            for row in _rows(table, self._project):
                line = self._line(table, row)
                if line is not None:
                    there.add(row["id"])
                    member.write(json.dumps(line, default=_plain, ensure_ascii=False).encode())
                    member.write(b"\n")
                self._done += 1
                self._running.progress(self._done, None, "rows", table.name)
        self.counts[table.name] = len(there)

    def _line(self, table: Table, row: dict[str, Any]) -> dict[str, Any] | None:
        line: dict[str, Any] = {"id": row["id"]}
        for column in table.columns:
            value = row[column.attname]
            if column.is_relation and value is not None and column.name not in table.late:
                if column.related_model is User:
                    value = self._people.get(value)
                elif value not in self._there[referred(column)]:
                    if not forgettable(column):
                        return None
                    value = None
            line[column.name] = value
        for name in table.files:
            line[name] = self._kept(line[name])
        if table.shared and row["project_id"] is None:
            line["shared"] = True
        return line

    def _kept(self, key: str) -> str:
        """The key of a file in the archive: by its content, also where the storage has another."""
        kept = key
        if key and not KEY.fullmatch(key) and not key.startswith("/"):
            with contextlib.suppress(OSError):
                path = files.local_path(key)
                folder = key.partition("/")[0]
                kept = files.key_for(folder, files.sha256_of(path), path.suffix.lower())
        if KEY.fullmatch(kept):
            self._keys[kept] = key
        return kept

    def files(self, *, videos: bool) -> None:
        """Write the files that the rows name, each once."""
        wanted = [pair for pair in self._keys.items() if videos or not pair[0].startswith(_BIG)]
        self.counts |= {"files": 0, "missing": 0}
        for done, (kept, key) in enumerate(wanted, 1):
            if done % _LOOK_EVERY == 1 and files.free_bytes() < SPARE_BYTES:
                raise ExportDiskFull(free=files.free_bytes() >> 20)
            self.counts["files" if self._file(kept, key) else "missing"] += 1
            self._running.progress(done, len(wanted), "files")

    def _file(self, kept: str, key: str) -> bool:
        try:
            file = files.local_path(key).open("rb")
        except OSError:
            return False
        with file, self._member(f"files/{kept}", stored=True) as member:
            while chunk := file.read(_CHUNK):
                member.write(chunk)
                self._running.check()
        return True

    def head(self, *, videos: bool) -> None:
        """Write what this is; the last, because only now everything is counted."""
        said = {
            "format": FORMAT,
            "version": VERSION,
            "made_at": timezone.now(),
            "with_videos": videos,
            "counts": self.counts,
            "project": {name: getattr(self._project, name) for name in SETTINGS},
        }
        with self._member(HEAD) as member:
            member.write(json.dumps(said, default=_plain, ensure_ascii=False, indent=1).encode())

    def _member(self, name: str, *, stored: bool = False) -> Any:
        info = zipfile.ZipInfo(name, time.localtime()[:6])
        info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        info.external_attr = 0o600 << 16
        return self._zip.open(info, "w", force_zip64=True)


def _rows(table: Table, project: Project) -> Iterator[dict[str, Any]]:
    """The rows of the project in the order of their ids, a few at a time."""
    rows = table.rows.filter(table.of(project)).order_by("pk")
    if table.model is DatasetVersion:
        rows = rows.exclude(manifest_hash="")  # is still being written
    names = ["id", *(column.attname for column in table.columns)]
    if table.shared:
        names.append("project_id")
    last = 0
    while piece := list(rows.filter(pk__gt=last).values(*names)[:PIECE]):
        yield from piece
        last = piece[-1]["id"]


def _plain(value: object) -> str:
    """What JSON has no word for."""
    if isinstance(value, datetime):
        return value.isoformat()
    assert isinstance(value, UUID), "rows hold times, ids and what JSON knows"
    return str(value)
