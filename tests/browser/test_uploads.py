"""Sending recordings: interrupted, gone on with after a login, refused."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Person

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser

PICKER = "input[type=file] >> nth=0"
BYTES = 3_000_000
ROW = ".upload-row:has-text('hour_1.mp4')"


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Three megabytes that no program plays: only their way is looked at here."""
    path = tmp_path / "hour_1.mp4"
    path.write_bytes(os.urandom(BYTES))
    return path


def opened(someone: Person, project: int) -> Any:
    page = someone.open(f"/p/{project}/videos")
    page.wait_for_selector("text=Add the first video")
    return page


def slow_down(page: Any, bytes_a_second: int) -> None:
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    limits = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": bytes_a_second}
    line.send("Network.emulateNetworkConditions", {"offline": False, **limits})


def uploads(someone: Person, project: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = someone.ask("GET", f"uploads/?project={project}")["results"]
    return found


def test_empty_file_is_refused_in_a_sentence(ana: Person, project: int, tmp_path: Path) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    page = opened(ana, project)
    page.set_input_files(PICKER, empty)
    page.wait_for_selector(".notice:has-text('“empty.mp4” is empty (0 bytes)')")
    page.get_by_label("Close: empty.mp4").click()
    page.wait_for_selector("text=Add the first video")
    assert uploads(ana, project) == []


def test_ended_session_asks_for_login_and_goes_on(
    ana: Person, project: int, recording: Path
) -> None:
    page = opened(ana, project)
    slow_down(page, 60_000)
    page.set_input_files(PICKER, recording)
    page.wait_for_selector(f"{ROW}:has-text('/s')")
    page.get_by_label("Pause hour_1.mp4").click()
    page.wait_for_selector(f"{ROW}:has-text('paused')")
    ana.context.clear_cookies()
    page.get_by_label("Go on with hour_1.mp4").click()
    page.wait_for_selector("input[type=password]")
    page.fill("input[name=username]", "ana")
    page.fill("input[type=password]", "a-good-password")
    page.keyboard.press("Enter")
    page.wait_for_selector(f"{ROW}:has-text('/s')")
    page.get_by_label("Cancel hour_1.mp4").click()
    page.wait_for_selector("text=Add the first video")
