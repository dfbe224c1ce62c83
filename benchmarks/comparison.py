"""A line of the quality table: who forecast what, on which rows, and how well."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.published import Published
from experiments.backtest import Backtest
from training.bootstrap import Interval

METRICS = {"auc": "AUC", "macro_f1": "macro-F1", "log_loss": "log-loss", "ece": "ECE"}
"""Metrics of the table, by their headings."""

_DECIMALS = {"log_loss": 4, "ece": 4}

NEW_CUSTOMERS = "customer:new"
"""The slice that a line of its own is given to."""

_HEADINGS = ("data", "split", "seeds", "rows judged", "who", *METRICS.values(), "also", "source")
OURS = "**Keeprank**"
"""Whose lines are Keeprank's."""

_HERE = "this run"


@dataclass(frozen=True)
class Line:
    """One forecaster on one data set under one split.

    Attributes:
        data: which data.
        split: which model, and who judged it.
        seeds: of the split and the forests.
        rows: how many rows judged; a mean over seeds.
        who: the forecaster.
        metrics: as people read them, by name.
        also: what else is counted on these data, such as the competition's points.
        source: where the numbers come from.
    """

    data: str
    split: str
    seeds: str
    rows: str
    who: str
    metrics: Mapping[str, str]
    also: str = ""
    source: str = _HERE

    def cells(self) -> list[str]:
        """Its cells, in the order of the table's columns."""
        numbers = [self.metrics.get(name, "-") for name in METRICS]
        return [self.data, self.split, self.seeds, self.rows, self.who, *numbers, self.also, self.source]


def lines_of(data: str, found: Sequence[Backtest], published: Iterable[Published] = ()) -> list[Line]:
    """Keeprank, its new customers, the baselines and what others published, on one data set under one split.

    Args:
        data: its name.
        found: the same backtest, seed by seed.
        published: figures to stand beside it.
    """
    first = found[0]
    split = f"{first.model}, from {first.cut[:10]} on" if first.cut else f"{first.model}, random 80/10/10"
    common = (data, split, ", ".join(str(one.seed) for one in found))
    rows = f"{np.mean([one.rows_test for one in found]):,.0f}"
    lines = [Line(*common, rows, OURS, metrics_of([one.evaluation.metrics for one in found]))]
    lines += _new_customers(common, found)
    for who in first.baselines:
        gained = "AUC gained over it: " + told([one.versus[who]["auc"] for one in found])
        lines.append(Line(*common, rows, who.replace("_", " "), metrics_of([one.baselines[who] for one in found]), gained))
    return [*lines, *published_lines(data, published)]


def published_lines(data: str, published: Iterable[Published]) -> list[Line]:
    """What others published, beside Keeprank's lines."""
    return [Line(data, one.split, "", one.rows, one.who, {"auc": one.auc}, one.note, one.source) for one in published]


def absent(data: str, wanted: str) -> Line:
    """The line of a data set whose files are not here."""
    return Line(data, "", "", "", "files not here", {}, f"put {wanted}; docs/data-sets.md says how", "")


def told(found: Sequence[Interval], decimals: int = 3) -> str:
    """One run's value and its interval; of several runs the mean and the standard deviation over them.

    >>> told([Interval(0.77, 0.76, 0.78)]), told([Interval(0.77, 0.76, 0.78), Interval(0.79, 0.78, 0.80)])
    ('0.770 [0.760, 0.780]', '0.780 ± 0.014')
    """
    values = [one.value for one in found]
    if any(map(math.isnan, values)):
        return "-"
    if len(found) > 1:
        return f"{np.mean(values):.{decimals}f} ± {np.std(values, ddof=1):.{decimals}f}"
    if math.isnan(found[0].low):
        return f"{values[0]:.{decimals}f}"
    return f"{values[0]:.{decimals}f} [{found[0].low:.{decimals}f}, {found[0].high:.{decimals}f}]"


def metrics_of(runs: Sequence[Mapping[str, Interval]]) -> dict[str, str]:
    """The table's metrics of one or several runs; one that the runs were not judged by is left out."""
    return {name: told([run[name] for run in runs], _DECIMALS.get(name, 3)) for name in METRICS if all(name in run for run in runs)}


def table(lines: Iterable[Line]) -> str:
    """The lines as a Markdown table."""
    return markdown(_HEADINGS, [line.cells() for line in lines])


def markdown(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (headings, ["---"] * len(headings), *rows))


def _new_customers(common: tuple[str, str, str], found: Sequence[Backtest]) -> list[Line]:
    told_of = [part for one in found for part in one.evaluation.slices if part.name == NEW_CUSTOMERS]
    if len(told_of) < len(found):
        return []
    rows = f"{np.mean([part.rows for part in told_of]):,.0f}"
    metrics = metrics_of([part.metrics for part in told_of])
    return [Line(*common, rows, "Keeprank, customers without history", metrics)]
