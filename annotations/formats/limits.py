"""How much one import may hold."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """What one import may hold; sizes in bytes, ratio as unpacked : packed."""

    entries: int = 300_000
    member: int = 512 << 20
    total: int = 64 << 30
    ratio: int = 200
    ratio_from: int = 1 << 20  # smaller members may pack as well as they like


DEFAULT_LIMITS = Limits()
