"""Pictures of a forecast: does it come true, does it sort well, what does it look at, and what does it leave in the till?

Every function returns a matplotlib `Figure` of 900 by 600 px that no global state knows of, in colours that colour-blind readers can
tell apart (Okabe and Ito 2008); its title says what a person sees. Lengths that differ, and no rows at all, are a ValueError.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter
from numpy.typing import ArrayLike, NDArray

from domain.money import Money, exponent
from training.bootstrap import Interval
from training.metrics import Bins, Floats, Scored, auc, ece, equal_mass_bins, pr_auc

BLUE, ORANGE, GREY, INK = "#0072B2", "#D55E00", "#9A9A9A", "#333333"
PERCENT = PercentFormatter(1, symbol=" %")
Z95 = 1.959964
"""The 97.5 % quantile of the normal distribution."""


def reliability(y: ArrayLike, p: ArrayLike, title: str) -> Figure:
    """Reliability diagram: in ten bins of equal mass, what was forecast and what happened; beneath it, where the forecasts lie.

    The bars are Wilson's 95 % intervals of the bin's rate. The axes span the bins and the middle 99 % of the forecasts, so that a base
    rate of 1.5 % fills the picture.
    """
    scored = _binary(y, p)
    bins = equal_mass_bins(scored)
    figure = figure_of(title)
    above, beneath = figure.subplots(2, 1, sharex=True, height_ratios=[4, 1])
    low, high = wilson(bins.observed, bins.weight)
    span = _padded(np.r_[bins.predicted, np.quantile(scored.p, [0.005, 0.995])])
    ends = _padded(np.r_[bins.predicted, low, high])
    above.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle="--", label="as forecast")
    above.vlines(bins.predicted, low, high, color=BLUE, linewidth=1.5)
    above.plot(
        bins.predicted, bins.observed, "o", color=BLUE, clip_on=False, label=f"a tenth of the rows, 95 % interval (ECE {ece(scored):.4f})"
    )
    above.set(ylim=ends, xlim=span, ylabel="happened")
    above.yaxis.set_major_formatter(PERCENT)
    above.legend(frameon=False, loc="upper left")
    beneath.hist(scored.p, bins=60, range=span, color=GREY)
    beneath.set(xlabel="forecast", ylabel="rows")
    beneath.xaxis.set_major_formatter(PERCENT)
    beneath.yaxis.set_major_locator(MaxNLocator(2, integer=True))
    return plain(figure)


def deciles(y: ArrayLike, p: ArrayLike) -> Figure:
    """Predicted and actual mean in each tenth of the rows, lowest forecasts first; rows of the same forecast share a place."""
    bins = equal_mass_bins(_binary(y, p))
    figure = figure_of(_deciles_title(bins))
    axes = figure.subplots()
    place = np.arange(1, len(bins.weight) + 1)
    axes.bar(place, bins.observed, color=BLUE, alpha=0.55, width=0.7, label="actual")
    axes.hlines(bins.predicted, place - 0.42, place + 0.42, color=ORANGE, linewidth=2.5, label="predicted")
    axes.set(xlabel="rows by forecast, lowest tenth first", ylabel="mean outcome", xticks=place)
    axes.yaxis.set_major_formatter(PERCENT)
    axes.legend(frameon=False, loc="upper left")
    return plain(figure)


def roc_pr(y: ArrayLike, p: ArrayLike) -> Figure:
    """The ROC and the precision-recall curve, each beside what chance would give.

    Raises:
        ValueError: all outcomes are the same, so there is nothing to rank.
    """
    scored = _binary(y, p)
    base_rate = float(scored.y.mean())
    if base_rate in (0, 1):
        raise ValueError("all outcomes are the same; expected some of both")
    order = np.argsort(-scored.p, kind="stable")
    last_of_tie = np.flatnonzero(np.diff(scored.p[order], append=-1))
    named = last_of_tie + 1
    hits = np.cumsum(scored.y[order])[last_of_tie]
    recall = hits / hits[-1]
    figure = figure_of(f"Ranks a positive row above a negative one in {_percent(auc(scored))} of pairs")
    left, right = figure.subplots(1, 2)
    _draw_roc(left, (named - hits) / (len(scored) - hits[-1]), recall, f"AUC {auc(scored):.3f}")
    _draw_precision(right, recall, hits / named, base_rate, f"average precision {pr_auc(scored):.3f}")
    return plain(figure)


def gain(names: Sequence[str], gains: ArrayLike, top: int = 25) -> Figure:
    """What the model looks at: the inputs with the largest gain (LightGBM's total loss reduction), and their share of all gain."""
    amounts = np.asarray(gains, dtype=np.float64)
    _same_length(names=names, gains=amounts)
    if amounts.sum() <= 0:
        raise ValueError("no input has any gain; expected a trained model")
    shares = amounts / amounts.sum()
    order = np.argsort(-shares, kind="stable")
    half = int(np.searchsorted(np.cumsum(shares[order]), 0.5 - 1e-9)) + 1
    figure = figure_of(f"Half of what the model has learnt comes from {half} of {len(names)} inputs")
    axes = figure.subplots()
    shown = order[:top]
    bars = axes.barh([names[i] for i in shown], shares[shown], color=BLUE, height=0.7)
    axes.bar_label(bars, [_percent(share) for share in shares[shown]], padding=3, fontsize=8, color=INK)
    axes.invert_yaxis()
    axes.set(xlabel="share of the total gain", xlim=(0, shares.max() * 1.1))
    axes.xaxis.set_major_formatter(PERCENT)
    axes.tick_params(axis="y", labelsize=8, length=0)
    return plain(figure, grid="x")


def kept_margin_by_cutoff(
    p_return: ArrayLike, y_return: ArrayLike, margin_if_kept: ArrayLike, loss_if_returned: ArrayLike, *, currency: str
) -> Figure:
    """What would have been left in the till, had only the lines with P(return) up to a cut-off been offered.

    kept margin(c) = Σ_{i: p_i ≤ c} ( (1 - y_i) · M_i - y_i · L_i ), over the cut-off that leaves the given share of lines. The best
    point is known in hindsight only: it shows what there is to win, not what a cut-off chosen before would have won.

    Args:
        p_return: P(return), (n,).
        y_return: 1 where the line came back, (n,).
        margin_if_kept: M per line, minor units.
        loss_if_returned: L per line, minor units.
        currency: ISO 4217 code.
    """
    scored = _binary(y_return, p_return)
    margins, losses = _whole(margin_if_kept), _whole(loss_if_returned)
    _same_length(forecasts=scored.p, margins=margins, losses=losses)
    share, cutoff, kept = _kept_margins(scored, np.where(scored.y == 1, -losses, margins))
    best = int(np.argmax(kept))
    figure = figure_of(_cutoff_title(1 - share[best], len(scored), Money(int(kept[best] - kept[-1]), currency)))
    axes = figure.subplots()
    major = kept / 10 ** exponent(currency)
    axes.axhline(0, color=GREY, linewidth=1)
    axes.plot(share, major, color=BLUE, linewidth=2)
    for place, colour, size, told in (
        (-1, INK, 11, "offer everything"),
        (best, ORANGE, 7, f"best in hindsight, P(return) up to {cutoff[best]:.2f}"),
    ):
        label = f"{told}: {Money(int(kept[place]), currency)}"
        axes.plot(share[place], major[place], "o", color=colour, markersize=size, label=label, clip_on=False)
    axes.set(xlabel="share of lines offered, lowest P(return) first", ylabel=f"kept margin, {currency}", xlim=(0, 1))
    axes.xaxis.set_major_formatter(PERCENT)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda amount, _: f"{amount:,.10g}"))
    figure.legend(frameon=False, loc="outside lower center", ncols=2)
    return plain(figure)


def per_slice(names: Sequence[str], intervals: Sequence[Interval], title: str) -> Figure:
    """One metric in each slice of the rows, with its interval; a hollow dot has none, and an undefined metric says so."""
    _same_length(names=names, intervals=intervals)
    figure = figure_of(title)
    axes = figure.subplots()
    for place, interval in enumerate(intervals):
        if math.isnan(interval.value):
            axes.text(0.01, place, "not defined", transform=axes.get_yaxis_transform(), va="center", color=GREY, fontsize=8)
            continue
        ranged = not math.isnan(interval.low)
        axes.plot([interval.low, interval.high], [place, place], color=BLUE, linewidth=1.5)
        axes.plot(interval.value, place, "o", color=BLUE, markerfacecolor=BLUE if ranged else "white")
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", labelsize=8 if len(names) > 15 else 10, length=0)
    return plain(figure, grid="x")


def by_position(position: ArrayLike, y: ArrayLike, p: ArrayLike, p_at_top: ArrayLike) -> Figure:
    """What happened at each position of the list, and what was forecast for it: as shown, and had every offer stood at the top.

    Between the last two lies what the position does; what is left of the slope at the top is that better offers were shown higher up.

    Args:
        position: 1 at the top, (n,); the first 40 are drawn.
        y: outcomes, (n,).
        p: forecasts at those positions, (n,).
        p_at_top: forecasts with the position removed, (n,).
    """
    _same_length(positions=np.asarray(position), outcomes=np.asarray(y), forecasts=np.asarray(p), at_top=np.asarray(p_at_top))
    place, number, rows = np.unique(np.asarray(position), return_inverse=True, return_counts=True)
    happened, seen, removed = (np.bincount(number, np.asarray(each, dtype=np.float64)) / rows for each in (y, p, p_at_top))
    figure = figure_of(f"At position {place[0]} {_percent(happened[0])} came, at position {place[-1]} {_percent(happened[-1])}")
    axes = figure.subplots()
    low, high = wilson(happened, rows.astype(np.float64))
    axes.vlines(place, low, high, color=BLUE, linewidth=1.5)
    axes.plot(place, happened, "o", color=BLUE, label="happened, 95 % interval")
    axes.plot(place, seen, color=ORANGE, linewidth=2, label="forecast where it was shown")
    axes.plot(place, removed, color=GREY, linewidth=2, linestyle="--", label="forecast at the top")
    axes.set(xlabel="position in the list", ylabel="mean outcome", xlim=(0, min(int(place[-1]), 40) + 1))
    axes.yaxis.set_major_formatter(PERCENT)
    axes.legend(frameon=False, loc="upper right")
    return plain(figure)


def save(figure: Figure, path: Path) -> None:
    """Write the figure as a PNG; the same figure gives the same bytes, as neither date nor program is written into it."""
    figure.savefig(path, format="png", metadata={"Software": None})


def wilson(rate: Floats, n: Floats) -> tuple[Floats, Floats]:
    """Wilson's 95 % score interval of a rate seen in n rows (Wilson 1927).

    ( r + z²/2n ± z · √( r(1-r)/n + z²/4n² ) ) / ( 1 + z²/n )
    """
    z2n = Z95**2 / n
    middle = (rate + z2n / 2) / (1 + z2n)
    reach = np.sqrt(Z95**2 * rate * (1 - rate) / n + z2n**2 / 4) / (1 + z2n)
    return middle - reach, middle + reach


def _deciles_title(bins: Bins) -> str:
    told = [
        f"{_percent(predicted)} predicted, {_percent(actual)} came" for predicted, actual in zip(bins.predicted, bins.observed, strict=True)
    ]
    return f"Highest tenth: {told[-1]}; lowest: {told[0]}"


def _cutoff_title(left_out: float, lines: int, won: Money) -> str:
    if won.minor == 0:
        return "Offering everything kept the most"
    return f"Leaving out the {round(left_out * lines):,} riskiest of {lines:,} lines would have kept {won} more"


def _kept_margins(scored: Scored, amounts: NDArray[np.int64]) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Share offered, cut-off and kept margin, from offering nothing to everything; tied lines are offered together."""
    order = np.argsort(scored.p, kind="stable")
    p = scored.p[order]
    last_of_tie = np.flatnonzero(np.diff(p, append=2))
    kept = np.cumsum(amounts[order])[last_of_tie]
    return np.r_[0, (last_of_tie + 1) / len(scored)], np.r_[0, p[last_of_tie]], np.r_[0, kept]


def _binary(y: ArrayLike, p: ArrayLike) -> Scored:
    scored = Scored(y, p)
    if not scored.binary:
        raise ValueError(f"a forecast of {scored.p.shape[1]} classes; expected a binary one")
    _same_length(outcomes=scored.y)
    return scored


def _same_length(**columns: Sequence[Any] | NDArray[Any]) -> None:
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        raise ValueError(f"lengths {lengths}; expected the same, and at least 1")


def _whole(amounts: ArrayLike) -> NDArray[np.int64]:
    minor = np.asarray(amounts)
    if minor.dtype.kind not in "iu":
        raise ValueError(f"amounts of type {minor.dtype}; expected whole minor units")
    return minor.astype(np.int64)


def figure_of(title: str) -> Figure:
    """An empty figure with a title that says what is to be seen."""
    figure = Figure(figsize=(9, 6), dpi=100, layout="constrained", facecolor="white")
    figure.suptitle(title, x=0.02, ha="left", fontsize=12, fontweight="bold", color=INK)
    return figure


def _draw_roc(axes: Any, false_alarms: Floats, recall: Floats, label: str) -> None:
    axes.plot(np.r_[0, false_alarms], np.r_[0, recall], color=BLUE, linewidth=2, label=label)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="chance")
    axes.set(xlabel="share of the negative rows", ylabel="share of the positive rows")
    axes.legend(frameon=False, loc="lower right")


def _draw_precision(axes: Any, recall: Floats, precision: Floats, base_rate: float, label: str) -> None:
    """The axis ends above the precision from a recall of 2 % on: before that a handful of rows decides."""
    axes.plot(recall, precision, color=BLUE, linewidth=2, label=label)
    axes.axhline(base_rate, color=GREY, linestyle="--", linewidth=1, label=f"base rate {base_rate:.3f}")
    axes.set(xlabel="recall: positive rows found", ylabel="precision: positive rows among those named")
    axes.set_ylim(0, 1.1 * precision[recall >= 0.02].max())
    axes.legend(frameon=False, loc="upper right")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _padded(values: Floats) -> tuple[float, float]:
    low, high = float(values.min()), float(values.max())
    room = 0.05 * (high - low) or 0.01
    return max(0.0, low - room), min(1.0, high + room)


def plain(figure: Figure, grid: Literal["x", "y"] = "y") -> Figure:
    """Without frames, with a faint grid."""
    for axes in figure.axes:
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis=grid, color="#E6E6E6", linewidth=0.8)
        axes.set_axisbelow(True)
    return figure
