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
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import cv2

from annotations import crops as crop_steps
from annotations.bringing.crops import LooseCrops
from annotations.bringing.frames import Frames
from annotations.bringing.held import Errand, Held, read_stored, shows_only_a_plate
from annotations.bringing.tally import Tally
from annotations.bringing.texts import Said, Texts
from annotations.formats import PlannedBox, PlannedPicture
from annotations.formats.archives import Source
from annotations.models import Crop, Frame, ImportBatch, Label
from lprsite.errors import Refused

PICTURE_BYTES = 100 << 20
CHUNK_PICTURES = 50
CHUNK_BYTES = 64 << 20
CREW = 4  # threads, at most
PATIENCE = 10  # by which the crew steps behind the web process, as in nice(1)


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
        self._crew = ThreadPoolExecutor(min(CREW, os.cpu_count() or 1), initializer=step_behind)
        self._errand = Errand(batch, source, tally, self._crew, labels, complete, dry)
        self._texts = Texts(self._errand)
        self._frames = Frames(self._errand, self._texts)
        self._crops = LooseCrops(self._errand, self._texts)
        self._waiting: list[PlannedPicture] = []
        self._written: dict[str, str] = {}
        self._bytes = 0
        self._loading: list[Future[Held]] = []
        self._said: list[Said] = []

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
        size = 0 if planned.stored else min(self._errand.source.size(planned.member), PICTURE_BYTES)
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
        self._written[member] = text
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
                self._errand.tally.unreadable(one.planned, one.problem)
            else:
                is_crop = self._errand.texts_only or shows_only_a_plate(one.planned)
                (crops if is_crop else frames).append(one)
        self._frames.bring(frames)
        self._crops.bring(crops)

    def _load(self, planned: PlannedPicture, frame: Frame | None) -> Held:
        """Read a picture and hash it. Runs in the crew."""
        text = self._written.get(planned.member, "") if self._errand.texts_only else ""
        if not self._errand.texts_only and shows_only_a_plate(planned):
            text = planned.boxes[0].text
        try:
            if planned.stored:
                data = read_stored(frame, planned.name)
            else:
                data = self._errand.source.read(planned.member, limit=PICTURE_BYTES)
        except Refused as reason:
            return Held(planned, b"", "", text, problem=reason)
        return Held(planned, data, hashlib.sha256(data).hexdigest(), text, frame)

    def _keep_said(self) -> None:
        """Texts for crops of the project."""
        said, self._said = self._said, []
        for refusal in self._texts.keep(said):
            if refusal is not None:
                box = PlannedBox(crop_steps.PLATE, 0.0, 0.0, 1.0, 1.0)
                self._errand.tally.drop(refusal, box)


def step_behind() -> None:
    """Let this thread wait for the web process; where the system cannot, it goes on as it is."""
    if hasattr(os, "setpriority"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), PATIENCE)


__all__ = ["Bringing", "Tally"]
