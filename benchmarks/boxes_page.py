"""How long the box editor's event handlers take with fifty boxes on a frame, in Chromium.

    python benchmarks/boxes_page.py [--boxes 50] [--moves 200]

Makes a data folder of its own with one frame of 1920x1080: cars, and a plate linked to each.
Drives headless Chromium: a car is dragged, then pulled at a corner, the pointer goes over the
picture, a box is drawn over the others, then nudges and the wheel. A handler's time is from the
event until its listeners and their microtasks are over, React's state included; "page" is what
the page's thread worked for each event in all, with layout and painting. Needs playwright and
Chromium, and the built bundle. The aim is p95 < 8 ms for handlers.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

FRAME = (1920, 1080)
WATCH = """
() => {
  window.took = [];
  for (const kind of ['pointerdown', 'pointermove', 'pointerup', 'keydown', 'wheel']) {
    let began = 0;
    addEventListener(kind, () => (began = performance.now()), true);
    addEventListener(kind, () => queueMicrotask(() => window.took.push(performance.now() - began)));
  }
}
"""
PAINTED = "() => new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--boxes", type=int, default=50)
    parser.add_argument("--moves", type=int, default=200)
    given = parser.parse_args()
    from benchmarks.transcribe_page import Web

    with tempfile.TemporaryDirectory(prefix="lpr-benchmark-") as folder:
        os.environ["LPR_DATA"] = folder
        os.environ.pop("REDIS_URL", None)
        password = secrets.token_urlsafe(12)
        address = fill(given.boxes, password)
        web = Web()
        try:
            drive(f"http://127.0.0.1:{web.port}", address, password, given.moves)
        finally:
            web.stop()


def fill(count: int, password: str) -> str:
    """A frame with half as many cars as boxes and a plate in each; returns its page."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "lprsite.settings"
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from annotations import boxes, projects
    from annotations.models import Frame
    from annotations.vision.crops import encode_png
    from lprsite import files

    call_command("migrate", verbosity=0)
    project = projects.create("Boxes", by=User.objects.create_user("ana", password=password))
    picture = np.random.default_rng(1).integers(0, 255, (FRAME[1], FRAME[0], 3), np.uint8)
    key, sha256 = files.put_bytes("frames", encode_png(picture), ".png")
    size = {"width": FRAME[0], "height": FRAME[1]}
    frame = Frame.objects.create(project=project, file=key, sha256=sha256, **size)
    for number in range(count // 2):
        x, y = 40.0 + number % 5 * 370, 40.0 + number // 5 * 200
        car = boxes.draw(frame, label="car", xyxy=(x, y, x + 300, y + 160))
        plate = (x + 100, y + 110, x + 180, y + 140)
        boxes.draw(frame, label="plate", xyxy=plate, car=car.pk)
    return f"/p/{project.pk}/frames/{frame.pk}"


def drive(site: str, address: str, password: str, moves: int) -> None:
    from playwright.sync_api import sync_playwright

    from benchmarks.transcribe_page import log_in

    found = os.environ.get("LPR_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
        log_in(context, site, password)
        page = context.new_page()
        page.goto(site + address)
        page.wait_for_selector(".box-canvas:focus")
        page.wait_for_function("() => document.querySelector('.box-canvas > img').naturalWidth")
        rows = page.locator(".box-row").count()
        page.evaluate(WATCH)
        metrics = context.new_cdp_session(page)
        metrics.send("Performance.enable")
        print(f"{rows} boxes{'':<12}{'events':>7}{'p50 ms':>8}{'p95 ms':>8}{'worst':>8}{'page':>8}")
        for name, work in works(page, moves).items():
            measure(name, work, page, metrics)
        browser.close()


def works(page: Any, moves: int) -> dict[str, Callable[[], None]]:
    """What a person does, by its name."""

    def at(x: float, y: float) -> tuple[float, float]:
        shown = page.locator(".box-canvas > img").bounding_box()
        return shown["x"] + x * shown["width"] / FRAME[0], shown["y"] + y * shown["height"] / FRAME[
            1
        ]

    def drag(start: tuple[float, float], end: tuple[float, float]) -> None:
        (x1, y1), (x2, y2) = at(*start), at(*end)
        page.mouse.move(x1, y1)
        page.mouse.down()
        for step in range(1, moves + 1):
            page.mouse.move(x1 + (x2 - x1) * step / moves, y1 + (y2 - y1) * step / moves)
        page.mouse.up()

    def over() -> None:
        for step in range(moves):
            page.mouse.move(*at(100 + step * 1700 / moves, 500))

    def draw() -> None:
        page.keyboard.press("n")
        drag((700, 300), (1500, 900))

    def wheel() -> None:
        page.mouse.move(*at(900, 500))
        for step in range(moves // 4):
            page.mouse.wheel(0, -120 if step % 8 < 4 else 120)

    def nudge() -> None:
        for _ in range(moves // 4):
            page.keyboard.press("ArrowRight")

    page.mouse.click(*at(60, 60))
    return {
        "drag a car": lambda: drag((60, 60), (360, 220)),
        "pull its corner": lambda: drag((640, 360), (700, 420)),
        "move over the picture": over,
        "draw a box": draw,
        "nudge it": nudge,
        "zoom by the wheel": wheel,
    }


def measure(name: str, work: Callable[[], None], page: Any, metrics: Any) -> None:
    def busy() -> float:
        told = metrics.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in told if one["name"] == "TaskDuration"))

    page.evaluate("() => (window.took.length = 0)")
    before = busy()
    work()
    page.evaluate(PAINTED)
    whole = (busy() - before) * 1000
    took = sorted(page.evaluate("window.took"))
    p95 = took[int(len(took) * 0.95)]
    print(f"{name:<22}{len(took):>7}{statistics.median(took):>8.1f}{p95:>8.1f}{took[-1]:>8.1f}"
          f"{whole / len(took):>8.1f}")  # fmt: skip


if __name__ == "__main__":
    main()
