"""A simulation in pictures: what each policy earns against ranking by conversion, how that comes about by the day, and for whom."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from experiments.simulation.report import BASELINE, Interval, Report
from training.plots import BLUE, GREY, INK, ORANGE

PERCENT = PercentFormatter(1, symbol=" %")
_COLOURS = (BLUE, ORANGE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", INK)
_NAMES: Mapping[str, str] = {
    "kept_margin_per_1000_views": "kept margin",
    "orders": "orders",
    "return_rate": "return rate",
    "size_return_rate": "returned for size",
}


def pictures(found: Report, policy: str = "kept_margin") -> Iterator[tuple[str, Figure]]:
    """Every picture by its name."""
    if found.versus:
        yield "versus", versus_picture(found)
    yield "by_day", by_day_picture(found)
    if f"{policy}/{BASELINE}" in found.parts_versus:
        yield "parts", parts_picture(found, policy)


def versus_picture(found: Report) -> Figure:
    """Relative difference to ranking by conversion, metric by metric, with intervals."""
    figure = Figure(figsize=(10, 4.8), dpi=100, layout="constrained")
    axes = figure.subplots(1, len(_NAMES), sharey=True)
    policies = [pair.partition("/")[0] for pair in found.versus]
    for axis, (metric, name) in zip(axes, _NAMES.items(), strict=True):
        _bars(axis, [found.versus[f"{policy}/{BASELINE}"][metric] for policy in policies], lower_is_better="return" in metric)
        axis.set_title(name, fontsize=10)
        axis.set_yticks(range(len(policies)), policies)
    axes[0].invert_yaxis()
    figure.suptitle(f"Against ranking by conversion, same shoppers ({len(found.seeds)} seeds, 95 % intervals)", fontsize=11)
    return figure


def by_day_picture(found: Report) -> Figure:
    """Kept margin so far, in the currency's units, day by day."""
    figure = Figure(figsize=(9, 4.8), dpi=100, layout="constrained")
    axes = figure.subplots()
    for colour, (policy, days) in zip(_COLOURS * 3, found.by_day.items(), strict=False):
        axes.plot(
            np.arange(1, len(days) + 1),
            np.cumsum(days) / 100,
            color=colour,
            label=policy,
            linewidth=2.5 if policy == "kept_margin" else 1.5,
        )
    axes.set(
        xlabel="day of the comparison", ylabel="expected kept margin so far (EUR, mean over the seeds)", title="What is left in the till"
    )
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(frameon=False)
    _plain(axes)
    return figure


def parts_picture(found: Report, policy: str) -> Figure:
    """The policy against conversion for parts of the customers."""
    figure = Figure(figsize=(10, 4.8), dpi=100, layout="constrained")
    parts = found.parts_versus[f"{policy}/{BASELINE}"]
    axes = figure.subplots(1, len(_NAMES), sharey=True)
    for axis, (metric, name) in zip(axes, _NAMES.items(), strict=True):
        _bars(axis, [metrics[metric] for metrics in parts.values()], lower_is_better="return" in metric)
        axis.set_title(name, fontsize=10)
        axis.set_yticks(range(len(parts)), list(parts))
    axes[0].invert_yaxis()
    figure.suptitle(f"{policy} against {BASELINE}: does anybody pay for it?", fontsize=11)
    return figure


def _bars(axis: Any, intervals: Sequence[Interval], *, lower_is_better: bool) -> None:
    for place, one in enumerate(intervals):
        good = one.value < 0 if lower_is_better else one.value > 0
        axis.barh(place, one.value, color=BLUE if good else ORANGE, alpha=0.75, height=0.6)
        if not math.isnan(one.low):
            axis.plot([one.low, one.high], [place, place], color=INK, linewidth=1.5)
    axis.axvline(0, color=GREY, linewidth=1)
    axis.xaxis.set_major_formatter(PERCENT)
    axis.tick_params(axis="x", labelsize=8)
    _plain(axis)


def _plain(axis: Any) -> None:
    axis.spines[["top", "right"]].set_visible(False)
