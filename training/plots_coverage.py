"""Picture of the intervals' word: which share of batches each segment's intervals held, beside the share that was promised."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from training.coverage import Covered
from training.plots import BLUE, GREY, INK, ORANGE, PERCENT

ALLOWED = 0.02
"""How far a segment's coverage may lie from what was promised."""


def coverage_per_segment(covered: Sequence[Covered], promised: float) -> Figure:
    """Coverage per segment with the band of two points around the promise; segments outside are drawn in orange.

    Raises:
        ValueError: no segment is given.
    """
    if not covered:
        raise ValueError("no segments; expected at least 1")
    inside = [abs(one.coverage - promised) <= ALLOWED for one in covered]
    figure = Figure(figsize=(9, 6), dpi=100, layout="constrained", facecolor="white")
    title = f"{sum(inside)} of {len(covered)} segments keep the promise of {promised:.0%}, within two points"
    figure.suptitle(title, x=0.02, ha="left", fontsize=12, fontweight="bold", color=INK)
    axes = figure.subplots()
    axes.axvspan(promised - ALLOWED, promised + ALLOWED, color=GREY, alpha=0.25, linewidth=0)
    for place, (one, kept) in enumerate(zip(covered, inside, strict=True)):
        axes.plot(one.coverage, place, "o", color=BLUE if kept else ORANGE)
        axes.text(1.01, place, f"{one.rows:,}", transform=axes.get_yaxis_transform(), va="center", color=INK, fontsize=8)
    axes.set_yticks(range(len(covered)), [one.slice for one in covered])
    axes.set_ylim(len(covered) - 0.5, -0.5)
    axes.set(xlabel="batches of like rows whose rate lies inside the intervals of their rows (right: rows)")
    axes.xaxis.set_major_formatter(PERCENT)
    axes.spines[["top", "right"]].set_visible(False)
    return figure
