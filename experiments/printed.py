"""What people read in the terminal: tables of metrics, of the gate's verdict, of ranked offers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich import box
from rich.markup import escape
from rich.table import Table

from domain.money import Money
from experiments.backtest import Backtest
from experiments.walk_forward import OURS, WalkForward
from training.bootstrap import Interval
from training.comparing import ALL
from training.coverage import Covered
from training.evaluate import Evaluation
from training.gate import Verdict
from training.history import Change

_SHOWN = {
    "auc": "AUC",
    "pr_auc": "PR-AUC",
    "log_loss": "log-loss",
    "ece": "ECE",
    "macro_f1": "macro-F1",
    "mean_ratio": "predicted / observed",
    "top_decile_ratio": "top tenth",
}
"""Metrics in the terminal, by their headings; the JSON holds all of them with their intervals."""


def evaluation_table(title: str, evaluation: Evaluation) -> Table:
    """Metrics overall and per slice."""
    names = [name for name in _SHOWN if name in evaluation.metrics]
    table = _table(title, ["rows", *(_SHOWN[name] for name in names)])
    table.add_row("all", f"{evaluation.rows:,}", *_row(evaluation.metrics, names), end_section=True)
    for part in evaluation.slices:
        table.add_row(part.name, f"{part.rows:,}", *_row(part.metrics, names))
    return table


def coverage_table(title: str, covered: Sequence[Covered]) -> Table:
    """Whether intervals kept their word: how many held the rate of their batch, and how wide they are, per slice."""
    table = _table(title, ["rows", "held", "mean width"])
    for one in covered:
        table.add_row(f"{one.of}, {one.slice}", f"{one.rows:,}", f"{one.coverage:.1%}", f"{one.width:.3f}")
    return table


def backtest_table(found: Backtest) -> Table:
    """The model beside its baselines, and per slice."""
    when = f"cut {found.cut[:10]}" if found.cut else f"seed {found.seed}"
    title = f"{found.model}, split by {found.split} ({when}): {found.rows_train:,} rows train, {found.rows_test:,} judge"
    names = [name for name in _SHOWN if name in found.evaluation.metrics]
    table = _table(title, ["rows", *(_SHOWN[name] for name in names), "AUC gained over it"])
    table.add_row("Keeprank", f"{found.rows_test:,}", *_row(found.evaluation.metrics, names), "", style="bold")
    for name, metrics in found.baselines.items():
        table.add_row(name, "", *_row(metrics, names), shown(found.versus[name]["auc"]), style="dim")
    table.add_section()
    for part in found.evaluation.slices:
        table.add_row(part.name, f"{part.rows:,}", *_row(part.metrics, names), "")
    return table


def walk_forward_table(found: WalkForward) -> Table:
    """Month by month and their mean, the others beneath, and all months' rows by slice."""
    names = [name for name in _SHOWN if name in found.mean[OURS]]
    rows = sum(month.rows_test for month in found.months)
    table = _table(f"{found.model}, month by month: {rows:,} rows judge", ["rows", *(_SHOWN[name] for name in names), "AUC gained over it"])
    for month in found.months:
        table.add_row(month.month, f"{month.rows_test:,}", *_row(month.metrics[OURS], names), "")
    for left_out, why in found.left_out.items():
        table.add_row(f"{left_out}: {why}")
    table.add_section()
    table.add_row("mean of the months", "", *_row(found.mean[OURS], names), "", style="bold")
    for name, versus in found.versus.items():
        table.add_row(name, "", *_row(found.mean[name], names), shown(versus["auc"]), style="dim")
    table.add_section()
    table.add_row("all months in one", f"{rows:,}", *_row(found.evaluation.metrics, names), "")
    for part in found.evaluation.slices:
        table.add_row(part.name, f"{part.rows:,}", *_row(part.metrics, names), "")
    return table


def verdict_table(verdict: Verdict) -> Table:
    """Champion against challenger, measure by measure; of the parts only those that are worse."""
    title = f"challenger version {verdict.challenger.number} against " + (
        f"champion version {verdict.champion.number}" if verdict.champion else "the overall rate (there is no champion)"
    )
    table = _table(title, ["rows", "champion" if verdict.champion else "overall rate", "challenger", "difference", ""])
    for one in (one for one in verdict.comparisons if one.part == ALL or one.worse_for_sure):
        measured = f"{one.champion:.5f}", f"{one.challenger:.5f}", "" if one.metric == "us_per_row" else shown(one.difference)
        stands = "worse" if one.worse_for_sure else "better" if one.better else "not better"
        named = f"{one.kind} {one.metric}" + ("" if one.part == ALL else f" of {one.part}")
        table.add_row(named, f"{one.rows:,}", *measured, "" if one.metric == "us_per_row" else stands)
    parts = len({(one.kind, one.part) for one in verdict.comparisons} - {(one.kind, ALL) for one in verdict.comparisons})
    if parts:
        table.caption = f"{parts} parts were compared too; those worse by more than chance are listed"
    for objection in verdict.objections:
        table.add_row(objection, "", "", "", "", "objection")
    return table


def history_table(changes: Sequence[Change]) -> Table:
    """Who changed which release serves, the latest last."""
    table = Table(title="which release is challenger and champion", title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("#", "when (UTC)", "who", "what", "from", "to", "why"):
        table.add_column(name)
    for one in changes:
        why = "; ".join(part for part in (one.why, one.objections and f"against: {one.objections}") if part)
        told = (one.at[:16].replace("T", " ") or "?", one.by or "?", one.what, one.before, one.after, why)
        table.add_row(str(one.number), *(escape(part) for part in told))
    return table


def ranking_table(title: str, reply: Mapping[str, Any], products: Mapping[str, str], by_margin: Sequence[str]) -> Table:
    """Ranked offers as a person likes to read them.

    Args:
        title: above the table.
        reply: what POST /v1/rank replied.
        products: a readable name by sku.
        by_margin: the skus ranked by margin alone, as a shop does that knows nothing of returns.
    """
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name, justify in (("#", "right"), ("offer", "left"), ("fits", "right"), ("comes back", "right")):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for name in ("price, net", "if kept", "if returned", "expected", "by margin alone"):
        table.add_column(name, justify="right")
    table.add_column("why")
    for position, offer in enumerate(reply["offers"], start=1):
        table.add_row(
            str(position), *_offer(offer, reply["currency"], products), _moved(position, by_margin.index(offer["sku"]) + 1), _why(offer)
        )
    return table


def shown(interval: Interval) -> str:
    """A value and its range.

    >>> shown(Interval(0.78712, 0.7451, 0.8226))
    '0.787 [0.745, 0.823]'
    """
    if math.isnan(interval.value):
        return "-"
    if math.isnan(interval.low):
        return f"{interval.value:.3f}"
    return f"{interval.value:.3f} [{interval.low:.3f}, {interval.high:.3f}]"


def _row(metrics: Mapping[str, Interval], names: Sequence[str]) -> list[str]:
    """The AUC with its range, the others without, so that a row fits on a line."""
    return [shown(metrics[name]) if name == "auc" else shown(Interval(metrics[name].value, math.nan, math.nan)) for name in names]


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _offer(offer: Mapping[str, Any], currency: str, products: Mapping[str, str]) -> list[str]:
    money, fit = offer["money"], offer["fit"]
    amounts = (money["price_net"], money["margin_if_kept"], -money["loss_if_returned"], money["expected_kept_margin"])
    return [
        products.get(offer["sku"], offer["sku"]),
        f"{fit['fits']:.0%}" if fit else "-",
        f"{offer['p_return']:.1%}",
        *(str(Money(amount, currency)) for amount in amounts),
    ]


def _moved(now: int, before: int) -> str:
    moved = before - now
    return f"{before}" + (f" (up {moved})" if moved > 0 else f" (down {-moved})" if moved < 0 else "")


def _why(offer: Mapping[str, Any]) -> str:
    for reason in offer["reasons"][:1]:
        return f"{'+' if reason['effect'] == 'raises' else '-'} {reason['meaning'].partition(',')[0]}"
    return str(offer["fallback"])
