"""One thread per request instead of one hop per middleware."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils.decorators import sync_only_middleware

Answer = Callable[[HttpRequest], HttpResponseBase]


@sync_only_middleware
def in_one_thread(get_response: Answer) -> Answer:
    """Innermost, it does nothing, but makes Django run all middleware outside it in one thread.

    Under ASGI every middleware that can do both is run as asynchronous, and each of its
    synchronous halves then goes to a thread and back: eighteen hops for every request here.
    """
    return get_response
