"""Reviewing the reads of a video."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Person, Site

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser

ALL_SAVED = ".statusbar .save-state:has-text('All saved')"
CURRENT = ".read-row[aria-current]"


def opened(someone: Person, run: int) -> Any:
    page = someone.open(f"/p/{someone.site.project}/review/{run}")
    page.wait_for_selector(CURRENT)
    page.wait_for_selector("video")
    return page


def reads(someone: Person, run: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = someone.ask("GET", f"reads/?run={run}")["results"]
    return sorted(found, key=lambda read: read["first_seconds"])


def test_accept_correct_and_reject_by_key(ana: Person, site: Site) -> None:
    run = site.run()
    before = reads(ana, run)
    doubtful = next(at for at, read in enumerate(before) if read["confidence"] < 0.8)
    page = opened(ana, run)
    for at, read in enumerate(before):
        if at == doubtful:
            page.keyboard.press("e")
            page.wait_for_selector("input.cells-input:focus")
            page.keyboard.press("9")  # the caret is on the doubtful last character
            page.keyboard.press("Enter")
        elif at == len(before) - 1:
            page.keyboard.press("x")
            page.keyboard.press("1")
        else:
            assert page.locator(CURRENT).get_by_label(read["text"]).count() == 1
            page.keyboard.press("Enter")
    page.wait_for_selector(ALL_SAVED)
    page.wait_for_selector(".statusbar >> text=Every read of this video is reviewed.")
    after = reads(ana, run)
    wanted = ["accepted"] * len(before)
    wanted[doubtful], wanted[-1] = "corrected", "rejected"
    assert [read["passage"]["status"] for read in after] == wanted
    assert after[doubtful]["passage"]["text"] == before[doubtful]["text"][:-1] + "9"
    assert after[-1]["passage"]["reject_reason"] == "not_a_plate"


def test_the_box_follows_the_plate_in_the_video(ana: Person, site: Site) -> None:
    run = site.run()
    read = reads(ana, run)[0]
    page = opened(ana, run)
    box = page.locator(f".video-frame g[data-read='{read['id']}'] .box-line")
    box.wait_for()

    def centre() -> float:
        shown = box.bounding_box()
        return float(shown["x"] + shown["width"] / 2)

    first = centre()
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    sync_api.expect(page.locator(".timeline .mono").first).not_to_have_text("00:00.0")
    page.wait_for_timeout(300)
    assert abs(centre() - first) > 1
    page.keyboard.press("o")
    sync_api.expect(box).to_have_count(0)


def test_the_video_plays_and_stops(ana: Person, site: Site) -> None:
    page = opened(ana, site.run())
    start = page.evaluate("document.querySelector('video').currentTime")
    page.keyboard.press("Space")
    page.wait_for_timeout(700)
    page.keyboard.press("Space")
    paused, now = page.evaluate(
        "(() => { const v = document.querySelector('video'); return [v.paused, v.currentTime]; })()"
    )
    assert paused
    assert now > start


def test_least_certain_search_and_order(ana: Person, site: Site) -> None:
    run = site.run()
    worst = min(reads(ana, run), key=lambda read: read["confidence"])
    page = opened(ana, run)
    page.keyboard.press("u")
    assert page.locator(CURRENT).get_by_label(worst["text"]).count() == 1
    page.click("text=Least certain >> nth=0")
    assert page.locator(".read-row").first.get_by_label(worst["text"]).count() == 1
    page.fill("input[type=search]", f"{worst['text'][:2]}?{worst['text'][3]}*")
    sync_api.expect(page.locator(".read-row")).to_have_count(1)


def test_undo_before_it_was_sent_leaves_no_trace(ana: Person, site: Site) -> None:
    run = site.run()
    page = opened(ana, run)
    ana.context.set_offline(True)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    page.wait_for_selector(".statusbar .save-state:has-text('2 changes wait here')")
    page.keyboard.press("Control+z")
    ana.context.set_offline(False)
    page.wait_for_selector(ALL_SAVED)
    found = [read["passage"] is not None for read in reads(ana, run)]
    assert found.count(True) == 1


def test_the_table_holds_what_was_decided(ana: Person, site: Site) -> None:
    run = site.run()
    page = opened(ana, run)
    page.keyboard.press("Enter")
    page.wait_for_selector(ALL_SAVED)
    with page.expect_download() as download:
        page.click("text=CSV")
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8"))))
    assert len(rows) == len(reads(ana, run))
    assert [row["review"] for row in rows].count("accepted") == 1


def test_a_run_that_is_not_there_says_so(ana: Person, site: Site) -> None:
    page = ana.open(f"/p/{site.project}/review/999999")
    page.wait_for_selector("text=There is nothing at this address")
