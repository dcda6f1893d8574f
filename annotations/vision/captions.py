"""A copy of a video with boxes and texts drawn on it, for people to look at."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np

from annotations.vision.boxes import Xyxy
from annotations.vision.condensing import h264_stream
from annotations.vision.crops import Bgr
from annotations.vision.preview import Progress
from annotations.vision.video import Decoded, decode, probe

PLATE = (10, 214, 255)  # blue, green, red
DARK = (20, 16, 14)
FONT = cv2.FONT_HERSHEY_SIMPLEX
UNIT = 900.0  # pixels across of a picture on which lines are one wide


@dataclass(frozen=True)
class Caption:
    """What is written beside something that moves."""

    text: str
    keys: Sequence[Sequence[float]]
    """[pts, x1, y1, x2, y2] by pts; between two of them the box is interpolated."""

    def at(self, pts: int) -> Xyxy | None:
        """The box at a moment; None before the first key box and after the last."""
        if not self.keys or not self.keys[0][0] <= pts <= self.keys[-1][0]:
            return None
        known = np.asarray(self.keys, np.float64)  # (K, 5)
        x1, y1, x2, y2 = (float(np.interp(pts, known[:, 0], known[:, i])) for i in (1, 2, 3, 4))
        return x1, y1, x2, y2


def annotate(
    source: Path, target: Path, captions: Iterable[Caption], *, progress: Progress | None = None
) -> int:
    """Write an H.264 MP4 of the video with the captions; returns how many frames have one.

    Every frame keeps its time. ``target`` appears only when it is complete. ``progress`` gets
    the seconds done and may raise to stop. Raises what ``probe`` raises.
    """
    info, drawn = probe(source), 0
    told = progress or (lambda _seconds: None)
    part = target.with_name(f".{target.name}.{os.getpid()}.part")
    size = (info.width // 2 * 2, info.height // 2 * 2)
    try:
        with av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as out:
            stream = h264_stream(out, info, size)
            for frame, here in _with_captions(decode(source), captions):
                if here:
                    picture = av.VideoFrame.from_ndarray(_written(frame.bgr(), here), "bgr24")
                    picture = picture.reformat(*size, format="yuv420p")
                else:
                    picture = frame.resized_yuv(size)
                    picture.pict_type = 0  # the source's keyframes are not the copy's
                picture.pts, picture.time_base = frame.pts - info.start_pts, info.time_base
                out.mux(stream.encode(picture))
                drawn += bool(here)
                told(frame.seconds)
            out.mux(stream.encode(None))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return drawn


def _with_captions(
    frames: Iterable[Decoded], captions: Iterable[Caption]
) -> Iterator[tuple[Decoded, list[tuple[str, Xyxy]]]]:
    """Each frame with the texts and boxes that are on it."""
    waiting = deque(sorted((c for c in captions if c.keys), key=lambda c: c.keys[0][0]))
    near: list[Caption] = []
    for frame in frames:
        while waiting and waiting[0].keys[0][0] <= frame.pts:
            near.append(waiting.popleft())
        near = [caption for caption in near if caption.keys[-1][0] >= frame.pts]
        found = [(caption.text, caption.at(frame.pts)) for caption in near]
        yield frame, [(text, box) for text, box in found if box is not None]


def _written(picture: Bgr, captions: Iterable[tuple[str, Xyxy]]) -> Bgr:
    """The picture with each box in plate yellow on a dark edge, its text above it."""
    height, width = picture.shape[:2]
    unit = max(width / UNIT, 0.5)
    thick = max(1, round(1.5 * unit))
    for text, box in captions:
        x1, y1, x2, y2 = (round(v) for v in box)
        cv2.rectangle(picture, (x1, y1), (x2, y2), DARK, thick + 2)
        cv2.rectangle(picture, (x1, y1), (x2, y2), PLATE, thick)
        said = "".join(sign if sign.isascii() else "?" for sign in text)  # all the font has
        (across, up), below = cv2.getTextSize(said, FONT, 0.6 * unit, thick)
        left = min(max(x1, 0), max(width - across - 6, 0))
        top = y1 - up - below - 6
        top = top if top >= 0 else min(y2 + 2, height - up - below - 4)
        cv2.rectangle(picture, (left, top), (left + across + 6, top + up + below + 4), PLATE, -1)
        cv2.putText(picture, said, (left + 3, top + up + 2), FONT, 0.6 * unit, DARK, thick)
    return picture
