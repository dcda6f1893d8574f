"""The report of an import: the worst lines in its row, all of them in two files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from io import StringIO
from typing import Any
from uuid import uuid4

from annotations.formats import ReportLine
from annotations.formats.exports import safe_file_name
from annotations.formats.manifest import guarded
from annotations.models import ImportBatch
from lprsite import files

KEPT_LINES = 500  # in the row; the counts are always whole
COLUMNS = ("file", "line", "outcome", "en", "es")
# What a person must act on comes first; what is only good to know comes last.
_WORST = (
    "file_unreadable",
    "picture_unreadable",
    "bad_line",
    "not_a_number",
    "text_refused",
    "picture_missing",
    "ambiguous",
    "index_out_of_range",
    "undeclared_label",
    "zero_area",
)
_LAST = ("clamped", "tag_only", "ignored", "duplicate")


def kept_lines(report: Iterable[ReportLine]) -> list[dict[str, Any]]:
    """The worst lines, for the page; each outcome is heard before any fills the list."""
    by_outcome: dict[str, list[ReportLine]] = {}
    for line in report:
        by_outcome.setdefault(line.outcome, []).append(line)
    each = max(1, KEPT_LINES // max(len(by_outcome), 1))
    kept = {outcome: lines[:each] for outcome, lines in by_outcome.items()}
    free = KEPT_LINES - sum(map(len, kept.values()))
    for outcome in sorted(by_outcome, key=_rank):
        more = by_outcome[outcome][each : each + max(free, 0)]
        kept[outcome] = kept[outcome] + more
        free -= len(more)
    return [_said(line) for outcome in sorted(kept, key=_rank) for line in kept[outcome]]


def write(batch: ImportBatch, report: Iterable[ReportLine]) -> None:
    """Write the whole report beside the storage's other files and name it in the row.

    A line is written at a time. The former report's files are deleted once the row names the
    new ones.
    """
    before = (batch.report_csv, batch.report_json)
    folder = f"imports/reports/{uuid4().hex}"
    name = safe_file_name(batch.name).rpartition("/")[2][:80] or "import"
    batch.report_csv, batch.report_json = (
        f"{folder}/{name}-report.csv",
        f"{folder}/{name}-report.json",
    )
    with files.scratch_file(".csv") as table, files.scratch_file(".json") as whole:
        with table.open("w", encoding="utf-8", newline="") as rows, whole.open("wb") as said:
            said.writelines(_json_begin(batch))
            rows.write(_row(COLUMNS))
            for place, line in enumerate(report):
                one = _said(line)
                rows.write(_row([guarded(str(one[column])) for column in COLUMNS]))
                said.write((b",\n" if place else b"\n") + _dumped(one))
            said.write(b"]}\n")
        for path, key in ((table, batch.report_csv), (whole, batch.report_json)):
            target = files.local_path(key)
            target.parent.mkdir(parents=True, exist_ok=True)
            path.replace(target)
    batch.save(update_fields=["report_csv", "report_json"])
    for key in filter(None, before):
        files.delete(key)


def _json_begin(batch: ImportBatch) -> Iterator[bytes]:
    head = {
        "name": batch.name,
        "format": batch.format,
        "sha256": batch.sha256,
        "dry_run": batch.dry_run,
        "labels": batch.labels,
        "mapping": batch.mapping,
        "counts": batch.counts,
        "facts": batch.facts,
    }
    yield _dumped(head)[:-1]
    yield b',"lines":['


def _dumped(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _row(cells: Iterable[str]) -> str:
    line = StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def _said(line: ReportLine) -> dict[str, Any]:
    return {
        "file": line.file,
        "line": line.line,
        "outcome": line.outcome,
        "en": line.refusal.sentence("en"),
        "es": line.refusal.sentence("es"),
    }


def _rank(outcome: str) -> int:
    if outcome in _WORST:
        return _WORST.index(outcome)
    return len(_WORST) + 1 + _LAST.index(outcome) if outcome in _LAST else len(_WORST)
