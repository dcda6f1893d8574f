"""The forms that a training's texts have."""

from __future__ import annotations

from pathlib import Path

from training import checkpoints
from training.recognizer import forms
from training.recognizer.network import Lite
from training.recognizer.predict import Recognizer


def texts(*counted: tuple[str, int]) -> list[str]:
    return [text for text, count in counted for _ in range(count)]


def test_the_forms_of_nearly_all_texts_are_learned_most_frequent_first():
    seen = texts(("AB123C", 30), ("ABC1234", 170))
    assert forms.learned(seen) == ("AAA9999", "AA999A")


def test_a_mistyped_text_in_a_hundred_is_no_form():
    assert forms.learned(texts(("ABC1234", 299), ("ABC12E4", 1))) == ("AAA9999",)


def test_few_texts_or_many_forms_teach_none():
    assert forms.learned([]) == ()
    assert forms.learned(["ABC1234"] * 99) == ()
    assert forms.learned(texts(("ABC1234", 190), *((f"{'A' * n}1", 1) for n in range(1, 11)))) == ()


def test_texts_with_other_characters_have_no_form_of_ours():
    assert forms.learned(["京A12345"] * 150) == ()
    assert forms.form_of("京A1") == "京A9"


def test_a_model_reads_with_the_forms_it_learned_unless_others_are_given(tmp_path: Path):
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    facts = {"kind": "recognizer", "network": "lite", "alphabet": alphabet, "forms": ["A9"]}
    checkpoints.save(tmp_path / "model.safetensors", Lite(36).state_dict(), facts)
    own = Recognizer.load(tmp_path / "model.safetensors").formats
    other = Recognizer.load(tmp_path / "model.safetensors", formats=["99"]).formats
    assert own is not None
    assert other is not None
    assert own.fits([10, 1])
    assert not own.fits([1, 1])
    assert other.fits([1, 1])
