"""Bring an archive in: upload, look at its classes, map them, import, and find its boxes."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
PICTURES = 3


def archive(path: Path) -> Path:
    """A YOLO zip without class names: cars with plates in them, a lamp, and things to be told."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as zipped:
        for number in range(PICTURES):
            spots = np.random.default_rng(number).integers(0, 255, (9, 16, 3), np.uint8)
            picture = cv2.resize(spots, (640, 360), interpolation=cv2.INTER_CUBIC)
            zipped.writestr(f"gate/{number}.jpg", cv2.imencode(".jpg", picture)[1].tobytes())
            lines = ["0 0.5 0.5 0.4 0.6", "1 0.5 0.7 0.08 0.05", "2 0.9 0.1 0.05 0.05", "0 0.5"]
            zipped.writestr(f"gate/{number}.txt", "\n".join(lines))
        zipped.writestr("gate/gone.txt", "1 0.5 0.5 0.1 0.1")
    path.write_bytes(content.getvalue())
    return path


def test_archive_is_looked_at_mapped_and_imported(ana, site, project: int, tmp_path: Path):
    page = ana.open(f"/p/{project}/imports")
    page.locator("input[type=file]").first.set_input_files(archive(tmp_path / "gate.zip"))
    expect(page.get_by_role("status").first).to_be_visible()
    # The file becomes an import, then it is looked at.
    for _ in range(10):
        site.work()
        if page.url.rstrip("/").split("/")[-1].isdigit():
            break
        page.wait_for_timeout(1000)
    expect(page.get_by_role("heading", name="gate.zip")).to_be_visible()
    site.work()
    page.reload()

    # Nothing is written yet; the guess is by geometry, and each class shows what it looks like.
    becomes = page.get_by_role("combobox", name=re.compile("Becomes"))
    expect(becomes).to_have_count(3)
    assert [one.input_value() for one in becomes.all()] == ["car", "plate", "car"]
    expect(page.get_by_role("img", name="3 examples of 1")).to_be_visible()
    expect(page.get_by_text("100 % lie inside 0")).to_be_visible()
    expect(page.get_by_text("= 13 \u2713")).to_be_visible()
    frames = ana.ask("GET", f"frames/?project={project}")
    assert frames["results"] == []

    # The counts follow the mapping.
    becomes.nth(2).select_option("")
    expect(page.get_by_role("button", name="Import 6 boxes")).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("Class left out 3"))).to_be_visible()
    becomes.nth(2).select_option(label="another label\u2026")
    page.get_by_label("2: New label").fill("lamp")
    page.get_by_role("button", name="OK", exact=True).click()

    # A reason shows its lines; the whole report is a file.
    page.get_by_role("row", name=re.compile("Picture missing 1")).get_by_text("Files").click()
    expect(page.get_by_text("gone", exact=False).first).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="CSV").click()
    assert "gone.txt" in Path(download.value.path()).read_text(encoding="utf-8")

    page.get_by_role("button", name="Import 9 boxes").click()
    expect(page.get_by_text("Importing").first).to_be_visible()
    site.work()
    page.reload()
    expect(page.get_by_role("link", name="Look at the frames")).to_be_visible()
    frames = ana.ask("GET", f"frames/?project={project}")["results"]
    assert len(frames) == PICTURES
    labels = {label["name"] for label in ana.ask("GET", f"projects/{project}/")["labels"]}
    assert "lamp" in labels


def test_file_that_is_no_archive_says_so_and_offers_the_way_on(
    ana, site, project: int, tmp_path: Path
):
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and then nothing")
    page = ana.open(f"/p/{project}/imports")
    page.locator("input[type=file]").first.set_input_files(tmp_path / "broken.zip")
    link = page.get_by_role("link", name="broken.zip")
    for _ in range(10):
        site.work()
        if link.count() or page.get_by_role("heading", name="broken.zip").count():
            break
        page.wait_for_timeout(1000)
    if link.count():
        link.first.click()
    site.work()
    page.reload()
    expect(page.get_by_role("alert")).to_contain_text("damaged or was cut off")
    expect(page.get_by_role("link", name="Another file")).to_be_visible()
