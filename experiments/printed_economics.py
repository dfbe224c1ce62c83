"""What people read of a shop's economics: what lines left in the till, what returned units bring, and what hangs on which cost."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich import box
from rich.table import Table

from domain.money import Money
from domain.policy import Policy
from domain.recovery import ALL, Recovery, Share
from domain.sensitivity import Ordered, Scenario, Till


def till_table(tills: Mapping[str, Till], of: Ordered) -> Table:
    """What ordered lines left, by category; amounts are means per line, except for the median price and cost of a unit."""
    left_out = f"{of.pending:,} pending" + (f", {of.unpriced:,} without a price" if of.unpriced else "")
    columns = ["lines", "net price", "unit cost", "M if kept", "L if returned", "break-even", "came back", "kept margin a line"]
    table = _table(f"what an ordered line leaves in the till, {of.currency} ({left_out} left out)", columns)
    for category, till in tills.items():
        table.add_row("all" if category == ALL else category, *_till(till, of.currency), end_section=category == ALL)
    return table


def recovery_table(recovery: Mapping[str, Recovery]) -> Table:
    """What returned units bring, beside what the policy assumes; the first row holds the categories that it treats like its default."""
    columns = ["returns", "no value yet", "a assumed", "a estimated", "b assumed", "b estimated"]
    table = _table("what returned units still bring (a: sold again as new; b: the others)", columns)
    for category, found in recovery.items():
        table.add_row(
            "usual goods" if category == ALL else category,
            f"{found.returns:,}",
            f"{found.without_value:,}",
            f"{found.assumed[0]:.3f}",
            _share(found.resold_as_new_share, found),
            f"{found.assumed[1]:.3f}",
            _share(found.recovery_share, found),
            end_section=category == ALL,
        )
    return table


def sensitivity_table(base: Till, scenarios: Sequence[Scenario], currency: str) -> Table:
    """What all lines together would have left under other costs."""
    table = _table("had this cost been another", ["kept margin a line", "against now", "break-even"])
    table.add_row("as it is", _amount(base.kept, currency), "", _rate(base.break_even), end_section=True)
    for scenario in scenarios:
        till = scenario.tills[ALL]
        table.add_row(told(scenario), _amount(till.kept, currency), _difference(till.kept - base.kept, currency), _rate(till.break_even))
    return table


def told(scenario: Scenario) -> str:
    """A scenario in a few words: "payment fee +50 %", or a preset's name."""
    return scenario.name if scenario.change is None else f"{scenario.name} {100 * scenario.change:+.0f} %"


def economics_json(
    policy: Policy, of: Ordered, tills: Mapping[str, Till], recovery: Mapping[str, Recovery], scenarios: Sequence[Scenario]
) -> dict[str, Any]:
    """All of it as JSON: amounts in minor units, shares 0-1; "" is all categories, null what is not defined."""
    content = {
        "policy_version": policy.version,
        "preset": policy.preset,
        "currency": of.currency,
        "lines_pending": of.pending,
        "lines_unpriced": of.unpriced,
        "tills": {category: asdict(till) for category, till in tills.items()},
        "recovery": {category: asdict(found) for category, found in recovery.items()},
        "scenarios": [asdict(scenario) for scenario in scenarios],
    }
    defined: dict[str, Any] = _defined(content)
    return defined


def _defined(value: Any) -> Any:
    """JSON has no NaN."""
    if isinstance(value, dict):
        return {key: _defined(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_defined(item) for item in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def _till(till: Till, currency: str) -> list[str]:
    assumed = f" ({till.cost_assumed:.0%} assumed)" if till.cost_assumed else ""
    return [
        f"{till.lines:,}",
        _amount(till.price_net, currency),
        _amount(till.unit_cost, currency) + assumed,
        _amount(till.margin, currency),
        _amount(till.loss, currency),
        _rate(till.break_even),
        _rate(till.return_rate),
        _amount(till.kept, currency),
    ]


def _share(share: Share, found: Recovery) -> str:
    return f"{share.value:.3f} [{share.low:.3f}, {share.high:.3f}]" if found.returns else "-"


def _amount(minor: int, currency: str) -> str:
    """The amount without its currency, which the table's title tells."""
    return str(Money(minor, currency)).removeprefix(f"{currency} ")


def _difference(minor: int, currency: str) -> str:
    return ("+" if minor > 0 else "") + _amount(minor, currency)


def _rate(rate: float) -> str:
    return "-" if math.isnan(rate) else f"{rate:.1%}"


def _table(title: str, columns: Sequence[str]) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    return table
