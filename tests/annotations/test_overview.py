"""The dashboard's figures: what is there and left per video, and what the plates look like."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.utils import timezone

from annotations import agreement, boxes, overview, transcriptions
from annotations.models import Camera, Project, Role, Transcription
from tests.annotations.rows import make_crops, make_frame, make_member, make_video


def write(
    crop: Any, text: str, by: User, *, role: str = "first", seconds: float | None = None
) -> None:
    crop.refresh_from_db()
    reading = transcriptions.Reading("readable", text, uuid4(), crop.revision, seconds)
    transcriptions.save(crop, reading, by=by, role=role)


def test_counts_per_video(project: Project, user: User) -> None:
    video = make_video(project)
    seen = make_frame(project, video=video, pts=0)
    make_frame(project, seed=1, video=video, pts=1000)
    plate = boxes.draw(seen, label="plate", xyxy=(10, 10, 60, 40), by=user)
    boxes.draw(seen, label="car", xyxy=(0, 0, 90, 90), by=user)
    crop = project.crops.get(box=plate)
    make_crops(project, 2)
    write(crop, "PBA1234", user)
    one, loose = overview.videos(project)
    assert (one.video, one.frames, one.boxes, one.crops) == (video.pk, 2, 2, 1)
    assert (one.transcribed, one.waiting) == (1, 0)
    assert (loose.video, loose.frames, loose.crops, loose.waiting) == (None, 0, 2, 2)


def test_a_video_without_anything_is_there_too(project: Project) -> None:
    make_video(project)
    assert [one.frames for one in overview.videos(project)] == [0]


def test_what_plates_look_like(project: Project, user: User) -> None:
    small, large = make_crops(project, 1, width=47)[0], make_crops(project, 1, width=120)[0]
    large.sharpness = 300.0
    large.save(update_fields=["sharpness"])
    write(small, "AAB1234", user)
    told = overview.labelling(project)
    assert told.characters["A"] == 2
    assert told.characters["Z"] == 0
    assert told.widths == {40: 1, 120: 1}
    assert told.sharpness == {0.0: 1, 256.0: 1}
    assert told.heat == []


def test_the_heat_lies_where_the_middle_of_the_box_is(project: Project, user: User) -> None:
    frame = make_frame(project)  # 320 x 180: a cell has 6.67 x 6.67 pixels
    boxes.draw(frame, label="plate", xyxy=(300, 160, 320, 180), by=user)
    (heat,) = overview.labelling(project).heat
    assert (heat.camera, heat.picture, heat.boxes) == (None, frame.pk, 1)
    assert heat.labels["plate"].index(1) == 25 * overview.ACROSS + 46
    assert sum(heat.labels["plate"]) == 1


def test_each_camera_has_its_own_heat(project: Project, user: User) -> None:
    gate = Camera.objects.create(project=project, name="Gate")
    video = make_video(project, camera=gate)
    for number in range(2):
        frame = make_frame(project, seed=number, video=video, pts=number)
        boxes.draw(frame, label="car", xyxy=(0, 0, 20, 20), by=user)
    single = make_frame(project, seed=9)
    boxes.draw(single, label="plate", xyxy=(300, 160, 320, 180), by=user)
    first, other = overview.labelling(project).heat
    assert (first.camera, first.name, first.picture, first.boxes) == (gate.pk, "Gate", frame.pk, 2)
    assert (other.camera, other.name, list(other.labels)) == (None, "", ["plate"])


def test_queries_do_not_grow(
    project: Project, user: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(3):
        video = make_video(project, name=f"{number}.mp4")
        frame = make_frame(project, seed=number, video=video, pts=0)
        boxes.draw(frame, label="plate", xyxy=(10, 10, 60, 40), by=user)
    with django_assert_max_num_queries(4):
        overview.videos(project)
    with django_assert_max_num_queries(5):
        overview.labelling(project)
    with django_assert_max_num_queries(2):
        agreement.people(project)


def test_people_by_day_speed_and_likeness(project: Project, user: User) -> None:
    project.time_zone = "America/Guayaquil"
    project.save()
    luis = make_member(project, "luis", Role.REVIEWER)
    crops = make_crops(project, 4)
    for crop, seconds in zip(crops, (1.0, 2.0, 9.0, 600.0), strict=True):
        write(crop, "PBA1234", user, seconds=seconds)
    write(crops[0], "PBA1235", luis, role="second")
    write(crops[1], "PBA1234", luis, role="second")
    old = Transcription.objects.filter(by=user).last()
    assert old is not None
    Transcription.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=40))
    ana, other = agreement.people(project)
    assert (ana.person, ana.readings, sum(ana.days.values())) == (user.username, 3, 3)
    assert ana.median_seconds == 2.0
    assert (other.compared, other.exact) == (2, 0.5)
    assert other.characters is not None
    assert round(other.characters, 3) == round((1 + 6 / 7) / 2, 3)


def test_what_is_counted_of_a_large_project_is_remembered(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    make_crops(project, 3)
    assert overview.remembered("crops", project, lambda p: p.crops.count()) == 3
    monkeypatch.setattr(overview, "MANY", 3)
    make_crops(project, 1)
    assert overview.remembered("crops", project, lambda p: p.crops.count()) == 4
    make_crops(project, 1)
    assert overview.remembered("crops", project, lambda p: p.crops.count()) == 4
    cache.clear()
