"""Folders of drawn pictures, and the command that makes them."""

from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import cv2
import pytest
from django.core.management import CommandError, call_command

from training.synthetic import files


def table(manifest: Path) -> list[dict[str, str]]:
    with manifest.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def shape(path: Path) -> list[int]:
    picture = cv2.imread(str(path))
    assert picture is not None
    return list(picture.shape)


def command(*arguments: str) -> dict[str, object]:
    out = StringIO()
    call_command("make_synthetic", *arguments, "--json", stdout=out)
    result: dict[str, object] = json.loads(out.getvalue())
    return result


def test_plates_are_listed_with_their_whole_picture_as_box(tmp_path: Path) -> None:
    rows = table(files.write_plates(tmp_path, count=3, seed=1))
    assert [row["label"] for row in rows] == ["plate"] * 3
    for row in rows:
        height, width = shape(tmp_path / row["file"])[:2]
        assert (row["x"], row["y"], row["w"], row["h"]) == ("0", "0", str(width), str(height))
        assert row["text"]


def test_a_picture_depends_on_seed_and_number_alone(tmp_path: Path) -> None:
    few = table(files.write_plates(tmp_path / "few", count=2, seed=7))
    many = table(files.write_plates(tmp_path / "many", count=4, seed=7))
    assert many[:2] == few
    name = few[1]["file"]
    assert (tmp_path / "few" / name).read_bytes() == (tmp_path / "many" / name).read_bytes()


def test_scenes_list_cars_and_plates(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    manifest = files.write_scenes(
        tmp_path, count=6, seed=2, size=(320, 180), progress=lambda *at: seen.append(at)
    )
    rows = table(manifest)
    assert {row["label"] for row in rows} == {"car", "plate"}
    assert all(bool(row["text"]) == (row["label"] == "plate") for row in rows)
    assert all(int(row["x"]) + int(row["w"]) <= 320 for row in rows)
    assert seen[-1] == (6, 6)


def test_a_contact_sheet_shows_what_was_drawn(tmp_path: Path) -> None:
    files.write_plates(tmp_path, count=9, seed=1)
    assert shape(tmp_path / "contact.jpg") == [200, 8 * 164, 3]  # two rows of eight
    files.write_scenes(tmp_path, count=1, seed=2, size=(320, 180))
    assert shape(tmp_path / "contact.jpg") == [256, 420, 3]


def test_command_makes_plates_of_all_formats(tmp_path: Path) -> None:
    result = command("plates", "--count", "2", "--out", str(tmp_path), "--formats", "all",
                     "--size", "96x48")  # fmt: skip
    assert result["plates"] == 2
    assert shape(tmp_path / "plate_000001.jpg") == [48, 96, 3]


def test_command_makes_a_video_with_its_truth(tmp_path: Path) -> None:
    result = command("video", "--count", "1", "--out", str(tmp_path), "--seed", "5",
                     "--size", "320x180", "--seconds", "8", "--fps", "2")  # fmt: skip
    assert result["vehicles"] == 1 and result["frames"] == 16
    assert all(Path(str(result[name])).is_file() for name in ("video", "truth", "sheet"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["plates", "--formats", "mars"], "“mars”: choose among ecuador"),
        (["video", "--count", "9", "--seconds", "9"], "9 vehicles do not fit"),
        (["plates", "--count", "0"], "At least 1"),
        (["scenes", "--size", "big"], "“big” is no size"),
    ],
)
def test_command_says_what_is_wrong(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        command(*arguments, "--out", str(tmp_path))
