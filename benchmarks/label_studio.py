"""The same work beside Label Studio: next plate, save, list, export, and what a page shows.

    python benchmarks/label_studio.py --label-studio VENV/bin/label-studio [--crops 1000]

Label Studio is installed in an environment of its own (``pip install label-studio``). Both get
the same drawn plates in SQLite, run side by side on this machine as their own commands start
them, and answer one client in turns, so that what else the machine does slows both. Label
Studio's "next" gives one task and ours thirty crops with what is suggested for them; an export is
of all texts as CSV, until its last byte is here. Then both pages are driven in Chromium: from the
last key of a plate until the next one's picture is on screen. Prints milliseconds.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
LONGEST = 300.0  # seconds until a site is there
EMAIL = "bench@example.com"
CONFIG = (
    '<View><Image name="image" value="$image"/><TextArea name="text" toName="image" rows="1"'
    ' maxSubmissions="1" required="true"/></View>'
)
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
KEPT = 2.0  # seconds that an idle connection is trusted
LISTS, EXPORTS, PLATES = 30, 3, 20

Times = dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--label-studio", type=Path, required=True)
    parser.add_argument("--crops", type=int, default=1000)
    given = parser.parse_args()
    password = secrets.token_urlsafe(12)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lpr-benchmark-")))
        plates = fill(folder / "ours", given.crops, password)
        ours = Ours(stack.enter_context(started(our_command(folder / "ours"), {})), password)
        data = {"LABEL_STUDIO_BASE_DATA_DIR": str(folder / "theirs"), "COLLECT_ANALYTICS": "false"}
        command = their_command(given.label_studio, password)
        theirs = Theirs(stack.enter_context(started(command, data)), password)
        theirs.bring(plates)
        sides: tuple[Side, ...] = (ours, theirs)
        spent = {side.name: work(side) for side in sides}
        for _ in zip(*spent.values(), strict=True):  # in turns
            pass
        show({side.name: side.times for side in sides})
        show({side.name: {"plate to plate on screen": drive(side, password)} for side in sides})


class Side(ABC):
    """One of the two sites, over one kept connection with a session."""

    name = ""

    def __init__(self, port: int) -> None:
        self.port = port
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.cookies: dict[str, str] = {}
        self.times: Times = defaultdict(list)
        self.used = 0.0

    def ask(
        self, method: str, path: str, body: Any = None, *, form: bytes = b"", **headers: str
    ) -> bytes:
        """The body of the answer. Cookies are kept, as a browser keeps them."""
        said = {"Content-Type": "application/json", "Referer": f"http://127.0.0.1:{self.port}"}
        said["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        said["X-CSRFToken"] = self.cookies.get("csrftoken", "")
        data = form or (json.dumps(body) if body is not None else None)
        if time.monotonic() - self.used > KEPT:
            self.connection.close()  # the server has done so, or is about to
        self.connection.request(method, path, data, said | headers)
        answer = self.connection.getresponse()
        told = answer.read()
        self.used = time.monotonic()
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        assert answer.status < 400, (method, path, answer.status, told[:500])
        return told

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return json.loads(self.ask(method, path, body))

    def timed(self, what: str, call: Callable[[], Any]) -> Any:
        begun = time.perf_counter()
        result = call()
        self.times[what].append((time.perf_counter() - begun) * 1000)
        return result

    @abstractmethod
    def next(self) -> Any: ...

    @abstractmethod
    def save(self, task: Any) -> None: ...

    @abstractmethod
    def list(self) -> None: ...

    @abstractmethod
    def export(self) -> bytes: ...

    @abstractmethod
    def open(self, context: Any) -> Any:
        """The page on which plates are read, with its first one."""

    @abstractmethod
    def write(self, page: Any, text: str) -> None:
        """Type the text and save it."""

    picture = ""  # the selector of the plate on that page


class Ours(Side):
    name = "ours"
    picture = ".stage img"

    def __init__(self, port: int, password: str) -> None:
        super().__init__(port)
        self.call("GET", "/api/v1/session/")
        self.call("POST", "/api/v1/session/", {"username": "bench", "password": password})
        self.project = self.call("GET", "/api/v1/projects/")["results"][0]["id"]

    def next(self) -> Any:
        asked = {"project": self.project, "count": 30}
        return self.call("POST", "/api/v1/crops/lease/", asked)["crops"][0]

    def save(self, task: Any) -> None:
        reading = {"status": "readable", "text": "PBA1234", "seconds": 1.5}
        known = {"client_key": str(uuid.uuid4()), "revision": task["revision"]}
        self.call("POST", f"/api/v1/crops/{task['id']}/transcriptions/", reading | known)

    def list(self) -> None:
        self.call("GET", f"/api/v1/crops/?project={self.project}&limit=100")

    def export(self) -> bytes:
        asked = {"project": self.project, "format": "csv", "kind": "recognizer"}
        made = self.call("POST", "/api/v1/exports/", asked)
        while made["state"] in ("queued", "running"):
            time.sleep(0.02)
            made = self.call("GET", f"/api/v1/jobs/{made['id']}/")
        assert made["state"] == "succeeded", made
        return self.ask("GET", f"/api/v1/media/exports/{made['parameters']['export']}/")

    def open(self, context: Any) -> Any:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{self.port}/p/{self.project}/transcribe")
        page.wait_for_selector("input.cells-input:focus")
        page.wait_for_function("document.querySelector('.statusbar').textContent.includes('ready')")
        return page

    def write(self, page: Any, text: str) -> None:
        page.keyboard.type(text)


class Theirs(Side):
    name = "Label Studio"
    picture = "img[src^='blob:']"

    def __init__(self, port: int, password: str) -> None:
        super().__init__(port)
        self.ask("GET", "/user/login/")
        said = {"csrfmiddlewaretoken": self.cookies["csrftoken"], "email": EMAIL}
        form = urlencode(said | {"password": password}).encode()
        self.ask("POST", "/user/login/", form=form, **FORM)
        made = self.call("POST", "/api/projects/", {"title": "Plates", "label_config": CONFIG})
        self.project = made["id"]

    def bring(self, plates: list[bytes]) -> None:
        for start in range(0, len(plates), 100):
            form, kind = multipart(plates[start : start + 100])
            path = f"/api/projects/{self.project}/import"
            self.ask("POST", path, form=form, **{"Content-Type": kind})

    def next(self) -> Any:
        return self.call("GET", f"/api/projects/{self.project}/next")

    def save(self, task: Any) -> None:
        said = {"from_name": "text", "to_name": "image", "type": "textarea"}
        result = [{**said, "value": {"text": ["PBA1234"]}}]
        path = f"/api/tasks/{task['id']}/annotations/?project={self.project}"
        self.call("POST", path, {"result": result, "lead_time": 1.5})

    def list(self) -> None:
        self.call("GET", f"/api/tasks/?project={self.project}&page=1&page_size=100&fields=all")

    def export(self) -> bytes:
        return self.ask("GET", f"/api/projects/{self.project}/export?exportType=CSV")

    def open(self, context: Any) -> Any:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{self.port}/projects/{self.project}/data?labeling=1")
        page.wait_for_selector(self.picture)
        return page

    def write(self, page: Any, text: str) -> None:
        page.click("input[type=text]:visible")
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        page.keyboard.press("Control+Enter")


def work(side: Side) -> Iterator[None]:
    """Two of three plates are read, then lists and exports; a pause after each for the other."""
    count = len(TEXTS) * 2 // 3
    for _ in range(count):
        task = side.timed("next", side.next)
        yield
        side.timed("save", partial(side.save, task))
        yield
    for _ in range(LISTS):
        side.timed("list of 100", side.list)
        yield
    for _ in range(EXPORTS):
        told = side.timed(f"export of {count}", side.export)
        assert len(told) > 1000, told
        yield


TEXTS: list[str] = []


def fill(data: Path, count: int, password: str) -> list[bytes]:
    """A project of ours with drawn plates; the pictures."""
    data.mkdir()
    os.environ["LPR_DATA"] = str(data)
    os.environ.pop("REDIS_URL", None)
    os.environ["DJANGO_SETTINGS_MODULE"] = "lprsite.settings"
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from annotations import projects
    from annotations.models import Crop
    from lprsite import files
    from tests.browser import seed

    call_command("migrate", verbosity=0)
    project = projects.create("Plates", by=User.objects.create_user("bench", password=password))
    rows = []
    for key, text, (sha256, width, height) in seed.drawn_plates(count):
        TEXTS.append(text)
        size = {"width": width, "height": height, "suggested": True}
        rows.append(Crop(project=project, name=text, file=key, sha256=sha256, **size))
    Crop.objects.bulk_create(rows)
    return [files.local_path(row.file).read_bytes() for row in rows]


def multipart(pictures: list[bytes]) -> tuple[bytes, str]:
    """The pictures as the files of a form, and its content type."""
    border = secrets.token_hex(16)
    parts = []
    for number, picture in enumerate(pictures):
        about = f'form-data; name="file{number}"; filename="plate_{number}.png"'
        head = f"--{border}\r\nContent-Disposition: {about}\r\nContent-Type: image/png\r\n\r\n"
        parts.append(head.encode() + picture + b"\r\n")
    return b"".join(parts) + f"--{border}--\r\n".encode(), f"multipart/form-data; boundary={border}"


def our_command(data: Path) -> list[str]:
    return [sys.executable, "manage.py", "up", "--data", str(data), "--bind", "127.0.0.1:{port}"]


def their_command(program: Path, password: str) -> list[str]:
    known = ["--username", EMAIL, "--password", password]
    return [str(program), "start", "--no-browser", "-p", "{port}", *known]


@contextmanager
def started(command: list[str], environment: dict[str, str]) -> Iterator[int]:
    """A site that answers; gives its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [word.replace("{port}", str(port)) for word in command]
    with tempfile.TemporaryFile() as log:
        all_of_it = {**os.environ, **environment}
        all_of_it.pop("DJANGO_SETTINGS_MODULE")  # of the other one
        site = subprocess.Popen(words, cwd=ROOT, env=all_of_it, stdout=log, stderr=log)
        try:
            wait_for(port, site)
            yield port
        finally:
            site.send_signal(signal.SIGTERM)
            try:
                site.wait(timeout=60)
            except subprocess.TimeoutExpired:
                site.kill()


def wait_for(port: int, site: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        assert site.poll() is None, "a site ended before its first answer"
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/")
            if connection.getresponse().status < 400:
                return
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"no page after {LONGEST:.0f} s")


def drive(side: Side, password: str) -> list[float]:
    """Milliseconds from the last key of a plate until another picture is on screen."""
    from playwright.sync_api import sync_playwright

    found = os.environ.get("LPR_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
        site = f"http://127.0.0.1:{side.port}"
        context.add_cookies(
            [{"name": name, "value": value, "url": site} for name, value in side.cookies.items()]
        )
        page = side.open(context)
        page.evaluate(WATCH, side.picture)
        for number in range(1, PLATES + 1):
            side.write(page, "PBA1234")
            page.wait_for_function("(many) => window.waits.length >= many", arg=number)
        waits: list[float] = page.evaluate("window.waits")
        browser.close()
    return waits


WATCH = """
(selector) => {
  window.waits = [];
  const shown = () => document.querySelector(selector);
  let before = shown()?.src, pressed = 0;
  addEventListener('keydown', (event) => (pressed = event.timeStamp), true);
  const look = () => {
    const picture = shown();
    if (picture && picture.src !== before && picture.complete && picture.naturalWidth > 0) {
      before = picture.src;
      window.waits.push(performance.now() - pressed);
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
"""


def show(sides: dict[str, Times]) -> None:
    columns = [f"{name} p50{'p95':>8}" for name in sides]
    print(
        f"{'':28}" + "".join(f"{column:>28}" for column in columns) + f"{'times p50':>14}{'p95':>6}"
    )
    for what in next(iter(sides.values())):
        figures = [quantiles(times[what]) for times in sides.values()]
        (p50, p95), (theirs50, theirs95) = figures
        cells = "".join(f"{one:20.1f}{other:8.1f}" for one, other in figures)
        print(f"{what:28}{cells}{theirs50 / p50:14.1f}{theirs95 / p95:6.1f}")


def quantiles(values: list[float]) -> tuple[float, float]:
    steps = statistics.quantiles(values, n=100, method="inclusive")
    return steps[49], steps[94]


if __name__ == "__main__":
    main()
