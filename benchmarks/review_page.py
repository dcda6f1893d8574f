"""How long the review page makes a person wait, in Chromium, with thousands of reads.

    python benchmarks/review_page.py [--reads 5000] [--reviewed 100] [--looking 0.5]

Makes a data folder of its own: an hour of reads, some of them wrong, with crops of drawn plates.
Presses keys in headless Chromium, ``--reviewed`` reads in the order of the list: Enter where the
read is right, else E, the right text and Enter, as a person would who needs ``--looking`` seconds
to read a crop. A wait is from the press of the last key until the frame in which the next read is
drawn with its crops. Then steps through the list by J. At the end plates are transcribed one by
one with the same looking and typing, to compare how many crops get a text in a minute. Needs
playwright and Chromium, and the built bundle. The aims are no wait over 50 ms, less than 2 s for
a right read, and every decision on the server as it was made.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SEED = 3
HOUR = 3600.0
PLATES = 60
WRONG = 0.1  # of the reads
TYPING = 150  # milliseconds a key
CURRENT = ".read-row[aria-current]"

# How long after a key the next read is on screen: its text, its row, its crops.
WATCH = """
() => {
  const seen = (window.seen = { waits: [], clicks: 0 });
  const title = () => document.querySelector('.read-track .panel-title')?.textContent;
  const all = (what) => [...document.querySelectorAll(what)];
  const drawn = () => all('.track-strip img').length > 0
    && all('.track-strip img, .read-row[aria-current] img')
      .every((picture) => picture.complete && picture.naturalWidth > 0);
  addEventListener('pointerdown', () => (seen.clicks += 1), true);
  addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== 'j') return;
    const before = title();
    const pressed = event.timeStamp;
    const look = () => {
      if (title() !== before && drawn()) seen.waits.push(performance.now() - pressed);
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }, true);
}
"""
SHOWN = """
(many) => new Promise((resolve) => {
  const look = () => (window.seen.waits.length >= many ? resolve() : requestAnimationFrame(look));
  look();
})
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--reads", type=int, default=5000)
    parser.add_argument("--reviewed", type=int, default=100)
    parser.add_argument("--looking", type=float, default=0.5)
    given = parser.parse_args()
    from benchmarks.transcribe_page import Web

    with tempfile.TemporaryDirectory(prefix="lpr-benchmark-") as folder:
        os.environ["LPR_DATA"] = folder
        os.environ.pop("REDIS_URL", None)
        password = secrets.token_urlsafe(12)
        project, run, truth = fill(given.reads, password)
        web = Web()
        try:
            seconds = drive(project, run, truth, password, web, (given.reviewed, given.looking))
        finally:
            web.stop()
        from annotations.models import Transcription

        taught = Transcription.objects.filter(role="review").count()
        print(f"{taught} crops got a text: {60 * taught / seconds:.0f} in a minute of review")


def fill(count: int, password: str) -> tuple[int, int, list[tuple[str, str]]]:
    """A project with a run of ``count`` reads; returns its ids, and (read, right text) by time."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "lprsite.settings"
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from annotations import projects
    from annotations.models import Video
    from tests.browser import seed
    from training.models import InferenceRun, Read, ReadCrop, TrainedModel

    call_command("migrate", verbosity=0)
    ana = User.objects.create_user("ana", password=password)
    project = projects.create("An hour", by=ana)
    with tempfile.TemporaryDirectory() as folder:
        video, _ = seed.recording(project, Path(folder) / "drawn.mp4")
    Video.objects.filter(pk=video.pk).update(duration=HOUR)
    detector, recognizer = (
        TrainedModel.objects.create(project=project, kind=kind, name=kind, file="none")
        for kind in ("detector", "recognizer")
    )
    run = InferenceRun.objects.create(
        project=project, video=video, detector=detector, recognizer=recognizer
    )
    rng = random.Random(SEED)
    pictures = seed.drawn_plates(PLATES)
    truth: list[tuple[str, str]] = []
    rows: list[Read] = []
    for number in range(count):
        _, text, _ = pictures[number % PLATES]
        wrong = rng.random() < WRONG
        place = rng.randrange(len(text))
        other = rng.choice("0123456789") if text[place].isdigit() else rng.choice("ABCDEFGH")
        said = text[:place] + other + text[place + 1 :] if wrong else text
        truth.append((said, text))
        rows.append(_read(run, number, said, place if wrong else None, (rng, count)))
    made = Read.objects.bulk_create(rows, batch_size=200)
    crops = []
    for number, read in enumerate(made):
        key, text, (_, width, height) = pictures[number % PLATES]
        for at in range(5):
            pts = read.first_pts + at
            sha256 = hashlib.sha256(f"{number} {at}".encode()).hexdigest()  # as if all were other
            known = {"file": key, "sha256": sha256, "width": width, "height": height}
            crops.append(
                ReadCrop(read=read, pts=pts, text=text, sharpness=9.0 - at, confidence=0.9, **known)
            )
    ReadCrop.objects.bulk_create(crops, batch_size=200)
    luis = User.objects.create_user("luis", password=password)
    seed.single_crops(0, pictures, (ana, luis))
    return project.pk, run.pk, truth


def _read(
    run: Any, number: int, text: str, doubt: int | None, drawn: tuple[random.Random, int]
) -> Any:
    from training.models import Read

    rng, count = drawn
    step = HOUR / count
    first = run.video.pts(number * step)
    last = run.video.pts(number * step + 4.0)
    x = rng.uniform(0, 500)
    keys = [
        [int(first + (last - first) * at / 20), x + at, 100 + 5 * at, x + at + 60, 130 + 5 * at]
        for at in range(21)
    ]
    sure = [0.6 if at == doubt else round(rng.uniform(0.96, 1), 3) for at in range(len(text))]
    return Read(
        run=run,
        number=number,
        first_pts=first,
        last_pts=last,
        boxes=keys,
        text=text,
        confidence=min(sure),
        characters=sure,
        alternatives=[["8", 0.3] if at == doubt else [] for at in range(len(text))],
        votes=20,
    )


def drive(
    project: int,
    run: int,
    truth: list[tuple[str, str]],
    password: str,
    web: Any,
    pace: tuple[int, float],
) -> float:
    """Returns the seconds that the review took."""
    reviewed, looking = pace
    from playwright.sync_api import sync_playwright

    from benchmarks.transcribe_page import log_in, saved

    found = os.environ.get("LPR_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
        site = f"http://127.0.0.1:{web.port}"
        log_in(context, site, password)
        page = context.new_page()
        begun = time.monotonic()
        page.goto(f"{site}/p/{project}/review/{run}")
        page.wait_for_selector(CURRENT, timeout=60_000)
        page.wait_for_selector(".track-strip img")
        print(f"{len(truth)} reads on screen after {time.monotonic() - begun:.1f} s, "
              f"{page.locator('.read-row').count()} rows drawn")  # fmt: skip
        page.wait_for_timeout(1000)
        page.evaluate(WATCH)
        begun = time.monotonic()
        for number, (read, right) in enumerate(truth[:reviewed], start=1):
            page.wait_for_timeout(looking * 1000)
            if read != right:
                page.keyboard.press("e")
                page.wait_for_selector("input.cells-input:focus")
                page.keyboard.press("Control+Backspace")
                page.keyboard.type(right, delay=TYPING)
            page.keyboard.press("Enter")
            page.evaluate(SHOWN, number)
        seconds = time.monotonic() - begun
        show("Enter", page.evaluate("window.seen.waits"))
        print(f"{reviewed} reads reviewed in {seconds:.1f} s ({seconds / reviewed:.2f} s a read), "
              f"{page.evaluate('window.seen.clicks')} clicks")  # fmt: skip
        saved(page)
        print(f"all on the server {time.monotonic() - begun - seconds:.1f} s later")
        check(context, site, run, truth[:reviewed])
        page.evaluate("window.seen.waits = []")
        for number in range(1, 101):
            page.wait_for_timeout(100)
            page.keyboard.press("j")
            page.evaluate(SHOWN, number)
        show("J", page.evaluate("window.seen.waits"))
        print(f"main thread: {busy(context, page):.0f} ms of its processor for a J")
        page.close()
        one_by_one(context, site, looking)
        browser.close()
    return seconds


def busy(context: Any, page: Any, steps: int = 30) -> float:
    """Milliseconds that the page's main thread computes for a step, whatever else runs here."""
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})

    def spent() -> float:
        metrics = session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))

    before = spent()
    for _ in range(steps):
        page.keyboard.press("j")
        page.wait_for_timeout(150)
    return (spent() - before) / steps * 1000


def one_by_one(context: Any, site: str, looking: float, plates: int = 40) -> None:
    """Transcribe crops without suggestions."""
    from benchmarks import transcribe_page

    answer = context.request.get(f"{site}/api/v1/projects/").json()
    project = next(one["id"] for one in answer["results"] if one["name"] == "Plates 0")
    page = transcribe_page.opened(context, site, project)
    begun = time.monotonic()
    for number in range(1, plates + 1):
        page.wait_for_timeout(looking * 1000)
        page.keyboard.press("Control+Backspace")
        page.keyboard.type("PBA1234", delay=TYPING)
        page.keyboard.press("Enter")
        page.evaluate(transcribe_page.SHOWN, number)
    seconds = time.monotonic() - begun
    print(f"one by one: {60 * plates / seconds:.0f} crops get a text in a minute")


def show(key: str, waits: list[float]) -> None:
    steps = statistics.quantiles(waits, n=100)
    over = sum(wait > 50 for wait in waits)
    print(f"{key:6} {len(waits)} waits: p50 {steps[49]:.1f} ms, p95 {steps[94]:.1f} ms, "
          f"worst {max(waits):.1f} ms, {over} over 50 ms")  # fmt: skip


def check(context: Any, site: str, run: int, truth: list[tuple[str, str]]) -> None:
    """The server has every decision as it was made."""
    answer = context.request.get(f"{site}/api/v1/reads/lines/?run={run}&limit={len(truth)}").json()
    have = [row["passage"] and row["passage"]["text"] for row in answer["results"]]
    assert have == [right for _, right in truth], "not every decision arrived"


if __name__ == "__main__":
    main()
