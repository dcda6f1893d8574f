"""The built browser program: which files its page needs."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

ENTRY = "src/main.tsx"


@lru_cache(maxsize=4)
def _entry(manifest: Path, _changed: float) -> dict[str, Any]:
    return dict(json.loads(manifest.read_text())[ENTRY])


def entry() -> dict[str, Any] | None:
    """The entry of the built bundle: its script and styles; None before it was built."""
    manifest = settings.BUNDLE / ".vite" / "manifest.json"
    try:
        return _entry(manifest, manifest.stat().st_mtime)
    except FileNotFoundError:
        return None
