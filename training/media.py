"""The files of reads and trained models, for members only."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase

from annotations.views.media import cache_of, key_of
from lprsite import files
from lprsite.media import send_file
from training.models import ReadCrop, TrainedModel


async def read_crop(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A crop kept of a track."""
    rows = ReadCrop.objects.filter(pk=pk)
    key = await key_of(request, rows, "read__run__project_id", "file")
    return await send_file(request, files.local_path(key), cache=cache_of(request))


async def model(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The checkpoint of a trained model, to take away."""
    key = await key_of(request, TrainedModel.objects.filter(pk=pk), "project_id", "file")
    name = key.replace("/", "_")
    return await send_file(
        request, files.local_path(key), cache=cache_of(request), download_as=name
    )
