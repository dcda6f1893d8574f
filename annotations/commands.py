"""What every command shares: a project, a progress bar, JSON for machines, one sentence on failure.

Commands run their job in their own process, without the broker, and migrate an empty data
folder themselves.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from tqdm import tqdm

from annotations import projects, videos
from annotations.models import Project, Video
from lprsite.errors import Refused
from lprsite.jobs.engine import Task
from lprsite.jobs.models import Job


class SentenceParser(CommandParser):
    """Says in one sentence what is wrong with the command line, and ends with 1."""

    def error(self, message: str) -> NoReturn:
        said = f"{message[:1].upper()}{message[1:].rstrip('.')}. See {self.prog} --help."
        if self.called_from_command_line:  # nobody above catches a CommandError of parsing
            self.exit(1, f"{CommandError.__name__}: {said}\n")
        raise CommandError(said)


class SentenceCommand(BaseCommand):
    """A command whose line, when it is wrong, is answered like every other failure."""

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        parser = super().create_parser(prog_name, subcommand, **kwargs)
        parser.__class__ = SentenceParser  # Django makes its own kind and asks nobody which
        return parser


class StepCommand(SentenceCommand):
    """A command of the line. Subclasses add arguments and return what ``--json`` prints."""

    needs_project = True

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--project", help="name or number (default: the only one, else made)")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")
        self.add_step_arguments(parser)

    def add_step_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Add what this step needs."""

    def step(self, options: dict[str, Any]) -> dict[str, Any]:
        """Do the work; the result is printed."""
        raise NotImplementedError

    def handle(self, *args: Any, **options: Any) -> None:
        self.as_json = bool(options["json"])
        try:
            migrate_if_needed()
            if self.needs_project:
                self.project: Project = projects.named_or_only(options["project"])
            result = self.step(options)
        except Refused as refusal:
            raise CommandError(refusal.sentence()) from refusal
        except OSError as problem:
            what = problem.strerror or problem
            raise CommandError(f"{problem.filename or 'A file'}: {what}.") from problem
        if self.as_json:
            self.stdout.write(json.dumps(result))
        else:
            self.show(result)

    def show(self, result: dict[str, Any]) -> None:
        """Print the result for people."""
        self.stdout.write(", ".join(f"{key} {value}" for key, value in result.items()))

    def video(self, given: str) -> Video:
        """The video of a path (brought in if it is new) or of a number.

        Raises what ``videos.ingest`` refuses.
        """
        path = Path(given)
        if not path.is_file() and given.isdecimal():
            known = Video.objects.filter(project=self.project, pk=int(given)).first()
            if known is not None:
                return known
        return videos.ingest(path, project=self.project, name=path.name or given)[0]

    def run_task(self, task: Task, **parameters: Any) -> dict[str, Any]:
        """Run a task here with a progress bar on a terminal. Returns the job's result.

        Raises:
            CommandError: the job did not succeed.
        """
        with Bar(hidden=self.as_json) as bar:
            job = task.run_here(
                project_id=self.project.pk if self.needs_project else None,
                listener=bar.show,
                **parameters,
            )
        if job.state != "succeeded":
            raise CommandError(job.error or f"The work ended as {job.state}.")
        return dict(job.result)


def writable(path: Path) -> Path:
    """The path of an output, checked before hours of work go into it.

    Raises CommandError with a sentence.
    """
    folder = path.resolve().parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise CommandError(f"{path} cannot be written. Name a file in a folder that exists.")
    return path


class Bar:
    """A progress bar on standard error that follows a job; silent where nobody looks."""

    def __init__(self, *, hidden: bool = False) -> None:
        self._bar: Any = tqdm(disable=hidden or not sys.stderr.isatty(), leave=False)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: Any) -> None:
        self._bar.close()

    def show(self, job: Job) -> None:
        self._bar.total = job.total
        self._bar.unit = f" {job.unit}"
        if job.message:
            self._bar.set_postfix_str(job.message, refresh=False)
        self._bar.n = job.done
        self._bar.refresh()

    def count(self, done: int, total: int, *, message: str = "") -> None:
        """Show progress that no job reports."""
        if message:
            self._bar.set_postfix_str(message, refresh=False)
        self._bar.total = total
        self._bar.n = done
        self._bar.refresh()


def migrate_if_needed() -> None:
    """Bring an empty or older database up to date."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0, interactive=False)


def size_of(text: str) -> tuple[int, int]:
    """Parse "96x48". Raises argparse.ArgumentTypeError with a sentence."""
    width, _, height = text.lower().partition("x")
    if not (
        width.isdecimal()
        and height.isdecimal()
        and 0 < int(width) < 8193
        and 0 < int(height) < 8193
    ):
        raise argparse.ArgumentTypeError(f"“{text}” is no size; write it as 96x48.")
    return int(width), int(height)
