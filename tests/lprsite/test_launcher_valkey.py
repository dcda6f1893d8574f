"""The embedded Valkey of a data folder."""

from __future__ import annotations

import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lprsite import launcher, valkey


@contextmanager
def running(data: Path) -> Iterator[valkey.Address]:
    address, server = valkey.configure(data), valkey.binary()
    assert server is not None
    process = subprocess.Popen(
        [str(server), str(valkey.config_path(data))], stdout=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + 10
        while not valkey.ping(address):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        yield address
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(autouse=True)
def _has_binary() -> None:
    if valkey.binary() is None:
        pytest.skip("no Valkey program on this machine")


def test_running_server_is_found_by_its_folder(tmp_path: Path) -> None:
    assert valkey.url(tmp_path) is None
    with running(tmp_path) as address:
        assert valkey.url(tmp_path) == address.url
    assert valkey.url(tmp_path) is None


def test_password_is_private_and_needed(tmp_path: Path) -> None:
    with running(tmp_path) as address:
        assert stat.S_IMODE(valkey.config_path(tmp_path).stat().st_mode) == 0o600
        assert not valkey.ping(valkey.Address(port=address.port, password="guess"))


def test_server_that_was_left_behind_is_ended_and_its_port_kept(tmp_path: Path) -> None:
    with running(tmp_path) as address:
        assert launcher.take_over(tmp_path) == address
        assert not valkey.ping(address)


def test_taken_port_is_left_to_its_owner(tmp_path: Path) -> None:
    with running(tmp_path / "other") as other:
        valkey.configure(tmp_path / "mine", port=other.port)
        mine = launcher.take_over(tmp_path / "mine")
        assert mine.port != other.port
        assert valkey.ping(other)


def test_folder_with_blanks_and_quotes_works(tmp_path: Path) -> None:
    folder = tmp_path / 'my "plates"'
    with running(folder):
        assert (folder / "valkey" / "appendonlydir").is_dir()


def test_configuration_without_port_is_no_address(tmp_path: Path) -> None:
    valkey.configure(tmp_path)
    valkey.config_path(tmp_path).write_text("port\nrequirepass x\n")
    assert valkey.stored(tmp_path) is None


def test_unreadable_log_is_set_aside(tmp_path: Path) -> None:
    log = tmp_path / "valkey" / "appendonlydir"
    assert valkey.set_log_aside(tmp_path) is None
    log.mkdir(parents=True)
    aside = valkey.set_log_aside(tmp_path)
    assert aside is not None
    assert aside.is_dir() and not log.exists()
