"""Was it right, month after month? Each month's orders are judged by models that know only what was known when the month began."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import NotEnoughData
from experiments.baselines import baselines
from features.build import build
from features.clock import midnight
from features.shop import Shop
from training.blocks import Split, split_at
from training.bootstrap import Interval, intervals, paired_difference
from training.evaluate import RATIOS, Evaluation, as_json, clusters, evaluate, forecast
from training.metrics import NAMES
from training.model import CLASSES
from training.pipeline import Progress, fit_one, learnable, silent
from training.rows import Rows
from training.settings import Settings

Floats = npt.NDArray[np.float64]
Classes = npt.NDArray[np.int64]

OURS = "keeprank"
COMPARED = ("auc", "log_loss")


class Rival(Protocol):
    """Something else that can learn from the same features; it says how it is called in tables."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    def fit(self, inputs: Floats, y: Classes) -> Callable[[Floats], Floats]:
        """Learn from inputs (rows, features; NaN where missing) and classes; returns what forecasts (rows, classes) of inputs."""
        ...


@dataclass(frozen=True, eq=False)
class Month:
    """What one month was judged by.

    Attributes:
        starts: its first moment, at which everything had been learned.
        rows_train: rows that trained and calibrated.
        rows: its labelled rows.
        inputs: their features.
        forecasts: probabilities (rows, classes) by name, Keeprank's first.
    """

    starts: pd.Timestamp
    rows_train: int
    rows: Rows
    inputs: pd.DataFrame
    forecasts: Mapping[str, Floats]


@dataclass(frozen=True)
class JudgedMonth:
    """How one month went.

    Attributes:
        month: such as 2011-08.
        rows_train: rows that trained and calibrated.
        rows_test: rows that judged.
        observed: share of each class in the month but the first.
        metrics: of each forecaster, without ranges.
        versus: Keeprank minus each other, for auc and log_loss, on the same resampled customers.
    """

    month: str
    rows_train: int
    rows_test: int
    observed: tuple[float, ...]
    metrics: Mapping[str, Mapping[str, Interval]]
    versus: Mapping[str, Mapping[str, Interval]]

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        told = {"month": self.month, "rows_train": self.rows_train, "rows_test": self.rows_test, "observed": list(self.observed)}
        return {**told, "metrics": _json(self.metrics), "versus": _json(self.versus)}


@dataclass(frozen=True)
class WalkForward:
    """What the months say together.

    Attributes:
        model: "return", "reason", "fit" or "order".
        seed: seed of everything random.
        months: month by month.
        mean: of each forecaster, the mean of its months' metrics; with ranges for Keeprank's.
        versus: the mean of the months' differences, Keeprank minus each other; an interval above (log_loss: below) 0 means better.
        evaluation: Keeprank's forecasts of all months in one: metrics, also of parts of the rows.
        left_out: months with enough rows that could not be learned for, and why.
    """

    model: str
    seed: int
    months: tuple[JudgedMonth, ...]
    mean: Mapping[str, Mapping[str, Interval]]
    versus: Mapping[str, Mapping[str, Interval]]
    evaluation: Evaluation
    left_out: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """The stable form that other tools read."""
        return {
            "model": self.model,
            "split": "months",
            "seed": self.seed,
            "months": [month.to_json() for month in self.months],
            "mean": _json(self.mean),
            "versus": _json(self.versus),
            "metrics": as_json(self.evaluation.metrics),
            "slices": [part.to_json() for part in self.evaluation.slices],
            "left_out": dict(self.left_out),
        }


def walk_forward(
    kind: str,
    shop: Shop,
    settings: Settings,
    *,
    first: pd.Timestamp | None = None,
    rivals: Sequence[Rival] = (),
    progress: Progress = silent,
) -> WalkForward:
    """Judge every month of the shop's calendar that has enough rows, beside baselines and rivals that learned from the same rows.

    Features are built once: those of a row are as of its own moment, whatever the month that it trains for. A month with fewer than
    `blocks.fewest_rows` labelled rows, or with too little known at its start, is left out.

    Args:
        kind: which model.
        shop: the shop.
        settings: what to train with.
        first: no month that starts earlier is judged.
        rivals: others to compare with.
        progress: wraps loops, to show progress.

    Raises:
        NotEnoughData: no month can be judged.
    """
    rows = learnable(kind, shop, settings)
    built = build(shop, rows.asked, track=lambda entities: progress(entities, "building features"))
    splits = [split for split in monthly(rows, shop.zone, settings) if first is None or split.cut >= first]
    walked, left_out = months(rows, built, splits, settings, rivals, progress)
    return judged(walked, left_out, settings, progress)


def monthly(rows: Rows, zone: str, settings: Settings) -> Iterator[Split]:
    """A split at the start of each month, whose rows judge; of the months with enough rows, and enough known before."""
    ordered = rows.asked["at"]
    for starts, ends in _calendar(ordered.min(), ordered.max(), zone):
        try:
            split = split_at(rows, starts, settings.blocks)
        except NotEnoughData:
            continue
        inside = split.judge[(ordered.iloc[split.judge] < ends).to_numpy()]
        if len(inside) >= settings.blocks.fewest_rows:
            yield replace(split, judge=inside)


def months(
    rows: Rows, inputs: pd.DataFrame, splits: Sequence[Split], settings: Settings, rivals: Sequence[Rival], progress: Progress
) -> tuple[list[Month], dict[str, str]]:
    """Train for each split and forecast its rows; and the months in which nothing could be learned, with the reason."""
    inputs, walked, left_out = rows.with_position(inputs), [], {}
    for split in progress(splits, "learning, month by month"):
        try:
            model = fit_one(rows, inputs, split, settings)
        except NotEnoughData as refusal:
            left_out[_name(split.cut)] = str(refusal)
            continue
        learned, month = np.concatenate([split.train, split.calibrate]), inputs.iloc[split.judge].reset_index(drop=True)
        read = inputs[list(model.columns)]
        forecasts = {
            OURS: model.predict(month, threads=settings.threads, as_seen=True),
            **baselines(rows, read, learned, split.judge),
            **{rival.name: _of_rival(rival, rows, read, learned, split.judge) for rival in rivals},
        }
        walked.append(Month(split.cut, len(learned), rows.at(split.judge), month, forecasts))
    return walked, left_out


def judged(walked: Sequence[Month], left_out: Mapping[str, str], settings: Settings, progress: Progress) -> WalkForward:
    """What the months' forecasts say, each on its own and together.

    Raises:
        NotEnoughData: there are none.
    """
    if not walked:
        why = "".join(f"; {month}: {reason}" for month, reason in left_out.items())
        expected = f"months of at least {settings.blocks.fewest_rows:,} labelled rows, and as many known before"
        raise NotEnoughData(f"no month can be judged{why}", expected=expected)
    rows, seed = _together(walked), settings.seed
    parts = np.repeat(np.arange(len(walked)), [len(month.rows) for month in walked])
    forecasts = {name: np.concatenate([month.forecasts[name] for month in walked]) for name in walked[0].forecasts}
    inputs = pd.concat([month.inputs for month in walked], ignore_index=True)
    return WalkForward(
        rows.kind,
        seed,
        tuple(_judged_month(month, seed) for month in progress(walked, "judging each month")),
        {name: _scores(rows, p, parts, seed=seed, ranged=name == OURS) for name, p in forecasts.items()},
        _versus(rows, forecasts, parts, seed),
        evaluate(rows, inputs, forecasts[OURS], seed=seed, track=lambda slices: progress(slices, "judging all months")),
        left_out,
    )


def _calendar(first: pd.Timestamp, last: pd.Timestamp, zone: str) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """The months between two moments, from a local midnight to the next month's."""
    here = [moment.tz_convert(zone).tz_localize(None) for moment in (first, last)]
    starts = pd.period_range(here[0], here[1], freq="M").append(pd.PeriodIndex([pd.Period(here[1], "M") + 1]))
    moments = [midnight((start.to_timestamp() - pd.Timestamp(0)).days, zone) for start in starts]
    return list(pairwise(moments))


def _name(starts: pd.Timestamp) -> str:
    """Such as 2011-08, of a month that begins at some midnight on earth."""
    return f"{starts + pd.Timedelta(days=15):%Y-%m}"


def _of_rival(rival: Rival, rows: Rows, inputs: pd.DataFrame, learned: Classes, judge: Classes) -> Floats:
    values = inputs.to_numpy(dtype="float64")
    return rival.fit(values[learned], rows.y[learned])(values[judge])


def _judged_month(month: Month, seed: int) -> JudgedMonth:
    parts = np.zeros(len(month.rows))
    counts = np.bincount(month.rows.y, minlength=len(CLASSES[month.rows.kind]))
    return JudgedMonth(
        _name(month.starts),
        month.rows_train,
        len(month.rows),
        tuple((counts / counts.sum()).tolist()[1:]),
        {name: _scores(month.rows, p, parts, seed=seed, ranged=False) for name, p in month.forecasts.items()},
        _versus(month.rows, month.forecasts, parts, seed),
    )


def _scores(rows: Rows, p: Floats, parts: npt.ArrayLike, *, seed: int, ranged: bool) -> dict[str, Interval]:
    names = (*NAMES, *RATIOS) if len(CLASSES[rows.kind]) == 2 else NAMES
    more: dict[str, Any] = {} if ranged else {"resamples": 0}
    return intervals(rows.y, forecast(rows.kind, p), clusters(rows), seed=seed, names=names, parts=parts, **more)


def _versus(rows: Rows, forecasts: Mapping[str, Floats], parts: npt.ArrayLike, seed: int) -> dict[str, dict[str, Interval]]:
    p = {name: forecast(rows.kind, found) for name, found in forecasts.items()}
    return {
        name: {metric: paired_difference(rows.y, theirs, p[OURS], clusters(rows), metric, seed=seed, parts=parts) for metric in COMPARED}
        for name, theirs in p.items()
        if name != OURS
    }


def _together(walked: Sequence[Month]) -> Rows:
    """The rows of all months as one."""
    first = walked[0].rows
    columns = [name for name in ("line_id", "asked", "known_at", "category", "shown", "asked_back_at") if getattr(first, name) is not None]
    joined = {name: pd.concat([getattr(month.rows, name) for month in walked], ignore_index=True) for name in columns}
    return replace(first, **joined, y=np.concatenate([month.rows.y for month in walked]))


def _json(found: Mapping[str, Mapping[str, Interval]]) -> dict[str, Any]:
    return {name: as_json(metrics) for name, metrics in found.items()}
