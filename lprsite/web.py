"""The web process: uvicorn on a socket that the launcher already holds.

The launcher keeps the socket while this process is started again, so that a browser
waits a moment instead of finding nobody. ``python -m lprsite.web FD``
"""

from __future__ import annotations

import gc
import socket
import sys

import uvicorn

MESSAGE_BYTES = 64 * 1024  # the jobs socket carries ids, nothing larger
GRACE_SECONDS = 5  # for open requests, when asked to stop


def main(handle: int) -> None:
    """Serve on the listening socket ``handle`` until told to stop."""
    listening = socket.socket(fileno=handle)
    config = uvicorn.Config(
        "lprsite.asgi:application",
        access_log=False,
        log_level="warning",
        server_header=False,
        lifespan="off",
        ws_max_size=MESSAGE_BYTES,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )
    config.load()
    _warm()
    gc.collect()
    gc.freeze()  # what is loaded now stays; collecting garbage need not look at it again
    uvicorn.Server(config).run(sockets=[listening])


def _warm() -> None:
    """Import every view now: the first visitor does not wait for it."""
    from django.urls import get_resolver

    assert get_resolver().url_patterns


if __name__ == "__main__":
    main(int(sys.argv[1]))
