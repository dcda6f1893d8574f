"""Bodies come in only for people who may send them, and only as far as they may be long."""

from __future__ import annotations

import json
from typing import Any

import pytest

from annotations.errors import LoginNeeded
from lprsite.bodies import BODY, PIECE, Bodies, Body, SenderGone

FORM = b"multipart/form-data; boundary=x"


class Wire:
    """A connection: gives out messages, remembers how many were taken, and what was answered."""

    def __init__(self, *pieces: bytes, breaks: bool = False) -> None:
        self.messages = [
            {"type": "http.request", "body": piece, "more_body": breaks or at < len(pieces)}
            for at, piece in enumerate(pieces, start=1)
        ]
        if breaks:
            self.messages.append({"type": "http.disconnect"})
        self.taken = 0
        self.sent: list[Any] = []

    async def receive(self) -> Any:
        self.taken += 1
        return self.messages[self.taken - 1]

    async def send(self, message: Any) -> None:
        self.sent.append(message)

    @property
    def answer(self) -> tuple[int, Any]:
        return self.sent[0]["status"], json.loads(self.sent[1]["body"])


async def django(scope: Any, receive: Any, send: Any) -> None:
    """Reads a whole body, as Django's handler does."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"{}"})


async def ask(
    wire: Wire, path: str = "/api/v1/boxes/", let_in: bool = True, **headers: bytes
) -> Any:
    async def doorman(scope: Any) -> Any:
        return None if let_in else LoginNeeded()

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"",
        "headers": [(name.replace("_", "-").encode(), value) for name, value in headers.items()],
    }
    await Bodies(django, doorman)(scope, wire.receive, wire.send)
    return wire.answer


async def test_ordinary_body_passes(settings: Any) -> None:
    assert await ask(Wire(b"12", b"3")) == (200, {})


async def test_declared_length_over_the_limit_is_not_read(settings: Any) -> None:
    wire = Wire(b"x")
    status, said = await ask(wire, content_length=b"99999999999")
    assert (status, said["code"], wire.taken) == (413, "BodyTooLarge", 0)
    assert "/api/v1/uploads/" in said["message"]


async def test_undeclared_length_is_counted(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 4
    wire = Wire(b"123", b"45", b"6")
    assert (await ask(wire))[0] == 413 and wire.taken == 2


async def test_form_with_files_has_its_own_limit_and_sentence(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE, settings.SMALL_UPLOAD_BYTES = 4, 10
    assert (await ask(Wire(b"1234567"), content_type=FORM))[0] == 200
    status, said = await ask(Wire(b"x" * 99_999), content_type=FORM, accept_language=b"es")
    assert status == 413 and "por partes" in said["message"]


async def test_form_of_a_stranger_is_not_read(settings: Any) -> None:
    wire = Wire(b"file")
    status, said = await ask(wire, let_in=False, content_type=FORM)
    assert (status, said["code"], wire.taken) == (401, "LoginNeeded", 0)


async def test_streamed_address_leaves_the_body_on_the_wire() -> None:
    wire, seen = Wire(b"12", b"3"), []

    async def view(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive()) == {"type": "http.request", "body": b"", "more_body": False}
        seen.append(wire.taken)
        seen.extend([piece async for piece in scope[BODY].pieces()])

    async def nobody(scope: Any) -> None:
        return None

    scope = {"type": "http", "path": "/api/v1/uploads/7/", "headers": [], "method": "PATCH"}
    await Bodies(view, nobody)(scope, wire.receive, wire.send)
    assert seen == [0, b"123"]


@pytest.mark.parametrize(
    ("headers", "taken"),
    [([], 3), ([(b"content-length", b"99999999999")], 0), ([(b"expect", b"100-continue")], 0)],
)
async def test_a_refusal_is_heard_by_who_is_still_sending(headers: Any, taken: int) -> None:
    """A short rest is taken in before the answer; a long one is not."""
    wire, order = Wire(b"1", b"2", b"3"), []

    async def refusing(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 409, "headers": []})

    async def nobody(scope: Any) -> None:
        return None

    async def send(message: Any) -> None:
        order.append(wire.taken)

    scope = {"type": "http", "path": "/api/v1/uploads/7/", "headers": headers, "method": "PATCH"}
    await Bodies(refusing, nobody)(scope, wire.receive, send)
    assert order == [taken]


async def test_pieces_are_of_one_size() -> None:
    body = Body(Wire(b"a" * (PIECE - 1), b"b" * (PIECE + 2), b"").receive)
    assert [len(piece) async for piece in body.pieces()] == [PIECE, PIECE, 1]


async def test_a_slow_line_does_not_wait_for_a_whole_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lprsite.bodies.SECONDS_HELD", -1.0)
    body = Body(Wire(b"12", b"3").receive)
    assert [piece async for piece in body.pieces()] == [b"12", b"3"]


async def test_what_came_before_a_break_is_given_out() -> None:
    got = []
    with pytest.raises(SenderGone):
        async for piece in Body(Wire(b"12", b"3", breaks=True).receive).pieces():
            got.append(piece)
    assert got == [b"123"]


async def test_silence_is_taken_for_a_break(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lprsite.bodies.SILENCE_SECONDS", 0.0)

    async def nothing() -> Any:
        raise AssertionError("the wait ends first")

    with pytest.raises(SenderGone):
        async for _ in Body(nothing).pieces():
            pass
