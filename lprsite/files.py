"""Where files live. Rows hold keys; everything else goes through this module.

Keys are content-addressed where the content is final (``frames/ab/abcd....jpg``), so storing
the same bytes twice is one file, and a half-written file never has a final name.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from django.conf import settings
from django.core.files.storage import default_storage

CHUNK = 1 << 20


def root() -> Path:
    """The folder of the local storage."""
    return Path(default_storage.path("."))


def local_path(key: str) -> Path:
    """The file behind ``key`` on this machine's disk. Refuses keys that leave the storage."""
    return Path(default_storage.path(key))


def scratch() -> Path:
    """A folder on the same file system as the storage, for files that are not finished."""
    folder = Path(settings.DATA) / "scratch"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def sweep_scratch(older_than: float = 24 * 3600) -> int:
    """Remove what killed processes left in the scratch folder; returns how many entries."""
    before, swept = time.time() - older_than, 0
    for path in scratch().iterdir():
        if path.stat().st_mtime < before:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
            swept += 1
    return swept


@contextmanager
def scratch_file(suffix: str = "") -> Iterator[Path]:
    """A temporary path that is gone afterwards unless it was moved away."""
    path = scratch() / f"{uuid4().hex}{suffix}"
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def sha256_of(path: Path, progress: Callable[[int], None] | None = None) -> str:
    """The SHA-256 of a file, read in pieces; ``progress`` hears how many bytes so far."""
    digest, done = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            done += len(chunk)
            if progress:
                progress(done)
    return digest.hexdigest()


def put_bytes(folder: str, data: bytes, suffix: str) -> tuple[str, str]:
    """Store ``data`` under its hash; returns (key, sha256)."""
    sha256 = hashlib.sha256(data).hexdigest()
    key = key_for(folder, sha256, suffix)
    target = local_path(key)
    if not _used_again(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{uuid4().hex}")
        fresh.write_bytes(data)
        fresh.replace(target)
    return key, sha256


def _used_again(target: Path) -> bool:
    """Whether the file is there already. Touched, so that a deletion under way leaves it."""
    try:
        os.utime(target)
    except FileNotFoundError:
        return False
    return True


def take(
    folder: str, source: Path, suffix: str, *, move: bool, sha256: str = ""
) -> tuple[str, str]:
    """Store the file ``source`` under its hash, moving or copying it; returns (key, sha256).

    ``sha256`` is given where it is known already. On one file system nothing is copied to move.
    """
    sha256 = sha256 or sha256_of(source)
    key = key_for(folder, sha256, suffix)
    target = local_path(key)
    target.parent.mkdir(parents=True, exist_ok=True)
    if _used_again(target):
        if move:
            source.unlink()
        return key, sha256
    fresh = target.with_name(f".{uuid4().hex}")
    if move:
        shutil.move(source, fresh)
    else:
        shutil.copyfile(source, fresh)
    fresh.replace(target)
    return key, sha256


def key_for(folder: str, sha256: str, suffix: str) -> str:
    """The key of content with this hash."""
    return f"{folder}/{sha256[:2]}/{sha256}{suffix}"


def delete(key: str) -> None:
    """Remove the file behind ``key``, or the folder if it ends with "/"; none is no error.

    An imported file has a folder of its own, which goes with it.
    """
    path = local_path(key)
    if key.endswith("/"):
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    if key.startswith("imports/"):
        with contextlib.suppress(OSError):  # not empty, or gone
            path.parent.rmdir()


def free_bytes() -> int:
    """Free space where the files live."""
    folder = root()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free
