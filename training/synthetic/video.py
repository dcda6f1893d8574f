"""Videos of drawn traffic before a fixed camera, with the truth of every frame.

Vehicles come toward the camera or drive away from it, lane by lane, now and then nobody.
Each wears its own plate and is readable where it is nearest. The truth stands beside the
video as JSON: passages, and the boxes of each frame under its time stamp as written.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from training.errors import SyntheticVideoRefused
from training.synthetic import camera, plates, scenes, vehicles
from training.synthetic.scenes import Place, SceneBox
from training.synthetic.vehicles import Vehicle, View

Picture = NDArray[np.uint8]
Rng = np.random.Generator
Progress = Callable[[int, int], None]

PLATE_FROM = 20.0
"""A passage lasts while the plate is at least this many pixels wide."""
_PLATE_SCALE = 1.15
_PLATE_METRES = 0.44 * _PLATE_SCALE
_LANE = 2.6
_NEAR = 8.0
_KINDS = ("hatchback", "hatchback", "sedan", "sedan", "suv", "suv", "pickup", "van")
_HEADWAY = 1.2  # of a passage, between two vehicles of a lane: the first must not hide the next
_LEAD = 0.8  # seconds before the first vehicle and after the last


@dataclass(frozen=True)
class TruthPassage:
    """One vehicle passing: seconds from the first frame while its plate is in sight."""

    vehicle: int
    text: str
    first_seconds: float
    last_seconds: float


@dataclass(frozen=True)
class TruthFrame:
    """The boxes of one frame; ``pts`` in the stream's time base as written."""

    pts: int
    seconds: float
    boxes: tuple[SceneBox, ...]


@dataclass(frozen=True)
class Truth:
    """What a drawn video shows. ``time_base`` is seconds per unit of ``pts``."""

    width: int
    height: int
    fps: float
    time_base: Fraction
    seed: int
    passages: tuple[TruthPassage, ...]
    frames: tuple[TruthFrame, ...]


@dataclass(frozen=True)
class _Drive:
    """One vehicle's way: its plate is in sight for ``lasts`` seconds from ``starts``."""

    vehicle: Vehicle
    lane: int
    toward: bool
    starts: float
    lasts: float


def write(
    path: Path,
    *,
    seconds: float,
    fps: float = 10.0,
    size: tuple[int, int] = (640, 360),
    seed: int = 0,
    camera: int | None = None,
    count: int | None = None,
    lanes: int | None = None,
    formats: Sequence[str] = ("ecuador",),
    progress: Progress | None = None,
) -> Truth:
    """Writes an H.264 mp4 and ``truth_path(path)`` beside it; the truth.

    ``count`` vehicles (default: one each six seconds) on ``lanes`` lanes (default: one or
    two, up to three from 1000 pixels of width). The same arguments give the same frames;
    the same ``camera`` with another ``seed`` shows other traffic at the same place.
    ``progress(done, total)`` is told each frame and may raise to stop. Raises
    SyntheticVideoRefused where the vehicles do not fit into the time or the size is odd,
    UnknownPlateFormat.
    """
    plates.check_formats(formats)
    _check(seconds=seconds, fps=fps, size=size)
    rng = np.random.default_rng(seed)
    count = max(1, round(seconds / 6)) if count is None else count
    fixed = rng if camera is None else np.random.default_rng(camera)
    lanes = lanes or _choose_lanes(fixed, size, count=count, seconds=seconds)
    place = _make_place(fixed, size, lanes)
    ways = [bool(fixed.random() < 0.65) for _ in place.lanes]
    drives = _schedule(rng, place, ways, count=count, seconds=seconds, formats=formats)
    total = max(1, round(seconds * fps))
    boxes: list[tuple[SceneBox, ...]] = []

    def pictures() -> Iterator[Picture]:
        for index in range(total):
            picture, seen = scenes.compose(place, _standing(place, drives, index / fps))
            boxes.append(seen)
            yield _grain(rng, picture)
            if progress:
                progress(index + 1, total)

    stamps, time_base = _encode(path, pictures(), fps=fps, size=size)
    frames = tuple(
        TruthFrame(pts, float((pts - stamps[0]) * time_base), seen)
        for pts, seen in zip(stamps, boxes, strict=True)
    )
    passages = _passages(frames, drives)
    truth = Truth(size[0], size[1], fps, time_base, seed, passages, frames)
    _write_truth(truth, path)
    return truth


def seconds_for(count: int) -> float:
    """A length of video in which ``count`` vehicles pass with pauses between them."""
    return 4.0 + 6.0 * count


def truth_path(path: Path) -> Path:
    """Where the truth of the video ``path`` stands."""
    return path.with_name(path.name + ".truth.json")


def read_truth(path: Path) -> Truth:
    """The truth of the video ``path`` from the file beside it."""
    data = json.loads(truth_path(path).read_text(encoding="utf-8"))
    frames = tuple(
        TruthFrame(f["pts"], f["seconds"], tuple(SceneBox(**box) for box in f["boxes"]))
        for f in data["frames"]
    )
    passages = tuple(TruthPassage(**passage) for passage in data["passages"])
    return Truth(
        data["width"], data["height"], data["fps"], Fraction(*data["time_base"]), data["seed"],
        passages, frames,
    )  # fmt: skip


def _check(*, seconds: float, fps: float, size: tuple[int, int]) -> None:
    if min(size) < 64 or size[0] % 2 or size[1] % 2:
        raise SyntheticVideoRefused(reason=f"a size of {size[0]}x{size[1]} is too small or odd")
    if not 1 <= fps <= 60:
        raise SyntheticVideoRefused(reason=f"{fps:g} frames a second is not between 1 and 60")
    if not 1 <= seconds <= 24 * 3600:
        raise SyntheticVideoRefused(reason=f"{seconds:g} seconds is not between 1 and 86400")


# --- the camera and the traffic


def _choose_lanes(rng: Rng, size: tuple[int, int], *, count: int, seconds: float) -> int:
    most = 3 if size[0] >= 1000 else 2
    chosen = int(rng.integers(1, most + 1))
    tight = count * 6.0 + 3 > seconds
    return max(2, chosen) if tight else chosen


def _make_place(rng: Rng, size: tuple[int, int], lanes: int) -> Place:
    """A camera over the lanes that sees a plate leave by the lower edge, large."""
    width, height = size
    across = (lanes - 1) * _LANE + 1.75
    nearest = min(width * _PLATE_METRES / across, width * 0.135)
    focal = nearest * _NEAR / _PLATE_METRES
    high = float(rng.uniform(2.25, 2.8))
    lowest = float(np.arctan((high - 0.45) / _NEAR)) + 0.012
    pitch = lowest - float(np.arctan(height / 2 / focal))
    view = View(width, height, focal, high, pitch)
    return scenes.make_place(rng, size=size, lanes=lanes, view=view, lane=_LANE)


def _far(view: View) -> float:
    """Where a plate is just as wide as a passage asks for, or stands at the upper edge."""
    narrow = view.focal * _PLATE_METRES / (PLATE_FROM + 1)
    upper = view.pitch - float(np.arctan((view.height_px / 2 - 8) / view.focal))
    edge = (view.height - 0.8) / float(np.tan(upper)) if upper > 0 else np.inf
    return min(narrow, edge, 60.0)


def _schedule(
    rng: Rng,
    place: Place,
    ways: Sequence[bool],
    *,
    count: int,
    seconds: float,
    formats: Sequence[str],
) -> tuple[_Drive, ...]:
    """Who drives when, toward the camera on lanes where ``ways`` says so.

    Pauses are shared out unevenly, so that some are long.
    """
    shift = int(rng.integers(len(place.lanes)))
    lanes = [(shift + i) % len(place.lanes) for i in range(count)]
    lasts = [float(rng.uniform(3.4, 5.4)) for _ in range(count)]
    tight = _starts(lanes, lasts, [0.0] * count)
    spare = seconds - _LEAD - max((s + d for s, d in zip(tight, lasts, strict=True)), default=0)
    if spare < 0:
        fits = max(0, int(count * seconds / (seconds - spare)) - 1)
        raise SyntheticVideoRefused(
            reason=f"{count} vehicles do not fit into {seconds:g} seconds, about {fits} would"
        )
    pauses = list(rng.dirichlet([0.35] * (count + 1)) * spare)[:count]
    starts = _starts(lanes, lasts, pauses)
    drives, taken = [], set[str]()
    for lane, start, last in zip(lanes, starts, lasts, strict=True):
        flat = _new_plate(rng, formats, taken)
        taken.add(flat.text)
        kind = _KINDS[int(rng.integers(len(_KINDS)))]
        vehicle = vehicles.make_vehicle(rng, flat, kind=kind, plate_scale=_PLATE_SCALE)
        drives.append(_Drive(vehicle, lane, ways[lane], start, last))
    return tuple(drives)


def _starts(lanes: list[int], lasts: list[float], pauses: list[float]) -> list[float]:
    free: dict[int, float] = {}
    starts: list[float] = []
    for lane, last, pause in zip(lanes, lasts, pauses, strict=True):
        earliest = max(free.get(lane, _LEAD), starts[-1] + 0.9 if starts else _LEAD)
        starts.append(earliest + pause)
        free[lane] = starts[-1] + _HEADWAY * max(last, 4.0)
    return starts


def _new_plate(rng: Rng, formats: Sequence[str], taken: set[str]) -> plates.FlatPlate:
    while True:
        wear = float(rng.choice([0, 0, 0.15, 0.3]))
        flat = plates.draw(rng, formats=formats, height=96, wear=wear)
        if flat.text not in taken:
            return flat


def _standing(place: Place, drives: Sequence[_Drive], seconds: float) -> list[tuple[int, Vehicle]]:
    """The vehicles that may be in sight at this moment, where they stand."""
    cars = []
    far = _far(place.view)
    for number, drive in enumerate(drives):
        part = (seconds - drive.starts) / drive.lasts
        if not -0.9 < part < 1.9:
            continue
        done = _eased(part if drive.toward else 1 - part)
        plate = far + (_NEAR - far) * done
        half = drive.vehicle.shape.length / 2
        heading = np.pi if drive.toward else 0.0
        vehicle = place.stand(drive.vehicle, place.lanes[drive.lane], plate + half, heading)
        cars.append((number, vehicle))
    return cars


def _eased(part: float) -> float:
    """Share of the way for a share of the time: slower where the plate is near."""
    if part < 0:
        return 1.3 * part
    if part > 1:
        return 1 + 0.7 * (part - 1)
    return 1.3 * part - 0.3 * part * part


def _grain(rng: Rng, picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    grain = camera.grain_piece(rng, width, height)
    noisy = cv2.scaleAdd(grain, 2.0, picture.astype(np.float32))
    return np.asarray(cv2.convertScaleAbs(np.maximum(noisy, 0)), np.uint8)


def _passages(
    frames: Sequence[TruthFrame], drives: Sequence[_Drive]
) -> tuple[TruthPassage, ...]:  # fmt: skip
    seen: dict[int, list[float]] = {}
    for frame in frames:
        for box in frame.boxes:
            if box.label == "plate" and box.x2 - box.x1 >= PLATE_FROM:
                seen.setdefault(box.vehicle, []).append(frame.seconds)
    return tuple(
        TruthPassage(number, drive.vehicle.flat.text, seen[number][0], seen[number][-1])
        for number, drive in enumerate(drives)
        if number in seen
    )


# --- files


def _encode(
    path: Path, pictures: Iterator[Picture], *, fps: float, size: tuple[int, int]
) -> tuple[list[int], Fraction]:
    """Writes the pictures; their time stamps as they stand in the file, and the time base."""
    rate = Fraction(fps).limit_denominator(1001)
    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with av.open(str(part), "w", format="mp4", options={"movflags": "+faststart"}) as out:
            # One thread: the bytes must not depend on how many cores a machine has. No
            # B-frames: x264's choice of them was seen to vary from run to run (AVX-512).
            options = {"crf": "19", "preset": "veryfast", "threads": "1", "bf": "0"}
            stream = out.add_stream("libx264", rate=rate, options=options)
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            stream.codec_context.gop_size = max(1, round(rate))
            for picture in pictures:
                out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")))
            out.mux(stream.encode(None))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    with av.open(str(path)) as written:
        video = written.streams.video[0]
        stamps = sorted(p.pts for p in written.demux(video) if p.pts is not None)
        assert video.time_base is not None
        return stamps, Fraction(video.time_base)


def _write_truth(truth: Truth, path: Path) -> None:
    data = {
        "width": truth.width,
        "height": truth.height,
        "fps": truth.fps,
        "time_base": [truth.time_base.numerator, truth.time_base.denominator],
        "seed": truth.seed,
        "passages": [asdict(passage) for passage in truth.passages],
        "frames": [asdict(frame) for frame in truth.frames],
    }
    target = truth_path(path)
    part = target.with_name(target.name + ".part")
    part.write_text(json.dumps(data), encoding="utf-8")
    part.replace(target)
