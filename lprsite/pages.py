"""The one page of the browser program, and two addresses for machines."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie

from lprsite import files
from lprsite.jobs import engine

ENTRY = "src/main.tsx"


@lru_cache(maxsize=4)
def _entry(manifest: Path, _changed: float) -> dict[str, Any]:
    return dict(json.loads(manifest.read_text())[ENTRY])


def bundle() -> dict[str, Any] | None:
    """The entry of the built bundle: its script and styles; None before it was built."""
    manifest = settings.BUNDLE / ".vite" / "manifest.json"
    try:
        return _entry(manifest, manifest.stat().st_mtime)
    except FileNotFoundError:
        return None


@ensure_csrf_cookie
def app(request: HttpRequest) -> HttpResponse:
    """The page that the browser program fills; its addresses are all the others."""
    entry = bundle()
    return render(request, "lprsite/app.html", {"entry": entry}, status=200 if entry else 503)


def healthz(request: HttpRequest) -> HttpResponse:
    """The web process answers."""
    return JsonResponse({"ok": True})


def readyz(request: HttpRequest) -> HttpResponse:
    """What the site needs to work: database, workers, disk."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    facts = {"database": True, "workers": engine.workers_alive(), "disk": files.free_bytes() > 1e9}
    return JsonResponse(facts, status=200 if all(facts.values()) else 503)
