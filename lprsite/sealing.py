"""Secrets at rest: sealed with a key made of SECRET_KEY, so that the database alone tells none."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings


class SealBroken(Exception):
    """It was sealed with another SECRET_KEY, or is damaged."""


def seal(text: str) -> str:
    """The text so that only this installation can read it."""
    return _key().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """What was sealed. Raises SealBroken."""
    try:
        return _key().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise SealBroken from None


def _key() -> Fernet:
    digest = hashlib.sha256(b"lprsite.sealing " + settings.SECRET_KEY.encode()).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
