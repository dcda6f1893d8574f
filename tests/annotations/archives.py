"""A project with a row of every kind, its archive, and archives that somebody changed."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from annotations import archive, boxes, datasets, splits
from annotations.archive import KEY, file_columns
from annotations.models import (
    Box,
    Camera,
    CheckedSpan,
    Crop,
    Frame,
    ImportBatch,
    Passage,
    Project,
    Role,
    Selection,
    Suggestion,
    Transcription,
)
from lprsite import files
from tests.annotations.rows import make_frame, make_member, make_video

# Other apps add theirs; tests/training/test_archiving.py looks at all together.
TABLES = [one for one in archive.TABLES if one.model._meta.app_label == "annotations"]
LONG_AGO = datetime(2021, 3, 4, 5, 6, 7, 891, tzinfo=UTC)


def read(crop: Crop, text: str, *, by: Any, suggestion: Suggestion | None = None) -> None:
    crop.current = Transcription.objects.create(
        crop=crop, status="readable", text=text, client_key=uuid4(), by=by, suggestion=suggestion
    )
    crop.waiting = False
    crop.save()


def past(model: Any, **which: Any) -> None:
    model.objects.filter(**which).update(created_at=LONG_AGO)


@pytest.fixture
def full(project: Any, user: Any) -> Project:
    """A project with a row of every kind."""
    eva = make_member(project, "eva", Role.REVIEWER)
    camera = Camera.objects.create(project=project, name="gate", ignore_mask=[[0.1, 0.2]])
    key, sha256 = files.put_bytes("videos", b"a recording", ".mp4")
    video = make_video(project, file=key, sha256=sha256, camera=camera, recorded_at=LONG_AGO)
    key, sha256 = files.put_bytes("videos", b"a condensed one", ".mp4")
    make_video(project, name="short.mp4", file=key, sha256=sha256, original=video,
               time_map=[[0.0, 1.0, 2.5]])  # fmt: skip
    selection = Selection.objects.create(video=video, fps=2.0, created_by=eva)
    passage = Passage.objects.create(
        project=project, video=video, first_pts=0, last_pts=900, text="ABC123",
        key_boxes=[[0, 1.5, 2, 3, 4]], status="accepted", reviewer=eva,
    )  # fmt: skip
    CheckedSpan.objects.create(video=video, first_pts=0, last_pts=1000, by=eva)
    for seed in range(6):
        frame = make_frame(
            project, seed=seed, name=f"gate_{seed:06d}", video=video, pts=seed * 100,
            index=seed, selection=selection, status="done", complete_labels=["car", "plate"],
        )  # fmt: skip
        car = boxes.draw(frame, label="car", xyxy=(8.25, 4.5, 150, 80), by=user)
        plate = boxes.draw(frame, label="plate", xyxy=(60, 50.5, 100, 66 + seed / 3), by=eva)
        Box.objects.filter(pk=plate.pk).update(car=car, passage=passage, client_key=uuid4())
        crop = Crop.objects.get(box=plate)
        seen = Suggestion.objects.create(crop=crop, model_name="m", text="X", characters=[0.5])
        if seed < 4:
            read(crop, f"ABC12{seed}", by=eva, suggestion=seen)
        if seed == 2:  # moved far away: the text is to be looked at again
            Crop.objects.filter(pk=crop.pk).update(recheck=True, waiting=True)
        if seed == 5:
            boxes.delete(Box.objects.get(pk=plate.pk), revision=1, by=eva)
    make_frame(project, seed=9, name="no video.png", status="nothing_here")
    ImportBatch.objects.create(project=project, name="old.zip", path="", counts={"seen": 3})
    for kind in ("detector", "recognizer"):
        datasets.freeze(project, kind, splits.Rule(), note="first", by=user)
    past(Frame, project=project)
    past(Transcription, crop__project=project)
    return Project.objects.get(pk=project.pk)


@pytest.fixture
def packed(full: Project, running: Any, tmp_path: Path) -> Path:
    archive.write(full, tmp_path / "full.zip", running, videos=True)
    return tmp_path / "full.zip"


def rows_of(project: Project) -> dict[str, list[Any]]:
    """Every value of every row, with places instead of ids."""
    places: dict[Any, dict[int, int]] = {}
    told: dict[str, list[Any]] = {}
    for table in TABLES:
        found = [r for way in table.project for r in table.rows.filter(**{way: project})]
        found.sort(key=lambda row: row.pk)
        places[table.model] = {row.pk: place for place, row in enumerate(found)}
        told[table.name] = found
    return {name: [values_of(name, row, places) for row in found] for name, found in told.items()}


def values_of(name: str, row: Any, places: dict[Any, dict[int, int]]) -> dict[str, Any]:
    table = next(one for one in TABLES if one.name == name)
    values = {}
    for field in table.columns:
        value = getattr(row, field.attname)
        if field.related_model in places and value is not None:
            value = places[field.related_model][value]
        values[field.name] = value
    return values


def stored_files(project: Project) -> set[str]:
    named = {
        getattr(row, column)
        for table in TABLES
        for way in table.project
        for row in table.rows.filter(**{way: project})
        for column in file_columns(table.model)
    }
    return {key for key in named if KEY.fullmatch(key)}


def repacked(packed: Path, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> Path:
    """The archive with each member as ``change`` returns it; None leaves it out."""
    target = packed.with_name("changed.zip")
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(target, "w") as new:
        for info in old.infolist():
            if (member := change(info.filename, old.read(info))) is not None:
                new.writestr(*member)
    return target


def with_row(packed: Path, table: str, **values: Any) -> Path:
    """The archive with other values in the first row of a table."""

    def change(name: str, data: bytes) -> tuple[str, bytes]:
        if name == f"rows/{table}.jsonl":
            first, *others = data.splitlines()
            data = b"\n".join([json.dumps({**json.loads(first), **values}).encode(), *others])
        return name, data

    return repacked(packed, change)
