"""Settings come from the environment once; a wrong one stops the start with a sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from lprsite import settings


def test_number_is_read_and_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings.number("LPR_TEST_NUMBER", 5) == 5
    monkeypatch.setenv("LPR_TEST_NUMBER", "12")
    assert settings.number("LPR_TEST_NUMBER", 5) == 12


@pytest.mark.parametrize("given", ["0", "-3", "many", "1.5", "²"])
def test_wrong_number_says_which_and_why(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("LPR_TEST_NUMBER", given)
    with pytest.raises(ImproperlyConfigured, match=r"LPR_TEST_NUMBER.*at least 1"):
        settings.number("LPR_TEST_NUMBER", 5, low=1)


def test_secret_key_is_made_once_for_its_owner_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LPR_SECRET_KEY", raising=False)
    first = settings.secret_key(tmp_path / "data")
    assert len(first) >= 50 and settings.secret_key(tmp_path / "data") == first
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["secret.key"]
    assert (tmp_path / "data" / "secret.key").stat().st_mode & 0o077 == 0


def test_secret_key_from_the_environment_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LPR_SECRET_KEY", "given")
    assert settings.secret_key(tmp_path) == "given" and not list(tmp_path.iterdir())


def test_production_settings_pass_the_deploy_check(tmp_path: Path) -> None:
    environment = {**os.environ, "LPR_DATA": str(tmp_path), "LPR_HTTPS": "1"}
    environment["DJANGO_SETTINGS_MODULE"] = "lprsite.settings"
    check = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(
        check, env=environment, capture_output=True, text=True, cwd=settings.ROOT, check=False
    )
    assert done.returncode == 0, done.stderr


def test_one_thread_serves_a_request() -> None:
    """Behind the last middleware nothing may turn the others asynchronous again."""
    assert settings.MIDDLEWARE[-1] == "lprsite.middleware.in_one_thread"
