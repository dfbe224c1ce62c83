"""Do 90 % intervals hold 90 %? Of batches of like orders in every segment, Mondrian beside one width for all, and of the truth.

    python -m benchmarks.coverage --customers 20000 --styles 600 --seed 1
    python -m benchmarks.coverage --tables build/uci

Without tables a demo shop is generated. Its truth knows what no real shop does, each order's own P(return): the last columns say how
far that lies from the model's, and how often it lies inside an interval that was never meant for it (decision 0023).
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from crepes import ConformalRegressor
from rich.console import Console
from rich.table import Table

from domain.policy import parse_policy
from experiments.demo_shop import ShopSettings, generate
from features.build import build
from features.shop import Shop
from features.source import read_tables
from training.blocks import newest_judge
from training.conformal import strayed
from training.coverage import kept_word
from training.evaluate import slices
from training.intervals import SEGMENTS, Bounds, Flags, Floats, newcomers
from training.pipeline import Trained, learnable, train_one
from training.settings import Settings, parse_settings

ROOT = Path(__file__).parent.parent
BAND, FEWEST_ROWS = (0.88, 0.92), 1_000
"""What has to be shown: in every segment of so many rows, coverage inside the band."""


@dataclass(frozen=True)
class Segment:
    """How intervals did in one segment of the judged rows.

    Attributes:
        name: of the segment.
        rows: how many rows.
        plain: coverage with one width for all rows, learned from the same batches.
        mondrian: coverage of the release's own intervals.
        in_time: the same, of batches of rows that follow each other in time instead of drawn ones.
        batches: how many such batches there are.
        width: mean width of the release's intervals.
        own_p: share of the rows whose own true P lies inside; NaN without a truth.
        own_p_sd: standard deviation of true P minus P.
    """

    name: str
    rows: int
    plain: float
    mondrian: float
    in_time: float
    batches: int
    width: float
    own_p: float
    own_p_sd: float

    @property
    def within(self) -> bool:
        """Whether it is where it has to be."""
        return self.rows < FEWEST_ROWS or BAND[0] <= self.mondrian <= BAND[1]


def measure(shop: Shop, settings: Settings, truth: pd.Series | None) -> list[Segment]:
    """Train the return model, and judge its intervals on the newest rows.

    Args:
        shop: the shop.
        settings: of training.toml.
        truth: P(return) when ordered, by line; None where nobody knows.
    """
    rows = learnable("return", shop, settings)
    split = newest_judge(rows, settings.blocks)
    inputs = build(shop, rows.asked)
    one = train_one(rows, inputs, split, settings)
    plain = _one_width(one, inputs.iloc[split.calibrate], rows.y[split.calibrate], settings)
    own = np.full(len(one.rows), np.nan) if truth is None else truth.reindex(one.rows.line_id).to_numpy(dtype="float64")
    return list(_segments(one, plain, own, settings))


def _segments(one: Trained, plain: float, own: Floats, settings: Settings) -> Iterator[Segment]:
    p, hit, asked = one.p[:, 1], one.rows.y == 1, settings.intervals
    bounds = one.model.interval(one.inputs, p, of="returned")
    unsegmented = Bounds(np.clip(p - plain, 0, 1), np.clip(p + plain, 0, 1), bounds.segments, bounds.levels)
    for name, chosen in _parts(one, bounds).items():
        size, seed = asked.batch_rows, settings.seed
        words = [kept_word(p[chosen], hit[chosen], ends.at(chosen), size, seed=seed) for ends in (unsegmented, bounds)]
        in_time = _in_time(one, bounds, chosen)
        width, error = (bounds.high - bounds.low)[chosen], (own - p)[chosen]
        inside = np.where(np.isnan(own), np.nan, (bounds.low <= own) & (own <= bounds.high))[chosen]
        of_truth = float(inside.mean()), float(error.std())
        yield Segment(name, int(chosen.sum()), words[0], words[1], float(np.mean(in_time)), len(in_time), float(width.mean()), *of_truth)


def _one_width(one: Trained, inputs: pd.DataFrame, y: np.ndarray, settings: Settings) -> float:
    """Split conformal as it is without segments and without a unit: the same reach for every row."""
    p = one.model.predict(inputs)[:, 1]
    residuals, _, _ = strayed(p, y == 1, np.zeros(len(p), dtype=np.int64), 1, settings.intervals, seed=settings.seed)
    ends = ConformalRegressor().fit(residuals).predict_int(np.zeros(1), confidence=settings.intervals.coverage)
    return float(ends[0, 1])


def _parts(one: Trained, bounds: Bounds) -> Mapping[str, Flags]:
    everything = {"all": np.ones(len(one.rows), dtype=bool), **slices(one.rows, one.inputs)}
    finest = {name: bounds.segments == number for number, name in enumerate(SEGMENTS)}
    return everything | {name: chosen for name, chosen in finest.items() if chosen.sum() >= 200}


def _in_time(one: Trained, bounds: Bounds, chosen: Flags) -> list[bool]:
    """Whether batches of rows of one finest segment that follow each other stay inside the interval of their mean P."""
    p, new, intervals, found = one.p[:, 1], newcomers(one.inputs), one.model.intervals, []
    for segment in np.unique(bounds.segments[chosen]):
        members = np.flatnonzero(chosen & (bounds.segments == segment))
        drawn = members[: len(members) // intervals.batch_rows * intervals.batch_rows].reshape(-1, intervals.batch_rows)
        ends = intervals.of(p[drawn].mean(axis=1), new[drawn[:, 0]], 1)
        rate = (one.rows.y[drawn] == 1).mean(axis=1)
        found += ((ends.low <= rate + 1e-9) & (rate - 1e-9 <= ends.high)).tolist()
    return found


def _shop(arguments: argparse.Namespace) -> tuple[Shop, pd.Series | None]:
    policy = parse_policy((ROOT / "config/policy.toml").read_text())
    if arguments.tables is not None:
        return Shop.of(read_tables(arguments.tables, now=dt.datetime.now(dt.UTC)), policy.window_days, zone=policy.time_zone), None
    made = generate(ShopSettings(seed=arguments.seed, customers=arguments.customers, styles=arguments.styles, days=400))
    tables = {name: table for name, table in made.tables.items() if name != "impressions"}  # the return model reads none
    return Shop.of(tables, policy.window_days, zone=policy.time_zone), made.truth.lines.set_index("line_id")["p_at_order"]


def _printed(found: list[Segment], title: str) -> Table:
    table = Table(title=title, title_justify="left")
    headings = ("segment", "rows", "one width", "Mondrian", "in time", "batches", "mean width", "own P inside", "sd of own P")
    for heading in headings:
        table.add_column(heading, justify="left" if heading == "segment" else "right", no_wrap=True)
    for one in found:
        shares = (f"{one.plain:.1%}", f"{one.mondrian:.1%}{'' if one.within else ' !'}", f"{one.in_time:.1%}", f"{one.batches:,}")
        truth = ("-", "-") if np.isnan(one.own_p) else (f"{one.own_p:.1%}", f"{one.own_p_sd:.3f}")
        table.add_row(one.name, f"{one.rows:,}", *shares, f"{one.width:.3f}", *truth)
    return table


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=Path, help="a shop's folder, instead of a demo shop")
    parser.add_argument("--customers", type=int, default=20_000)
    parser.add_argument("--styles", type=int, default=600)
    parser.add_argument("--seed", type=int, default=1, help="of the demo shop")
    parser.add_argument("--json", type=Path, help="write the figures here")
    arguments = parser.parse_args()
    settings = parse_settings((ROOT / "config/training.toml").read_text())
    shop, truth = _shop(arguments)
    found = measure(shop, settings, truth)
    console, asked = Console(width=160), settings.intervals
    console.print(_printed(found, f"{asked.coverage:.0%} intervals of the rate of {asked.batch_rows} like orders, newest rows judge"))
    told = [one for one in found if one.rows >= FEWEST_ROWS]
    console.print(f"{sum(one.within for one in told)} of {len(told)} segments of {FEWEST_ROWS:,} rows or more lie within 88 to 92 %")
    if arguments.json is not None:
        told_as: list[dict[str, Any]] = [asdict(one) for one in found]
        arguments.json.write_text(json.dumps(told_as, indent=1) + "\n")


if __name__ == "__main__":
    main()
