"""What every API door shares: how refusals are answered and how lists are paged."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import get_language
from rest_framework import exceptions
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler

from lprsite.errors import Refused
from lprsite.texts import both


class ById(CursorPagination):
    """Pages by key: the millionth page costs what the first does."""

    ordering = "id"
    page_size = 100
    page_size_query_param = "limit"
    max_page_size = 1000


def answer_refusal(problem: Exception, context: dict[str, Any]) -> Response | None:
    """A refusal becomes {"code", "message"} in the reader's language, with its own status."""
    if isinstance(problem, Refused):
        body = {"code": problem.code, "message": problem.sentence(get_language() or "en")}
        return Response({**body, **problem.details}, status=problem.status)
    if isinstance(problem, Http404):  # its own words name tables, in English only
        problem = exceptions.NotFound(
            both(
                "There is no such thing here, or not for you.",
                "Aquí no hay tal cosa, o no para usted.",
            )
        )
    if isinstance(problem, OverflowError):  # an id that no database column holds
        problem = exceptions.ValidationError(
            both(
                "A number in the request is too large.",
                "Un número de la petición es demasiado grande.",
            )
        )
    answer = exception_handler(problem, context)
    if answer is not None and isinstance(problem, exceptions.ValidationError):
        answer.data = {"code": "Invalid", "message": _first(answer.data), "fields": answer.data}
    elif answer is not None and isinstance(answer.data, dict) and "detail" in answer.data:
        detail = answer.data["detail"]
        answer.data = {"code": getattr(detail, "code", "Error"), "message": str(detail)}
    return answer


def _first(data: Any, field: str = "") -> str:
    if isinstance(data, dict):
        for name, value in data.items():
            return _first(value, field if name == "non_field_errors" else str(name))
    if isinstance(data, list) and data:
        return _first(data[0], field)
    return f"{field}: {data}" if field else str(data)
