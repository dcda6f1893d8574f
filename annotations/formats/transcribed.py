"""Crops with their texts, as every format of plate texts says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from annotations.formats.plans import ReportLine


@dataclass(frozen=True, slots=True)
class TextPair:
    """A picture of a plate and what was read on it, spaces around it taken off."""

    member: str
    text: str


@dataclass(frozen=True)
class Transcribed:
    """The texts of a source, in its order.

    ``untranscribed`` are pictures that no line names. ``alphabet`` is given where the
    format lists its characters.
    """

    format: str
    name: str
    pairs: tuple[TextPair, ...]
    problems: tuple[ReportLine, ...]
    untranscribed: tuple[str, ...] = ()
    alphabet: tuple[str, ...] = ()

    @property
    def counts(self) -> Mapping[str, int]:
        """Lines "seen" = "imported" + each reason."""
        counts = {"seen": len(self.pairs) + len(self.problems), "imported": len(self.pairs)}
        for problem in self.problems:
            counts[problem.outcome] = counts.get(problem.outcome, 0) + 1
        return counts
