"""Runs, trained models, and what they read on videos."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from annotations.models import Camera, DatasetVersion, Passage, Project, Video
from annotations.models.datasets import Kind
from lprsite.jobs.models import Job
from lprsite.texts import both

_STARTERS: dict[str, str] = {
    Kind.DETECTOR: both("Starter detector", "Detector inicial"),
    Kind.RECOGNIZER: both("Starter recognizer", "Reconocedor inicial"),
}


class TrainedModel(models.Model):
    """A checkpoint with its record. The starters belong to no project."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, null=True, blank=True, related_name="trained_models"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    name = models.CharField(max_length=120)
    network = models.CharField(max_length=40)
    file = models.CharField(max_length=255)
    metadata = models.JSONField(default=dict)  # classes or alphabet, input size, config
    figures = models.JSONField(default=dict)  # evaluation on held data
    dataset = models.ForeignKey(
        DatasetVersion, on_delete=models.SET_NULL, null=True, related_name="trained_models"
    )
    parent = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="children"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    retired_at = models.DateTimeField(null=True, blank=True)
    onnx = models.CharField(max_length=255, blank=True)  # the file for other programs, once made

    file_columns = ("file", "onnx")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def shown_name(self) -> str:
        """The name as people read it: the starters have one in each language."""
        return str(_STARTERS[self.kind]) if self.project_id is None else self.name


class Promotion(models.Model):
    """Which trained model is current, and was: one open row per project and kind."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="promotions")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    model = models.ForeignKey(TrainedModel, on_delete=models.CASCADE, related_name="promotions")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    why = models.CharField(max_length=200, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "kind"],
                name="one_current_model",
                condition=Q(ended_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} current from {self.at:%Y-%m-%d}"


class TrainingRun(models.Model):
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="training_runs")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    dataset = models.ForeignKey(
        DatasetVersion, on_delete=models.RESTRICT, related_name="training_runs"
    )
    parent = models.ForeignKey(
        TrainedModel, on_delete=models.SET_NULL, null=True, related_name="runs_from"
    )
    trained_model = models.OneToOneField(
        TrainedModel, on_delete=models.SET_NULL, null=True, related_name="run"
    )
    config = models.JSONField(default=dict)
    seed = models.PositiveIntegerField(default=0)
    code_version = models.CharField(max_length=60, blank=True)
    environment = models.JSONField(default=dict)  # versions of libraries, hardware, data's hash
    stop = models.CharField(max_length=5, blank=True)  # asked for: "now" or after the "epoch"
    device = models.CharField(max_length=10, default="auto")
    minutes = models.PositiveIntegerField(
        null=True, blank=True
    )  # at most; null: as long as it takes
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    file_folder = "models/run_{pk:06d}/"  # as ``runs.folder_key`` says

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} run {self.pk}"


class TrainingSchedule(models.Model):
    """A training that starts by itself: once, or every night that brings a new dataset version."""

    project = models.ForeignKey(
        Project, on_delete=models.CASCADE, related_name="training_schedules"
    )
    kind = models.CharField(max_length=10, choices=Kind.choices)
    dataset = models.ForeignKey(
        DatasetVersion, on_delete=models.CASCADE, null=True, related_name="+"
    )  # none: the newest when it starts
    config = models.JSONField(default=dict)
    parent = models.CharField(max_length=40, blank=True)  # a number, "current", "starter", "usual"
    device = models.CharField(max_length=10, default="auto")
    minutes = models.PositiveIntegerField(null=True, blank=True)
    at = models.TimeField()  # by the project's clock
    nightly = models.BooleanField(default=False)
    next_at = models.DateTimeField(null=True)  # none: it is over
    run = models.ForeignKey(TrainingRun, on_delete=models.SET_NULL, null=True, related_name="+")
    error = models.TextField(blank=True)  # why the last start was refused
    error_es = models.TextField(blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["next_at"], name="schedule_due")]

    def __str__(self) -> str:
        return f"{self.kind} at {self.at:%H:%M}"


class Metric(models.Model):
    """One figure of a run at one step (for training: the epoch, from 1)."""

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="metrics")
    step = models.PositiveIntegerField()
    name = models.CharField(max_length=60)
    value = models.FloatField()

    class Meta:
        ordering = ["step", "name"]
        constraints = [
            models.UniqueConstraint(fields=["run", "step", "name"], name="metric_once_per_step")
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.step}: {self.value}"


class EpochSamples(models.Model):
    """What a run's network said on the same few held pictures after one epoch."""

    run = models.ForeignKey(TrainingRun, on_delete=models.CASCADE, related_name="samples")
    step = models.PositiveIntegerField()
    found = models.JSONField(default=list)  # per picture: its dataset item, text or boxes

    class Meta:
        ordering = ["step"]
        constraints = [
            models.UniqueConstraint(fields=["run", "step"], name="samples_once_per_step")
        ]
        verbose_name_plural = "epoch samples"

    def __str__(self) -> str:
        return f"samples of {self.run} after {self.step}"


class Evaluation(models.Model):
    """Figures of a trained model on one split of a dataset version, and all it said there."""

    model = models.ForeignKey(TrainedModel, on_delete=models.CASCADE, related_name="evaluations")
    dataset = models.ForeignKey(
        DatasetVersion, on_delete=models.CASCADE, related_name="evaluations"
    )
    split = models.CharField(max_length=5)
    figures = models.JSONField(default=dict)
    found = models.JSONField(default=list)  # as of EpochSamples, for every picture
    learned = models.PositiveIntegerField(default=0)  # pictures that the model learned from
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "dataset", "split"], name="model_evaluated_once_per_split"
            )
        ]

    def __str__(self) -> str:
        return f"{self.model} on {self.dataset} {self.split}"


class CameraRun(models.Model):
    """A camera that is recorded and read until somebody stops it.

    Its pieces become videos of the camera, each with a reading. The job is the one that records
    now: when a worker ends, another job goes on.
    """

    camera = models.ForeignKey(Camera, on_delete=models.CASCADE, related_name="runs")
    detector = models.CharField(max_length=40, blank=True)  # a number, current, starter; or
    recognizer = models.CharField(max_length=40, blank=True)  # empty: current, else the starter
    options = models.JSONField(default=dict)  # seconds of a piece, how it is read, what is kept
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    pieces = models.PositiveIntegerField(default=0)  # that became videos
    dropped = models.PositiveIntegerField(default=0)  # that were thrown away unread
    piece_began = models.DateTimeField(null=True)  # the present one
    last_piece_at = models.DateTimeField(null=True)  # when the last one ended
    trouble = models.CharField(max_length=60, blank=True)  # why nothing is recorded or read now:
    trouble_en = models.TextField(blank=True)  # the name of a refusal, and its sentence
    trouble_es = models.TextField(blank=True)
    trouble_since = models.DateTimeField(null=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    stopped_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["camera"],
                name="camera_recorded_once",
                condition=Q(stopped_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"recording {self.pk} of {self.camera}"


class InferenceRun(models.Model):
    """One reading of one video with one detector and one recognizer."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="inference_runs")
    video = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="inference_runs")
    detector = models.ForeignKey(TrainedModel, on_delete=models.RESTRICT, related_name="+")
    recognizer = models.ForeignKey(TrainedModel, on_delete=models.RESTRICT, related_name="+")
    options = models.JSONField(default=dict)  # frames a second, thresholds
    throughput = models.JSONField(default=dict)  # seconds per step, frames per second
    camera_run = models.ForeignKey(  # whose piece the video is
        CameraRun, on_delete=models.SET_NULL, null=True, related_name="readings"
    )
    job = models.OneToOneField(Job, on_delete=models.SET_NULL, null=True, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"reading {self.pk} of {self.video}"


class DetectionChunk(models.Model):
    """The detections of a fixed stretch of the video; tracks are made from these alone."""

    run = models.ForeignKey(InferenceRun, on_delete=models.CASCADE, related_name="chunks")
    number = models.PositiveIntegerField()
    first_pts = models.BigIntegerField()
    last_pts = models.BigIntegerField()
    frames = models.JSONField(default=list)  # per analysed frame: pts, plates with their reads

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="chunk_once_per_run")]

    def __str__(self) -> str:
        return f"chunk {self.number}"


class Read(models.Model):
    """Text and confidence for one track. Reads carry no review; passages do."""

    run = models.ForeignKey(InferenceRun, on_delete=models.CASCADE, related_name="reads")
    number = models.PositiveIntegerField()
    first_pts = models.BigIntegerField()
    last_pts = models.BigIntegerField()
    boxes = models.JSONField(default=list)  # [pts, x1, y1, x2, y2], by pts
    text = models.CharField(max_length=32, blank=True)
    confidence = models.FloatField()
    characters = models.JSONField(default=list)  # one confidence per character
    votes = models.PositiveIntegerField(default=0)
    alternatives = models.JSONField(default=list)  # [second choice, its share] per character
    greedy = models.CharField(max_length=32, blank=True)  # what is read without plate formats
    # approaching, leaving, left, right, up, down; empty where nobody knows
    direction = models.CharField(max_length=12, blank=True)
    continues = models.ForeignKey(  # of the same vehicle, in the piece of a camera before this one
        "self", on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        ordering = ["first_pts", "number"]
        indexes = [models.Index(fields=["run", "confidence"], name="read_by_confidence")]
        constraints = [
            models.UniqueConstraint(fields=["run", "number"], name="read_once_per_track"),
            models.CheckConstraint(name="read_in_order", condition=Q(last_pts__gte=F("first_pts"))),
        ]

    def __str__(self) -> str:
        return self.text


class ReadCrop(models.Model):
    """A crop kept of a track: its sharpest, mutually distinct pictures."""

    read = models.ForeignKey(Read, on_delete=models.CASCADE, related_name="crops")
    pts = models.BigIntegerField()
    box = models.JSONField(default=list)
    file = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    sharpness = models.FloatField()
    text = models.CharField(max_length=32, blank=True)
    confidence = models.FloatField()

    file_columns = ("file",)

    class Meta:
        ordering = ["-sharpness", "id"]
        constraints = [
            models.UniqueConstraint(fields=["read", "pts"], name="read_crop_once_per_pts")
        ]

    def __str__(self) -> str:
        return f"{self.text} at {self.pts}"


class Match(models.Model):
    """How a read agrees with the truth; recomputed by time and IoU."""

    read = models.OneToOneField(Read, on_delete=models.CASCADE, related_name="match")
    passage = models.ForeignKey(
        Passage, on_delete=models.CASCADE, null=True, related_name="matches"
    )
    outcome = models.CharField(max_length=10)  # right, wrong, false, double

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="match_outcome",
                condition=Q(outcome__in=["right", "wrong", "false", "double"]),
            )
        ]
        verbose_name_plural = "matches"

    def __str__(self) -> str:
        return self.outcome
