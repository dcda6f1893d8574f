"""What networks propose belongs to a picture, and is stored once per model."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from annotations import boxes, suggestions
from annotations.boxes import Edit
from annotations.models import Crop, Suggestion
from annotations.suggestions import Proposal, keep, projects_lacking, wanted
from annotations.transcriptions import Reading, newest_suggestions, save
from tests.annotations.rows import json_of, make_crops, make_frame


def text_of(crop: Crop) -> str | None:
    found = newest_suggestions([crop.pk]).get(crop.pk)
    return found["text"] if found else None


def pks(rows: Any) -> list[int]:
    return [row.pk for row in rows]


def test_proposal_is_shown_and_the_project_lacks_nothing(project: Any) -> None:
    crop = make_crops(project, 1)[0]
    assert projects_lacking() == [project.pk]
    keep("starter", [Proposal(crop.pk, 1, "PBA1", [0.98765, 1, 1, 1], [[("8", 0.00123)]])])
    assert projects_lacking() == []
    found = newest_suggestions([crop.pk])[crop.pk]
    assert found["characters"] == [0.9877, 1, 1, 1] and found["alternatives"] == [[["8", 0.0012]]]


def test_same_proposal_again_is_one_row(project: Any) -> None:
    crop = make_crops(project, 1)[0]
    for text in ("OLD1", "NEW1"):
        keep("starter", [Proposal(crop.pk, 1, text)])
    assert [row.text for row in Suggestion.objects.all()] == ["NEW1"]


def test_a_frame_tells_what_is_suggested_for_its_unread_plates(
    project: Any, user: Any, api: Any
) -> None:
    frame = make_frame(project)
    plates = [
        boxes.draw(frame, label="plate", xyxy=(x, 50, x + 60, 80), by=user) for x in (40, 140, 240)
    ]
    keep("starter", [Proposal(box.crop.pk, 1, f"PBA{n}") for n, box in enumerate(plates[:2])])
    read = plates[1].crop
    save(read, Reading("readable", "PBA1", uuid4(), read.revision), by=user)
    told = json_of(api, "get", f"frames/{frame.pk}/")[1]["boxes"]
    found = [box["crop"]["suggestion"] for box in told]
    assert (found[0]["text"], found[1:]) == ("PBA0", [None, None])


def test_moved_box_drops_its_suggestion(project: Any, user: Any) -> None:
    box = boxes.draw(make_frame(project), label="plate", xyxy=(10, 10, 60, 40), by=user)
    crop = Crop.objects.get(box=box)
    keep("starter", [Proposal(crop.pk, crop.revision, "PBA1")])
    boxes.change(box, Edit(xyxy=(90, 10, 140, 40)), revision=1, by=user)
    assert text_of(crop) is None and projects_lacking() == [project.pk]


def test_proposal_for_a_picture_of_before_leaves_the_crop_wanted(project: Any) -> None:
    crop = make_crops(project, 1, revision=3)[0]
    keep("starter", [Proposal(crop.pk, 2, "PBA1")])
    assert text_of(crop) is None and projects_lacking() == [project.pk]


def test_crop_that_is_gone_is_passed_over(project: Any) -> None:
    crop = make_crops(project, 1)[0]
    keep("starter", [Proposal(crop.pk + 1, 1, "X"), Proposal(crop.pk, 1, "PBA1")])
    assert text_of(crop) == "PBA1"


def test_only_waiting_crops_are_wanted(project: Any) -> None:
    first, second = make_crops(project, 2)
    make_crops(project, 1, withdrawn=True, waiting=False)
    keep("starter", [Proposal(first.pk, 1, "PBA1")])
    assert pks(wanted(project, ["starter"], again=False)) == [second.pk]
    assert pks(wanted(project, ["starter"], again=True)) == [second.pk]
    assert pks(wanted(project, ["Recognizer 1"], again=True)) == [first.pk, second.pk]


def test_model_that_comes_back_proposes_anew(project: Any) -> None:
    crop = make_crops(project, 1)[0]
    for model in ("A", "B"):
        keep(model, [Proposal(crop.pk, 1, model)])
    assert pks(wanted(project, ["A"], again=True)) == [crop.pk]
    keep("A", [Proposal(crop.pk, 1, "A")])
    assert text_of(crop) == "A" and pks(wanted(project, ["A"], again=True)) == []


def test_project_being_deleted_lacks_nothing(project: Any) -> None:
    make_crops(project, 1)
    project.deleting_at = project.created_at
    project.save()
    assert suggestions.projects_lacking() == []
