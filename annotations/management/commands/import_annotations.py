from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from annotations import imports, tasks
from annotations.commands import StepCommand
from annotations.models import ImportBatch

SHOWN_LINES = 20


class Command(StepCommand):
    help = "Bring in pictures, boxes and texts of another tool. Run again, it doubles nothing."

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--path", type=Path, required=True, help="a .zip, folder, .json or .csv"
        )
        parser.add_argument("--map", help="what its classes are, as 0=car,1=plate; 2= leaves 2 out")
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        given = imports.parse_map(options["map"])
        path: Path = options["path"]
        batch = imports.receive(path, project=self.project, name=path.name or str(path))
        return self.bring(batch, given, dry_run=options["dry_run"])

    def bring(
        self, batch: ImportBatch, given: imports.LabelMap | None, *, dry_run: bool
    ) -> dict[str, Any]:
        """Look at the batch and, unless it is a dry run, import it."""
        result = self.run_task(tasks.examine_import, batch=batch.pk, mapping=given)
        batch.refresh_from_db()
        if not dry_run:
            imports.prepare(batch, given)
            result = self.run_task(tasks.run_import, batch=batch.pk)
            batch.refresh_from_db()
        lines = [{k: line[k] for k in ("file", "line", "outcome")} | {"sentence": line["en"]}
                 for line in batch.report]  # fmt: skip
        return {
            **result,
            "labels": batch.labels,
            "needs_map": batch.needs_map,
            "mapping": batch.mapping,
            "dry_run": dry_run,
            "report": lines,
        }

    def show(self, result: dict[str, Any]) -> None:
        counts = dict(result["counts"])
        seen, imported = counts.pop("seen"), counts.pop("imported")
        clamped = counts.pop("clamped", 0)
        cut = f" ({clamped} cut at the edge)" if clamped else ""
        reasons = "".join(f" + {count} {name}" for name, count in sorted(counts.items()))
        would = "would be imported" if result["dry_run"] else "imported"
        self.stdout.write(f"{result['format']}: {seen} seen = {imported} {would}{cut}{reasons}")
        for name, count in result["labels"].items():
            target = result["mapping"].get(name, None if result["needs_map"] else name)
            self.stdout.write(f"  {name}: {count} boxes -> {target or 'left out'}")
        for part in ("made", "texts"):
            if found := result.get(part):
                said = ", ".join(f"{name} {count}" for name, count in sorted(found.items()))
                self.stdout.write(f"  {part}: {said}")
        for line in result["report"][:SHOWN_LINES]:
            self.stdout.write(f"  {line['sentence']}")
        if (more := len(result["report"]) - SHOWN_LINES) > 0:
            self.stdout.write(f"  and {more} lines more")
