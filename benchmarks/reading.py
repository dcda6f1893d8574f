"""What reading whole videos costs and finds.

    python benchmarks/reading.py [--minutes 5] [--size 1280x720] [--fps 10] [--hard] [--kill]
    python benchmarks/reading.py --video clip.mp4 --texts 34A36837,34A23126

Draws a video with known traffic, or takes one of which the texts are known, and reads it with
the starters by ``read_video``, in a data folder of its own. Told are the seconds each step took
(they overlap: decoding, finding and reading run beside each other), the most memory of the whole
family of processes in each quarter of the time, what an hour would take, and the reads beside
the truth: vehicles right, wrong, missed, double, false. Of a drawn video also how often the
surest single frame of a vehicle, and its largest and sharpest, say what is true. With ``--hard``
the drawn video is spoiled first, each frame otherwise: coarser, noisy, smeared. With ``--kill``
all processes are killed (SIGKILL) in the middle and the command is given again: the reads must
be those of the uninterrupted run.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
SMALLER, SMEAR, NOISE, CONTRAST = 2.0, 7, 14.0, 0.6  # of a spoiled video
SAME = 0.3  # IoU
LEAST = 10.0  # seconds of a run before it is killed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--fps", type=float, default=10.0)
    parser.add_argument("--video", type=Path, help="a video whose texts are known")
    parser.add_argument("--texts", default="", help="its texts, separated by commas")
    parser.add_argument("--options", default="", help="for read_video, such as '--all --fps 5'")
    parser.add_argument("--hard", action="store_true")
    parser.add_argument("--kill", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.video or drawn(given, Path(folder))
        truth = [text for text in given.texts.split(",") if text] or texts_of(path)
        os.environ["LPR_DATA"] = str(Path(folder) / "data")
        result, memory = read(path, Path(folder) / "reads.json", given.options)
        told = json.loads((Path(folder) / "reads.json").read_text())["reads"]
        report(result, memory, told, truth)
        if not given.texts:
            report_frames(path)
        if given.kill:
            os.environ["LPR_DATA"] = str(Path(folder) / "killed")
            begun = killed(path, Path(folder) / "again.json", given.options)
            result, _ = read(path, Path(folder) / "again.json", given.options)
            again = json.loads((Path(folder) / "again.json").read_text())["reads"]
            print(
                f"killed after {begun:.0f} s: went on with {result['frames']} frames, reads "
                f"{'the same' if again == told else 'OTHERS'}"
            )


def drawn(given: argparse.Namespace, folder: Path) -> Path:
    """A video with known traffic."""
    from training.synthetic import video

    width, height = (int(side) for side in given.size.split("x"))
    path = folder / "street.mp4"
    video.write(path, seconds=60 * given.minutes, fps=given.fps, size=(width, height), seed=11)
    if given.hard:
        spoil(path)
    return path


def spoil(path: Path) -> None:
    """Write the video anew as a poor camera would: its truth stays the same."""
    import av
    import cv2
    import numpy as np

    rng, part = np.random.default_rng(11), path.with_suffix(".part.mp4")
    with av.open(str(path)) as source, av.open(str(part), "w") as target:
        old = source.streams.video[0]
        options = {"crf": "30", "preset": "veryfast", "bf": "0"}
        new = target.add_stream("libx264", rate=old.average_rate, options=options)
        new.width, new.height, new.pix_fmt = old.width, old.height, "yuv420p"
        for frame in source.decode(old):
            small = cv2.resize(
                frame.to_ndarray(format="bgr24"), None, fx=1 / SMALLER, fy=1 / SMALLER
            )
            smear = np.full((1, int(rng.integers(1, SMEAR + 1))), 1.0)
            noise = rng.normal(0, NOISE, small.shape)
            seen = cv2.filter2D(small, -1, smear / smear.sum()) * CONTRAST + noise + 20
            large = cv2.resize(np.clip(seen, 0, 255).astype(np.uint8), (old.width, old.height))
            spoiled = av.VideoFrame.from_ndarray(large, format="bgr24")
            spoiled.pts, spoiled.time_base = frame.pts, frame.time_base
            target.mux(new.encode(spoiled))
        target.mux(new.encode(None))
    part.replace(path)


def texts_of(path: Path) -> list[str]:
    """The texts of the vehicles that pass, by the truth beside a drawn video."""
    from training.synthetic import video

    return [passage.text for passage in video.read_truth(path).passages]


def command(path: Path, out: Path, options: str) -> list[str]:
    """The command that reads a video with the starters."""
    models = ["--detector", "starter", "--recognizer", "starter"]
    line = ["manage.py", "read_video", str(path), "--out", str(out), "--json", *models]
    return [sys.executable, *line, *options.split()]


def read(path: Path, out: Path, options: str) -> tuple[dict[str, Any], list[tuple[float, int]]]:
    """Read the video; the command's result, and (seconds, KiB) of memory over its time."""
    begun, memory = time.monotonic(), list[tuple[float, int]]()
    child = subprocess.Popen(
        command(path, out, options), stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    while child.poll() is None:
        memory.append((time.monotonic() - begun, family_memory(child.pid)))
        time.sleep(0.5)
    assert child.stdout is not None
    if child.returncode:
        raise SystemExit("read_video failed.")
    return json.loads(child.stdout.read().splitlines()[-1]), memory


def killed(path: Path, out: Path, options: str) -> float:
    """Begin to read, and kill everything once some chunks are stored. Returns seconds."""
    begun = time.monotonic()
    child = subprocess.Popen(
        command(path, out, options), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=ROOT
    )
    while time.monotonic() - begun < LEAST or chunks() < 2:
        if child.poll() is not None:
            raise SystemExit("The video was read before it could be killed.")
        time.sleep(0.2)
    for pid in family(child.pid):
        os.kill(pid, signal.SIGKILL)
    child.wait()
    return time.monotonic() - begun


def rows(query: str) -> list[tuple[Any, ...]]:
    """What the data folder's database answers; nothing where it is not made yet."""
    database = Path(os.environ["LPR_DATA"]) / "lpr.sqlite3"
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()
    except sqlite3.OperationalError:
        return []


def chunks() -> int:
    """How many chunks the reading has stored."""
    return int((rows("select count(*) from training_detectionchunk") or [(0,)])[0][0])


def single_frames(path: Path) -> list[tuple[str, list[dict[str, Any]]]]:
    """Of each read of a drawn video, the true text of its vehicle and all it was voted from."""
    from annotations.vision.boxes import iou
    from training.synthetic import video

    truth = video.read_truth(path)
    texts = {passage.vehicle: passage.text for passage in truth.passages}
    frames = {frame.pts: [b for b in frame.boxes if b.label == "plate"] for frame in truth.frames}
    plates = {
        (frame["pts"], *plate["box"]): plate
        for (stored,) in rows("select frames from training_detectionchunk")
        for frame in json.loads(stored)
        for plate in frame["plates"]
    }
    found = []
    for (stored,) in rows("select boxes from training_read"):
        boxes, vehicles = json.loads(stored), Counter[int]()
        for pts, *box in boxes:
            true = frames[pts]
            overlap = iou([box], [(b.x1, b.y1, b.x2, b.y2) for b in true])[0]
            vehicles.update(b.vehicle for b, o in zip(true, overlap, strict=True) if o > SAME)
        vehicle = max(vehicles, key=lambda one: vehicles[one], default=-1)
        found.append((texts.get(vehicle, ""), [plates[tuple(key)] for key in boxes]))
    return found


def family(pid: int) -> list[int]:
    """A process and all it started."""
    found = [pid]
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += family(int(child))
    except OSError:
        pass
    return found


def family_memory(pid: int) -> int:
    """Resident memory of a process and all it started, KiB."""
    total = 0
    for one in family(pid):
        try:
            lines = Path(f"/proc/{one}/status").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))
    return total


def report(
    result: dict[str, Any],
    memory: list[tuple[float, int]],
    told: list[dict[str, Any]],
    truth: list[str],
) -> None:
    """Print what was measured."""
    length, spent = result["video_seconds"], memory[-1][0]
    print(f"{length:.0f} s of video, {result['skipped_seconds']:.0f} s idle, {spent:.0f} s in all")
    print(f"frames looked at: {result['frames']}; an hour like this: {spent / length * 60:.0f} min")
    print("seconds:", ", ".join(f"{step} {each}" for step, each in result["seconds"].items()))
    quarters = [
        max((kib for at, kib in memory if k <= 4 * at / spent < k + 1), default=0) for k in range(4)
    ]
    print("memory, MB by quarter:", ", ".join(f"{kib / 1000:.0f}" for kib in quarters))
    wanted, found = Counter(truth), Counter(read["text"] for read in told)
    right = sum((wanted & found).values())
    double = sum(n - wanted[text] for text, n in found.items() if n > wanted[text] > 0)
    other = len(told) - right - double
    print(f"vehicles {len(truth)}: right {right}, double {double}, other texts {other}")
    print("missed:", ", ".join((wanted - found).elements()) or "none")
    print("not true:", ", ".join((found - wanted).elements()) or "none")


def report_frames(path: Path) -> None:
    """Print what single frames say of the vehicles that were read."""
    found = single_frames(path)
    surest = sum(max(each, key=lambda p: p["sure"])["text"] == text for text, each in found)
    clear = sum(
        max(each, key=lambda p: p["size"][0] * p["sharpness"])["text"] == text
        for text, each in found
    )
    right = [plate["text"] == text for text, each in found for plate in each]
    print(f"of {len(found)} reads: the surest frame alone is right for {surest}, the largest and")
    print(f"sharpest for {clear}; {100 * sum(right) / max(len(right), 1):.0f} % of all frames are")


if __name__ == "__main__":
    main()
