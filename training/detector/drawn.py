"""Drawn street scenes as samples to train on, written on all cores.

No torch here: the processes that draw start quickly and stay small.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict
from functools import partial
from multiprocessing import connection, get_context, parent_process
from pathlib import Path
from typing import Any

import numpy as np

from annotations.vision.boxes import Size
from annotations.vision.crops import encode_jpeg
from training import devices
from training.detector.data import Sample, SampleBox
from training.synthetic import plates, scenes

#: Small plates of two to one are the hardest, and a tenth of all countries' forms.
FORMATS = (*plates.mixed_formats(), "usa", "usa")
QUALITY = 95
_INDEX = "scenes.json"
_WORTH_A_PROCESS = 200  # scenes


def draw(
    folder: Path,
    *,
    count: int,
    size: Size,
    classes: Sequence[str],
    seed: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> list[Sample]:
    """``count`` drawn scenes with everything on them labelled; those already there are kept."""
    index = folder / _INDEX
    asked = {"count": count, "size": list(size), "seed": seed}
    known = json.loads(index.read_text(encoding="utf-8")) if index.is_file() else {}
    if known.get("asked") != asked:
        folder.mkdir(parents=True, exist_ok=True)
        found: list[list[dict[str, Any]]] = []
        with _pool(min(devices.cores(), count // _WORTH_A_PROCESS)) as pool:
            one = partial(_draw_one, folder, size, seed)
            for boxes in (pool.map if pool else map)(one, range(count)):
                found.append(boxes)
                if progress:
                    progress(len(found), count)
        known = {"asked": asked, "boxes": found}
        part = index.with_suffix(".part")
        part.write_text(json.dumps(known), encoding="utf-8")
        part.replace(index)
    return [
        Sample(
            _picture(folder, number), tuple(SampleBox(**box) for box in boxes), frozenset(classes)
        )
        for number, boxes in enumerate(known["boxes"])
    ]


def _picture(folder: Path, number: int) -> Path:
    return folder / f"{number:06d}.jpg"


def _draw_one(folder: Path, size: Size, seed: int, number: int) -> list[dict[str, Any]]:
    """One scene, written as a picture; its boxes."""
    rng = np.random.default_rng((7, seed, number))
    damage = float(rng.uniform(0.2, 1))
    scene = scenes.render(rng, size=size, formats=FORMATS, damage=damage)
    _picture(folder, number).write_bytes(encode_jpeg(scene.picture, QUALITY))
    return [asdict(SampleBox(b.label, b.x1, b.y1, b.x2, b.y2)) for b in scene.boxes]


def _pool(processes: int) -> ProcessPoolExecutor | nullcontext[None]:
    """Fresh processes: a fork of one that has computed with torch may hang."""
    if processes < 2:
        return nullcontext()
    spawn = get_context("spawn")
    return ProcessPoolExecutor(processes, mp_context=spawn, initializer=_end_with_parent)


def _end_with_parent() -> None:
    """Do not outlive whoever draws, should it be killed."""
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
