"""How fast the demo shop is made: order lines a minute with all that belongs to them, peak memory, and how both grow with its customers.

python -m benchmarks.demo_shop [--customers 10000 100000 1000000] [--json FILE]

So that a run ends, larger shops live fewer days: as many as bring about 200,000 order lines. Tables are written part by part, as the days
pass; a line stands for itself and its 26 impressions, 10 events, and half a return, verdict or ticket. The smallest shop is made a second
time as `keeprank demo-shop` makes it: held in memory as a whole and checked against the data contract before it is written.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.measured import Clock, Measured, machine, measure
from experiments.demo_shop import ShopSettings, generate
from experiments.demo_shop.generate import standing_tables
from experiments.demo_shop.history import Frames, Shop, State, as_known, logged_days
from features.source import write_tables

LINES = 200_000
LINES_A_DAY_AND_CUSTOMER = 0.0135
"""In the first weeks, when about half of the customers have joined."""

FEWEST_DAYS, MOST_DAYS = 10, 400
STYLES = 2_000
LINES_A_MINUTE, GROWTH = 200_000, 1.5
"""Aims: at least so many; and a line of the largest shop takes at most so many times what a line of the smallest takes."""


@dataclass(frozen=True)
class Found:
    """A measurement.

    Attributes:
        how: "in parts" or "as a whole".
        customers: accounts.
        days: that the shop lived.
        lines: order lines that were written.
        seconds: from the first customer drawn to the last table written.
        measured: the process that did it.
    """

    how: str
    customers: int
    days: int
    lines: int
    seconds: float
    measured: Measured

    @property
    def lines_a_minute(self) -> float:
        """Order lines by the wall's clock."""
        return 60 * self.lines / self.seconds


def days_of(customers: int) -> int:
    """How many days bring about `LINES` order lines."""
    return int(min(max(LINES / (customers * LINES_A_DAY_AND_CUSTOMER), FEWEST_DAYS), MOST_DAYS))


def in_parts(clock: Clock, customers: int, days: int, folder: str) -> dict[str, Any]:
    """Let a shop live some days and write its tables as they pass; the period is longer where days are few."""
    settings = ShopSettings(customers=customers, styles=STYLES, days=max(days, 60))
    lines, written = 0, 0
    with clock.phase("customers and goods"):
        shop = Shop.of(settings)
        state = State.of(shop)
        _write(standing_tables(shop), Path(folder), 0)
    with clock.phase("days, and writing them"):
        for number, told in enumerate(logged_days(shop, state, range(days)), 1):
            known = as_known({name: frame for name, frame in told.items() if name != "truth"}, shop.begins(days))
            _write(known, Path(folder), number)
            lines, written = lines + len(known["order_lines"]), written + sum(map(len, known.values()))
    return {"lines": lines, "rows": written}


def as_a_whole(clock: Clock, customers: int, days: int, folder: str) -> dict[str, Any]:
    """What `keeprank demo-shop` does."""
    with clock.phase("made and checked"):
        tables = generate(ShopSettings(customers=customers, styles=STYLES, days=days)).tables
    with clock.phase("written"):
        write_tables(tables, Path(folder) / "shop")
    return {"lines": len(tables["order_lines"]), "rows": sum(map(len, tables.values()))}


def run(customers: list[int]) -> list[Found]:
    """All measurements, one process after the other."""
    sizes = sorted(customers)
    return [_measured(as_a_whole.__name__, sizes[0]), *(_measured(in_parts.__name__, size) for size in sizes)]


def report(found: list[Found]) -> Table:
    """As a table, with the aims."""
    table = Table()
    for head in ("how", "customers", "days", "order lines", "rows", "seconds", "lines a minute", "peak MiB"):
        table.add_column(head, justify="left" if head == "how" else "right")
    for one in found:
        numbers = (
            one.customers,
            one.days,
            one.lines,
            one.measured.found.get("rows", 0),
            one.seconds,
            one.lines_a_minute,
            one.measured.peak_mib,
        )
        table.add_row(one.measured.died or one.how, *(f"{number:,.0f}" for number in numbers))
    return table


def verdicts(found: list[Found]) -> list[str]:
    """What was aimed at."""
    parts = [one for one in found if one.how == "in parts" and one.lines]
    slowest = min(one.lines_a_minute for one in parts)
    growth = parts[0].lines_a_minute / parts[-1].lines_a_minute
    return [
        f"slowest in parts: {slowest:,.0f} lines a minute; aim: at least {LINES_A_MINUTE:,}",
        f"a line of {parts[-1].customers:,} customers takes {growth:.2f} times one of {parts[0].customers:,}; aim: at most {GROWTH}",
    ]


def _measured(work: str, customers: int) -> Found:
    days = days_of(customers)
    with tempfile.TemporaryDirectory(prefix="keeprank-") as folder:
        measured = measure(f"benchmarks.demo_shop:{work}", {"customers": customers, "days": days, "folder": folder})
    seconds = sum(cost.seconds for cost in measured.phases.values())
    return Found(work.replace("_", " "), customers, days, measured.found.get("lines", 0), seconds, measured)


def _write(told: Frames, folder: Path, part: int) -> None:
    for name, frame in told.items():
        (folder / name).mkdir(exist_ok=True)
        frame.to_parquet(folder / name / f"part-{part:04d}.parquet", index=False)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--json", type=Path, help="write the numbers here")
    given = parser.parse_args()
    told, found = machine(), run(given.customers)
    console = Console(width=max(130, Console().width))
    console.print(", ".join(f"{name} {value}" for name, value in told.items()), highlight=False)
    console.print(report(found))
    console.print("\n".join(verdicts(found)), highlight=False)
    if given.json is not None:
        given.json.write_text(json.dumps({"machine": told, "measured": [asdict(one) for one in found]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
