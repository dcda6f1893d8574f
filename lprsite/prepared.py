"""Whether a data folder was already prepared for exactly this code, asked without Django.

A start that finds nothing to do must not load Django twice. The note counts only
together with what the SQLite database itself says; any doubt means "not prepared".
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import sqlite3
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "lpr.sqlite3"
ADMIN = "admin"
APPS = ("lprsite", "annotations", "training")


def is_prepared(data: Path) -> bool:
    """True when nothing needs to be migrated and the first administrator was made."""
    if os.environ.get("DATABASE_URL"):
        return False
    try:
        note = json.loads(_note(data).read_text())
        return bool(note == {"code": fingerprint(), "migrations": _applied(data / DATABASE)})
    except (OSError, ValueError, sqlite3.Error):
        return False


def write(data: Path, *, migrations: int) -> None:
    """Note that ``data`` has this many migrations of this code."""
    path = _note(data)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(json.dumps({"code": fingerprint(), "migrations": migrations}))
    fresh.replace(path)


def fingerprint() -> str:
    """A hash of everything that decides which migrations there are."""
    total = hashlib.sha256()
    for package in ("Django", "djangorestframework"):
        total.update(importlib.metadata.version(package).encode())
    migrations = (path for app in APPS for path in (ROOT / app).glob("**/migrations/*.py"))
    for path in (ROOT / "lprsite" / "settings.py", *sorted(migrations)):
        total.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return total.hexdigest()


def keep_password(data: Path, password: str) -> None:
    """Keep the first administrator's password until somebody has seen it."""
    path = _password(data)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_text(password)


def first_password(data: Path) -> str | None:
    """The first administrator's password, once: asked again it is gone."""
    path = _password(data)
    try:
        password = path.read_text()
        path.unlink()
    except OSError:
        return None
    return password


def _password(data: Path) -> Path:
    return data / "run" / "first-password"


def _note(data: Path) -> Path:
    return data / "run" / "prepared.json"


def _applied(database: Path) -> int:
    with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as talk:
        return int(talk.execute("SELECT COUNT(*) FROM django_migrations").fetchone()[0])
