"""What an export takes from the rows, and how each format writes it.

An order names what: a dataset version, or everything that is labelled now. Pictures are read
one at a time and go straight into a ``Sink``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch

from annotations import datasets
from annotations.errors import (
    ExportCropsHidden,
    ExportDiskFull,
    ExportFileMissing,
    ExportFormatWrong,
    ExportKindUnclear,
    NothingLabelled,
    NothingRead,
)
from annotations.formats import coco, crop_writers, kitti, lprnet, manifest, voc, yolo
from annotations.formats.exports import ExportBox, ExportCrop, ExportPicture, Names, Sink
from annotations.formats.matching import stem
from annotations.models import Box, Crop, DatasetItem, DatasetVersion, Frame, Label, Project, Video
from annotations.models.datasets import Kind
from annotations.pieces import in_pieces
from annotations.vision import boxes as geometry
from annotations.vision import crops as vision
from annotations.vision import hiding
from annotations.vision.boxes import Size, Xyxy
from lprsite import files
from lprsite.jobs.engine import Running

CLOUD = "cloud-annotations"
FORMATS: dict[str, tuple[str, ...]] = {
    Kind.DETECTOR: ("yolo", "kitti", "coco", "voc", "csv", CLOUD),
    Kind.RECOGNIZER: ("lprnet", "csv", "labelerjs", "lprnet-pytorch", "fast-plate-ocr"),
}
ALL_FORMATS = sorted({name for names in FORMATS.values() for name in names})
FRAME_SIZE: Size = (960, 544)
JPEG_QUALITY = 95
SPARE_BYTES = 500 << 20  # of the disk, that an export leaves free
QUICK_CROPS = 1000
_LOOK_EVERY = 100  # pictures
_PLATE_WORDS = ("plate", "placa", "patente", "matric", "licence", "license")


@dataclass(frozen=True)
class Order:
    """What is to be written: a version or, without one, everything labelled of its kind.

    ``videos`` (ids) and ``labels`` narrow down what is labelled now. ``size`` is (width,
    height); KITTI and LPRNet have one anyway. ``hidden``: the plates are made unreadable.
    """

    project: Project
    kind: str
    format: str
    version: DatasetVersion | None = None
    videos: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    size: Size | None = None
    hidden: bool = False

    def __post_init__(self) -> None:
        """Raises ExportFormatWrong and ExportCropsHidden for what cannot be made."""
        if self.format not in FORMATS[self.kind]:
            known = ", ".join(FORMATS[self.kind])
            raise ExportFormatWrong(kind=self.kind, format=self.format, known=known)
        if self.hidden and self.kind == Kind.RECOGNIZER:
            raise ExportCropsHidden()

    @classmethod
    def of(
        cls,
        version: DatasetVersion,
        format: str,
        *,
        size: Size | None = None,
        hidden: bool = False,
    ) -> Order:
        """An order of a dataset version."""
        return cls(version.project, version.kind, format, version, size=size, hidden=hidden)

    @cached_property
    def recordings(self) -> dict[int, Video]:
        """The videos of the project by id: few, while each has thousands of frames."""
        return Video.objects.filter(project=self.project).in_bulk()

    @property
    def title(self) -> str:
        """What is written, for the audit trail."""
        return f"{self.version or f'everything labelled ({self.kind})'} as {self.format}"

    @property
    def name(self) -> str:
        """A name for the file people download."""
        what = f"v{self.version.number}" if self.version else "all"
        return f"{self.kind}-{what}-{self.format}{'-hidden' if self.hidden else ''}"


def kind_of(format: str, given: str | None = None) -> str:
    """The kind a format is of: frames with boxes, or crops with texts.

    Raises ExportKindUnclear for a format of both, without ``given``.
    """
    kinds = kinds_of(format)
    if given is None and len(kinds) != 1:
        raise ExportKindUnclear(format=format)
    return given or kinds[0]


def kinds_of(format: str) -> list[str]:
    """The kinds that can be written in a format."""
    return [kind for kind, formats in FORMATS.items() if format in formats]


@dataclass(frozen=True)
class Item:
    """A frame with its boxes, or a crop with its text, about to be written."""

    name: str
    file: str
    size: Size
    boxes: Sequence[ExportBox] = ()
    text: str = ""
    split: str = ""
    negative: bool = False
    hidden: Sequence[Xyxy] = ()
    source: Mapping[str, object] = field(default_factory=dict)


# --- the formats


def write(order: Order, sink: Sink, running: Running) -> dict[str, int]:
    """Write all of the order but Cloud Annotations' zip into the sink; returns counts.

    Raises:
        NothingLabelled, ExportFileMissing, ExportTextImpossible, ExportDiskFull
    """
    counts: dict[str, int] = {}
    return {**_WRITERS[order.format](order, sink, items(order, running, counts)), **counts}


def _write_yolo(order: Order, sink: Sink, found: Iterator[Item]) -> dict[str, int]:
    return yolo.write(sink, pictures(order, found), labels_of(order))


def _write_kitti(order: Order, sink: Sink, found: Iterator[Item]) -> dict[str, int]:
    return kitti.write(sink, pictures(order, found, size=order.size or FRAME_SIZE))


def _write_coco(order: Order, sink: Sink, found: Iterator[Item]) -> dict[str, int]:
    return coco.write(sink, pictures(order, found), labels_of(order))


def _write_voc(order: Order, sink: Sink, found: Iterator[Item]) -> dict[str, int]:
    return voc.write(sink, pictures(order, found))


def _write_lprnet(order: Order, sink: Sink, found: Iterator[Item]) -> dict[str, int]:
    alphabet = order.project.alphabet
    used = set(order.version.counts.get("characters", ())) if order.version else set()
    listed = [*alphabet, *sorted(used - set(alphabet))]
    return lprnet.write(sink, crops(found, order.size or vision.CROP_SIZE), alphabet=listed)


def _write_labelerjs(order: Order, sink: Sink, found: Iterator[Item]) -> dict[str, int]:
    return crop_writers.write_labelerjs(sink, crops(found, order.size))


def _write_pytorch(order: Order, sink: Sink, found: Iterator[Item]) -> dict[str, int]:
    return crop_writers.write_lprnet_pytorch(sink, crops(found, order.size))


def _write_fast_plate_ocr(order: Order, sink: Sink, found: Iterator[Item]) -> dict[str, int]:
    return crop_writers.write_fast_plate_ocr(sink, crops(found, order.size))


def _write_csv(order: Order, sink: Sink, found: Iterator[Item]) -> dict[str, int]:
    names, table = Names(), manifest.Table()
    counts = {"pictures": 0, "boxes": 0}
    for picture in as_boxes(order, found):
        file = names.give(picture.name, group=picture.split, flat=True)
        path = f"{picture.split or 'pictures'}/{file}"
        sink.put(path, picture.data, of=picture.source)
        for row in table_rows(picture, path):
            table.add(row)
        counts["pictures"] += 1
        counts["boxes"] += len(picture.counted)
    sink.put("manifest.csv", table.pieces())
    return counts


_WRITERS: dict[str, Callable[[Order, Sink, Iterator[Item]], dict[str, int]]] = {
    "yolo": _write_yolo,
    "kitti": _write_kitti,
    "coco": _write_coco,
    "voc": _write_voc,
    "csv": _write_csv,
    "lprnet": _write_lprnet,
    "labelerjs": _write_labelerjs,
    "lprnet-pytorch": _write_pytorch,
    "fast-plate-ocr": _write_fast_plate_ocr,
}


def table_rows(picture: ExportPicture, file: str) -> Iterator[manifest.Row]:
    """The lines of a picture in our table: one a box, or one that says nothing is there."""
    for box in picture.counted:
        edges = box.x1, box.y1, box.x2 - box.x1, box.y2 - box.y1
        yield manifest.Row(0, file, edges, text=box.text, label=box.label)
    if not picture.counted:
        yield manifest.Row(0, file)


def as_boxes(order: Order, found: Iterator[Item]) -> Iterator[ExportPicture]:
    """Frames with their boxes; a crop is a picture with one box from edge to edge."""
    if order.kind == Kind.DETECTOR:
        yield from pictures(order, found)
        return
    for item in found:
        width, height = order.size or item.size
        box = ExportBox("plate", 0.0, 0.0, float(width), float(height), item.text)
        name, data = _crop_file(item, order.size)
        yield ExportPicture(name, data, width, height, [box], split=item.split, source=item.source)


# --- pictures and crops


def pictures(
    order: Order, found: Iterator[Item], *, size: Size | None = None
) -> Iterator[ExportPicture]:
    """The frames as they are stored, or at one size, or with their plates hidden."""
    size = size or order.size
    for item in found:
        picture = ExportPicture(
            _file_name(item), _data(item), *item.size, item.boxes,
            split=item.split, negative=item.negative, source=item.source,
        )  # fmt: skip
        redrawn = size is not None or bool(item.hidden)
        yield _redrawn(picture, size, item.hidden) if redrawn else picture


def crops(found: Iterator[Item], size: Size | None) -> Iterator[ExportCrop]:
    """The crops as they are stored, or at one size without loss."""
    for item in found:
        name, data = _crop_file(item, size)
        yield ExportCrop(name, data, item.text, split=item.split, source=item.source)


def _crop_file(item: Item, size: Size | None) -> tuple[str, bytes]:
    data = _data(item)
    if size is None:
        return _file_name(item), data
    crop = vision.resize_crop(vision.decode_picture(data, name=item.name), size)
    return f"{stem(item.name)}.png", vision.encode_png(crop)


def _data(item: Item) -> bytes:
    try:
        return files.local_path(item.file).read_bytes()
    except OSError as error:
        raise ExportFileMissing(name=item.name) from error


def _file_name(item: Item) -> str:
    """The item's name with the ending of its content."""
    ending = Path(item.file).suffix
    same = Path(item.name).suffix.lower() == ending
    return item.name if same else stem(item.name) + ending


def _redrawn(picture: ExportPicture, size: Size | None, hidden: Sequence[Xyxy]) -> ExportPicture:
    """The picture with plates hidden, and it and its boxes stretched to ``size``."""
    frame = vision.decode_picture(picture.data, name=picture.name)
    frame = hiding.hide(frame, hidden)
    here = frame.shape[1], frame.shape[0]
    size = size or here
    scaled = geometry.scale(
        [(box.x1, box.y1, box.x2, box.y2) for box in picture.boxes], from_size=here, to_size=size
    )
    return ExportPicture(
        f"{stem(picture.name)}.jpg",
        vision.encode_jpeg(vision.resize_frame(frame, size), JPEG_QUALITY),
        *size,
        [
            replace(box, x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2))
            for box, (x1, y1, x2, y2) in zip(picture.boxes, scaled, strict=True)
        ],
        split=picture.split,
        negative=picture.negative,
        source=picture.source,
    )


# --- what is read


def is_quick(order: Order) -> bool:
    """Whether the order takes so few crops that somebody can wait for it."""
    if order.kind != Kind.RECOGNIZER:
        return False
    few: int = _rows_of(order)[0][: QUICK_CROPS + 1].count()
    return few <= QUICK_CROPS


def items(order: Order, running: Running, counts: dict[str, int]) -> Iterator[Item]:
    """What the order asks for, one by one.

    A version is whole or nothing; of what is labelled now, pictures without a file are left
    out and counted as "missing". Raises NothingLabelled, NothingRead,
    ExportFileMissing and ExportDiskFull.
    """
    rows, as_item = _rows_of(order)
    total = rows.count()
    if not total:
        raise NothingLabelled() if order.kind == Kind.DETECTOR else NothingRead()
    for done, row in enumerate(in_pieces(rows), 1):
        item = as_item(order, row)
        if done % _LOOK_EVERY == 1 and files.free_bytes() < SPARE_BYTES:
            raise ExportDiskFull(free=files.free_bytes() >> 20)
        if order.version is None and not files.local_path(item.file).is_file():
            counts["missing"] = counts.get("missing", 0) + 1
        else:
            yield item
        running.progress(done, total, "pictures")


def _rows_of(order: Order) -> tuple[Any, Callable[[Order, Any], Item]]:
    if order.version is not None:
        rows = order.version.items.order_by("position")
        if order.kind == Kind.RECOGNIZER:
            return rows.select_related("crop__box__frame"), _frozen_crop
        rows = rows.select_related("frame")
        if order.hidden:
            rows = rows.prefetch_related(Prefetch("frame__boxes", _present()))
        return rows, _frozen_frame
    if order.kind == Kind.RECOGNIZER:
        rows = datasets.readable_crops(order.project).select_related("current", "box__frame")
        videos = {"box__frame__video__in": order.videos} if order.videos else {}
        return rows.filter(**videos), _crop
    rows = datasets.labelled_frames(order.project).select_related(None)
    if order.videos:
        rows = rows.filter(video__in=order.videos)
    if order.labels:
        boxes = Box.objects.present().filter(frame=OuterRef("pk"), label__name__in=order.labels)
        rows = rows.filter(Exists(boxes))
    return rows.prefetch_related(Prefetch("boxes", _present())), _frame


def _present() -> Any:
    return Box.objects.present().select_related("label", "crop__current").order_by("id")


def _frame(order: Order, frame: Frame) -> Item:
    there = list(frame.boxes.all())
    chosen = [box for box in there if not order.labels or box.label.name in order.labels]
    boxes = [
        ExportBox(
            box.label.name, *box.xyxy, text="" if order.hidden else text_of(box), ignore=box.ignore
        )
        for box in chosen
    ]
    hidden = [box.xyxy for box in there if means_plate(box.label.name)] if order.hidden else []
    name = frame.name or f"frame_{frame.pk:06d}"
    return Item(
        name, frame.file, (frame.width, frame.height), boxes, negative=not there,
        hidden=hidden, source=_source(order, frame, frame.sha256),
    )  # fmt: skip


def _frozen_frame(order: Order, item: DatasetItem) -> Item:
    hidden: list[Xyxy] = []
    if order.hidden:  # where plates are now, too: they may have been drawn since
        hidden = [_edges(box) for box in item.boxes if means_plate(box["label"])]
        now = item.frame.boxes.all() if item.frame else ()
        hidden += [box.xyxy for box in now if means_plate(box.label.name)]
    boxes = [ExportBox(box["label"], *_edges(box), ignore=box["ignore"]) for box in item.boxes]
    return Item(
        item.name, item.file, (item.width, item.height), boxes, split=item.split,
        negative=not item.boxes, hidden=hidden, source=_source(order, item.frame, item.sha256),
    )  # fmt: skip


def _crop(order: Order, crop: Crop) -> Item:
    assert crop.current is not None, "only crops that were read are asked for"
    frame = crop.box.frame if crop.box else None
    return Item(
        datasets.crop_name(crop), crop.file, (crop.width, crop.height), text=crop.current.text,
        source=_source(order, frame, crop.sha256),
    )  # fmt: skip


def _frozen_crop(order: Order, item: DatasetItem) -> Item:
    box = item.crop.box if item.crop else None
    return Item(
        item.name, item.file, (item.width, item.height), text=item.text, split=item.split,
        source=_source(order, box.frame if box else None, item.sha256),
    )  # fmt: skip


def means_plate(label: str) -> bool:
    """Whether a label's name speaks of plates, in English or Spanish."""
    return any(word in label.casefold() for word in _PLATE_WORDS)


def _edges(box: Mapping[str, Any]) -> Xyxy:
    return box["x1"], box["y1"], box["x2"], box["y2"]


def text_of(box: Box) -> str:
    """What was read on a plate's box, "" if nothing was."""
    crop = getattr(box, "crop", None)
    return crop.current.text if crop and crop.current else ""


def _source(order: Order, frame: Frame | None, sha256: str) -> dict[str, object]:
    """Where a picture comes from. With plates hidden no hash leads back to what is hidden."""
    facts: dict[str, object] = {} if order.hidden else {"source_sha256": sha256}
    video = order.recordings.get(frame.video_id or 0) if frame else None
    if frame is not None and video is not None:
        facts |= {"video": video.name, "index": frame.index, "pts": frame.pts}
        facts["seconds"] = video.seconds(frame.pts or 0)
        if not order.hidden:
            facts["video_sha256"] = video.sha256
    return facts


def labels_of(order: Order) -> list[str]:
    """The chosen labels of the project in their order, then those that only a version has."""
    ours = list(Label.objects.filter(project=order.project).values_list("name", flat=True))
    if order.version is None:
        return [name for name in ours if not order.labels or name in order.labels]
    frozen = {
        box["label"]
        for boxes in order.version.items.values_list("boxes", flat=True).iterator()
        for box in boxes
    }
    return ours + sorted(frozen - set(ours))
