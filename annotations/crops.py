"""Cut plates out of frames: made when a plate box is saved, made again when it moves."""

from __future__ import annotations

import base64
import csv
import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Q

from annotations import tracks
from annotations.errors import FrameFileGone
from annotations.formats.exports import fresh_folder
from annotations.formats.manifest import guarded
from annotations.models import Box, Crop, Frame, Project
from annotations.pieces import in_pieces
from annotations.vision import boxes as geometry
from annotations.vision import crops as vision
from annotations.vision.boxes import Xyxy
from lprsite import files
from lprsite.jobs.engine import Running

PLATE = "plate"
RECHECK_BELOW_IOU = 0.5
INLINE_BYTES = 48 << 10  # of one picture that comes inside an answer
INLINE_IN_ALL = 1 << 20


@dataclass(frozen=True)
class Cut:
    """A crop's file and facts, before it has a row."""

    file: str
    sha256: str
    width: int
    height: int
    sharpness: float


def cut(frame: Frame, xyxy: Xyxy, picture: Any = None) -> Cut:
    """Cut the plate out of the frame's picture and store it (PNG: a crop is never degraded)."""
    bgr = picture_of(frame) if picture is None else picture
    plate = vision.crop_plate(bgr, xyxy)
    key, sha256 = files.put_bytes("crops", vision.encode_png(plate), ".png")
    return Cut(key, sha256, plate.shape[1], plate.shape[0], vision.sharpness(plate))


def picture_of(frame: Frame) -> vision.Bgr:
    """The frame's picture. Raises FrameFileGone when its file is not there any more."""
    try:
        return vision.read_picture(files.local_path(frame.file))
    except FileNotFoundError:
        raise FrameFileGone(name=frame.name or frame.pk) from None


def inline(keys: Mapping[int, str]) -> dict[int, str]:
    """The files ``keys`` as addresses that hold the picture itself, for an answer that brings them.

    Large pictures, all beyond ``INLINE_IN_ALL`` bytes and files that are gone are left out.
    """
    found: dict[int, str] = {}
    room = INLINE_IN_ALL
    for pk, key in keys.items():
        path = files.local_path(key)
        try:
            size = path.stat().st_size
            if size > min(INLINE_BYTES, room):
                continue
            data = base64.b64encode(path.read_bytes()).decode()
        except OSError:
            continue
        kind = mimetypes.guess_type(path.name)[0] or "image/png"
        found[pk] = f"data:{kind};base64,{data}"
        room -= size
    return found


@transaction.atomic
def attach(box: Box, cut: Cut, *, moved_from: Sequence[float] | None = None) -> Crop:
    """Give the box this crop, keeping the texts of the crop it had.

    A box that moved below IoU 0.5 asks for its text to be checked again. The crop is locked:
    a text that somebody saves at this moment is neither lost nor given back.
    """
    crop = Crop.objects.select_for_update().filter(box=box).first() or Crop(
        project_id=box.frame.project_id, box=box, name=box.frame.name
    )
    if crop.pk and crop.sha256 != cut.sha256:
        crop.revision += 1
        crop.suggested = False
    if (crop.withdrawn or crop.sha256 != cut.sha256) and box.frame.video_id:
        tracks.unlink(crop)
    if crop.current_id and moved_from is not None:
        overlap = float(geometry.iou([tuple(moved_from)], [box.xyxy])[0, 0])
        crop.recheck = crop.recheck or overlap < RECHECK_BELOW_IOU
    crop.withdrawn = False
    crop.waiting = crop.recheck or crop.current_id is None
    crop.file, crop.sha256, crop.sharpness = cut.file, cut.sha256, cut.sharpness
    crop.width, crop.height = cut.width, cut.height
    crop.save()
    return crop


def withdraw(box: Box) -> None:
    """The box is gone or no plate any more: nobody needs to read its crop."""
    Crop.objects.filter(box=box).update(
        withdrawn=True,
        waiting=False,
        recheck=False,
        unlinked=False,
        lease_owner=None,
        lease_until=None,
    )


def make_missing(project: Project, running: Running) -> dict[str, int]:
    """Crops for all plate boxes that have none, frame by frame."""
    wanted = (
        Box.objects.present()
        .filter(frame__project=project, label__name=PLATE)
        .filter(Q(crop__isnull=True) | Q(crop__withdrawn=True))
        .select_related("frame", "label")
        .order_by("frame_id", "id")
    )
    total, made = wanted.count(), 0
    picture: Any = None
    frame_id = None
    for box in in_pieces(wanted):
        if box.frame_id != frame_id:
            frame_id = box.frame_id
            picture = picture_of(box.frame)
        made += _attach_unmoved(box, cut(box.frame, box.xyxy, picture))
        running.progress(made, total, "crops")
    return {"made": made}


@transaction.atomic
def _attach_unmoved(box: Box, fresh: Cut) -> bool:
    """Whether the box is still where it was cut; whoever moved or deleted it saw to its crop."""
    rows = Box.objects.present().select_for_update()
    if not rows.filter(pk=box.pk, revision=box.revision).exists():
        return False
    attach(box, fresh)
    return True


def resize_all(
    project: Project, out: Path, size: tuple[int, int], running: Running
) -> dict[str, int]:
    """Write every crop at ``size`` (width, height) into the new or empty folder ``out``, with a
    table of their texts.

    Raises ExportFolderNotEmpty.
    """
    rows = (
        Crop.objects.filter(project=project, withdrawn=False)
        .select_related("current")
        .order_by("id")
    )
    total, written = rows.count(), 0
    with fresh_folder(out) as part, (part / "manifest.csv").open("w", newline="") as table:
        lines = csv.writer(table, lineterminator="\n")
        lines.writerow(["file", "text"])
        for crop in in_pieces(rows):
            bgr = vision.resize_crop(vision.read_picture(files.local_path(crop.file)), size)
            name = f"crop_{crop.pk:06d}.png"
            (part / name).write_bytes(vision.encode_png(bgr))
            lines.writerow([name, guarded(crop.current.text if crop.current else "")])
            written += 1
            running.progress(written, total, "crops")
    return {"written": written}
