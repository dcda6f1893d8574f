"""Every setting of both trainings can be typed in a form that says what it does."""

from __future__ import annotations

from typing import Any

import pytest

from annotations.models import Project
from tests.annotations.rows import json_of
from tests.training.rows import make_version
from training import option_texts, options, runs
from training.errors import SettingRefused
from training.models import TrainingRun
from training.option_texts import DETECTOR, RECOGNIZER

KINDS = ("detector", "recognizer")


@pytest.mark.parametrize(("kind", "texts"), [("detector", DETECTOR), ("recognizer", RECOGNIZER)])
def test_every_setting_has_a_title_and_a_sentence_and_no_text_is_left_over(
    kind: str, texts: dict[str, option_texts.About]
) -> None:
    found = options.options(kind)
    assert {option.name for option in found} == set(texts)
    assert all(str(option.about.title) and str(option.about.help) for option in found)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("preset", ["quick", "standard", "tao"])
def test_what_a_preset_has_may_be_typed_and_changes_nothing(kind: str, preset: str) -> None:
    typed: dict[str, Any] = {}
    for option in options.options(kind):
        part, _, name = option.name.partition(".")
        (typed.setdefault(part, {}) if name else typed)[name or part] = option.default[preset]
    usual = options.check(kind, {"preset": preset})
    assert options.check(kind, {"preset": preset, **typed}) == usual


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        ("detector", {"width": 100}, "“width” cannot be 100: it must be a multiple of 16"),
        ("detector", {"width": "wide"}, "whole number"),
        ("detector", {"epochs": True}, "whole number"),
        ("detector", {"layers": 12}, "choose among 10, 18"),
        ("detector", {"ellipse": {"radius": [0.4]}}, "“ellipse.radius”.*two numbers"),
        ("detector", {"augmentation": {"flip": 3}}, "“augmentation.flip”.*0 to 1"),
        ("detector", {"augmentation": {"nothing": 3}}, "augmentation"),
        ("detector", {"freeze": [7]}, "0 to 4"),
        ("detector", {"lr_hi": 1e-8}, "learning rate"),
        ("recognizer", {"network": "huge"}, "choose among"),
        ("recognizer", {"bf16": "yes"}, "true or false"),
        ("recognizer", {"synthetic_formats": [1]}, "list of words"),
        ("recognizer", {"unknown": 1}, "no such setting"),
        ("recognizer", {"preset": "magic"}, "preset"),
    ],
)
def test_wrong_setting_is_refused_with_its_name(
    kind: str, settings: dict[str, Any], said: str
) -> None:
    with pytest.raises(SettingRefused, match=said):
        options.check(kind, settings)


def test_part_of_a_part_goes_over_the_preset() -> None:
    config: Any = options.check("detector", {"preset": "standard", "augmentation": {"flip": 0.0}})
    assert (config.augmentation.flip, config.augmentation.zoom) == (0.0, (0.6, 1.4))


def test_form_comes_over_the_api_in_both_languages(api: Any, project: Project) -> None:
    for language, title in (("en", "Epochs"), ("es", "Épocas")):
        address = "/api/v1/training-options/?kind=detector"
        first = api.get(address, HTTP_ACCEPT_LANGUAGE=language).json()[0]
        assert (first["name"], first["title"], first["default"]["tao"]) == ("epochs", title, 120)
    _, fresh = json_of(api, "get", "training-options/?kind=recognizer")
    _, further = json_of(api, "get", "training-options/?kind=recognizer&started=true")
    rates = [
        next(option["default"]["quick"] for option in found if option["name"] == "rate")
        for found in (fresh, further)
    ]
    assert rates[1] < rates[0]
    assert json_of(api, "get", "training-options/?kind=ocr")[0] == 400


def test_run_with_a_wrong_setting_is_no_row(project: Project) -> None:
    with pytest.raises(SettingRefused, match="clip"):
        runs.create(make_version(project), {"clip": -1})
    assert not TrainingRun.objects.exists()


@pytest.mark.parametrize(
    ("kind", "settings", "sentence"),
    [
        ("detector", {"width": 100}, "no puede ser 100: debe ser múltiplo de 16."),
        ("recognizer", {"unknown": 1}, "no puede ser 1: no existe tal ajuste."),
    ],
)
def test_refusals_give_their_reason_in_spanish_too(
    kind: str, settings: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(SettingRefused) as refused:
        options.check(kind, settings)
    assert sentence in refused.value.sentence("es")
