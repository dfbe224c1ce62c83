"""A picture of what a shop's kept margin hangs on: one bar per cost, the widest on top (a tornado plot)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from domain.money import Money, exponent
from domain.recovery import ALL
from domain.sensitivity import CHANGES, Scenario
from training.plots import BLUE, GREY, INK, ORANGE


def tornado(base: int, scenarios: Sequence[Scenario], currency: str) -> Figure:
    """Kept margin per ordered line of all categories, if each cost were half or one and a half of what it is; dots: other sets of costs.

    Args:
        base: kept margin per ordered line as it is, minor units.
        scenarios: as `domain.sensitivity.scenarios` returns them.
        currency: ISO 4217 code of all amounts.
    """
    bars = _bars(scenarios)
    dots = [scenario for scenario in scenarios if scenario.change is None]
    names = sorted(bars, key=lambda name: max(bars[name].values()) - min(bars[name].values()), reverse=True)
    figure = Figure(figsize=(9, 6), dpi=100, layout="constrained", facecolor="white")
    figure.suptitle(
        f"An ordered line leaves {Money(base, currency)}; most hangs on: {names[0]}",
        x=0.02,
        ha="left",
        fontsize=12,
        fontweight="bold",
        color=INK,
    )
    axes = figure.subplots()
    unit = 10 ** exponent(currency)
    for place, name in enumerate(names):
        _draw_bar(axes, place, base / unit, {change: kept / unit for change, kept in bars[name].items()})
    for place, scenario in enumerate(dots, start=len(names)):
        axes.plot(scenario.tills[ALL].kept / unit, place, "D", color=INK, markersize=7)
    axes.axvline(base / unit, color=INK, linewidth=1)
    axes.axvline(0, color=GREY, linewidth=1, linestyle="--")
    axes.set_yticks(range(len(names) + len(dots)), [*names, *(scenario.name for scenario in dots)])
    axes.set_ylim(len(names) + len(dots) - 0.5, -0.5)
    axes.set_xlabel(f"kept margin per ordered line, {currency}")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda amount, _: f"{amount:,.10g}"))
    return _finished(figure, axes)


def _bars(scenarios: Sequence[Scenario]) -> dict[str, dict[float, int]]:
    """Kept margin by cost and change."""
    bars: dict[str, dict[float, int]] = {}
    for scenario in scenarios:
        if scenario.change is not None:
            bars.setdefault(scenario.name, {})[scenario.change] = scenario.tills[ALL].kept
    return bars


def _draw_bar(axes: Any, place: int, base: float, ends: dict[float, float]) -> None:
    for change, colour in zip(CHANGES, (BLUE, ORANGE), strict=True):
        label = f"{100 * change:+.0f} %" if place == 0 else None
        axes.barh(place, ends[change] - base, left=base, height=0.6, color=colour, label=label)


def _finished(figure: Figure, axes: Any) -> Figure:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", color="#E6E6E6", linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return figure
