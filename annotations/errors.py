"""What the left half of the line refuses: videos, pictures, imports, texts."""

from __future__ import annotations

from lprsite.errors import Refused

# --- vision: pictures and videos


# --- formats: imports and exports


# --- steps: frames, boxes, crops, transcriptions, datasets


__all__ = ["Refused"]
