"""One table of how good the models are on public data, that a stranger with the files can make again.

python -m benchmarks.quality [--data ../shared/data]
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
from rich.progress import track

from domain.contract import checked
from domain.policy import parse_policy
from experiments.backtest import Backtest, backtest_at_random, backtest_by_time
from experiments.printed import shown
from features.shop import Shop
from training.adapters import ADAPTERS
from training.settings import Settings, parse_settings

ROOT = Path(__file__).parent.parent
UCI, _RTR = "online_retail/online_retail.parquet", "rent_the_runway/rentals.parquet"


def shop_of(source: str, file: Path) -> Shop:
    """The shop in a public data set's file."""
    tables = checked(ADAPTERS[source].convert(file).tables, now=pd.Timestamp.now("UTC").to_pydatetime())
    return Shop.of(tables, parse_policy((ROOT / "config/policy.toml").read_text()).window_days)


def measure(data: Path, settings: Settings) -> list[tuple[str, Backtest]]:
    """Every backtest of the table, with a name of its data."""
    uci, rtr = shop_of("uci-online-retail", data / UCI), shop_of("rent-the-runway", data / _RTR)
    found = [("UCI Online Retail", backtest_by_time("return", uci, settings, pd.Timestamp("2011-08-01", tz="UTC"), track))]
    found.append(("RentTheRunway", backtest_by_time("fit", rtr, settings, None, track)))
    found.append(("RentTheRunway", backtest_at_random("fit", rtr, replace(settings, seed=1), track)))
    return found


def table(found: list[tuple[str, Backtest]]) -> str:
    """The table, as Markdown."""
    head = "| data | model, split | rows | who | AUC | PR-AUC | log-loss | ECE | AUC gained |\n|---|---|---|---|---|---|---|---|---|"
    return "\n".join([head, *(line for name, backtest in found for line in _lines(name, backtest))])


def _lines(name: str, found: Backtest) -> list[str]:
    split = f"{found.model}, time {found.cut[:10]}" if found.cut else f"{found.model}, random (seed {found.seed})"
    everyone = [
        ("**Keeprank**", found.evaluation.metrics, ""),
        *((who, metrics, shown(found.versus[who]["auc"])) for who, metrics in found.baselines.items()),
    ]
    lines = []
    for who, metrics, gained in everyone:
        numbers = " | ".join([shown(metrics["auc"]), *(f"{metrics[metric].value:.4f}" for metric in ("pr_auc", "log_loss", "ece"))])
        lines.append(f"| {name} | {split} | {found.rows_test:,} | {who} | {numbers} | {gained} |")
    return lines


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("KEEPRANK_DATA", ROOT.parent / "shared" / "data")))
    data: Path = parser.parse_args().data
    if not data.is_dir():
        sys.exit(f"{data} does not exist; set KEEPRANK_DATA to the folder of the public data sets")
    found = measure(data, parse_settings((ROOT / "config/training.toml").read_text()))
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, {pd.Timestamp.now():%Y-%m-%d}\n")
    print(table(found))


if __name__ == "__main__":
    main()
