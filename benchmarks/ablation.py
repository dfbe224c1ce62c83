"""What does each part of the features bring? The same backtest without it, and with it alone.

    python -m benchmarks.ablation build/uci --model return --cut 2011-08-01

Features are computed once. Every forecast is the mean of a few forests, which see the same rows with the same settings and seeds; only
their columns differ. The last line, all features with other seeds, says how much chance alone changes: smaller differences mean
nothing, whatever their interval, which knows of other customers and not of other seeds.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track
from rich.table import Table

from domain.errors import NotEnoughData
from domain.policy import parse_policy
from features.build import Progress, build
from features.catalogue import Feature
from features.feature_set import FEATURES
from features.shop import Shop
from features.source import read_tables
from training.blocks import Split, newest_judge, split_at
from training.bootstrap import Interval
from training.evaluate import as_json, compare, forecast
from training.metrics import Scored, metrics
from training.model import CLASSES, Floats, fit
from training.pipeline import learnable, silent
from training.rows import Rows
from training.settings import Settings, parse_settings

ROOT = Path(__file__).parent.parent
COMPARED = ("auc", "log_loss")
PARTED_BY = ("family", "kind", "table")
"""What the features of a part can have in common."""


@dataclass(frozen=True)
class Part:
    """Some of the features.

    Attributes:
        by: what they have in common: family, kind or table.
        name: which family, kind or table.
        columns: their names.
    """

    by: str
    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Effect:
    """What a part brings.

    Attributes:
        part: which.
        without: metrics of all features but these.
        alone: metrics of these alone; None where nothing can be learned from them: what they promise more of happens less.
        brought: metrics of all features minus those without it, on the same resampled customers.
    """

    part: Part
    without: Mapping[str, float]
    alone: Mapping[str, float] | None
    brought: Mapping[str, Interval]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        told = {"by": self.part.by, "name": self.part.name, "features": len(self.part.columns)}
        return {**told, "without": dict(self.without), "alone": self.alone and dict(self.alone), "brought": as_json(self.brought)}


@dataclass(frozen=True, eq=False)
class Trial:
    """Rows to learn from and to be judged by, with all their features.

    Attributes:
        rows: labelled rows.
        inputs: their features.
        split: who learns and who judges.
        settings: of the forests.
        seeds: how many forests make a forecast.
    """

    rows: Rows
    inputs: pd.DataFrame
    split: Split
    settings: Settings
    seeds: int

    @classmethod
    def of(
        cls, kind: str, shop: Shop, settings: Settings, cut: pd.Timestamp | None, *, seeds: int = 3, progress: Progress = silent
    ) -> Trial:
        """A backtest by time; by default the newest share of the rows judges."""
        rows = learnable(kind, shop, settings)
        split = newest_judge(rows, settings.blocks) if cut is None else split_at(rows, cut, settings.blocks)
        return cls(rows, build(shop, rows.asked, track=lambda entities: progress(entities, "building features")), split, settings, seeds)

    @cached_property
    def judged(self) -> Rows:
        """The rows that judge."""
        return self.rows.at(self.split.judge)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Every family, kind and table that some of the features belong to, and not all."""
        there = [feature for feature in FEATURES if feature.name in self.inputs.columns]
        return tuple(part for part in parts_of(there) if 0 < len(part.columns) < len(there))

    def p(self, columns: Sequence[str], *, other_seeds: bool = False) -> Floats:
        """Probabilities of the judging rows (rows, classes): the mean of forests that see these columns only."""
        first = self.settings.seed + self.seeds * other_seeds
        seen = self.rows.with_position(self.inputs[list(columns)])
        return np.asarray(np.mean([self._p(seen, seed) for seed in range(first, first + self.seeds)], axis=0))

    def _p(self, seen: pd.DataFrame, seed: int) -> Floats:
        kind = self.rows.kind
        blocks = [(seen.iloc[block], self.rows.y[block]) for block in (self.split.train, self.split.calibrate)]
        model = fit(kind, blocks[0], blocks[1], self.settings.forests[kind], seed=seed, threads=self.settings.threads)
        return model.predict(seen.iloc[self.split.judge], threads=self.settings.threads, as_seen=True)

    def metrics(self, p: Floats) -> dict[str, float]:
        """How good probabilities of the judging rows are."""
        return metrics(Scored(self.judged.y, forecast(self.rows.kind, p)), None, COMPARED)

    def effects(self, progress: Progress, by: Sequence[str] = PARTED_BY) -> list[Effect]:
        """What each part brings, and what other seeds do; the first column of their line is their own, the last are the usual seeds'."""
        every = tuple(self.inputs.columns)
        whole = self.p(every)
        parts = [part for part in self.parts if part.by in by]
        found = [self._effect(part, whole) for part in progress(parts, "leaving parts out")]
        reseeded = self.p(every, other_seeds=True)
        by_chance = compare(self.judged, reseeded, whole, COMPARED, seed=self.settings.seed)
        return [*found, Effect(Part("seeds", "others", every), self.metrics(reseeded), self.metrics(whole), by_chance)]

    def _effect(self, part: Part, whole: Floats) -> Effect:
        without = self.p([name for name in self.inputs.columns if name not in part.columns])
        brought = compare(self.judged, without, whole, COMPARED, seed=self.settings.seed)
        return Effect(part, self.metrics(without), self._alone(part), brought)

    def _alone(self, part: Part) -> dict[str, float] | None:
        try:
            return self.metrics(self.p(part.columns))
        except NotEnoughData:
            return None


def parts_of(features: Iterable[Feature]) -> list[Part]:
    """Features by family, by kind and by the tables that they cannot do without; one feature may need several."""
    members: dict[tuple[str, str], list[str]] = {}
    for feature in features:
        for table in sorted({need.partition(".")[0] for need in feature.tables}):
            members.setdefault(("table", table), []).append(feature.name)
        members.setdefault(("family", feature.family), []).append(feature.name)
        members.setdefault(("kind", feature.kind), []).append(feature.name)
    ordered = sorted(members.items(), key=lambda one: (PARTED_BY.index(one[0][0]), one[0][1]))
    return [Part(by, name, tuple(columns)) for (by, name), columns in ordered]


HEADINGS = ("by", "part", "features", "AUC without", "AUC it brings", "log-loss it brings", "AUC alone", "log-loss alone")
"""Of a table of effects."""


def effects_table(title: str, found: Iterable[Effect]) -> Table:
    """What parts bring, as people read it."""
    table = Table(title=title)
    for head in HEADINGS:
        table.add_column(head, justify="left" if head in ("by", "part") else "right")
    for one in found:
        table.add_row(*cells(one))
    return table


def cells(one: Effect) -> tuple[str, ...]:
    """A row of the table."""
    brought = (_signed(one.brought[name]) for name in COMPARED)
    alone = ("-" if one.alone is None else f"{one.alone[name]:.4f}" for name in COMPARED)
    return (one.part.by, one.part.name, f"{len(one.part.columns)}", f"{one.without['auc']:.4f}", *brought, *alone)


def _signed(difference: Interval) -> str:
    return f"{difference.value:+.4f} [{difference.low:+.4f}, {difference.high:+.4f}]"


def parsed() -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a folder of the contract's tables")
    parser.add_argument("--model", choices=tuple(CLASSES), required=True)
    parser.add_argument("--cut", help="orders from this day on judge; by default the newest share of the rows")
    parser.add_argument("--seeds", type=int, default=3, help="forests of a forecast")
    parser.add_argument("--json", type=Path, help="write the result here")
    return parser.parse_args()


def main() -> None:
    """Leave parts out, and print what that costs."""
    given = parsed()
    settings = parse_settings((ROOT / "config/training.toml").read_text())
    policy = parse_policy((ROOT / "config/policy.toml").read_text())
    shop = Shop.of(read_tables(given.folder, now=pd.Timestamp.now("UTC")), policy.window_days, zone=policy.time_zone)
    err = Console(stderr=True)

    def progress(steps: Iterable[Any], sentence: str) -> Iterable[Any]:
        return track(list(steps), description=sentence, console=err)

    cut = None if given.cut is None else pd.Timestamp(given.cut, tz="UTC")
    trial = Trial.of(given.model, shop, settings, cut, seeds=given.seeds, progress=progress)
    found = trial.effects(progress)
    title = f"{given.model}, cut {trial.split.cut:%Y-%m-%d}: {len(trial.split.train):,} rows train, {len(trial.split.judge):,} judge"
    Console(width=max(150, Console().width)).print(effects_table(title, found))
    if given.json is not None:
        given.json.write_text(json.dumps({"title": title, "effects": [one.to_json() for one in found]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
