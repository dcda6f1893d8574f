"""Requests are answered by threads that stay, one request at a time each."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from asgiref.sync import sync_to_async

from lprsite.threads import KeptThreads


def app_of(work: Any) -> KeptThreads:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        send(await sync_to_async(work)(scope))

    return KeptThreads(app)


async def settled(app: KeptThreads, threads: int) -> None:
    while len(app.idle) < threads:
        await asyncio.sleep(0)


async def test_one_request_after_another_has_the_same_thread() -> None:
    seen: list[Any] = []
    app = app_of(lambda scope: threading.get_ident())
    for _ in range(3):
        await app({}, None, seen.append)
        await settled(app, 1)
    assert len(set(seen)) == 1 and seen[0] != threading.get_ident()


async def test_requests_at_once_do_not_share_a_thread() -> None:
    seen: list[Any] = []
    both = threading.Barrier(2, timeout=10)  # only passed when both are inside
    app = app_of(lambda scope: (both.wait(), threading.get_ident())[1])
    await asyncio.gather(app({}, None, seen.append), app({}, None, seen.append))
    await settled(app, 2)
    assert len(set(seen)) == 2


async def test_an_abandoned_request_keeps_its_thread_until_it_is_over() -> None:
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def work(scope: Any) -> None:
        loop.call_soon_threadsafe(begun.set)
        assert go_on.wait(10)

    app = app_of(work)
    request = asyncio.create_task(app({}, None, lambda _: None))
    await begun.wait()
    request.cancel()
    await asyncio.wait([request])
    assert not app.idle
    go_on.set()
    await settled(app, 1)


async def test_no_more_threads_are_kept_than_needed(monkeypatch: Any) -> None:
    monkeypatch.setattr("lprsite.threads.KEPT", 1)
    both = threading.Barrier(2, timeout=10)
    app = app_of(lambda scope: both.wait())
    await asyncio.gather(*(app({}, None, lambda _: None) for _ in range(2)))
    await settled(app, 1)
    for _ in range(50):
        await asyncio.sleep(0)
    assert len(app.idle) == 1
