"""The settings of a training as a form has them, made from the networks' own settings.

No torch here. Parts of the detector's settings have a dot in their name: "ellipse.radius".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any, Literal, get_args, get_origin, get_type_hints

from annotations.models.datasets import Kind
from training import reasons
from training.detector.config import DetectorConfig
from training.errors import SettingRefused
from training.option_texts import DETECTOR, GROUPS, RECOGNIZER, About
from training.reasons import Reason
from training.recognizer.config import PRESETS, RecognizerConfig

Config = DetectorConfig | RecognizerConfig
LABEL = "plate"
# What the dataset version decides, and what is asked for beside the settings.
_DECIDED = {"preset", "classes", "alphabet"}
_TEXTS: dict[str, dict[str, About]] = {Kind.DETECTOR: DETECTOR, Kind.RECOGNIZER: RECOGNIZER}
_CONFIGS: dict[str, type[Config]] = {
    Kind.DETECTOR: DetectorConfig,
    Kind.RECOGNIZER: RecognizerConfig,
}


@dataclass(frozen=True)
class Option:
    """One setting: how it is typed, and what each preset has.

    ``type``: whole, number, switch, choice, pair (two numbers),
    list (of whole numbers) or words. ``default`` by preset.
    """

    name: str
    type: str
    choices: tuple[Any, ...]
    optional: bool  # None is a value too
    about: About
    default: dict[str, Any]

    @property
    def group_title(self) -> str:
        return GROUPS[self.about.group]


def options(kind: str, *, started: bool = False) -> list[Option]:
    """All settings of a kind of training, group by group.

    ``started``: from a model, for which some presets have lower rates.
    """
    presets = {name: _preset(kind, name, started=started).to_json() for name in PRESETS}
    texts = _TEXTS[kind]
    found = []
    for name, hint in _hints(_CONFIGS[kind]):
        kinds = [each for each in get_args(hint) if each is not type(None)]
        optional = type(None) in get_args(hint)
        plain = kinds[0] if optional else hint
        choices = get_args(plain) if get_origin(plain) is Literal else ()
        default: dict[str, Any] = {preset: _at(values, name) for preset, values in presets.items()}
        found.append(Option(name, _type(plain), choices, optional, texts[name], default))
    return sorted(found, key=lambda option: list(GROUPS).index(option.about.group))


def check(kind: str, settings: Mapping[str, Any], *, started: bool = False) -> Config:
    """The settings of a run that has no data yet: of a wrong one says what is wrong.

    Raises SettingRefused.
    """
    known = {option.name: option for option in options(kind)}
    for name, value in _flat(kind, settings):
        if name in known:
            _check_value(known[name], value)
    return config_of(kind, settings, classes=(LABEL,), started=started)


def config_of(
    kind: str,
    settings: Mapping[str, Any],
    *,
    classes: tuple[str, ...] = (LABEL,),
    alphabet: str | None = None,
    started: bool = False,
) -> Config:
    """All settings of a run: its preset with its changes. Raises SettingRefused, AlphabetRefused.

    ``classes`` and ``alphabet`` are those of the data, where the settings name none.
    """
    chosen: dict[str, Any] = {"preset": "standard"}
    chosen |= {key: tuple(v) if isinstance(v, list) else v for key, v in settings.items()}
    if kind == Kind.DETECTOR:
        return DetectorConfig.of(**{"classes": classes, **chosen})
    if alphabet is not None:
        chosen.setdefault("alphabet", alphabet)
    return RecognizerConfig.of(started=started, **chosen)


def _preset(kind: str, name: str, *, started: bool) -> Config:
    return config_of(kind, {"preset": name}, started=started)


def _hints(config: type[Any]) -> Iterator[tuple[str, Any]]:
    """Name and type of every setting, of the parts with the part's name and a dot before."""
    hints = get_type_hints(config)
    for item in fields(config):
        hint = hints[item.name]
        if is_dataclass(hint):
            assert isinstance(hint, type)
            yield from ((f"{item.name}.{name}", each) for name, each in _hints(hint))
        elif item.name not in _DECIDED:
            yield item.name, hint


def _type(hint: Any) -> str:
    if get_origin(hint) is Literal:
        return "choice"
    if get_origin(hint) is tuple:
        inner = get_args(hint)
        return "pair" if Ellipsis not in inner else "words" if str in inner else "list"
    return {int: "whole", float: "number", bool: "switch"}[hint]


def _at(values: Mapping[str, Any], name: str) -> Any:
    part, _, inner = name.partition(".")
    return values[part][inner] if inner else values[part]


def _flat(kind: str, settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if kind == Kind.DETECTOR and isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", each) for inner, each in value.items())
        else:
            yield name, value


def _check_value(option: Option, value: Any) -> None:
    """Raises SettingRefused where the value is of another type, or out of its bounds."""
    if value is None and option.optional:
        return
    if told := _wrong(option, value):
        raise SettingRefused(setting=option.name, value=_short(value), reason=told)


def _wrong(option: Option, value: Any) -> Reason | None:
    about = option.about
    if option.type == "choice":
        return None if value in option.choices else reasons.among(option.choices)
    if option.type == "switch":
        return None if isinstance(value, bool) else reasons.SWITCH
    if option.type == "words":
        words = isinstance(value, list | tuple) and all(isinstance(each, str) for each in value)
        return None if words else reasons.WORDS
    if option.type in ("pair", "list"):
        if not isinstance(value, list | tuple) or (option.type == "pair" and len(value) != 2):
            return reasons.PAIR if option.type == "pair" else reasons.LIST
        whole = option.type == "list"
        return next((said for each in value if (said := _bad(about, each, whole=whole))), None)
    return _bad(about, value, whole=option.type == "whole")


def _bad(about: About, value: Any, *, whole: bool) -> Reason | None:
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        return reasons.WHOLE if whole else reasons.NUMBER
    low, high = about.low, about.high
    if low is not None and high is not None and not low <= value <= high:
        return reasons.between(low, high)
    return reasons.multiple(about.multiple) if whole and value % about.multiple else None


def _short(value: Any) -> str:
    said = str(value)
    return said if len(said) <= 40 else said[:39] + "…"
