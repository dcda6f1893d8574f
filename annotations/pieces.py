"""Long lists of rows, a few at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings


def in_pieces(rows: Any) -> Iterator[Any]:
    """The rows in their order, fetched in pieces.

    An iterator over one long query would keep a read of SQLite open, and the job's progress
    could not be written from inside it once its heartbeat has written.
    """
    ids = list(rows.values_list("pk", flat=True))
    for start in range(0, len(ids), settings.BULK_ROWS):
        piece = ids[start : start + settings.BULK_ROWS]
        found = rows.in_bulk(piece)
        yield from (found[pk] for pk in piece if pk in found)
