"""Was it right? Train on what was known before a day, judge on what came after, beside what a shop could do without Keeprank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import NotEnoughData, SettingsRefused
from experiments.baselines import baselines
from features.build import build
from features.shop import Shop
from training.blocks import Split, newest_judge, split_at
from training.bootstrap import Interval
from training.evaluate import Evaluation, as_json, compare, score
from training.pipeline import Progress, learnable, train_one
from training.rows import KINDS, Rows, labelled
from training.settings import Settings

RANDOM_SHARES = (0.8, 0.1, 0.1)
"""Shares of rows that train, calibrate and judge under a random split, as in the published comparisons."""

RANDOM_FOLDS = 10


@dataclass(frozen=True)
class Backtest:
    """What a backtest found.

    Attributes:
        model: "return", "fit" or "order".
        split: "time" or "random".
        cut: the moment of a split by time, as ISO 8601; None under a random split.
        seed: seed of everything random.
        rows_train: rows that trained and calibrated.
        rows_test: rows that judged.
        evaluation: the model's metrics.
        baselines: the baselines' metrics, on the same rows.
        versus: model minus baseline for auc and log_loss, on the same resampled customers: an interval above (below) 0 means better.
    """

    model: str
    split: str
    cut: str | None
    seed: int
    rows_train: int
    rows_test: int
    evaluation: Evaluation
    baselines: Mapping[str, Mapping[str, Interval]]
    versus: Mapping[str, Mapping[str, Interval]]

    def to_json(self) -> dict[str, Any]:
        """The stable form that other tools read."""
        return {
            "model": self.model,
            "split": self.split,
            "cut": self.cut,
            "seed": self.seed,
            "rows_train": self.rows_train,
            "rows_test": self.rows_test,
            "metrics": as_json(self.evaluation.metrics),
            "baselines": {name: as_json(found) for name, found in self.baselines.items()},
            "versus": {name: as_json(found) for name, found in self.versus.items()},
            "slices": [part.to_json() for part in self.evaluation.slices],
        }


def backtest_by_time(kind: str, shop: Shop, settings: Settings, cut: pd.Timestamp | None, progress: Progress) -> Backtest:
    """Train on labels known at the cut, judge on orders from it on; by default the newest share of the rows judges.

    Histories of each row are as of its own day, as the service would see them with a nightly snapshot.

    Raises:
        NotEnoughData: a side of the cut has too few rows.
    """
    rows = learnable(kind, shop, settings)
    split = newest_judge(rows, settings.blocks) if cut is None else split_at(rows, cut, settings.blocks)
    inputs = build(shop, rows.asked, track=lambda entities: progress(entities, "building features"))
    return _judged(rows, inputs, split, "time", settings, progress)


def backtest_at_random(kind: str, shop: Shop, settings: Settings, progress: Progress) -> Backtest:
    """Shuffle the rows, as published comparisons do, and leave time out of account.

    So that nothing leaks through histories, a judged row's histories hold the training rows' outcomes only, and a training row's
    hold those of the other nine folds only: never its own, never a judged row's.

    Args:
        kind: "return" or "fit"; whoever ordered left moves behind that tell so, and only time keeps them out of the histories.
        shop: the shop.
        settings: what to train with.
        progress: wraps loops, to show progress.

    Raises:
        NotEnoughData: there are too few rows.
        SettingsRefused: impressions are to be shuffled.
    """
    if kind not in KINDS:
        raise SettingsRefused(f"a random split of {kind} rows would tell the future", expected="a split by time")
    rows = labelled(kind, shop)
    if len(rows) < settings.blocks.fewest_rows:
        raise NotEnoughData(f"{len(rows):,} labelled {kind} rows", expected=f"at least {settings.blocks.fewest_rows:,}")
    split = at_random(shop, rows, settings.seed)
    inputs = cross_fitted(shop, rows, split.judge, settings.seed, progress)
    return _judged(rows, inputs, split, "random", settings, progress)


def at_random(shop: Shop, rows: Rows, seed: int) -> Split:
    """Shuffled rows in shares of `RANDOM_SHARES`; the cut is the shop's now."""
    order = np.random.default_rng(seed).permutation(len(rows))
    borders = np.round(np.cumsum(RANDOM_SHARES[:2]) * len(rows)).astype(int)
    train, calibrate, judge = (np.sort(part) for part in np.split(order, borders))
    return Split(train, calibrate, judge, pd.Timestamp(shop.now))


def cross_fitted(shop: Shop, rows: Rows, judge: npt.NDArray[np.int64], seed: int, progress: Progress) -> pd.DataFrame:
    """Features without time: no row's histories hold a judged row, a judged one's all others, another's those of the other nine folds."""
    fold = np.random.default_rng([seed, RANDOM_FOLDS]).integers(0, RANDOM_FOLDS, len(rows))
    fold[judge] = RANDOM_FOLDS
    judged = fold == RANDOM_FOLDS
    folds = []
    for number in progress(range(RANDOM_FOLDS + 1), "building features, fold by fold"):
        mine = fold == number
        unseen = shop.without_lines(rows.line_id[mine | judged])
        built = build(unseen, rows.asked[mine].reset_index(drop=True), history_day=shop.today + 1)
        folds.append(built.set_index(np.flatnonzero(mine)))
    return pd.concat(folds).sort_index()


def _judged(rows: Rows, inputs: pd.DataFrame, split: Split, how: str, settings: Settings, progress: Progress) -> Backtest:
    trained = train_one(rows, inputs, split, settings, progress)
    learned = np.concatenate([split.train, split.calibrate])
    others = baselines(rows, rows.with_position(inputs), learned, split.judge)
    return Backtest(
        model=rows.kind,
        split=how,
        cut=split.cut.isoformat() if how == "time" else None,
        seed=settings.seed,
        rows_train=len(learned),
        rows_test=len(split.judge),
        evaluation=trained.evaluation,
        baselines={name: score(trained.rows, p, seed=settings.seed) for name, p in others.items()},
        versus={name: compare(trained.rows, p, trained.p, ("auc", "log_loss"), seed=settings.seed) for name, p in others.items()},
    )
