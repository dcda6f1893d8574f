"""The settings of a detector training, and the presets people choose from."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, NoReturn

from training import reasons
from training.detector.augmentation import Augmentation
from training.detector.cluster import Clustering
from training.detector.gridbox import Ellipse, Grid
from training.detector.sizes import STRIDE, Layers, Stride
from training.errors import SettingRefused
from training.reasons import Reason

log = logging.getLogger(__name__)

Preset = Literal["quick", "standard", "tao"]
Precision = Literal["auto", "float32", "bfloat16"]
SMALLEST_ADVISED = (480, 272)


@dataclass(frozen=True, kw_only=True)
class DetectorConfig:
    """Everything that decides the outcome of a training besides the samples.

    Start from a preset: ``DetectorConfig.of("quick", classes=("car", "plate"), epochs=5)``.
    Plain ``DetectorConfig(...)`` has the values of "standard". Raises SettingRefused.

    ``width`` and ``height``: network input, multiples of 16. ``ema``: decay of the running
    mean of the weights, 0 for none. ``foreground``: weight of cells inside objects, 0..1.
    ``focus``: power by which nearly right cells weigh less, ``giou``: weight of the boxes'
    overlap beside the distance of their edges; 0 as the toolkit (loss.py).
    ``box_target``: share of the box cost that the weights aim at, coverage being 1.
    ``prior``: coverage the untrained network claims everywhere, 0 for the toolkit's 0.5.
    ``passes``: how often an epoch shows every frame. ``window``: the training looks at windows
    of this share of the input's sides, mostly around boxes, until ``window_until`` (share of
    the epochs), then at whole frames; 1 is whole frames always. A window of half the sides
    costs a quarter of a frame.
    ``stride``: pixels of a grid cell; 16 as the toolkit, 8 finds smaller plates.
    ``evaluate_every``: epochs between evaluations; the last is always evaluated.
    ``patience``: stop after so many evaluations without a better mean AP, 0 never.
    ``freeze``: stages of the start model that stay as they are, 0 (the first convolution) to 4.
    ``prune``: filters of the start model whose kernel norm is below this share of their
    layer's largest are taken out before the training (pruning.py), 0 for none.
    """

    classes: tuple[str, ...]
    preset: Preset = "standard"
    layers: Layers = 10
    stride: Stride = 8
    width: int = 640
    height: int = 384
    epochs: int = 50
    batch: int = 8
    seed: int = 0
    lr_hi: float = 1e-3
    lr_lo: float = 1e-5
    soft_start: float = 0.05
    annealing: float = 0.5
    l1: float = 0.0
    norm_momentum: float = 0.1
    ema: float = 0.99
    foreground: float = 0.5
    focus: float = 2.0
    giou: float = 1.0
    box_target: float = 2.0
    prior: float = 0.02
    evaluate_every: int = 1
    patience: int = 0
    freeze: tuple[int, ...] = ()
    prune: float = 0.0
    passes: int = 1
    window: float = 0.5
    window_until: float = 0.2
    precision: Precision = "auto"
    ellipse: Ellipse = field(
        default_factory=lambda: Ellipse(
            radius=(0.4, 0.4), min_radius=0.7, deadzone=0.3, keep_aspect=False
        )
    )
    clustering: Clustering = field(default_factory=lambda: Clustering(confidence="peak"))
    augmentation: Augmentation = field(
        default_factory=lambda: Augmentation(zoom=(0.6, 1.4), stretch=0.3)
    )

    @classmethod
    def of(cls, preset: Preset = "standard", **changes: Any) -> DetectorConfig:
        """A preset with some settings changed; ``classes`` must be among them.

        Of a part (``ellipse``, ``clustering``, ``augmentation``) some may be given.
        """
        if preset not in PRESETS:
            _refuse("preset", preset, reasons.among(PRESETS))
        values = {"preset": preset, **PRESETS[preset], **changes}
        usual = cls(classes=("any",), **PRESETS[preset])
        for part in ("ellipse", "clustering", "augmentation"):
            if isinstance(changes.get(part), Mapping):
                values[part] = {**asdict(getattr(usual, part)), **changes[part]}
        return cls.from_json(values)

    @classmethod
    def of_checkpoint(cls, values: Mapping[str, Any]) -> DetectorConfig:
        """What a checkpoint was trained with; older ones do not name every setting."""
        return cls.from_json({"stride": 16, "focus": 0.0, "giou": 0.0, **values})

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> DetectorConfig:
        """From plain JSON; an unknown setting is refused, a missing one is "standard"."""
        settings = dict(values)
        for name in settings.keys() - {item.name for item in fields(cls)}:
            _refuse(name, settings[name], reasons.UNKNOWN)
        if not settings.get("classes"):
            _refuse(
                "classes",
                "empty",
                Reason("name at least one label", "indique al menos una etiqueta"),
            )
        for name, kind in (
            ("ellipse", Ellipse),
            ("clustering", Clustering),
            ("augmentation", Augmentation),
        ):
            if isinstance(settings.get(name), Mapping):
                try:
                    settings[name] = kind(**_tuples(settings[name]))
                except (TypeError, ValueError) as error:
                    _refuse(name, settings[name], reasons.as_said(str(error)))
        try:
            return cls(**settings)
        except TypeError as error:
            _refuse("config", settings, reasons.as_said(str(error)))

    def to_json(self) -> dict[str, Any]:
        """Plain JSON that ``from_json`` reads."""
        plain: dict[str, Any] = json.loads(json.dumps(asdict(self)))
        return plain

    @property
    def grid(self) -> Grid:
        """The network's grid."""
        return Grid.of(self.width, self.height, stride=self.stride)

    def window_at(self, epoch: int) -> tuple[int, int] | None:
        """Size of the training windows in an epoch (from 1); None for whole frames."""
        if self.window == 1 or epoch > self.window_until * self.epochs:
            return None
        return self.part(self.window)

    def part(self, share: float) -> tuple[int, int]:
        """Size of a window of this share of the input's sides, in multiples of 16."""
        width, height = (
            -(-int(side * share) // STRIDE) * STRIDE for side in (self.width, self.height)
        )
        return width, height

    @property
    def network(self) -> str:
        """The network's name in checkpoints."""
        return f"detectnet_v2-resnet{self.layers}"

    def __post_init__(self) -> None:
        object.__setattr__(self, "classes", tuple(self.classes))
        object.__setattr__(self, "freeze", tuple(sorted(set(self.freeze))))
        if not self.classes or len(set(self.classes)) != len(self.classes):
            _refuse(
                "classes",
                ", ".join(self.classes) or "empty",
                Reason("each label once, at least one", "cada etiqueta una vez, al menos una"),
            )
        if self.layers not in (10, 18):
            _refuse("layers", self.layers, reasons.among((10, 18)))
        if self.stride not in (16, 8):
            _refuse("stride", self.stride, reasons.among((16, 8)))
        if not set(self.freeze) <= set(range(5)):
            _refuse("freeze", list(self.freeze), reasons.among(range(5)))
        for name in ("width", "height"):
            if (value := getattr(self, name)) < STRIDE or value % STRIDE:
                _refuse(name, value, reasons.multiple(STRIDE))
        for name in ("epochs", "batch", "evaluate_every", "passes"):
            if getattr(self, name) < 1:
                _refuse(name, getattr(self, name), reasons.AT_LEAST_ONE)
        self._check_numbers()
        if self.width < SMALLEST_ADVISED[0] or self.height < SMALLEST_ADVISED[1]:
            log.warning("a detector input below %dx%d sees only near objects", *SMALLEST_ADVISED)

    def _check_numbers(self) -> None:
        for name in ("seed", "patience", "l1", "focus", "giou"):
            if getattr(self, name) < 0:
                _refuse(name, getattr(self, name), reasons.NOT_NEGATIVE)
        if not 0 < self.lr_lo <= self.lr_hi:
            _refuse(
                "learning rate",
                self.lr_hi,
                Reason(
                    "it must be positive and not below the lowest",
                    "debe ser positiva y no menor que la más baja",
                ),
            )
        if not 0 <= self.soft_start <= self.annealing <= 1:
            _refuse(
                "soft_start", self.soft_start, reasons.as_said("0 <= soft_start <= annealing <= 1")
            )
        for name in ("norm_momentum", "foreground"):
            if not 0 < getattr(self, name) < 1:
                _refuse(name, getattr(self, name), reasons.INSIDE_ONE)
        if not 0 < self.window <= 1:
            _refuse(
                "window",
                self.window,
                Reason("it must be above 0 and at most 1", "debe ser mayor que 0 y como mucho 1"),
            )
        if not 0 <= self.window_until <= 1:
            _refuse("window_until", self.window_until, reasons.INSIDE_ONE)
        for name in ("ema", "prior", "prune"):
            if not 0 <= getattr(self, name) < 1:
                _refuse(name, getattr(self, name), reasons.BELOW_ONE)
        if 0 < self.focus < 1:
            _refuse(
                "focus", self.focus, Reason("it must be 0 or at least 1", "debe ser 0 o al menos 1")
            )
        if self.box_target <= 0:
            _refuse("box_target", self.box_target, reasons.POSITIVE)
        if self.precision not in ("auto", "float32", "bfloat16"):
            _refuse("precision", self.precision, reasons.among(("auto", "float32", "bfloat16")))


PRESETS: dict[str, dict[str, Any]] = {
    # Minutes on two cores: many small steps at a high rate, and plates of few pixels.
    "quick": {
        "stride": 16,
        "focus": 0.0,
        "giou": 0.0,
        "width": 480,
        "height": 272,
        "epochs": 16,
        "batch": 4,
        "passes": 2,
        "lr_hi": 2e-3,
        "window": 0.5,
        "window_until": 0.85,
        "soft_start": 0.1,
        "ema": 0.97,
        "clustering": Clustering(min_height=2.5),
        "augmentation": Augmentation(),
    },
    "standard": {},
    "tao": {
        "stride": 16,
        "width": 960,
        "height": 544,
        "window": 1.0,
        "focus": 0.0,
        "epochs": 120,
        "lr_hi": 5e-4,
        "lr_lo": 5e-6,
        "soft_start": 0.1,
        "annealing": 0.7,
        "l1": 3e-9,
        "norm_momentum": 0.01,
        "ema": 0.0,
        "foreground": 0.05,
        "giou": 0.0,
        "box_target": 10.0,
        "prior": 0.0,
        "evaluate_every": 10,
        "ellipse": Ellipse(),
        # A confidence of 0..1 in place of a sum, which no page could show, and a cap on cells.
        "clustering": replace(Clustering.tao(), confidence="filled", threshold=0.0, max_cells=400),
        "augmentation": Augmentation.tao(),
    },
}


def _refuse(setting: str, value: object, reason: Reason) -> NoReturn:
    raise SettingRefused(setting=setting, value=value, reason=reason)


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(item) if isinstance(item, list) else item for key, item in values.items()}
