"""The grid of all frames: scrolled, filtered, marked and opened, with the keyboard."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Person

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser

CURRENT = ".frame-cell[data-current]"


def grid(someone: Person, query: str = "") -> Any:
    page = someone.open(f"/p/{someone.site.many}/grid{query}")
    page.wait_for_selector(".frames-scroll:focus .frame-cell img")
    return page


def says(page: Any, what: str) -> None:
    sync_api.expect(page.locator(f"{CURRENT} a")).to_have_attribute("aria-label", re.compile(what))


def count_shown(page: Any, count: str) -> None:
    sync_api.expect(page.locator(".topbar .beside")).to_contain_text(f"of {count}")


def test_jump_anywhere_filter_and_open_one(ana: Person) -> None:
    page = grid(ana)
    count_shown(page, "2,000")
    assert page.locator(".frame-cell").count() < 200
    page.keyboard.press("End")
    says(page, "16:39.0, Open")
    page.wait_for_selector(f"{CURRENT} img")
    page.locator(".frames-scroll").evaluate("box => box.scrollTo(0, box.scrollHeight / 2)")
    page.wait_for_selector(".frame-cell:has-text('16:') img")
    page.keyboard.press("F")
    page.keyboard.type("pba-1*")
    page.keyboard.press("Enter")
    count_shown(page, "1")
    assert "text=PBA-1*" in page.url.replace("%2A", "*")
    page.locator(".frames-scroll").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/frames/\d+\?text="))
    page.wait_for_selector(".box-row [aria-label='PBA1234']")
    sync_api.expect(page.locator(".topbar .beside")).to_contain_text("1 / 1")
    page.go_back()
    page.wait_for_selector(f"{CURRENT} img")
    count_shown(page, "1")


def test_next_and_previous_stay_inside_the_filter(ana: Person) -> None:
    page = grid(ana, "?status=done")
    count_shown(page, "200")
    for _ in range(99):
        page.keyboard.press("ArrowRight")
    says(page, "01:39.0, Done")
    page.keyboard.press("Enter")
    page.wait_for_selector(".film[aria-current]")
    beside = page.locator(".topbar .beside")
    sync_api.expect(beside).to_contain_text("100 / 200")
    page.keyboard.press("j")
    sync_api.expect(beside).to_contain_text("101 / 200")
    page.wait_for_selector(".film[aria-current]:has-text('00:00.0')")
    page.keyboard.press("k")
    sync_api.expect(beside).to_contain_text("100 / 200")
    page.get_by_role("link", name="Frames like: Done").click()
    says(page, "01:39.0, Done")


def test_many_are_marked_at_once_and_it_is_undone(ana: Person) -> None:
    page = grid(ana, "?status=open&has=-")
    count_shown(page, "1,799")
    page.keyboard.press("x")
    for _ in range(4):
        page.keyboard.press("Shift+ArrowRight")
    bar = page.locator(".frames-chosen")
    sync_api.expect(bar).to_contain_text("5 chosen")
    page.keyboard.press("e")
    count_shown(page, "1,794")
    sync_api.expect(page.locator(".statusbar")).to_contain_text("Nothing on 5 frames.")
    counts = ana.ask("GET", f"frames/counts/?project={ana.site.many}")
    assert counts["status"]["nothing_here"] == 5
    page.keyboard.press("Control+z")
    count_shown(page, "1,799")
    page.keyboard.press("Control+a")
    sync_api.expect(bar).to_contain_text("1,799 chosen")
    page.keyboard.press("Escape")
    sync_api.expect(bar).to_have_count(0)


def test_empty_and_impossible_say_what_to_do(ana: Person) -> None:
    page = ana.open(f"/p/{ana.site.empty}/grid")
    page.wait_for_selector("text=No frames yet")
    page.goto(f"{ana.site.address}/p/{ana.site.many}/grid?has=car")
    page.wait_for_selector("text=No frame is like this")
    page.locator(".work-state").get_by_role("button", name="Clear").click()
    count_shown(page, "2,000")
