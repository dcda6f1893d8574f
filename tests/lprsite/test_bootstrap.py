"""``bootstrap.py`` says what is missing, and does nothing twice."""

from __future__ import annotations

import ast
import importlib.util
import os
import subprocess
import sys
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script as a module, at home in an empty folder."""
    spec = importlib.util.spec_from_file_location("bootstrap_under_test", ROOT / "bootstrap.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, path in {
        "ROOT": tmp_path,
        "VENV": tmp_path / ".venv",
        "LOGS": tmp_path / ".setup",
        "FRONTEND": tmp_path / "frontend",
        "LOCK": tmp_path / "requirements-lock.txt",
    }.items():
        monkeypatch.setattr(module, name, path)
    (tmp_path / "requirements.txt").write_text("Django>=5\ntorch==2.13.0   # networks\n")
    (tmp_path / "requirements-lock.txt").write_text("Django==5.2\n")
    return module


def test_old_python_can_read_it_and_is_refused_first() -> None:
    tree = ast.parse((ROOT / "bootstrap.py").read_text(), feature_version=(3, 6))
    kinds = [type(node) for node in tree.body[:3]]
    assert kinds == [ast.Expr, ast.Import, ast.If]


def test_it_uses_the_standard_library_only() -> None:
    tree = ast.parse((ROOT / "bootstrap.py").read_text())
    names = {
        name.partition(".")[0]
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [])
        + [alias.name for alias in node.names if isinstance(node, ast.Import)]
    }
    assert names <= sys.stdlib_module_names


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        ("ERROR: [Errno 28] No space left on device", "The disk is full."),
        ("npm error code ENOTFOUND", "cannot be reached"),
        ("Temporary failure in name resolution", "cannot be reached"),
        ("npm error code EACCES", "may not be written"),
        ("SSL: CERTIFICATE_VERIFY_FAILED certificate verify failed", "certificate"),
        ("ERROR: No matching distribution found for torch", "does not exist for this Python"),
        ("something else", "It did not work."),
    ],
)
def test_failure_is_explained(bootstrap: ModuleType, said: str, meaning: str) -> None:
    sentence = bootstrap.explain(["before", said], Path("pip.log"))
    assert meaning in sentence.splitlines()[0]
    assert said in sentence and "pip.log" in sentence


def test_failing_program_gives_its_last_lines_and_its_log(bootstrap: ModuleType) -> None:
    code = "print('first'); print('No space left on device'); raise SystemExit(2)"
    with pytest.raises(bootstrap.Failed, match="The disk is full"):
        bootstrap.quietly([sys.executable, "-c", code], "pip", cwd=bootstrap.ROOT)
    assert (bootstrap.LOGS / "pip.log").read_text().startswith("first\n")


def test_program_that_is_not_there_is_a_sentence(bootstrap: ModuleType) -> None:
    with pytest.raises(bootstrap.Failed, match="no-such-program cannot be started"):
        bootstrap.quietly(["no-such-program"], "pip", cwd=bootstrap.ROOT)


def test_small_disk_is_said_before_anything_is_installed(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap.shutil, "disk_usage", lambda _: Usage(10, 9, 2.5e9))
    with pytest.raises(bootstrap.Failed, match=r"Only 2\.5 GB are free"):
        bootstrap.make_venv()
    assert not bootstrap.VENV.exists()


def test_python_without_venv_names_the_package(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "enough_room", lambda: None)
    monkeypatch.setattr(bootstrap.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(bootstrap.Failed, match="apt-get install python3-venv"):
        bootstrap.make_venv()


@pytest.mark.parametrize(
    ("version", "enough"),
    [
        ("v20.18.3", False),
        ("v20.19.0", True),
        ("v21.7.3", False),
        ("v22.11.0", False),
        ("v22.12.0", True),
        ("v24.0.1", True),
        ("v18.20.4", False),
        ("", False),
        ("nonsense", False),
    ],
)
def test_node_is_new_enough_for_the_build(
    bootstrap: ModuleType, version: str, enough: bool
) -> None:
    assert bootstrap.new_enough(version) is enough


@pytest.fixture
def pip_calls(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What pip was asked for; nothing is installed."""
    calls: list[list[str]] = []
    bootstrap.VENV.mkdir()
    monkeypatch.setattr(bootstrap, "pip", lambda arguments, log: calls.append(arguments))
    monkeypatch.setattr(bootstrap, "enough_room", lambda: None)
    monkeypatch.setattr(bootstrap, "check_opencv", lambda: None)
    return calls


def test_torch_is_installed_first(bootstrap: ModuleType, pip_calls: list[list[str]]) -> None:
    assert bootstrap.install("runtime")
    assert [call[-1] for call in pip_calls] == [
        "torch==2.13.0",
        str(bootstrap.ROOT / "requirements.txt"),
    ]


def test_nothing_is_installed_twice_until_a_file_changes(
    bootstrap: ModuleType, pip_calls: list[list[str]]
) -> None:
    bootstrap.install("runtime")
    pip_calls.clear()
    assert not bootstrap.install("runtime")
    assert pip_calls == []
    bootstrap.LOCK.write_text("Django==5.2.1\n")
    assert bootstrap.install("runtime")


def test_installation_that_failed_is_tried_again(
    bootstrap: ModuleType, pip_calls: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise bootstrap.Failed("no network")

    with monkeypatch.context() as broken:
        broken.setattr(bootstrap, "pip", fail)
        with pytest.raises(bootstrap.Failed):
            bootstrap.install("runtime")
    assert bootstrap.install("runtime")


def test_extra_is_installed_once_and_not_passed_on(
    bootstrap: ModuleType, pip_calls: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    became: list[list[str]] = []
    monkeypatch.setattr(bootstrap, "EXTRAS", {"onnx": ("one two", "--no-deps three")})
    monkeypatch.setattr(bootstrap, "build_pages", lambda: None)
    monkeypatch.setattr(bootstrap, "make_venv", lambda: None)
    monkeypatch.setattr(bootstrap, "become", became.append)
    for _ in range(2):
        assert bootstrap.main(["up", "--extra", "onnx", "--port", "8001"]) == 0
    lock = str(bootstrap.LOCK)
    assert [call for call in pip_calls if call[-1] in ("two", "three")] == [
        ["install", "-c", lock, "one", "two"],
        ["install", "-c", lock, "--no-deps", "three"],
    ]
    assert became[0][2:] == ["up", "--port", "8001"]


def test_unknown_extra_is_refused_with_those_there_are(
    bootstrap: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        bootstrap.main(["up", "--extra", "wings"])
    assert "onnx" in capsys.readouterr().err


def test_opencv_without_its_libraries_is_swapped_for_the_headless_one(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[str]] = []
    answers = iter([None, "5.0.0.93", ""])
    monkeypatch.setattr(bootstrap, "answer", lambda command: next(answers))
    monkeypatch.setattr(bootstrap, "pip", lambda arguments, log: calls.append(arguments))
    bootstrap.check_opencv()
    assert calls[0][-1] == "opencv-python"
    assert calls[1][-1] == "opencv-python-headless==5.0.0.93"


@pytest.fixture
def built(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Builds the pages of a tiny project; the logs of what was really run."""
    done: list[str] = []
    frontend = bootstrap.FRONTEND
    (frontend / "src").mkdir(parents=True)
    (frontend / "src" / "main.tsx").write_text("1")
    (frontend / "package.json").write_text("{}")
    (frontend / "package-lock.json").write_text("{}")

    def quietly(command: list[str], log: str, *_: object) -> None:
        done.append(log)
        (frontend / "node_modules").mkdir(exist_ok=True)
        (frontend / "dist").mkdir(exist_ok=True)
        (frontend / "dist" / "index.html").write_text("")

    monkeypatch.setattr(bootstrap, "npm", lambda arguments: (["npm", *arguments], {}))
    monkeypatch.setattr(bootstrap, "quietly", quietly)

    def build() -> list[str]:
        done.clear()
        bootstrap.build_pages()
        return list(done)

    return build


def test_pages_are_built_once_per_source(
    bootstrap: ModuleType, built: Callable[[], list[str]]
) -> None:
    assert built() == ["npm-ci", "npm-build"]
    assert built() == []
    (bootstrap.FRONTEND / "src" / "main.tsx").write_text("2")
    assert built() == ["npm-build"]
    (bootstrap.FRONTEND / "package-lock.json").write_text("{ }")
    assert built() == ["npm-ci", "npm-build"]


def test_lost_bundle_is_built_again(bootstrap: ModuleType, built: Callable[[], list[str]]) -> None:
    built()
    (bootstrap.FRONTEND / "dist" / "index.html").unlink()
    assert built() == ["npm-build"]


def test_failed_check_stops_the_others(
    bootstrap: ModuleType, capfd: pytest.CaptureFixture[str]
) -> None:
    checks = [
        bootstrap.Check("one", [sys.executable, "-c", "print(1)"]),
        bootstrap.Check("two", [sys.executable, "-c", "raise SystemExit(4)"]),
        bootstrap.Check("three", [sys.executable, "-c", "print(3)"]),
    ]
    assert bootstrap.run_checks(checks, dict(os.environ)) == 4
    out = capfd.readouterr().out
    assert "=== one ===" in out and "two failed." in out and "three" not in out


def test_refusal_is_a_sentence_and_no_traceback() -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "bootstrap.py"), "fly"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "demo" in done.stderr and "Traceback" not in done.stderr


def test_requirements_name_torch_without_index_or_local_version() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    words = [line.split("#")[0].strip() for line in lines]
    assert "torch==2.13.0" in words
    assert not any(word.startswith("-") or "+" in word for word in words)


def test_lock_pins_everything_that_is_required() -> None:
    pinned = {
        line.split("==")[0].lower().replace("_", "-")
        for line in (ROOT / "requirements-lock.txt").read_text().splitlines()
        if "==" in line
    }
    for name in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / name).read_text().splitlines():
            word = line.split("#")[0].split(";")[0].split("[")[0]
            package = word.replace("<", "=").replace(">", "=").split("=")[0].strip().lower()
            assert not package or package in pinned, package
