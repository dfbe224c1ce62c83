"""How champion and challenger compare on the same rows: overall, part by part, in money and in time.

Differences have intervals over customers, on the same draws for both models. With m parts compared, one of them looks worse by luck more
often than any single one would; so their intervals are widened to 1 - 0.05 / m (Bonferroni 1936; from the resampled 95 % interval by the
normal distribution's quantiles).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm

from training.bootstrap import Interval, paired_difference, ratios
from training.evaluate import forecast
from training.judged import Judged
from training.metrics import Scored, metrics
from training.model import Model
from training.settings import Gate

Floats = npt.NDArray[np.float64]

COMPARED = ("log_loss", "ece")
HIGHER_IS_BETTER = ("kept_margin",)
ALL = "all"

_TIMED_ROWS, _ROUNDS = 200, 7
_CERTAINTY = 0.95


@dataclass(frozen=True)
class Comparison:
    """One measure of one model, champion against challenger, on the rows that judged the challenger.

    Attributes:
        kind: "return", "fit" or "order".
        part: "all", or customer:new, category:dress, …
        rows: how many.
        metric: "log_loss" or "ece", lower is better; "kept_margin", minor units a row by what the model would show on, higher is better;
            "us_per_row", microseconds of one thread, the least of several rounds.
        champion: the champion's value; where there is none, that of the overall rate.
        challenger: the challenger's value.
        difference: challenger minus champion, with an interval over customers.
    """

    kind: str
    part: str
    rows: int
    metric: str
    champion: float
    challenger: float
    difference: Interval

    @property
    def better(self) -> bool:
        """Whether the challenger's value is better."""
        return self.challenger > self.champion if self.metric in HIGHER_IS_BETTER else self.challenger < self.champion

    @property
    def worse_for_sure(self) -> bool:
        """Whether it is worse by more than the luck of who came to the shop."""
        return self.difference.high < 0 if self.metric in HIGHER_IS_BETTER else self.difference.low > 0

    def to_json(self) -> dict[str, Any]:
        """As plain values."""
        named = {"model": self.kind, "part": self.part, "rows": self.rows, "metric": self.metric}
        return {**named, "champion": self.champion, "challenger": self.challenger, "difference": self.difference.to_json()}


def against_the_overall_rate(challenger: Model, judged: Judged, *, seed: int) -> list[Comparison]:
    """The challenger beside a model that promises everybody the same, where there is no champion."""
    same = np.tile(np.array(challenger.base_rates), (len(judged.y), 1))
    p = (forecast(judged.kind, same), forecast(judged.kind, challenger.predict(judged.inputs, as_seen=True)))
    return [_compared(judged, p, ALL, np.ones(len(judged.y), dtype=bool), "log_loss", seed)]


def compare(
    champion: Model,
    challenger: Model,
    judged: Judged,
    rules: Gate,
    *,
    seed: int,
    track: Callable[[Iterable[str]], Iterable[str]] = iter,
) -> list[Comparison]:
    """Everything that is compared of two models.

    Args:
        champion: who serves.
        challenger: who wants to.
        judged: the rows.
        rules: from how many rows on a part is compared, and what of the rows would be shown on.
        seed: seed of the resampling.
        track: wraps the loop over parts, to show progress.
    """
    as_seen = [model.predict(judged.inputs, as_seen=True) for model in (champion, challenger)]
    p = (forecast(judged.kind, as_seen[0]), forecast(judged.kind, as_seen[1]))
    whole = np.ones(len(judged.y), dtype=bool)
    parts = {name: chosen for name, chosen in judged.parts.items() if chosen.sum() >= rules.fewest_rows_per_part}
    found = [_compared(judged, p, ALL, whole, metric, seed) for metric in COMPARED]
    found += _money(champion, challenger, judged, rules, seed)
    for part in track(list(parts)):
        found += [_widened(_compared(judged, p, part, parts[part], metric, seed), len(COMPARED) * len(parts)) for metric in COMPARED]
    return [*found, _timed(champion, challenger, judged)]


def _compared(judged: Judged, p: tuple[Floats, Floats], part: str, chosen: npt.NDArray[np.bool_], metric: str, seed: int) -> Comparison:
    y, champion, challenger = judged.y[chosen], p[0][chosen], p[1][chosen]
    theirs, ours = (metrics(Scored(y, forecasts), None, (metric,))[metric] for forecasts in (champion, challenger))
    difference = paired_difference(y, champion, challenger, judged.customer[chosen], metric, seed=seed)
    return Comparison(judged.kind, part, int(chosen.sum()), metric, theirs, ours, difference)


def _widened(one: Comparison, comparisons: int) -> Comparison:
    spread = one.difference.high - one.difference.low
    half = spread / 2 * norm.isf((1 - _CERTAINTY) / 2 / comparisons) / norm.isf((1 - _CERTAINTY) / 2)
    value = one.difference.value
    widened = Interval(value, min(value - half, one.difference.low), max(value + half, one.difference.high))
    return Comparison(one.kind, one.part, one.rows, one.metric, one.champion, one.challenger, widened)


def _money(champion: Model, challenger: Model, judged: Judged, rules: Gate, seed: int) -> Iterator[Comparison]:
    """Kept margin of what each model would show on, per judged row that has a price."""
    priced = ~np.isnan(judged.kept)
    if judged.kind not in _SHOWN_ON or not priced.any():
        return
    brings, chosen_by = _SHOWN_ON[judged.kind]
    value = np.where(priced, brings(judged), 0.0)[priced]
    theirs, ours = (np.where(chosen_by(model, judged, rules)[priced], value, 0.0) for model in (champion, challenger))
    (difference,) = ratios((ours - theirs)[:, None], 1.0, judged.customer[priced], seed=seed)
    yield Comparison(judged.kind, ALL, int(priced.sum()), "kept_margin", float(theirs.mean()), float(ours.mean()), difference)


def _of_a_line(judged: Judged) -> Floats:
    """What the line left in the till."""
    return np.where(judged.y == 0, judged.kept, -judged.lost)


def _of_an_impression(judged: Judged) -> Floats:
    """The margin, if it was ordered; whether it then came back is the return model's business."""
    return np.where(judged.y == 1, judged.kept, 0.0)


def _best_lines(model: Model, judged: Judged, rules: Gate) -> npt.NDArray[np.bool_]:
    """The share of lines from which the model expects most."""
    p = model.predict(judged.inputs)[:, 1]
    expected = np.where(np.isnan(judged.kept), -np.inf, (1 - p) * judged.kept - p * judged.lost)
    best = np.argsort(-expected, kind="stable")[: round(rules.kept_share * len(expected))]
    return np.isin(np.arange(len(expected)), best)


def _top_of_lists(model: Model, judged: Judged, rules: Gate) -> npt.NDArray[np.bool_]:
    """The first places of each list, by P(order) x margin, with the position held."""
    expected = pd.Series(np.where(np.isnan(judged.kept), -np.inf, model.predict(judged.inputs)[:, 1] * judged.kept))
    place = expected.groupby(judged.listed).rank(method="first", ascending=False)
    return np.asarray(place <= rules.top_places)


_SHOWN_ON: Mapping[str, tuple[Callable[[Judged], Floats], Callable[[Model, Judged, Gate], npt.NDArray[np.bool_]]]] = {
    "return": (_of_a_line, _best_lines),
    "order": (_of_an_impression, _top_of_lists),
}
"""What a row brings, and which rows a model would show on; a fit model decides about no money by itself."""


def _timed(champion: Model, challenger: Model, judged: Judged) -> Comparison:
    """Both predict the same rows in turns, by the thread's own clock; of each, the round that the machine disturbed least counts."""
    rows = judged.inputs.iloc[:_TIMED_ROWS]
    took: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(_ROUNDS):
        for ours, model in ((False, champion), (True, challenger)):
            started = time.thread_time()
            model.predict(rows)
            took[ours].append((time.thread_time() - started) / len(rows) * 1e6)
    theirs, ours_us = min(took[False]), min(took[True])
    gap = ours_us - theirs
    return Comparison(judged.kind, ALL, len(rows), "us_per_row", theirs, ours_us, Interval(gap, gap, gap))
