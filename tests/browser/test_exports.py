"""Ask for an export, download it, look into the zip; take a whole project out and in again."""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def exported(page: Any, site: Any) -> Any:
    """Press Export, let a worker do it; the row of what was made."""
    with page.expect_response(re.compile("/api/v1/exports/$")) as asked:
        page.get_by_role("button", name="Export", exact=True).click()
    assert asked.value.status == 202
    number = asked.value.json()["parameters"]["export"]
    site.work()
    page.reload()
    row = page.locator(f"tr[data-export='{number}']")
    expect(row).to_have_attribute("data-state", "ready")
    return row


def downloaded(page: Any, row: Any) -> Path:
    with page.expect_download() as download:
        row.get_by_role("link", name="Download").click()
    return Path(download.value.path())


def test_everything_labelled_is_downloaded_with_its_plates_hidden(ana, site):
    page = ana.open(f"/p/{site.project}/exports")
    page.get_by_label("Format").select_option(label="COCO")
    page.get_by_label("Make the plates unreadable").check()
    row = exported(page, site)
    expect(row).to_contain_text("plates hidden")
    with zipfile.ZipFile(downloaded(page, row)) as whole:
        files = {name.split("/", 1)[1]: whole.read(name) for name in whole.namelist()}
    sums = dict(line.split("  ")[::-1] for line in files.pop("SHA256SUMS").decode().splitlines())
    assert {name: hashlib.sha256(data).hexdigest() for name, data in files.items()} == sums
    said = json.loads(files["annotations/instances_train.json"])
    assert said["images"] and {row["name"] for row in said["categories"]} >= {"car", "plate"}
    assert all(f"images/train/{image['file_name']}" in files for image in said["images"])
    expect(row).to_contain_text(f"{len(said['annotations'])} boxes")

    # Deleting asks once more, then the row is gone.
    row.get_by_role("button", name="Delete").click()
    row.get_by_role("button", name="Really delete?").click()
    expect(row).to_have_count(0)


def test_whole_project_goes_out_and_comes_back(ana, site):
    page = ana.open(f"/p/{site.empty}/exports")
    page.get_by_role("button", name="The whole project").click()
    row = exported(page, site)
    path = downloaded(page, row)
    page.goto(f"{site.address}/projects")
    page.get_by_label("Archive").set_input_files(path)
    expect(page.get_by_text("being checked")).to_be_visible()
    site.work()
    expect(page.get_by_text("Restored as")).to_be_visible()
    page.get_by_text("Restored as").get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/p/\d+$"))
    names = {
        label["name"] for label in ana.ask("GET", f"projects/{page.url.split('/')[-1]}/")["labels"]
    }
    assert {"car", "plate"} <= names


def test_only_managers_are_offered_the_whole_project(person, site):
    page = person("luis").open(f"/p/{site.project}/exports")
    expect(page.get_by_role("button", name="Everything labelled")).to_be_visible()
    expect(page.get_by_role("button", name="The whole project")).to_have_count(0)
