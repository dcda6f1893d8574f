"""The doors right of the dataset version: trainings, models, readings, reads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import Case, Exists, OuterRef, Q, When
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import (
    DestroyModelMixin,
    ListModelMixin,
    RetrieveModelMixin,
    UpdateModelMixin,
)
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotations import members, overview
from annotations.access import InProject
from annotations.formats import tables
from annotations.models import AuditEntry, DatasetVersion, Project, Role, Video
from annotations.models.datasets import Kind
from annotations.serializers import LabellingSerializer
from annotations.serializers_exports import ExportSerializer
from lprsite.jobs import engine
from lprsite.jobs.models import ACTIVE, State
from lprsite.jobs.serializers import JobSerializer
from lprsite.jobs.views import NewestFirst
from training import (
    comparisons,
    devices,
    evaluations,
    options,
    preparations,
    readings,
    reads,
    runs,
    schedules,
    stats,
    tasks,
)
from training.errors import ModelRetired
from training.models import (
    Evaluation,
    InferenceRun,
    Promotion,
    TrainedModel,
    TrainingRun,
    TrainingSchedule,
)
from training.serializers import (
    CheckedTrainingSerializer,
    CurvesSerializer,
    EvaluateSerializer,
    EvaluationSerializer,
    ModelComparisonSerializer,
    MoveTrainingSerializer,
    PromoteSerializer,
    PromotionSerializer,
    SamplesSerializer,
    ScheduleTrainingSerializer,
    StartTrainingSerializer,
    StopSerializer,
    TrainedModelSerializer,
    TrainingOptionSerializer,
    TrainingRunSerializer,
    TrainingScheduleSerializer,
)
from training.serializers_readings import (
    ComparisonSerializer,
    InferenceRunSerializer,
    StartReadingSerializer,
    VideoStatsSerializer,
)
from training.views_review import DECIMAL, ReviewOfRun


@dataclass(frozen=True)
class Asked:
    """A training as a request describes it."""

    dataset: DatasetVersion
    config: dict[str, Any]
    parent: TrainedModel | None
    device: str
    minutes: int | None


class TrainingRunViewSet(ListModelMixin, RetrieveModelMixin, InProject):
    queryset = TrainingRun.objects.select_related(
        "job__created_by", "dataset", "created_by", "parent", "trained_model"
    )
    serializer_class = TrainingRunSerializer
    pagination_class = NewestFirst
    filterset_fields = ["project", "kind"]
    write_role = Role.MANAGER
    http_method_names = ["get", "post", "head", "options"]

    @extend_schema(request=StartTrainingSerializer, responses={202: TrainingRunSerializer})
    def create(self, request: Request) -> Response:
        """Start a training on a dataset version. Only managers."""
        asked = self._asked(request)
        user: Any = request.user
        run = runs.create(
            asked.dataset,
            asked.config,
            parent=asked.parent,
            by=user,
            device=asked.device,
            minutes=asked.minutes,
        )
        tasks.start_training(run, by=user)
        return Response(self.get_serializer(run).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(request=StartTrainingSerializer, responses=CheckedTrainingSerializer)
    @action(detail=False, methods=["post"])
    def check(self, request: Request) -> Response:
        """What is wrong or doubtful about a training, and what it will take; starts nothing."""
        asked = self._asked(request)
        found = preparations.examine(
            asked.dataset,
            asked.config,
            parent=asked.parent,
            device=asked.device,
            minutes=asked.minutes,
        )
        return Response(CheckedTrainingSerializer({**found, "devices": devices.found()}).data)

    @extend_schema(request=StartTrainingSerializer, responses={202: JobSerializer})
    @action(detail=False, methods=["post"])
    def estimate(self, request: Request) -> Response:
        """Measure a few steps of a training, to know what all of them will take."""
        asked = self._asked(request)
        settings = runs.plan(asked.dataset, asked.config, parent=asked.parent, device=asked.device)
        job = tasks.start_estimate(
            asked.dataset, settings, parent=asked.parent, device=asked.device, by=request.user
        )
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    def _asked(self, request: Request) -> Asked:
        """The training that a request is about, if its maker may train."""
        given = StartTrainingSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        visible = members.visible(request.user)
        dataset = get_object_or_404(
            DatasetVersion.objects.filter(project__in=visible).exclude(manifest_hash=""),
            pk=given.validated_data["dataset"],
        )
        self.project_for(dataset.project)
        if "parent" in given.validated_data:
            named = given.validated_data["parent"]
            parent = runs.find(dataset.project, dataset.kind, named) if named else None
        else:
            parent = runs.usual_parent(dataset.project, dataset.kind, given.settings())
        device, minutes = (given.validated_data[name] for name in ("device", "minutes"))
        return Asked(dataset, given.settings(), parent, device, minutes)

    @extend_schema(responses=CurvesSerializer)
    @action(detail=True)
    def metrics(self, request: Request, pk: str) -> Response:
        """The curves of the run, one value per metric and epoch."""
        return Response(runs.curves(self.get_object()))

    @extend_schema(responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR)})
    @action(detail=True)
    def csv(self, request: Request, pk: str) -> HttpResponse:
        """All figures of all epochs, one line an epoch; the curves of a long run are thinned."""
        run: TrainingRun = self.get_object()
        answer = HttpResponse(runs.table(run), content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="run_{run.pk}.csv"'
        return answer

    @extend_schema(request=None, responses={202: TrainingRunSerializer})
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Go on with a stopped or failed run where it stopped."""
        run: TrainingRun = self.get_object()
        runs.require_stopped(run)
        tasks.start_training(run, by=request.user)
        return Response(self.get_serializer(run).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses=SamplesSerializer)
    @action(detail=True)
    def samples(self, request: Request, pk: str) -> Response:
        """What the network said on the same held pictures after some of its epochs."""
        return Response(SamplesSerializer(runs.samples(self.get_object())).data)

    @extend_schema(
        parameters=[OpenApiParameter("project", int, required=True)],
        responses=TrainingRunSerializer(many=True),
    )
    @action(detail=False, pagination_class=None)
    def queue(self, request: Request) -> Response:
        """The trainings of a project that work or wait, in the order of their turns."""
        given = request.query_params.get("project", "")
        project = get_object_or_404(
            members.visible(request.user), pk=int(given) if given.isdecimal() else 0
        )
        rows = self.get_queryset().filter(project=project, job__state__in=ACTIVE)
        waits = Case(When(job__state=State.QUEUED, then=1), default=0)
        rows = rows.order_by(waits, "job__rank", "pk")
        return Response(self.get_serializer(rows, many=True).data)

    @extend_schema(request=MoveTrainingSerializer, responses=TrainingRunSerializer)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str) -> Response:
        """Change when a waiting training has its turn among those of its project."""
        given = MoveTrainingSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        run: TrainingRun = self.get_object()
        if run.job is not None:
            engine.move(run.job, given.validated_data["to"])
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=StopSerializer, responses=TrainingRunSerializer)
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str) -> Response:
        """Stop now or after this epoch; the best so far becomes the run's model."""
        given = StopSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        runs.ask_to_stop(self.get_object(), given.validated_data["when"])
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None, responses=TrainingRunSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        run: TrainingRun = self.get_object()
        if run.job is not None:
            engine.cancel(run.job)
        return Response(self.get_serializer(self.get_object()).data)


class TrainingScheduleViewSet(ListModelMixin, DestroyModelMixin, InProject):
    """Trainings that start by themselves."""

    queryset = TrainingSchedule.objects.select_related("created_by")
    serializer_class = TrainingScheduleSerializer
    pagination_class = NewestFirst
    filterset_fields = ["project"]
    write_role = Role.MANAGER
    http_method_names = ["get", "post", "delete", "head", "options"]

    @extend_schema(request=ScheduleTrainingSerializer, responses={201: TrainingScheduleSerializer})
    def create(self, request: Request) -> Response:
        """Have a training start at a time, once or every night. Only managers."""
        given = ScheduleTrainingSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        told = given.validated_data
        visible = members.visible(request.user)
        dataset = get_object_or_404(
            DatasetVersion.objects.filter(project__in=visible).exclude(manifest_hash=""),
            pk=told["dataset"],
        )
        project = self.project_for(dataset.project)
        user: Any = request.user
        schedule = schedules.create(
            project,
            dataset.kind,
            given.settings(),
            at=told["at"],
            nightly=told["nightly"],
            dataset=dataset,
            parent=(told["parent"] or "") if "parent" in told else schedules.USUAL,
            device=told["device"],
            minutes=told["minutes"],
            by=user,
        )
        return Response(self.get_serializer(schedule).data, status=status.HTTP_201_CREATED)


class TrainingOptionsView(APIView):
    """The settings of a training with what each preset has, for forms."""

    @extend_schema(
        parameters=[
            OpenApiParameter("kind", enum=Kind.values, default=Kind.DETECTOR.value),
            OpenApiParameter("started", bool, description="it starts from a model"),
        ],
        responses=TrainingOptionSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        kind = runs.kind_of(request.query_params.get("kind", Kind.DETECTOR))
        found = options.options(kind, started=request.query_params.get("started") == "true")
        return Response(TrainingOptionSerializer(found, many=True).data)


class TrainedModelViewSet(ListModelMixin, RetrieveModelMixin, UpdateModelMixin, InProject):
    """Trained models of a project; the starters, which belong to none, are there for all."""

    serializer_class = TrainedModelSerializer
    queryset = TrainedModel.objects.select_related("dataset", "parent", "run")
    pagination_class = NewestFirst
    filterset_fields = ["kind"]
    write_role = Role.MANAGER
    http_method_names = ["get", "post", "patch", "head", "options"]

    def get_queryset(self) -> Any:
        current = Promotion.objects.filter(model=OuterRef("pk"), ended_at__isnull=True)
        rows = TrainedModel.objects.select_related("dataset", "parent", "run").annotate(
            is_current=Exists(current)
        )
        mine = Q(project__in=members.visible(self.request.user))
        if self.request.method in SAFE_METHODS:
            mine |= Q(project=None)
        rows = rows.filter(mine)
        given = self.request.query_params.get("project", "")
        return rows.filter(Q(project=int(given)) | Q(project=None)) if given.isdecimal() else rows

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        runs.offer_starters()
        return super().list(request, *args, **kwargs)

    @extend_schema(request=PromoteSerializer, responses=TrainedModelSerializer)
    @action(detail=True, methods=["post"])
    def promote(self, request: Request, pk: str) -> Response:
        """Make this trained model the one that suggestions and readings use."""
        model: TrainedModel = self.get_object()
        given = PromoteSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        user: Any = request.user
        runs.promote(model, by=user, why=given.validated_data["why"])
        if model.kind == Kind.RECOGNIZER and model.project is not None:
            tasks.suggest_as_promoted(model.project, by=user)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(request=None, responses=TrainedModelSerializer)
    @action(detail=True, methods=["post"])
    def retire(self, request: Request, pk: str) -> Response:
        """Delete the model's files; its row, figures and lineage stay."""
        model: TrainedModel = self.get_object()
        runs.retire(model)
        AuditEntry.objects.create(
            project_id=model.project_id,
            user_id=request.user.pk,
            action="retire model",
            subject=model.name[:255],
        )
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        responses={(200, "text/markdown"): OpenApiResponse(OpenApiTypes.STR, "the model card")}
    )
    @action(detail=True)
    def card(self, request: Request, pk: str) -> HttpResponse:
        """What the model is, what it learned from, how good it is: a Markdown text."""
        model: TrainedModel = self.get_object()
        answer = HttpResponse(runs.card(model), content_type="text/markdown; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="model_{model.pk}.md"'
        return answer

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def export(self, request: Request, pk: str) -> Response:
        """Make the model's ONNX file, for other programs. Only managers."""
        model: TrainedModel = self.get_object()
        if model.retired_at is not None:
            raise ModelRetired(model=model.name)
        runs.require_onnx()
        job = tasks.start_export(model, by=request.user)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)


class PromotionViewSet(ListModelMixin, InProject):
    """Which model was current when, who made it so and why."""

    queryset = Promotion.objects.select_related("model", "by")
    serializer_class = PromotionSerializer
    pagination_class = NewestFirst
    filterset_fields = ["project", "kind"]
    http_method_names = ["get", "head", "options"]


class EvaluationViewSet(ListModelMixin, RetrieveModelMixin, InProject):
    """Figures of the models on the held part of a dataset version."""

    queryset = Evaluation.objects.defer("found")
    serializer_class = EvaluationSerializer
    pagination_class = NewestFirst
    project_path = "dataset__project"
    filterset_fields = ["dataset", "model"]
    write_role = Role.MANAGER
    http_method_names = ["get", "post", "head", "options"]

    @extend_schema(request=EvaluateSerializer, responses={202: JobSerializer})
    def create(self, request: Request) -> Response:
        """Judge on a dataset version all models of its kind that were not yet. Only managers."""
        given = EvaluateSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        dataset = get_object_or_404(
            DatasetVersion.objects.filter(project__in=members.visible(request.user)).exclude(
                manifest_hash=""
            ),
            pk=given.validated_data["dataset"],
        )
        self.project_for(dataset.project)
        job = tasks.start_comparison(dataset, by=request.user)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        parameters=[OpenApiParameter("other", int, required=True)],
        responses=ModelComparisonSerializer,
    )
    @action(detail=True)
    def compare(self, request: Request, pk: str) -> Response:
        """Two evaluations side by side, down to the pictures on which they differ."""
        given = request.query_params.get("other", "")
        other = get_object_or_404(self.get_queryset(), pk=int(given) if given.isdecimal() else 0)
        found = evaluations.compare(self.get_object(), other)
        return Response(ModelComparisonSerializer(found).data)


class InferenceRunViewSet(ListModelMixin, RetrieveModelMixin, ReviewOfRun):
    queryset = InferenceRun.objects.select_related(
        "job__created_by", "video__camera", "detector", "recognizer"
    )
    serializer_class = InferenceRunSerializer
    pagination_class = NewestFirst
    filterset_fields: ClassVar = {
        "project": ["exact"],
        "video": ["exact"],
        "video__camera": ["exact", "isnull"],
    }
    write_role = Role.REVIEWER
    http_method_names = ["get", "post", "head", "options"]

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        """The scores of all rows shown, in a few queries."""
        rows = args[0] if args else []
        rows = [rows] if isinstance(rows, InferenceRun) else list(rows)
        context = {**self.get_serializer_context(), "scores": reads.scores(rows)}
        return InferenceRunSerializer(*args, **{**kwargs, "context": context})

    @extend_schema(request=StartReadingSerializer, responses={202: InferenceRunSerializer})
    def create(self, request: Request) -> Response:
        """Read a whole video with a detector and a recognizer (a number, or "current")."""
        given = StartReadingSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        new = given.validated_data
        videos = Video.objects.filter(project__in=members.visible(request.user))
        video = get_object_or_404(videos, pk=new["video"])
        self.project_for(video.project)
        user: Any = request.user
        run = readings.create(
            video,
            detector=runs.find(video.project, "detector", new["detector"]),
            recognizer=runs.find(video.project, "recognizer", new["recognizer"]),
            fps=new["fps"],
            detect_every=new["detect_every"],
            tiles=new["tiles"],
            around_cars=new["around_cars"],
            skip_idle=new["skip_idle"],
            by=user,
        )
        tasks.start_reading(run, by=user)
        return Response(self.get_serializer(run).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        parameters=[OpenApiParameter("other", int, required=True)], responses=ComparisonSerializer
    )
    @action(detail=True)
    def compare(self, request: Request, pk: str) -> Response:
        """This reading beside an ``other`` of the same video, on what was reviewed."""
        given = request.query_params.get("other", "")
        other = get_object_or_404(self.get_queryset(), pk=int(given) if given.isdecimal() else 0)
        return Response(comparisons.compare(self.get_object(), other))

    @extend_schema(request=None, responses={202: JobSerializer})
    @action(detail=True, methods=["post"])
    def learn(self, request: Request, pk: str) -> Response:
        """Take the frames of what was reviewed and draw its plates, for the next dataset version.

        They count as incompletely labelled. Done again, it adds what is missing.
        """
        job = tasks.start_learning(self.get_object(), by=request.user)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(responses=ExportSerializer(many=True))
    @action(detail=True, pagination_class=None)
    def annotated(self, request: Request, pk: str) -> Response:
        """The newest copy of the video with boxes and texts drawn on it: none or one."""
        rows = readings.annotated(self.get_object())[:1]
        return Response(ExportSerializer(rows, many=True).data)

    @extend_schema(request=None, responses={202: JobSerializer})
    @annotated.mapping.post
    def annotate(self, request: Request, pk: str) -> Response:
        """Draw boxes and texts, as far as they were reviewed, on a copy of the video."""
        job = tasks.start_annotating(self.get_object(), by=request.user)
        return Response(JobSerializer(job).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        parameters=[DECIMAL],
        responses={(200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, "one line per read")},
    )
    @action(detail=True)
    def csv(self, request: Request, pk: str) -> HttpResponse:
        """All reads of the run as a table, with what review said."""
        comma = request.query_params.get("decimal") == "comma"

        def spreadsheet(run: InferenceRun) -> str:
            return tables.BOM + readings.csv_of(run, comma=comma)

        return self._handed_out(request, spreadsheet, "text/csv", "csv")

    @extend_schema(
        responses={(200, "application/json"): OpenApiResponse(OpenApiTypes.OBJECT, "the reads")}
    )
    @action(detail=True, url_path="json")
    def as_json(self, request: Request, pk: str) -> HttpResponse:
        """All reads of the run with their boxes, and what review said."""
        return self._handed_out(request, readings.json_of, "application/json", "json")

    def _handed_out(
        self, request: Request, told: Callable[[InferenceRun], str], kind: str, suffix: str
    ) -> HttpResponse:
        run: InferenceRun = self.get_object()
        AuditEntry.objects.create(
            project_id=run.project_id,
            user_id=request.user.pk,
            action="export reads",
            subject=str(run)[:255],
        )
        answer = HttpResponse(told(run), content_type=f"{kind}; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="reads_{run.pk}.{suffix}"'
        return answer


class StatsView(APIView):
    """What is there and what is left, per step of the line."""

    @extend_schema(
        parameters=[OpenApiParameter("project", int, required=True)],
        responses={
            200: {
                "type": "object",
                "properties": {
                    name: {"type": "integer"} for name in (*stats.LEFT_SIDE, *stats.RIGHT_SIDE)
                },
                "required": [*stats.LEFT_SIDE, *stats.RIGHT_SIDE],
            }
        },
    )
    def get(self, request: Request) -> Response:
        return Response(stats.counts(_named_project(request)))


class VideoStatsView(APIView):
    """What is there and what is left, per video."""

    @extend_schema(
        parameters=[OpenApiParameter("project", int, required=True)],
        responses=VideoStatsSerializer(many=True),
    )
    def get(self, request: Request) -> Response:
        rows = overview.remembered("videos", _named_project(request), stats.videos)
        return Response(VideoStatsSerializer(rows, many=True).data)


class LabellingStatsView(APIView):
    """What the plates look like: characters, sizes, sharpness, where they are in the picture."""

    @extend_schema(
        parameters=[OpenApiParameter("project", int, required=True)],
        responses=LabellingSerializer,
    )
    def get(self, request: Request) -> Response:
        project = _named_project(request)
        looks = overview.remembered("labelling", project, overview.labelling)
        return Response(LabellingSerializer(looks).data)


def _named_project(request: Request) -> Project:
    given = request.query_params.get("project", "")
    visible = members.visible(request.user)
    return get_object_or_404(visible, pk=int(given) if given.isdecimal() else 0)
