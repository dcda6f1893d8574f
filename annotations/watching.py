"""A folder on the server whose recordings come in by themselves. Off unless a setting names it.

A file is taken up once it has not changed for a minute: recorders write for an hour. Which
state of which file was taken up stands in ``WatchedFile``, so a refused file is refused once
and a copied recording is found to be known by its hash.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction

from annotations import projects
from annotations.errors import PathNotAllowed
from annotations.models import Project, WatchedFile
from annotations.videos import SUFFIXES

SETTLED_SECONDS = 60.0
AT_ONCE = 20  # new files of one look: the rest is found by the next


def new_files() -> Iterator[tuple[Project, WatchedFile]]:
    """Settled files that were not there before, noted as taken up, with their project.

    Raises ProjectUnknown and PathNotAllowed where the settings name nothing that exists.
    """
    if not settings.WATCH_FOLDER:
        return
    project = projects.named_or_only(settings.WATCH_PROJECT)
    root = Path(settings.SERVER_FOLDER).resolve()
    folder = (root / settings.WATCH_FOLDER).resolve()
    if not folder.is_relative_to(root) or not folder.is_dir():
        raise PathNotAllowed(path=settings.WATCH_FOLDER)
    count = 0
    for path in _recordings(folder):
        if count < AT_ONCE and (row := _noted(project, root, path)):
            count += 1
            yield project, row


def _recordings(folder: Path) -> Iterator[Path]:
    """Files that look like recordings, by name; no hidden ones, and nothing behind links."""
    for where, inside, names in os.walk(folder):
        inside[:] = sorted(name for name in inside if not name.startswith("."))
        for name in sorted(names):
            path = Path(where, name)
            if path.suffix.lower() in SUFFIXES and not name.startswith("."):
                yield path


def _noted(project: Project, root: Path, path: Path) -> WatchedFile | None:
    """A row for this state of the file, if it is settled and was never taken up."""
    facts = path.lstat()
    settled = time.time() - facts.st_mtime > SETTLED_SECONDS
    if path.is_symlink() or not settled:
        return None
    known = {
        "project": project,
        "path": str(path.relative_to(root)),
        "bytes": facts.st_size,
        "mtime_ns": facts.st_mtime_ns,
    }
    if WatchedFile.objects.filter(**known).exists():
        return None
    try:
        with transaction.atomic():
            return WatchedFile.objects.create(**known)
    except IntegrityError:  # another worker looked at the same moment
        return None
