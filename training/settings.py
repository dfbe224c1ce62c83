"""Data-science settings, strictly parsed from config/training.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from domain.errors import SettingsRefused

_MOST = 2**31 - 1
"""LightGBM counts in 32 bits."""

_MOST_LEAVES = 131_072
"""LightGBM grows no tree larger than that."""


@dataclass(frozen=True)
class Forest:
    """Settings of one LightGBM model.

    Attributes:
        trees: boosting rounds (per class for the reason and fit models).
        learning_rate: shrinkage of each tree, in (0, 1].
        leaves: leaves per tree, at least 2.
        fewest_rows_per_leaf: rows that a leaf needs.
        share_of_features: features drawn for each tree, in (0, 1].
        share_of_rows: rows drawn for each tree, in (0, 1].
        l2: penalty on leaf values.
    """

    trees: int
    learning_rate: float
    leaves: int
    fewest_rows_per_leaf: int
    share_of_features: float
    share_of_rows: float
    l2: float

    def __post_init__(self) -> None:
        for name in ("learning_rate", "share_of_features", "share_of_rows"):
            _require(0 < getattr(self, name) <= 1, name, getattr(self, name), "above 0 and at most 1")
        for name, least in (("trees", 1), ("leaves", 2), ("fewest_rows_per_leaf", 1), ("l2", 0)):
            most = _MOST_LEAVES if name == "leaves" else _MOST
            _require(least <= getattr(self, name) <= most, name, getattr(self, name), f"{least} to {most:,}")


@dataclass(frozen=True)
class Blocks:
    """How labelled rows are split by time.

    Attributes:
        calibrate: share of rows that calibrates, in (0, 0.5].
        judge: share of rows, the newest, that judges, in (0, 0.5].
        fewest_rows: a model with fewer labelled rows is not trained.
    """

    calibrate: float
    judge: float
    fewest_rows: int

    def __post_init__(self) -> None:
        for name in ("calibrate", "judge"):
            _require(0 < getattr(self, name) <= 0.5, name, getattr(self, name), "above 0 and at most 0.5")
        _require(self.fewest_rows >= 1, "fewest_rows", self.fewest_rows, "at least 1")


@dataclass(frozen=True)
class Sampling:
    """How P(order) is learned by a shop that tells of no impressions: from orders beside skus that were drawn.

    Attributes:
        drawn_per_order: skus drawn beside each order line, at least 1.
        assumed_rate: share of shown offers that is ordered, in (0, 1); nothing in such a shop's data tells it.
    """

    drawn_per_order: int
    assumed_rate: float

    def __post_init__(self) -> None:
        _require(1 <= self.drawn_per_order <= 1_000, "drawn_per_order", self.drawn_per_order, "1 to 1,000")
        _require(0 < self.assumed_rate < 1, "assumed_rate", self.assumed_rate, "above 0 and below 1")


@dataclass(frozen=True)
class Rolling:
    """How the return and reason models are calibrated, and what P(return) learns from lines whose window is still open.

    Attributes:
        share: share of the learned rows, the newest, that calibrates, in (0, 0.9].
        steps: in how many steps; each is forecast by trees of all rows before it.
        open_lines: "drop" them, or "weight" those that came back early by how few had by their age.
    """

    share: float
    steps: int
    open_lines: str

    def __post_init__(self) -> None:
        _require(0 < self.share <= 0.9, "share", self.share, "above 0 and at most 0.9")
        _require(1 <= self.steps <= 20, "steps", self.steps, "1 to 20")
        _require(self.open_lines in ("drop", "weight"), "open_lines", self.open_lines, "drop or weight")


@dataclass(frozen=True)
class Gate:
    """What a challenger must not be worse at.

    Attributes:
        fewest_rows_per_part: customers, items or categories with fewer judged rows are not compared on their own.
        kept_share: of order lines, the share that would be shown on: those with the highest expected kept margin.
        top_places: of impressions, how many of each list would be shown on.
        slowest_us_per_row: microseconds that a row may take at most, one thread.
        slower_times: how many times as long as the champion's a row may take, in (1, 100].
        suspicious_auc: one feature that alone tells an outcome better than this is too good to be true, in (0.5, 1].
    """

    fewest_rows_per_part: int
    kept_share: float
    top_places: int
    slowest_us_per_row: float
    slower_times: float
    suspicious_auc: float

    def __post_init__(self) -> None:
        for name in ("fewest_rows_per_part", "top_places"):
            _require(1 <= getattr(self, name) <= _MOST, name, getattr(self, name), f"1 to {_MOST:,}")
        _require(0 < self.kept_share < 1, "kept_share", self.kept_share, "above 0 and below 1")
        _require(0 < self.slowest_us_per_row < 1e6, "slowest_us_per_row", self.slowest_us_per_row, "above 0 and below 1,000,000")
        _require(1 < self.slower_times <= 100, "slower_times", self.slower_times, "above 1 and at most 100")
        _require(0.5 < self.suspicious_auc <= 1, "suspicious_auc", self.suspicious_auc, "above 0.5 and at most 1")


@dataclass(frozen=True)
class Batches:
    """What intervals are of: the rate of a batch of like rows.

    Attributes:
        coverage: share of batches whose rate has to lie inside, in [0.5, 0.99].
        batch_rows: rows of a batch.
        fewest_rows: a segment of fewer calibration rows takes the width of a larger one.
    """

    coverage: float
    batch_rows: int
    fewest_rows: int

    def __post_init__(self) -> None:
        _require(0.5 <= self.coverage <= 0.99, "coverage", self.coverage, "0.5 to 0.99")
        for name in ("batch_rows", "fewest_rows"):
            _require(1 <= getattr(self, name) <= _MOST, name, getattr(self, name), f"1 to {_MOST:,}")


@dataclass(frozen=True)
class Settings:
    """All of config/training.toml.

    Attributes:
        seed: seed of everything random.
        threads: LightGBM's threads.
        blocks: the split by time.
        forests: settings by model: "return", "reason", "fit" and "order".
        most_impressions: the order model learns from and is judged by at most so many impressions, the newest (`order.most_rows`).
        sampling: how it learns without impressions.
        rolling: how the return and reason models are calibrated (`return.rolling`).
        gate: what a challenger must not be worse at.
        intervals: what intervals are of.
    """

    seed: int
    threads: int
    blocks: Blocks
    forests: Mapping[str, Forest]
    most_impressions: int
    sampling: Sampling
    rolling: Rolling
    gate: Gate
    intervals: Batches

    def __post_init__(self) -> None:
        _require(0 <= self.seed <= _MOST, "seed", self.seed, f"0 to {_MOST:,}")
        _require(1 <= self.threads <= _MOST, "threads", self.threads, f"1 to {_MOST:,}")
        _require(1 <= self.most_impressions <= _MOST, "order.most_rows", self.most_impressions, f"1 to {_MOST:,}")


def parse_settings(text: str) -> Settings:
    """Read the content of a training.toml.

    Raises:
        SettingsRefused: it is no TOML, lacks a key, holds an unknown one, or an impossible value; the message names the key.
    """
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsRefused(f"the training settings are no TOML: {error}") from error
    sections = dict.fromkeys(("blocks", "return", "reason", "fit", "order", "gate", "intervals"), dict)
    _exactly(raw, {"seed": int, "threads": int, **sections}, "")
    forests = {"return": _parsed(Forest, raw["return"], "return.", beside={"rolling": dict})}
    forests |= {name: _parsed(Forest, raw[name], f"{name}.") for name in ("reason", "fit")}
    forests["order"] = _parsed(Forest, raw["order"], "order.", beside={"most_rows": int, "sampled": dict})
    return Settings(
        seed=raw["seed"],
        threads=raw["threads"],
        blocks=_parsed(Blocks, raw["blocks"], "blocks."),
        forests=forests,
        most_impressions=raw["order"]["most_rows"],
        sampling=_parsed(Sampling, raw["order"]["sampled"], "order.sampled."),
        rolling=_parsed(Rolling, raw["return"]["rolling"], "return.rolling."),
        gate=_parsed(Gate, raw["gate"], "gate."),
        intervals=_parsed(Batches, raw["intervals"], "intervals."),
    )


def _parsed(kind: type[Any], raw: Mapping[str, Any], where: str, *, beside: Mapping[str, type] | None = None) -> Any:
    """A section as its dataclass says; further keys may stand `beside` it, and are left to the caller."""
    types = {"int": int, "float": float, "str": str}
    wanted = {field.name: types[str(field.type)] for field in fields(kind)}
    _exactly(raw, {**wanted, **(beside or {})}, where)
    try:
        return kind(**{name: convert(raw[name]) for name, convert in wanted.items()})
    except SettingsRefused as refusal:
        raise SettingsRefused(f"{where}{refusal.what}", expected=refusal.expected) from refusal


def _exactly(raw: Mapping[str, Any], wanted: Mapping[str, type], where: str) -> None:
    for name in sorted(set(raw) - set(wanted)):
        raise SettingsRefused(f"unknown key {where}{name}", expected=f"one of: {', '.join(wanted)}")
    for name, kind in wanted.items():
        if name not in raw:
            raise SettingsRefused(f"{where}{name} is missing")
        accepted = (int, float) if kind is float else kind
        if isinstance(raw[name], bool) or not isinstance(raw[name], accepted):
            raise SettingsRefused(f"{where}{name} = {raw[name]!r}", expected=kind.__name__)


def _require(holds: bool, name: str, value: object, expected: str) -> None:
    if not holds:
        raise SettingsRefused(f"{name} = {value!r}", expected=expected)


USUAL_BATCHES = Batches(coverage=0.90, batch_rows=20, fewest_rows=1_000)
"""For callers that train one model and read no file."""
