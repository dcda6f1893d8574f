"""Tables for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from annotations.formats.manifest import guarded_rows

BOM = "\ufeff"  # without it a spreadsheet reads the names of cameras in an alphabet of its own


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, comma: bool = False) -> str:
    """A table as CSV; cells that a spreadsheet would compute are guarded.

    With ``comma`` as the spreadsheets of Ecuador expect it: 0,5 for a half, and ";" between cells.
    """
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if comma else ",")
    writer.writerow(columns)
    for row in guarded_rows(rows):
        writer.writerow([_with_comma(cell) for cell in row] if comma else row)
    return out.getvalue()


def _with_comma(cell: object) -> object:
    return str(cell).replace(".", ",") if isinstance(cell, float) else cell
