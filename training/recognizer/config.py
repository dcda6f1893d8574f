"""The settings of a recognizer training, and the presets people choose from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from training import reasons
from training.errors import SettingRefused
from training.reasons import Reason
from training.recognizer import alphabet as alphabets

Preset = Literal["quick", "standard", "tao"]
PRESETS: tuple[Preset, ...] = get_args(Preset)
NetworkName = Literal["lprnet10", "lprnet18", "lite"]
NETWORKS: tuple[NetworkName, ...] = get_args(NetworkName)
Augmentation = Literal["plates", "tao", "none"]
AUGMENTATIONS: tuple[Augmentation, ...] = get_args(Augmentation)
Tuning = Literal["full", "head", "gradual"]
TUNINGS: tuple[Tuning, ...] = get_args(Tuning)


@dataclass(frozen=True)
class RecognizerConfig:
    """All settings of a training, checked on creation (SettingRefused, AlphabetRefused).

    ``synthetic`` plates of ``synthetic_formats`` are mixed into every epoch. ``easy_start`` is
    the share of the epochs that begins with easy plates (none after ``init``). ``rate`` is the
    highest learning rate, ``rate_floor`` the lowest; ``soft_start`` is the share of the steps
    on which it rises, ``annealing`` (schedule "soft_start" only) where it starts to fall.
    ``ema`` is the decay of the running mean of the weights that is evaluated and saved, 0 for
    the weights themselves. ``bf16`` is used where the processor has it. ``tune`` says which
    parts learn when the training starts from a model (see tuning.py).
    """

    network: NetworkName = "lite"
    alphabet: str = alphabets.DEFAULT
    epochs: int = 40
    batch: int = 32
    seed: int = 0
    synthetic: int = 0
    synthetic_formats: tuple[str, ...] = ("ecuador",)
    augmentation: Augmentation = "plates"
    easy_start: float = 0.4
    optimiser: Literal["adamw", "sgd"] = "adamw"
    schedule: Literal["cosine", "soft_start"] = "cosine"
    rate: float = 3e-3
    rate_floor: float = 1e-5
    soft_start: float = 0.1
    annealing: float = 0.5
    weight_decay: float = 0.02
    clip: float = 5.0
    ema: float = 0.99
    bf16: bool = True
    tune: Tuning = "full"
    preset: str = "standard"

    def __post_init__(self) -> None:
        alphabets.check(self.alphabet)
        object.__setattr__(self, "synthetic_formats", tuple(self.synthetic_formats))
        for name, fits, reason in self._rules():
            if not fits:
                raise SettingRefused(setting=name, value=getattr(self, name), reason=reason)

    def _rules(self) -> Iterable[tuple[str, bool, Reason]]:
        for name in ("epochs", "batch", "seed", "synthetic"):
            yield name, type(getattr(self, name)) is int, reasons.WHOLE
        for name in (
            "rate",
            "rate_floor",
            "soft_start",
            "annealing",
            "weight_decay",
            "clip",
            "ema",
        ):
            yield name, type(getattr(self, name)) in (int, float), reasons.NUMBER
        yield "network", self.network in NETWORKS, reasons.among(NETWORKS)
        yield "optimiser", self.optimiser in ("adamw", "sgd"), reasons.among(("adamw", "sgd"))
        yield (
            "schedule",
            self.schedule in ("cosine", "soft_start"),
            reasons.among(("cosine", "soft_start")),
        )
        yield "augmentation", self.augmentation in AUGMENTATIONS, reasons.among(AUGMENTATIONS)
        yield "tune", self.tune in TUNINGS, reasons.among(TUNINGS)
        yield "epochs", 1 <= self.epochs <= 10_000, reasons.between(1, 10_000)
        yield "batch", 1 <= self.batch <= 4096, reasons.between(1, 4096)
        yield "seed", self.seed >= 0, reasons.NOT_NEGATIVE
        yield "synthetic", 0 <= self.synthetic <= 1_000_000, reasons.between(0, 1_000_000)
        yield (
            "synthetic_formats",
            bool(self.synthetic_formats),
            Reason("name at least one plate format", "indique al menos un formato de placa"),
        )
        yield "rate_floor", self.rate_floor > 0, reasons.POSITIVE
        yield (
            "rate",
            self.rate_floor <= self.rate <= 10,
            Reason(
                "it must be at least rate_floor and at most 10",
                "debe ser al menos rate_floor y como mucho 10",
            ),
        )
        yield "soft_start", 0 <= self.soft_start <= 1, reasons.between(0, 1)
        yield (
            "annealing",
            self.soft_start <= self.annealing <= 1,
            Reason("it must be soft_start to 1", "debe ser de soft_start a 1"),
        )
        yield "easy_start", 0 <= self.easy_start <= 1, reasons.between(0, 1)
        yield "weight_decay", self.weight_decay >= 0, reasons.NOT_NEGATIVE
        yield "clip", self.clip > 0, reasons.POSITIVE
        yield "ema", 0 <= self.ema < 1, reasons.BELOW_ONE

    @classmethod
    def of(cls, preset: str, *, started: bool = False, **changes: Any) -> RecognizerConfig:
        """The settings of a preset ("quick", "standard", "tao") with some of them changed.

        ``started``: the training starts from a model, which lower rates suit.
        """
        if preset not in _PRESETS:
            raise SettingRefused(setting="preset", value=preset, reason=reasons.among(PRESETS))
        start = _STARTED.get(preset, {}) if started else {}
        return cls.from_json({**_PRESETS[preset], **start, "preset": preset, **changes})

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RecognizerConfig:
        """From plain JSON; a setting that does not exist is refused, a missing one is default."""
        known = {each.name for each in fields(cls)}
        for name in values:
            if name not in known:
                raise SettingRefused(setting=name, value=values[name], reason=reasons.UNKNOWN)
        return cls(**values)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON that :meth:`from_json` reads."""
        return {**asdict(self), "synthetic_formats": list(self.synthetic_formats)}


_PRESETS: dict[str, dict[str, Any]] = {
    "quick": {"epochs": 12, "batch": 16},
    "standard": {"epochs": 60, "batch": 32, "ema": 0.995},
    "tao": {  # TAO's LPRNet specification; Keras' l2(5e-4) is a weight decay of twice that
        "network": "lprnet10",
        "epochs": 100,
        "batch": 32,
        "augmentation": "tao",
        "easy_start": 0.0,
        "optimiser": "sgd",
        "schedule": "soft_start",
        "rate": 5e-4,
        "rate_floor": 1e-6,
        "soft_start": 0.001,
        "annealing": 0.5,
        "weight_decay": 1e-3,
        "clip": 1e9,
        "ema": 0.0,
    },
}

# a model that reads already would forget at the rate that teaches a fresh one
_STARTED: dict[str, dict[str, Any]] = {
    "quick": {"rate": 5e-4, "easy_start": 0.0},
    "standard": {"rate": 5e-4, "easy_start": 0.0, "epochs": 20},
}
