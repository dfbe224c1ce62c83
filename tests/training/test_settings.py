from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import SettingsRefused
from training.settings import USUAL_BATCHES, Batches, Blocks, Forest, Gate, Rolling, Sampling, Settings, parse_settings

FOREST = """
trees = 30
learning_rate = 0.1
leaves = 7
fewest_rows_per_leaf = 20
share_of_features = 0.5
share_of_rows = 1
l2 = 0.0
"""
ROLLING = "[return.rolling]\nshare = 0.5\nsteps = 3\nopen_lines = 'drop'\n"
BLOCKS = "[blocks]\ncalibrate = 0.1\njudge = 0.2\nfewest_rows = 100\n"
SAMPLED = "[order.sampled]\ndrawn_per_order = 3\nassumed_rate = 0.05\n"
GATE = (
    "[gate]\nfewest_rows_per_part = 50\nkept_share = 0.5\ntop_places = 3\n"
    "slowest_us_per_row = 99.0\nslower_times = 3\nsuspicious_auc = 0.9\n"
)
INTERVALS = "[intervals]\ncoverage = 0.8\nbatch_rows = 50\nfewest_rows = 900\n"
TEXT = (
    f"seed = 1\nthreads = 2\n{BLOCKS}{INTERVALS}[return]{FOREST}{ROLLING}[reason]{FOREST}[fit]{FOREST}[order]{FOREST}most_rows = 5_000\n"
    f"{SAMPLED}{GATE}"
)


def test_every_setting_is_read_and_whole_shares_become_decimals() -> None:
    forest = Forest(30, 0.1, 7, 20, 0.5, 1.0, 0.0)
    forests = dict.fromkeys(("return", "reason", "fit", "order"), forest)
    rolling, gate, batches = Rolling(0.5, 3, "drop"), Gate(50, 0.5, 3, 99.0, 3.0, 0.9), Batches(0.8, 50, 900)
    assert Settings(1, 2, Blocks(0.1, 0.2, 100), forests, 5_000, Sampling(3, 0.05), rolling, gate, batches) == parse_settings(TEXT)
    assert isinstance(parse_settings(TEXT).forests["fit"].share_of_rows, float)


def test_the_shipped_settings_are_valid() -> None:
    shipped = parse_settings((Path(__file__).parents[2] / "config/training.toml").read_text())
    assert ["return", "reason", "fit", "order"] == list(shipped.forests)
    assert 300_000 == shipped.most_impressions
    assert USUAL_BATCHES == shipped.intervals


@pytest.mark.parametrize("key", [line.split(" = ")[0] for line in FOREST.split("\n") if line])
def test_a_missing_setting_of_a_forest_is_named_with_its_model(key: str) -> None:
    head, order = TEXT.split("[order]")
    without = "\n".join(line for line in order.split("\n") if not line.startswith(f"{key} ="))
    with pytest.raises(SettingsRefused, match=rf"^order\.{key} is missing$"):
        parse_settings(f"{head}[order]{without}")


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("seed = 1", "", "seed is missing"),
        ("fewest_rows = 100", "", "blocks.fewest_rows is missing"),
        ("seed = 1", "seed = 1\nspeed = 9", "unknown key speed; expected: one of: seed, threads, blocks, return, reason, fit, order, gate"),
        ("fewest_rows = 900", "", "intervals.fewest_rows is missing"),
        ("coverage = 0.8", "coverage = 0.8\nlevel = 1", "unknown key intervals.level"),
        ("calibrate = 0.1", "calibrate = 0.1\ntrain = 0.7", "unknown key blocks.train"),
        ("[fit]", "[fit]\ndepth = 3", "unknown key fit.depth"),
        ("[fit]", "[fit]\nmost_rows = 9", "unknown key fit.most_rows"),
        ("[order]", "[order]\ndepth = 3", "unknown key order.depth"),
        ("steps = 3", "", "return.rolling.steps is missing"),
        ("steps = 3", "steps = 3\nfolds = 3", "unknown key return.rolling.folds"),
        ("most_rows = 5_000", "", "order.most_rows is missing"),
        ("assumed_rate = 0.05", "", "order.sampled.assumed_rate is missing"),
        ("drawn_per_order = 3", "drawn_per_order = 3\nseed = 1", "unknown key order.sampled.seed"),
    ],
)
def test_missing_and_unknown_keys_are_named(old: str, new: str, named: str) -> None:
    _refused(TEXT.replace(old, new, 1), named)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("seed = 1", "seed = -1", "seed = -1; expected: 0 to 2,147,483,647"),
        ("seed = 1", "seed = 2147483648", "seed = 2147483648"),
        ("threads = 2", "threads = 0", "threads = 0"),
        ("calibrate = 0.1", "calibrate = 0.0", "blocks.calibrate = 0.0"),
        ("judge = 0.2", "judge = 0.51", "blocks.judge = 0.51; expected: above 0 and at most 0.5"),
        ("fewest_rows = 100", "fewest_rows = 0", "blocks.fewest_rows = 0"),
        ("coverage = 0.8", "coverage = 0.4", "intervals.coverage = 0.4; expected: 0.5 to 0.99"),
        ("coverage = 0.8", "coverage = 1.0", "intervals.coverage = 1.0"),
        ("batch_rows = 50", "batch_rows = 0", "intervals.batch_rows = 0"),
        ("fewest_rows = 900", "fewest_rows = 0", "intervals.fewest_rows = 0"),
        ("trees = 30", "trees = 0", "return.trees = 0"),
        ("leaves = 7", "leaves = 1", "return.leaves = 1"),
        ("leaves = 7", "leaves = 131073", "return.leaves = 131073; expected: 2 to 131,072"),
        ("fewest_rows_per_leaf = 20", "fewest_rows_per_leaf = 0", "return.fewest_rows_per_leaf = 0"),
        ("learning_rate = 0.1", "learning_rate = 0", "return.learning_rate = 0.0"),
        ("learning_rate = 0.1", "learning_rate = nan", "return.learning_rate = nan"),
        ("share_of_features = 0.5", "share_of_features = 1.01", "return.share_of_features = 1.01"),
        ("share_of_rows = 1", "share_of_rows = -0.5", "return.share_of_rows = -0.5"),
        ("share = 0.5", "share = 0.0", "return.rolling.share = 0.0; expected: above 0 and at most 0.9"),
        ("share = 0.5", "share = 0.91", "return.rolling.share = 0.91"),
        ("steps = 3", "steps = 0", "return.rolling.steps = 0; expected: 1 to 20"),
        ("open_lines = 'drop'", "open_lines = 'guess'", "return.rolling.open_lines = 'guess'; expected: drop or weight"),
        ("most_rows = 5_000", "most_rows = 0", "order.most_rows = 0; expected: 1 to 2,147,483,647"),
        ("l2 = 0.0", "l2 = -1.0", "return.l2 = -1.0"),
        ("l2 = 0.0", "l2 = inf", "return.l2 = inf"),
        ("drawn_per_order = 3", "drawn_per_order = 0", "order.sampled.drawn_per_order = 0"),
        ("assumed_rate = 0.05", "assumed_rate = 1.0", "order.sampled.assumed_rate = 1.0"),
        ("kept_share = 0.5", "kept_share = 1", "gate.kept_share = 1.0"),
        ("top_places = 3", "top_places = 0", "gate.top_places = 0"),
        ("fewest_rows_per_part = 50", "fewest_rows_per_part = 0", "gate.fewest_rows_per_part = 0"),
        ("slowest_us_per_row = 99.0", "slowest_us_per_row = 0.0", "gate.slowest_us_per_row = 0.0"),
        ("slower_times = 3", "slower_times = 1", "gate.slower_times = 1.0; expected: above 1"),
        ("suspicious_auc = 0.9", "suspicious_auc = 0.5", "gate.suspicious_auc = 0.5"),
    ],
)
def test_impossible_values_are_named(old: str, new: str, named: str) -> None:
    _refused(TEXT.replace(old, new, 1), named)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ("seed = 1", "seed = true", "seed = True; expected: int"),
        ("threads = 2", "threads = 2.0", "threads = 2.0; expected: int"),
        ("trees = 30", "trees = '30'", "return.trees = '30'; expected: int"),
        ("l2 = 0.0", "l2 = false", "return.l2 = False; expected: float"),
        ("open_lines = 'drop'", "open_lines = true", "return.rolling.open_lines = True; expected: str"),
        ("most_rows = 5_000", "most_rows = 5e3", "order.most_rows = 5000.0; expected: int"),
        (f"[fit]{FOREST}", "", "fit is missing"),
        ("seed = 1", "seed = 1\nfit = 3", "the training settings are no TOML"),
        ("seed = 1", "seed = ", "the training settings are no TOML"),
    ],
)
def test_values_of_another_type_are_named(old: str, new: str, named: str) -> None:
    _refused(TEXT.replace(old, new, 1), named)


def test_a_section_that_is_no_section_is_named() -> None:
    _refused("fit = 3\n" + TEXT.split("[fit]")[0], "fit = 3; expected: dict")


def _refused(text: str, named: str) -> None:
    with pytest.raises(SettingsRefused) as refusal:
        parse_settings(text)
    assert named in str(refusal.value)
