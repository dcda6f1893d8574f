"""Looks at everything LPR Studio needs; each finding says what to do.

Each examination is a function that returns findings and never raises. What might take
a process down with it (OpenCV, PyAV, torch) is imported in a process of its own.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, connection
from django.db.migrations.executor import MigrationExecutor

Grade = Literal["ok", "warn", "bad"]
SPACE_BAD, SPACE_WARN = 1_000_000_000, 6_000_000_000
NODE = ((20, 19), (22, 12))
ROLES = ("media", "gpu", "suggest", "cameras", "default")
IMPORTS = {
    "cv2": "Do 'apt-get install libgl1 libglib2.0-0' as root, or install "
    "opencv-python-headless in place of opencv-python.",
    "av": "Do 'pip install --force-reinstall av' with the Python of .venv.",
    "torch": "Do 'pip install torch==2.13.0' with the Python of .venv.",
}


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is, and what to do about it (empty when all is well)."""

    name: str
    grade: Grade
    found: str
    advice: str = ""


def examine() -> Iterator[Finding]:
    """All findings, one after the other, so that slow ones do not hold the others back."""
    looks: tuple[Callable[[], Finding], ...] = (
        python,
        user,
        folder,
        space,
        *(lambda name=name: importable(name) for name in IMPORTS),
        node,
        pages,
        broker,
        database,
        migrations,
        workers,
    )
    for look in looks:
        yield look()


def python() -> Finding:
    """Which Python this is; bootstrap.py refuses those that are too old."""
    return Finding("Python", "ok", ".".join(str(part) for part in sys.version_info[:3]))


def user() -> Finding:
    """An ordinary user is safer than root."""
    if getattr(os, "geteuid", lambda: 1)() != 0:
        return Finding("user", "ok", "an ordinary user")
    return Finding("user", "warn", "root", "Run it as an ordinary user where others can reach it.")


def folder() -> Finding:
    """The data folder can be written and read by its owner only."""
    data: Path = settings.DATA
    probe = data / f".doctor.{os.getpid()}"
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe.touch()
        probe.unlink()
    except OSError as error:
        return Finding(
            "data folder",
            "bad",
            f"{data}: {error.strerror}",
            "Give the folder to this user, or choose another with LPR_DATA.",
        )
    if data.stat().st_mode & 0o077:
        return Finding(
            "data folder", "warn", f"{data}: others can look into it", f"Do 'chmod 700 {data}'."
        )
    return Finding("data folder", "ok", str(data))


def space() -> Finding:
    """Room for videos, frames and checkpoints."""
    free = shutil.disk_usage(settings.DATA if settings.DATA.exists() else Path.cwd()).free
    found = f"{free / 1e9:.1f} GB free"
    if free < SPACE_BAD:
        return Finding("disk", "bad", found, "Make room: uploads and training will fail.")
    if free < SPACE_WARN:
        return Finding("disk", "warn", found, "An hour of video can need several gigabytes.")
    return Finding("disk", "ok", found)


def importable(name: str) -> Finding:
    """Whether a package with native code loads, asked in another process."""
    code = f"import {name}; print({name}.__version__)"
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
        )
    except subprocess.TimeoutExpired:
        return Finding(name, "bad", "does not load within a minute", IMPORTS[name])
    if done.returncode == 0:
        return Finding(name, "ok", done.stdout.strip())
    words = done.stderr.strip().splitlines() or [f"ended with code {done.returncode}"]
    return Finding(name, "bad", words[-1], IMPORTS[name])


def node() -> Finding:
    """Node is needed to build the pages, not to run."""
    program = shutil.which("node")
    if program is None:
        return Finding(
            "Node", "warn", "not on PATH", "bootstrap.py brings its own to build the pages."
        )
    done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    numbers = tuple(int(part) for part in re.findall(r"\d+", done.stdout)[:2])
    if (numbers[:1] == (20,) and numbers >= NODE[0]) or numbers >= NODE[1]:
        return Finding("Node", "ok", done.stdout.strip())
    return Finding(
        "Node", "warn", done.stdout.strip(), "bootstrap.py brings a newer one to build the pages."
    )


def pages() -> Finding:
    """The bundle of the pages was built."""
    if any(settings.BUNDLE.glob("**/*.js")):
        return Finding("pages", "ok", "built")
    return Finding("pages", "bad", "not built", "Do 'python3 bootstrap.py doctor' to build them.")


def broker() -> Finding:
    """Valkey or Redis answers; without ``up`` nothing listens, which is no fault."""
    if not settings.REDIS_URL:
        return Finding("Valkey", "warn", "not running", "Start everything with 'manage.py up'.")
    import redis

    try:
        with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2) as talk:
            info = talk.info("server")
    except redis.RedisError as error:
        return Finding("Valkey", "bad", f"does not answer: {error}", "Check REDIS_URL.")
    version = info.get("valkey_version") or info.get("redis_version")
    return Finding("Valkey", "ok", f"answers, version {version}")


def database() -> Finding:
    """The database answers; a SQLite file is read through and is sound."""
    try:
        with connection.cursor() as cursor:
            if connection.vendor != "sqlite":
                cursor.execute("SELECT 1")
                return Finding("database", "ok", connection.vendor)
            cursor.execute("PRAGMA integrity_check(1)")
            said = str(cursor.fetchone()[0])
    except Error as error:
        return Finding("database", "bad", str(error), "Check DATABASE_URL and the data folder.")
    if said == "ok":
        return Finding("database", "ok", "SQLite, sound")
    return Finding("database", "bad", said, "Stop 'up' and put back a backup of the database.")


def migrations() -> Finding:
    """The tables are those of this code."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error as error:
        return Finding("tables", "bad", str(error), f"Check the database {DEFAULT_DB_ALIAS!r}.")
    if not missing:
        return Finding("tables", "ok", "up to date")
    return Finding(
        "tables",
        "warn",
        f"{len(missing)} migrations to apply",
        "'manage.py up' and every command apply them by themselves.",
    )


def workers() -> Finding:
    """Celery workers answer; without ``up`` there are none, which is no fault."""
    if not settings.REDIS_URL:
        return Finding("workers", "warn", "none", "Start everything with 'manage.py up'.")
    from lprsite.celery import app

    try:
        answers = app.control.inspect(timeout=1.5).ping() or {}
    except Exception as error:  # whatever the transport raises, it is one finding
        return Finding("workers", "bad", str(error), "Check REDIS_URL.")
    alive = {name.partition("@")[0] for name in answers}
    missing = [role for role in ROLES if role not in alive]
    found = ", ".join(sorted(alive)) or "none"
    if not missing:
        return Finding("workers", "ok", found)
    return Finding(
        "workers",
        "warn",
        found,
        f"No worker for {', '.join(missing)}: such jobs wait. A busy one may be slow to answer.",
    )
