"""``manage.py doctor``: is everything here that LPR Studio needs?"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from lprsite import doctor


class Command(BaseCommand):
    help = "Look at everything LPR Studio needs and say what to do. Exit code 1 if it cannot work."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="findings for machines")

    def handle(self, *, json: bool, **options: Any) -> None:
        findings = []
        for finding in doctor.examine():
            findings.append(finding)
            if not json:
                self._say(finding)
        bad = any(finding.grade == "bad" for finding in findings)
        if json:
            self.stdout.write(_as_json(findings, ok=not bad))
        if bad:
            sys.exit(1)

    def _say(self, finding: doctor.Finding) -> None:
        self.stdout.write(f"{finding.grade:<5}{finding.name:<12} {finding.found}")
        if finding.advice:
            self.stdout.write(f"{'':<18}{finding.advice}")


def _as_json(findings: list[doctor.Finding], *, ok: bool) -> str:
    return json.dumps({"ok": ok, "findings": [asdict(finding) for finding in findings]}, indent=1)
