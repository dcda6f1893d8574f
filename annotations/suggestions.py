"""What networks propose: texts for the crops that wait to be read, boxes for frames.

A suggestion of a text belongs to a picture: to a crop as it was at one revision. Whoever moves
a box makes a new picture, and what was proposed for the old one is not shown any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from annotations.models import Box, Crop, Frame, Project, Suggestion
from annotations.models.crops import CropQuerySet

Found = tuple[str, float, float, float, float, float]  # label, x1, y1, x2, y2, confidence


@dataclass(frozen=True)
class Proposal:
    """What a network read on a crop; "" where it read nothing. Shares are 0..1."""

    crop: int
    revision: int
    text: str
    characters: Sequence[float] = ()
    alternatives: Sequence[Sequence[tuple[str, float]]] = ()


def projects_lacking() -> list[int]:
    """The projects with crops that wait and that no network has read yet."""
    lacking = Crop.objects.filter(project=OuterRef("pk"), waiting=True, suggested=False)
    rows = Project.objects.filter(Exists(lacking), deleting_at=None)
    return list(rows.values_list("pk", flat=True))


def wanted(project: Project, models: Sequence[str], *, again: bool) -> CropQuerySet:
    """The waiting crops, by id, that no network has read; with ``again``, that none of these did
    as the last."""
    rows = Crop.objects.filter(project=project).unread().order_by("id")
    if not again:
        return rows.filter(suggested=False)
    newest = Suggestion.objects.filter(crop=OuterRef("pk"), revision=OuterRef("revision"))
    names = newest.order_by("-created_at", "-id").values("model_name")[:1]
    return rows.annotate(newest=Subquery(names)).filter(Q(newest=None) | ~Q(newest__in=models))


@transaction.atomic
def keep(model: str, proposals: Sequence[Proposal]) -> None:
    """Store what the model read, once per crop, revision and model.

    A crop that is gone is passed over; one that was cut anew meanwhile still lacks a suggestion.
    """
    if not proposals:
        return
    ids = [proposal.crop for proposal in proposals]
    here = set(Crop.objects.select_for_update().filter(pk__in=ids).values_list("pk", flat=True))
    Suggestion.objects.bulk_create(
        [
            Suggestion(
                crop_id=one.crop,
                revision=one.revision,
                model_name=model,
                text=one.text,
                characters=[round(share, 4) for share in one.characters],
                confidence=min(one.characters, default=None),
                alternatives=[
                    [[other, round(share, 4)] for other, share in place]
                    for place in one.alternatives
                ],
            )
            for one in proposals
            if one.crop in here
        ],
        update_conflicts=True,
        unique_fields=["crop", "revision", "model_name"],
        update_fields=["text", "characters", "confidence", "alternatives", "created_at"],
    )
    mine = Suggestion.objects.filter(crop=OuterRef("pk"), revision=OuterRef("revision"))
    Crop.objects.filter(Exists(mine.filter(model_name=model)), pk__in=here).update(suggested=True)


# --- boxes


def unlooked_at(frame: Frame, model: str, *, ahead: int) -> list[Frame]:
    """Of this frame and the next ``ahead`` of its video, in their order: those that wait without
    boxes and that the model has not looked at."""
    rows = Frame.objects.filter(project=frame.project_id, video=frame.video_id)
    if frame.video_id is None:
        rows = rows.filter(pk__gte=frame.pk).order_by("id")
    else:
        rows = rows.filter(pts__gte=frame.pts).order_by("pts")
    near = Frame.objects.unannotated().filter(
        pk__in=list(rows.values_list("pk", flat=True)[: ahead + 1])
    )
    looked = Suggestion.objects.filter(frame=OuterRef("pk"), model_name=model)
    boxed = Box.objects.present().filter(frame=OuterRef("pk"))
    return list(near.filter(~Exists(looked), ~Exists(boxed)).order_by("pts", "id"))


@transaction.atomic
def keep_boxes(model: str, found: Mapping[int, Sequence[Found]]) -> None:
    """Store what the model found on frames, by their ids, in place of what was proposed before.

    Where it found nothing, an empty row says that it looked. Frames that are gone are passed over.
    """
    rows = Frame.objects.select_for_update().filter(pk__in=found)
    here = list(rows.order_by("id").values_list("pk", flat=True))
    Suggestion.objects.filter(frame__in=here).delete()
    Suggestion.objects.bulk_create(
        [
            Suggestion(frame_id=pk, model_name=model, box=box)
            for pk in here
            for box in [list(one) for one in found[pk]] or [[]]
        ],
        batch_size=settings.BULK_ROWS,
    )


def boxes_on(frame: Frame) -> list[dict[str, Any]] | None:
    """The boxes proposed on the frame, as the API shows them; None where no network has looked."""
    rows = list(Suggestion.objects.filter(frame=frame).order_by("id"))
    columns = ("id", "model_name", "label", "x1", "y1", "x2", "y2", "confidence")
    told = [
        dict(zip(columns, (row.pk, row.model_name, *row.box), strict=True))
        for row in rows
        if row.box and not row.settled
    ]
    return told if rows else None


def settle(frame: Frame, suggestion: int, *, settled: bool = True) -> None:
    """Propose this box on the frame no more, because a person accepted or rejected it; or again.

    One that is gone, or was replaced by another detector's, is passed over.
    """
    Suggestion.objects.filter(pk=suggestion, frame=frame).update(settled=settled)
