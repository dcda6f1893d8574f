"""Every page without serious findings of axe-core, dark and light, wide and narrow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import ROOT, Person, Site

pytestmark = pytest.mark.browser

AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
PAGES = (
    "",
    "videos",
    "imports",
    "exports",
    "datasets",
    "datasets/new",
    "datasets/compare",
    "training",
    "training/new",
    "models",
    "review",
    "reads",
    "jobs",
    "cameras",
    "members",
    "settings",
    "grid",
    "frames",
    "transcribe",
)
# Of the other colours only their contrast can differ.
CONTRAST = 'runOnly: ["color-contrast"]'
FINDINGS = """axe.run(document, {resultTypes: ["violations"], %s}).then((told) => told.violations
    .filter(({impact}) => impact === "serious" || impact === "critical")
    .map(({id, nodes}) => `${id} (${nodes.length}): ${nodes[0].html.slice(0, 200)}`))"""


def findings(page: Any, scheme: str, other: str) -> list[str]:
    page.emulate_media(color_scheme=scheme)
    page.wait_for_load_state("networkidle")
    page.evaluate(AXE.read_text())
    told = list(page.evaluate(FINDINGS.replace("%s", "")))
    page.emulate_media(color_scheme=other)
    page.wait_for_selector(f"html[data-mantine-color-scheme={other}]")
    told += [f"{other}: {one}" for one in page.evaluate(FINDINGS.replace("%s", CONTRAST))]
    return told


@pytest.mark.parametrize(
    ("scheme", "other", "width", "height"),
    [("dark", "light", 1440, 900), ("light", "dark", 390, 844)],
)
def test_no_page_has_a_serious_finding(
    person: Callable[..., Person], site: Site, scheme: str, other: str, width: int, height: int
) -> None:
    if not AXE.exists():
        pytest.skip("axe-core is not installed: run “npm ci” in frontend")
    size = {"width": width, "height": height}
    ana = person("ana", bypass_csp=True, viewport=size)
    found: dict[str, list[str]] = {}
    page = ana.open("/projects")
    found["projects"] = findings(page, scheme, other)
    addresses = [f"/p/{site.project}/{name}" for name in PAGES]
    addresses += [f"/p/{site.plates()}/transcribe", f"/p/{site.project}/review/{site.run()}"]
    for address in addresses:
        page.goto(site.address + address)
        found[address] = findings(page, scheme, other)
    assert {address: told for address, told in found.items() if told} == {}
