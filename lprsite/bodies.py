"""Bodies of requests: nobody's is taken in before it is known who sends it, none beyond a limit.

Django's ASGI handler writes the whole body of every request into a temporary file before any
middleware runs. So a stranger could fill the disk, and a recording of 10 GB would be written
twice. Here a body of a streamed address (``STREAMED``) stays on the wire until the view asks
for it, piece by piece, with the server's flow control behind it; other bodies are counted
while they come in, and files in a form wait until ``doorman`` has let the sender in.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, MutableMapping
from typing import Any

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.utils.translation import get_language_from_request

from lprsite.errors import Refused

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Any, Any, Any], Awaitable[None]]
Doorman = Callable[[Scope], Awaitable[Refused | None]]

BODY = "lpr.body"
STREAMED = re.compile(r"/api/v1/uploads/[0-9]+/$")
PIECE = 256 * 1024
SECONDS_HELD = 1.0
FORM_OVERHEAD = 64 * 1024  # what a form adds to the file in it
POURED_AWAY = 32 * 1024 * 1024
SILENCE_SECONDS = 60.0  # after which a sender is taken for gone


class BodyTooLarge(Refused):
    """Facts: limit (MB)."""

    en = (
        "One request may bring at most {limit} MB. Send larger files in pieces: "
        "choose them on the page, or use the tus protocol at /api/v1/uploads/."
    )
    es = (
        "Una petición puede traer como máximo {limit} MB. Envíe los archivos mayores por partes: "
        "elíjalos en la página o use el protocolo tus en /api/v1/uploads/."
    )
    status = 413


class SenderGone(Exception):
    """The connection broke, or nothing came for a long time."""


class Body:
    """A body that is still on the wire. It can be read once."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """The body in pieces of ``PIECE`` bytes; shorter ones at the end and on a slow line,
        so that a second's bytes are given out within the next.

        What has arrived before a connection breaks is given out before the exception.
        Raises SenderGone.
        """
        waiting = bytearray()
        given_out = time.monotonic()
        more = True
        while more:
            message = await self._next()
            gone = message is None or message["type"] == "http.disconnect"
            if message is not None and not gone:
                waiting += message.get("body", b"")
            more = not gone and message is not None and message.get("more_body", False)
            due = not more or time.monotonic() - given_out > SECONDS_HELD
            while len(waiting) >= PIECE or (waiting and due):
                yield bytes(waiting[:PIECE])
                del waiting[:PIECE]
                given_out = time.monotonic()
            if gone:
                raise SenderGone

    async def pour_away(self) -> None:
        """Take in and forget what a refusal left on the wire, if that is not much.

        A server that answers in the middle of a body and closes is not heard by most clients:
        they see a broken connection instead of the sentence.
        """
        came = 0
        while not self._ended and came < POURED_AWAY:
            message = await self._next()
            came += len((message or {}).get("body", b""))

    async def _next(self) -> MutableMapping[str, Any] | None:
        message = None
        try:
            message = await asyncio.wait_for(self._receive(), SILENCE_SECONDS)
        except TimeoutError:
            self._ended = True
        else:
            self._ended = not message.get("more_body", False)
        return message


class _TooLarge(Exception):
    pass


class Bodies:
    """The application around Django's that decides when a body is taken in."""

    def __init__(self, app: App, doorman: Doorman) -> None:
        self._app = app
        self._doorman = doorman

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        if STREAMED.search(scope["path"]):
            await self._streamed(scope, receive, send, headers)
            return
        form = headers.get(b"content-type", b"").lower().startswith(b"multipart/form-data")
        limit = _limit(form=form)
        if _declared(headers) > limit:
            await _refuse(scope, send, BodyTooLarge(limit=limit // 1024**2))
        elif form and (refusal := await self._doorman(scope)):
            await _refuse(scope, send, refusal)
        else:
            await self._counted(scope, receive, send, limit)

    async def _streamed(
        self, scope: Scope, receive: Receive, send: Send, headers: dict[bytes, bytes]
    ) -> None:
        body = Body(receive)
        little = _declared(headers) <= POURED_AWAY and b"expect" not in headers

        async def send_when_heard(message: MutableMapping[str, Any]) -> None:
            if little and message["type"] == "http.response.start":
                await body.pour_away()
            await send(message)

        await self._app({**scope, BODY: body}, _nothing_then_silence(), send_when_heard)

    async def _counted(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        came = 0

        async def counted() -> MutableMapping[str, Any]:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > limit:
                raise _TooLarge
            return message

        try:
            await self._app(scope, counted, send)
        except _TooLarge:
            await _refuse(scope, send, BodyTooLarge(limit=limit // 1024**2))


def _limit(*, form: bool) -> int:
    if form:
        return int(settings.SMALL_UPLOAD_BYTES) + FORM_OVERHEAD
    return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0)


def _declared(headers: dict[bytes, bytes]) -> int:
    said = headers.get(b"content-length", b"")
    return int(said) if said.isdigit() else 0


def _nothing_then_silence() -> Receive:
    """What Django hears: an empty body, and nothing more while the view reads the real one."""
    told = False

    async def receive() -> MutableMapping[str, Any]:
        nonlocal told
        if told:
            await asyncio.Event().wait()
        told = True
        return {"type": "http.request", "body": b"", "more_body": False}

    return receive


async def _refuse(scope: Scope, send: Send, refusal: Refused) -> None:
    language = get_language_from_request(ASGIRequest(dict(scope), None))  # type: ignore[arg-type]
    said = {"code": refusal.code, "message": refusal.sentence(language), **refusal.details}
    body = json.dumps(said).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
