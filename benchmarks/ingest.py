"""How fast recordings are taken apart, against decoding alone on the same clip in the same run.

    python benchmarks/ingest.py [--rounds 3] [--clip FILE]

Draws a minute of 1920x1080 at 20 frames a second (H.264 main, no B-frames, a keyframe each two
seconds, 4 Mb/s, textured, six things moving, sensor noise) and repeats it five times, unless a
clip is given. Each way runs in a process of its own, one after the other, round by round, so that
a busy machine is busy for all. Timed is what a worker does for a video: the start of the child
that decodes counts; the start of the worker, and looking at the file when it is brought in,
do not. What a split does is measured as the application does it: a child with limits decodes
and encodes, the parent hashes and writes the pictures and their small copies. Only the rows of
the database are left out.

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
from typing import Any, TypeAlias

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
WIDTH, HEIGHT, FPS = 1920, 1080, 20
MINUTES = 5
KEPT = 100  # pictures on the disk at a time
Way: TypeAlias = Callable[[Path, Path, Any], int]
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
        clip = given.clip or repeated(draw(Path(folder) / "minute.mp4"), MINUTES)
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


def repeated(minute: Path, times: int) -> Path:
    """The same clip several times over, in one file."""
    import av

    path = minute.with_name("clip.mp4")
    with av.open(str(minute)) as file, av.open(str(path), "w") as out:
        stream = file.streams.video[0]
        copy = out.add_stream_from_template(stream)
        length = stream.duration
        for time in range(times):
            file.seek(0)
            for packet in file.demux(stream):
                if packet.dts is None:
                    continue
                packet.pts += time * length
                packet.dts += time * length
                packet.stream = copy
                out.mux(packet)
    return path


def decode_only(clip: Path, folder: Path, info: Any) -> int:
    import av

    with av.open(str(clip)) as file:
        stream = file.streams.video[0]
        stream.thread_type = "AUTO"
        return sum(1 for _ in file.decode(stream))


def taking(fps: float) -> Way:
    def take(clip: Path, folder: Path, info: Any) -> int:
        from annotations.vision import child
        from annotations.vision.selection import Selection

        what = child.Take(Selection(fps=fps), measure=True)
        decoded = pictures = 0
        for message in child.take(clip, what, name="clip", limits=child.limits_for(info)):
            if message.kind == "picture":
                length = message.facts["jpeg"]
                keep(folder / str(pictures % KEPT), message.data[:length])
                keep(folder / f"{pictures % KEPT} small", message.data[length:])
                pictures += 1
            elif message.kind == "report":
                decoded = message.facts["decoded"]
        return decoded

    return take


def keep(path: Path, data: bytes) -> None:
    """As the application stores a picture: hashed, written beside its place and renamed."""
    fresh = path.with_name(f"{hashlib.sha256(data).hexdigest()}.part")
    fresh.write_bytes(data)
    fresh.replace(path)


def activity(clip: Path, folder: Path, info: Any) -> int:
    from annotations.vision import child

    messages = child.measure(clip, name="clip", limits=child.limits_for(info))
    return next(int(m.facts["decoded"]) for m in messages if m.kind == "report")


def previewing(*, transcode: bool) -> Way:
    def preview(clip: Path, folder: Path, info: Any) -> int:
        from annotations.vision import child

        limits = child.limits_for(info, output=clip.stat().st_size)
        target = folder / "p.mp4"
        for _ in child.preview(clip, target, name="clip", limits=limits, transcode=transcode):
            pass
        return info.frames_expected or 0

    return preview


WAYS: dict[str, Way] = {
    "decode only": decode_only,
    "one a second": taking(1),
    "20 a second": taking(20),
    "activity": activity,
    "preview copied": previewing(transcode=False),
    "preview encoded": previewing(transcode=True),
}


def run_here(way: str, clip: Path) -> None:
    """One way in this process; prints what it took."""
    if way == "decode only":
        import av  # noqa: F401 (its start does not count)

        info = None
    else:
        from annotations.vision import video

        info = video.probe(clip)
    with tempfile.TemporaryDirectory(prefix="lpr-benchmark-") as folder:
        before, began = used(), time.perf_counter()
        frames = WAYS[way](clip, Path(folder), info)
        seconds, cpu = time.perf_counter() - began, used() - before
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    parent, child = (resource.getrusage(kind).ru_maxrss / 1024 for kind in kinds)
    facts = {"frames": frames, "seconds": seconds, "cpu": cpu, "fps": frames / seconds}
    print(json.dumps({**facts, "parent_mb": parent, "child_mb": child}))


def used() -> float:
    """Seconds of processor time of this process and its children."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def run_apart(way: str, clip: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--way", way, "--clip", str(clip)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ)
    found: dict[str, float] = json.loads(done.stdout)
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
