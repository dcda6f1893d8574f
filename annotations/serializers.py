"""Rows as JSON and back. Parsing and shapes only; what happens is in the step modules."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations import (
    frames,
    leases,
    members,
    plate_formats,
    selections,
    suggestions,
    transcriptions,
)
from annotations.access import VisibleProjects
from annotations.models import (
    Box,
    BoxChange,
    Camera,
    Crop,
    Frame,
    Label,
    Membership,
    PlateFormat,
    Project,
    Selection,
    Suggestion,
    Transcription,
    Video,
)
from annotations.models.crops import Status
from annotations.models.frames import FrameStatus, Source
from annotations.models.projects import check_areas
from lprsite.texts import both


def media(kind: str, pk: int | None, version: Any = "") -> str:
    """The address of a row's file; the version makes it cacheable for ever."""
    return f"/api/v1/media/{kind}/{pk}/" + (f"?v={version}" if version else "")


MOST_KEYS = 500  # of one person


class UserSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "username", "first_name", "last_name", "is_superuser"]
        read_only_fields = fields


class CredentialsSerializer(serializers.Serializer[Any]):
    username = serializers.CharField()
    password = serializers.CharField(trim_whitespace=False)


class SessionSerializer(serializers.Serializer[Any]):
    user = UserSerializer(allow_null=True)


class KeymapSerializer(serializers.Serializer[Any]):
    keys = serializers.DictField(
        child=serializers.CharField(max_length=40),
        allow_null=True,
        help_text="by command; null: none were ever kept",
    )

    def validate_keys(self, keys: dict[str, str] | None) -> dict[str, str]:
        keys = keys or {}
        if len(keys) > MOST_KEYS or any(len(command) > 120 for command in keys):
            raise serializers.ValidationError(
                both("These are too many keys.", "Son demasiadas teclas.")
            )
        return keys


class LabelSerializer(serializers.ModelSerializer[Label]):
    class Meta:
        model = Label
        fields = ["id", "name", "position"]


class ProjectSerializer(serializers.ModelSerializer[Project]):
    labels = LabelSerializer(many=True, read_only=True)
    countries = serializers.ListField(
        child=serializers.CharField(max_length=2), write_only=True, required=False
    )
    role = serializers.SerializerMethodField(help_text="1 viewer to 4 manager, for this person")

    class Meta:
        model = Project
        extra_kwargs = {
            "second_reading_share": {"min_value": 0, "max_value": 1},
            "retention_days": {
                "min_value": 1,
                "max_value": 36_500,
                "help_text": "readings, and recordings of which nothing is labelled, are deleted "
                "when they are older; null: never",
            },
        }
        fields = [
            "id",
            "name",
            "time_zone",
            "alphabet",
            "selection_defaults",
            "second_reading_share",
            "retention_days",
            "labels",
            "countries",
            "role",
            "created_at",
        ]

    @extend_schema_field(serializers.IntegerField())
    def get_role(self, project: Project) -> int:
        user = self.context["request"].user
        if user.is_superuser:
            return 4
        return max((m.role for m in project.memberships.all() if m.user_id == user.pk), default=0)


class MembershipSerializer(VisibleProjects):
    username = serializers.SlugRelatedField(
        source="user",
        slug_field="username",
        queryset=User.objects.all(),
        error_messages={
            "does_not_exist": both(
                "There is no user named “{value}”. An administrator makes users.",
                "No hay ningún usuario llamado «{value}». Un administrador crea los usuarios.",
            )
        },
    )

    class Meta:
        model = Membership
        fields = ["id", "project", "username", "role"]


class CameraSerializer(VisibleProjects):
    class Meta:
        model = Camera
        fields = ["id", "project", "name", "ignore_mask", "clock_offset"]

    def validate_ignore_mask(self, areas: Any) -> Any:
        check_areas(areas)
        return areas


class PlateFormatSerializer(VisibleProjects):
    class Meta:
        model = PlateFormat
        fields = ["id", "project", "country", "name", "pattern", "display", "examples"]

    def validate_pattern(self, pattern: str) -> str:
        plate_formats.parse(pattern)
        return pattern

    def to_representation(self, instance: PlateFormat) -> dict[str, Any]:
        told: dict[str, Any] = super().to_representation(instance)
        told["name"] = plate_formats.name_in(get_language() or "en", instance.name)
        return told


class VideoSerializer(serializers.ModelSerializer[Video]):
    frames = serializers.IntegerField(source="frame_count", read_only=True, default=0)
    thumbnail = serializers.SerializerMethodField()
    preview = serializers.SerializerMethodField(help_text="empty until it has been made")
    deleting = serializers.SerializerMethodField(help_text="a job is taking it away")

    class Meta:
        model = Video
        fields = [
            "id",
            "project",
            "camera",
            "name",
            "bytes",
            "container",
            "codec",
            "width",
            "height",
            "fps",
            "duration",
            "rotation",
            "frames_expected",
            "damage",
            "recorded_at",
            "thumbnail",
            "preview",
            "original",
            "time_map",
            "frames",
            "deleting",
            "created_at",
        ]
        read_only_fields = [f for f in fields if f not in ("camera", "name", "recorded_at")]

    def get_deleting(self, row: Video) -> bool:
        return row.deleting_at is not None

    def validate_camera(self, camera: Camera | None) -> Camera | None:
        video = self.instance
        if camera and isinstance(video, Video) and camera.project_id != video.project_id:
            raise serializers.ValidationError(
                both("The project has no such camera.", "El proyecto no tiene esa cámara.")
            )
        return camera

    def get_thumbnail(self, row: Video) -> str:
        return media("thumbnails", row.pk, row.sha256[:8]) if row.thumbnail else ""

    def get_preview(self, row: Video) -> str:
        return media("previews", row.pk, row.sha256[:8]) if row.preview else ""


class LossesSerializer(serializers.Serializer[Any]):
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="rows of each kind, bytes, active jobs"
    )


class VideoUploadSerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField()
    file = serializers.FileField(required=False, allow_empty_file=True, use_url=False)
    path = serializers.CharField(
        required=False, help_text="on the server, below the folder opened for this"
    )


class SelectionSerializer(serializers.ModelSerializer[Selection]):
    class Meta:
        model = Selection
        fields = ["id", "video", *selections.FIELDS, "created_at"]
        read_only_fields = ["id", "video", "created_at"]
        extra_kwargs = {
            "fps": {"min_value": 0.001, "max_value": 1000},
            "every": {"min_value": 1},
            "start": {"min_value": 0},
            "motion": {
                "min_value": 0.001,
                "max_value": 1,
                "help_text": "only while something moves: its side as a share of the picture's",
            },
            "near_duplicates": {
                "max_value": 64,
                "help_text": "leave out a frame whose dHash differs from that of the last one "
                "taken in no more than so many of 64 bits",
            },
            "cap": {"min_value": 1, "help_text": "at most so many, evenly over the range"},
        }


class EstimateAskedSerializer(SelectionSerializer):
    """A rule for a video, not stored."""

    class Meta(SelectionSerializer.Meta):
        fields = ["video", *selections.FIELDS]
        read_only_fields: list[str] = []

    def get_fields(self) -> dict[str, Any]:
        fields: dict[str, Any] = super().get_fields()
        request = self.context.get("request")
        if request is not None:
            seen = Video.objects.filter(project__in=members.visible(request.user))
            fields["video"].queryset = seen.select_related("camera")
        return fields


class EstimateSerializer(serializers.Serializer[Any]):
    measured = serializers.BooleanField()
    frames = serializers.IntegerField(help_text="what a split takes, exactly")
    considered = serializers.IntegerField(help_text="without filters and cap")
    idle_seconds = serializers.FloatField(help_text="within the range")


class ActivitySerializer(serializers.Serializer[Any]):
    measured = serializers.BooleanField()
    bin_seconds = serializers.FloatField()
    threshold = serializers.FloatField(help_text="of the figures in motion: from here on it moves")
    motion = serializers.ListField(
        child=serializers.FloatField(allow_null=True),
        help_text="the greatest figure in each part: side of what moves as a share of the "
        "picture's; null is unknown",
    )
    frames = serializers.ListField(
        child=serializers.IntegerField(), help_text="taken so far, in each part"
    )
    idle = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
        help_text="from, to in seconds",
    )
    damaged = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(), min_length=2, max_length=2),
        help_text="broken or missing frames, from, to in seconds",
    )


class CondenseSerializer(serializers.Serializer[Any]):
    motion = serializers.FloatField(
        required=False, min_value=0.001, max_value=1, help_text="as in a selection"
    )


class SuggestionSerializer(serializers.ModelSerializer[Suggestion]):
    class Meta:
        model = Suggestion
        fields = ["id", "model_name", "text", "characters", "alternatives"]


class BoxCropSerializer(serializers.Serializer[Any]):
    """The crop of a box, as its text is written beside the box."""

    id = serializers.IntegerField()
    text = serializers.CharField()
    status = serializers.CharField()
    revision = serializers.IntegerField()
    suggestion = SuggestionSerializer(
        allow_null=True, help_text="where a frame is told, for a plate that nobody has read"
    )


class BoxSerializer(serializers.ModelSerializer[Box]):
    label = serializers.CharField(source="label.name")  # type: ignore[assignment]  # hides Field.label, as any name may
    client_key = serializers.UUIDField(required=False, allow_null=True)
    crop = serializers.SerializerMethodField(help_text="its crop's id, text and status")
    suggestion = serializers.IntegerField(
        write_only=True, required=False, help_text="that was accepted: it is proposed no more"
    )

    class Meta:
        model = Box
        fields = [
            "id",
            "frame",
            "label",
            "x1",
            "y1",
            "x2",
            "y2",
            "ignore",
            "source",
            "confidence",
            "car",
            "revision",
            "client_key",
            "crop",
            "suggestion",
        ]
        read_only_fields = ["crop"]
        extra_kwargs = {"confidence": {"min_value": 0, "max_value": 1}}

    def validate_source(self, source: str) -> str:
        if source not in (Source.PERSON, Source.MODEL):
            raise serializers.ValidationError(
                both(
                    "A box sent here is of a person or a model.",
                    "Un recuadro enviado aquí es de una persona o de un modelo.",
                )
            )
        return source

    @extend_schema_field(BoxCropSerializer(allow_null=True))
    def get_crop(self, box: Box) -> dict[str, Any] | None:
        crop = getattr(box, "crop", None)
        if crop is None or crop.withdrawn:
            return None
        current = crop.current
        return {
            "id": crop.pk,
            "text": current.text if current else "",
            "status": current.status if current else "",
            "revision": crop.revision,
            "suggestion": self.context.get("suggested", {}).get(crop.pk),
        }


class BoxChangeSerializer(serializers.ModelSerializer[BoxChange]):
    by = serializers.CharField(source="by.username", default="", help_text="of the person, or none")
    before = serializers.JSONField(help_text="xyxy, label, ignore, car; empty for a box just made")
    after = serializers.JSONField(help_text="as before; empty for a deleted box")

    class Meta:
        model = BoxChange
        fields = ["id", "action", "by", "at", "before", "after"]


class BoxPatchSerializer(serializers.Serializer[Any]):
    revision = serializers.IntegerField()
    label = serializers.CharField(required=False)  # type: ignore[assignment]  # as above
    x1 = serializers.FloatField(required=False)
    y1 = serializers.FloatField(required=False)
    x2 = serializers.FloatField(required=False)
    y2 = serializers.FloatField(required=False)
    ignore = serializers.BooleanField(required=False)
    car = serializers.IntegerField(required=False, allow_null=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        given = [side for side in ("x1", "y1", "x2", "y2") if side in attrs]
        if given and len(given) != 4:
            raise serializers.ValidationError(
                both("Send x1, y1, x2 and y2 together.", "Envíe x1, y1, x2 e y2 juntos.")
            )
        return attrs


class FrameSerializer(serializers.ModelSerializer[Frame]):
    seconds = serializers.FloatField(read_only=True, allow_null=True)
    picture = serializers.SerializerMethodField()
    thumbnail = serializers.SerializerMethodField()
    box_count = serializers.IntegerField(read_only=True, default=0)

    class Meta:
        model = Frame
        fields = [
            "id",
            "project",
            "video",
            "name",
            "pts",
            "index",
            "seconds",
            "width",
            "height",
            "status",
            "complete_labels",
            "picture",
            "thumbnail",
            "box_count",
        ]
        read_only_fields = [f for f in fields if f not in ("status", "complete_labels")]

    def get_picture(self, frame: Frame) -> str:
        return media("frames", frame.pk, frame.sha256[:8])

    def get_thumbnail(self, frame: Frame) -> str:
        return media("frame-thumbnails", frame.pk, frame.sha256[:8])


class BoxSuggestionSerializer(serializers.Serializer[Any]):
    """A box that a detector proposes, in pixels of the frame."""

    id = serializers.IntegerField()
    model_name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # as above
    x1 = serializers.FloatField()
    y1 = serializers.FloatField()
    x2 = serializers.FloatField()
    y2 = serializers.FloatField()
    confidence = serializers.FloatField()


class FrameDetailSerializer(FrameSerializer):
    boxes = serializers.SerializerMethodField()
    suggestions = serializers.SerializerMethodField(
        help_text="boxes that a detector proposes; null where none has looked yet"
    )
    previous = serializers.SerializerMethodField()
    next = serializers.SerializerMethodField()
    next_open = serializers.SerializerMethodField()

    class Meta(FrameSerializer.Meta):
        fields = [
            *FrameSerializer.Meta.fields,
            "boxes",
            "suggestions",
            "previous",
            "next",
            "next_open",
        ]
        read_only_fields = [*FrameSerializer.Meta.read_only_fields, "boxes", "suggestions"]

    @extend_schema_field(BoxSerializer(many=True))
    def get_boxes(self, frame: Frame) -> Any:
        rows = Box.objects.present().filter(frame=frame).select_related("label", "crop__current")
        unread = [box.crop.pk for box in rows if hasattr(box, "crop") and box.crop.waiting]
        suggested = transcriptions.newest_suggestions(unread) if unread else {}
        return BoxSerializer(rows, many=True, context={"suggested": suggested}).data

    @extend_schema_field(BoxSuggestionSerializer(many=True, allow_null=True))
    def get_suggestions(self, frame: Frame) -> Any:
        rows = suggestions.boxes_on(frame)
        return None if rows is None else BoxSuggestionSerializer(rows, many=True).data

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_previous(self, frame: Frame) -> int | None:
        return frames.before(frame, self.context.get("sought"))

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_next(self, frame: Frame) -> int | None:
        return frames.behind(frame, self.context.get("sought"))

    @extend_schema_field(serializers.IntegerField(allow_null=True))
    def get_next_open(self, frame: Frame) -> int | None:
        """The next frame of the project that needs somebody."""
        rows = Frame.objects.unannotated().filter(project_id=frame.project_id)
        ids = rows.filter(pk__gt=frame.pk).order_by("pk").values_list("pk", flat=True)
        return ids.first()


class FramePatchSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=FrameStatus.choices, required=False)
    complete_labels = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=50
    )


class TranscriptionSerializer(serializers.ModelSerializer[Transcription]):
    by = serializers.CharField(source="by.username", default="", read_only=True)
    picture = serializers.SerializerMethodField()

    class Meta:
        model = Transcription
        fields = [
            "id",
            "crop",
            "status",
            "text",
            "role",
            "by",
            "seconds",
            "suggestion_outcome",
            "revision_seen",
            "picture",
            "created_at",
        ]
        read_only_fields = fields

    def get_picture(self, row: Transcription) -> str:
        return media("crops", row.crop_id)


CROP_COLUMNS = (
    "id",
    "name",
    "width",
    "height",
    "sharpness",
    "revision",
    "group",
    "waiting",
    "recheck",
    "sha256",
    "box__frame",
    "box__frame__sha256",
    "box__frame__pts",
    "box__frame__video",
    "box__frame__video__name",
    "box__frame__video__start_pts",
    "box__frame__video__time_base",
    "box__x1",
    "box__y1",
    "box__x2",
    "box__y2",
    "current__text",
    "current__status",
)
_AS_THEY_ARE = CROP_COLUMNS[:9]
_fraction = lru_cache(maxsize=64)(Fraction)


def crop_json(row: dict[str, Any], suggestion: dict[str, Any] | None = None) -> dict[str, Any]:
    """A row of ``values(*CROP_COLUMNS)`` as :class:`CropSerializer` describes it.

    By hand, because the next crops are asked for all day: field by field takes five times as long.
    """
    frame, video, pts = row["box__frame"], row["box__frame__video"], row["box__frame__pts"]
    seconds = None
    if video is not None and pts is not None:
        base = _fraction(row["box__frame__video__time_base"])
        seconds = float((pts - row["box__frame__video__start_pts"]) * base)
    return {
        **{name: row[name] for name in _AS_THEY_ARE},
        "picture": media("crops", row["id"], row["sha256"][:8]),
        "frame": frame,
        "frame_picture": media("frames", frame, row["box__frame__sha256"][:8]) if frame else "",
        "box_xyxy": [row[f"box__{side}"] for side in ("x1", "y1", "x2", "y2")] if frame else [],
        "video": video,
        "video_name": row["box__frame__video__name"] or "",
        "seconds": seconds,
        "text": row["current__text"] or "",
        "status": row["current__status"] or "",
        "suggestion": suggestion,
    }


def leased_json(
    row: dict[str, Any],
    suggestion: dict[str, Any] | None,
    readings: list[dict[str, Any]],
    kind: str,
) -> dict[str, Any]:
    """A crop as a lease brings it: a second reader does not see what the first read."""
    told = crop_json(row, suggestion)
    if kind == leases.Kind.DISAGREEMENTS:
        return {**told, "role": "adjudication", "readings": readings}
    blind = kind == leases.Kind.WAITING and not row["waiting"]
    hidden = {"text": "", "status": "", "role": "second"} if blind else {"role": "first"}
    return {**told, **hidden, "readings": []}


class CropSerializer(serializers.ModelSerializer[Crop]):
    """What ``crop_json`` gives, for the schema; rows come as ``values(*CROP_COLUMNS)``."""

    picture = serializers.CharField(read_only=True)
    frame = serializers.IntegerField(read_only=True, allow_null=True)
    frame_picture = serializers.CharField(read_only=True)
    box_xyxy = serializers.ListField(child=serializers.FloatField(), read_only=True)
    video = serializers.IntegerField(read_only=True, allow_null=True)
    video_name = serializers.CharField(read_only=True)
    seconds = serializers.FloatField(read_only=True, allow_null=True)
    text = serializers.CharField(read_only=True)
    status = serializers.CharField(read_only=True)
    suggestion = SuggestionSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Crop
        fields = [
            "id",
            "name",
            "picture",
            "width",
            "height",
            "sharpness",
            "revision",
            "group",
            "waiting",
            "recheck",
            "frame",
            "frame_picture",
            "box_xyxy",
            "video",
            "video_name",
            "seconds",
            "text",
            "status",
            "suggestion",
        ]

    def to_representation(self, instance: Any) -> dict[str, Any]:
        return crop_json(instance)


class WantedSerializer(serializers.Serializer[Any]):
    """Which crops, and in which order."""

    kind = serializers.ChoiceField(choices=leases.Kind.choices, required=False)
    order = serializers.ChoiceField(choices=leases.Order.choices, required=False)
    video = serializers.IntegerField(required=False)
    text = serializers.CharField(
        required=False, max_length=32, help_text="? is one character, * any number"
    )
    min_height = serializers.IntegerField(required=False, min_value=0, help_text="pixels")
    max_height = serializers.IntegerField(required=False, min_value=0, help_text="pixels")
    min_sharpness = serializers.FloatField(required=False, min_value=0)
    by = serializers.CharField(required=False, max_length=150, help_text="who read it")
    since = serializers.DateField(required=False)
    until = serializers.DateField(required=False)


class LeaseSerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField()
    count = serializers.IntegerField(min_value=1, max_value=100, default=30)
    exclude = serializers.ListField(
        child=serializers.IntegerField(), required=False, default=list, max_length=500
    )
    held = serializers.ListField(
        child=serializers.IntegerField(),
        required=False,
        default=list,
        max_length=500,
        help_text="hold these on, instead of leasing others",
    )
    wanted = WantedSerializer(required=False)
    pictures = serializers.BooleanField(
        default=False, help_text="with the pictures themselves, where they are small"
    )


class EarlierReadingSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Status.choices)
    text = serializers.CharField()
    by = serializers.CharField()


class LeasedCropSerializer(CropSerializer):
    role = serializers.CharField(help_text="of the reading that is asked for")
    readings = EarlierReadingSerializer(many=True, help_text="to decide between")
    inline = serializers.CharField(help_text="the picture as a data address; empty: not brought")

    class Meta(CropSerializer.Meta):
        fields = [*CropSerializer.Meta.fields, "role", "readings", "inline"]


class LeasedSerializer(serializers.Serializer[Any]):
    crops = LeasedCropSerializer(many=True)
    left = serializers.IntegerField(help_text="crops waiting in the project, these included")
    disagreements = serializers.IntegerField(help_text="crops that two people read differently")


class ReleaseSerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField()
    crops = serializers.ListField(child=serializers.IntegerField(), max_length=500)


class ReleasedSerializer(serializers.Serializer[Any]):
    released = serializers.IntegerField()


class ReadingSerializer(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Status.choices)
    text = serializers.CharField(allow_blank=True, max_length=64, default="")
    client_key = serializers.UUIDField()
    revision = serializers.IntegerField(help_text="of the crop, as the person saw it")
    seconds = serializers.FloatField(required=False, allow_null=True, default=None, min_value=0)
    suggestion = serializers.IntegerField(required=False, allow_null=True, default=None)
    suggestion_outcome = serializers.ChoiceField(
        choices=["accepted", "changed", "ignored", ""], required=False, default=""
    )

    role = serializers.ChoiceField(
        choices=["first", "second", "adjudication"], required=False, default="first"
    )


class OfProjectSerializer(serializers.Serializer[Any]):
    project = serializers.IntegerField()


class PersonSerializer(serializers.Serializer[Any]):
    """What one person read in a project."""

    person = serializers.CharField()
    readings = serializers.IntegerField()
    median_seconds = serializers.FloatField(allow_null=True)
    compared = serializers.IntegerField(help_text="plates that somebody else read too")
    exact = serializers.FloatField(allow_null=True, help_text="share of them read alike")
    characters = serializers.FloatField(allow_null=True, help_text="share of characters alike")
    days = serializers.DictField(child=serializers.IntegerField(), help_text="readings by date")


class VideoCountsSerializer(serializers.Serializer[Any]):
    """What is there and what is left of one video."""

    video = serializers.IntegerField(allow_null=True, help_text="null: of no video")
    name = serializers.CharField()
    duration = serializers.FloatField(allow_null=True, help_text="seconds")
    frames = serializers.IntegerField()
    frames_open = serializers.IntegerField()
    boxes = serializers.IntegerField()
    crops = serializers.IntegerField()
    transcribed = serializers.IntegerField()
    waiting = serializers.IntegerField()


class HeatSerializer(serializers.Serializer[Any]):
    """Where the boxes of one camera are."""

    camera = serializers.IntegerField(allow_null=True, help_text="null: of no camera")
    name = serializers.CharField()
    picture = serializers.IntegerField(allow_null=True, help_text="a frame to lay the heat over")
    boxes = serializers.IntegerField()
    labels = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="per label the middles of boxes in 27 rows of 48 cells",
    )


class LabellingSerializer(serializers.Serializer[Any]):
    """What the plates of a project look like."""

    characters = serializers.DictField(child=serializers.IntegerField())
    widths = serializers.DictField(
        child=serializers.IntegerField(), help_text="crops from so many pixels, in steps of 10"
    )
    sharpness = serializers.DictField(
        child=serializers.IntegerField(), help_text="crops from this variance, up to its double"
    )
    heat = HeatSerializer(many=True, help_text="of each camera, the one with most boxes first")


class SavedReadingSerializer(serializers.Serializer[Any]):
    transcription = TranscriptionSerializer()
    revision = serializers.IntegerField(help_text="of the crop from now on")


class RefusalSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()
