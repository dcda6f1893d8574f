"""``up`` as people use it: a real tree of processes on an empty data folder."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lprsite import launcher, prepared, valkey
from lprsite.errors import Refused
from lprsite.processes import ROOT

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
needs_valkey = pytest.mark.skipif(valkey.binary() is None, reason="no Valkey program here")


def eventually(true: Callable[[], object], seconds: float = 45.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


class Up:
    """A running ``manage.py up`` and everything below it."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data, self.said = data, data.parent / "said"
        without = ("REDIS_URL", "DATABASE_URL", "LPR_ALLOWED_HOSTS", "DJANGO_SETTINGS_MODULE")
        env = {name: value for name, value in os.environ.items() if name not in without}
        command = [sys.executable, "manage.py", "up", "--bind", "127.0.0.1:0"]
        with self.said.open("w") as out:
            self.process = subprocess.Popen(
                [*command, "--data", str(data), *options],
                cwd=ROOT,
                env={**env, "LPR_DATA": str(data)},
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def words(self) -> str:
        return self.said.read_text()

    def is_ready(self) -> bool:
        return "LPR Studio is ready" in self.words() or self.process.poll() is not None

    @property
    def address(self) -> str:
        return str(json.loads((self.data / "run" / "web.lock").read_text())["address"])

    def get(self, path: str) -> int:
        talk = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=10)
        try:
            talk.request("GET", path)
            return talk.getresponse().status
        finally:
            talk.close()

    def tree(self) -> set[int]:
        """Everybody started for this data folder, however far down."""
        needle, found = f"LPR_DATA={self.data}\0".encode(), set()
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                if needle in path.read_bytes():
                    found.add(int(path.parent.name))
            except OSError:
                continue
        return found

    def queues(self) -> set[str]:
        """The node names of the workers that answer."""
        code = (
            "import sys, celery\n"
            "app = celery.Celery(broker=sys.argv[1])\n"
            "print(*(app.control.inspect(timeout=1).ping() or {}))"
        )
        command = [sys.executable, "-c", code, valkey.url(self.data) or ""]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return {word.partition("@")[0] for word in done.stdout.split()}

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(*options: str) -> Up:
        started.append(Up(tmp_path / "data", *options))
        assert eventually(started[-1].is_ready)
        assert started[-1].process.poll() is None, started[-1].words()
        return started[-1]

    yield start
    for each in started:
        each.kill()
    assert eventually(lambda: not any(each.tree() for each in started), 10)


@linux
@needs_valkey
def test_whole_tree_serves_works_and_ends_when_told(up: Callable[..., Up]) -> None:
    running = up()
    assert "First administrator: user admin, password" in running.words()
    assert running.get("/admin/login/") == 302
    assert eventually(lambda: running.queues() == set(launcher.QUEUES)), running.words()
    assert_second_start_refuses(running)
    assert not any(torch_is_loaded(pid) for pid in running.tree())
    assert all(path.stat().st_mode & 0o077 == 0 for path in running.data.rglob("*"))
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(30) == 0
    assert running.tree() == set()
    assert running.words().endswith("Stopped.\n")


def assert_second_start_refuses(running: Up) -> None:
    second = subprocess.run(
        [sys.executable, "manage.py", "up", "--data", str(running.data)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert f"process {running.process.pid}, {running.address}." in second.stderr


def torch_is_loaded(pid: int) -> bool:
    try:
        return "libtorch" in Path(f"/proc/{pid}/maps").read_text()
    except OSError:
        return False


@linux
@needs_valkey
def test_killed_launcher_leaves_nobody_and_the_next_start_works(up: Callable[..., Up]) -> None:
    first = up("--only", "web,media")
    assert eventually(lambda: first.queues() == {"media"}), first.words()
    first.kill()
    assert eventually(lambda: not first.tree(), 10)
    second = up("--only", "web")
    assert "First administrator" not in second.words()
    assert "Preparing" not in second.words()


@linux
@needs_valkey
def test_killed_valkey_returns_on_its_port_with_what_was_queued(up: Callable[..., Up]) -> None:
    running = up("--only", "web")
    address = valkey.stored(running.data)
    assert address is not None
    assert valkey._ask(address, "RPUSH media job") == ":1"
    before = (running.get("/healthz"), server_pid(address))
    os.kill(before[1], signal.SIGKILL)
    assert eventually(lambda: valkey.ping(address))
    assert server_pid(address) != before[1]
    assert valkey._ask(address, "LLEN media") == ":1"
    assert running.get("/healthz") == before[0] == 200


def server_pid(address: valkey.Address) -> int:
    import redis

    with redis.Redis.from_url(address.url) as talk:
        return int(talk.info("server")["process_id"])


# Parts


def options(**given: str | None) -> Namespace:
    return Namespace(**{"bind": "127.0.0.1:8000", "data": None, "only": None, **given})


def test_options_are_read_in_the_order_of_the_roles(tmp_path: Path) -> None:
    read = launcher.read_options(options(bind="[::1]:81", data=str(tmp_path), only="beat,web"))
    assert (read.host, read.port, read.roles, read.data) == ("::1", 81, ("web", "beat"), tmp_path)
    assert read.bind == "[::1]:81"


@pytest.mark.parametrize("bind", ["8000:", "host", "127.0.0.1:eighty", "127.0.0.1:70000"])
def test_address_without_a_port_is_refused(bind: str) -> None:
    with pytest.raises(launcher.CannotListen, match="no port"):
        launcher.read_options(options(bind=bind))


def test_unknown_role_is_refused_with_the_known_ones() -> None:
    with pytest.raises(
        launcher.NoSuchRole, match="web, media, gpu, suggest, cameras, default, beat"
    ):
        launcher.read_options(options(only="web,worker"))


def test_taken_port_is_refused_with_another_to_try() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(launcher.PortTaken, match=f"--bind 127.0.0.1:{port + 1}"):
            launcher.listen(launcher.Options(Path("data"), port=port))


def test_folder_that_cannot_be_made_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    umask = os.umask(0o077)
    try:
        assert launcher.run(options(data=str(tmp_path / "file" / "data"))) == 1
    finally:
        os.umask(umask)
    assert "cannot be used: Not a directory" in capsys.readouterr().err


def test_role_is_held_by_one_process_at_a_time(tmp_path: Path) -> None:
    first, second = launcher.Lock(tmp_path, "web"), launcher.Lock(tmp_path, "web")
    first.take("http://127.0.0.1:1")
    with pytest.raises(launcher.AlreadyRunning, match=f"process {os.getpid()}, http://127.0.0.1:1"):
        second.take("http://127.0.0.1:2")
    first.close()
    second.take("http://127.0.0.1:2")
    second.close()


@pytest.mark.parametrize(
    "refusal", [kind for kind in vars(launcher).values() if isinstance(kind, type)]
)
def test_every_refusal_speaks_both_languages(refusal: type) -> None:
    if issubclass(refusal, Refused) and refusal is not Refused:
        assert refusal.en and refusal.es


def test_note_counts_only_with_the_database_it_was_written_for(tmp_path: Path) -> None:
    import contextlib
    import sqlite3

    assert not prepared.is_prepared(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / prepared.DATABASE)) as talk:
        talk.execute("CREATE TABLE django_migrations (id INTEGER)")
    prepared.write(tmp_path, migrations=0)
    assert prepared.is_prepared(tmp_path)
    (tmp_path / prepared.DATABASE).unlink()
    assert not prepared.is_prepared(tmp_path)


def test_first_password_is_shown_once(tmp_path: Path) -> None:
    prepared.keep_password(tmp_path, "secret")
    assert prepared.first_password(tmp_path) == "secret"
    assert prepared.first_password(tmp_path) is None


@pytest.mark.django_db
def test_first_administrator_is_made_once(tmp_path: Path, django_user_model: type) -> None:
    from lprsite.prepare import make_first_admin

    assert make_first_admin(tmp_path)
    password = prepared.first_password(tmp_path)
    admin = django_user_model.objects.get()  # type: ignore[attr-defined]  # the user model of the settings
    assert admin.is_superuser and admin.check_password(password)
    assert not make_first_admin(tmp_path)


def test_launcher_loads_neither_django_nor_celery() -> None:
    code = (
        "import sys, lprsite.launcher\n"
        "print([name for name in ('django', 'celery', 'redis', 'numpy') if name in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
