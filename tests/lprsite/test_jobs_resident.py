"""A program that stays: asked again and again, started when needed, ended with its parent."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lprsite.jobs import resident, supervise
from lprsite.jobs.engine import Cancelled
from lprsite.jobs.resident import Resident
from tests.lprsite.test_jobs_supervise import Lookout

PROGRAM = "tests.lprsite.resident_programs"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def program() -> Iterator[Resident]:
    made = Resident(PROGRAM)
    yield made
    made.end()


def nothing() -> None:
    """Nobody asks to stop."""


def say(program: Resident, word: str) -> int:
    answer = program.ask({"do": "say", "word": word}, nothing)
    assert answer["said"] == word
    return int(answer["pid"])


def test_same_program_answers_twice(program: Resident) -> None:
    assert say(program, "one") == say(program, "two")


def test_program_that_ended_by_itself_is_started_again(program: Resident) -> None:
    first = say(program, "the last")
    assert say(program, "one") != first


def test_program_that_ends_on_every_request_is_a_failure(program: Resident) -> None:
    with pytest.raises(supervise.ChildFailed, match="code 0"):
        program.ask({"do": "end"}, nothing)


def test_crash_says_its_last_words(program: Resident) -> None:
    with pytest.raises(supervise.ChildFailed, match=r"code 1.*the oven is cold"):
        program.ask({"do": "crash"}, nothing)
    assert say(program, "again")


def test_program_that_fails_while_it_stayed_is_asked_once_more(program: Resident) -> None:
    before = say(program, "one")
    with pytest.raises(supervise.ChildFailed, match="the oven is cold"):
        program.ask({"do": "crash"}, nothing)
    assert say(program, "again") != before


def test_refusal_is_passed_on_and_the_program_stays(program: Resident) -> None:
    before = say(program, "one")
    with pytest.raises(supervise.ChildRefused) as refused:
        program.ask({"do": "refuse"}, nothing)
    assert refused.value.code == "Never" and say(program, "two") == before


def test_who_stops_waiting_gets_no_old_answer(
    program: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resident, "LOOK_SECONDS", 0.01)

    def stop() -> None:
        raise Cancelled

    before = say(program, "one")
    with pytest.raises(Cancelled):
        program.ask({"do": "nothing"}, stop)
    assert say(program, "two") != before


def test_silence_ends_it(program: Resident, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resident, "LOOK_SECONDS", 0.01)
    monkeypatch.setattr(resident, "PATIENCE_SECONDS", 0.05)
    with pytest.raises(supervise.ChildFailed, match="no answer"):
        program.ask({"do": "nothing"}, nothing)


def test_ends_with_its_parent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LPR_TEST_PIPE", str(tmp_path / "programs"))
    lookout = Lookout(tmp_path / "programs")
    code = (
        "import os, signal, django\n"
        "django.setup()\n"
        "from lprsite.jobs.resident import Resident\n"
        f"Resident({PROGRAM!r}).ask({{'do': 'say', 'word': 'x'}}, lambda: None)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode < 0
    lookout.wait_for("resident")
    lookout.wait_until_all_gone()
    os.close(lookout.handle)
