"""Does the forecast come true in every part of the rows: new and known customers, new and known items, each category?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from training.metrics import Scored, ece, equal_mass_bins, mean_ratio
from training.plots import BLUE, GREY, INK, PERCENT, wilson

MOST = 12
"""So many slices are drawn, the first ones."""

_COLUMNS = 4


def reliabilities(y: ArrayLike, p: ArrayLike, slices: Mapping[str, NDArray[np.bool_]], title: str) -> Figure:
    """A small reliability diagram for each slice: in bins of equal mass, what was forecast and what happened, with Wilson's intervals.

    Above each stand its rows, its calibration error, and mean forecast over mean outcome: at a base rate of 1.5 % the error alone is
    small whatever is forecast.

    Args:
        y: outcomes 0 or 1, (n,).
        p: forecasts, (n,).
        slices: which rows each holds, by name.
        title: above the picture.

    Raises:
        ValueError: there is no slice.
    """
    if not slices:
        raise ValueError("no slice; expected at least one")
    drawn = list(slices.items())[:MOST]
    rows = math.ceil(len(drawn) / _COLUMNS)
    figure = Figure(figsize=(12, 3 * rows), dpi=100, layout="constrained", facecolor="white")
    figure.suptitle(title, x=0.02, ha="left", fontsize=12, fontweight="bold", color=INK)
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for axes, (name, chosen) in zip(panels, drawn, strict=False):
        _draw(axes, name, Scored(np.asarray(y)[chosen], np.asarray(p)[chosen]))
    for axes in panels[len(drawn) :]:
        axes.set_axis_off()
    return figure


def _draw(axes: Any, name: str, scored: Scored) -> None:
    bins = equal_mass_bins(scored)
    low, high = wilson(bins.observed, bins.weight)
    ends = 0.0, float(max(high.max(), bins.predicted.max())) * 1.05
    axes.plot(ends, ends, color=GREY, linewidth=1, linestyle="--")
    axes.vlines(bins.predicted, low, high, color=BLUE, linewidth=1)
    axes.plot(bins.predicted, bins.observed, "o", color=BLUE, markersize=3)
    axes.set_title(f"{name}\n{len(scored):,} rows, ECE {ece(scored):.3f}, ratio {mean_ratio(scored):.2f}", fontsize=8, color=INK)
    axes.tick_params(labelsize=7)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PERCENT)
