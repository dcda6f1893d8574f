"""The files of reads and trained models, for members only."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase

from annotations.views.media import cache_of, key_of
from lprsite import files
from lprsite.media import only_read, send_file
from training.models import ReadCrop, TrainedModel


@only_read
async def read_crop(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A crop kept of a track."""
    rows = ReadCrop.objects.filter(pk=pk)
    key = await key_of(request, rows, "read__run__project_id", "file")
    return await send_file(request, files.local_path(key), cache=cache_of(request))


@only_read
async def onnx(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The ONNX file of a trained model, where one was made."""
    key = await key_of(request, TrainedModel.objects.filter(pk=pk), "project_id", "onnx")
    name = key.replace("/", "_")
    return await send_file(
        request, files.local_path(key), cache="private, no-cache", download_as=name
    )


@only_read
async def model(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The checkpoint of a trained model, to take away."""
    key = await key_of(request, TrainedModel.objects.filter(pk=pk), "project_id", "file")
    name = key.replace("/", "_")
    return await send_file(
        request, files.local_path(key), cache=cache_of(request), download_as=name
    )
