"""Addresses that are told in JSON what happened. Only whoever runs the site names them."""

from __future__ import annotations

import json
import logging
import urllib.request
from typing import Any

log = logging.getLogger(__name__)


def tell(address: str, facts: dict[str, Any], *, timeout: float = 10.0) -> bool:
    """POST the facts to an address, which is never waited for longer than ``timeout`` seconds.

    Returns whether it took them; an address that is away is no error.
    """
    request = urllib.request.Request(  # noqa: S310  # settings.py lets only http through
        address, data=json.dumps(facts).encode(), headers={"Content-Type": "application/json"}
    )
    try:
        urllib.request.urlopen(request, timeout=timeout).close()  # noqa: S310
    except (OSError, ValueError) as problem:
        log.warning("the webhook was not told of run %s: %s", facts.get("run"), problem)
        return False
    return True
