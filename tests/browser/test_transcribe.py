"""The transcription page, driven as a person drives it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Person, Site

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.browser

FIELD = "input.cells-input"
SAVED = ".statusbar .save-state"

# Counts the keys a person presses, and how long after one the next crop is on screen.
WATCH = """
() => {
  const seen = (window.seen = { keys: 0, waits: [], clicks: 0 });
  const shown = () => document.querySelector('.stage img')?.getAttribute('src');
  let pressed = 0, before = shown();
  addEventListener('pointerdown', () => (seen.clicks += 1), true);
  addEventListener('keydown', () => { seen.keys += 1; pressed = performance.now(); }, true);
  const look = () => {
    const picture = document.querySelector('.stage img');
    if (picture && shown() !== before && picture.complete && picture.naturalWidth > 0) {
      before = shown();
      seen.waits.push(performance.now() - pressed);
    }
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}
"""

# So many next crops were on screen.
SHOWN = """
(many) => new Promise((resolve) => {
  const look = () => (window.seen.waits.length >= many ? resolve() : requestAnimationFrame(look));
  look();
})
"""

# Saves stay on their way until ``release`` is called.
HELD = """
const real = window.fetch;
const released = new Promise((resolve) => (window.release = resolve));
window.sent = 0;
const saves = (one) => one.method === 'POST' && one.url.endsWith('/transcriptions/');
window.fetch = async (...given) => {
  if (given[0] instanceof Request && saves(given[0])) {
    window.sent += 1;
    await released;
  }
  return real(...given);
};
"""


def opened(someone: Person, project: int) -> Any:
    page = someone.open(f"/p/{project}/transcribe")
    page.wait_for_selector(".stage img")
    page.wait_for_selector(f"{FIELD}:focus")
    return page


def texts(someone: Person, project: int) -> list[str]:
    """What the server has, in the order in which it was saved."""
    rows = someone.ask("GET", f"transcriptions/?project={project}&limit=200")["results"]
    return [row["text"] for row in reversed(rows)]


def says(page: Any, words: str) -> None:
    """Waits until the left of the status bar says so (on a telephone it is there, not drawn)."""
    page.wait_for_selector(f"{SAVED}:has-text('{words}')", state="attached", timeout=20_000)


def all_saved(page: Any) -> None:
    says(page, "All saved")


def keys_for(page: Any, work: Callable[[], None]) -> int:
    page.evaluate("window.seen.keys = 0")
    work()
    return int(page.evaluate("window.seen.keys"))


def test_keys_per_plate(ana: Person, site: Site) -> None:
    """Right suggestion 1, k wrong k + 1, nothing suggested the plate's, unreadable 1."""
    project, truth = site.plates(), site.plate_texts
    page = opened(ana, project)
    page.evaluate(WATCH)
    press = page.keyboard.press

    assert keys_for(page, lambda: press("Enter")) == 1

    def correct() -> None:
        press(truth[1][2].lower())
        press("Enter")

    assert keys_for(page, correct) == 2

    def write() -> None:
        for character in truth[2].lower():
            press(character)

    assert keys_for(page, write) == len(truth[2])
    assert keys_for(page, lambda: press(".")) == 1
    all_saved(page)
    assert page.evaluate("window.seen.clicks") == 0
    assert texts(ana, project) == [truth[0], truth[1], truth[2], ""]
    rows = ana.ask("GET", f"transcriptions/?project={project}")["results"]
    assert [row["suggestion_outcome"] for row in reversed(rows)] == ["accepted", "changed", "", ""]


def test_the_next_crop_never_waits_for_a_save(person: Any, site: Site) -> None:
    """Not one save is answered while fifty plates go by, and nothing is lost."""
    ana = person("ana")
    ana.context.add_init_script(HELD)
    project, truth = site.plates(), site.plate_texts
    page = opened(ana, project)
    page.evaluate(WATCH)
    for number, text in enumerate(truth[:50], start=1):
        page.keyboard.press("Control+Backspace")
        page.keyboard.type(text)
        page.keyboard.press("Enter")
        page.evaluate(SHOWN, number)
    assert page.evaluate("window.sent") >= 1
    assert texts(ana, project) == []
    page.evaluate("window.release()")
    all_saved(page)
    assert texts(ana, project) == truth[:50]


def test_without_connection_everything_waits_and_is_sent_once_in_order(
    ana: Person, site: Site
) -> None:
    project, truth = site.plates(), site.plate_texts
    page = opened(ana, project)
    ana.context.set_offline(True)
    for text in truth[:6]:
        page.keyboard.press("Control+Backspace")
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    says(page, "No connection for")
    says(page, "6 changes wait here")
    ana.context.set_offline(False)
    all_saved(page)
    assert texts(ana, project) == truth[:6]


def test_what_waits_outlives_the_tab(ana: Person, site: Site) -> None:
    project, truth = site.plates(), site.plate_texts
    page = opened(ana, project)
    ana.context.set_offline(True)
    for text in truth[:3]:
        page.keyboard.press("Control+Backspace")
        page.keyboard.type(text)
        page.keyboard.press("Enter")
    page.close()  # before the browser's database has anything
    ana.context.set_offline(False)
    # The browser ends the block a moment before the page: the first may slip out, and counts once.
    assert texts(ana, project) in ([], truth[:1])
    again = opened(ana, project)
    all_saved(again)
    assert texts(ana, project) == truth[:3]


def test_an_answer_that_was_lost_does_not_save_twice(ana: Person, site: Site) -> None:
    project = site.plates()
    page = opened(ana, project)
    lost: list[str] = []

    def lose(route: Any) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route.request.url)
        route.fetch()  # it arrives, and the answer does not come back
        route.abort()

    page.route(re.compile(r"/transcriptions/$"), lose)
    page.keyboard.press("Enter")
    says(page, "here. Keep working")
    all_saved(page)
    assert texts(ana, project) == [site.plate_texts[0]]


def test_a_closed_tab_gives_the_word_back(ana: Person, site: Site) -> None:
    project = site.plates()
    page = opened(ana, project)
    page.keyboard.press("Enter")
    page.keyboard.press("Control+Backspace")
    page.keyboard.type("pbx")
    all_saved(page)
    page.close()
    again = opened(ana, project)
    sync_api.expect(again.locator(FIELD)).to_have_value("PBX")


def test_a_strange_text_is_said_once(ana: Person, site: Site) -> None:
    project = site.plates()
    page = opened(ana, project)
    page.keyboard.press("Control+Backspace")
    page.keyboard.type("ab1")
    page.keyboard.press("Enter")
    page.wait_for_selector(".hint-line >> text=Enter again saves it anyway")
    page.keyboard.press("Enter")
    all_saved(page)
    assert texts(ana, project) == ["AB1"]


def test_undo_brings_the_crop_back_and_the_new_text_counts(ana: Person, site: Site) -> None:
    project = site.plates()
    page = opened(ana, project)
    first = page.get_attribute(".stage img", "src")
    page.keyboard.press("Enter")
    all_saved(page)
    page.keyboard.press("Control+z")
    assert page.get_attribute(".stage img", "src") == first
    page.keyboard.press("Backspace")
    page.keyboard.press("?")
    page.keyboard.press("Enter")
    all_saved(page)
    assert texts(ana, project)[-1] == site.plate_texts[0][:-1] + "?"
    assert not page.locator(".chip.warn").is_visible()


def test_pictures_come_with_the_lease(ana: Person, site: Site) -> None:
    page = opened(ana, site.plates())
    for _ in range(3):
        page.keyboard.press("Enter")
    loaded = page.evaluate("performance.getEntriesByType('resource').map((one) => one.name)")
    assert not [address for address in loaded if "/media/crops/" in address]


def test_two_people_never_get_the_same_crop(person: Any, site: Site) -> None:
    project = site.plates()
    held = []
    for name in ("ana", "luis"):
        someone = person(name)
        page = someone.open("/projects")
        with page.expect_response(re.compile("/crops/lease/")) as answer:
            page.goto(f"{site.address}/p/{project}/transcribe")
        held.append({crop["id"] for crop in answer.value.json()["crops"]})
    assert all(held)
    assert not held[0] & held[1]


def test_a_conflict_waits_aside_with_both_texts(person: Any, site: Site) -> None:
    ana, luis = person("ana"), person("luis")
    project = site.plates()
    page = opened(ana, project)
    crop = ana.ask("GET", f"crops/?project={project}")["results"][0]["id"]
    luis.ask(
        "POST",
        f"crops/{crop}/transcriptions/",
        {"status": "readable", "text": "LUI5000", "client_key": str(uuid4()), "revision": 1},
    )
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")  # work goes on
    page.click("text=1 conflict")
    page.wait_for_selector("[role=dialog] >> text=on the server")
    assert page.locator("[role=dialog] [aria-label='LUI-5000']").is_visible()
    page.wait_for_selector("[role=dialog] [data-own-keys]:focus-within")
    page.keyboard.press("1")
    page.wait_for_selector("[role=dialog]", state="detached")
    all_saved(page)
    assert ana.ask("GET", f"crops/{crop}/")["text"] == site.plate_texts[0]


def test_a_project_without_plates_says_what_to_do(ana: Person, site: Site) -> None:
    page = ana.open(f"/p/{site.empty}/transcribe")
    page.wait_for_selector("text=No plates to read yet")
    assert page.locator("a", has_text="To the boxes").is_visible()


def test_a_telephone_has_its_own_keypad(person: Any, site: Site) -> None:
    someone = person("ana", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    project = site.plates()
    page = opened(someone, project)
    page.tap(".keypad >> text=Save")
    for character in site.plate_texts[1]:
        page.tap(f".keypad button.mono:text-is('{character}')")
    assert page.locator(FIELD).get_attribute("inputmode") == "none"
    page.tap(".keypad >> text=Unreadable")
    all_saved(page)
    assert texts(someone, project) == [site.plate_texts[0], ""]


def test_suggestions_asked_for_appear_on_the_crop_on_screen(ana: Person, site: Site) -> None:
    project = site.plates()
    page = opened(ana, project)
    for _ in range(2):
        page.keyboard.press("PageDown")
    assert page.input_value(FIELD) == ""
    page.get_by_role("button", name="Suggest again").click()
    page.get_by_role("status").get_by_text("read").wait_for()
    site.work()
    sync_api.expect(page.locator(FIELD)).not_to_have_value("", timeout=20_000)
    page.get_by_text("Starter recognizer ").wait_for()
    said = page.input_value(FIELD)
    page.keyboard.press("Enter")
    all_saved(page)
    row = ana.ask("GET", f"transcriptions/?project={project}")["results"][0]
    assert (row["text"], row["suggestion_outcome"]) == (said, "accepted")


def of_one_vehicle(page: Any, many: int) -> None:
    """The first ``many`` crops that are leased are known to show one vehicle."""

    def link(route: Any) -> None:
        answer = route.fetch()
        told = answer.json()
        for crop in told["crops"][:many]:
            crop["group"] = "passage 1"
        route.fulfill(response=answer, json=told)

    page.route(re.compile(r"/crops/lease/$"), link, times=1)


def test_crops_of_one_vehicle_are_saved_with_one_key(ana: Person, site: Site) -> None:
    project, truth = site.plates(), site.plate_texts
    page = ana.open("/projects")
    of_one_vehicle(page, 4)
    page.goto(f"{site.address}/p/{project}/transcribe")
    page.wait_for_selector(".strip li >> nth=3")
    page.wait_for_selector(f"{FIELD}:focus")
    first = page.get_attribute(".stage img", "src")
    page.keyboard.press("Alt+k")
    sync_api.expect(page.locator(".stage img")).not_to_have_attribute("src", first)
    page.keyboard.press("Alt+x")
    page.get_by_role("button", name="Save 3").wait_for()
    page.evaluate(WATCH)
    assert keys_for(page, lambda: page.keyboard.press("Enter")) == 1
    all_saved(page)
    assert texts(ana, project) == [truth[0]] * 3
    page.keyboard.press("Control+z")
    page.get_by_role("button", name="Save 3").wait_for()
    assert page.get_attribute(".stage img", "src") == first


def test_a_finger_takes_a_crop_out_of_the_strip(person: Any, site: Site) -> None:
    someone = person("ana", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    project = site.plates()
    page = someone.open("/projects")
    of_one_vehicle(page, 3)
    page.goto(f"{site.address}/p/{project}/transcribe")
    page.tap(".strip li >> nth=2")
    page.tap(".strip >> text=Take out")
    page.tap(".keypad >> text=Save 2")
    all_saved(page)
    assert texts(someone, project) == [site.plate_texts[0]] * 2


def test_two_people_differ_and_a_reviewer_decides(person: Any, site: Site) -> None:
    ana, luis = person("ana"), person("luis")
    project, truth = site.plates(), site.plate_texts
    ana.ask("PATCH", f"projects/{project}/", {"second_reading_share": 1})
    page = opened(ana, project)
    first = page.get_attribute(".stage img", "src")
    page.keyboard.press("Enter")
    all_saved(page)

    again = opened(luis, project)
    assert again.get_attribute(".stage img", "src") == first
    again.keyboard.press("Control+Backspace")
    again.keyboard.type("XYZ9999")
    again.keyboard.press("Enter")
    all_saved(again)

    judge = luis.open(f"/p/{project}/transcribe?kind=disagreements")
    judge.get_by_role("group", name="Two readings").wait_for()
    judge.wait_for_selector(f"{FIELD}:focus")
    sync_api.expect(judge.locator(FIELD)).to_have_value(truth[0])
    judge.keyboard.press("Alt+2")
    sync_api.expect(judge.locator(FIELD)).to_have_value("XYZ9999")
    judge.keyboard.press("Alt+1")
    judge.keyboard.press("Enter")
    judge.get_by_text("No plate is like that").wait_for()
    all_saved(judge)
    rows = ana.ask("GET", f"transcriptions/?project={project}")["results"]
    assert [(row["role"], row["text"]) for row in rows] == [
        ("adjudication", truth[0]),
        ("second", "XYZ9999"),
        ("first", truth[0]),
    ]


def test_plates_already_read_come_with_their_text(ana: Person, site: Site) -> None:
    project, truth = site.plates(), site.plate_texts
    page = opened(ana, project)
    page.keyboard.press("Enter")
    all_saved(page)
    page.get_by_text("Which plates").click()
    page.get_by_label("Plates", exact=True).select_option("read")
    sync_api.expect(page.locator(FIELD)).to_have_value(truth[0])
    page.wait_for_selector(f"{FIELD}:focus")
    page.keyboard.press("Backspace")
    page.keyboard.type("?")
    page.keyboard.press("Enter")
    all_saved(page)
    assert texts(ana, project) == [truth[0], truth[0][:-1] + "?"]


def test_on_a_phone_filters_open_and_failed_suggestions_are_told(person: Any, site: Site) -> None:
    ana = person("ana", viewport={"width": 390, "height": 844}, has_touch=True)
    page = ana.open(f"/p/{site.plates()}/transcribe")
    page.route(
        "**/api/v1/suggestions/",
        lambda route: route.fulfill(status=409, json={"code": "X", "message": "No recognizer."}),
    )
    opener = page.get_by_role("button", name="Which plates, facts, saved texts")
    assert not page.locator(".panel").is_visible()
    opener.click()
    page.locator(".wishes summary").click()
    page.get_by_label("Order").wait_for()
    page.get_by_role("button", name="Suggest again").click()
    page.locator(".panel").get_by_text("No recognizer.").wait_for()
    opener.click()
    page.locator(".suggest-failed").get_by_text("No recognizer.").wait_for()
