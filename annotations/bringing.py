"""Write what an import brings: frames, boxes, crops and texts, each at most once.

A picture is the same when its bytes are: a frame of a video of the project, a picture that
came in before, or a crop. A box is the same when its label is and it overlaps beyond 0.99.
A picture that is nothing but one plate is a crop, not a frame: as a frame it would teach
the detector that plates fill the view.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import F

from annotations import crops as crop_steps
from annotations import transcriptions
from annotations.errors import (
    BoxOutsidePicture,
    EntryAlreadyHere,
    EntryPictureUnreadable,
    EntryRefused,
    EntryTextAlreadyHere,
    EntryTextRefused,
    EntryZeroArea,
)
from annotations.formats import PlannedBox, PlannedPicture, ReportLine
from annotations.formats.archives import Source
from annotations.models import Box, Crop, Frame, ImportBatch, Label, Transcription
from annotations.models.crops import ReadingRole, Status
from annotations.models.frames import FrameStatus
from annotations.models.frames import Source as MadeBy
from annotations.vision import boxes as geometry
from annotations.vision import crops as vision
from annotations.vision.boxes import Xyxy
from lprsite import files
from lprsite.errors import Refused

SAME_BOX = 0.99  # intersection over union
WHOLE = 0.99  # of a picture's area: the picture is a crop
PICTURE_BYTES = 100 << 20
CHUNK_PICTURES = 50
CHUNK_BYTES = 64 << 20
_MAGIC = ((b"\xff\xd8", ".jpg"), (b"\x89PNG", ".png"), (b"RIFF", ".webp"), (b"BM", ".bmp"))


class Tally:
    """What became of every entry: counts that add up, texts, rows made, and the report."""

    def __init__(self, counts: Mapping[str, int], report: Iterable[ReportLine]) -> None:
        self.counts: Counter[str] = Counter(counts)
        self.report = list(report)
        self.texts: Counter[str] = Counter()
        self.made: Counter[str] = Counter()

    def drop(self, refusal: EntryRefused, *, clamped: bool = False) -> None:
        """An entry that was to be imported is not."""
        self.counts["imported"] -= 1
        self.counts[refusal.outcome] += 1
        self.counts["clamped"] -= clamped
        self.note(refusal)

    def count_text(self, refusal: EntryRefused | None) -> None:
        """What became of the text of a box; one that is there already needs no line."""
        self.texts["seen"] += 1
        self.texts[refusal.outcome if refusal else "imported"] += 1
        if isinstance(refusal, EntryTextRefused):
            self.note(refusal)

    def note(self, refusal: EntryRefused) -> None:
        """Put a line into the report."""
        line = ReportLine(refusal.facts["file"], 0, refusal.outcome, refusal)
        self.report.append(line)


@dataclass
class Held:
    """A picture in memory on its way in."""

    planned: PlannedPicture
    data: bytes
    sha256: str
    text: str = ""


@dataclass(frozen=True)
class Said:
    """A text for a crop."""

    crop: Crop
    text: str
    name: str


@dataclass
class NewBox:
    """A box that is to be written, with its crop if it is a plate."""

    box: Box
    planned: PlannedBox
    cut: crop_steps.Cut | None


@dataclass
class Piece:
    """What a chunk of pictures adds, before it is written."""

    frames: dict[str, Frame]
    fresh: list[Frame] = field(default_factory=list)
    boxes: list[NewBox] = field(default_factory=list)
    texts: list[tuple[Box, str, str]] = field(default_factory=list)
    whole: list[tuple[Frame, PlannedPicture]] = field(default_factory=list)


class Shelf:
    """The boxes of one picture: those it has, and those that join them."""

    def __init__(self, boxes: Iterable[Box]) -> None:
        self._rows: list[Box] = []
        self._edges = np.zeros((16, 4))
        self._labels = np.zeros(16, np.int64)
        self._keys: dict[UUID, Box] = {}
        for box in boxes:
            self.add(box)

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, box: Box) -> None:
        """A deleted box is known by its key only."""
        if box.client_key:
            self._keys[box.client_key] = box
        if box.deleted_at is not None:
            return
        if len(self) == len(self._edges):
            self._edges = np.concatenate([self._edges, np.zeros_like(self._edges)])
            self._labels = np.concatenate([self._labels, np.zeros_like(self._labels)])
        self._edges[len(self)], self._labels[len(self)] = box.xyxy, box.label_id
        self._rows.append(box)

    def made_by(self, key: UUID) -> Box | None:
        """The box that an earlier attempt of the same import made."""
        return self._keys.get(key)

    def like(self, label: Label, xyxy: Xyxy) -> Box | None:
        """A present box of the label in the same place."""
        if not self._rows:
            return None
        overlaps = geometry.iou([xyxy], self._edges[: len(self)])[0]
        overlaps[self._labels[: len(self)] != label.pk] = 0.0
        best = int(overlaps.argmax())
        return self._rows[best] if overlaps[best] > SAME_BOX else None


class Bringing:
    """Takes pictures one by one and writes them in chunks."""

    def __init__(
        self,
        batch: ImportBatch,
        source: Source,
        tally: Tally,
        *,
        labels: Mapping[str, Label] | None = None,
        complete: Sequence[str] = (),
    ) -> None:
        self.batch, self.project, self.source, self.tally = batch, batch.project, source, tally
        self.labels, self.complete = labels or {}, complete
        self._texts_only = labels is None
        self._frames: list[Held] = []
        self._crops: list[Held] = []
        self._bytes = 0
        self._crops_taken: set[str] = set()
        self._texts_taken: set[UUID] = set()

    # --- taking pictures

    def add(self, planned: PlannedPicture) -> None:
        """A picture with what was planned for it."""
        if held := self._held(planned):
            is_crop = shows_only_a_plate(planned)
            held.text = planned.boxes[0].text if is_crop else ""
            (self._crops if is_crop else self._frames).append(held)
            self._flush_when_full()

    def add_unlabelled(self, member: str) -> None:
        """A picture that nothing was said about: a frame for somebody to label."""
        self.add(PlannedPicture(member, member, 0, 0))

    def add_text(self, member: str, text: str) -> None:
        """A crop with its text; without one it waits to be read."""
        box = (PlannedBox(crop_steps.PLATE, 0.0, 0.0, 1.0, 1.0),) if text else ()
        planned = PlannedPicture(member, member, 1, 1, box)
        if held := self._held(planned):
            held.text = text
            self._crops.append(held)
            self._flush_when_full()

    def flush(self) -> None:
        """Write what is held."""
        self._bring_frames(self._frames)
        self._bring_crops(self._crops)
        self._frames, self._crops, self._bytes = [], [], 0

    def _held(self, planned: PlannedPicture) -> Held | None:
        try:
            data = self.source.read(planned.member, limit=PICTURE_BYTES)
        except Refused as reason:
            self._unreadable(planned, reason)
            return None
        self._bytes += len(data)
        return Held(planned, data, hashlib.sha256(data).hexdigest())

    def _flush_when_full(self) -> None:
        held = len(self._frames) + len(self._crops)
        if held >= CHUNK_PICTURES or self._bytes >= CHUNK_BYTES:
            self.flush()

    def _unreadable(self, planned: PlannedPicture, reason: Refused) -> None:
        refusal = EntryPictureUnreadable(file=planned.name, line=0, reason=reason)
        for box in planned.boxes:
            self.tally.drop(refusal, clamped=box.clamped)
        if not planned.boxes:
            self.tally.note(refusal)

    # --- frames and their boxes

    def _bring_frames(self, held: Sequence[Held]) -> None:
        if not held:
            return
        piece = Piece(self._known_frames([one.sha256 for one in held]))
        shelves = self._shelves(piece.frames)
        for one in held:
            try:
                self._plan_frame(one, piece, shelves[one.sha256])
            except Refused as reason:
                self._unreadable(one.planned, reason)
        self._write_frames(piece)
        self._write_boxes(piece)
        self._write_box_texts(piece)
        self._mark_frames(piece)

    def _known_frames(self, hashes: Iterable[str]) -> dict[str, Frame]:
        """The frames with these bytes; those of videos before loose pictures."""
        rows = Frame.objects.filter(project=self.project, sha256__in=set(hashes))
        frames: dict[str, Frame] = {}
        for frame in rows.order_by(F("video_id").asc(nulls_last=True), "id"):
            frames.setdefault(frame.sha256, frame)
        return frames

    def _shelves(self, frames: Mapping[str, Frame]) -> defaultdict[str, Shelf]:
        shelves: defaultdict[str, Shelf] = defaultdict(lambda: Shelf(()))
        by_id = {frame.pk: frame.sha256 for frame in frames.values()}
        for box in Box.objects.filter(frame__in=by_id).order_by("id"):
            shelves[by_id[box.frame_id]].add(box)
        return shelves

    def _plan_frame(self, one: Held, piece: Piece, shelf: Shelf) -> None:
        """Decide about a picture and its boxes. Raises Refused before anything is decided."""
        frame = piece.frames.get(one.sha256)
        picture: Any = None
        if frame is None or any(self._is_new_plate(box, one, shelf) for box in one.planned.boxes):
            picture = vision.decode_picture(one.data, name=one.planned.name)
        if frame is None:
            frame = self._new_frame(one, picture)
            piece.frames[one.sha256] = frame
            piece.fresh.append(frame)
        for box in one.planned.boxes:
            self._plan_box(box, one, piece, shelf, frame=frame, picture=picture)
        piece.whole.append((frame, one.planned))

    def _new_frame(self, one: Held, picture: Any) -> Frame:
        key, sha256 = files.put_bytes("frames", one.data, ending_of(one.data))
        return Frame(
            project=self.project,
            name=one.planned.name[-255:],
            sha256=sha256,
            file=key,
            width=picture.shape[1],
            height=picture.shape[0],
            dhash=vision.dhash(picture),
        )

    def _is_new_plate(self, box: PlannedBox, one: Held, shelf: Shelf) -> bool:
        if box.label != crop_steps.PLATE:
            return False
        known = shelf.made_by(self._box_key(box, one)) or shelf.like(
            self.labels[box.label], box.xyxy
        )
        return known is None

    def _plan_box(
        self, planned: PlannedBox, one: Held, piece: Piece, shelf: Shelf, *, frame: Frame,
        picture: Any,
    ) -> None:  # fmt: skip
        key, label = self._box_key(planned, one), self.labels[planned.label]
        name = one.planned.name
        box = shelf.made_by(key)
        if box is None and (box := shelf.like(label, planned.xyxy)):
            self.tally.drop(EntryAlreadyHere(file=name, line=0), clamped=planned.clamped)
        if box is None:
            cut = None
            if planned.label == crop_steps.PLATE:
                try:
                    cut = crop_steps.cut(frame, planned.xyxy, picture)
                except BoxOutsidePicture:  # a sliver that covers no pixel
                    self.tally.drop(EntryZeroArea(file=name, line=0), clamped=planned.clamped)
                    return
            box = self._new_box(planned, frame, label, key)
            shelf.add(box)
            piece.boxes.append(NewBox(box, planned, cut))
        if planned.text and planned.label == crop_steps.PLATE:
            piece.texts.append((box, planned.text, name))

    def _new_box(self, planned: PlannedBox, frame: Frame, label: Label, key: UUID) -> Box:
        x1, y1, x2, y2 = planned.xyxy
        return Box(
            frame=frame, label=label, x1=x1, y1=y1, x2=x2, y2=y2,
            source=MadeBy.IMPORT, client_key=key, created_by=self.batch.created_by,
        )  # fmt: skip

    def _box_key(self, box: PlannedBox, one: Held) -> UUID:
        """The same box of the same batch has the same key, whoever reads it when."""
        edges = " ".join(f"{edge:.2f}" for edge in box.xyxy)
        said = f"lpr import {self.batch.pk} {one.planned.member} {box.label} {edges}"
        return uuid5(NAMESPACE_URL, said)

    def _write_frames(self, piece: Piece) -> None:
        if not piece.fresh:
            return
        Frame.objects.bulk_create(piece.fresh, ignore_conflicts=True)
        self.tally.made["frames"] += len(piece.fresh)
        stored = self._known_frames(frame.sha256 for frame in piece.fresh)
        for new in piece.boxes:
            new.box.frame = stored.get(new.box.frame.sha256, new.box.frame)
        piece.frames |= stored
        piece.whole = [(piece.frames[frame.sha256], planned) for frame, planned in piece.whole]

    def _write_boxes(self, piece: Piece) -> None:
        rows = settings.BULK_ROWS // 2  # a box and its crop are two rows
        for start in range(0, len(piece.boxes), rows):
            chunk = piece.boxes[start : start + rows]
            with transaction.atomic():
                chunk = self._still_new(chunk, piece)
                Box.objects.bulk_create([new.box for new in chunk])
                cuts = [(new.box, new.cut) for new in chunk if new.cut]
                Crop.objects.bulk_create(self._new_crop(box, cut) for box, cut in cuts)
            self.tally.made["boxes"] += len(chunk)
            self.tally.made["crops"] += len(cuts)

    def _still_new(self, chunk: Sequence[NewBox], piece: Piece) -> list[NewBox]:
        """The boxes that nobody else, such as a second import, put there in the meantime."""
        frames = {new.box.frame.sha256: new.box.frame for new in chunk}
        # Locking them makes a second writer wait until this one's boxes can be seen.
        list(Frame.objects.select_for_update().filter(pk__in=[f.pk for f in frames.values()]))
        shelves = self._shelves(frames)
        still = []
        for new in chunk:
            box = new.box
            if twin := shelves[box.frame.sha256].like(box.label, box.xyxy):
                refusal = EntryAlreadyHere(file=box.frame.name, line=0)
                self.tally.drop(refusal, clamped=new.planned.clamped)
                piece.texts = [(twin if b is box else b, t, n) for b, t, n in piece.texts]
            else:
                still.append(new)
        return still

    def _new_crop(self, box: Box, cut: crop_steps.Cut) -> Crop:
        return Crop(
            project=self.project,
            box=box,
            name=box.frame.name,
            file=cut.file,
            sha256=cut.sha256,
            width=cut.width,
            height=cut.height,
            sharpness=cut.sharpness,
        )

    def _write_box_texts(self, piece: Piece) -> None:
        ids = [box.pk for box, _, _ in piece.texts]
        found = {crop.box_id: crop for crop in Crop.objects.filter(box__in=ids)}
        said = []
        for box, text, name in piece.texts:
            if box.deleted_at is not None:
                continue
            crop = found.get(box.pk) or crop_steps.attach(box, crop_steps.cut(box.frame, box.xyxy))
            said.append(Said(crop, text, name))
        for refusal in self._keep(said):
            self.tally.count_text(refusal)

    def _mark_frames(self, piece: Piece) -> None:
        """Frames are done once all their boxes are there; never take back what people said."""
        occupied = set(
            Box.objects.present()
            .filter(frame__in=[frame.pk for frame, _ in piece.whole])
            .values_list("frame_id", flat=True)
        )
        changed: dict[int, Frame] = {}
        for frame, planned in piece.whole:
            here = frame.pk in occupied
            if not planned.boxes and (here or not planned.negative):
                continue
            before = frame.status, frame.complete_labels
            if here or frame.status == FrameStatus.OPEN:
                frame.status = FrameStatus.DONE
            frame.complete_labels = sorted({*frame.complete_labels, *self.complete})
            if (frame.status, frame.complete_labels) != before:
                changed[frame.pk] = frame
        Frame.objects.bulk_update(changed.values(), ["status", "complete_labels"])

    # --- crops without a box

    def _bring_crops(self, held: Sequence[Held]) -> None:
        if not held:
            return
        known = self._known_crops([one.sha256 for one in held])
        fresh: dict[str, Crop] = {}
        usable = []
        for one in held:
            if one.sha256 not in known and one.sha256 not in fresh:
                try:
                    fresh[one.sha256] = self._new_loose_crop(one)
                except Refused as reason:
                    self._unreadable(one.planned, reason)
                    continue
            usable.append(one)
        Crop.objects.bulk_create(fresh.values(), ignore_conflicts=True)
        self.tally.made["crops"] += len(fresh)
        known |= self._known_crops(fresh)
        self._settle_crops(usable, known)

    def _known_crops(self, hashes: Iterable[str]) -> dict[str, Crop]:
        rows = Crop.objects.filter(project=self.project, sha256__in=set(hashes))
        crops: dict[str, Crop] = {}
        for crop in rows.order_by(F("box_id").asc(nulls_first=True), "id"):
            crops.setdefault(crop.sha256, crop)
        return crops

    def _new_loose_crop(self, one: Held) -> Crop:
        picture = vision.decode_picture(one.data, name=one.planned.name)
        key, sha256 = files.put_bytes("crops", one.data, ending_of(one.data))
        return Crop(
            project=self.project,
            name=one.planned.name[-255:],
            file=key,
            sha256=sha256,
            width=picture.shape[1],
            height=picture.shape[0],
            sharpness=vision.sharpness(picture),
        )

    def _settle_crops(self, held: Sequence[Held], known: Mapping[str, Crop]) -> None:
        """Keep the texts, and say of each entry whether it was new."""
        said = [Said(known[o.sha256], o.text, o.planned.name) for o in held if o.text]
        answers = iter(self._keep(said))
        for one in held:
            refusal = next(answers) if one.text else None
            if not self._texts_only:  # the entries are boxes; their texts are counted apart
                if one.text:
                    self.tally.count_text(refusal)
                refusal = self._crop_again(one, known[one.sha256])
            if refusal is not None and one.planned.boxes:
                self.tally.drop(refusal, clamped=one.planned.boxes[0].clamped)

    def _crop_again(self, one: Held, crop: Crop) -> EntryRefused | None:
        """Whether the crop was there before this batch, or comes twice in it."""
        again = one.sha256 in self._crops_taken or crop.created_at < self.batch.created_at
        self._crops_taken.add(one.sha256)
        return EntryAlreadyHere(file=one.planned.name, line=0) if again else None

    # --- texts

    def _keep(self, said: Sequence[Said]) -> list[EntryRefused | None]:
        """Make texts transcriptions; for each, why it was not kept, or None."""
        answers: list[EntryRefused | None] = []
        for start in range(0, len(said), settings.BULK_ROWS // 2):
            answers += self._keep_some(said[start : start + settings.BULK_ROWS // 2])
        return answers

    @transaction.atomic
    def _keep_some(self, said: Sequence[Said]) -> list[EntryRefused | None]:
        locked = Crop.objects.select_for_update(of=("self",)).select_related("current")
        crops = {crop.pk: crop for crop in locked.filter(pk__in=[one.crop.pk for one in said])}
        keys = [text_key(one) for one in said]
        known = dict(
            Transcription.objects.filter(client_key__in=keys).values_list(
                "client_key", "created_at"
            )
        )
        answers: list[EntryRefused | None] = []
        rows: list[Transcription] = []
        for one, key in zip(said, keys, strict=True):
            crop = crops[one.crop.pk]
            try:
                row = self._reading(one, crop, key)
            except Refused as reason:
                answers.append(EntryTextRefused(file=one.name, line=0, reason=reason))
                continue
            again = self._said_again(row, crop, known)
            answers.append(EntryTextAlreadyHere(file=one.name, line=0) if again else None)
            if not again and key not in known:
                rows.append(row)
                if row.role == ReadingRole.FIRST:
                    crop.current = row
        Transcription.objects.bulk_create(rows)
        self._make_current([row for row in rows if row.role == ReadingRole.FIRST])
        return answers

    def _reading(self, one: Said, crop: Crop, key: UUID) -> Transcription:
        """The row for a text. A text that the crop already has is not replaced by an import's."""
        partial = transcriptions.UNKNOWN in one.text
        status = Status.PARTIAL if partial else Status.READABLE
        reading = transcriptions.Reading(status, one.text, key, crop.revision)
        text = transcriptions.checked(reading, self.project.alphabet)
        first = crop.current is None and not crop.withdrawn
        return Transcription(
            crop=crop,
            status=status,
            text=text,
            role=ReadingRole.FIRST if first else ReadingRole.SECOND,
            client_key=key,
            revision_seen=crop.revision,
        )

    def _said_again(self, row: Transcription, crop: Crop, known: Mapping[UUID, datetime]) -> bool:
        """Whether the text was there before this batch, or comes twice in it."""
        if row.client_key in self._texts_taken:
            return True
        self._texts_taken.add(row.client_key)
        if row.client_key in known:  # by this batch's earlier attempt, or by another import
            return known[row.client_key] < self.batch.created_at
        return crop.current is not None and crop.current.text == row.text

    def _make_current(self, rows: Sequence[Transcription]) -> None:
        for row in rows:
            crop = row.crop
            crop.current, crop.waiting, crop.recheck = row, False, False
            crop.revision += 1
            crop.lease_owner, crop.lease_until = None, None
        Crop.objects.bulk_update(
            [row.crop for row in rows],
            ["current", "waiting", "recheck", "revision", "lease_owner", "lease_until"],
        )


def text_key(said: Said) -> UUID:
    """The same text for the same crop has the same key in every import."""
    text = transcriptions.clean(said.text)
    return uuid5(NAMESPACE_URL, f"lpr import text {said.crop.pk} {text}")


def shows_only_a_plate(planned: PlannedPicture) -> bool:
    """Whether the picture is one plate from edge to edge, as crops in a table of boxes are."""
    if len(planned.boxes) != 1 or planned.boxes[0].label != crop_steps.PLATE:
        return False
    covered = float(geometry.area([planned.boxes[0].xyxy])[0])
    return covered >= WHOLE * planned.width * planned.height


def ending_of(data: bytes) -> str:
    """The file ending that a picture's content deserves."""
    return next((ending for magic, ending in _MAGIC if data.startswith(magic)), ".jpg")
