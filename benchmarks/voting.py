"""Whether the vote over a passing reads better than its best single frame, on real plates.

    python benchmarks/voting.py [--seeds 5] [--first-seed 1] [--spoiled 1.0] [--most 400]

Each real plate (``--plates``, default ../shared/plates: see benchmarks/recognizer.py; without
them this says so and does nothing) passes a made-up camera once a seed: 5 to 15 frames in which
it grows from 30 to 60 pixels to up to three times that, with the surroundings of the picture where
there are any, and in each frame otherwise: shifted by parts of a pixel, turned a little, smeared,
out of focus, exposed, noisy, half hidden by a glare now and then, as JPEG, in a box that is some
percent off and in three of ten passings too short at first. ``--spoiled`` scales how bad the
pictures are. The starter reads every frame as ``read_video`` does, without plate formats, as
countries are mixed.

Told are the passings read right by the vote, by the surest frame alone, by the largest and
sharpest, and of how many frames the text is right; with 95 % Clopper-Pearson intervals, which
take all passings for independent. The test does not: it counts each plate once, by whether the
vote or the surest frame is right in more of its passings (sign test).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from annotations.vision.boxes import Xyxy
from annotations.vision.crops import Bgr, read_picture, sharpness
from benchmarks.recognizer import CHINESE, Plate, canonical, listed
from training import bounds, starters
from training.recognizer.predict import PlateRead, Recognizer
from training.recognizer.vote import vote
from training.recognizer.whole import read_whole
from training.vehicles import weight

SHORT = 0.3  # of the passings begin with boxes that cut the plate short on one side
AROUND = 0.6  # of the plate, on each side, that a frame shows


@dataclass(frozen=True)
class Look:
    """What one frame says, and how large and sharp the plate is there."""

    read: PlateRead
    width: int
    sharpness: float


def chosen(plates: Sequence[Plate], most: int) -> list[Plate]:
    """Each text once, all sources in turn; Chinese texts are other than the starter's."""
    once = {(p.source, canonical(p.source, p.text)): p for p in plates if p.source != CHINESE}
    by_source: dict[str, list[Plate]] = {}
    for plate in once.values():
        by_source.setdefault(plate.source, []).append(plate)
    rng = np.random.default_rng(0)
    shuffled = [[rows[i] for i in rng.permutation(len(rows))] for rows in by_source.values()]
    longest = max(map(len, shuffled), default=0)
    turns = [rows[at] for at in range(longest) for rows in shuffled if at < len(rows)]
    return turns[:most]


def surroundings(picture: Bgr, box: Xyxy) -> tuple[Bgr, Xyxy]:
    """The plate with what is around it, and its box there; beyond the picture its edge goes on."""
    x1, y1, x2, y2 = (round(v) for v in box)
    across, down = round(AROUND * (x2 - x1)), round(AROUND * (y2 - y1))
    wide = cv2.copyMakeBorder(picture, down, down, across, across, cv2.BORDER_REPLICATE)
    return wide[y1 : y2 + 2 * down, x1 : x2 + 2 * across], (
        across,
        down,
        across + x2 - x1,
        down + y2 - y1,
    )


def passing(
    patch: Bgr, box: Xyxy, rng: np.random.Generator, spoiled: float
) -> Iterator[tuple[Bgr, Xyxy]]:
    """The frames of one passing, and the box of the plate in each."""
    count = int(rng.integers(5, 16))
    begin = rng.uniform(30, 60)
    end = begin * rng.uniform(1.3, 3.0)
    smear, focus, noise = rng.uniform(0, 0.08), rng.uniform(0, 0.8), rng.uniform(2, 10)
    light, quality = rng.uniform(0.5, 1.15), rng.uniform(30, 75)
    turn, lean = rng.normal(0, 2.0), rng.normal(0, 0.05)
    angle = rng.choice([0.0, 90.0]) + rng.normal(0, 20)
    short, until = rng.uniform(0.06, 0.25) * (rng.random() < SHORT), rng.random()
    cut = np.array([short, 0, 0, 0] if rng.random() < 0.5 else [0, 0, -short, 0])
    for at in np.linspace(0, 1, count):
        width = begin + at * (end - begin)
        frame, found = seen(patch, box, width, (turn + rng.normal(0, 0.5), lean), rng)
        frame = smeared(frame, spoiled * smear * width * rng.uniform(0.3, 1.7), angle)
        frame = cv2.GaussianBlur(frame, (0, 0), 0.05 + spoiled * focus * rng.uniform(0.5, 1.5))
        if rng.random() < 0.1 * spoiled:
            frame = glaring(frame, found, rng)
        frame = frame * light * rng.normal(1, 0.06) + rng.normal(0, spoiled * noise, frame.shape)
        whole = np.clip(frame, 0, 255).astype(np.uint8)
        level = int(np.clip(quality + rng.normal(0, 6) - 15 * (spoiled - 1), 8, 95))
        coded = cv2.imencode(".jpg", whole, [cv2.IMWRITE_JPEG_QUALITY, level])[1]
        off = (rng.normal(0, 0.03, 4) + cut * (at < until)) * np.tile(
            [found[2] - found[0], found[3] - found[1]], 2
        )
        sides = np.add(found, off)
        yield (
            cv2.imdecode(coded, cv2.IMREAD_COLOR),
            (float(sides[0]), float(sides[1]), float(sides[2]), float(sides[3])),
        )


def seen(
    patch: Bgr, box: Xyxy, width: float, pose: tuple[float, float], rng: np.random.Generator
) -> tuple[np.ndarray, Xyxy]:
    """The patch with its plate so many pixels wide, float, and where that is."""
    scale = min(width / (box[2] - box[0]), 1.0)
    sigma = 0.4 * (1 / scale - 1)  # what a sensor's pixel takes together
    soft = cv2.GaussianBlur(patch, (0, 0), sigma) if sigma > 0.2 else patch
    high, wide = (max(round(side * scale), 8) for side in patch.shape[:2])
    matrix = cv2.getRotationMatrix2D((patch.shape[1] / 2, patch.shape[0] / 2), pose[0], scale)
    matrix[0, 1] += pose[1] * scale
    centre = matrix @ [patch.shape[1] / 2, patch.shape[0] / 2, 1]
    matrix[:, 2] += np.array([wide / 2, high / 2]) - centre + rng.uniform(-0.5, 0.5, 2)
    frame = cv2.warpAffine(soft, matrix, (wide, high), borderMode=cv2.BORDER_REPLICATE)
    corners = [(box[0], box[1], 1), (box[2], box[1], 1), (box[0], box[3], 1), (box[2], box[3], 1)]
    found = np.array(corners) @ matrix.T
    (x1, y1), (x2, y2) = found.min(axis=0), found.max(axis=0)
    return frame.astype(np.float32), (float(x1), float(y1), float(x2), float(y2))


def smeared(frame: np.ndarray, length: float, angle: float) -> np.ndarray:
    """As a moving thing looks, so many pixels long."""
    if length < 1:
        return frame
    side = 2 * round(length) + 1
    line = np.zeros((side, side), np.float32)
    step = np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle))]) * length / 2
    middle = np.array([side // 2, side // 2])
    ends = [tuple(int(v) for v in np.rint(middle + sign * step)) for sign in (-1, 1)]
    cv2.line(line, ends[0], ends[1], 1.0)
    return cv2.filter2D(frame, -1, line / line.sum())


def glaring(frame: np.ndarray, box: Xyxy, rng: np.random.Generator) -> np.ndarray:
    """A bright patch over a part of the plate."""
    middle = (int(rng.uniform(box[0], box[2])), int(rng.uniform(box[1], box[3])))
    light = np.zeros(frame.shape[:2], np.float32)
    cv2.circle(light, middle, max(int(0.25 * (box[2] - box[0])), 2), 255.0, -1)
    return frame + cv2.GaussianBlur(light, (0, 0), 2.0)[..., None]


def looks(recognizer: Recognizer, frames: Sequence[tuple[Bgr, Xyxy]]) -> list[Look]:
    """What each frame says, read as videos are."""
    return [
        Look(whole.read, whole.crop.shape[1], sharpness(whole.crop))
        for whole in read_whole(recognizer.read, frames)
    ]


def by_vote(found: Sequence[Look]) -> str:
    """What the vote says."""
    weights = [weight(look.width, look.sharpness) for look in found]
    return vote([look.read for look in found], weights).text


def by_surest(found: Sequence[Look]) -> str:
    return max(found, key=lambda look: look.read.confidence).read.text


def by_clearest(found: Sequence[Look]) -> str:
    return max(found, key=lambda look: look.width * look.sharpness).read.text


def simulate(given: argparse.Namespace) -> list[tuple[Plate, list[list[Look]]]]:
    """Each plate with its passings."""
    plates = chosen(listed(given.plates), given.most)
    recognizer = Recognizer.load(starters.path("recognizer"))
    found = []
    for number, plate in enumerate(plates):
        patch, box = surroundings(read_picture(given.plates / plate.file), plate.box)
        passings = []
        for seed in range(given.first_seed, given.first_seed + given.seeds):
            rng = np.random.default_rng([seed, number])
            passings.append(looks(recognizer, list(passing(patch, box, rng, given.spoiled))))
        found.append((plate, passings))
    return found


def report(found: Sequence[tuple[Plate, list[list[Look]]]]) -> None:
    """Print how often each way is right."""
    ways = {"vote": by_vote, "surest frame": by_surest, "largest and sharpest": by_clearest}
    hits: dict[str, list[list[bool]]] = {way: [] for way in ways}
    single: list[bool] = []
    for plate, passings in found:
        truth = canonical(plate.source, plate.text)
        for way, say in ways.items():
            said = [canonical(plate.source, say(one)) for one in passings]
            hits[way].append([text == truth for text in said])
        single += [
            canonical(plate.source, look.read.text) == truth for one in passings for look in one
        ]
    total = sum(len(passings) for _, passings in found)
    print(f"{len(found)} plates, {total} passings; right of single frames {share(single)}")
    for way, each in hits.items():
        flat = [hit for row in each for hit in row]
        low, high = bounds.interval(sum(flat), len(flat))
        print(f"{way}: {share(flat)} ({100 * low:.1f} to {100 * high:.1f})")
    better = sum(sum(v) > sum(s) for v, s in zip(hits["vote"], hits["surest frame"], strict=True))
    worse = sum(sum(v) < sum(s) for v, s in zip(hits["vote"], hits["surest frame"], strict=True))
    chance = bounds.sign_test(better, worse)
    print(f"plates better by the vote {better}, by the surest frame {worse}, chance {chance:.2g}")


def share(hits: Sequence[bool]) -> str:
    return f"{100 * sum(hits) / max(len(hits), 1):.1f} %"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plates", type=Path, default=ROOT.parent / "shared" / "plates")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--spoiled", type=float, default=1.0)
    parser.add_argument("--most", type=int, default=400, help="plates")
    given = parser.parse_args()
    if not (given.plates / "manifest.csv").is_file():
        print(f"No real plates in {given.plates}: nothing is measured.")
        return
    report(simulate(given))


if __name__ == "__main__":
    main()
