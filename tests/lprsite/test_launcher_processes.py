"""Children are kept alive, listened to, and never outlive the launcher."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lprsite import processes, warden
from lprsite.processes import ROOT, LogFile, Program, Supervisor

SLEEPER = (sys.executable, "-S", "-c", "import time; print('here', flush=True); time.sleep(600)")


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-S", "-c", code)


def eventually(true: Callable[[], object], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_running(pid: int) -> bool:
    try:
        return not Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].startswith("Z")
    except OSError:
        return False


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    made = Supervisor(tmp_path / "logs", out=io.StringIO())
    yield made
    made.stop()
    made.selector.close()


def said(supervisor: Supervisor) -> str:
    assert isinstance(supervisor.out, io.StringIO)
    return supervisor.out.getvalue()


def pid_of(supervisor: Supervisor, name: str) -> int:
    process = supervisor.children[name].process
    assert process is not None
    return process.pid


def test_words_of_a_child_carry_its_name_and_are_kept(supervisor: Supervisor) -> None:
    supervisor.start(Program("media", SLEEPER))
    assert supervisor.run_until(lambda: "media   | here" in said(supervisor), 10)
    assert (supervisor.logs / "media.log").read_text() == "here\n"


def test_quiet_child_speaks_to_its_log_only(supervisor: Supervisor) -> None:
    supervisor.start(Program("valkey", SLEEPER, quiet=True))
    log = supervisor.logs / "valkey.log"
    assert supervisor.run_until(lambda: log.read_text() == "here\n", 10)
    assert said(supervisor) == ""


def test_killed_child_starts_again(supervisor: Supervisor) -> None:
    child = supervisor.start(Program("web", SLEEPER))
    first = pid_of(supervisor, "web")
    os.kill(first, signal.SIGKILL)
    assert supervisor.run_until(lambda: child.alive and pid_of(supervisor, "web") != first, 10)
    assert "web was ended by SIGKILL; it starts again in 0.5 s." in said(supervisor)


def test_child_that_keeps_dying_is_given_up_with_a_sentence(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "FIRST_DELAY", 0.01)
    supervisor.start(
        Program("web", python("print('no luck'); raise SystemExit(7)"), essential=True)
    )
    assert not supervisor.run_until(lambda: False, 20)
    assert supervisor.failure.startswith("web ended with code 7 for the 5th time in a minute")
    assert (supervisor.logs / "web.log").read_text() == "no luck\n" * 5


def test_delay_grows_and_old_deaths_are_forgotten(tmp_path: Path) -> None:
    child = processes.Child(Program("web", SLEEPER), LogFile(tmp_path / "web.log"), "mark")
    assert [child.delay(float(second)) for second in range(5)] == [0.5, 1, 2, 4, None]
    assert child.delay(1000.0) == 0.5
    child.log.close()


def test_program_that_runs_once_stays_ended(supervisor: Supervisor) -> None:
    child = supervisor.start(Program("prepare", python("raise SystemExit(3)"), once=True))
    assert supervisor.run_until(lambda: child.process is None, 10)
    assert (child.returncode, child.due) == (3, None)


def test_what_a_dead_child_left_is_ended_too(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(Program("gpu", family(tmp_path), once=True))
    assert supervisor.run_until(lambda: len(ids(tmp_path)) == 2, 10)
    os.kill(pid_of(supervisor, "gpu"), signal.SIGKILL)
    assert supervisor.run_until(lambda: not any(is_running(pid) for pid in ids(tmp_path)), 10)


def test_stopping_goes_by_stage_and_kills_the_deaf(supervisor: Supervisor, tmp_path: Path) -> None:
    order = tmp_path / "order"
    polite = python(
        "import signal, sys, time\n"
        f"def end(*_): open({str(order)!r}, 'a').write(sys.argv[1]); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); print('here', flush=True); time.sleep(600)"
    )
    deaf = python(
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print('here', flush=True); time.sleep(600)"
    )
    quickly = ((signal.SIGTERM, 0.2),)
    supervisor.start(Program("valkey", (*polite, "valkey "), stage=2))
    supervisor.start(Program("media", deaf, stage=1, ending=quickly))
    supervisor.start(Program("web", (*polite, "web "), stage=0))
    assert supervisor.run_until(lambda: said(supervisor).count("here") == 3, 10)
    media = pid_of(supervisor, "media")
    supervisor.stop()
    assert order.read_text() == "web valkey "
    assert not is_running(media)


@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_killed_launcher_takes_its_whole_tree_along(tmp_path: Path) -> None:
    launcher = subprocess.Popen([sys.executable, "-c", LAUNCHER, str(tmp_path)], cwd=ROOT)
    assert eventually(lambda: len(ids(tmp_path)) == 2)
    everybody = {*ids(tmp_path), *warden_and_child(launcher.pid)}
    assert all(is_running(pid) for pid in everybody)
    assert len(everybody) == 4
    launcher.kill()
    launcher.wait()
    assert eventually(lambda: not any(is_running(pid) for pid in everybody), 10)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's signal is Linux's")
def test_kernel_ends_a_child_even_without_the_warden(tmp_path: Path) -> None:
    launcher = subprocess.Popen([sys.executable, "-c", LAUNCHER, str(tmp_path)], cwd=ROOT)
    assert eventually(lambda: len(ids(tmp_path)) == 2)
    keeper, *others = sorted(warden_and_child(launcher.pid))
    grandchildren = ids(tmp_path)
    os.kill(launcher.pid, signal.SIGSTOP)  # so that it cannot put another warden in place
    os.kill(keeper, signal.SIGKILL)
    launcher.kill()
    launcher.wait()
    assert eventually(lambda: not any(is_running(pid) for pid in others), 10)
    for pid in grandchildren:
        os.kill(pid, signal.SIGKILL)


def test_child_refuses_to_start_for_a_parent_that_is_gone() -> None:
    command = [sys.executable, "-S", "-m", "lprsite.child", "1", "true"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "The process that asked for this program is gone.\n",
    )


def test_full_log_starts_anew_and_keeps_one_predecessor(tmp_path: Path) -> None:
    log = LogFile(tmp_path / "web.log", limit=10)
    for line in (b"first\n", b"second\n", b"third\n"):
        log.write(line)
    log.close()
    assert (tmp_path / "web.log").read_bytes() == b"third\n"
    assert (tmp_path / "web.log.1").read_bytes() == b"second\n"


def test_process_without_our_mark_is_nobody_we_end() -> None:
    assert warden.members("no such mark/", []) == set()


def family(folder: Path) -> tuple[str, ...]:
    """A program with two children: one in its session, one that left it."""
    return python(
        "import subprocess, sys, time\n"
        "run = [sys.executable, '-S', '-c', 'import time; time.sleep(600)']\n"
        "pair = subprocess.Popen(run), subprocess.Popen(run, start_new_session=True)\n"
        f"open({str(folder / 'ids')!r}, 'w').write(' '.join(str(p.pid) for p in pair) + ' .')\n"
        "time.sleep(600)"
    )


def ids(folder: Path) -> list[int]:
    path = folder / "ids"
    words = path.read_text().split() if path.exists() else []
    return [int(word) for word in words[:-1]] if words[-1:] == ["."] else []


def warden_and_child(launcher: int) -> set[int]:
    text = Path(f"/proc/{launcher}/task/{launcher}/children").read_text()
    return {int(word) for word in text.split()}


LAUNCHER = """
import sys, pathlib
sys.path.insert(0, "tests/lprsite")
from lprsite.processes import Program, Supervisor
from test_launcher_processes import family
folder = pathlib.Path(sys.argv[1])
supervisor = Supervisor(folder / "logs")
supervisor.start(Program("gpu", family(folder)))
supervisor.run()
"""
