"""The page of the browser program, and the addresses for machines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def built(settings: Any, tmp_path: Path) -> Path:
    """A bundle of one script and one style."""
    (tmp_path / ".vite").mkdir()
    manifest = {"src/main.tsx": {"file": "assets/main-1.js", "css": ["assets/main-1.css"]}}
    (tmp_path / ".vite" / "manifest.json").write_text(json.dumps(manifest))
    settings.BUNDLE = tmp_path
    return tmp_path


@pytest.mark.parametrize("address", ["/", "/projects/3/transcribe", "/login"])
def test_every_other_address_is_the_page(client: Any, built: Path, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    assert b'src="/static/assets/main-1.js"' in answer.content
    assert "csrftoken" in answer.cookies


def test_new_bundle_is_seen_without_a_restart(client: Any, built: Path) -> None:
    client.get("/")
    manifest = built / ".vite" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("main-1.js", "main-2.js") + "\n")
    import os

    os.utime(manifest, (1, 1))
    assert b"main-2.js" in client.get("/").content


def test_without_bundle_the_page_says_what_to_do(
    client: Any, settings: Any, tmp_path: Path
) -> None:
    settings.BUNDLE = tmp_path
    answer = client.get("/")
    assert answer.status_code == 503 and b"bootstrap.py" in answer.content


def test_page_runs_no_foreign_script(client: Any, built: Path) -> None:
    answer = client.get("/")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy
    assert "script-src" not in policy or "unsafe" not in policy.split("script-src")[1].split(";")[0]
    assert b"<script>" not in answer.content
    assert (answer["X-Frame-Options"], answer["X-Content-Type-Options"]) == ("DENY", "nosniff")


def test_unknown_api_address_is_not_the_page(client: Any, built: Path) -> None:
    assert client.get("/api/v1/nothing/").status_code == 404


def test_healthz_answers_without_a_database(client: Any) -> None:
    assert client.get("/healthz").json() == {"ok": True}


def test_readyz_names_what_is_missing(client: Any, db: None) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert (answer.json()["database"], answer.json()["workers"]) == (True, False)
