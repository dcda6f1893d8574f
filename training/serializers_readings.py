"""Readings, their reads and what reviewers do with them, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations.models import CheckedSpan, Passage, Video
from annotations.models.passages import PassageStatus
from annotations.passages import REASONS, Edit
from annotations.serializers import VideoCountsSerializer
from lprsite.jobs.serializers import JobSerializer
from training.models import (
    InferenceRun,
    Read,
    ReadCrop,
)
from training.readings import DETECT_EVERY, FRAMES_A_SECOND, MOST_EVERY, MOST_TILES
from training.sightings import Place, Sighting, Sought

DIRECTIONS = "approaching, leaving, left, right, up, down, or empty"
SEEN_AT = "by the right clock; null where nobody knows the day"


class InferenceRunSerializer(serializers.ModelSerializer[InferenceRun]):
    job = JobSerializer(read_only=True, allow_null=True)
    video_name = serializers.CharField(source="video.name", read_only=True)
    detector_name = serializers.CharField(source="detector.shown_name", read_only=True)
    recognizer_name = serializers.CharField(source="recognizer.shown_name", read_only=True)
    score = serializers.SerializerMethodField(
        help_text="right, wrong, false, double, missed, reads, open"
    )

    class Meta:
        model = InferenceRun
        fields = [
            "id",
            "project",
            "video",
            "video_name",
            "detector",
            "detector_name",
            "recognizer",
            "recognizer_name",
            "options",
            "throughput",
            "camera_run",
            "job",
            "score",
            "created_at",
        ]
        read_only_fields = fields

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "integer"}})
    def get_score(self, run: InferenceRun) -> dict[str, int]:
        return dict(self.context.get("scores", {}).get(run.pk, {}))


class LooksSerializer(serializers.Serializer[Any]):
    """How often and how closely networks look at a video."""

    fps = serializers.FloatField(
        required=False, default=FRAMES_A_SECOND, min_value=0.1, max_value=120
    )
    detect_every = serializers.IntegerField(
        required=False,
        default=DETECT_EVERY,
        min_value=1,
        max_value=MOST_EVERY,
        help_text="the detector sees every Nth of these frames; plates are followed between",
    )
    skip_idle = serializers.BooleanField(
        required=False, default=True, help_text="do not look where nothing moves for seconds"
    )
    tiles = serializers.IntegerField(
        required=False,
        default=1,
        min_value=1,
        max_value=MOST_TILES,
        help_text="look also at N x N parts of every picture, for far plates",
    )
    around_cars = serializers.BooleanField(
        required=False, default=False, help_text="look again around every car found"
    )


class StartReadingSerializer(LooksSerializer):
    video = serializers.IntegerField()
    detector = serializers.CharField(
        required=False, default="current", max_length=40, help_text="a number, current or starter"
    )
    recognizer = serializers.CharField(
        required=False, default="current", max_length=40, help_text="a number, current or starter"
    )


class ReadCropSerializer(serializers.ModelSerializer[ReadCrop]):
    picture = serializers.SerializerMethodField()
    seconds = serializers.SerializerMethodField()

    class Meta:
        model = ReadCrop
        fields = ["id", "pts", "seconds", "box", "picture", "width", "height", "text", "confidence"]

    def get_picture(self, crop: ReadCrop) -> str:
        return f"/api/v1/media/read-crops/{crop.pk}/?v={crop.sha256[:8]}"

    def get_seconds(self, crop: ReadCrop) -> float:
        return crop.read.run.video.seconds(crop.pts)


class PassageSerializer(serializers.ModelSerializer[Passage]):
    reviewer = serializers.CharField(source="reviewer.username", default="", read_only=True)
    first_seconds = serializers.SerializerMethodField()
    last_seconds = serializers.SerializerMethodField()

    class Meta:
        model = Passage
        fields = [
            "id",
            "video",
            "text",
            "status",
            "reject_reason",
            "unseen",
            "first_pts",
            "last_pts",
            "first_seconds",
            "last_seconds",
            "reviewer",
            "revision",
            "updated_at",
        ]
        read_only_fields = fields

    def get_first_seconds(self, passage: Passage) -> float:
        return passage.video.seconds(passage.first_pts)

    def get_last_seconds(self, passage: Passage) -> float:
        return passage.video.seconds(passage.last_pts)


@extend_schema_field({"type": "array", "items": {"type": "array", "items": {"type": "number"}}})
class KeyBoxesField(serializers.ListField):
    """[seconds, x1, y1, x2, y2] by time, in pixels of the upright picture."""

    child = serializers.ListField(
        child=serializers.FloatField(min_value=0, max_value=1e7), min_length=5, max_length=5
    )


class PassageDetailSerializer(PassageSerializer):
    boxes = serializers.SerializerMethodField(help_text="[seconds, x1, y1, x2, y2] by time")

    class Meta(PassageSerializer.Meta):
        fields = [*PassageSerializer.Meta.fields, "boxes"]
        read_only_fields = fields

    @extend_schema_field(KeyBoxesField)
    def get_boxes(self, passage: Passage) -> list[list[float]]:
        return in_seconds(passage.video, passage.key_boxes)


def in_seconds(video: Video, key_boxes: Sequence[Sequence[float]]) -> list[list[float]]:
    """Key boxes with seconds in place of pts."""
    return [[round(video.seconds(int(key[0])), 3), *key[1:]] for key in key_boxes]


class PassagePatchSerializer(serializers.Serializer[Any]):
    client_key = serializers.UUIDField(required=False, allow_null=True, default=None)
    revision = serializers.IntegerField(help_text="of the passage, as the reviewer saw it")
    text = serializers.CharField(required=False, max_length=64)
    boxes = KeyBoxesField(required=False, max_length=2000)
    first_seconds = serializers.FloatField(required=False, min_value=0, max_value=1e7)
    last_seconds = serializers.FloatField(required=False, min_value=0, max_value=1e7)

    def edit(self, video: Video) -> Edit:
        """What is asked, in pts of the video."""
        given = self.validated_data
        boxes = given.get("boxes")
        return Edit(
            text=given.get("text"),
            key_boxes=boxes and [[video.pts(key[0]), *key[1:]] for key in boxes],
            first_pts=video.pts(given["first_seconds"]) if "first_seconds" in given else None,
            last_pts=video.pts(given["last_seconds"]) if "last_seconds" in given else None,
        )


class PassageDeleteSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField(required=False, default=-1)
    client_key = serializers.UUIDField(required=False, allow_null=True, default=None)


class PassageAddSerializer(PassagePatchSerializer):
    revision: Any = None
    video = serializers.IntegerField()
    text = serializers.CharField(max_length=64)
    boxes = KeyBoxesField(max_length=2000, help_text="where the plate is; one is enough")
    client_key = serializers.UUIDField(required=False, allow_null=True, default=None)

    def facts(self, video: Video) -> dict[str, Any]:
        """What ``passages.add`` takes; without times, those of the boxes."""
        edit = self.edit(video)
        keys = edit.key_boxes or [[0]]
        first, last = min(key[0] for key in keys), max(key[0] for key in keys)
        return {
            "text": edit.text,
            "key_boxes": edit.key_boxes,
            "first_pts": first if edit.first_pts is None else edit.first_pts,
            "last_pts": last if edit.last_pts is None else edit.last_pts,
            "client_key": self.validated_data["client_key"],
        }


class CheckedSpanSerializer(serializers.ModelSerializer[CheckedSpan]):
    video = serializers.IntegerField(source="video_id")
    by = serializers.CharField(source="by.username", default="", read_only=True)
    first_seconds = serializers.FloatField(min_value=0, max_value=1e7)
    last_seconds = serializers.FloatField(min_value=0, max_value=1e7)

    class Meta:
        model = CheckedSpan
        fields = ["id", "video", "first_seconds", "last_seconds", "by"]

    def to_representation(self, instance: CheckedSpan) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "video": instance.video_id,
            "first_seconds": instance.video.seconds(instance.first_pts),
            "last_seconds": instance.video.seconds(instance.last_pts),
            "by": instance.by.username if instance.by else "",
        }


class ReadSerializer(serializers.ModelSerializer[Read]):
    first_seconds = serializers.SerializerMethodField()
    last_seconds = serializers.SerializerMethodField()
    boxes = serializers.SerializerMethodField(help_text="[seconds, x1, y1, x2, y2] by time")
    alternatives = serializers.JSONField(
        read_only=True, help_text="[second choice, its share 0..1] per character"
    )
    crops = ReadCropSerializer(many=True, read_only=True)
    passage = serializers.SerializerMethodField()
    outcome = serializers.SerializerMethodField(help_text="empty until it is matched")
    seen_at = serializers.SerializerMethodField(help_text=SEEN_AT)
    direction = serializers.CharField(read_only=True, help_text=DIRECTIONS)

    class Meta:
        model = Read
        fields = [
            "id",
            "run",
            "number",
            "first_seconds",
            "last_seconds",
            "text",
            "confidence",
            "characters",
            "votes",
            "greedy",
            "alternatives",
            "boxes",
            "crops",
            "passage",
            "outcome",
            "seen_at",
            "direction",
        ]

    def get_first_seconds(self, read: Read) -> float:
        return read.run.video.seconds(read.first_pts)

    def get_last_seconds(self, read: Read) -> float:
        return read.run.video.seconds(read.last_pts)

    @extend_schema_field(
        serializers.ListField(child=serializers.ListField(child=serializers.FloatField()))
    )
    def get_boxes(self, read: Read) -> list[list[float]]:
        return in_seconds(read.run.video, read.boxes)

    def get_seen_at(self, read: Read) -> datetime | None:
        return read.run.video.time_of(read.first_pts)

    def get_outcome(self, read: Read) -> str:
        match = getattr(read, "match", None)
        return match.outcome if match else ""

    @extend_schema_field(PassageSerializer(allow_null=True))
    def get_passage(self, read: Read) -> Any:
        match = getattr(read, "match", None)
        return PassageSerializer(match.passage).data if match and match.passage else None


class SoughtReadsSerializer(serializers.Serializer[Any]):
    """What the address of a search says."""

    project = serializers.IntegerField(min_value=1)
    text = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=40,
        default="",
        help_text="? is one character, * any; without either it may stand anywhere",
    )
    near = serializers.BooleanField(
        required=False, default=False, help_text="one character other, missing or too many"
    )
    video = serializers.IntegerField(required=False, min_value=1)
    camera = serializers.IntegerField(required=False, min_value=1)
    since = serializers.DateTimeField(required=False, help_text="by the recordings' clock")
    until = serializers.DateTimeField(required=False)
    confidence = serializers.FloatField(required=False, min_value=0, max_value=1)

    def sought(self) -> Sought:
        given = dict(self.validated_data)
        given.pop("project")
        return Sought(**given)


class SightingSerializer(serializers.Serializer[Any]):
    """A vehicle as a search finds it."""

    read = serializers.IntegerField(
        source="read.pk",
        allow_null=True,
        default=None,
        help_text="null: a person saw it, the newest reading did not",
    )
    passage = serializers.IntegerField(source="passage.pk", allow_null=True, default=None)
    run = serializers.IntegerField(allow_null=True, help_text="the reading to review it in")
    video = serializers.IntegerField(source="video.pk")
    video_name = serializers.CharField(source="video.name")
    camera_name = serializers.CharField(source="video.camera.name", default="")
    seconds = serializers.FloatField(help_text="from the start of the video")
    seen_at = serializers.DateTimeField(allow_null=True, help_text=SEEN_AT)
    text = serializers.CharField()
    confidence = serializers.FloatField(source="read.confidence", allow_null=True, default=None)
    review = serializers.CharField(
        help_text="accepted, accepted unseen, corrected, by a person (without a read), or empty"
    )
    picture = serializers.SerializerMethodField(help_text="its best crop")

    def get_picture(self, sighting: Sighting) -> str | None:
        pictures: dict[Place, str] = self.context["pictures"]
        return pictures.get(sighting.place)


class SeenSerializer(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(choices=["right", "wrong", "missed"])
    read = serializers.IntegerField(allow_null=True)
    text = serializers.CharField()


class DifferingSerializer(serializers.Serializer[Any]):
    passage = serializers.IntegerField()
    seconds = serializers.FloatField()
    text = serializers.CharField()
    first = SeenSerializer()
    second = SeenSerializer()


class ShareSerializer(serializers.Serializer[Any]):
    right = serializers.IntegerField()
    low = serializers.FloatField(help_text="of its 95 % interval, 0..1")
    high = serializers.FloatField()


class ComparisonSerializer(serializers.Serializer[Any]):
    """Two readings of a video, on the passages that people confirmed."""

    passages = serializers.IntegerField()
    table = serializers.DictField(
        child=serializers.IntegerField(), help_text="passages by “right wrong”: first, second"
    )
    shares = ShareSerializer(many=True)
    only_right = serializers.ListField(child=serializers.IntegerField())
    chance = serializers.FloatField(help_text="that equally good ones differ so much, 0..1")
    false = serializers.ListField(child=serializers.IntegerField())
    double = serializers.ListField(child=serializers.IntegerField())
    differing = DifferingSerializer(many=True)
    more = serializers.IntegerField(help_text="differing passages that are not told")


class DeedSerializer(serializers.Serializer[Any]):
    client_key = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        source="deed",
        help_text="names what is done, to take it back by",
    )


class AcceptSerializer(DeedSerializer):
    text = serializers.CharField(required=False, allow_null=True, default=None, max_length=64)
    revision = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        min_value=0,
        help_text="of its passage as the reviewer saw it, 0 for none; null takes whatever it is",
    )


class RejectSerializer(DeedSerializer):
    reason = serializers.ChoiceField(choices=REASONS)
    revision = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, help_text="as of accept"
    )


class MergeSerializer(DeedSerializer):
    other = serializers.IntegerField(
        required=False, help_text="the read of the other track, of the same run"
    )
    passage = serializers.IntegerField(
        required=False, help_text="instead of other: a vehicle of the video that the run missed"
    )
    text = serializers.CharField(max_length=64)
    revision = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0)
    other_revision = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, help_text="as of accept"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("other" in attrs) == ("passage" in attrs):
            raise serializers.ValidationError({"other": "Name either other or passage."})
        return attrs


class SplitSerializer(DeedSerializer):
    seconds = serializers.FloatField(
        min_value=0, max_value=1e7, help_text="from here on it is the second vehicle"
    )
    texts = serializers.ListField(
        child=serializers.CharField(max_length=64), min_length=2, max_length=2
    )
    revision = serializers.IntegerField(required=False, allow_null=True, default=None, min_value=0)


class UndoSerializer(DeedSerializer):
    undone = serializers.UUIDField(help_text="the client_key of what is taken back")


class LinePassageSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    status = serializers.ChoiceField(choices=PassageStatus.choices)
    text = serializers.CharField()
    reject_reason = serializers.CharField()
    revision = serializers.IntegerField()
    unseen = serializers.BooleanField()


class ReadLineSerializer(serializers.Serializer[Any]):
    """A read without boxes, crops and alternatives."""

    id = serializers.IntegerField()
    number = serializers.IntegerField()
    first_seconds = serializers.FloatField()
    last_seconds = serializers.FloatField()
    text = serializers.CharField()
    confidence = serializers.FloatField()
    characters = serializers.ListField(child=serializers.FloatField())
    votes = serializers.IntegerField()
    direction = serializers.CharField(help_text=DIRECTIONS)
    seen_at = serializers.DateTimeField(help_text=SEEN_AT, allow_null=True)
    outcome = serializers.CharField()
    sampled = serializers.BooleanField(help_text="of the random tenth that is always reviewed")
    picture = serializers.CharField(allow_null=True)
    best_seconds = serializers.FloatField(allow_null=True)
    passage = LinePassageSerializer(allow_null=True)


class ReviewNewsSerializer(serializers.Serializer[Any]):
    """What of a video's truth changed."""

    last = serializers.IntegerField(help_text="to ask with next time")
    all = serializers.BooleanField(help_text="too much changed: load the list again")
    lines = ReadLineSerializer(many=True)
    missed = PassageDetailSerializer(many=True)
    stretches = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()), help_text="in seconds"
    )


class SureOfferSerializer(serializers.Serializer[Any]):
    """What accepting all reads of at least this confidence unseen would mean."""

    threshold = serializers.FloatField()
    sample = serializers.IntegerField(help_text="reads of the random tenth")
    reviewed = serializers.IntegerField(help_text="of the sample")
    wrong = serializers.IntegerField(help_text="of the sample")
    open = serializers.IntegerField(help_text="reads that would be accepted")
    at_most = serializers.IntegerField(help_text="of those may be wrong, with 95 % certainty")
    ready = serializers.BooleanField(help_text="all of the sample, and enough, is reviewed")


class AcceptSureSerializer(serializers.Serializer[Any]):
    threshold = serializers.FloatField(min_value=0, max_value=1)
    client_key = serializers.UUIDField()


class VideoStatsSerializer(VideoCountsSerializer):
    """What is there and what is left of one video, along the whole line."""

    reads = serializers.IntegerField(help_text="of its newest reading")
    reads_open = serializers.IntegerField(help_text="not reviewed")
    right = serializers.IntegerField(help_text="reviewed and right as read")


class CycleSerializer(serializers.Serializer[Any]):
    """Two successive pairs of models on the same reviewed passages."""

    before = serializers.CharField(help_text="detector, recognizer")
    after = serializers.CharField()
    videos = serializers.IntegerField(help_text="that both have read")
    passages = serializers.IntegerField()
    shares = ShareSerializer(many=True)
    only_right = serializers.ListField(child=serializers.IntegerField())
    chance = serializers.FloatField(help_text="that equally good ones differ so much, 0..1")


class CyclesSerializer(serializers.Serializer[Any]):
    results = CycleSerializer(many=True)
