import pytest

from training.detector.config import PRESETS, DetectorConfig
from training.errors import SettingRefused


@pytest.mark.parametrize("preset", PRESETS)
def test_settings_survive_json(preset):
    config = DetectorConfig.of(preset, classes=["car", "plate"], epochs=3)
    assert config.classes == ("car", "plate") and config.epochs == 3
    assert DetectorConfig.from_json(config.to_json()) == config


def test_the_toolkits_preset_has_its_numbers():
    config = DetectorConfig.of("tao", classes=("car",))
    assert (config.lr_hi, config.lr_lo, config.soft_start, config.annealing) == (
        5e-4,
        5e-6,
        0.1,
        0.7,
    )
    assert (config.foreground, config.box_target, config.l1) == (0.05, 10.0, 3e-9)
    grouped = config.clustering
    assert (grouped.eps, grouped.min_samples, grouped.merge_iou) == (0.2, 1.0, 1.0)
    assert grouped.confidence == "filled"  # a share, where the toolkit has a sum


@pytest.mark.parametrize(
    "wrong",
    [
        {"classes": ()},
        {"classes": ("car", "car")},
        {"width": 100},
        {"layers": 34},
        {"epochs": 0},
        {"lr_lo": 1.0},
        {"soft_start": 0.9},
        {"foreground": 0.0},
        {"ema": 1.0},
        {"seed": -1},
        {"precision": "float8"},
        {"preset": "slow"},
        {"colour": "red"},
        {"window": 0.0},
        {"passes": 0},
        {"stride": 4},
        {"freeze": [5]},
        {"prune": 1.0},
        {"patience": -1},
        {"l1": -1.0},
    ],
)
def test_wrong_settings_are_refused(wrong):
    with pytest.raises(SettingRefused):
        DetectorConfig.of(**{"preset": "quick", "classes": ("car",), **wrong})


def test_a_finer_grid_has_twice_the_rows_and_columns():
    config = DetectorConfig.of("quick", classes=("car",), stride=8, freeze=[2, 0])
    assert (config.grid.columns, config.grid.rows) == (60, 34) and config.freeze == (0, 2)
    assert DetectorConfig.from_json(config.to_json()) == config


def test_windows_are_multiples_of_16_and_end_with_whole_frames():
    config = DetectorConfig.of(
        "standard", classes=("car",), width=480, height=272, window=0.5, window_until=0.5, epochs=4
    )
    assert [config.window_at(epoch) for epoch in (1, 2, 3, 4)] == [(240, 144)] * 2 + [None] * 2


def test_a_small_input_is_a_warning_only(caplog):
    DetectorConfig.of("standard", classes=("car",), width=96, height=64)
    assert "480x272" in caplog.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"ellipse": {"radius": [2, 2]}},
        {"augmentation": {"fog": 1.0}},
        {"epochs": "5"},
        {"focus": 0.5},
        {"giou": -1.0},
    ],
)
def test_wrong_parts_are_refused_with_their_name(wrong):
    with pytest.raises(SettingRefused):
        DetectorConfig.of("quick", classes=("car",), **wrong)


def test_settings_that_an_older_checkpoint_lacks_are_what_they_were_then():
    kept = DetectorConfig.of("tao", classes=("car",)).to_json()
    older = {name: value for name, value in kept.items() if name not in ("stride", "focus", "giou")}
    assert DetectorConfig.of_checkpoint(older).to_json() == kept
