"""Start trainings, keep what they report, and say which trained model is current.

No torch here: the network rooms run in a program of their own (``training/work.py``).
"""

from __future__ import annotations

import contextlib
import csv
import filecmp
import io
from collections.abc import Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Max, Q
from django.utils import timezone

from annotations.models import DatasetVersion, Project
from annotations.models.datasets import Kind, Split
from lprsite import files
from lprsite.jobs import engine
from lprsite.jobs.models import ACTIVE, State
from training import devices, estimates, evaluations, headers, options, reasons, starters
from training.detector.config import DetectorConfig
from training.errors import (
    DatasetForOther,
    ModelInUse,
    ModelNotHere,
    ModelRetired,
    NoSuchDevice,
    NothingToTrainOn,
    OnnxMissing,
    OtherNetwork,
    RunFinished,
    RunNotHere,
    RunNotWorking,
    RunOver,
    SettingRefused,
    StarterMissing,
    TrainingDiskFull,
)
from training.models import EpochSamples, InferenceRun, Metric, Promotion, TrainedModel, TrainingRun
from training.reasons import Reason
from training.recognizer.config import RecognizerConfig

CURRENT, STARTER = "current", "starter"
LAST = "last"
MOST_STEPS = 2000
NOW = "now"
NEEDED_BYTES = 500 * 1024**2  # checkpoints, the state to go on from, some room
JUDGED = {Kind.RECOGNIZER.value: "exact", Kind.DETECTOR.value: "map"}


def folder_key(run: TrainingRun) -> str:
    """The folder of a run in the storage: its checkpoints and its state to resume from."""
    return f"models/run_{run.pk:06d}"


def create(
    dataset: DatasetVersion,
    config: Mapping[str, Any],
    *,
    parent: TrainedModel | None = None,
    by: User | None = None,
    device: str = devices.AUTO,
    minutes: int | None = None,
) -> TrainingRun:
    """A run that has not started. ``config``: "preset" and whatever of it is changed.

    ``minutes``: it takes no longer, with fewer epochs than the settings have if need be.
    Raises what ``plan`` does, and MeasuredToFail.
    """
    settings = plan(dataset, config, parent=parent, device=device)
    key = estimates.key_of(dataset, settings, parent=parent, device=device)
    if problem := estimates.why_not(dataset, key):
        raise problem
    return TrainingRun.objects.create(
        project_id=dataset.project_id,
        kind=dataset.kind,
        dataset=dataset,
        parent=parent,
        config=settings,
        seed=settings.get("seed", 0),
        device=device,
        minutes=minutes,
        created_by=by,
    )


def plan(
    dataset: DatasetVersion,
    config: Mapping[str, Any],
    *,
    parent: TrainedModel | None,
    device: str = devices.AUTO,
) -> dict[str, Any]:
    """The settings that a run would have.

    Raises:
        NothingToTrainOn, TrainingDiskFull: it could only fail.
        NoSuchDevice.
        SettingRefused: an unknown preset or setting, or a value that no training takes.
        DatasetForOther: the parent is of another kind than the dataset version.
        OtherNetwork: it is another network than the settings ask for.
    """
    settings = {"preset": "quick", **config}
    started = parent is not None
    require_trainable(
        dataset, check_settings(dataset.kind, settings, started=started, device=device)
    )
    if parent is not None:
        if parent.kind != dataset.kind:
            raise DatasetForOther(model=parent.name, kind=parent.kind, other=dataset.kind)
        settings = {**_network_of(parent, settings), **settings}
    elif settings.get("tune", "full") != "full":
        reason = Reason(
            "parts that rest must have learned before, so name a model to start from",
            "las partes que descansan deben haber aprendido antes: indique un modelo inicial",
        )
        raise SettingRefused(setting="tune", value=settings["tune"], reason=reason)
    return settings


def check_settings(
    kind: str, settings: Mapping[str, Any], *, started: bool, device: str
) -> options.Config:
    """All settings of a training, whatever its data. Raises SettingRefused, NoSuchDevice."""
    checked = options.check(kind, {"preset": "quick", **settings}, started=started)
    if device not in devices.names():
        raise NoSuchDevice(device=device, known=", ".join(devices.names()))
    return checked


def require_trainable(dataset: DatasetVersion, config: options.Config) -> None:
    """Raises NothingToTrainOn (unless plates are drawn), TrainingDiskFull."""
    drawn = isinstance(config, RecognizerConfig) and config.synthetic > 0
    if not drawn and not dataset.items.filter(split=Split.TRAIN).exists():
        raise NothingToTrainOn()
    needed = NEEDED_BYTES
    if isinstance(config, DetectorConfig):  # its frames lie there at training size meanwhile
        frames = dataset.items.exclude(split=Split.TEST).count()
        needed += frames * config.width * config.height * 3
    if (free := files.free_bytes()) < needed:
        raise TrainingDiskFull(free=free // 1024**2, needed=needed // 1024**2)


def _network_of(parent: TrainedModel, settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that say which network the parent is: a training goes on with the same.

    The toolkit's preset keeps its own stride; heads of another stride begin anew.
    """
    if parent.kind == Kind.DETECTOR:
        layers = parent.network.removeprefix("detectnet_v2-resnet")
        same: dict[str, Any] = {"layers": int(layers)} if layers.isdecimal() else {}
    else:
        same = {"network": parent.network} if parent.network else {}
    fixed = {"network": "lprnet10"} if settings["preset"] == "tao" else {}
    for name, found in same.items():
        wanted = settings.get(name, fixed.get(name, found))
        if wanted != found:
            raise OtherNetwork(name=parent.name, found=found, wanted=wanted)
    if parent.kind == Kind.DETECTOR and settings["preset"] != "tao":
        same["stride"] = parent.metadata.get("config", {}).get("stride", 16)
    return same


def usual_parent(project: Project, kind: str, config: Mapping[str, Any]) -> TrainedModel | None:
    """What a training starts from where nobody says: the current model, else the starter.

    None where neither is the network asked for, and for detectors as the toolkit trains them.
    """
    tao = config.get("preset") == "tao"
    if kind == Kind.RECOGNIZER:
        wanted = config.get("network", "lprnet10" if tao else "lite")
    elif tao:
        return None
    else:
        wanted = f"detectnet_v2-resnet{config.get('layers', 10)}"
    model = current(project, kind)
    if model is None:
        with contextlib.suppress(StarterMissing):
            model = find(project, kind, STARTER)
    if model is None or model.network != wanted:
        return None
    stride = _network_of(model, {"preset": "standard", **config}).get("stride")
    return model if config.get("stride", stride) == stride else None


def stopped(project: Project, kind: str, given: str) -> TrainingRun:
    """The run that a number means, or "last": the newest.

    Raises RunNotHere, RunFinished, RunOver.
    """
    rows = TrainingRun.objects.filter(project=project, kind=kind)
    if given == LAST:
        run = rows.first()
    else:
        run = rows.filter(pk=int(given)).first() if given.isdecimal() else None
    if run is None:
        raise RunNotHere(kind=kind, given=given)
    require_stopped(run)
    return run


def require_stopped(run: TrainingRun) -> None:
    """Raises RunFinished when the run made its model, RunOver while somebody works on it."""
    if run.trained_model is not None:
        raise RunFinished(model=run.trained_model.name)
    if run.job is not None:
        engine.free_if_abandoned(run.job)
        if run.job.is_active:
            raise RunOver()


def record(run: TrainingRun, epoch: int, metrics: Mapping[str, float]) -> None:
    """Keep the figures of an epoch; told again after a resume, they are kept once."""
    Metric.objects.bulk_create(
        [Metric(run=run, step=epoch, name=name, value=value) for name, value in metrics.items()],
        ignore_conflicts=True,
    )


def keep_samples(run: TrainingRun, epoch: int, found: list[dict[str, Any]]) -> None:
    """Keep what the network says on the fixed pictures after an epoch."""
    EpochSamples.objects.bulk_create(
        [EpochSamples(run=run, step=epoch, found=found)], ignore_conflicts=True
    )


def ask_to_stop(run: TrainingRun, when: str) -> None:
    """Stop a run and keep the best so far: "now", or when this "epoch" is over.

    A run without a finished epoch has nothing to keep: asked to stop now, it just stops.
    Raises RunNotWorking.
    """
    if run.job is None or not run.job.is_active:
        raise RunNotWorking()
    if run.job.state == State.QUEUED or (when == NOW and not run.metrics.exists()):
        engine.cancel(run.job)
    else:
        TrainingRun.objects.filter(pk=run.pk).update(stop=when)


def wish(run: TrainingRun) -> str:
    """What somebody asked of the run while it works: "", "now" or "epoch"."""
    return TrainingRun.objects.values_list("stop", flat=True).get(pk=run.pk)


def rival(project: Project, kind: str) -> TrainedModel | None:
    """The starter that serves while nothing is current, and that a first model must equal."""
    if current(project, kind) is None:
        with contextlib.suppress(StarterMissing):
            return find(project, kind, STARTER)
    return None


def finish(
    run: TrainingRun,
    metadata: Mapping[str, Any],
    figures: Mapping[str, Any],
    *,
    starter: Mapping[str, Any] | None = None,
) -> TrainedModel:
    """Make the trained model of a run.

    The first of its kind in a project becomes current, unless it reads worse than the starter,
    whose figures on the same held pictures ``starter`` are.
    """
    with transaction.atomic():
        run = TrainingRun.objects.select_for_update().get(pk=run.pk)
        if run.trained_model is not None:
            return run.trained_model
        model = TrainedModel.objects.create(
            project_id=run.project_id,
            kind=run.kind,
            name=f"{run.kind.capitalize()} {run.pk} (v{run.dataset.number})",
            network=str(metadata.get("network", "")),
            file=f"{folder_key(run)}/best.safetensors",
            metadata={k: v for k, v in metadata.items() if k != "weights"},
            figures=dict(figures),
            dataset=run.dataset,
            parent=run.parent,
        )
        run.trained_model = model
        run.code_version = str(metadata.get("code_version", ""))[:60]
        run.save(update_fields=["trained_model", "code_version"])
    if not Promotion.objects.filter(
        project_id=run.project_id, kind=run.kind, ended_at__isnull=True
    ).exists() and _not_worse(run.kind, figures, starter):
        why = "the first trained model of its kind"
        if starter is not None and figures.get("split") == Split.TRAIN:
            why += ", judged on no pictures that were kept back"
        elif starter is not None:
            mine, its = (float(one.get(JUDGED[run.kind], 0)) for one in (figures, starter))
            why += f": {mine:.1%}, the starter {its:.1%}"
        promote(model, by=run.created_by, why=why)
    return model


def _not_worse(kind: str, figures: Mapping[str, Any], starter: Mapping[str, Any] | None) -> bool:
    """Whether the figures reach the starter's. Those on learned pictures prove nothing: who keeps
    none back has decided to use what comes out."""
    if starter is None or figures.get("split") == Split.TRAIN:
        return True
    mine, its = (float(one.get(JUDGED[kind], 0)) for one in (figures, starter))
    return mine >= its


@transaction.atomic
def retire(model: TrainedModel) -> None:
    """Delete a model's files and keep its row, its figures and its lineage.

    Raises ModelInUse while it is current or something works with it, ModelRetired.
    """
    if model.retired_at is not None:
        raise ModelRetired(model=model.name)
    assert model.project is not None, "starters are not retired"
    if current(model.project, model.kind) == model:
        raise ModelInUse(model=model.name, use="the current one", use_es="es el vigente")
    readings = InferenceRun.objects.filter(Q(detector=model) | Q(recognizer=model))
    trainings = TrainingRun.objects.filter(parent=model)
    if any(rows.filter(job__state__in=ACTIVE).exists() for rows in (readings, trainings)):
        raise ModelInUse(model=model.name, use="at work", use_es="está trabajando")
    TrainedModel.objects.filter(pk=model.pk).update(retired_at=timezone.now(), onnx="")
    keys = {key for key in (model.file, model.onnx) if key}
    run = TrainingRun.objects.filter(trained_model=model).first()
    if run is not None and model.file.startswith(f"{folder_key(run)}/"):
        keys = {f"{folder_key(run)}/"}
    elif TrainedModel.objects.filter(file=model.file, retired_at=None).exists():
        keys -= {model.file}  # another project has the same bytes
    for key in keys:
        transaction.on_commit(partial(files.delete, key))


@transaction.atomic
def promote(model: TrainedModel, *, by: User | None = None, why: str = "") -> Promotion:
    """Make this trained model the current one of its project and kind."""
    if model.retired_at is not None:
        raise ModelRetired(model=model.name)
    assert model.project is not None, "starters are never promoted; they serve where none is"
    now = timezone.now()
    Promotion.objects.filter(project=model.project, kind=model.kind, ended_at__isnull=True).update(
        ended_at=now
    )
    return Promotion.objects.create(
        project=model.project, kind=model.kind, model=model, by=by, why=why
    )


def current(project: Project, kind: str) -> TrainedModel | None:
    """The current trained model of a kind, if there is one."""
    row = (
        Promotion.objects.filter(project=project, kind=kind, ended_at__isnull=True)
        .select_related("model")
        .first()
    )
    return row.model if row else None


def find(project: Project, kind: str, given: str, *, paths: bool = False) -> TrainedModel:
    """The trained model that "current", "starter" or a number means.

    With ``paths``, also a folder with a checkpoint or its file: it is copied into the storage
    and becomes a trained model of the project, so that what comes of it has its parent.

    Raises:
        ModelNotHere, StarterMissing, and what a checkpoint is refused for.
    """
    if given == STARTER:
        return starter(kind)
    if paths and not given.isdecimal() and Path(given).exists():
        return register(Path(given), kind, project)
    found: TrainedModel | None = None
    if given == CURRENT:
        found = current(project, kind)
    elif given.isdecimal():
        rows = TrainedModel.objects.filter(kind=kind, pk=int(given), retired_at__isnull=True)
        found = rows.filter(project=project).first() or rows.filter(project__isnull=True).first()
    if found is None:
        raise ModelNotHere(given=given, kind=kind)
    return found


def starter(kind: str) -> TrainedModel:
    """The starter that the program comes with. Raises StarterMissing."""
    return register(starters.path(kind), kind, None, name=f"Starter {kind}")


def offer_starters() -> None:
    """Give every starter that is there its row, so that people can choose it."""
    for kind in Kind.values:
        with contextlib.suppress(StarterMissing):
            starter(kind)


def _known(file: Path, kind: str, project: Project | None) -> TrainedModel | None:
    """The model of the project, or the starter, whose checkpoint has the same bytes."""
    rows = TrainedModel.objects.filter(kind=kind, retired_at=None)
    for model in rows.filter(Q(project=project) | Q(project=None)):
        try:
            if filecmp.cmp(file, files.local_path(model.file), shallow=False):
                return model
        except OSError:  # a row whose file is gone
            continue
    return None


@transaction.atomic
def register(
    path: Path, kind: str, project: Project | None, *, name: str | None = None
) -> TrainedModel:
    """The trained model of a checkpoint file or folder; the same bytes are the same model.

    Raises CheckpointMissing, CheckpointUnreadable, CheckpointWrongKind.
    """
    file = headers.find(path)
    metadata = headers.read_of_kind(file, kind)
    if known := _known(file, kind, project):
        return known
    key, _ = files.take("models", file, ".safetensors", move=False)
    given = path.name if path.is_dir() else file.stem
    return TrainedModel.objects.create(
        project=project,
        kind=kind,
        file=key,
        name=(name or given)[:120],
        network=str(metadata.get("network", ""))[:40],
        metadata={**{k: v for k, v in metadata.items() if k != "weights"}, "from": given},
        figures=metadata.get("figures") or {},
    )


def checkpoint_of(project: Project | None, kind: str, given: str) -> Path:
    """The checkpoint that a command's MODEL means, where no row is needed.

    Raises as :func:`find`.
    """
    if given == STARTER:
        return starters.path(kind)
    path = Path(given)
    if path.exists() and not given.isdecimal():
        headers.read_of_kind(path, kind)
        return path
    if project is None:
        raise ModelNotHere(given=given, kind=kind)
    return files.local_path(find(project, kind, given).file)


def require_onnx() -> None:
    """Raises OnnxMissing unless the packages that an export needs are installed."""
    if any(find_spec(name) is None for name in ("onnx", "onnxscript", "onnxruntime")):
        raise OnnxMissing()


def onnx_key(model: TrainedModel) -> str:
    """Where a model's ONNX file is kept: beside its checkpoint."""
    return model.file.removesuffix(".safetensors") + ".onnx"


def needs_project(given: str) -> bool:
    """Whether MODEL is looked up in a project: a number or "current"."""
    return given == CURRENT or given.isdecimal() or not (given == STARTER or Path(given).exists())


def kind_of(given: str) -> str:
    """Raises SettingRefused unless ``given`` is detector or recognizer."""
    if given not in Kind.values:
        raise SettingRefused(setting="kind", value=given, reason=reasons.among(Kind.values))
    return given


def samples(run: TrainingRun, most: int = 24) -> dict[str, Any]:
    """The fixed pictures with their truth, and what was said after at most so many epochs."""
    steps = list(run.samples.values_list("step", flat=True))
    chosen = (
        {steps[round(at * (len(steps) - 1) / (most - 1))] for at in range(most)} if steps else ()
    )
    rows = list(run.samples.filter(step__in=chosen))
    wanted = {each["item"] for row in rows for each in row.found}
    items = run.dataset.items.filter(pk__in=wanted)
    return {
        "items": [evaluations.shown(item) for item in items],
        "steps": [{"step": row.step, "found": row.found} for row in rows],
    }


def card(model: TrainedModel) -> str:
    """The model card: what it is, from what and how it was made, how good it is."""
    run = TrainingRun.objects.filter(trained_model=model).select_related("created_by").first()
    facts = {
        "Kind": model.kind,
        "Network": model.network,
        "Made": f"{model.created_at:%Y-%m-%d}",
        "Dataset version": str(model.dataset) if model.dataset else "none here",
        "Trained from": model.parent.shown_name if model.parent else "nothing",
        "Input": " x ".join(map(str, model.metadata.get("input_size", []))) or "not told",
        "Alphabet": model.metadata.get("alphabet", ""),
        "Labels": ", ".join(model.metadata.get("classes", [])),
        "Retired": f"{model.retired_at:%Y-%m-%d}" if model.retired_at else "",
    }
    parts = [f"# {model.name}", _listed(facts)]
    figures = {name: value for name, value in model.figures.items() if name != "report"}
    flat = {name: value for name, value in figures.items() if not isinstance(value, dict)}
    parts += ["## Figures on held pictures", _listed(flat)]
    for label, its in figures.items():
        if isinstance(its, dict):
            parts += [f"### {label}", _listed(its)]
    if model.dataset is not None:
        counts = model.dataset.counts
        splits = {name: counts.get(name, {}).get("items") for name in Split.values}
        parts += ["## Data", _listed({**splits, "hash": model.dataset.manifest_hash})]
    if run is not None:
        by = run.created_by.username if run.created_by else ""
        told = {"Run": run.pk, "Started by": by, "Seed": run.seed, **run.environment}
        config = told.pop("config", run.config)
        parts += ["## How it was made", _listed(told), "## Settings", _listed(config)]
    parts += [
        "## What it is for",
        "Reading number plates on recordings of the cameras it learned from. On other cameras, "
        "at night or in rain where it saw none, judge it on some of their plates first. Plates "
        "are personal data: keep its reads as long as they serve and no longer.",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _listed(facts: Mapping[str, Any]) -> str:
    def said(value: Any) -> str:
        return f"{value:.4g}" if isinstance(value, float) else str(value)

    known = {name: value for name, value in facts.items() if value not in ("", None, [])}
    return "\n".join(f"- {name}: {said(value)}" for name, value in known.items())


def table(run: TrainingRun) -> str:
    """All figures of all epochs as CSV, one line an epoch."""
    rows = list(run.metrics.values_list("step", "name", "value"))
    names = sorted({name for _, name, _ in rows})
    lines: dict[int, dict[str, Any]] = {}
    for step, name, value in rows:
        lines.setdefault(step, {"epoch": step})[name] = value
    text = io.StringIO()
    writer = csv.DictWriter(text, ["epoch", *names])
    writer.writeheader()
    writer.writerows(lines[step] for step in sorted(lines))
    return text.getvalue()


def curves(run: TrainingRun) -> dict[str, Any]:
    """The run's metrics as series over the same steps, None where a step has no value.

    Of a long run evenly chosen steps and the last, at most so many: a page draws no more.
    """
    last = run.metrics.aggregate(last=Max("step"))["last"] or 0
    apart = -(-last // MOST_STEPS) or 1
    shown = run.metrics.annotate(over=F("step") % apart).filter(Q(over=0) | Q(step__in=(1, last)))
    rows = list(shown.values_list("step", "name", "value"))
    steps = sorted({step for step, _, _ in rows})
    place = {step: index for index, step in enumerate(steps)}
    series: dict[str, list[float | None]] = {}
    for step, name, value in rows:
        series.setdefault(name, [None] * len(steps))[place[step]] = value
    return {"steps": steps, "series": series}
