"""How long the transcription page makes a person wait, in Chromium.

    python benchmarks/transcribe_page.py [--plates 200] [--stopped 30]

Makes a data folder of its own with drawn plates, starts the web process behind a proxy that
answers late, and presses keys in headless Chromium: ``--plates`` plates in a row with answers
after 0, 100 and 300 ms. A wait is from the press of a plate's last key until the frame in which
the next picture is drawn; busy counts tasks of the page that took over 50 ms. Then the server is
stopped for ``--stopped`` seconds in the middle of the work, and what it has afterwards is
compared with what was typed. Needs playwright and Chromium, and the built bundle. The aim is no
wait over 50 ms and nothing lost or double.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FIELD = "input.cells-input"
SUGGESTED = 2  # of a project's plates have a suggestion
DELAYS = (0.0, 0.1, 0.3)  # seconds until an answer begins to arrive

# How long after a key the next crop is on screen, and what kept the page busy for long.
WATCH = """
() => {
  const seen = (window.seen = { waits: [], long: [] });
  const shown = () => document.querySelector('.stage img')?.getAttribute('src');
  let pressed = 0, before = shown();
  addEventListener('keydown', (event) => (pressed = event.timeStamp), true);
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) seen.long.push(one.duration);
  }).observe({ type: 'longtask' });
  const look = () => {
    const picture = document.querySelector('.stage img');
    if (picture && shown() !== before && picture.complete && picture.naturalWidth > 0) {
      before = shown();
      seen.waits.push(performance.now() - pressed);
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
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
    parser.add_argument("--plates", type=int, default=200)
    parser.add_argument("--stopped", type=float, default=30.0)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="lpr-benchmark-") as folder:
        os.environ["LPR_DATA"] = folder
        os.environ.pop("REDIS_URL", None)
        password = secrets.token_urlsafe(12)
        projects, texts = fill(len(DELAYS) + 1, given.plates, password)
        web = Web()
        late = Late(web.port)
        try:
            drive(projects, texts, password, web, late, given.stopped)
        finally:
            web.stop()


def fill(projects: int, plates: int, password: str) -> tuple[list[int], list[str]]:
    """Projects with the same drawn plates; the ids and the texts."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "lprsite.settings"
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from tests.browser import seed

    call_command("migrate", verbosity=0)
    people = [User.objects.create_user(name, password=password) for name in ("ana", "luis")]
    pictures = seed.drawn_plates(plates)
    made = [seed.single_crops(number, pictures, tuple(people)) for number in range(projects)]
    return made, [text for _, text, _ in pictures]


class Web:
    """The web process on a port that stays the same."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.start()

    def start(self) -> None:
        command = ["-m", "uvicorn", "lprsite.asgi:application", "--port", str(self.port)]
        quiet = ["--lifespan", "off", "--log-level", "error"]
        self.process = subprocess.Popen([sys.executable, *command, *quiet], cwd=ROOT)
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=2).close()
                return
            except OSError:
                time.sleep(0.1)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


class Late:
    """A proxy in front of the site, whose answers come ``delay`` seconds late.

    Late, not slow: each piece is passed on so long after it came, whatever is on its way before it.
    """

    def __init__(self, behind: int) -> None:
        self.behind, self.delay, self.port = behind, 0.0, 0
        self.ready = threading.Event()
        threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True).start()
        self.ready.wait()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._one, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self.ready.set()
        await server.serve_forever()

    async def _one(self, reader: Any, writer: Any) -> None:
        try:
            there, back = await asyncio.open_connection("127.0.0.1", self.behind)
        except OSError:
            writer.close()
            return
        await asyncio.gather(
            self._pass(reader, back, late=False), self._pass(there, writer, late=True)
        )

    async def _pass(self, reader: Any, writer: Any, *, late: bool) -> None:
        pieces: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        passing = asyncio.create_task(self._deliver(pieces, writer))
        try:
            while data := await reader.read(65536):
                pieces.put_nowait((time.monotonic() + late * self.delay, data))
        except OSError:
            pass
        finally:
            pieces.put_nowait((0.0, b""))
            await passing

    async def _deliver(self, pieces: asyncio.Queue[tuple[float, bytes]], writer: Any) -> None:
        try:
            while (piece := await pieces.get())[1]:
                await asyncio.sleep(piece[0] - time.monotonic())
                writer.write(piece[1])
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()


def drive(
    projects: list[int], texts: list[str], password: str, web: Web, late: Late, stopped: float
) -> None:
    from playwright.sync_api import sync_playwright

    found = os.environ.get("LPR_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
        site = f"http://127.0.0.1:{late.port}"
        log_in(context, site, password)
        columns = f"{'p50 ms':>8}{'p95 ms':>8}{'worst':>8}{'> 50':>6}{'busy':>6}"
        print(f"{'answers after':16}{'plates':>8}{columns}")
        for delay, project in zip(DELAYS, projects, strict=False):
            late.delay = delay
            page = opened(context, site, project)
            write(page, texts)
            waits = page.evaluate("window.seen.waits")
            busy = len(page.evaluate("window.seen.long"))
            saved(page)
            check(context, site, project, texts)
            page.close()
            steps = statistics.quantiles(waits, n=100)
            over = sum(wait > 50 for wait in waits)
            row = f"{steps[49]:8.1f}{steps[94]:8.1f}{max(waits):8.1f}{over:6}{busy:6}"
            print(f"{f'{delay * 1000:.0f} ms':16}{len(waits):8}{row}")
        late.delay = 0.0
        outage(context, site, projects[-1], texts, web, stopped)
        browser.close()


def log_in(context: Any, site: str, password: str) -> None:
    context.request.get(f"{site}/api/v1/session/")
    cookies = {one["name"]: one["value"] for one in context.cookies()}
    headers = {"X-CSRFToken": cookies["csrftoken"], "Referer": site}
    said = {"username": "ana", "password": password}
    assert context.request.post(f"{site}/api/v1/session/", data=said, headers=headers).ok


def opened(context: Any, site: str, project: int) -> Any:
    page = context.new_page()
    page.goto(f"{site}/p/{project}/transcribe")
    page.wait_for_selector(f"{FIELD}:focus")
    page.wait_for_function("document.querySelector('.statusbar')?.textContent.includes('ready')")
    page.evaluate(WATCH)
    return page


def write(page: Any, texts: list[str], *, before: int = 0) -> None:
    """One plate after the other, as fast as the pictures come."""
    for number, text in enumerate(texts, start=before + 1):
        page.keyboard.press("Control+Backspace")
        page.keyboard.type(text)
        if number <= SUGGESTED or may_go_on(text):
            page.keyboard.press("Enter")
        if number < before + len(texts):
            page.evaluate(SHOWN, number)


def may_go_on(text: str) -> bool:
    """Whether it may be the beginning of a longer plate of Ecuador: then Enter has to save it."""
    return len(text) == 6 and text[-1].isdigit()


def saved(page: Any) -> None:
    page.wait_for_selector(
        ".statusbar .save-state:has-text('All saved')", state="attached", timeout=120_000
    )


def check(context: Any, site: str, project: int, texts: list[str]) -> None:
    """What the server has is what was typed, in order, once each."""
    have: list[str] = []
    address = f"{site}/api/v1/transcriptions/?project={project}&limit=100"
    while address:
        answer = context.request.get(address).json()
        have += [row["text"] for row in answer["results"]]
        address = answer.get("next") or ""
    assert have[::-1] == texts, f"{len(have)} of {len(texts)} texts are there"


def outage(
    context: Any, site: str, project: int, texts: list[str], web: Web, stopped: float
) -> None:
    """Work goes on while the server is away; as many plates as the browser holds."""
    page = opened(context, site, project)
    write(page, texts[:10])
    page.evaluate(SHOWN, 10)
    web.stop()
    away = time.monotonic()
    write(page, texts[10:25], before=10)
    page.wait_for_timeout(max(0.0, stopped - (time.monotonic() - away)) * 1000)
    web.start()
    page.evaluate(SHOWN, 25)
    saved(page)
    check(context, site, project, texts[:25])
    worst = max(page.evaluate("window.seen.waits"))
    print(f"server away {stopped:.0f} s: 25 plates there, once each; worst wait {worst:.1f} ms")


if __name__ == "__main__":
    main()
