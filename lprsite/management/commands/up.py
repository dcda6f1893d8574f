"""``manage.py up`` for those who come through Django; ``manage.py`` itself goes straight."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from lprsite import launcher


class Command(BaseCommand):
    help = "Start LPR Studio: web, workers and all they need."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        launcher.add_arguments(parser)

    def handle(self, **options: Any) -> None:
        if code := launcher.run(argparse.Namespace(**options)):
            sys.exit(code)
