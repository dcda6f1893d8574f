"""The one page of the browser program, and two addresses for machines."""

from __future__ import annotations

from urllib.parse import urlencode

from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie

from lprsite import files
from lprsite.bundle import entry
from lprsite.jobs import engine


@ensure_csrf_cookie
def app(request: HttpRequest) -> HttpResponse:
    """The page that the browser program fills; its addresses are all the others."""
    found = entry()
    return render(request, "lprsite/app.html", {"entry": found}, status=200 if found else 503)


def healthz(request: HttpRequest) -> HttpResponse:
    """The web process answers."""
    return JsonResponse({"ok": True})


def readyz(request: HttpRequest) -> HttpResponse:
    """What the site needs to work: database, workers, disk."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    facts = {"database": True, "workers": engine.workers_alive(), "disk": files.free_bytes() > 1e9}
    return JsonResponse(facts, status=200 if all(facts.values()) else 503)


def to_login(request: HttpRequest) -> HttpResponse:
    """The admin's login is the site's own, with its limit of attempts."""
    wanted = request.GET.get("next", "/admin/")
    return HttpResponseRedirect(f"/login?{urlencode({'next': wanted})}")
