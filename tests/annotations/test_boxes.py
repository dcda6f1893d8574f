"""Boxes: drawn, moved, deleted, restored; never lost and never changed behind one's back."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from annotations import boxes, crops, frames, transcriptions
from annotations.boxes import Edit
from annotations.errors import (
    BoxChanged,
    BoxTooSmall,
    CarUnknown,
    CropChanged,
    KeyTaken,
    LabelUnknown,
)
from annotations.models import Box, Crop, Frame
from annotations.vision.crops import read_picture
from lprsite import files
from lprsite.jobs.engine import Running
from tests.annotations.rows import HEIGHT, WIDTH, client_of, json_of, make_frame, make_member

PLATE = (40.0, 50.0, 100.0, 80.0)
NAN, INF = float("nan"), float("inf")


@pytest.fixture
def frame(project: Any) -> Frame:
    return make_frame(project)


@pytest.fixture
def plate(frame: Frame, user: Any) -> Box:
    return boxes.draw(frame, label="plate", xyxy=PLATE, by=user)


def read(crop: Crop, text: str, by: Any) -> None:
    crop.refresh_from_db()
    reading = transcriptions.Reading("readable", text, uuid4(), crop.revision)
    transcriptions.save(crop, reading, by=by)
    crop.refresh_from_db()


def test_plate_box_has_its_crop_at_once(plate: Box, frame: Frame) -> None:
    cut = read_picture(files.local_path(plate.crop.file))
    whole = read_picture(files.local_path(frame.file))
    assert (cut == whole[50:80, 40:100]).all()
    assert (plate.crop.width, plate.crop.height, plate.crop.waiting) == (60, 30, True)


def test_a_plate_is_linked_to_the_one_car_it_lies_in(frame: Frame, plate: Box) -> None:
    car = boxes.draw(frame, label="car", xyxy=(20, 20, 150, 100))
    boxes.draw(frame, label="car", xyxy=(80, 20, 200, 100))  # a third of the plate
    assert boxes.link_plates([frame.pk]) == 1
    plate.refresh_from_db()
    assert plate.car == car


def test_a_plate_in_two_cars_is_linked_to_none(frame: Frame, plate: Box) -> None:
    for edge in (10, 20):
        boxes.draw(frame, label="car", xyxy=(edge, edge, 150, 100))
    assert boxes.link_plates([frame.pk]) == 0


def test_a_plate_that_somebody_parted_from_its_car_stays_so(frame: Frame, plate: Box) -> None:
    car = boxes.draw(frame, label="car", xyxy=(20, 20, 150, 100))
    boxes.change(plate, Edit(car=car.pk), revision=plate.revision)
    boxes.change(plate, Edit(car=None), revision=plate.revision)
    other = boxes.draw(frame, label="car", xyxy=(200, 20, 250, 100))
    assert boxes.link_plates([frame.pk], new={other.pk}) == 0
    assert boxes.link_all_plates(frame.project) == 0


def test_car_has_no_crop(frame: Frame) -> None:
    boxes.draw(frame, label="car", xyxy=PLATE)
    assert not Crop.objects.exists()


def test_box_outside_the_frame_is_clipped(frame: Frame) -> None:
    box = boxes.draw(frame, label="car", xyxy=(-20, -INF, WIDTH + 50, HEIGHT + 1))
    assert box.xyxy == (0, 0, WIDTH, HEIGHT)


@pytest.mark.parametrize(
    "xyxy",
    [
        (10, 10, 10.5, 50),
        (50, 50, 10, 10),
        (-30, -30, -5, -5),
        (WIDTH, 0, WIDTH + 9, 9),
        (NAN, 0, 10, 10),
        (0, 0, INF, NAN),
    ],
)
def test_hardly_a_box_is_refused(frame: Frame, xyxy: Any) -> None:
    with pytest.raises(BoxTooSmall):
        boxes.draw(frame, label="plate", xyxy=xyxy)
    assert not Box.objects.exists() and not Crop.objects.exists()


def test_unknown_label_is_refused(frame: Frame) -> None:
    with pytest.raises(LabelUnknown, match="tram"):
        boxes.draw(frame, label="tram", xyxy=PLATE)


def test_same_key_again_is_the_same_box(frame: Frame, project: Any) -> None:
    key = uuid4()
    first = boxes.draw(frame, label="plate", xyxy=PLATE, client_key=key)
    assert boxes.draw(frame, label="plate", xyxy=(0, 0, 9, 9), client_key=key) == first
    assert Box.objects.count() == 1
    with pytest.raises(KeyTaken):
        boxes.draw(make_frame(project, seed=2), label="car", xyxy=PLATE, client_key=key)


def test_moved_box_cuts_again_and_keeps_its_texts(plate: Box, user: Any) -> None:
    read(plate.crop, "PBA1234", user)
    before = plate.crop.file
    boxes.change(plate, Edit(xyxy=(42, 50, 102, 80)), revision=1, by=user)
    crop = Crop.objects.get(box=plate)
    assert crop.file != before and crop.current is not None and crop.current.text == "PBA1234"
    assert (crop.recheck, crop.waiting) == (False, False)


def test_box_moved_far_asks_for_a_recheck(plate: Box, user: Any) -> None:
    read(plate.crop, "PBA1234", user)
    boxes.change(plate, Edit(xyxy=(140, 50, 200, 80)), revision=1, by=user)
    crop = Crop.objects.get(box=plate)
    assert (crop.recheck, crop.waiting) == (True, True)
    assert crop.current is not None
    read(crop, "PBA1234", user)
    assert (crop.recheck, crop.waiting) == (False, False)


def test_crop_nobody_read_needs_no_recheck(plate: Box) -> None:
    boxes.change(plate, Edit(xyxy=(140, 50, 200, 80)), revision=1)
    assert not Crop.objects.get(box=plate).recheck


def test_moving_makes_a_reading_of_the_old_picture_a_conflict(plate: Box, user: Any) -> None:
    old = Crop.objects.get(box=plate)
    boxes.change(plate, Edit(xyxy=(60, 50, 120, 80)), revision=1)
    reading = transcriptions.Reading("readable", "PBA1234", uuid4(), old.revision)
    with pytest.raises(CropChanged):
        transcriptions.save(old, reading, by=user)


def test_plate_that_becomes_a_car_withdraws_its_crop(plate: Box, user: Any) -> None:
    read(plate.crop, "PBA1234", user)
    boxes.change(plate, Edit(label="car"), revision=1)
    assert Crop.objects.get(box=plate).withdrawn
    boxes.change(plate, Edit(label="plate"), revision=2)
    crop = Crop.objects.get(box=plate)
    assert (crop.withdrawn, crop.waiting) == (False, False)
    assert crop.current is not None and crop.current.text == "PBA1234"


def test_deleted_box_comes_back_with_its_texts(plate: Box, user: Any) -> None:
    read(plate.crop, "PBA1234", user)
    boxes.delete(plate, revision=1, by=user)
    assert not Box.objects.present().exists() and Crop.objects.get(box=plate).withdrawn
    boxes.restore(plate, by=user)
    assert Box.objects.present().get() == plate
    crop = Crop.objects.get(box=plate)
    assert crop.current is not None and not crop.withdrawn and not crop.waiting


def test_history_tells_what_was_done(plate: Box, user: Any) -> None:
    boxes.change(plate, Edit(xyxy=(0, 0, 30, 30)), revision=1, by=user)
    boxes.delete(plate, revision=2, by=user)
    boxes.restore(plate, by=user)
    told = [(c.action, c.by_id) for c in plate.changes.all()]
    assert told == [(a, user.pk) for a in ("made", "moved", "deleted", "restored")]
    assert plate.changes.all()[1].before["xyxy"] == list(PLATE)
    assert plate.changes.all()[1].after["xyxy"] == [0, 0, 30, 30]


def test_old_revision_changes_nothing_and_shows_the_box(plate: Box) -> None:
    boxes.change(plate, Edit(xyxy=(0, 0, 30, 30)), revision=1)
    for late in (
        lambda: boxes.change(plate, Edit(label="car"), revision=1),
        lambda: boxes.delete(plate, revision=1),
    ):
        with pytest.raises(BoxChanged) as conflict:
            late()
        assert conflict.value.details["current"]["xyxy"] == [0, 0, 30, 30]
    assert Box.objects.get(pk=plate.pk).label.name == "plate"


def test_car_of_a_plate_is_on_the_same_frame(plate: Box, frame: Frame, project: Any) -> None:
    car = boxes.draw(frame, label="car", xyxy=(10, 10, 200, 150))
    other = boxes.draw(make_frame(project, seed=2), label="car", xyxy=(10, 10, 200, 150))
    assert boxes.change(plate, Edit(car=car.pk), revision=1).car == car
    for wrong in (other.pk, plate.pk, 10**6):
        with pytest.raises(CarUnknown):
            boxes.change(plate, Edit(car=wrong), revision=2)
    assert boxes.change(plate, Edit(ignore=True), revision=2).car == car
    assert boxes.change(plate, Edit(car=None), revision=3).car is None


def test_plate_of_a_deleted_car_belongs_to_none(plate: Box, frame: Frame) -> None:
    car = boxes.draw(frame, label="car", xyxy=(10, 10, 200, 150))
    boxes.change(plate, Edit(car=car.pk), revision=1)
    boxes.delete(car, revision=1)
    plate.refresh_from_db()
    assert plate.car is None


@pytest.mark.parametrize("sides", [{"x2": 5.0}, {"y1": 99.0}, {"x1": -1.0}])
def test_box_without_area_is_impossible(plate: Box, sides: dict[str, float]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Box.objects.filter(pk=plate.pk).update(**sides)


def test_missing_crops_are_made_once(plate: Box, frame: Frame, running: Running) -> None:
    boxes.draw(frame, label="plate", xyxy=(150, 50, 200, 80))
    Crop.objects.all().delete()
    assert crops.make_missing(frame.project, running) == {"made": 2}
    assert crops.make_missing(frame.project, running) == {"made": 0}
    assert Crop.objects.filter(waiting=True).count() == 2


def test_resized_crops_come_with_their_texts(
    plate: Box, user: Any, running: Running, tmp_path: Path
) -> None:
    read(plate.crop, "PBA1234", user)
    crops.resize_all(plate.frame.project, tmp_path / "out", (96, 48), running)
    head, line = (tmp_path / "out" / "manifest.csv").read_text().splitlines()
    name, text = line.split(",")
    assert (head, text) == ("file,text", "PBA1234")
    assert read_picture(tmp_path / "out" / name).shape == (48, 96, 3)


# --- through the API


def drawn(on: Frame, **changes: Any) -> dict[str, Any]:
    sides = dict(zip(("x1", "y1", "x2", "y2"), PLATE, strict=True))
    return {"frame": on.pk, "label": "plate", "client_key": str(uuid4()), **sides, **changes}


def test_box_through_the_api(api: Any, frame: Frame) -> None:
    given = drawn(frame, ignore=True)
    status, box = json_of(api, "post", "boxes/", given)
    assert status == 201 and box["crop"]["id"] and box["ignore"] is True
    assert json_of(api, "post", "boxes/", given)[1]["id"] == box["id"]
    moved = {"revision": 1, "x1": 0, "y1": 0, "x2": 50, "y2": 20}
    status, after = json_of(api, "patch", f"boxes/{box['id']}/", moved)
    assert (status, after["revision"], after["x2"]) == (200, 2, 50)
    status, conflict = json_of(api, "patch", f"boxes/{box['id']}/", moved)
    assert (status, conflict["code"]) == (409, "BoxChanged")
    assert conflict["current"]["revision"] == 2
    assert json_of(api, "delete", f"boxes/{box['id']}/?revision=1")[0] == 409
    assert json_of(api, "delete", f"boxes/{box['id']}/?revision=2")[0] == 204
    assert json_of(api, "get", f"boxes/{box['id']}/")[0] == 404
    assert json_of(api, "post", f"boxes/{box['id']}/restore/")[0] == 200


def test_change_of_a_deleted_box_is_a_conflict_and_it_can_come_back(api: Any, plate: Box) -> None:
    assert json_of(api, "delete", f"boxes/{plate.pk}/?revision=1")[0] == 204
    status, conflict = json_of(api, "patch", f"boxes/{plate.pk}/", {"revision": 1, "label": "car"})
    assert (status, conflict["code"], conflict["current"]["deleted"]) == (409, "BoxChanged", True)
    for _ in range(2):
        back = json_of(api, "post", f"boxes/{plate.pk}/restore/")[1]
        assert (back["label"], back["revision"]) == ("plate", 3)


def test_history_says_who_did_what(api: Any, frame: Frame, user: Any) -> None:
    box = json_of(api, "post", "boxes/", drawn(frame))[1]
    json_of(api, "patch", f"boxes/{box['id']}/", {"revision": 1, "label": "car"})
    json_of(api, "delete", f"boxes/{box['id']}/?revision=2")
    told = json_of(api, "get", f"boxes/{box['id']}/changes/")[1]
    assert [(one["action"], one["by"]) for one in told] == [
        (action, user.username) for action in ("deleted", "moved", "made")
    ]
    assert (told[1]["before"]["label"], told[1]["after"]["label"]) == ("plate", "car")
    boxes.change(boxes.draw(frame, label="car", xyxy=PLATE), Edit(ignore=True), revision=1)
    last = Box.objects.latest("pk").pk
    assert json_of(api, "get", f"boxes/{last}/changes/")[1][0]["by"] == ""


@pytest.mark.parametrize(
    "changes", [{"x1": "nan"}, {"label": "tram"}, {"x1": None}, {"x2": 40.2}, {"frame": 10**6}]
)
def test_wrong_box_is_a_400_with_a_sentence(
    api: Any, frame: Frame, changes: dict[str, Any]
) -> None:
    status, body = json_of(api, "post", "boxes/", drawn(frame, **changes))
    assert status == 400 and body["message"] and not Box.objects.exists()


def test_half_a_move_is_refused(api: Any, plate: Box) -> None:
    status, body = json_of(api, "patch", f"boxes/{plate.pk}/", {"revision": 1, "x1": 3})
    assert (status, body["code"]) == (400, "Invalid")


def test_viewer_and_outsider_draw_nothing(frame: Frame, project: Any, db: None) -> None:
    from annotations.models import Role

    viewer = make_member(project, "viewer", Role.VIEWER)
    assert json_of(client_of(viewer), "post", "boxes/", drawn(frame))[0] == 403
    assert not Box.objects.exists()


def test_box_on_a_frame_where_nothing_was_opens_it(frame: Frame, user: Any) -> None:
    def status() -> tuple[str, list[str]]:
        frame.refresh_from_db()
        return frame.status, frame.complete_labels

    frames.mark(frame, status="nothing_here")
    box = boxes.draw(frame, label="car", xyxy=(10, 10, 60, 40), by=user)
    assert status() == ("open", [])
    frames.mark(frame, status="done")
    boxes.draw(frame, label="car", xyxy=(70, 10, 90, 40), by=user)
    assert status()[0] == "done"
    for row in Box.objects.all():
        boxes.delete(row, revision=1)
    frames.mark(frame, status="nothing_here")
    boxes.restore(box)
    assert status() == ("open", [])


def test_box_moved_while_its_crop_was_cut_keeps_the_newer_crop(
    frame: Frame, running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = boxes.draw(frame, label="plate", xyxy=(10, 10, 60, 40))
    Crop.objects.all().delete()
    real = crops.cut

    def slow(*given: Any) -> Any:
        made = real(*given)
        monkeypatch.setattr(crops, "cut", real)
        boxes.change(Box.objects.get(pk=box.pk), boxes.Edit((100, 50, 180, 90)), revision=1)
        return made

    monkeypatch.setattr(crops, "cut", slow)
    assert crops.make_missing(frame.project, running) == {"made": 0}
    assert (Crop.objects.get().width, Crop.objects.get().height) == (80, 40)
