"""Reviewing the reads of a video."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
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

    def centre(unlike: float | None = None) -> float:
        """Of the box, once it is drawn, and drawn elsewhere than ``unlike``; a seek redraws it."""
        for _ in range(200):
            shown = box.bounding_box()
            found = float(shown["x"] + shown["width"] / 2) if shown else None
            if found is not None and (unlike is None or abs(found - unlike) > 1):
                return found
            page.wait_for_timeout(50)
        raise AssertionError(f"no box, or still where it was: {unlike}")

    first = centre()
    page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("Shift+ArrowLeft")
    sync_api.expect(page.locator(".timeline .mono").first).not_to_have_text("00:00.0")
    assert centre(unlike=first) != first
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
    page.set_viewport_size({"width": 390, "height": 844})  # a telephone has it too
    with page.expect_download() as download:
        page.click(".run-more >> text=CSV")
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8-sig"))))
    assert len(rows) == len(reads(ana, run))
    assert [row["review"] for row in rows].count("accepted") == 1


def test_a_run_that_is_not_there_says_so(ana: Person, site: Site) -> None:
    page = ana.open(f"/p/{site.project}/review/999999")
    page.wait_for_selector("text=There is nothing at this address")


def drag(page: Any, selector: str, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Drag from one place to another, given as shares of the element."""
    box = page.locator(selector).bounding_box()
    at = [(box["x"] + box["width"] * x, box["y"] + box["height"] * y) for x, y in (start, end)]
    page.mouse.move(*at[0])
    page.mouse.down()
    page.mouse.move(*at[1], steps=4)
    page.mouse.up()


def test_a_missed_vehicle_is_drawn_named_and_counted(ana: Person, site: Site) -> None:
    run = site.run()
    video = ana.ask("GET", f"inference-runs/{run}/")["video"]
    page = opened(ana, run)
    page.keyboard.press("n")
    drag(page, "svg.draw-plate", (0.02, 0.02), (0.12, 0.08))
    page.wait_for_selector("input.cells-input:focus")
    page.keyboard.type("xyz9876")
    page.keyboard.press("Enter")
    page.wait_for_selector(".read-row:has-text('missed')")
    page.keyboard.press("Shift+C")
    page.wait_for_selector(ALL_SAVED)
    sync_api.expect(page.locator(".timeline rect[data-mark='checked']")).to_have_count(1)
    page.wait_for_selector("text=1 missed")
    added = ana.ask("GET", f"passages/?video={video}")["results"]
    assert [(p["text"], p["status"]) for p in added] == [("XYZ9876", "corrected")]
    facts = ana.ask("GET", f"videos/{video}/")
    x1, y1, x2, y2 = added[0]["boxes"][0][1:]
    assert abs(x1 - 0.02 * facts["width"]) < 3 and abs(x2 - 0.12 * facts["width"]) < 3
    assert abs(y1 - 0.02 * facts["height"]) < 3 and abs(y2 - 0.08 * facts["height"]) < 3

    page.reload()
    page.click(".read-row:has-text('missed')")
    page.keyboard.press("e")
    page.wait_for_selector("input.cells-input:focus")
    page.keyboard.press("End")
    page.keyboard.press("Backspace")
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    page.wait_for_selector(ALL_SAVED)
    assert ana.ask("GET", f"passages/?video={video}")["results"][0]["text"] == "XYZ9875"
    page.click(".read-row:has-text('missed')")
    page.keyboard.press("x")
    page.keyboard.press("1")
    page.wait_for_selector(ALL_SAVED)
    assert ana.ask("GET", f"passages/?video={video}")["results"] == []


def test_a_stretch_is_checked_from_here_to_here(ana: Person, site: Site) -> None:
    run = site.run()
    video = ana.ask("GET", f"inference-runs/{run}/")["video"]
    page = opened(ana, run)
    page.evaluate("document.querySelector('video').currentTime = 1")
    sync_api.expect(page.locator(".timeline .mono").first).to_have_text("00:01.0")
    page.keyboard.press("c")
    page.wait_for_selector("text=Checked from 00:01.0 to here")
    page.evaluate("document.querySelector('video').currentTime = 3")
    sync_api.expect(page.locator(".timeline .mono").first).to_have_text("00:03.0")
    page.keyboard.press("c")
    page.wait_for_selector(ALL_SAVED)
    spans = ana.ask("GET", f"checked-spans/?video={video}")["results"]
    assert [(round(s["first_seconds"]), round(s["last_seconds"])) for s in spans] == [(1, 3)]


def test_two_reviewers_see_both_decisions(
    ana: Person, person: Callable[..., Person], site: Site
) -> None:
    run = site.run()
    first = reads(ana, run)[0]
    page = opened(ana, run)
    other = person("luis")
    other.ask("POST", f"reads/{first['id']}/accept/", {"text": "AAA1111"})
    page.keyboard.press("Enter")
    page.click(".statusbar button:has-text('1 conflict')")
    dialog = page.locator("[role=dialog]")
    sync_api.expect(dialog).to_contain_text("AAA1111")
    sync_api.expect(dialog).to_contain_text(first["text"])
    page.wait_for_selector("[role=dialog] [data-own-keys]:focus-within")
    page.keyboard.press("2")
    page.wait_for_selector(ALL_SAVED)
    sync_api.expect(page.locator(".read-row").first.get_by_label("AAA1111")).to_have_count(1)
    assert reads(ana, run)[0]["passage"]["text"] == "AAA1111"


def test_tracks_are_merged_split_and_everything_taken_back(ana: Person, site: Site) -> None:
    run = site.run()
    before = reads(ana, run)
    video = ana.ask("GET", f"inference-runs/{run}/")["video"]

    def truth() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = ana.ask("GET", f"passages/?video={video}")["results"]
        return found

    page = opened(ana, run)
    page.keyboard.press("m")
    page.wait_for_selector(".other-track")
    page.keyboard.press("1")
    page.wait_for_selector(".read-row:has-text('same vehicle')")
    page.wait_for_selector(ALL_SAVED)
    assert len(truth()) == 1
    page.keyboard.press("Control+z")
    sync_api.expect(page.locator(".read-row:has-text('same vehicle')")).to_have_count(0)
    page.wait_for_selector(ALL_SAVED)
    assert truth() == []

    middle = (before[0]["first_seconds"] + before[0]["last_seconds"]) / 2
    page.evaluate(f"document.querySelector('video').currentTime = {middle}")
    page.keyboard.press("s")
    for text in ("AAA1111", "BBB2222"):
        page.wait_for_selector("input.cells-input:focus")
        page.keyboard.press("Control+Backspace")
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    page.wait_for_selector(".read-row:has-text('missed')")
    page.wait_for_selector(ALL_SAVED)
    assert [row["text"] for row in truth()] == ["AAA1111", "BBB2222"]
    page.keyboard.press("Control+z")
    sync_api.expect(page.locator(".read-row:has-text('missed')")).to_have_count(0)
    page.wait_for_selector(ALL_SAVED)
    assert truth() == []


def test_what_another_decides_is_seen_at_once(
    ana: Person, person: Callable[..., Person], site: Site
) -> None:
    run = site.run()
    last = reads(ana, run)[-1]
    project = ana.ask("GET", f"inference-runs/{run}/")["project"]
    page = ana.open(f"/p/{project}/review/{run}")
    page.wait_for_selector(CURRENT)
    page.wait_for_selector(".track-strip img")
    current = page.locator(CURRENT).inner_text()
    other = person("luis")
    other.ask("POST", f"reads/{last['id']}/accept/", {"text": "AAA1111"})
    page.locator(".read-row").last.get_by_label("AAA1111").wait_for()
    assert page.locator(CURRENT).inner_text() == current


def test_the_sure_ones_wait_for_the_random_tenth(ana: Person, site: Site) -> None:
    page = opened(ana, site.run())
    page.keyboard.press("b")
    page.wait_for_selector("[role=dialog] >> text=Accept the surest reads unseen")
    page.wait_for_selector("text=All of them must be, and at least 20")
    sync_api.expect(page.locator("[role=dialog] .sure-offers button:enabled")).to_have_count(0)


def test_who_may_only_look_is_offered_no_decision(
    person: Callable[..., Person], site: Site
) -> None:
    run, vera = site.run(), person("vera")
    page = vera.open(f"/p/{vera.ask('GET', f'inference-runs/{run}/')['project']}/review/{run}")
    page.wait_for_selector("text=You may look. Reviewers decide.")
    page.keyboard.press("Enter")
    page.keyboard.press("x")
    page.keyboard.press("j")
    sync_api.expect(page.locator(".read-row").nth(1)).to_have_attribute("aria-current", "true")
    assert page.locator("button:has-text('Reject'), button:has-text('Accept sure')").count() == 0
    assert all(read["passage"] is None for read in reads(vera, run))


def test_an_address_names_the_read_to_begin_with(ana: Person, site: Site) -> None:
    run = site.run()
    last = reads(ana, run)[-1]
    page = ana.open(f"/p/{site.project}/review/{run}?read={last['id']}")
    page.wait_for_selector(CURRENT)
    assert page.locator(CURRENT).get_by_label(last["text"]).count() == 1
