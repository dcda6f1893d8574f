"""Files in byte ranges, in bounded parts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest
from django.contrib.staticfiles import finders
from django.http import Http404, StreamingHttpResponse
from django.test import AsyncClient, RequestFactory

from lprsite.media import PART, SMALL, send_file

SIZE = 5 * 1024 * 1024


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file in which the bytes tell where they are."""
    path = tmp_path_factory.mktemp("media") / "film.mp4"
    path.write_bytes(b"".join(n.to_bytes(4, "big") for n in range(SIZE // 4)))
    return path


async def ask(path: Path, *, method: str = "get", **headers: str) -> tuple[Any, bytes]:
    """The answer to a request with these headers, and its body."""
    request = getattr(RequestFactory(), method)("/film", headers=headers)
    answer = await send_file(request, path)
    if isinstance(answer, StreamingHttpResponse):
        parts = cast(AsyncIterator[bytes], answer.streaming_content)
        return answer, b"".join([part async for part in parts])
    return answer, cast(Any, answer).content


async def test_whole_file_comes_as_it_is(film: Path) -> None:
    answer, body = await ask(film)
    assert (answer.status_code, body) == (200, film.read_bytes())
    assert (answer["Content-Length"], answer["Accept-Ranges"]) == (str(SIZE), "bytes")
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("video/mp4", "nosniff")


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=-7", SIZE - 7, SIZE),
        (f"bytes={SIZE - 3}-", SIZE - 3, SIZE),
        (f"bytes={SIZE - 3}-{SIZE + 99}", SIZE - 3, SIZE),
        (f"bytes=-{SIZE * 2}", 0, PART),
        ("bytes=0-", 0, PART),
        (f"bytes=5-{SIZE}", 5, 5 + PART),
    ],
)
async def test_range_comes_in_one_bounded_part(
    film: Path, asked: str, start: int, end: int
) -> None:
    answer, body = await ask(film, Range=asked)
    assert (answer.status_code, body == film.read_bytes()[start:end]) == (206, True)
    assert answer["Content-Range"] == f"bytes {start}-{end - 1}/{SIZE}"
    assert answer["Content-Length"] == str(end - start)


@pytest.mark.parametrize("asked", [f"bytes={SIZE}-", "bytes=-0", f"bytes={SIZE}-{SIZE}"])
async def test_impossible_range_is_416(film: Path, asked: str) -> None:
    answer, _ = await ask(film, Range=asked)
    assert (answer.status_code, answer["Content-Range"]) == (416, f"bytes */{SIZE}")


async def test_empty_file_has_no_range(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert (await ask(tmp_path / "empty"))[0].status_code == 200
    assert (await ask(tmp_path / "empty", Range="bytes=0-"))[0].status_code == 416


@pytest.mark.parametrize(
    "asked",
    [
        "bytes=-",
        "bytes=0-1,4-5",
        "lines=1-2",
        "bytes=a-b",
        "bytes=5-3",
        "bytes=" + "9" * 5000 + "-",
    ],
)
async def test_range_that_is_none_gives_the_whole_file(film: Path, asked: str) -> None:
    answer, _ = await ask(film, Range=asked)
    assert (answer.status_code, answer["Content-Length"]) == (200, str(SIZE))


async def test_head_tells_and_sends_nothing(film: Path) -> None:
    answer, body = await ask(film, method="head", Range="bytes=0-99")
    assert (answer.status_code, answer["Content-Length"], body) == (206, "100", b"")


async def test_known_file_is_not_sent_again(film: Path) -> None:
    etag = (await ask(film))[0]["ETag"]
    answer, body = await ask(film, **{"If-None-Match": etag})
    assert (answer.status_code, body) == (304, b"")


async def test_range_of_another_version_is_the_whole_file(film: Path) -> None:
    etag = (await ask(film))[0]["ETag"]
    same, _ = await ask(film, Range="bytes=0-9", **{"If-Range": etag})
    other, _ = await ask(film, Range="bytes=0-9", **{"If-Range": '"other"'})
    assert (same.status_code, other.status_code) == (206, 200)


@pytest.mark.parametrize("given", ["W/{}", '"a", {}', "*"])
async def test_one_of_several_known_versions_is_enough(film: Path, given: str) -> None:
    etag = (await ask(film))[0]["ETag"]
    answer, _ = await ask(film, **{"If-None-Match": given.format(etag)})
    assert (answer.status_code, answer["ETag"]) == (304, etag)
    assert (await ask(film, **{"If-None-Match": '"other"'}))[0].status_code == 200


async def test_file_that_did_not_change_since_is_not_sent_again(film: Path) -> None:
    changed = (await ask(film))[0]["Last-Modified"]
    same, _ = await ask(film, **{"If-Modified-Since": changed})
    older, _ = await ask(film, **{"If-Modified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"})
    assert (same.status_code, older.status_code) == (304, 200)


async def test_if_range_may_be_a_date(film: Path) -> None:
    changed = (await ask(film))[0]["Last-Modified"]
    same, _ = await ask(film, Range="bytes=0-9", **{"If-Range": changed})
    other, _ = await ask(film, Range="bytes=0-9", **{"If-Range": "Mon, 01 Jan 2001 00:00:00 GMT"})
    nonsense, _ = await ask(film, Range="bytes=0-9", **{"If-Range": "yesterday"})
    assert [a.status_code for a in (same, other, nonsense)] == [206, 200, 200]


async def test_nginx_sends_the_files_of_the_storage_itself(
    film: Path, storage: Path, settings: Any, tmp_path: Path
) -> None:
    settings.X_ACCEL = "/protected"
    inside = storage / "videos" / "a b.mp4"
    inside.parent.mkdir(parents=True)
    inside.write_bytes(b"123")
    answer, body = await ask(inside, Range="bytes=1-1")
    assert (answer.status_code, body) == (200, b"")
    assert answer["X-Accel-Redirect"] == "/protected/videos/a%20b.mp4"
    assert answer["Content-Type"] == "video/mp4" and "Content-Range" not in answer
    outside, body = await ask(film, Range="bytes=0-1")
    assert (outside.status_code, len(body)) == (206, 2) and "X-Accel-Redirect" not in outside


async def test_name_of_a_download_is_harmless(film: Path) -> None:
    request = RequestFactory().get("/film")
    answer = await send_file(request, film, download_as='a"\r\nb/ñ.mp4')
    assert answer["Content-Disposition"] == 'attachment; filename="a___b__.mp4"'


async def test_missing_file_is_404(tmp_path: Path) -> None:
    with pytest.raises(Http404):
        await ask(tmp_path / "nothing")


@pytest.mark.parametrize("path", ["nothing.js", "%00", "../settings.py", "..%2Fsettings.py"])
async def test_static_gives_nothing_else(path: str) -> None:
    answer = await AsyncClient().get(f"/static/{path}")
    assert answer.status_code in (400, 404)


async def test_static_keeps_hashed_names_for_a_year(settings: Any, tmp_path: Path) -> None:
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "main-abc.js").write_text("1")
    (tmp_path / "icon.svg").write_text("<svg/>")
    settings.BUNDLE, settings.STATICFILES_DIRS = tmp_path, [tmp_path]
    cached = cast(Any, finders.get_finder)
    cached.cache_clear()
    hashed = await AsyncClient().get("/static/assets/main-abc.js")
    other = await AsyncClient().get("/static/icon.svg")
    cached.cache_clear()
    assert "immutable" in hashed["Cache-Control"]
    assert "immutable" not in other["Cache-Control"]


async def test_large_file_streams_through_all_middleware(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "large.bin").write_bytes(b"x" * (SMALL + 1))
    settings.STATICFILES_DIRS = [tmp_path]
    cached = cast(Any, finders.get_finder)
    cached.cache_clear()
    answer = cast(Any, await AsyncClient().get("/static/large.bin"))
    cached.cache_clear()
    assert answer.streaming and answer.is_async
    assert sum([len(part) async for part in answer]) == SMALL + 1
