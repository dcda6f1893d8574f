"""How fast recordings are taken apart, against decoding alone on the same clip in the same run.

    python benchmarks/ingest.py [--rounds 3] [--clip FILE]

Draws a minute of 1920x1080 at 20 frames a second (H.264 main, no B-frames, a keyframe each two
seconds, 4 Mb/s, textured, six things moving, sensor noise) unless a clip is given. Each way runs
in a process of its own, one after the other, round by round, so that a busy machine is busy for
all; start-up counts. What a split does is measured as the application does it: a child with
limits decodes and encodes, the parent hashes and writes the pictures and their small copies.
Only the rows of the database are left out.

Aims: one frame a second within 10 % of decoding alone; 20 frames a second at 150 frames/s and
the activity at 250 where decoding alone does 315, so 0.48 and 0.79 of it; 250 MB at most.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
WIDTH, HEIGHT, FPS = 1920, 1080, 20
AIMS = {"one a second": 0.90, "20 a second": 0.476, "activity": 0.794}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--clip", type=Path)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        run_here(given.way, given.clip)
        return
    with tempfile.TemporaryDirectory(prefix="lpr-benchmark-") as folder:
        clip = given.clip or draw(Path(folder) / "clip.mp4")
        rounds = [{way: run_apart(way, clip) for way in WAYS} for _ in range(given.rounds)]
    show(rounds)


def draw(path: Path, seconds: int = 60) -> Path:
    """The clip; the same on every machine."""
    import av
    import cv2
    import numpy as np

    rng = np.random.default_rng(7)
    spots = rng.integers(60, 190, (135, 240, 3), np.uint8)
    place = cv2.resize(spots, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)
    grain = rng.integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    place = cv2.addWeighted(place, 0.98, grain, 0.02, 0)
    noise = [rng.normal(0, 3, (HEIGHT, WIDTH, 3)).astype(np.int8) for _ in range(4)]
    things = [
        (
            int(rng.integers(0, WIDTH)),
            int(rng.integers(100, HEIGHT - 250)),
            int(rng.integers(120, 320)),
            int(rng.integers(90, 200)),
            int(rng.integers(4, 16)),
            rng.integers(30, 230, 3).tolist(),
        )
        for _ in range(6)
    ]
    with av.open(str(path), "w", options={"movflags": "+faststart"}) as out:
        stream = out.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.bit_rate = 4_000_000
        stream.codec_context.gop_size, stream.codec_context.max_b_frames = 40, 0
        stream.options = {"preset": "veryfast", "profile": "main", "sc_threshold": "0"}
        for k in range(seconds * FPS):
            picture = place.copy()
            for x, y, wide, high, speed, colour in things:
                left = (x + k * speed) % (WIDTH + wide) - wide
                cv2.rectangle(picture, (left, y), (left + wide, y + high), colour, -1)
                cv2.rectangle(
                    picture, (left + 10, y + 10), (left + wide // 2, y + high // 2), (240,) * 3, 3
                )
            noisy = picture.astype(np.int16) + np.roll(noise[k % 4], (k * 37) % HEIGHT, 0)
            frame = av.VideoFrame.from_ndarray(
                np.clip(noisy, 0, 255).astype(np.uint8), format="bgr24"
            ).reformat(format="yuv420p")
            frame.pts, frame.time_base = k, Fraction(1, FPS)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def decode_only(clip: Path, folder: Path) -> int:
    import av

    with av.open(str(clip)) as file:
        stream = file.streams.video[0]
        stream.thread_type = "AUTO"
        return sum(1 for _ in file.decode(stream))


def taking(fps: float) -> Callable[[Path, Path], int]:
    def take(clip: Path, folder: Path) -> int:
        from annotations.vision import child, video
        from annotations.vision.selection import Selection

        limits = child.limits_for(video.probe(clip))
        decoded = 0
        for message in child.take(
            clip, child.Take(Selection(fps=fps), measure=True), name="clip", limits=limits
        ):
            if message.kind == "picture":
                length = message.facts["jpeg"]
                for part in (message.data[:length], message.data[length:]):
                    (folder / hashlib.sha256(part).hexdigest()).write_bytes(part)
            elif message.kind == "report":
                decoded = message.facts["decoded"]
        return decoded

    return take


def activity(clip: Path, folder: Path) -> int:
    from annotations.vision import child, video

    limits = child.limits_for(video.probe(clip))
    messages = child.measure(clip, name="clip", limits=limits)
    return next(int(m.facts["decoded"]) for m in messages if m.kind == "report")


def previewing(transcode: bool) -> Callable[[Path, Path], int]:
    def preview(clip: Path, folder: Path) -> int:
        from annotations.vision import child, video

        info = video.probe(clip)
        limits = child.limits_for(info, output=clip.stat().st_size)
        for _ in child.preview(
            clip, folder / "p.mp4", name="clip", limits=limits, transcode=transcode
        ):
            pass
        return info.frames_expected or 0

    return preview


WAYS: dict[str, Callable[[Path, Path], int]] = {
    "decode only": decode_only,
    "one a second": taking(1),
    "20 a second": taking(20),
    "activity": activity,
    "preview copied": previewing(False),
    "preview encoded": previewing(True),
}


def run_here(way: str, clip: Path) -> None:
    """One way in this process; prints what it took."""
    with tempfile.TemporaryDirectory(prefix="lpr-benchmark-") as folder:
        frames = WAYS[way](clip, Path(folder))
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    used = [resource.getrusage(kind) for kind in kinds]
    peaks = [usage.ru_maxrss / 1024 for usage in used]
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in used)
    print(json.dumps({"frames": frames, "cpu": cpu, "parent_mb": peaks[0], "child_mb": peaks[1]}))


def run_apart(way: str, clip: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--way", way, "--clip", str(clip)]
    began = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    seconds = time.perf_counter() - began
    found = {**json.loads(done.stdout), "seconds": seconds}
    found["fps"] = found["frames"] / seconds
    print(f"{way:16} {found['fps']:7.0f} frames/s {found['cpu']:6.1f} s cpu", file=sys.stderr)
    return found


def show(rounds: list[dict[str, dict[str, float]]]) -> None:
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {len(rounds)} rounds\n")
    print("| way | frames/s, best | of decoding alone, median | aim | cpu s | parent, child MB |")
    print("|---|---|---|---|---|---|")
    for way in WAYS:
        runs = [found[way] for found in rounds]
        shares = [found[way]["fps"] / found["decode only"]["fps"] for found in rounds]
        aim = f"{AIMS[way]:.2f}" if way in AIMS else ""
        print(
            f"| {way} | {max(run['fps'] for run in runs):.0f} | {statistics.median(shares):.2f} |"
            f" {aim} | {min(run['cpu'] for run in runs):.1f} |"
            f" {max(run['parent_mb'] for run in runs):.0f},"
            f" {max(run['child_mb'] for run in runs):.0f} |"
        )


if __name__ == "__main__":
    main()
