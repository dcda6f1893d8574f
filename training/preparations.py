"""What is known of a training before it starts: what is wrong, what is doubtful, how long it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language

from annotations.models import DatasetVersion
from annotations.models.datasets import Kind, Split
from lprsite.errors import Refused
from lprsite.texts import both
from training import estimates, options, runs
from training.models import TrainedModel

FEW_GROUPS = 100  # vehicles; fewer are learned by heart
RARE = 25  # of a character; fewer and it is guessed
_MOST_NAMED = 12

_NONE_HELD = both(
    "Nothing is held out for checking. The figures would say nothing; freeze a version with more "
    "vehicles.",
    "No hay nada reservado para comprobar. Las cifras no dirían nada; congele una versión con más "
    "vehículos.",
)
_LEAKS = both(
    "%(count)d vehicles are on both sides of the split: the figures will be too good.",
    "%(count)d vehículos están a ambos lados de la división: las cifras serán demasiado buenas.",
)
_FEW = both(
    "Vehicles to learn from: %(count)d. Below %(least)d a network learns them by heart.",
    "Vehículos para aprender: %(count)d. Con menos de %(least)d la red se los aprende de memoria.",
)
_RARE = both(
    "Rare: %(list)s, fewer than %(least)d of each. The model will guess them poorly; drawn plates "
    "help.",
    "Escasos: %(list)s, menos de %(least)d de cada uno. El modelo los adivinará mal; las placas "
    "dibujadas ayudan.",
)


def warnings(version: DatasetVersion, settings: Mapping[str, Any]) -> list[str]:
    """What about a dataset version should make one think before training on it."""
    counts = version.counts
    train = counts.get(Split.TRAIN, {})
    held = [counts.get(split, {}).get("items", 0) for split in (Split.VAL, Split.TEST)]
    told = []
    if leaks := counts.get("leaks", 0):
        told.append(_LEAKS % {"count": leaks})
    if not any(held):
        told.append(str(_NONE_HELD))
    groups = train.get("groups", 0)
    if 0 < groups < FEW_GROUPS:
        told.append(_FEW % {"count": groups, "least": FEW_GROUPS})
    characters = counts.get("characters", {}) if version.kind == Kind.RECOGNIZER else {}
    rare = sorted(one for one, count in characters.items() if count < RARE)
    if rare and not settings.get("synthetic"):
        shown = " ".join(rare[:_MOST_NAMED]) + (" …" if len(rare) > _MOST_NAMED else "")
        told.append(_RARE % {"list": shown, "least": RARE})
    return told


def examine(
    version: DatasetVersion,
    config: Mapping[str, Any],
    *,
    parent: TrainedModel | None,
    device: str,
    minutes: int | None = None,
) -> dict[str, Any]:
    """All that a person should know before pressing Start."""
    found: dict[str, Any] = {
        "warnings": warnings(version, config),
        "refusal": "",
        "setting": "",
        "estimate": None,
        "measuring": None,
    }
    try:
        settings = runs.plan(version, config, parent=parent, device=device)
    except Refused as refusal:
        setting = str(refusal.facts.get("setting", ""))
        return found | {"refusal": refusal.sentence(get_language() or "en"), "setting": setting}
    key = estimates.key_of(version, settings, parent=parent, device=device)
    found["measuring"] = estimates.newest(version, key)
    if measured := estimates.known(version, key):
        started = parent is not None
        epochs = options.config_of(version.kind, settings, started=started).epochs
        if minutes is not None:
            epochs = measured.epochs_within(minutes, epochs)
        found["estimate"] = measured.told(epochs)
    elif problem := estimates.why_not(version, key):
        found["refusal"] = problem.sentence(get_language() or "en")
    return found
