"""A live site with drawn material, and headless Chromium to drive it."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a-good-password"
START_SECONDS = 60.0
WAIT = 30_000  # milliseconds


@dataclass
class Site:
    """A running site and what was put into it. Each test takes its own part."""

    address: str
    project: int
    empty: int
    frames: list[int]
    many: int
    suggested: tuple[int, list[int]]  # a project and its two frames
    plate_texts: list[str]
    environment: dict[str, str]
    _plates: list[int] = field(default_factory=list)
    _runs: list[int] = field(default_factory=list)
    _bare: list[int] = field(default_factory=list)

    def work(self) -> None:
        """Do the jobs that wait, as a worker would."""
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("work.py"))],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]

    def trained(self, project: int) -> Any:
        """Two runs and their models in this project; see ``trained.py``."""
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("trained.py")), str(project)],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)

    def plates(self) -> int:
        """A project with drawn plates that no other test reads."""
        return self._plates.pop(0)

    def run(self) -> int:
        """A run whose reads no other test reviews."""
        return self._runs.pop(0)

    def bare_frame(self) -> int:
        """A frame without boxes, with another such frame behind it."""
        frame = self._bare.pop(0)
        self._bare.pop(0)
        return frame

    def bare_stretch(self, count: int) -> list[int]:
        """So many frames without boxes, one after the other."""
        taken = self._bare[-count:]
        del self._bare[-count:]
        return taken


def _chromium() -> str:
    given = os.environ.get("LPR_CHROMIUM")
    found = given or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found or not Path(found).exists():
        pytest.skip("no Chromium: install the package chromium, or name one in LPR_CHROMIUM")
    return found


def _environment() -> dict[str, str]:
    """Ours, without the addresses of other databases and brokers."""
    kept = dict(os.environ)
    for name in ("REDIS_URL", "DATABASE_URL"):
        kept.pop(name, None)
    return kept


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=2).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the site did not start: {log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site in a process of its own, on a data folder of its own, without a broker."""
    _chromium()
    if not (ROOT / "frontend" / "dist" / ".vite" / "manifest.json").exists():
        pytest.skip("the bundle is not built: run “npm run build” in frontend")
    data = tmp_path_factory.mktemp("browser")
    environment = {
        **_environment(),
        "LPR_DATA": str(data),
        "LPR_LOGINS_A_MINUTE": "1000",  # each test is a person who logs in
        "DJANGO_SETTINGS_MODULE": os.environ.get("LPR_BROWSER_SETTINGS", "lprsite.settings"),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "OMP_NUM_THREADS": "1",
    }
    seeded = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("seed.py"))],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert seeded.returncode == 0, seeded.stderr[-3000:]
    facts = json.loads(seeded.stdout)
    port = _free_port()
    address = f"http://127.0.0.1:{port}"
    log = data / "web.log"
    command = ["-m", "uvicorn", "lprsite.asgi:application", "--port", str(port)]
    with log.open("wb") as out:
        server = subprocess.Popen(
            [sys.executable, *command, "--lifespan", "off", "--log-level", "warning"],
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=out,
        )
        try:
            _wait(port, server, log)
            yield Site(
                address,
                project=facts["project"],
                empty=facts["empty"],
                frames=facts["frames"],
                many=facts["many"],
                suggested=facts["suggested"],
                plate_texts=facts["plate_texts"],
                environment=environment,
                _plates=facts["plates"],
                _runs=facts["runs"],
                _bare=facts["bare"],
            )
        finally:
            server.terminate()
            server.wait(timeout=20)


@pytest.fixture(scope="session")
def browser(site: Site) -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    sync_api.expect.set_options(timeout=WAIT)
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=_chromium(), args=["--no-sandbox"])
        yield started
        started.close()


@dataclass
class Person:
    """Somebody logged in, with a browser context of their own."""

    site: Site
    context: Any
    problems: list[str] = field(default_factory=list)

    def open(self, path: str) -> Any:
        """A new tab at ``path`` of the site; errors of its scripts fail the test at the end."""
        page = self.context.new_page()
        page.set_default_timeout(WAIT)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", self._heard)
        page.goto(self.site.address + path)
        return page

    def _heard(self, message: Any) -> None:
        """Errors that a page caught and showed as its crash screen, and broken CSP rules."""
        told = message.text
        if message.type == "error" and ("caught" in told or "Content Security" in told):
            self.problems.append(told)

    def ask(self, method: str, path: str, data: Any = None) -> Any:
        """The JSON answer of the API; a refusal fails the test."""
        cookies = {c["name"]: c["value"] for c in self.context.cookies()}
        answer = self.context.request.fetch(
            f"{self.site.address}/api/v1/{path}",
            method=method,
            data=data,
            headers={"X-CSRFToken": cookies.get("csrftoken", ""), "Referer": self.site.address},
        )
        assert answer.ok, f"{method} {path}: {answer.status} {answer.text()[:300]}"
        return answer.json() if answer.text() else None

    def log_in(self, name: str) -> None:
        self.ask("GET", "session/")
        self.ask("POST", "session/", {"username": name, "password": PASSWORD})


@pytest.fixture
def person(site: Site, browser: Any) -> Iterator[Callable[..., Person]]:
    """Log somebody in: ``person("luis", viewport={...})``."""
    everybody: list[Person] = []

    def enter(name: str = "ana", **options: Any) -> Person:
        given = {"viewport": {"width": 1440, "height": 900}, "locale": "en-US", **options}
        one = Person(site, browser.new_context(**given))
        everybody.append(one)
        one.log_in(name)
        return one

    yield enter
    for one in everybody:
        one.context.close()
    assert [problem for one in everybody for problem in one.problems] == []


@pytest.fixture
def ana(person: Callable[..., Person]) -> Person:
    return person("ana")


@pytest.fixture
def project(ana: Person, request: Any) -> int:
    """A project of this test's own, with nothing in it."""
    made = ana.ask("POST", "projects/", {"name": request.node.name})
    return int(made["id"])
