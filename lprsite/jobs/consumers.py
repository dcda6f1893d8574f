"""The socket ``/ws/jobs/?project=ID``: ids of jobs that changed, for members only."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.conf import settings
from django.utils.module_loading import import_string

from lprsite.jobs.progress import group_of

ANONYMOUS, FORBIDDEN = 4401, 4403
LONGEST_ID = 18  # digits; more than any row's id has


class JobsConsumer(AsyncJsonWebsocketConsumer):
    group: str | None = None

    async def connect(self) -> None:
        """Let a member in: first into the group, so that no change is missed from then on."""
        user = self.scope.get("user")
        given = parse_qs(self.scope["query_string"].decode()).get("project", [""])[0]
        if user is None or not user.is_authenticated:
            await self._refuse(ANONYMOUS)
        elif (
            not given.isdecimal() or len(given) > LONGEST_ID or not await self._may_see(int(given))
        ):
            await self._refuse(FORBIDDEN)
        else:
            self.project_id = int(given)
            self.group = group_of(self.project_id)
            await self.channel_layer.group_add(self.group, self.channel_name)
            await self.accept()

    async def _refuse(self, code: int) -> None:
        await self.accept()  # a browser sees the code only of a socket that was open
        await self.close(code=code)

    async def disconnect(self, code: int) -> None:
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive_json(self, content: Any, **_: Any) -> None:
        """The browser has nothing to say here; what it sends is not read."""

    async def job_changed(self, event: dict[str, Any]) -> None:
        await self._tell({"job": event["job"], "task": event["task"]})

    async def review_changed(self, event: dict[str, Any]) -> None:
        await self._tell({"video": event["video"]})

    async def _tell(self, news: dict[str, Any]) -> None:
        if await self._may_see(self.project_id):
            await self.send_json(news)
        else:
            await self.close(code=FORBIDDEN)

    @database_sync_to_async
    def _may_see(self, project_id: int) -> bool:
        may_see = import_string(settings.JOB_MEMBERSHIP)
        return bool(may_see(self.scope["user"], project_id))
