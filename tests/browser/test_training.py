"""Runs and models in the browser: curves, samples, the choice among models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_run_shows_what_it_learned_and_is_cloned(ana, site, project):
    first, second = site.trained(project)["made"]
    page = ana.open(f"/p/{project}/training/{second['run']}")
    samples = page.get_by_role("region", name="The same held pictures")
    expect(samples.locator(".sample")).to_have_count(4)
    expect(samples.get_by_text("✓")).to_have_count(5)  # four now, one after the first epoch
    samples.get_by_label("Epoch").fill("0")
    expect(samples.get_by_text("✓")).to_have_count(1)

    page.get_by_label("Draw another run beside").select_option(label=f"Run {first['run']}")
    drawn = page.get_by_role("img", name=f"Run {first['run']} held 1.333")
    expect(drawn).to_have_count(1)
    page.get_by_label("Smoothing").fill("0.5")
    expect(page.get_by_role("img", name="held 1.905")).to_have_count(1)
    with page.expect_download() as download:
        page.locator("section.card", has=page.get_by_role("heading", name="Epochs")).get_by_role(
            "link", name="CSV"
        ).click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert len(lines) == 4 and lines[0].startswith("epoch,")

    page.get_by_text("With what it ran").click()
    expect(page.get_by_text("2.9", exact=True)).to_be_visible()
    page.get_by_text("Log", exact=True).click()
    expect(page.locator("pre.log")).to_have_text("epoch 1")
    page.get_by_role("link", name="Clone with changes").click()
    expect(page.get_by_label("Seed")).to_have_value("4")
    expect(page.get_by_label("Epochs")).to_have_value("3")


def promoted(page: Any, button: Any, why: str) -> None:
    button.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Why").fill(why)
    dialog.get_by_role("button", name="Make current").click()
    expect(dialog).to_have_count(0)


def test_models_are_compared_promoted_rolled_back_and_retired(ana, site, project):
    facts = site.trained(project)
    first, second = facts["made"]
    page = ana.open(f"/p/{project}/models")
    page.get_by_label("Figures on").select_option(label="Recognizer v1")
    for one in (first, second):
        page.get_by_label(f"Compare {one['name']}").check()
    page.get_by_role("button", name="Compare two").click()
    differing = page.get_by_role("region", name="Where they differ")
    expect(differing.locator(".compare-row")).to_have_count(2)
    expect(differing.get_by_alt_text(facts["texts"][2])).to_be_visible()
    page.go_back()

    row = page.locator("section[data-kind] tr", has_text=second["name"])
    promoted(page, row.get_by_role("button", name="Make current"), "reads all four")
    expect(row).to_contain_text("✓ current")
    history = page.get_by_role("region", name="Which was current when")
    expect(history).to_contain_text("reads all four")
    promoted(page, history.get_by_role("button", name="Back to this"), "the other was slower")
    expect(page.locator("section[data-kind] tr", has_text=first["name"])).to_contain_text(
        "✓ current"
    )

    page.goto(f"{site.address}/p/{project}/models/{second['model']}")
    page.get_by_role("button", name="Retire").click()
    page.get_by_role("dialog").get_by_role("button", name="Retire").click()
    expect(page.get_by_text("its files are gone")).to_be_visible()
    with page.expect_download() as download:
        page.locator("dd a[href$='/card/']").click()
    assert "- exact: 1" in Path(download.value.path()).read_text()
