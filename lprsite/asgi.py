"""The web process: pages, API and the jobs socket."""

from __future__ import annotations

import os
from typing import Any, cast

from channels.auth import AuthMiddlewareStack
from channels.routing import ProtocolTypeRouter, URLRouter
from channels.security.websocket import AllowedHostsOriginValidator
from django.core.asgi import get_asgi_application
from django.urls import path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "lprsite.settings")
http = get_asgi_application()

# The consumers need the apps to be ready.
from annotations.views.uploads import doorman  # noqa: E402
from lprsite.bodies import Bodies  # noqa: E402
from lprsite.jobs.consumers import JobsConsumer  # noqa: E402
from lprsite.threads import KeptThreads  # noqa: E402

sockets: Any = [path("ws/jobs/", cast(Any, JobsConsumer.as_asgi()))]
application = ProtocolTypeRouter(
    {
        "http": KeptThreads(Bodies(http, doorman)),
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(sockets))),
    }
)
