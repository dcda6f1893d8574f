"""The archive of a whole project: everything up to the dataset version, to be restored anywhere.

A zip with ``project.json`` (version of the layout, settings, counts), a file of JSON lines for
each table below ``rows/`` and the stored files below ``files/`` under their own keys, which
end in their SHA-256. Rows keep the ids they had, to refer to one another; people are names.
Everything is written as it is read, a few rows at a time.
"""

from __future__ import annotations

import json
import re
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
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
from lprsite import files
from lprsite.jobs.engine import Running

FORMAT = "lpr-studio-project"
VERSION = 1
HEAD = "project.json"
SPARE_BYTES = 500 << 20  # of the disk, that an archive leaves free
PIECE = 500  # rows of one query
# A stored file's key: its folder, the first two digits of its hash, the hash and an ending.
KEY = re.compile(r"([a-z]{1,20})/([0-9a-f]{2})/(\2[0-9a-f]{62})(\.[a-z0-9]{1,8})")
_BIG = ("videos", "previews")  # folders that are left out when asked for
_CHUNK = 1 << 20
_LOOK_EVERY = 200  # files


@dataclass(frozen=True)
class Table:
    """A table of the archive, written behind the tables it refers to.

    ``project`` are the ways from a row to its project. ``leave`` are columns that mean
    nothing elsewhere; ``late`` refer to rows that come later.
    """

    name: str
    model: type[models.Model]
    project: tuple[str, ...] = ("project",)
    leave: tuple[str, ...] = ()
    late: tuple[str, ...] = ()

    @property
    def rows(self) -> Any:
        """All rows of the table, of whatever project."""
        return self.model._default_manager.all()

    @property
    def columns(self) -> list[models.Field[Any, Any]]:
        """What a line holds besides the id."""
        out = {"project", *self.leave}
        return [
            field
            for field in self.model._meta.concrete_fields
            if not field.primary_key and field.name not in out
        ]


TABLES: tuple[Table, ...] = (
    Table("members", Membership),
    Table("labels", Label),
    Table("cameras", Camera),
    Table("plate_formats", PlateFormat),
    Table(
        "imports",
        ImportBatch,
        leave=("path", "stored", "job_id", "report_json", "report_csv", "samples"),
    ),
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
)
SETTINGS = ("name", "time_zone", "alphabet", "selection_defaults", "second_reading_share",
            "class_map", "created_at")  # fmt: skip


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
        self._keys: dict[str, None] = {}
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
        for field in table.columns:
            value = row[field.attname]
            if field.is_relation and value is not None and field.name not in table.late:
                if field.related_model is User:
                    value = self._people.get(value)
                elif value not in self._there[referred(field)]:
                    if not forgettable(field):
                        return None
                    value = None
            line[field.name] = value
        for name in file_columns(table.model):
            if KEY.fullmatch(line.get(name) or ""):
                self._keys[line[name]] = None
        return line

    def files(self, *, videos: bool) -> None:
        """Write the files that the rows name, each once."""
        wanted = [key for key in self._keys if videos or not key.startswith(_BIG)]
        self.counts |= {"files": 0, "missing": 0}
        for done, key in enumerate(wanted, 1):
            if done % _LOOK_EVERY == 1 and files.free_bytes() < SPARE_BYTES:
                raise ExportDiskFull(free=files.free_bytes() >> 20)
            self.counts["files" if self._file(key) else "missing"] += 1
            self._running.progress(done, len(wanted), "files")

    def _file(self, key: str) -> bool:
        try:
            file = files.local_path(key).open("rb")
        except OSError:
            return False
        with file, self._member(f"files/{key}", stored=True) as member:
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
    whose = Q()
    for way in table.project:
        whose |= Q(**{way: project})
    rows = table.rows.filter(whose).order_by("pk")
    if table.model is DatasetVersion:
        rows = rows.exclude(manifest_hash="")  # is still being written
    names = ["id", *(field.attname for field in table.columns)]
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
