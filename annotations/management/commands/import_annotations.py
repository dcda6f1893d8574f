from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

from annotations import imports, tasks
from annotations.commands import StepCommand, writable
from annotations.models import ImportBatch
from lprsite import files

SHOWN_LINES = 20


class Command(StepCommand):
    help = "Bring in pictures, boxes and texts of another tool. Run again, it doubles nothing."

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--path", type=Path, required=True, help="a .zip, folder, .json or .csv of any format"
        )
        parser.add_argument("--map", help="what its classes are, as 0=car,1=plate; 2= leaves 2 out")
        self.add_common_arguments(parser)

    def add_common_arguments(self, parser: argparse.ArgumentParser) -> None:
        """What both imports understand."""
        parser.add_argument("--dry-run", action="store_true", help="only say what would happen")
        parser.add_argument(
            "--report", type=Path, help="write the whole report here: .json, else as .csv"
        )

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        given = imports.parse_map(options["map"])
        return self.bring(options["path"], given, options)

    def bring(
        self,
        path: Path,
        given: imports.LabelMap | None,
        options: dict[str, Any],
        *,
        texts: bool = False,
    ) -> dict[str, Any]:
        """Look at a file or folder and, unless it is a dry run, import it."""
        report: Path | None = options["report"] and writable(options["report"])
        dry_run: bool = options["dry_run"]
        batch = imports.receive(path, project=self.project, name=path.resolve().name or str(path))
        result = self.run_task(tasks.examine_import, batch=batch.pk, mapping=given, texts=texts)
        batch.refresh_from_db()
        self.accept(batch)
        if not dry_run:
            imports.prepare(batch, given)
            result = self.run_task(tasks.run_import, batch=batch.pk)
            batch.refresh_from_db()
        if report:
            whole = batch.report_json if report.suffix == ".json" else batch.report_csv
            shutil.copyfile(files.local_path(whole), report)
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

    def accept(self, batch: ImportBatch) -> None:
        """Refuse a batch that this command is not for."""

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
            if found := result["facts"].get(part):
                said = ", ".join(f"{name} {count}" for name, count in sorted(found.items()))
                self.stdout.write(f"  {part}: {said}")
        if damage := result["facts"].get("damage"):
            whole = damage["members"] - damage["lost"]
            self.stdout.write(
                f"  the archive is damaged or was cut off: {whole} of {damage['members']} files "
                "in it can be read; what else it held is not known"
            )
        for line in result["report"][:SHOWN_LINES]:
            self.stdout.write(f"  {line['sentence']}")
        if (more := result["facts"]["report_lines"] - SHOWN_LINES) > 0:
            self.stdout.write(f"  and {more:,} lines more; --report FILE writes all of them")
