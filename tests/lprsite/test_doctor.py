"""``manage.py doctor``: every finding has a grade and an advice."""

from __future__ import annotations

import io
import json
from collections import namedtuple
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from lprsite import doctor, valkey
from lprsite.doctor import Finding

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def findings(monkeypatch: pytest.MonkeyPatch) -> list[Finding]:
    """What the command will find, in place of a real examination."""
    found = [Finding("disk", "ok", "80 GB free"), Finding("Node", "warn", "none", "Get one.")]
    monkeypatch.setattr(doctor, "examine", lambda: iter(found))
    return found


def test_findings_are_lines_with_advice_below(findings: list[Finding]) -> None:
    out = io.StringIO()
    call_command("doctor", stdout=out)
    assert out.getvalue().splitlines() == [
        "ok   disk         80 GB free",
        "warn Node         none",
        "                  Get one.",
    ]


def test_bad_finding_is_exit_code_one_also_for_machines(findings: list[Finding]) -> None:
    findings.append(Finding("cv2", "bad", "libGL is missing", "Install libgl1."))
    out = io.StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("doctor", "--json", stdout=out)
    said = json.loads(out.getvalue())
    assert said["ok"] is False
    assert said["findings"][-1] == {
        "name": "cv2",
        "grade": "bad",
        "found": "libGL is missing",
        "advice": "Install libgl1.",
    }


@pytest.mark.django_db
def test_database_of_the_tests_is_sound_and_up_to_date() -> None:
    assert doctor.database().grade == "ok"
    assert doctor.migrations().grade == "ok"


def test_package_that_does_not_load_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doctor.IMPORTS, "no_such_package", "Install it.")
    found = doctor.importable("no_such_package")
    assert (found.grade, found.advice) == ("bad", "Install it.")
    assert found.found == "ModuleNotFoundError: No module named 'no_such_package'"


@pytest.mark.parametrize(("free", "grade"), [(5e8, "bad"), (3e9, "warn"), (9e10, "ok")])
def test_little_room_is_said(free: float, grade: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: Usage(free, 0, free))
    assert doctor.space().grade == grade


def test_folder_that_others_can_read_is_a_warning(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path / "data"
    assert doctor.folder().grade == "ok"
    settings.DATA.chmod(0o755)
    assert doctor.folder().grade == "warn"


def test_folder_that_cannot_be_made_is_bad(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings.DATA = tmp_path / "file" / "data"
    assert doctor.folder().grade == "bad"


def test_silent_broker_is_bad_and_no_broker_a_warning(settings: Any) -> None:
    settings.REDIS_URL = f"redis://127.0.0.1:{valkey.free_port()}/0"
    assert doctor.broker().grade == "bad"
    settings.REDIS_URL = ""
    assert doctor.broker().grade == "warn"
    assert doctor.workers().grade == "warn"


def test_every_finding_that_is_not_well_says_what_to_do(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    for found in (doctor.python(), doctor.user(), doctor.folder(), doctor.node(), doctor.pages()):
        assert found.grade == "ok" or found.advice
