"""Threads that answer one request after another and keep their connection to the database.

Django gives every request under ASGI a new thread, and so a new connection: opening SQLite
and setting it up takes longer than most answers, and with PostgreSQL it takes much longer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext

KEPT = 32  # idle threads; more requests at once have threads for that time only

App = Callable[[Any, Any, Any], Awaitable[None]]


class KeptThreads:
    """An ASGI application whose synchronous code runs in one of the kept threads."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.idle: deque[ThreadPoolExecutor] = deque()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        thread = self.idle.pop() if self.idle else ThreadPoolExecutor(1, "request")
        try:
            async with ThreadSensitiveContext(executor=thread):
                await self.app(scope, receive, send)
        finally:
            # Behind whatever an abandoned request still does there.
            thread.submit(self._keep, thread)

    def _keep(self, thread: ThreadPoolExecutor) -> None:
        if len(self.idle) < KEPT:
            self.idle.append(thread)
        else:
            thread.shutdown(wait=False)
