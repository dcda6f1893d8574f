"""The API right of the dataset version."""

from __future__ import annotations

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
