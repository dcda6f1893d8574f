"""Make exports: zips that people download until they expire, and folders for commands.

A zip grows on disk while it is written and gets its name only when it is whole. Beside the
data lie ``dataset.json`` (what this is), ``sources.jsonl`` (which of our pictures each file
is) and ``SHA256SUMS`` of every file.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.auth.models import User
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from annotations import archive, exporting
from annotations.errors import ExportGone, ExportOfOthers
from annotations.exporting import CLOUD, Order
from annotations.formats import cloud_annotations, kitti, manifest
from annotations.formats.exports import (
    ExportPicture,
    FolderSink,
    Names,
    Sink,
    ZipSink,
    fresh_file,
    fresh_folder,
)
from annotations.models import AuditEntry, DatasetVersion, Export, Project
from annotations.vision.boxes import Size
from lprsite import files
from lprsite.jobs import engine
from lprsite.jobs.engine import Cancelled, Running
from lprsite.jobs.models import Job

FOLDER = "exports"  # of the storage; below it each file has a folder for itself
CLOUD_ZIP = "cloud-annotations.zip"
PROJECT = "project"  # the format of our own archive of a whole project


# --- rows


def request(order: Order, *, by: User | None = None) -> Export:
    """A row for an export that a job will make."""
    return Export.objects.create(
        project=order.project, format=order.format, parameters=given_of(order), created_by=by
    )


def given_of(order: Order) -> dict[str, Any]:
    """An order as a row and a job remember it."""
    return {
        "dataset": order.version.pk if order.version else None,
        "version": f"{order.kind}:{order.version.number}" if order.version else "",
        "kind": order.kind,
        "size": list(order.size or ()),
        "videos": list(order.videos),
        "labels": list(order.labels),
        "hidden": order.hidden,
    }


def request_archive(project: Project, *, videos: bool, by: User | None = None) -> Export:
    """A row for an archive of the whole project, with or without its recordings."""
    return Export.objects.create(
        project=project, format=PROJECT, parameters={"with_videos": videos}, created_by=by
    )


def again(export: Export, *, by: User | None = None) -> Export:
    """A row that asks for the same once more.

    Raises ExportGone where its dataset version does not exist any more, ExportOfOthers where
    it is not made here.
    """
    if export.format not in (PROJECT, *exporting.ALL_FORMATS):
        raise ExportOfOthers()
    if export.format != PROJECT:
        order_of(export)
    return Export.objects.create(
        project=export.project, format=export.format, parameters=export.parameters, created_by=by
    )


def is_quick(export: Export) -> bool:
    """Whether it is written in well under a second: worth no way through the queue."""
    return export.format != PROJECT and exporting.is_quick(order_of(export))


def order_of(export: Export) -> Order:
    """What an export's row asks for. Raises ExportGone without its dataset version."""
    return order_from(export.project, export.format, export.parameters)


def order_from(project: Project, format: str, given: Mapping[str, Any]) -> Order:
    """The order that ``given_of`` remembered. Raises ExportGone without its dataset version."""
    version, size = None, given.get("size")
    if given.get("dataset"):
        version = DatasetVersion.objects.filter(pk=given["dataset"], project=project).first()
        if version is None:
            raise ExportGone()
    return Order(
        project,
        version.kind if version else given["kind"],
        format,
        version,
        videos=tuple(given.get("videos", ())),
        labels=tuple(given.get("labels", ())),
        size=(size[0], size[1]) if size else None,
        hidden=given.get("hidden", False),
    )


def with_jobs(rows: QuerySet[Export]) -> QuerySet[Export]:
    """The exports with the state of their jobs and why they failed."""
    job = Job.objects.filter(pk=OuterRef("job_id"))
    told = {
        f"job_{column}": Subquery(job.values(column)[:1])
        for column in ("state", "error", "error_es")
    }
    return rows.annotate(**told)


def downloadable() -> Q:
    """Exports whose link still works."""
    return ~Q(file="") & (Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()))


def remove(export: Export, *, by: User | None) -> None:
    """Delete an export and its file, stop its job, and say so in the audit trail."""
    for job in Job.objects.active().filter(pk=export.job_id or 0):
        engine.cancel(job)
    _delete_file(export.file)
    record(export.project, "deleted export", f"{export.format} {export.pk}", by=by)
    export.delete()


def expire() -> int:
    """Delete the files of exports whose time is over; returns how many."""
    over = Export.objects.filter(expires_at__lt=timezone.now()).exclude(file="")
    for export in over:
        _delete_file(export.file)
        Export.objects.filter(pk=export.pk).update(file="")
    return len(over)


def _delete_file(key: str) -> None:
    """Delete an export's file with the folder that it has for itself."""
    if key.startswith(f"{FOLDER}/") and key.count("/") == 2:
        shutil.rmtree(files.local_path(key).parent, ignore_errors=True)
    elif key:
        files.delete(key)


def record(project: Project, action: str, subject: str, *, by: User | None, **details: Any) -> None:
    """Put into the audit trail that plates left the house, or are about to."""
    AuditEntry.objects.create(
        project=project, user=by, action=action, subject=subject[:255], details=details
    )


# --- zips


def make_zip(export: Export, running: Running) -> dict[str, Any]:
    """Write the export into the storage, for download until it expires.

    Run again after a kill, it begins anew and replaces what was there.
    """
    with files.scratch_file(".zip") as fresh:
        if export.format == PROJECT:
            title, name = "the whole project", f"project-{export.project_id}"
            with_videos = bool(export.parameters.get("with_videos"))
            counts = archive.write(export.project, fresh, running, videos=with_videos)
        else:
            order = order_of(export)
            title, name = order.title, order.name
            counts = zip_order(order, fresh, running)
        keep(export, fresh, f"{name}.zip", counts, title=title)
    return {"export": export.pk, **counts}


def keep(export: Export, fresh: Path, name: str, counts: dict[str, int], *, title: str) -> None:
    """Move the file that was made into the storage, for download until it expires.

    Raises Cancelled where the export was deleted meanwhile.
    """
    key = f"{FOLDER}/{uuid4().hex}/{name}"
    target = files.local_path(key)
    target.parent.mkdir(parents=True, exist_ok=True)
    size, old = fresh.stat().st_size, export.file
    fresh.replace(target)
    made = {
        "file": key,
        "counts": counts,
        "bytes": size,
        "expires_at": timezone.now() + timedelta(days=settings.EXPORT_DAYS),
    }
    if not Export.objects.filter(pk=export.pk).update(**made):  # deleted meanwhile
        _delete_file(key)
        raise Cancelled
    export.file = key
    _delete_file(old)
    record(export.project, "exported", title, by=export.created_by, **export.parameters)


def zip_order(order: Order, path: Path, running: Running) -> dict[str, int]:
    """Write an order as a zip at ``path``; returns counts. Raises what ``exporting`` refuses."""
    if order.format == CLOUD:  # the tool wants just its own files
        return _cloud_zip(order, path, running)
    with zipfile.ZipFile(path, "w") as whole:
        sink = ZipSink(whole, order.name)
        return _fill(order, sink, running)


def write(order: Order, out: Path, running: Running) -> dict[str, int]:
    """Write an order into the new or empty folder ``out``; returns counts.

    Raises:
        ExportFolderNotEmpty, and what ``exporting`` refuses
    """
    with fresh_folder(out) as part:
        if order.format == CLOUD:
            return _cloud_zip(order, part / CLOUD_ZIP, running)
        return _fill(order, FolderSink(part), running)


def _fill(order: Order, sink: Sink, running: Running) -> dict[str, int]:
    counts = exporting.write(order, sink, running)
    sink.put("dataset.json", _description(order, counts))
    sink.finish()
    return counts


def _cloud_zip(order: Order, path: Path, running: Running) -> dict[str, int]:
    missing: dict[str, int] = {}
    found = exporting.pictures(order, exporting.items(order, running, missing))
    labels = exporting.labels_of(order)
    return {**cloud_annotations.write_standard_zip(path, found, labels), **missing}


def _description(order: Order, counts: dict[str, int]) -> bytes:
    said: dict[str, Any] = {
        "project": order.project.name,
        "kind": order.kind,
        "format": order.format,
        "written": counts,
        "made_at": timezone.now().isoformat(timespec="seconds"),
    }
    if version := order.version:
        said |= {
            "number": version.number,
            "manifest_hash": version.manifest_hash,
            "split_rule": version.split_rule,
            "seed": version.seed,
            "counts": version.counts,
        }
    else:
        said |= {"videos": list(order.videos), "labels": list(order.labels)}
    if order.hidden:
        said["plates"] = "hidden where a plate box is drawn; plates without a box still show"
    return (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode()


def archive_to(project: Project, path: Path, running: Running, *, videos: bool) -> dict[str, int]:
    """Write the archive of the whole project to ``path``, which gets its name when it is whole."""
    with fresh_file(path) as part:
        return archive.write(project, part, running, videos=videos)


# --- everything labelled, at one size


def resize_boxes(project: Project, out: Path, size: Size, running: Running) -> dict[str, int]:
    """Write all labelled frames and their boxes at ``size``: KITTI labels and a table.

    Raises:
        NothingLabelled, ExportFileMissing, ExportFolderNotEmpty
    """
    order = Order(project, "detector", "kitti", size=size)
    missing: dict[str, int] = {}
    table = manifest.Table()
    with fresh_folder(out) as part:
        sink = FolderSink(part)
        found = exporting.pictures(order, exporting.items(order, running, missing), size=size)
        counts = kitti.write(sink, _tabled(found, table))
        sink.put("manifest.csv", table.pieces())
        sink.finish()
    return {**counts, **missing}


def _tabled(found: Iterator[ExportPicture], table: manifest.Table) -> Iterator[ExportPicture]:
    """The pictures under the names that the table gives them, which KITTI then keeps."""
    names = Names()
    for picture in found:
        name = names.give(picture.name, flat=True, ending=".jpg")
        for row in exporting.table_rows(picture, f"images/{name}"):
            table.add(row)
        yield ExportPicture(
            name, picture.data, picture.width, picture.height, picture.boxes,
            split="", source=picture.source,
        )  # fmt: skip
