"""What the program refuses, said in a sentence a person can act on.

Pure: the rooms that know no Django raise these too. Each app keeps its own
sentences in its ``errors.py``, English and Spanish side by side.
"""

from __future__ import annotations

from typing import Any, ClassVar


class Refused(Exception):
    """An expected refusal. ``facts`` fill the places of the sentence."""

    en: ClassVar[str] = ""
    es: ClassVar[str] = ""
    status: ClassVar[int] = 400  # of the HTTP answer

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.sentence())

    @property
    def code(self) -> str:
        """The stable name of this refusal, for programs."""
        return type(self).__name__

    @property
    def details(self) -> dict[str, Any]:
        """What an API answer carries besides the sentence."""
        return {}

    def sentence(self, language: str = "en") -> str:
        """The sentence in ``language`` ("en" or "es"; anything else is English)."""
        template = self.es if language.startswith("es") and self.es else self.en
        return template.format(**self.facts)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.facts)


def _rebuild(kind: type[Refused], facts: dict[str, Any]) -> Refused:
    return kind(**facts)
