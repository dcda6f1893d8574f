"""What the right half of the line refuses: trainings, models, readings."""

from __future__ import annotations

from lprsite.errors import Refused

# --- checkpoints


# --- detector


# --- recognizer


# --- synthetic


# --- runs, models, reads


__all__ = ["Refused"]
