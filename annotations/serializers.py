"""Rows as JSON and back. Parsing and shapes only; what happens is in the step modules."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.utils.translation import get_language
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotations import (
    frames,
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
    Frame,
    Label,
    Membership,
    PlateFormat,
    Project,
    Suggestion,
)
from annotations.models.frames import FrameStatus, Source
from annotations.models.projects import check_areas
from annotations.vision.live import LONGEST
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
    selection_defaults = serializers.DictField(
        child=serializers.FloatField(),
        required=False,
        help_text="the rule for taking frames that its videos begin with: some of fps, every, "
        "motion, near_duplicates, cap",
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

    def validate_selection_defaults(self, given: dict[str, float]) -> dict[str, float]:
        return selections.checked_defaults(given)

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


ADDRESS = (
    "rtsp://…, rtsps://…, or http(s)://… of an HLS playlist, with name and password where it "
    "needs them. It is written only: kept encrypted, told to nobody, and part of no archive"
)


class CameraSerializer(VisibleProjects):
    address = serializers.CharField(
        write_only=True, required=False, allow_blank=True, max_length=LONGEST, help_text=ADDRESS
    )

    class Meta:
        model = Camera
        fields = [
            "id",
            "project",
            "name",
            "ignore_mask",
            "clock_offset",
            "address",
            "source_kind",
            "source_host",
        ]
        read_only_fields = ["source_kind", "source_host"]
        extra_kwargs = {
            "source_kind": {"help_text": "rtsp or hls; empty: it has no address"},
            "source_host": {"help_text": "the host of its address"},
        }

    def validate_ignore_mask(self, areas: Any) -> Any:
        check_areas(areas)
        return areas


class CameraLookSerializer(serializers.Serializer[Any]):
    address = serializers.CharField(
        write_only=True,
        required=False,
        max_length=LONGEST,
        help_text="to try before it is kept; else the camera's own",
    )


class CameraPictureSerializer(serializers.Serializer[Any]):
    picture = serializers.CharField(help_text="as an address of the kind data:image/jpeg")
    width = serializers.IntegerField(help_text="pixels that the camera sends")
    height = serializers.IntegerField()
    codec = serializers.CharField()


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


class LossesSerializer(serializers.Serializer[Any]):
    counts = serializers.DictField(
        child=serializers.IntegerField(), help_text="rows of each kind, bytes, active jobs"
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
