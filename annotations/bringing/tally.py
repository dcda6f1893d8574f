"""What became of every entry of an import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from annotations.errors import EntryPictureUnreadable, EntryRefused, EntryTextRefused
from annotations.formats import PlannedBox, PlannedPicture, ReportLine
from lprsite.errors import Refused


class Tally:
    """What became of every entry: counts that add up, texts, rows made, and the report.

    ``by_label`` is what becomes of the boxes of each label of the source if it is taken.
    """

    def __init__(
        self,
        counts: Mapping[str, int],
        report: Iterable[ReportLine],
        by_label: Mapping[str, Mapping[str, int]] | None = None,
    ) -> None:
        self.counts: Counter[str] = Counter(counts)
        self.report = list(report)
        self.by_label = {label: Counter(found) for label, found in (by_label or {}).items()}
        self.texts: Counter[str] = Counter()
        self.made: Counter[str] = Counter()
        self.of_videos: Counter[str] = Counter()  # pictures that are frames of them

    def drop(self, refusal: EntryRefused, box: PlannedBox) -> None:
        """A box that was to be imported is not."""
        self.counts["imported"] -= 1
        self.counts[refusal.outcome] += 1
        self.counts["clamped"] -= box.clamped
        if box.said in self.by_label:
            self.by_label[box.said]["imported"] -= 1
            self.by_label[box.said]["clamped"] -= box.clamped
            self.by_label[box.said][refusal.outcome] += 1
        self.note(refusal)

    def count_text(self, refusal: EntryRefused | None) -> None:
        """What became of the text of a box; one that is there already needs no line."""
        self.texts["seen"] += 1
        self.texts[refusal.outcome if refusal else "imported"] += 1
        if isinstance(refusal, EntryTextRefused):
            self.note(refusal)

    def note(self, refusal: EntryRefused) -> None:
        """Put a line into the report."""
        line = ReportLine(refusal.facts["file"], 0, refusal.outcome, refusal)
        self.report.append(line)

    def unreadable(self, planned: PlannedPicture, reason: Refused) -> None:
        """A picture that cannot be read takes its boxes with it."""
        refusal = EntryPictureUnreadable(file=planned.name, line=0, reason=reason)
        for box in planned.boxes:
            self.drop(refusal, box)
        if not planned.boxes:
            self.note(refusal)
