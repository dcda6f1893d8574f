"""Frames by the hundred thousand as JSON: what is looked for, pages of the index, many at once."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from rest_framework import serializers

from annotations import frames
from annotations.frames import Page, Sought
from annotations.models.frames import FrameStatus

MOST_AT_ONCE = 1000


class SoughtSerializer(serializers.Serializer[Any]):
    """What people look for among frames, as it stands in an address."""

    video = serializers.IntegerField(required=False)
    status = serializers.ChoiceField(choices=FrameStatus.choices, required=False)
    has = serializers.CharField(
        required=False,
        max_length=200,
        help_text="labels, separated by commas: plate has one, -plate has none, - no box at all",
    )
    text = serializers.CharField(
        required=False,
        max_length=40,
        help_text="of a plate on the frame; ? is one and * are any characters",
    )
    start = serializers.FloatField(required=False, help_text="seconds of the video")
    end = serializers.FloatField(required=False, help_text="seconds of the video")

    def sought(self) -> Sought:
        """What was asked for, once it is valid."""
        return Sought(**self.validated_data)


class IndexQuerySerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField()
    video = serializers.IntegerField(required=False)
    after = serializers.CharField(required=False, help_text="“next” of the page before")
    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=2 * frames.PAGE, default=frames.PAGE
    )


class StretchSerializer(serializers.Serializer[Any]):
    video = serializers.IntegerField(allow_null=True)
    count = serializers.IntegerField()


class FrameIndexSerializer(serializers.Serializer[Any]):
    """Frames in the order of the grid. The lists are as long as each other."""

    ids = serializers.ListField(
        child=serializers.IntegerField(), help_text="each less the one before it"
    )
    milliseconds = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="from the start of the video, each less the one before it in this page",
    )
    marks = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="two bits of status (open, done, nothing here), then one for each of “labels”",
    )
    boxes = serializers.ListField(child=serializers.IntegerField())
    videos = StretchSerializer(many=True, help_text="which video so many frames are of")
    labels = serializers.ListField(child=serializers.CharField())
    next = serializers.CharField(allow_null=True)


class CountsQuerySerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField()
    video = serializers.IntegerField(required=False)


class FrameCountsSerializer(serializers.Serializer[Any]):
    status = serializers.DictField(child=serializers.IntegerField())
    has = serializers.DictField(
        child=serializers.IntegerField(), help_text="frames with a box of each label"
    )


class ReadingQuerySerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField()
    text = serializers.CharField(max_length=40)


class FrameIdsSerializer(serializers.Serializer[Any]):
    frames = serializers.ListField(child=serializers.IntegerField())


class InterpolateSerializer(serializers.Serializer[Any]):
    boxes = serializers.ListField(
        child=serializers.IntegerField(), min_length=1, max_length=MOST_AT_ONCE
    )
    client_key = serializers.UUIDField()


class InterpolatedSerializer(serializers.Serializer[Any]):
    boxes = serializers.IntegerField(help_text="that were drawn, or deleted")
    frames = serializers.IntegerField(help_text="on so many frames")


class BulkSerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField()
    frames = serializers.ListField(
        child=serializers.IntegerField(), min_length=1, max_length=MOST_AT_ONCE
    )
    do = serializers.ChoiceField(choices=[*FrameStatus.values, "delete"])


class BulkDoneSerializer(serializers.Serializer[Any]):
    """Ids of frames: those that were changed, and those left out with the reason."""

    changed = serializers.ListField(child=serializers.IntegerField())
    have_boxes = serializers.ListField(child=serializers.IntegerField(), required=False)
    have_none = serializers.ListField(child=serializers.IntegerField(), required=False)
    have_texts = serializers.ListField(child=serializers.IntegerField(), required=False)


def index_of(page: Page, labels: list[str]) -> dict[str, Any]:
    """A page as JSON. Built by hand: a serializer would take ten times as long."""
    return {
        "ids": _steps(page.ids),
        "milliseconds": _steps(page.milliseconds),
        "marks": page.marks,
        "boxes": page.boxes,
        "videos": [
            {"video": video, "count": sum(1 for _ in its)} for video, its in groupby(page.videos)
        ],
        "labels": labels,
        "next": str(page.next) if page.next else None,
    }


def _steps(numbers: list[int]) -> list[int]:
    """Each number less the one before it: far fewer digits."""
    return [now - before for before, now in zip([0, *numbers], numbers, strict=False)]
