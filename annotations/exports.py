"""Write dataset versions, and everything labelled, in the formats of other tools.

Pictures are read one at a time; a folder or zip gets its name only when it is whole. Beside
the data lie ``dataset.json`` (which version this is) and ``SHA256SUMS`` of every file.
"""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.utils import timezone

from annotations import datasets
from annotations.errors import (
    DatasetUnknown,
    ExportFileMissing,
    ExportFormatWrong,
    NothingLabelled,
)
from annotations.formats import cloud_annotations, coco, kitti, lprnet, manifest, voc, yolo
from annotations.formats.exports import (
    ExportBox,
    ExportCrop,
    ExportPicture,
    Names,
    fresh_folder,
)
from annotations.models import (
    AuditEntry,
    Box,
    DatasetItem,
    DatasetVersion,
    Export,
    Frame,
    Label,
    Project,
)
from annotations.models.datasets import Kind
from annotations.pieces import in_pieces
from annotations.vision import boxes as geometry
from annotations.vision import crops as vision
from annotations.vision.boxes import Size
from lprsite import files
from lprsite.jobs.engine import Running

FORMATS: dict[str, tuple[str, ...]] = {
    Kind.DETECTOR: ("yolo", "kitti", "coco", "voc", "csv", "cloud-annotations"),
    Kind.RECOGNIZER: ("lprnet", "csv"),
}
ALL_FORMATS = sorted({name for names in FORMATS.values() for name in names})
FRAME_SIZE: Size = (960, 544)
KEPT = timedelta(days=7)
JPEG_QUALITY = 95
DONT_CARE = "DontCare"
CLOUD_ZIP = "cloud-annotations.zip"


@dataclass(frozen=True)
class Order:
    """What is to be written: a version, a format, and the size where the format asks for one."""

    version: DatasetVersion
    format: str
    size: Size | None = None

    def __post_init__(self) -> None:
        """Raises ExportFormatWrong for a format that the version's kind does not have."""
        kind = self.version.kind
        if self.format not in FORMATS[kind]:
            known = ", ".join(FORMATS[kind])
            raise ExportFormatWrong(kind=kind, format=self.format, known=known)

    @property
    def name(self) -> str:
        """A name for the file people download."""
        return f"{self.version.kind}-v{self.version.number}-{self.format}"


def version_named(project: Project, name: str) -> DatasetVersion:
    """The version a command means: its id, or "detector:3" for a kind and its number.

    Raises DatasetUnknown.
    """
    whole = DatasetVersion.objects.filter(project=project).exclude(manifest_hash="")
    kind, _, number = name.replace(" v", ":").rpartition(":")
    wanted = {"kind": kind, "number": number} if kind else {"pk": number}
    found = whole.filter(**wanted).first() if number.isdecimal() else None
    if found is None:
        known = ", ".join(f"{row.pk} ({row})" for row in whole[:10]) or "–"
        raise DatasetUnknown(name=name, known=known)
    return found


def request(project: Project, order: Order, *, by: User | None = None) -> Export:
    """A row for an export that a job will make."""
    return Export.objects.create(
        project=project,
        format=order.format,
        parameters={"dataset": order.version.pk, "size": list(order.size or ())},
        created_by=by,
    )


def order_of(export: Export) -> Order:
    """What an export's row asks for."""
    size = export.parameters.get("size")
    version = DatasetVersion.objects.get(pk=export.parameters["dataset"])
    return Order(version, export.format, (size[0], size[1]) if size else None)


def make_zip(export: Export, running: Running) -> dict[str, Any]:
    """Write the export into the storage as a zip that people may download for a week."""
    order = order_of(export)
    key = f"exports/{uuid4().hex}/{order.name}.zip"
    with _scratch_folder() as folder:
        counts = write(order, folder / "data", running)
        fresh = folder / "data" / CLOUD_ZIP  # is a zip already, and the tool wants just that
        if not fresh.exists():
            fresh = folder / "whole.zip"
            _pack(folder / "data", fresh, top=order.name, running=running)
        target = files.local_path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh.replace(target)
    old = export.file
    export.file, export.counts, export.expires_at = key, counts, timezone.now() + KEPT
    export.save(update_fields=["file", "counts", "expires_at"])
    if old:
        files.delete(old)
    record(order, by=export.created_by)
    return {"export": export.pk, **counts}


def write(order: Order, out: Path, running: Running) -> dict[str, int]:
    """Write a version into the new or empty folder ``out``; returns counts.

    Raises:
        ExportFolderNotEmpty, ExportFileMissing, ExportTextImpossible
    """
    with fresh_folder(out) as part:
        counts = _WRITERS[order.format](order, part, running)
        _describe(order, part)
        _sum_up(part)
    return counts


def record(order: Order, *, by: User | None) -> None:
    """Put into the audit trail that plates left the house."""
    AuditEntry.objects.create(
        project_id=order.version.project_id,
        user=by,
        action="exported",
        subject=f"{order.version} as {order.format}",
        details={"dataset": order.version.pk, "size": list(order.size or ())},
    )


# --- the formats


def _write_yolo(order: Order, out: Path, running: Running) -> dict[str, int]:
    return yolo.write(out, _pictures(order, running), _labels(order.version))


def _write_kitti(order: Order, out: Path, running: Running) -> dict[str, int]:
    pictures = _pictures(order, running, ignored=True)
    size = order.size or FRAME_SIZE
    return kitti.write(out, (_resized(picture, size) for picture in pictures))


def _write_coco(order: Order, out: Path, running: Running) -> dict[str, int]:
    return coco.write(out, _pictures(order, running), _labels(order.version))


def _write_voc(order: Order, out: Path, running: Running) -> dict[str, int]:
    return voc.write(out, _pictures(order, running))


def _write_cloud(order: Order, out: Path, running: Running) -> dict[str, int]:
    pictures, labels = _pictures(order, running), _labels(order.version)
    return cloud_annotations.write_standard_zip(out / CLOUD_ZIP, pictures, labels)


def _write_lprnet(order: Order, out: Path, running: Running) -> dict[str, int]:
    size = order.size or vision.CROP_SIZE
    used = set(order.version.counts.get("characters", ()))
    alphabet = order.version.project.alphabet
    listed = [*alphabet, *sorted(used - set(alphabet))]
    return lprnet.write(out, _crops(order, running, size=size), alphabet=listed)


def _write_csv(order: Order, out: Path, running: Running) -> dict[str, int]:
    names = Names()
    counts = {"pictures": 0, "boxes": 0}

    def rows() -> Iterator[manifest.Row]:
        for item in _items(order, running):
            data = _data(item)
            file = names.give(_file_name(item), group=item.split, flat=True)
            yolo.put(out / item.split / file, data)
            counts["pictures"] += 1
            found = list(_rows(item, f"{item.split}/{file}"))
            counts["boxes"] += sum(row.box is not None for row in found)
            yield from found

    manifest.write(out / "manifest.csv", rows())
    return counts


_WRITERS = {
    "yolo": _write_yolo,
    "kitti": _write_kitti,
    "coco": _write_coco,
    "voc": _write_voc,
    "cloud-annotations": _write_cloud,
    "lprnet": _write_lprnet,
    "csv": _write_csv,
}


def _rows(item: DatasetItem, file: str) -> Iterator[manifest.Row]:
    """The lines of an item: one a box; a crop is one box from edge to edge."""
    if item.version.kind == Kind.RECOGNIZER:
        whole = (0.0, 0.0, float(item.width), float(item.height))
        yield manifest.Row(0, file, whole, text=item.text)
        return
    boxes = [box for box in item.boxes if not box["ignore"]]
    for box in boxes:
        edges = box["x1"], box["y1"], box["x2"] - box["x1"], box["y2"] - box["y1"]
        yield manifest.Row(0, file, edges, label=box["label"])
    if not boxes:
        yield manifest.Row(0, file)


# --- what is read


def _items(order: Order, running: Running) -> Iterator[DatasetItem]:
    rows = order.version.items.select_related("version").order_by("position")
    total = rows.count()
    for done, item in enumerate(in_pieces(rows), 1):
        yield item
        running.progress(done, total, "pictures")


def _data(item: DatasetItem) -> bytes:
    try:
        return files.local_path(item.file).read_bytes()
    except OSError as error:
        raise ExportFileMissing(name=item.name) from error


def _file_name(item: DatasetItem) -> str:
    """The item's name with the ending of its content."""
    ending = Path(item.file).suffix
    name = item.name
    return name if Path(name).suffix.lower() == ending else _stem(name) + ending


def _stem(name: str) -> str:
    known = (".jpg", ".jpeg", ".png", ".webp", ".bmp")
    return name[: -len(Path(name).suffix)] if Path(name).suffix.lower() in known else name


def _pictures(order: Order, running: Running, *, ignored: bool = False) -> Iterator[ExportPicture]:
    """The frames of a version. Boxes to ignore are left out, or named so for KITTI."""
    for item in _items(order, running):
        boxes = [
            ExportBox(
                DONT_CARE if box["ignore"] else box["label"],
                box["x1"], box["y1"], box["x2"], box["y2"],
            )
            for box in item.boxes
            if ignored or not box["ignore"]
        ]  # fmt: skip
        yield ExportPicture(
            _file_name(item), _data(item), item.width, item.height, boxes,
            split=item.split, negative=not item.boxes,
        )  # fmt: skip


def _crops(order: Order, running: Running, *, size: Size) -> Iterator[ExportCrop]:
    for item in _items(order, running):
        crop = vision.decode_picture(_data(item), name=item.name)
        data = vision.encode_png(vision.resize_crop(crop, size))
        yield ExportCrop(f"{_stem(item.name)}.png", data, item.text, split=item.split)


def _resized(picture: ExportPicture, size: Size) -> ExportPicture:
    """The picture and its boxes stretched to ``size``."""
    frame = vision.decode_picture(picture.data, name=picture.name)
    here = frame.shape[1], frame.shape[0]
    scaled = geometry.scale(
        [(box.x1, box.y1, box.x2, box.y2) for box in picture.boxes], from_size=here, to_size=size
    )
    return ExportPicture(
        f"{_stem(picture.name)}.jpg",
        vision.encode_jpeg(vision.resize_frame(frame, size), JPEG_QUALITY),
        *size,
        [
            ExportBox(box.label, float(x1), float(y1), float(x2), float(y2), box.text)
            for box, (x1, y1, x2, y2) in zip(picture.boxes, scaled, strict=True)
        ],
        split=picture.split,
        negative=picture.negative,
    )


def _labels(version: DatasetVersion) -> list[str]:
    """The labels of the project in their order, then those that only the version has."""
    ours = list(Label.objects.filter(project=version.project).values_list("name", flat=True))
    frozen = {
        box["label"]
        for boxes in version.items.values_list("boxes", flat=True).iterator()
        for box in boxes
    }
    return ours + sorted(frozen - set(ours))


# --- what lies beside the data


def _describe(order: Order, out: Path) -> None:
    version = order.version
    said = {
        "project": version.project.name,
        "kind": version.kind,
        "number": version.number,
        "manifest_hash": version.manifest_hash,
        "split_rule": version.split_rule,
        "seed": version.seed,
        "counts": version.counts,
        "format": order.format,
    }
    text = json.dumps(said, ensure_ascii=False, indent=1)
    (out / "dataset.json").write_text(text + "\n", encoding="utf-8")


def _sum_up(out: Path) -> None:
    """SHA256SUMS of every file below ``out``, in the form that sha256sum checks."""
    lines = [f"{files.sha256_of(path)}  {path.relative_to(out).as_posix()}" for path in _all(out)]
    (out / "SHA256SUMS").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def _all(folder: Path) -> Sequence[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@contextmanager
def _scratch_folder() -> Iterator[Path]:
    folder = files.scratch() / uuid4().hex
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pack(folder: Path, target: Path, *, top: str, running: Running) -> None:
    """Zip a folder file by file; pictures are stored as they are."""
    paths = _all(folder)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for done, path in enumerate(paths, 1):
            archive.write(path, f"{top}/{path.relative_to(folder).as_posix()}")
            running.progress(done, len(paths), "files", "packing")


# --- everything labelled, at one size


def resize_boxes(project: Project, out: Path, size: Size, running: Running) -> dict[str, int]:
    """Write all labelled frames and their boxes at ``size``: KITTI labels and a table.

    Raises:
        NothingLabelled, ExportFolderNotEmpty
    """
    if not datasets.labelled_frames(project).exists():
        raise NothingLabelled()
    rows: list[manifest.Row] = []
    with fresh_folder(out) as part:
        counts = kitti.write(part, _resized_frames(project, size, rows, running))
        manifest.write(part / "manifest.csv", rows)
        _sum_up(part)
    return counts


def _resized_frames(
    project: Project, size: Size, rows: list[manifest.Row], running: Running
) -> Iterator[ExportPicture]:
    names, frames = Names(), datasets.labelled_frames(project)
    total = frames.count()
    for done, frame in enumerate(in_pieces(frames), 1):
        name = names.give(frame.name or f"frame_{frame.pk:06d}", flat=True, ending=".jpg")
        picture = _resized(_labelled(frame, name), size)
        for box in picture.boxes:
            edges = (box.x1, box.y1, box.x2 - box.x1, box.y2 - box.y1)
            rows.append(manifest.Row(0, f"images/{name}", edges, text=box.text, label=box.label))
        if not picture.boxes:
            rows.append(manifest.Row(0, f"images/{name}"))
        yield picture
        running.progress(done, total, "frames")


def _labelled(frame: Frame, name: str) -> ExportPicture:
    try:
        data = files.local_path(frame.file).read_bytes()
    except OSError as error:
        raise ExportFileMissing(name=name) from error
    boxes = Box.objects.present().filter(frame=frame).select_related("label", "crop__current")
    return ExportPicture(name, data, frame.width, frame.height, [_export_box(b) for b in boxes],
                         split="")  # fmt: skip


def _export_box(box: Box) -> ExportBox:
    crop = getattr(box, "crop", None)
    text = crop.current.text if crop and crop.current else ""
    return ExportBox(DONT_CARE if box.ignore else box.label.name, *box.xyxy, text=text)
