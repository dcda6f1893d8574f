"""What every command does with a line that is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command, load_command_class


@pytest.mark.parametrize(
    ("app", "line", "said"),
    [
        ("annotations", "split_video a.mp4 --fps abc", "--fps: invalid float value: 'abc'"),
        ("annotations", "split_video a.mp4 --fps 1 --every 2", "not allowed with argument --fps"),
        ("annotations", "split_video a.mp4 --no-such-option", "--no-such-option"),
        ("annotations", "import_annotations", "--path"),
        ("annotations", "export_dataset labelled --format x --out y", "invalid choice: 'x'"),
        ("annotations", "resize_crops --size 9", "write it as 96x48"),
        ("training", "train plates", "invalid choice: 'plates'"),
        ("training", "make_synthetic plates", "--out"),
    ],
)
def test_wrong_command_line_is_one_sentence_and_ends_with_1(
    capsys: Any, app: str, line: str, said: str
) -> None:
    name, *given = line.split()
    with pytest.raises(SystemExit) as end:
        load_command_class(app, name).run_from_argv(["manage.py", name, *given])
    assert end.value.code == 1
    told = capsys.readouterr().err
    assert told.startswith("CommandError: ") and told.count("\n") == 1
    assert said in told and f"manage.py {name} --help" in told


def test_wrong_line_from_a_program_is_a_command_error() -> None:
    with pytest.raises(CommandError, match="invalid float value"):
        call_command("split_video", "a.mp4", "--fps=abc")
