"""Frames and their boxes: what a chunk of pictures adds, decided, then written."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from django.conf import settings
from django.db import transaction

from annotations import boxes as box_steps
from annotations import crops as crop_steps
from annotations.bringing.held import Errand, Held, ending_of
from annotations.bringing.recognition import as_frames_of_videos, frames_with
from annotations.bringing.shelves import Shelf
from annotations.bringing.texts import Said, Texts
from annotations.errors import BoxOutsidePicture, EntryAlreadyHere, EntryRefused, EntryZeroArea
from annotations.formats import PlannedBox, PlannedPicture
from annotations.models import Box, Crop, Frame, Label
from annotations.models.frames import FrameStatus
from annotations.models.frames import Source as MadeBy
from annotations.vision import crops as vision
from lprsite import files
from lprsite.errors import Refused


@dataclass
class NewBox:
    """A box that is to be written, with its crop if it is a plate."""

    box: Box
    planned: PlannedBox
    cut: crop_steps.Cut | None = None


@dataclass
class Planning:
    """What one picture adds, before anything of it is decided for good."""

    one: Held
    frame: Frame
    fresh: bool
    boxes: list[NewBox] = field(default_factory=list)
    drops: list[tuple[EntryRefused, PlannedBox]] = field(default_factory=list)
    texts: list[tuple[Box, str, str]] = field(default_factory=list)
    problem: Refused | None = None


@dataclass
class Piece:
    """What a chunk of pictures adds, before it is written."""

    frames: dict[str, Frame]
    fresh: list[Frame] = field(default_factory=list)
    boxes: list[NewBox] = field(default_factory=list)
    texts: list[tuple[Box, str, str]] = field(default_factory=list)
    whole: list[tuple[Frame, PlannedPicture]] = field(default_factory=list)


class Frames:
    """Brings in the frames of one import."""

    def __init__(self, errand: Errand, texts: Texts) -> None:
        self._errand, self._texts = errand, texts

    def bring(self, held: Sequence[Held]) -> None:
        if not held:
            return
        held = as_frames_of_videos(held, self._errand)
        known = frames_with([one.sha256 for one in held], self._errand.project)
        for one in held:
            one.frame = one.frame or known.get(one.sha256)
        piece = Piece({one.key: one.frame for one in held if one.frame is not None})
        shelves = self._shelves(piece.frames)
        plannings = []
        for one in held:
            planning = self._plan_frame(one, piece, shelves[one.key])
            piece.frames[one.key] = planning.frame
            plannings.append(planning)
        failed: dict[int, Refused] = {}
        for planning in self._errand.crew.map(self._prepare, plannings):
            # The same picture may come twice; both times it is broken.
            planning.problem = planning.problem or failed.get(id(planning.frame))
            if planning.problem is not None:
                failed[id(planning.frame)] = planning.problem
            self._settle(planning, piece)
        if not self._errand.dry:
            self._write_frames(piece)
            self._write_boxes(piece)
        self._write_box_texts(piece)
        if not self._errand.dry:
            self._mark_frames(piece)

    def _shelves(self, frames: Mapping[str, Frame]) -> defaultdict[str, Shelf]:
        shelves: defaultdict[str, Shelf] = defaultdict(lambda: Shelf(()))
        keys = {frame.pk: key for key, frame in frames.items()}
        for box in Box.objects.filter(frame__in=keys).order_by("id"):
            shelves[keys[box.frame_id]].add(box)
        return shelves

    def _plan_frame(self, one: Held, piece: Piece, shelf: Shelf) -> Planning:
        """Decide about a picture and its boxes, as far as that needs no look at it."""
        frame = piece.frames.get(one.key)
        fresh = frame is None
        if frame is None:
            frame = Frame(
                project=self._errand.project, name=one.planned.name[-255:], sha256=one.sha256
            )
        elif frame.video_id is not None and frame.pk:
            self._errand.tally.of_videos[str(frame.video_id)] += 1
        planning = Planning(one, frame, fresh)
        for box in one.planned.boxes:
            self._plan_box(box, planning, shelf)
        return planning

    def _prepare(self, planning: Planning) -> Planning:
        """Decode what is new and store its files. Runs in the crew."""
        one, name = planning.one, planning.one.planned.name
        plates = [new for new in planning.boxes if new.planned.label == crop_steps.PLATE]
        if not planning.fresh and not plates:
            return planning
        try:
            if self._errand.dry:
                vision.check_whole(one.data, name=name)
                return planning
            picture = vision.decode_picture(one.data, name=name) if plates else None
            if planning.fresh:
                self._fill(planning.frame, one, picture)
            for new in plates:
                with contextlib.suppress(BoxOutsidePicture):  # a sliver that covers no pixel
                    new.cut = crop_steps.cut(planning.frame, new.box.xyxy, picture)
        except Refused as reason:
            planning.problem = reason
        return planning

    def _fill(self, frame: Frame, one: Held, picture: Any) -> None:
        small = vision.decode_small(one.data, name=one.planned.name) if picture is None else picture
        frame.file, _ = files.put_bytes("frames", one.data, ending_of(one.data))
        frame.width, frame.height = vision.picture_size(one.data, name=one.planned.name)
        frame.dhash = vision.dhash(small)

    def _settle(self, planning: Planning, piece: Piece) -> None:
        """Take over what a picture adds, or say why it cannot be taken."""
        if planning.problem is not None:
            self._errand.tally.unreadable(planning.one.planned, planning.problem)
            return
        for refusal, box in planning.drops:
            self._errand.tally.drop(refusal, box)
        for new in planning.boxes:
            if new.planned.label == crop_steps.PLATE and new.cut is None and not self._errand.dry:
                name = planning.one.planned.name
                self._errand.tally.drop(EntryZeroArea(file=name, line=0), new.planned)
                planning.texts = [said for said in planning.texts if said[0] is not new.box]
            else:
                piece.boxes.append(new)
        if planning.fresh:
            piece.fresh.append(planning.frame)
        piece.texts += planning.texts
        piece.whole.append((planning.frame, planning.one.planned))
        if self._errand.dry:
            self._errand.tally.made["frames"] += planning.fresh
            self._errand.tally.made["boxes"] += len(planning.boxes)

    def _plan_box(self, planned: PlannedBox, planning: Planning, shelf: Shelf) -> None:
        one, label = planning.one, (self._errand.labels or {}).get(planned.label)
        key, name = self._box_key(planned, one), one.planned.name
        box = shelf.made_by(key)
        if box is None and label is not None and (box := shelf.like(label, planned.xyxy)):
            planning.drops.append((EntryAlreadyHere(file=name, line=0), planned))
        if box is None and label is None:  # a dry run, and nobody has this label yet
            planning.boxes.append(NewBox(Box(), planned))
            return
        if box is None:
            assert label is not None, "labels are made before boxes"
            box = self._new_box(planned, planning.frame, label, key)
            shelf.add(box)
            planning.boxes.append(NewBox(box, planned))
        if planned.text and planned.label == crop_steps.PLATE:
            planning.texts.append((box, planned.text, name))

    def _new_box(self, planned: PlannedBox, frame: Frame, label: Label, key: UUID) -> Box:
        x1, y1, x2, y2 = planned.xyxy
        return Box(
            frame=frame, label=label, x1=x1, y1=y1, x2=x2, y2=y2,
            ignore=planned.ignore, source=MadeBy.IMPORT, client_key=key,
            created_by=self._errand.batch.created_by,
        )  # fmt: skip

    def _box_key(self, box: PlannedBox, one: Held) -> UUID:
        """The same box of the same batch has the same key, whoever reads it when."""
        edges = " ".join(f"{edge:.2f}" for edge in box.xyxy)
        said = f"lpr import {self._errand.batch.pk} {one.planned.member} {box.label} {edges}"
        return uuid5(NAMESPACE_URL, said)

    def _write_frames(self, piece: Piece) -> None:
        if not piece.fresh:
            return
        Frame.objects.bulk_create(piece.fresh, ignore_conflicts=True)
        self._errand.tally.made["frames"] += len(piece.fresh)
        stored = frames_with((f.sha256 for f in piece.fresh), self._errand.project)
        fresh = {id(frame): stored[frame.sha256] for frame in piece.fresh}
        for new in piece.boxes:
            new.box.frame = fresh.get(id(new.box.frame), new.box.frame)
        piece.whole = [(fresh.get(id(frame), frame), planned) for frame, planned in piece.whole]

    def _write_boxes(self, piece: Piece) -> None:
        rows = settings.BULK_ROWS // 4  # short transactions: somebody else wants to save
        for start in range(0, len(piece.boxes), rows):
            chunk = piece.boxes[start : start + rows]
            with transaction.atomic():
                chunk = self._still_new(chunk, piece)
                Box.objects.bulk_create([new.box for new in chunk])
                box_steps.something_here({new.box.frame_id for new in chunk})
                cuts = [(new.box, new.cut) for new in chunk if new.cut]
                Crop.objects.bulk_create(self._new_crop(box, cut) for box, cut in cuts)
                new = {one.box.pk: one.box.frame_id for one in chunk}
                box_steps.link_plates(set(new.values()), new=new)
            self._errand.tally.made["boxes"] += len(chunk)
            self._errand.tally.made["crops"] += len(cuts)

    def _still_new(self, chunk: Sequence[NewBox], piece: Piece) -> list[NewBox]:
        """The boxes that nobody else, such as a second import, put there in the meantime."""
        frames = {f"#{new.box.frame_id}": new.box.frame for new in chunk}
        # Locking them makes a second writer wait until this one's boxes can be seen.
        list(Frame.objects.select_for_update().filter(pk__in=[f.pk for f in frames.values()]))
        shelves = self._shelves(frames)
        still = []
        for new in chunk:
            box = new.box
            if twin := shelves[f"#{box.frame_id}"].like(box.label, box.xyxy):
                refusal = EntryAlreadyHere(file=box.frame.name, line=0)
                self._errand.tally.drop(refusal, new.planned)
                piece.texts = [(twin if b is box else b, t, n) for b, t, n in piece.texts]
            else:
                still.append(new)
        return still

    def _new_crop(self, box: Box, cut: crop_steps.Cut) -> Crop:
        return Crop(
            project=self._errand.project,
            box=box,
            name=box.frame.name,
            file=cut.file,
            sha256=cut.sha256,
            width=cut.width,
            height=cut.height,
            sharpness=cut.sharpness,
            unlinked=box.frame.video_id is not None,
        )

    def _write_box_texts(self, piece: Piece) -> None:
        ids = [box.pk for box, _, _ in piece.texts if box.pk]
        rows = Crop.objects.filter(box__in=ids).select_related("current") if ids else ()
        found = {crop.box_id: crop for crop in rows}
        said = []
        for box, text, name in piece.texts:
            if box.deleted_at is not None:
                continue
            crop = found.get(box.pk) if box.pk else None
            if crop is None and not self._errand.dry:
                crop = crop_steps.attach(box, crop_steps.cut(box.frame, box.xyxy))
            said.append(Said(crop, text, name))
        for refusal in self._texts.keep(said):
            self._errand.tally.count_text(refusal)

    def _mark_frames(self, piece: Piece) -> None:
        """Frames are done once all their boxes are there; never take back what people said.

        One of whose boxes some could not be read stays open: somebody must look at it.
        """
        occupied = set(
            Box.objects.present()
            .filter(frame__in=[frame.pk for frame, _ in piece.whole])
            .values_list("frame_id", flat=True)
        )
        changed: defaultdict[tuple[str, tuple[str, ...]], set[int]] = defaultdict(set)
        for frame, planned in piece.whole:
            here = frame.pk in occupied
            if planned.lost or (not planned.boxes and (here or not planned.negative)):
                continue
            before = frame.status, frame.complete_labels
            empty = not here and not planned.boxes
            if here or frame.status == FrameStatus.OPEN:
                frame.status = FrameStatus.NOTHING_HERE if empty else FrameStatus.DONE
            frame.complete_labels = sorted({*frame.complete_labels, *self._errand.complete})
            if (frame.status, frame.complete_labels) != before:
                changed[frame.status, tuple(frame.complete_labels)].add(frame.pk)
        for (status, complete), ids in changed.items():
            rows = Frame.objects.filter(pk__in=ids)
            rows.update(status=status, complete_labels=list(complete))
