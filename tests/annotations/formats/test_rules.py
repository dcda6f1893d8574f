"""The rules of an import, and what other tools are known to stumble over, one test each.

The names say which; FORMATS.md, A4 and table B, is where they come from.
"""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from annotations import errors, formats
from annotations.formats import kitti, labelerjs, lprnet, plate_texts
from annotations.formats.archives import open_source
from annotations.formats.exports import ExportCrop

from .conftest import adds_up, jpeg, read
from .test_labelerjs import texts

CAR, PLATE = "0 0.45 0.6 0.5 0.6", "1 0.475 0.75 0.15 0.1"
COMPOSED = unicodedata.normalize("NFC", "cámara ñ.jpg")
LAYOUTS = ("images/{}/a.jpg labels/{}/a.txt", "{}/images/a.jpg {}/labels/a.txt")
ENTRY = {"label": "car", "x": 0.1, "y": 0.1, "x2": 0.5, "y2": 0.5}


def cloud(*keys: str, label: str = "car") -> str:
    entries = {key: [{**ENTRY, "label": label}] for key in keys}
    return json.dumps({"version": "1.0", "labels": ["car"], "annotations": entries})


def format_of(path: Path) -> str:
    with open_source(path) as source:
        return formats.look(source).format


# --- A4: our own rules


def test_rule_1_what_a_source_is_is_seen_inside_never_by_a_name(foldered, tmp_path):
    coco = {"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": [], "categories": []}
    voc = "<annotation><filename>a.jpg</filename></annotation>"
    named = {
        "cloud-annotations": {"boxes.json": cloud("a.jpg"), "a.txt": CAR},
        "yolo": {"a.txt": CAR, "a.xml": voc},
        "voc": {"a.xml": voc, "a.json": json.dumps(coco)},
        "coco": {"_annotations.json": json.dumps(coco)},
        "csv": {"any.csv": "file,x,y,w,h\na.jpg,1,1,5,5\n"},
    }
    for name, files in named.items():
        root = foldered({f"{name}/{file}": text for file, text in files.items()})
        (root / name / "a.jpg").write_bytes(jpeg())
        assert format_of(root / name) == name


def test_rule_2_names_decode_as_cp437_only_without_the_flag_and_members_stream(tmp_path):
    """tests/annotations/formats/test_archives.py has the hostile ones."""
    import zipfile

    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("cXmara.jpg", jpeg())
        archive.writestr("cXmara.txt", CAR)
    path.write_bytes(path.read_bytes().replace(b"cXmara", b"c\xa0mara"))
    assert [p.name for p in read(path).resolve().pictures] == ["cámara.jpg"]


@pytest.mark.parametrize(
    ("key", "picture"),
    [
        ("a/x.jpg", "a/x.jpg"),
        ("A/X.JPG", "a/x.jpg"),
        ("old/x.jpg", "new/x.jpg"),
        (COMPOSED, unicodedata.normalize("NFD", COMPOSED)),
    ],
)
def test_rule_3_pictures_match_exactly_without_case_by_unique_name_and_normalised(
    zipped, key, picture
):
    plan = read(zipped({"_annotations.json": cloud(key), picture: jpeg()})).resolve()
    assert adds_up(plan)["imported"] == 1


def test_rule_3_ambiguous_is_reported(zipped):
    files = {"_annotations.json": cloud("x.jpg"), "a/x.jpg": jpeg(), "b/x.jpg": jpeg()}
    plan = read(zipped(files)).resolve()
    assert adds_up(plan)["ambiguous"] == 1
    assert "a/x.jpg" in plan.report[0].sentence


def test_rule_4_labels_are_suggested_by_name_and_class_numbers_by_geometry(zipped):
    files = {"a.jpg": jpeg(), "a.txt": f"{CAR}\n{PLATE}"}
    assert read(zipped(files)).suggest() == {"0": "car", "1": "plate"}
    assert read(zipped({**files, "classes.txt": "placa\ncoche"})).suggest() == {
        "placa": "plate",
        "coche": "car",
    }


def test_rule_5_every_entry_has_one_outcome_and_they_add_up(zipped):
    lines = [CAR, CAR, "0 NaN NaN NaN NaN", "0 0.5 0.5 0 0.2", "-1 0.5 0.5 0.2 0.2",
             "9 0.5 0.5 0.2 0.2", "0 0.5", "0 0.9 0.5 0.4 0.2"]  # fmt: skip
    files = {"a.jpg": jpeg(), "a.txt": "\n".join(lines), "gone.txt": CAR}
    assert adds_up(read(zipped(files)).resolve({"0": "car", "9": None})) == {
        "seen": 9, "imported": 2, "clamped": 1, "duplicate": 1, "tag_only": 1, "zero_area": 1,
        "index_out_of_range": 1, "ignored": 1, "bad_line": 1, "picture_missing": 1,
    }  # fmt: skip


def test_rule_5_what_the_mapping_decides_is_told_for_every_label(zipped):
    files = {"a.jpg": jpeg(), "a.txt": f"{CAR}\n{PLATE}\n7 0.5 0.5 0.2 0.2\n7 0.5 0.5 0 0"}
    for mapping in (None, {"0": "car"}, {"0": None, "7": "bus"}):
        plan = read(zipped(files)).resolve(mapping)
        assert plan.by_label == {
            "0": {"imported": 1},
            "1": {"imported": 1},
            "7": {"imported": 1, "zero_area": 1},
        }


def test_rule_6_size_is_that_of_the_upright_picture(zipped):
    files = {"a.jpg": jpeg(200, 100, orientation=6), "a.txt": "0 0.5 0.5 1 1"}
    (picture,) = read(zipped(files)).resolve().pictures
    assert (picture.width, picture.height) == (100, 200)
    assert picture.boxes[0].xyxy == (0, 0, 100, 200)


def test_rule_7_percent_is_named_not_guessed(zipped):
    with pytest.raises(errors.LooksLikePercent):
        read(zipped({"a.jpg": jpeg(), "a.txt": "0 50 50 20 20"}))


# --- table B


def darknet(**more: bytes | str) -> dict[str, bytes | str]:
    return {
        "obj.data": "classes = 2\ntrain = data/train.txt\nnames = data/obj.names\n",
        "obj.names": "car\nplate\n\n",
        "train.txt": "data/obj_train_data/a-1.v2.jpg\n\ndata/obj_train_data/b.jpg\n\n",
        "obj_train_data/a-1.v2.txt": f"{CAR}\n",
        "obj_train_data/b.txt": "",
        **more,
    }


PICTURES: dict[str, bytes | str] = {
    "obj_train_data/a-1.v2.jpg": jpeg(),
    "obj_train_data/b.jpg": jpeg(),
}


def test_darknet_empty_text_means_no_object(zipped):
    plan = read(zipped(darknet(**PICTURES))).resolve()
    assert {p.name: p.negative for p in plan.pictures} == {
        "obj_train_data/a-1.v2.jpg": False,
        "obj_train_data/b.jpg": True,
    }


def test_darknet_blank_lines_and_the_data_prefix_of_its_list_are_no_pictures(zipped):
    plan = read(zipped(darknet(**PICTURES))).resolve()
    assert adds_up(plan) == {"seen": 1, "imported": 1, "clamped": 0}
    assert plan.unlabelled == ()


def test_darknet_names_with_hyphens_numbers_and_several_dots_stay_whole(zipped):
    plan = read(zipped(darknet(**PICTURES))).resolve()
    assert plan.pictures[0].name == "obj_train_data/a-1.v2.jpg"


def test_darknet_without_pictures_is_read_and_says_which_are_missing(zipped):
    said = read(zipped(darknet()))
    assert (said.format, said.labels) == ("yolo", ("car", "plate"))
    plan = said.resolve()
    assert adds_up(plan)["picture_missing"] == 1
    assert "a-1.v2" in plan.report[0].sentence


def test_yolo_without_classes_asks_and_an_index_that_starts_at_1_is_not_shifted(zipped):
    said = read(zipped({"a.jpg": jpeg(), "a.txt": f"1{CAR[1:]}\n2{PLATE[1:]}"}))
    assert said.needs_map and said.labels == ("1", "2")
    counted = {"a.jpg": jpeg(), "a.txt": f"1{CAR[1:]}\n2{PLATE[1:]}", "classes.txt": "car\nplate"}
    assert adds_up(read(zipped(counted)).resolve())["index_out_of_range"] == 1


@pytest.mark.parametrize("names", ["[car, plate]", "{0: car, 1: plate}", "\n  1: plate\n  0: car"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("split", ["train", "valid"])
def test_ultralytics_and_roboflow_folders_and_names_as_list_or_dict(zipped, names, layout, split):
    picture, text = layout.format(split, split).split()
    yaml = f"path: .\ntrain: ../{split}/images\nval: ../valid/images\nnc: 2\nnames: {names}\n"
    readme = {"README.roboflow.txt": "1 2 3 4 5", "README.dataset.txt": "0 1 2 3 4"}
    said = read(zipped({"data.yaml": yaml, picture: jpeg(), text: PLATE, **readme}))
    assert adds_up(said.resolve()) == {"seen": 1, "imported": 1, "clamped": 0}
    assert said.resolve().pictures[0].boxes[0].label == "plate"


def test_ultralytics_value_out_of_range_costs_one_box_not_the_picture(zipped):
    files = {"a.jpg": jpeg(), "a.txt": f"{CAR}\n0 -0.1 0.5 0.1 0.1\n0 1.02 0.5 0.1 0.1\n{CAR}"}
    counts = adds_up(read(zipped(files)).resolve())
    assert counts == {
        "seen": 4, "imported": 2, "clamped": 1, "zero_area": 1, "duplicate": 1,
    }  # fmt: skip


def test_ultralytics_outline_becomes_the_box_around_it(zipped):
    files = {"a.jpg": jpeg(100, 100), "a.txt": "0 0.2 0.3 0.8 0.2 0.6 0.9 0.3 0.7"}
    box = read(zipped(files)).resolve().pictures[0].boxes[0]
    assert box.xyxy == pytest.approx((20, 20, 80, 90))


def test_ultralytics_sixth_field_is_a_confidence(zipped):
    plan = read(zipped({"a.jpg": jpeg(), "a.txt": f"{CAR} 0.87"})).resolve()
    assert adds_up(plan)["imported"] == 1


def test_ultralytics_key_points_are_no_outline(zipped):
    yaml = "names: [plate]\nkpt_shape: [2, 2]\n"
    files = {"data.yaml": yaml, "a.jpg": jpeg(100, 100), "a.txt": "0 .5 .5 .2 .2 .1 .1 .9 .9"}
    box = read(zipped(files)).resolve().pictures[0].boxes[0]
    assert box.xyxy == pytest.approx((40, 40, 60, 60))


def test_yaml_is_loaded_safely_and_its_aliases_do_not_explode(zipped):
    bomb = "\n".join(
        ["a: &a [x,x,x,x,x,x,x,x,x]"]
        + [f"{c}: &{c} [*{p},*{p},*{p},*{p},*{p},*{p},*{p},*{p},*{p}]"
           for p, c in zip("abcdefgh", "bcdefghi", strict=True)]
        + ["names: {0: *i}"]
    )  # fmt: skip
    for yaml in (bomb, "names: !!python/object/apply:os.system [id]"):
        with pytest.raises(errors.ClassNamesBroken):
            read(zipped({"a.jpg": jpeg(), "a.txt": CAR, "data.yaml": yaml}))


def test_coco_ids_are_mapped_never_counted(zipped):
    content = {
        "images": [{"id": 500, "file_name": "a.jpg"}],
        "categories": [{"id": 0, "name": "plates"}, {"id": 17, "name": "plate"}],
        "annotations": [{"id": 1, "image_id": 500, "category_id": 17, "bbox": [1, 1, 5, 5]}],
    }
    plan = read(zipped({"x.json": json.dumps(content), "a.jpg": jpeg()})).resolve()
    assert plan.pictures[0].boxes[0].label == "plate"


def test_voc_no_pixel_is_subtracted(zipped):
    voc = ("<annotation><object><name>car</name><bndbox><xmin>1</xmin><ymin>1</ymin>"
           "<xmax>10.5</xmax><ymax>20</ymax></bndbox></object></annotation>")  # fmt: skip
    plan = read(zipped({"a.xml": voc, "a.jpg": jpeg()})).resolve()
    assert plan.pictures[0].boxes[0].xyxy == (1, 1, 10.5, 20)


KITTI = "Car 0.00 0 0.00 75 63 262 190 0 0 0 0 0 0 0"


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        (KITTI, "imported"),
        (f"{KITTI} 0.9", "bad_line"),  # a prediction's score
        (KITTI.rpartition(" ")[0], "bad_line"),
        (KITTI.replace("262", "75.4"), "zero_area"),
        (KITTI.replace("Car", "DontCare"), "ignored"),
        (KITTI.replace("Car", "license plate"), "bad_line"),
    ],
)
def test_kitti_has_15_fields_and_a_box_spans_a_whole_pixel(zipped, line, outcome):
    files = {"images/a.jpg": jpeg(), "labels/a.txt": f"{KITTI.replace('63', '64')}\n{line}"}
    counts = adds_up(read(zipped(files)).resolve())
    assert counts[outcome] == (2 if outcome == "imported" else 1)


def test_kitti_classes_are_lower_case(zipped):
    assert read(zipped({"a.jpg": jpeg(), "a.txt": KITTI})).labels == ("car",)
    assert kitti.read_label(KITTI)[0].cls == "car"


def test_tao_lprnet_picture_without_text_waits_and_blank_characters_are_no_class(foldered):
    root = foldered(
        {"image/a.jpg": jpeg(9, 9), "image/b.JPG": jpeg(9, 9), "label/a.txt": "AB1\n",
         "characters.txt": "A\n\nB\n1\n"}
    )  # fmt: skip
    found = texts(root)
    assert (found.untranscribed, found.alphabet) == (("image/b.JPG",), ("A", "B", "1"))


def test_tao_lprnet_writes_endings_in_lower_case_and_refuses_foreign_characters(tmp_path):
    lprnet.write(tmp_path / "out", [ExportCrop("A.JPG", jpeg(9, 9), "AB1")], alphabet="AB1")
    assert (tmp_path / "out" / "image" / "train" / "A.jpg").exists()
    with pytest.raises(errors.ExportTextImpossible):
        lprnet.write(tmp_path / "no", [ExportCrop("a.jpg", jpeg(9, 9), "AB2")], alphabet="AB1")


def test_labelerjs_name_and_text_may_hold_spaces(foldered):
    root = foldered({"annotations.txt": "a b.jpg PX 12\n", "crops/a b.jpg": jpeg(9, 9)})
    assert [(p.member, p.text) for p in texts(root).pairs] == [("crops/a b.jpg", "PX 12")]


def test_labelerjs_is_known_by_its_lines(foldered):
    root = foldered({"annotations.txt": "a.jpg 10,20,30,40,0\n", "a.jpg": jpeg()})
    with open_source(root) as source:
        assert labelerjs.find(source) is None


def test_lprnet_pytorch_second_picture_of_a_plate_has_a_suffix():
    assert plate_texts.text_of("AB1234_2.jpg") == plate_texts.text_of("AB1234.jpg") == "AB1234"


def test_fast_plate_ocr_paths_are_relative_to_the_table_and_a_bom_is_no_column(foldered):
    table = "\ufeffimage_path,plate_text\nimages/0.jpg,AB1\n"
    root = foldered({"train/annotations.csv": table, "train/images/0.jpg": jpeg(9, 9)})
    assert [pair.member for pair in texts(root).pairs] == ["train/images/0.jpg"]


def test_cloud_annotations_twice_in_a_folder_are_read_together(foldered):
    root = foldered(
        {"one/_annotations.json": cloud("a.jpg"), "one/a.jpg": jpeg(),
         "two/_annotations.json": cloud("a.jpg", "b.jpg"), "two/a.jpg": jpeg(), "two/b.jpg": jpeg()}
    )  # fmt: skip
    plan = read(root).resolve()
    assert adds_up(plan)["imported"] == 3
    assert [p.member for p in plan.pictures] == ["one/a.jpg", "two/a.jpg", "two/b.jpg"]


def test_one_damaged_label_file_is_one_line_of_the_report(zipped):
    path = zipped({"a.jpg": jpeg(), "a.txt": CAR, "b.jpg": jpeg(), "b.txt": PLATE})
    path.write_bytes(path.read_bytes().replace(PLATE.encode(), PLATE.replace("7", "8").encode()))
    plan = read(path).resolve()
    assert adds_up(plan) == {"seen": 2, "imported": 1, "clamped": 0, "file_unreadable": 1}
