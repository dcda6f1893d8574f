"""Write what an import brings: frames, boxes, crops and texts, each at most once.

A picture is the same when its bytes are: a frame of a video of the project, a picture that
came in before, or a crop. A box is the same when its label is and it overlaps beyond 0.99.
A picture that is nothing but one plate is a crop, not a frame: as a frame it would teach
the detector that plates fill the view.

Pictures go through in chunks: a crew of threads reads and hashes them, one query finds what
is known, the crew decodes only what is new, and short transactions write. A dry run takes
the same way and stops before it decodes and writes, so that its counts are those to come.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import cv2
import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import F

from annotations import boxes as box_steps
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
    FrameFileGone,
)
from annotations.formats import PlannedBox, PlannedPicture, ReportLine
from annotations.formats.archives import Source
from annotations.formats.matching import stem
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
CREW = 4  # threads, at most
PATIENCE = 10  # by which the crew steps behind the web process, as in nice(1)
SAME_VIEW = 8  # bits of 64 by which the dHash of a resized picture may differ
_MAGIC = ((b"\xff\xd8", ".jpg"), (b"\x89PNG", ".png"), (b"RIFF", ".webp"), (b"BM", ".bmp"))


class Tally:
    """What became of every entry: counts that add up, texts, rows made, and the report.

    ``by_label`` is what becomes of the boxes of each label of the source if it is taken.
    """

    def __init__(
        self,
        counts: Mapping[str, int],
        report: Iterable[ReportLine],
        by_label: Mapping[str, Mapping[str, int]] | None = None,
    ) -> None:
        self.counts: Counter[str] = Counter(counts)
        self.report = list(report)
        self.by_label = {label: Counter(found) for label, found in (by_label or {}).items()}
        self.texts: Counter[str] = Counter()
        self.made: Counter[str] = Counter()
        self.of_videos: Counter[str] = Counter()  # pictures that are frames of them

    def drop(self, refusal: EntryRefused, box: PlannedBox) -> None:
        """A box that was to be imported is not."""
        self.counts["imported"] -= 1
        self.counts[refusal.outcome] += 1
        self.counts["clamped"] -= box.clamped
        if box.said in self.by_label:
            self.by_label[box.said]["imported"] -= 1
            self.by_label[box.said]["clamped"] -= box.clamped
            self.by_label[box.said][refusal.outcome] += 1
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
    """A picture in memory on its way in. ``frame``: the one it is known to be."""

    planned: PlannedPicture
    data: bytes
    sha256: str
    text: str = ""
    frame: Frame | None = None
    problem: Refused | None = None

    @property
    def key(self) -> str:
        """What is the same for the same picture."""
        return f"#{self.frame.pk}" if self.frame is not None else self.sha256


@dataclass(frozen=True)
class Said:
    """A text for a crop; in a dry run the crop may not be there yet."""

    crop: Crop | None
    text: str
    name: str


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
    """Takes pictures one by one and writes them in chunks; used in a ``with``.

    ``dry``: everything is looked at and counted, nothing is written.
    """

    def __init__(
        self,
        batch: ImportBatch,
        source: Source,
        tally: Tally,
        *,
        labels: Mapping[str, Label] | None = None,
        complete: Sequence[str] = (),
        dry: bool = False,
    ) -> None:
        self.batch, self.project, self.source, self.tally = batch, batch.project, source, tally
        self.labels, self.complete, self.dry = labels or {}, complete, dry
        self._texts_only = labels is None
        self._crew = ThreadPoolExecutor(min(CREW, os.cpu_count() or 1), initializer=step_behind)
        self._waiting: list[PlannedPicture] = []
        self._texts: dict[str, str] = {}
        self._bytes = 0
        self._loading: list[Future[Held]] = []
        self._said: list[Said] = []
        self._crops_taken: set[str] = set()
        self._texts_taken: set[UUID] = set()

    def __enter__(self) -> Bringing:
        self._cv_threads = cv2.getNumThreads()
        cv2.setNumThreads(1)  # the crew works on whole pictures; OpenCV's own would contend
        return self

    def __exit__(self, *_: object) -> None:
        self._crew.shutdown(cancel_futures=True)
        cv2.setNumThreads(self._cv_threads)

    # --- taking pictures

    def add(self, planned: PlannedPicture) -> None:
        """A picture with what was planned for it."""
        size = 0 if planned.stored else min(self.source.size(planned.member), PICTURE_BYTES)
        if self._waiting and self._bytes + size > CHUNK_BYTES:
            self._go_on()
        self._waiting.append(planned)
        self._bytes += size
        if len(self._waiting) >= CHUNK_PICTURES:
            self._go_on()

    def add_unlabelled(self, member: str) -> None:
        """A picture that nothing was said about: a frame for somebody to label."""
        self.add(PlannedPicture(member, member, 0, 0))

    def add_text(self, member: str, text: str) -> None:
        """A crop with its text; without one it waits to be read."""
        box = (PlannedBox(crop_steps.PLATE, 0.0, 0.0, 1.0, 1.0),) if text else ()
        self._texts[member] = text
        self.add(PlannedPicture(member, member, 1, 1, box))

    def add_said(self, crop: Crop, text: str, name: str) -> None:
        """A text for a crop that is in the project, but not in the source."""
        self._said.append(Said(crop, text, name))

    def flush(self) -> None:
        """Write what is held."""
        self._go_on()
        self._go_on()
        self._keep_said()

    def _go_on(self) -> None:
        """Begin to read the pictures that wait, and bring those in that were read before."""
        numbers = [planned.stored for planned in self._waiting if planned.stored]
        known = Frame.objects.in_bulk(numbers) if numbers else {}
        begun = [self._crew.submit(self._load, p, known.get(p.stored)) for p in self._waiting]
        before, self._loading = self._loading, begun
        self._waiting, self._bytes = [], 0
        frames: list[Held] = []
        crops: list[Held] = []
        for one in (future.result() for future in before):
            if one.problem is not None:
                self._unreadable(one.planned, one.problem)
            else:
                is_crop = self._texts_only or shows_only_a_plate(one.planned)
                (crops if is_crop else frames).append(one)
        self._bring_frames(frames)
        self._bring_crops(crops)

    def _load(self, planned: PlannedPicture, frame: Frame | None) -> Held:
        """Read a picture and hash it. Runs in the crew."""
        text = self._texts.get(planned.member, "") if self._texts_only else ""
        if not self._texts_only and shows_only_a_plate(planned):
            text = planned.boxes[0].text
        try:
            if planned.stored:
                data = read_stored(frame, planned.name)
            else:
                data = self.source.read(planned.member, limit=PICTURE_BYTES)
        except Refused as reason:
            return Held(planned, b"", "", text, problem=reason)
        return Held(planned, data, hashlib.sha256(data).hexdigest(), text, frame)

    def _unreadable(self, planned: PlannedPicture, reason: Refused) -> None:
        refusal = EntryPictureUnreadable(file=planned.name, line=0, reason=reason)
        for box in planned.boxes:
            self.tally.drop(refusal, box)
        if not planned.boxes:
            self.tally.note(refusal)

    # --- frames and their boxes

    def _bring_frames(self, held: Sequence[Held]) -> None:
        if not held:
            return
        held = self._as_frames_of_videos(held)
        known = self._known_frames([one.sha256 for one in held])
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
        for planning in self._crew.map(self._prepare, plannings):
            # The same picture may come twice; both times it is broken.
            planning.problem = planning.problem or failed.get(id(planning.frame))
            if planning.problem is not None:
                failed[id(planning.frame)] = planning.problem
            self._settle(planning, piece)
        if not self.dry:
            self._write_frames(piece)
            self._write_boxes(piece)
        self._write_box_texts(piece)
        if not self.dry:
            self._mark_frames(piece)

    def _known_frames(self, hashes: Iterable[str]) -> dict[str, Frame]:
        """The frames with these bytes; those of videos before loose pictures."""
        rows = Frame.objects.filter(project=self.project, sha256__in=set(hashes))
        frames: dict[str, Frame] = {}
        for frame in rows.order_by(F("video_id").asc(nulls_last=True), "id"):
            frames.setdefault(frame.sha256, frame)
        return frames

    def _as_frames_of_videos(self, held: Sequence[Held]) -> list[Held]:
        """Frames that we exported at another size become the frames they are.

        Both must agree: the name, as only our exports write it, and the look. Their boxes are
        scaled to the frame.
        """
        open_ = [one for one in held if one.frame is None and "_" in one.planned.name]
        names = {name_of(one.planned.name) for one in open_}
        rows = Frame.objects.filter(project=self.project, video__isnull=False, name__in=names)
        by_name = {frame.name: frame for frame in rows} if names else {}
        wanted = [(one, by_name.get(name_of(one.planned.name))) for one in open_]
        pairs = [(one, frame) for one, frame in wanted if frame and frame.sha256 != one.sha256]
        swapped = dict(self._crew.map(lambda pair: (id(pair[0]), self._at_its_frame(*pair)), pairs))
        return [swapped.get(id(one), one) for one in held]

    def _at_its_frame(self, one: Held, frame: Frame) -> Held:
        """The picture as the video's frame that it shows, if it does. Runs in the crew."""
        try:
            seen = vision.dhash(vision.decode_small(one.data, name=one.planned.name))
            if not frame.dhash or apart(seen, frame.dhash) > SAME_VIEW:
                return one
            width, height = vision.picture_size(one.data, name=one.planned.name)
            data = read_stored(frame, one.planned.name)
        except Refused:
            return one
        planned = scaled(one.planned, frame.width / width, frame.height / height)
        planned = replace(planned, width=frame.width, height=frame.height)
        return Held(planned, data, frame.sha256, one.text, frame)

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
            frame = Frame(project=self.project, name=one.planned.name[-255:], sha256=one.sha256)
        elif frame.video_id is not None and frame.pk:
            self.tally.of_videos[str(frame.video_id)] += 1
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
            if self.dry:
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
            self._unreadable(planning.one.planned, planning.problem)
            return
        for refusal, box in planning.drops:
            self.tally.drop(refusal, box)
        for new in planning.boxes:
            if new.planned.label == crop_steps.PLATE and new.cut is None and not self.dry:
                name = planning.one.planned.name
                self.tally.drop(EntryZeroArea(file=name, line=0), new.planned)
                planning.texts = [said for said in planning.texts if said[0] is not new.box]
            else:
                piece.boxes.append(new)
        if planning.fresh:
            piece.fresh.append(planning.frame)
        piece.texts += planning.texts
        piece.whole.append((planning.frame, planning.one.planned))
        if self.dry:
            self.tally.made["frames"] += planning.fresh
            self.tally.made["boxes"] += len(planning.boxes)

    def _plan_box(self, planned: PlannedBox, planning: Planning, shelf: Shelf) -> None:
        one, label = planning.one, self.labels.get(planned.label)
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
            created_by=self.batch.created_by,
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
            self.tally.made["boxes"] += len(chunk)
            self.tally.made["crops"] += len(cuts)

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
                self.tally.drop(refusal, new.planned)
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
        ids = [box.pk for box, _, _ in piece.texts if box.pk]
        rows = Crop.objects.filter(box__in=ids).select_related("current") if ids else ()
        found = {crop.box_id: crop for crop in rows}
        said = []
        for box, text, name in piece.texts:
            if box.deleted_at is not None:
                continue
            crop = found.get(box.pk) if box.pk else None
            if crop is None and not self.dry:
                crop = crop_steps.attach(box, crop_steps.cut(box.frame, box.xyxy))
            said.append(Said(crop, text, name))
        for refusal in self._keep(said):
            self.tally.count_text(refusal)

    def _keep_said(self) -> None:
        """Texts for crops of the project."""
        said, self._said = self._said, []
        for refusal in self._keep(said):
            if refusal is not None:
                box = PlannedBox(crop_steps.PLATE, 0.0, 0.0, 1.0, 1.0)
                self.tally.drop(refusal, box)

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
            if here or frame.status == FrameStatus.OPEN:
                frame.status = FrameStatus.DONE
            frame.complete_labels = sorted({*frame.complete_labels, *self.complete})
            if (frame.status, frame.complete_labels) != before:
                changed[frame.status, tuple(frame.complete_labels)].add(frame.pk)
        for (status, complete), ids in changed.items():
            rows = Frame.objects.filter(pk__in=ids)
            rows.update(status=status, complete_labels=list(complete))

    # --- crops without a box

    def _bring_crops(self, held: Sequence[Held]) -> None:
        if not held:
            return
        known = self._known_crops([one.sha256 for one in held])
        new = {one.sha256: one for one in held if one.sha256 not in known}
        made = dict(zip(new, self._crew.map(self._new_loose_crop, new.values()), strict=True))
        fresh = [crop for crop in made.values() if isinstance(crop, Crop)]
        usable = []
        for one in held:
            if isinstance(reason := made.get(one.sha256), Refused):
                self._unreadable(one.planned, reason)
            else:
                usable.append(one)
        self.tally.made["crops"] += len(fresh)
        if not self.dry:
            Crop.objects.bulk_create(fresh, ignore_conflicts=True)
            known |= self._known_crops([crop.sha256 for crop in fresh])
        self._settle_crops(usable, known)

    def _known_crops(self, hashes: Iterable[str]) -> dict[str, Crop]:
        rows = Crop.objects.filter(project=self.project, sha256__in=set(hashes))
        crops: dict[str, Crop] = {}
        for crop in rows.select_related("current").order_by(
            F("box_id").asc(nulls_first=True), "id"
        ):
            crops.setdefault(crop.sha256, crop)
        return crops

    def _new_loose_crop(self, one: Held) -> Crop | Refused:
        """A row for a crop without a box, its file stored; or why not. Runs in the crew."""
        name = one.planned.name
        try:
            if self.dry:
                vision.check_whole(one.data, name=name)
                return Crop(project=self.project, sha256=one.sha256)
            picture = vision.decode_picture(one.data, name=name)
        except Refused as reason:
            return reason
        key, sha256 = files.put_bytes("crops", one.data, ending_of(one.data))
        return Crop(
            project=self.project,
            name=name[-255:],
            file=key,
            sha256=sha256,
            width=picture.shape[1],
            height=picture.shape[0],
            sharpness=vision.sharpness(picture),
        )

    def _settle_crops(self, held: Sequence[Held], known: Mapping[str, Crop]) -> None:
        """Keep the texts, and say of each entry whether it was new."""
        said = [Said(known.get(o.sha256), o.text, o.planned.name) for o in held if o.text]
        answers = iter(self._keep(said))
        for one in held:
            refusal = next(answers) if one.text else None
            if not self._texts_only:  # the entries are boxes; their texts are counted apart
                if one.text:
                    self.tally.count_text(refusal)
                refusal = self._crop_again(one, known.get(one.sha256))
            if refusal is not None and one.planned.boxes:
                self.tally.drop(refusal, one.planned.boxes[0])

    def _crop_again(self, one: Held, crop: Crop | None) -> EntryRefused | None:
        """Whether the crop was there before this batch, or comes twice in it."""
        before = crop is not None and crop.created_at < self.batch.created_at
        again = one.sha256 in self._crops_taken or before
        self._crops_taken.add(one.sha256)
        return EntryAlreadyHere(file=one.planned.name, line=0) if again else None

    # --- texts

    def _keep(self, said: Sequence[Said]) -> list[EntryRefused | None]:
        """Make texts transcriptions; for each, why it was not kept, or None."""
        if self.dry:
            return [self._judged(one) for one in said]
        answers: list[EntryRefused | None] = []
        for start in range(0, len(said), settings.BULK_ROWS // 2):
            answers += self._keep_some(said[start : start + settings.BULK_ROWS // 2])
        return answers

    def _judged(self, one: Said) -> EntryRefused | None:
        """What would become of a text, as far as a dry run can tell."""
        try:
            text = self._checked(one)
        except Refused as reason:
            return EntryTextRefused(file=one.name, line=0, reason=reason)
        current = one.crop.current if one.crop is not None else None
        same = current is not None and current.text == text
        return EntryTextAlreadyHere(file=one.name, line=0) if same else None

    def _checked(self, one: Said) -> str:
        """The text as it is stored. Raises what ``transcriptions.checked`` refuses."""
        reading = transcriptions.Reading(status_of(one.text), one.text, NAMESPACE_URL, 1)
        return transcriptions.checked(reading, self.project.alphabet)

    @transaction.atomic
    def _keep_some(self, said: Sequence[Said]) -> list[EntryRefused | None]:
        wanted = [one.crop.pk for one in said if one.crop is not None]
        locked = Crop.objects.select_for_update(of=("self",)).select_related("current")
        crops = {crop.pk: crop for crop in locked.filter(pk__in=wanted)}
        keys = [text_key(one) for one in said]
        known = dict(
            Transcription.objects.filter(client_key__in=keys).values_list(
                "client_key", "created_at"
            )
        )
        answers: list[EntryRefused | None] = []
        rows: list[Transcription] = []
        for one, key in zip(said, keys, strict=True):
            assert one.crop is not None, "only a dry run has texts without crops"
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
        text = self._checked(one)
        first = crop.current is None and not crop.withdrawn
        return Transcription(
            crop=crop,
            status=status_of(one.text),
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
    assert said.crop is not None, "only a dry run has texts without crops"
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


def status_of(text: str) -> Status:
    """Whether a text says all its characters."""
    return Status.PARTIAL if transcriptions.UNKNOWN in text else Status.READABLE


def read_stored(frame: Frame | None, name: str) -> bytes:
    """The file of a frame. Raises FrameFileGone."""
    try:
        if frame is not None:
            return files.local_path(frame.file).read_bytes()
    except OSError as error:
        raise FrameFileGone(name=name) from error
    raise FrameFileGone(name=name)


def name_of(member: str) -> str:
    """The name of a picture without folders and ending, as our exports give it to frames."""
    return stem(member.rpartition("/")[2])


def apart(one: str, other: str) -> int:
    """By how many bits two hashes of 16 hex digits differ."""
    return (int(one, 16) ^ int(other, 16)).bit_count()


def scaled(planned: PlannedPicture, across: float, down: float) -> PlannedPicture:
    """A picture's plan with its boxes stretched."""
    boxes = tuple(
        replace(b, x1=b.x1 * across, y1=b.y1 * down, x2=b.x2 * across, y2=b.y2 * down)
        for b in planned.boxes
    )
    return replace(planned, boxes=boxes)


def step_behind() -> None:
    """Let this thread wait for the web process; where the system cannot, it goes on as it is."""
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), PATIENCE)
