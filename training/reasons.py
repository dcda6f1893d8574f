"""Why a setting of a training is refused, in both languages. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple


class Reason(NamedTuple):
    """The end of a sentence: "the setting cannot be 3: it must be even"."""

    en: str
    es: str


WHOLE = Reason("it must be a whole number", "debe ser un número entero")
NUMBER = Reason("it must be a number", "debe ser un número")
SWITCH = Reason("it must be true or false", "debe ser verdadero o falso")
WORDS = Reason("it must be a list of words", "debe ser una lista de palabras")
PAIR = Reason("it must be two numbers", "deben ser dos números")
LIST = Reason("it must be a list", "debe ser una lista")
NOT_NEGATIVE = Reason("it must not be negative", "no debe ser negativo")
POSITIVE = Reason("it must be above 0", "debe ser mayor que 0")
BELOW_ONE = Reason("it must be 0 or more and below 1", "debe ser 0 o más y menor que 1")
INSIDE_ONE = Reason("it must lie between 0 and 1", "debe estar entre 0 y 1")
AT_LEAST_ONE = Reason("it must be at least 1", "debe ser al menos 1")
UNKNOWN = Reason("no such setting", "no existe tal ajuste")


def among(known: Iterable[Any]) -> Reason:
    """One of these."""
    names = ", ".join(map(str, known))
    return Reason(f"choose among {names}", f"elija entre {names}")


def between(low: float, high: float) -> Reason:
    """No less and no more."""
    return Reason(f"it must be {low:g} to {high:g}", f"debe ser de {low:g} a {high:g}")


def multiple(of: int) -> Reason:
    """Divisible by this."""
    return Reason(f"it must be a multiple of {of}", f"debe ser múltiplo de {of}")


def as_said(words: str) -> Reason:
    """What a part of the settings says of itself, in the one language that it has."""
    return Reason(words, words)
