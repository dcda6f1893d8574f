"""Files by their content, never half written, never outside the storage."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.core.exceptions import SuspiciousFileOperation

from lprsite import files


def stored(storage: Path) -> list[Path]:
    return sorted(path for path in storage.rglob("*") if path.is_file())


def test_same_bytes_are_one_file(storage: Path) -> None:
    first, second = (
        files.put_bytes("frames", b"abc", ".jpg"),
        files.put_bytes("frames", b"abc", ".jpg"),
    )
    sha256 = hashlib.sha256(b"abc").hexdigest()
    assert first == second == (f"frames/{sha256[:2]}/{sha256}.jpg", sha256)
    assert [path.read_bytes() for path in stored(storage)] == [b"abc"]


@pytest.mark.parametrize("move", [True, False])
def test_taken_file_is_moved_or_copied(storage: Path, tmp_path: Path, move: bool) -> None:
    source = tmp_path / "film.mp4"
    source.write_bytes(b"x" * (files.CHUNK + 1))
    key, sha256 = files.take("videos", source, ".mp4", move=move)
    assert source.exists() is not move
    assert files.sha256_of(files.local_path(key)) == sha256
    assert len(stored(storage)) == 1


@pytest.mark.parametrize("move", [True, False])
def test_file_that_is_here_already_is_taken_once(storage: Path, tmp_path: Path, move: bool) -> None:
    key, _ = files.put_bytes("videos", b"same", ".mp4")
    source = tmp_path / "again.mp4"
    source.write_bytes(b"same")
    assert files.take("videos", source, ".mp4", move=move)[0] == key
    assert source.exists() is not move and len(stored(storage)) == 1


def test_write_that_fails_leaves_no_final_name(
    storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, target: Path) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space"):
        files.put_bytes("frames", b"abc", ".jpg")
    assert not list(storage.rglob("*.jpg"))


@pytest.mark.parametrize("key", ["../secret.key", "frames/../../secret.key", "/etc/passwd"])
def test_key_cannot_leave_the_storage(storage: Path, key: str) -> None:
    with pytest.raises(SuspiciousFileOperation):
        files.local_path(key)


def test_scratch_file_is_gone_unless_moved(storage: Path) -> None:
    with files.scratch_file(".mp4") as kept:
        kept.write_bytes(b"new")
        key, _ = files.take("previews", kept, ".mp4", move=True)
    with pytest.raises(ZeroDivisionError), files.scratch_file() as lost:
        lost.touch()
        raise ZeroDivisionError
    assert not kept.exists() and not lost.exists() and files.local_path(key).is_file()


def test_deleting_what_is_gone_is_no_error(storage: Path) -> None:
    key, _ = files.put_bytes("crops", b"abc", ".png")
    files.delete(key)
    files.delete(key)
    assert stored(storage) == []


def test_free_space_is_known_before_the_first_file(storage: Path) -> None:
    assert not storage.exists() and files.free_bytes() > 0
