"""How well crops of one vehicle are found, and how many crops a key labels.

    python benchmarks/linking.py [--videos 3] [--seconds 90] [--size 1280x720] [--fps 15]

Draws videos of traffic whose truth is known, takes a frame a second, puts the true box of each
plate on it, a little off as people draw them, and follows the plates through the seconds between.
Counts the pairs of crops that were linked rightly and wrongly. Then reads all crops as the
transcription page does, with the starter's suggestions and the page's own rule of what belongs
to one strip (bundled by rolldown, run by node), without the links and with them: a right
suggestion is one key, k wrong characters k + 1, nothing suggested the plate's characters, and a
crop of another vehicle is taken out of the strip with two keys.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
OFF = 0.06  # of a box's side, by which each edge is off (standard deviation)

READ = """
import { passing, distance } from %s;
const { crops, truth } = JSON.parse(await new Response(process.stdin).text());
let waiting = crops, keys = 0, strokes = 0;
while (waiting.length > 0) {
  const [head] = waiting;
  const { vehicle, text } = truth[head.id];
  const strip = passing(head, waiting.slice(0, 60));
  const others = strip.filter((one) => truth[one.id].vehicle !== vehicle);
  const said = head.suggestion?.text ?? '';
  keys += 2 * others.length + (said === '' ? text.length : 1 + distance(said, text));
  strokes += 1;
  const done = new Set([head, ...strip.filter((one) => !others.includes(one))]);
  waiting = waiting.filter((one) => !done.has(one));
}
console.log(JSON.stringify({ crops: crops.length, keys, strokes }));
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--videos", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--size", default="1280x720")
    parser.add_argument("--fps", type=float, default=15.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lpr-benchmark-") as folder:
        os.environ["LPR_DATA"] = folder
        os.environ.pop("REDIS_URL", None)
        prepare()
        strip = bundled(Path(folder))
        counts = [measured(number, given, Path(folder), strip) for number in range(given.videos)]
    for name in counts[0]:
        print(f"{name:40}{sum(one[name] for one in counts):10.1f}")
    for way in ("without", "with"):
        crops, keys = (sum(one[f"{what} {way} links"] for one in counts) for what in WHAT)
        print(f"{f'crops a key {way} links':40}{crops / keys:10.2f}")


WHAT = ("crops", "keys")


def prepare() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "lprsite.settings"
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def bundled(folder: Path) -> Path:
    out = folder / "strip.mjs"
    made = ROOT / "frontend" / "node_modules" / ".bin" / "rolldown"
    source = ROOT / "frontend" / "src" / "transcribe" / "strip.ts"
    subprocess.run([made, source, "--file", out], check=True, capture_output=True)
    return out


def measured(number: int, given: Any, folder: Path, strip: Path) -> dict[str, float]:
    """The counts of one video."""
    from annotations import projects, tasks
    from annotations.models import Crop

    project = projects.create(f"Drawn {number}")
    width, height = (int(side) for side in given.size.split("x"))
    video, truth = drawn(project, folder / f"{number}.mp4", given, (width, height), number)
    used = time.process_time(), os.times().children_user
    tasks.link_crops.run_here(project_id=project.pk, video=video.pk)
    cpu = time.process_time() - used[0] + os.times().children_user - used[1]
    tasks_of_training().suggest.run_here(project_id=project.pk, project=project.pk, again=False)
    rows = list(Crop.objects.filter(project=project).order_by("id"))
    same = [
        (one.group != "" and one.group == other.group, truth[one.pk] == truth[other.pk])
        for one, other in combinations(rows, 2)
    ]
    counts = {
        "crops": float(len(rows)),
        "vehicles": float(len(set(truth.values()))),
        "pairs of one vehicle": float(sum(true for _, true in same)),
        "pairs linked rightly": float(sum(linked and true for linked, true in same)),
        "pairs linked wrongly": float(sum(linked and not true for linked, true in same)),
        "processor seconds for a minute of video": cpu * 60 / given.seconds / given.videos,
    }
    for way in ("without", "with"):
        told = read(rows, truth, strip, linked=way == "with")
        counts |= {f"{what} {way} links": float(told[what]) for what in WHAT}
    return counts


def tasks_of_training() -> Any:
    from training import tasks

    return tasks


def drawn(
    project: Any, path: Path, given: Any, size: tuple[int, int], number: int
) -> tuple[Any, dict[int, str]]:
    """A drawn video with boxes on a frame a second; the text of each crop, by id."""
    from annotations import boxes, selections, videos
    from annotations.models import Crop
    from lprsite.jobs.engine import Running
    from lprsite.jobs.models import Job, State, lease_end
    from training.synthetic import video as synthetic

    truth = synthetic.write(
        path,
        seconds=given.seconds,
        fps=given.fps,
        size=size,
        seed=100 + number,
        count=round(given.seconds / 4.1),
        lanes=3,
    )
    row, _ = videos.ingest(path, project=project, name=path.name)
    job = Job.objects.create(
        task="benchmark", queue="media", state=State.RUNNING, attempt=1, lease_until=lease_end()
    )
    selections.split(selections.choose(row, fps=1.0), Running(job))
    job.delete()
    rng = np.random.default_rng(number)
    there = {frame.pts: frame.boxes for frame in truth.frames}
    told: dict[int, str] = {}
    for frame in row.frames.order_by("pts"):
        for one in there[frame.pts or 0]:
            if one.label != "plate" or one.x2 - one.x1 < synthetic.PLATE_FROM:
                continue
            wide, high = one.x2 - one.x1, one.y2 - one.y1
            edges = np.array([one.x1, one.y1, one.x2, one.y2])
            x1, y1, x2, y2 = edges + rng.normal(0, OFF, 4) * (wide, high, wide, high)
            box = boxes.draw(frame, label="plate", xyxy=(x1, y1, x2, y2))
            told[Crop.objects.get(box=box).pk] = one.text
    return row, told


def read(rows: Any, truth: dict[int, str], strip: Path, *, linked: bool) -> dict[str, int]:
    """Crops and keys of a sitting at all crops."""
    from annotations import transcriptions
    from annotations.models import Crop
    from annotations.serializers_crops import CROP_COLUMNS, crop_json

    ids = [row.pk for row in rows]
    said = transcriptions.newest_suggestions(ids)
    crops = []
    for row in Crop.objects.filter(pk__in=ids).order_by("id").values(*CROP_COLUMNS):
        told = crop_json(row, said.get(row["id"]))
        proposed = told["suggestion"] or {"text": ""}
        suggestion = {"text": proposed["text"], "confidences": proposed.get("characters", [])}
        crops.append(
            {
                "id": told["id"],
                "video": told["video_name"],
                "seconds": told["seconds"],
                "group": told["group"] if linked else "",
                "suggestion": suggestion if proposed["text"] else None,
            }
        )
    known = {pk: {"vehicle": text, "text": text} for pk, text in truth.items()}
    program = READ % json.dumps(strip.as_uri())
    done = subprocess.run(
        ["node", "--input-type=module", "-e", program],
        input=json.dumps({"crops": crops, "truth": known}),
        capture_output=True,
        text=True,
        check=True,
    )
    answer: dict[str, int] = json.loads(done.stdout)
    return answer


if __name__ == "__main__":
    main()
