"""A picture of a study: what each trial came to, what is worth choosing between, and where the knee is."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator

from training.plots import BLUE, GREY, INK, ORANGE
from training.tuning.front import Point, knee, pareto


def front_picture(title: str, points: Sequence[Point]) -> Figure:
    """Log-loss over microseconds per row, for at least one trial; both are better the lower they are."""
    front = pareto(points)
    chosen = knee(front)
    figure = Figure(figsize=(9, 6), dpi=100, layout="constrained")
    axes = figure.subplots()
    axes.set_title(title, color=INK, loc="left")
    axes.set_xscale("log")
    axes.plot([point.us_per_row for point in points], [point.log_loss for point in points], "o", color=GREY, markersize=4, label="a trial")
    axes.plot(
        [point.us_per_row for point in front],
        [point.log_loss for point in front],
        "o-",
        color=BLUE,
        label="nothing is both faster and more accurate",
    )
    axes.plot(chosen.us_per_row, chosen.log_loss, "D", color=ORANGE, markersize=10, label=f"the knee: trial {chosen.number}")
    axes.set(xlabel="microseconds per row on one core", ylabel="log-loss, mean over the folds")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_formatter(FuncFormatter(lambda *_: ""))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure
