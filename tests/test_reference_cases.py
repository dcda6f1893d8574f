"""The worked examples of the two networks: every case of every file, one test each.

``REFERENCE_CASES`` names another folder of such files. A checker is a function
``check(case, arrays)`` that asserts: ``case`` is {"id", "input", "expected"}, ``arrays`` the
named arrays beside the file. Checkers live in tests/reference_checkers/, by kind, in CHECKERS.
"""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

Case = dict[str, Any]
Arrays = Mapping[str, np.ndarray]
Checker = Callable[[Case, Arrays], None]

HERE = Path(__file__).resolve().parent
FOLDER = Path(os.environ.get("REFERENCE_CASES") or HERE.parent.parent / "shared" / "reference")
ROOMS = ("detector", "recognizer", "formats", "vision")


def room_of(kind: str, case: Case) -> str | None:
    """The room asked first where two rooms share a kind."""
    if kind == "network.shape":
        return "detector" if "num_layers" in case["input"] else "recognizer"
    return None


def checkers_of(room: str) -> dict[str, Checker]:
    """The CHECKERS of one room; none while its file is not there."""
    file = HERE / "reference_checkers" / f"{room}.py"
    if not file.is_file():
        return {}
    spec = importlib.util.spec_from_file_location(f"reference_checkers_{room}", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    checkers: dict[str, Checker] = module.CHECKERS
    return checkers


def find_checker(kind: str, case: Case) -> Checker:
    """The checker of a case; fails for a kind nobody knows."""
    only = room_of(kind, case)
    for room in (only,) if only else ROOMS:
        if (checker := checkers_of(room).get(kind)) is not None:
            return checker
    raise AssertionError(f"no checker knows the kind “{kind}”")


def cases() -> Iterator[Any]:
    for file in sorted(FOLDER.glob("*.json")):
        document = json.loads(file.read_text(encoding="utf-8"))
        for case in document["cases"]:
            name = f"{file.stem}-{case['id']}"
            yield pytest.param(file, document, case, id=name)


def arrays_of(file: Path, document: dict[str, Any]) -> Arrays:
    if "npz" not in document:
        return {}
    with np.load(file.with_name(document["npz"])) as loaded:
        return dict(loaded)


@pytest.mark.parametrize(("file", "document", "case"), list(cases()))
def test_reference_case(file, document, case):
    find_checker(document["kind"], case)(case, arrays_of(file, document))


def test_there_are_reference_cases():
    if not FOLDER.is_dir():
        pytest.skip("the folder of reference cases is not here (REFERENCE_CASES)")
    assert any(FOLDER.glob("*.json"))


def test_an_unknown_kind_fails():
    with pytest.raises(AssertionError, match="no checker"):
        find_checker("detector.telepathy", {"id": "x", "input": {}, "expected": {}})
