"""What networks propose for the crops that wait to be read.

A suggestion belongs to a picture: to a crop as it was at one revision. Whoever moves a box
makes a new picture, and what was proposed for the old one is not shown any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, Subquery

from annotations.models import Crop, Project, Suggestion
from annotations.models.crops import CropQuerySet


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
