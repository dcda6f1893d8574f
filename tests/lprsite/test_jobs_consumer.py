"""The jobs socket: members get ids, others are sent away."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.layers import get_channel_layer
from channels.routing import URLRouter
from django.contrib.auth.models import AnonymousUser
from django.urls import path

from lprsite.jobs.consumers import JobsConsumer
from lprsite.jobs.models import Job
from lprsite.jobs.progress import announce, group_of

DEADLINE = 30  # seconds; only a failure waits so long
router = URLRouter(cast(Any, [path("ws/jobs/", cast(Any, JobsConsumer.as_asgi()))]))


async def connect(user: Any, query: str) -> ApplicationCommunicator:
    """A socket that was accepted. (Channels' own test client needs another web server.)"""
    address = {"path": "/ws/jobs/", "query_string": query.encode()}
    socket = ApplicationCommunicator(router, {"type": "websocket", **address, "user": user})
    await socket.send_input({"type": "websocket.connect"})
    assert (await socket.receive_output(DEADLINE))["type"] == "websocket.accept"
    return socket


async def closed_with(socket: ApplicationCommunicator) -> Any:
    return (await socket.receive_output(DEADLINE))["code"]


@pytest.mark.django_db(transaction=True)
async def test_anonymous_is_refused() -> None:
    assert await closed_with(await connect(AnonymousUser(), "project=1")) == 4401


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("query", ["", "project=x", "project=²", "project=" + "9" * 30])
async def test_no_project_is_refused(user: Any, query: str) -> None:
    assert await closed_with(await connect(user, query)) == 4403


@pytest.mark.django_db(transaction=True)
async def test_outsider_is_refused(project: Any, django_user_model: Any) -> None:
    other = await sync_to_async(django_user_model.objects.create_user)("eve")
    assert await closed_with(await connect(other, f"project={project.pk}")) == 4403


@pytest.mark.django_db(transaction=True)
async def test_member_gets_ids(project: Any, user: Any) -> None:
    socket = await connect(user, f"project={project.pk}")
    await socket.send_input({"type": "websocket.receive", "text": '{"delete": "everything"}'})
    await sync_to_async(announce)(Job(pk=12, task="train", project_id=project.pk))
    await sync_to_async(announce)(Job(pk=13, task="train", project_id=project.pk + 1))
    heard = await socket.receive_output(DEADLINE)
    assert json.loads(heard["text"]) == {"job": 12, "task": "train"}
    assert await socket.receive_nothing(timeout=0.01)
    await socket.send_input({"type": "websocket.disconnect", "code": 1000})
    await socket.wait(DEADLINE)


@pytest.mark.django_db(transaction=True)
async def test_member_who_left_is_sent_away(project: Any, user: Any) -> None:
    socket = await connect(user, f"project={project.pk}")
    await sync_to_async(project.memberships.all().delete)()
    layer = get_channel_layer()
    assert layer is not None
    message = {"type": "job.changed", "job": 1, "task": "train"}
    await layer.group_send(group_of(project.pk), message)
    assert await closed_with(socket) == 4403
