"""Take frames from recordings: by which rule, how many it would be, and do it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from django.conf import settings
from django.contrib.auth.models import User

from annotations import activities, thumbnails
from annotations.errors import SelectionWrong, StartBeyondEnd
from annotations.models import Frame, Selection, Video
from annotations.vision import child
from annotations.vision.activity import MOVES, Track
from annotations.vision.confined import Message
from annotations.vision.selection import KEPT, TICK
from annotations.vision.selection import Selection as Rule
from lprsite import files
from lprsite.errors import Refused
from lprsite.jobs.engine import Cancelled, Running

APART = 0.5
"""Seconds between two wanted frames, within which no keyframe is looked for."""
FIELDS = ("fps", "every", "start", "end", "motion", "near_duplicates", "cap")


def rule_of(given: dict[str, Any]) -> Rule:
    """The rule of some of ``FIELDS``. Raises SelectionWrong, FilterWrong."""
    return Rule(**{name: given[name] for name in FIELDS if given.get(name) is not None})


def checked_defaults(given: Mapping[str, float]) -> dict[str, float]:
    """The rule with which a project's videos begin, some of ``KEPT``; counts as integers.

    Raises SelectionWrong (also for a name that is none of them), FilterWrong.
    """
    kept = {name: int(one) if float(one).is_integer() else one for name, one in given.items()}
    counts = ("every", "near_duplicates", "cap")
    if set(kept) - set(KEPT) or any(isinstance(kept.get(name), float) for name in counts):
        raise SelectionWrong()
    rule_of(kept)
    return kept


def choose(row: Video, *, by: User | None = None, **given: Any) -> Selection:
    """The rule by which frames will be taken, stored once; ``given`` are some of ``FIELDS``.

    Raises:
        SelectionWrong: both of fps and every, or an empty range.
        FilterWrong: a threshold, distance or cap outside its range.
        StartBeyondEnd: the video is over before the range begins.
    """
    rule = rule_of(given)
    _check_start(row, rule)
    known = {name: getattr(rule, name) for name in FIELDS}
    asked_before = Selection.objects.filter(video=row, **known).first()
    return asked_before or Selection.objects.create(video=row, **known, created_by=by)


def _check_start(row: Video, rule: Rule) -> None:
    """Raises StartBeyondEnd. A file may say less than it lasts; what was measured counts."""
    if rule.start <= 0 or row.duration is None or rule.start < row.duration:
        return
    track = activities.load(row)
    length = track.duration if track is not None else row.duration
    if rule.start >= length:
        raise StartBeyondEnd(name=row.name, start=rule.start, length=length)


def stored_rule(selection: Selection) -> Rule:
    """The rule of a row."""
    return rule_of({name: getattr(selection, name) for name in FIELDS})


def estimate(row: Video, rule: Rule) -> dict[str, Any] | None:
    """How many frames a rule would take, exactly; None until the activity is measured.

    ``considered`` counts them without filters and cap, ``idle_seconds`` the time within the
    range in which nothing moves. Raises StartBeyondEnd.
    """
    _check_start(row, rule)
    track = activities.load(row)
    if track is None:
        return None
    idle = track.idle(rule.motion or MOVES, start=rule.start, end=rule.end)
    return {
        "measured": True,
        "frames": len(track.chosen(rule)),
        "considered": track.considered(rule),
        "idle_seconds": round(sum(over - begin for begin, over in idle), 3),
    }


def split(selection: Selection, running: Running) -> dict[str, Any]:
    """Take the selected frames in one decode pass. Run again, it adds only what is missing.

    The pass measures the activity too where the rule needs it or sees the whole video, and it
    is not there yet. Where it is, the frames are known beforehand and what lies between them is
    not decoded. Only a cap needs to know all frames before it can thin them evenly: then the
    video is measured first.

    Returns counts: selected, made, already there (known); and the damage found. Raises Refused
    when the child that decodes is stopped; the frames taken so far are kept.
    """
    row, rule = selection.video, stored_rule(selection)
    track = activities.load(row)
    if rule.cap is not None and track is None:
        track = activities.measure(row, running)
    what = _what(row, rule, track)
    ranged = what is not None and what.wanted is None
    decoded = what.stretches[0] if what and ranged else None
    work = _Taking(row, selection, running, rule, decoded)
    if what is not None:
        limits = child.limits_for(activities.info_of(row))
        messages = child.take(files.local_path(row.file), what, name=row.name, limits=limits)
        with closing(messages):
            work.listen(messages)
    if not ranged:
        work.count_known(track, len(what.wanted or b"") // 8 if what else 0)
    if work.parts and work.report.get("finished") and rule.end is None:
        activities.keep(row, work.parts)
    return {**work.counts, "damage": work.report}


def take(row: Video, pts: set[int], running: Running) -> dict[str, int]:
    """Take the frames with these pts that are not there; returns how many were ``made``.

    Raises Refused when the child that decodes is stopped; the frames taken so far are kept.
    """
    there = set(row.frames.filter(pts__in=pts).values_list("pts", flat=True))
    wanted = sorted(pts - there)
    if not wanted:
        return {"made": 0}
    what = child.Take(
        rule=Rule(),
        small_width=thumbnails.WIDTH,
        small_quality=thumbnails.QUALITY,
        stretches=_stretches([row.seconds(one) for one in wanted]),
        wanted=np.array(wanted, np.int64).tobytes(),
    )
    work = _Taking(row, None, running, Rule(), None)
    limits = child.limits_for(activities.info_of(row))
    messages = child.take(files.local_path(row.file), what, name=row.name, limits=limits)
    with closing(messages):
        work.listen(messages)
    return {"made": work.counts["made"]}


def _what(row: Video, rule: Rule, track: Track | None) -> child.Take | None:
    """What the child has to do; None where all chosen frames are there."""
    known = np.sort(np.array(list(row.frames.values_list("pts", flat=True)), np.int64))
    shared: dict[str, Any] = {
        "rule": rule,
        "small_width": thumbnails.WIDTH,
        "small_quality": thumbnails.QUALITY,
    }
    if track is not None:
        wanted = np.setdiff1d(track.chosen(rule)["pts"], known)
        if not len(wanted):
            return None
        return child.Take(
            **shared,
            stretches=_stretches([row.seconds(pts) for pts in wanted.tolist()]),
            wanted=wanted.tobytes(),
        )
    measure = not rule.plain or (rule.start <= 0 and rule.end is None)
    return child.Take(
        **shared,
        stretches=[(0.0 if measure else rule.start, rule.end)],
        known=known.tobytes(),
        measure=measure,
        ignore=activities.ignored(row),
    )


def _stretches(seconds: list[float]) -> list[tuple[float, float | None]]:
    """Where the wanted frames lie: what is far from all of them need not be decoded."""
    found: list[tuple[float, float | None]] = []
    begin = before = seconds[0]
    for at in [*seconds[1:], math.inf]:
        if at - before > APART:
            found.append((begin, before + 2 * TICK))
            begin = at
        before = at
    return found


@dataclass
class _Taking:
    """A split under way: what the child said so far."""

    video: Video
    selection: Selection | None
    running: Running
    rule: Rule
    decoded: tuple[float, float | None] | None
    """The range of which everything is decoded; None where only chosen frames are."""
    counts: dict[str, int] = field(default_factory=lambda: {"selected": 0, "made": 0, "known": 0})
    report: dict[str, Any] = field(default_factory=dict)
    parts: list[bytes] = field(default_factory=list)
    batch: list[Frame] = field(default_factory=list)

    def listen(self, messages: Any) -> None:
        try:
            for message in messages:
                self._hear(message)
                self.running.check()
        except (Refused, Cancelled):
            self._store()  # what was taken is good
            raise
        self._store()

    def count_known(self, track: Track | None, wanted: int) -> None:
        """Count the chosen frames that were there before and not asked for again."""
        assert track is not None
        self.counts["known"] = len(track.chosen(self.rule)) - wanted
        self.counts["selected"] += self.counts["known"]

    def _hear(self, message: Message) -> None:
        facts = message.facts
        if message.kind == "picture":
            self.counts["selected"] += 1
            self.batch.append(self._frame(facts, message.data))
            if len(self.batch) == settings.BULK_ROWS // 4:
                self._store()
            self._progress(facts["seconds"])
        elif message.kind == "known":
            self.counts["selected"] += 1
            self.counts["known"] += 1
            self._progress(facts["seconds"])
        elif message.kind == "seconds":
            self._progress(facts["done"])
        elif message.kind == "rows":
            self.parts.append(message.data)
        elif message.kind == "report":
            self._report(facts)

    def _report(self, report: dict[str, Any]) -> None:
        self.report = report
        if self.decoded is not None:
            start, end = self.decoded
            activities.record_damage(self.video, report, start=start, end=end)

    def _progress(self, seconds: float) -> None:
        length = self.video.duration
        end = min(x for x in (self.rule.end, length, 10.0**9) if x is not None)
        done = round(max(0.0, seconds - self.rule.start))
        self.running.progress(done, round(end - self.rule.start), "seconds of video")

    def _frame(self, facts: dict[str, Any], data: bytes) -> Frame:
        row = self.video
        key, sha256 = files.put_bytes("frames", data[: facts["jpeg"]], ".jpg")
        thumbnails.keep(key, data[facts["jpeg"] :])
        return Frame(
            project_id=row.project_id,
            video=row,
            selection=self.selection,
            name=f"{Path(row.name).stem}_{facts['index']:06d}",
            pts=facts["pts"],
            index=facts["index"],
            sha256=sha256,
            file=key,
            width=facts["width"],
            height=facts["height"],
            dhash=facts["dhash"],
        )

    def _store(self) -> None:
        self.counts["made"] += len(self.batch)
        Frame.objects.bulk_create(self.batch, ignore_conflicts=True, batch_size=settings.BULK_ROWS)
        self.batch.clear()
