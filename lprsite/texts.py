"""Short texts for people in both languages, chosen when they are shown.

Whole refusals have classes of their own (``lprsite/errors.py``); this is for the sentences of
validators, of the admin, and for names of choices.
"""

from __future__ import annotations

from typing import cast

from django.utils.functional import lazystr
from django.utils.translation import get_language

__all__ = ["both"]


class _Both:
    def __init__(self, en: str, es: str) -> None:
        self.en, self.es = en, es

    def __str__(self) -> str:
        return self.es if (get_language() or "en").startswith("es") else self.en


def both(en: str, es: str) -> str:
    """A text that reads in the language of whoever is shown it; it may hold ``%(name)s`` places."""
    return cast(str, lazystr(_Both(en, es)))
