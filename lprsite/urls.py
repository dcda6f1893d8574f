"""Where every address leads."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from lprsite import media, pages
from lprsite.jobs.views import JobViewSet

jobs = SimpleRouter()
jobs.register("jobs", JobViewSet)

api = [
    *jobs.urls,
    path("schema/", SpectacularAPIView.as_view()),
    path("", include("training.urls")),
    path("", include("annotations.urls")),
]
urlpatterns = [
    path("api/v1/", include(api)),
    path("admin/login/", pages.to_login),
    path("admin/", admin.site.urls),
    path("static/<path:path>", media.static),
    path("healthz", pages.healthz),
    path("readyz", pages.readyz),
    re_path(r"^(?!api/|admin/|static/|ws/).*$", pages.app),
]
