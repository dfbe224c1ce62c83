"""A simulation in the terminal: what each policy earned, and against ranking by conversion."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from rich import box
from rich.table import Table

from domain.money import Money
from experiments.simulation.policies import MEANINGS
from experiments.simulation.report import BASELINE, Interval, Report

_COLUMNS: Mapping[str, str] = {
    "kept_margin_per_1000_views": "kept margin\nper 1,000 views",
    "revenue_per_1000_views": "revenue\nper 1,000 views",
    "orders": "orders",
    "return_rate": "return rate",
    "size_return_rate": "returned\nfor size",
    "order_accuracy": "kept on the\nfirst order",
    "regret": "regret to\nthe oracle",
}
_VERSUS: Mapping[str, str] = {
    "kept_margin_per_1000_views": "kept margin",
    "orders": "orders",
    "returns": "returns",
    "return_rate": "return rate",
    "size_return_rate": "returned for size",
    "order_accuracy": "kept on the first order",
}


def policies_table(found: Report, currency: str) -> Table:
    """What each policy earned, mean over the seeds."""
    table = _table(f"shop {found.shop!r}, seeds {_seeds(found)}: expected in truth, mean over the seeds", ["policy", *_COLUMNS.values()])
    for policy, metrics in found.policies.items():
        table.add_row(policy, *(_value(name, metrics, currency) for name in _COLUMNS), style="bold" if policy == "kept_margin" else "")
    return table


def versus_table(found: Report) -> Table:
    """Each policy against ranking by conversion: relative differences with paired 95 % intervals over the seeds."""
    title = f"against ranking by {BASELINE}: same shoppers, same luck; 95 % intervals over {len(found.seeds)} seeds"
    table = _table(title, ["policy", *_VERSUS.values(), "of the oracle's gain"])
    for pair, metrics in found.versus.items():
        policy = pair.partition("/")[0]
        share = found.policies[policy].get("oracle_gain_share")
        table.add_row(policy, *(_cell(metrics[name]) for name in _VERSUS), _cell(share, sign=False) if share else "")
    return table


def parts_table(found: Report, policy: str = "kept_margin") -> Table:
    """The same for parts of the customers: does somebody pay for it?"""
    pair = f"{policy}/{BASELINE}"
    table = _table(f"{policy} against {BASELINE} by part of the customers", ["customers", *_VERSUS.values()])
    for part, metrics in found.parts_versus[pair].items():
        table.add_row(part, *(_cell(metrics[name]) for name in _VERSUS))
    return table


def legend(found: Report) -> Iterator[str]:
    """What the policies are."""
    for policy in found.policies:
        yield f"{policy}: {MEANINGS[policy.partition('#')[0]]}"


def percent(interval: Interval, *, sign: bool = True) -> str:
    """A share with its interval.

    >>> percent(Interval(0.123, 0.1, 0.15))
    '+12.3 % [+10.0, +15.0]'
    """
    if math.isnan(interval.value):
        return "-"
    form = "+.1f" if sign else ".1f"
    told = f"{100 * interval.value:{form}} %"
    return told if math.isnan(interval.low) else f"{told} [{100 * interval.low:{form}}, {100 * interval.high:{form}}]"


def _cell(interval: Interval, *, sign: bool = True) -> str:
    """The interval below its value: a cell stays narrow."""
    return percent(interval, sign=sign).replace(" [", "\n[")


def _value(name: str, metrics: Mapping[str, Interval], currency: str) -> str:
    if name not in metrics:
        return "-"
    value = metrics[name].value
    if name.endswith("_per_1000_views"):
        return str(Money(round(value), currency))
    return f"{value:,.0f}" if name == "orders" else f"{100 * value:.1f} %"


def _seeds(found: Report) -> str:
    first, last = found.seeds[0], found.seeds[-1]
    return str(first) if first == last else f"{first}..{last}"


def _table(title: str, columns: list[str]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    table.add_column(columns[0])
    for column in columns[1:]:
        table.add_column(column, justify="right")
    return table
