"""How long candidates take to find, and how much memory, from 1,000 to 100,000 skus; and a demo shop of 100,000 skus to judge them on.

python -m benchmarks.retrieval [--skus 1000 10000 100000] [--json FILE]      time, memory and size, each in a process of its own
python -m benchmarks.retrieval --shop DIR                                    makes the shop; then: keeprank recall DIR --cut 2026-07-20

The time is that of one shopper, one after the other, on one thread: from what is known of her to 200 skus with the sources that name them.
The shop is made in parts and without impressions, which would not fit into memory and which retrieval does not read.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.measured import Clock, Measured, machine, measure, say

CUSTOMERS, STYLES, DAYS = 40_000, 15_600, 600
_STOCK_DAYS = 100
_LEFT_OUT = ("truth", "impressions", "tickets")

SIZES_PER_STYLE, FACTORS, DEEDS, SHOPPERS = 6, 48, 60, 300
MOST_MS = 10.0
"""Aim: at most so long for one shopper at the most skus, of the processor's time: the wall's clock also tells what others take."""


@dataclass(frozen=True)
class Found:
    """A measurement.

    Attributes:
        skus: how many.
        load_ms: to read the release's part and lay it over the assortment.
        median_ms, p99_ms: of one shopper, on the wall's clock.
        cpu_ms: of one shopper, on the average.
        file_mib: size of the release's part.
        measured: the process.
    """

    skus: int
    load_ms: float
    median_ms: float
    p99_ms: float
    cpu_ms: float
    file_mib: float
    measured: Measured


def find_candidates(clock: Clock, skus: int) -> dict[str, Any]:
    """Candidates for shoppers who did something at random, in a shop that sold at random."""
    from training.retrieval.learned import Learned
    from training.retrieval.retriever import Retriever
    from training.retrieval.shopper import Shopper

    rng = np.random.default_rng(1)
    with clock.phase("a shop at random"):
        goods, learned = _at_random(skus, rng)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "retrieval"
        learned.write(folder)
        file_mib = sum(file.stat().st_size for file in folder.iterdir()) / 2**20
        began = time.perf_counter()
        retriever = Retriever.of(Learned.read(folder), goods)
        load_ms = 1_000 * (time.perf_counter() - began)
    sold, taken = rng.random(skus) < 0.9, []
    with clock.phase("shoppers"):
        cpu = time.process_time()
        for _ in range(SHOPPERS):
            shopper = Shopper("DE", rng.integers(0, skus, DEEDS), rng.integers(0, 7, DEEDS), rng.uniform(0, 400, DEEDS))
            began = time.perf_counter()
            retriever.candidates(shopper, 1_780_000_000_000_000, sold)
            taken.append(1_000 * (time.perf_counter() - began))
        cpu_ms = 1_000 * (time.process_time() - cpu) / SHOPPERS
    median, p99 = np.quantile(taken, [0.5, 0.99])
    return {"load_ms": load_ms, "median_ms": float(median), "p99_ms": float(p99), "cpu_ms": cpu_ms, "file_mib": file_mib}


def _products_at_random(skus: int, rng: np.random.Generator) -> pd.DataFrame:
    style = np.arange(skus) // SIZES_PER_STYLE
    styles = int(style.max()) + 1
    of_style = {"category": rng.integers(0, 30, styles), "brand": rng.integers(0, 400, styles), "price": rng.integers(900, 20_000, styles)}
    looks = np.array([" ".join(f"{number:.2f}" for number in row) for row in rng.normal(size=(styles, 8))])
    return pd.DataFrame(
        {
            "sku": [f"k{number:07d}" for number in range(skus)],
            "style_id": [f"s{number:06d}" for number in style],
            "category": [f"c{number}" for number in of_style["category"][style]],
            "brand": [f"b{number}" for number in of_style["brand"][style]],
            "size": [str(34 + 2 * (number % SIZES_PER_STYLE)) for number in range(skus)],
            "size_system": "EU",
            "currency": "EUR",
            "price": of_style["price"][style],
            "looks": looks[style],
        }
    )


def _at_random(skus: int, rng: np.random.Generator) -> tuple[Any, Any]:
    from training.retrieval.goods import Goods
    from training.retrieval.inputs import INPUTS
    from training.retrieval.learned import Learned

    goods = Goods.of(_products_at_random(skus, rng))
    styles = len(goods.styles)
    names = np.array([*(f"category:{one}" for one in goods.categories), *(f"brand:{one}" for one in goods.brands)])
    learned = Learned(
        styles=goods.styles,
        factors=rng.normal(0, 0.1, (styles, FACTORS)).astype("float32"),
        content_names=names,
        content=rng.normal(0, 0.1, (len(names), FACTORS)).astype("float32"),
        markets=np.array(["", "AT", "CH", "DE"]),
        kept=rng.gamma(1.0, 3.0, (4, styles)),
        exposure=np.full(styles, 80.0),
        looked=rng.gamma(1.0, 30.0, styles),
        looked_exposure=np.full(styles, 30.0),
        sizes=goods.sizes,
        size_kept=np.ones(len(goods.sizes)),
        looks_mean=np.zeros(8),
        looks_spread=np.ones(8),
        interval_days=np.full(styles, np.nan),
        usual_interval_days=90.0,
        numbers={"regularisation": 5.0, "confidence": 20.0, "taste_half_life_days": 365.0, "trend_half_life_days": 60.0},
        weights=dict.fromkeys(INPUTS, 1.0),
        liking={0: 1.0, 1: 0.6, 2: -0.5, 3: 0.3, 4: 0.2, 5: 0.3, 6: 0.05},
    )
    return goods, learned


def make_shop(folder: Path) -> None:
    """A demo shop of 100,000 skus, its stock counted in the last `_STOCK_DAYS` days only."""
    from experiments.demo_shop import ShopSettings
    from experiments.demo_shop.generate import standing_tables
    from experiments.demo_shop.history import Shop, State, as_known, logged_days
    from features.source import write_tables

    settings = ShopSettings(customers=CUSTOMERS, styles=STYLES, days=DAYS)
    shop = Shop.of(settings)
    counted = pd.Timestamp(settings.end - _STOCK_DAYS * 86_400, unit="s", tz="UTC")
    parts: dict[str, list[pd.DataFrame]] = {}
    for told in logged_days(shop, State.of(shop), range(DAYS)):
        for name, frame in told.items():
            used = frame[frame["at"] >= counted] if name == "stock" else frame
            if name not in _LEFT_OUT and len(used):
                parts.setdefault(name, []).append(used)
        say(f"{sum(map(len, parts['order_lines'])):,} order lines")
    tables = {**standing_tables(shop), **{name: pd.concat(frames, ignore_index=True) for name, frames in parts.items()}}
    write_tables(as_known(tables, settings.end), folder)


def report(found: list[Found]) -> Table:
    """As a table."""
    table = Table()
    for head in ("skus", "load ms", "median ms", "p99 ms", "CPU ms", "release MiB", "peak MiB"):
        table.add_column(head, justify="right")
    for one in found:
        numbers = (one.load_ms, one.median_ms, one.p99_ms, one.cpu_ms, one.file_mib)
        table.add_row(f"{one.skus:,}", *(f"{number:,.2f}" for number in numbers), one.measured.died or f"{one.measured.peak_mib:,}")
    return table


def verdicts(found: list[Found]) -> list[str]:
    """What was aimed at."""
    most, growth = found[-1], found[-1].cpu_ms / found[0].cpu_ms
    return [
        f"{most.skus:,} skus: {most.cpu_ms:.1f} ms of the processor a shopper; aim: at most {MOST_MS:.0f}",
        f"{most.skus / found[0].skus:.0f} times the skus take {growth:.1f} times as long; aim: less than in proportion",
    ]


def main() -> None:
    """Measure and print, or make the shop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--skus", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--shop", type=Path, help="make the demo shop of 100,000 skus here, and do nothing else")
    parser.add_argument("--json", type=Path, help="write the numbers here")
    given = parser.parse_args()
    if given.shop is not None:
        make_shop(given.shop)
        return
    measured = [(skus, measure(f"benchmarks.retrieval:{find_candidates.__name__}", {"skus": skus})) for skus in sorted(given.skus)]
    found = [Found(skus, measured=one, **one.found) for skus, one in measured]
    console, told = Console(width=max(110, Console().width)), machine()
    console.print(", ".join(f"{name} {value}" for name, value in told.items()), highlight=False)
    console.print(report(found))
    console.print("\n".join(verdicts(found)), highlight=False)
    if given.json is not None:
        given.json.write_text(json.dumps({"machine": told, "measured": [asdict(one) for one in found]}, indent=1) + "\n")


if __name__ == "__main__":
    main()
