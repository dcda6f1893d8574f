"""The resident reader: ``python -m training.reader``.

Each line on its input is a request, each line of its output the answer (``Resident`` in
``lprsite.jobs``). It keeps the networks it used last, and ends when its input ends or nobody
asked for five minutes. No Django here: pictures go in, texts and boxes come out.
"""

from __future__ import annotations

import json
import os
import select
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import torch

from annotations.vision.crops import Bgr, read_picture
from lprsite.errors import Refused
from training import devices
from training.detector.predict import Detector
from training.recognizer.predict import PlateRead, Recognizer

IDLE_SECONDS = 300.0

Read = Callable[[Sequence[Bgr]], list[PlateRead]]


@lru_cache(maxsize=1)
def assistant(file: str, formats: tuple[str, ...], characters: str) -> Read:
    """What reads crops with the optional assistant."""
    from training.recognizer.assistant import Assistant

    return Assistant(Path(file), formats=formats, characters=characters).read


@lru_cache(maxsize=1)
def network(checkpoint: str, formats: tuple[str, ...], characters: str) -> Read:
    """What reads crops with the checkpoint, kept until another is asked for."""
    return Recognizer.load(Path(checkpoint), formats=formats, characters=characters).read


@lru_cache(maxsize=1)
def detector(checkpoint: str) -> Detector:
    """What finds boxes with the checkpoint, kept until another is asked for."""
    return Detector.load(Path(checkpoint))


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The answer to a request for boxes or for texts, or why it is refused."""
    try:
        return boxes(request) if "detector" in request else texts(request)
    except Refused as refusal:
        why, why_es = refusal.sentence(), refusal.sentence("es")
        return {"refused": {"why": why, "why_es": why_es, "code": refusal.code}}


def boxes(request: dict[str, Any]) -> dict[str, Any]:
    """What was found on each of the ``frames`` (paths), in their order; nothing on a broken one.

    A box is its label, x1, y1, x2, y2 in pixels of the frame, and its confidence.
    """
    finds = detector(request["detector"])
    pictures = [_picture(path) for path in request["frames"]]
    whole = [picture for picture in pictures if picture is not None]
    # A person sees what is proposed too much.
    left = iter(finds.detect(whole, around_cars=True, verify=finds.verifies))
    told = [[] if picture is None else next(left) for picture in pictures]
    return {
        "found": [
            [
                [one.label, *(round(edge, 1) for edge in one.box), round(one.confidence, 4)]
                for one in found
            ]
            for found in told
        ]
    }


def texts(request: dict[str, Any]) -> dict[str, Any]:
    """What was read on each of the ``crops`` (paths), in their order; nothing on a broken one.

    Where there is an ``assistant``, it reads as well, and who is surer of a crop is believed.
    """
    settings = tuple(request["formats"]), request["characters"]
    read = network(request["checkpoint"], *settings)
    pictures = [_picture(path) for path in request["crops"]]
    whole = [picture for picture in pictures if picture is not None]
    said = [(mine, False) for mine in read(whole)]
    if request["assistant"]:
        others = assistant(request["assistant"], *settings)(whole)
        said = [
            (other, True) if other.confidence > mine[0].confidence else mine
            for mine, other in zip(said, others, strict=True)
        ]
    left = iter(said)
    return {"reads": [None if picture is None else _json(*next(left)) for picture in pictures]}


def _picture(path: str) -> Bgr | None:
    try:
        return read_picture(Path(path))
    except (Refused, OSError):
        return None


def _json(read: PlateRead, by_assistant: bool) -> dict[str, Any]:
    return {
        "text": read.text,
        "assistant": by_assistant,
        "characters": read.characters,
        "alternatives": [[other] if other[0] else [] for other in read.alternatives],
    }


def main() -> int:
    """Answer until the input ends or falls silent."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what libraries print is no answer
    torch.set_num_threads(max(1, devices.cores() // 2))
    cv2.setNumThreads(1)
    while select.select([sys.stdin], [], [], IDLE_SECONDS)[0] and (line := sys.stdin.readline()):
        out.write(json.dumps(answer(json.loads(line))) + "\n")
        out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
