"""What a closed loop costs: its past, its models, and a day of each kind of policy, and how that grows with the shop's customers.

python -m benchmarks.simulation [--customers 2000 10000 100000] [--json FILE]

The past is 60 days, the comparison two; larger shops have more visits a day, and nothing else changes. A smaller shop has too few returns
in 60 days to learn from.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.measured import ROOT, Clock, Measured, machine, measure
from domain.policy import parse_policy
from experiments.demo_shop import ShopSettings
from experiments.simulation.loop import Simulation
from experiments.simulation.plan import EVERYBODY, Plan
from experiments.simulation.policies import contenders
from training.settings import parse_settings

DAYS_BEFORE, DAYS, STYLES, IMPRESSIONS = 60, 2, 300, 100_000
KINDS = ("popular", "kept_margin", "oracle")


@dataclass(frozen=True)
class Found:
    """A measurement.

    Attributes:
        customers: accounts.
        measured: the process that did it; it found the visits of the compared days and the order lines of the past.
    """

    customers: int
    measured: Measured


def closed_loop(clock: Clock, customers: int) -> dict[str, Any]:
    """One seed of a comparison."""
    config = ROOT / "config"
    settings, policy = parse_settings((config / "training.toml").read_text()), parse_policy((config / "policy.toml").read_text())
    shop = ShopSettings(customers=customers, styles=STYLES, days=DAYS_BEFORE + DAYS)
    with clock.phase("past"):
        simulation = Simulation(Plan(shop, DAYS, policy, settings, retrain_days=DAYS, impressions=IMPRESSIONS), lambda: None)
    with clock.phase("features of the log"):
        simulation.log()
    with clock.phase("learning"):
        simulation.learned(contenders("kept_margin")[0])
    visits = 0.0
    for contender in contenders(",".join(KINDS)):
        with clock.phase(contender.name):
            visits = simulation.run(contender).sums[EVERYBODY]["visits"]
    return {"visits": visits, "lines": len(simulation.past["order_lines"])}


def report(found: list[Found]) -> Table:
    """Seconds by phase; those of a policy are for one day."""
    phases = ("past", "features of the log", "learning", *KINDS)
    table = Table(title=f"{DAYS_BEFORE} days of the past, then {DAYS}; seconds of a policy are those of one day")
    for head in ("customers", "visits a day", "lines of the past", *phases, "ms a visit", "peak MiB"):
        table.add_column(head, justify="right")
    for one in found:
        costs = one.measured.phases
        if one.measured.died:
            table.add_row(f"{one.customers:,}", one.measured.died)
            continue
        visits = one.measured.found["visits"] / DAYS
        seconds = [costs[name].seconds / (DAYS if name in KINDS else 1) for name in phases]
        told = [f"{value:,.1f}" for value in seconds]
        each = 1_000 * costs["kept_margin"].seconds / DAYS / visits
        table.add_row(
            f"{one.customers:,}", f"{visits:,.0f}", f"{one.measured.found['lines']:,}", *told, f"{each:.1f}", f"{one.measured.peak_mib:,}"
        )
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, nargs="+", default=[2_000, 10_000, 100_000])
    parser.add_argument("--json", type=Path, help="write the numbers here")
    given = parser.parse_args()
    told = machine()
    found = [Found(size, measure("benchmarks.simulation:closed_loop", {"customers": size})) for size in sorted(given.customers)]
    console = Console(width=max(150, Console().width))
    console.print(", ".join(f"{name} {value}" for name, value in told.items()), highlight=False)
    console.print(report(found))
    if given.json is not None:
        given.json.write_text(json.dumps({"machine": told, "measured": [asdict(one) for one in found]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
