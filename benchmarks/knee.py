"""Is the forest in use at the knee? A grid of forests on several shops: what a row costs, and what log-loss it costs to save that.

    python -m benchmarks.knee build/uci build/shop --model return

Each forest is trained as `keeprank train` trains it and judged on the newest rows of every shop. The knee of all of them is the cheapest
forest that is on no shop worse than the best one there beyond chance: the 95 % interval of the difference, over customers, holds 0.
"""

from __future__ import annotations

import argparse
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.policy import parse_policy
from features.build import build
from features.shop import Shop
from features.source import read_tables
from training.blocks import Split, newest_judge
from training.bootstrap import Interval
from training.evaluate import compare, forecast
from training.metrics import Scored, log_loss
from training.model import CLASSES
from training.pipeline import fit_one, learnable
from training.rows import Rows
from training.settings import Forest, Settings, parse_settings
from training.tuning.trial import us_per_row

ROOT = Path(__file__).parent.parent
_REPETITIONS = 15

GRID: Mapping[str, Sequence[tuple[int, int]]] = {
    "return": ((60, 15), (60, 23), (100, 8), (100, 12), (100, 15), (100, 23), (100, 31), (150, 15), (200, 15), (200, 23), (300, 15)),
    "fit": ((60, 8), (60, 15), (100, 8), (100, 15), (120, 15), (120, 23), (200, 8), (200, 15), (300, 23)),
    "order": ((50, 8), (50, 15), (100, 8), (100, 15), (100, 31), (200, 8), (200, 15), (200, 31)),
}
"""Trees and leaves that are tried beside the forest in use; trees times learning rate stay the same, and so do all other settings."""


@dataclass(frozen=True, eq=False)
class Tried:
    """One forest on one shop.

    Attributes:
        us_per_row: of one core, as in a study.
        p: its probabilities for the rows that judge.
        log_loss: on them.
    """

    us_per_row: float
    p: npt.NDArray[np.float64]
    log_loss: float


@dataclass(frozen=True)
class Point:
    """One forest on one shop, beside the others there.

    Attributes:
        us_per_row: of one core.
        log_loss: on the newest rows, in nats.
        over_best: how much higher that is than the lowest of the grid, over customers.
        over_in_use: the same above the forest in use.
    """

    us_per_row: float
    log_loss: float
    over_best: Interval
    over_in_use: Interval

    @property
    def worse_than_best(self) -> bool:
        """Beyond chance."""
        return self.over_best.low > 0


def forests(kind: str, in_use: Forest) -> list[Forest]:
    """The grid, with the one in use first."""
    shrunk = in_use.trees * in_use.learning_rate
    grid = [replace(in_use, trees=trees, leaves=leaves, learning_rate=round(shrunk / trees, 3)) for trees, leaves in GRID[kind]]
    return [in_use, *(forest for forest in grid if forest != in_use)]


def knee(shops: Sequence[Sequence[Point]]) -> int:
    """The number of the cheapest forest that is worse than the best beyond chance on none of the shops.

    Args:
        shops: of each shop its points, forest by forest. What a forest costs is the sum of what it costs there.
    """
    fair = [number for number, points in enumerate(zip(*shops, strict=True)) if not any(point.worse_than_best for point in points)]
    return min(fair, key=lambda number: sum(points[number].us_per_row for points in shops), default=0)


def points(judged: Rows, tried: Sequence[Tried], seed: int) -> list[Point]:
    """Each forest beside the most accurate and the first, which is the one in use."""
    best = min(tried, key=lambda one: one.log_loss)
    found = [[compare(judged, beside.p, one.p, ("log_loss",), seed=seed)["log_loss"] for beside in (best, tried[0])] for one in tried]
    return [Point(one.us_per_row, one.log_loss, *over) for one, over in zip(tried, found, strict=True)]


def measure(rows: Rows, inputs: pd.DataFrame, split: Split, forest: Forest, settings: Settings) -> Tried:
    """Train a forest on all that was known, and judge it on the newest rows."""
    model = fit_one(rows, inputs, split, replace(settings, forests={**settings.forests, rows.kind: forest}))
    judged = inputs.iloc[split.judge]
    p = model.predict(judged, as_seen=True)
    scored = Scored(rows.y[split.judge], forecast(rows.kind, p))
    return Tried(us_per_row(model, judged, repetitions=_REPETITIONS), p, log_loss(scored))


def on_shop(kind: str, shop: Shop, settings: Settings, most_rows: int) -> tuple[str, list[Point]]:
    """What a shop's newest rows are, and how the grid did on them."""
    rows = learnable(kind, shop, settings)
    if len(rows) > most_rows:
        rows = rows.newest(most_rows)
    split = newest_judge(rows, settings.blocks)
    inputs = rows.with_position(build(shop, rows.asked))
    tried = [measure(rows, inputs, split, forest, settings) for forest in forests(kind, settings.forests[kind])]
    about = f"{len(split.train) + len(split.calibrate):,} rows known, {len(split.judge):,} judge from {split.cut:%Y-%m-%d} on"
    return about, points(rows.at(split.judge), tried, settings.seed)


def table(grid: Sequence[Forest], shops: Mapping[str, Sequence[Point]]) -> Iterator[str]:
    """The joint front as Markdown, the cheapest forest first."""
    chosen = knee(list(shops.values()))
    headings = [f"{name}: {heading}" for name in shops for heading in ("µs a row", "log-loss", "over the best", "over in use")]
    yield f"| trees, leaves, rate | {' | '.join(headings)} |"
    yield f"|---|{'---|' * len(headings)}"
    for number in sorted(range(len(grid)), key=lambda number: sum(of[number].us_per_row for of in shops.values())):
        forest, marks = grid[number], [mark for mark, holds in (("in use", number == 0), ("**knee**", number == chosen)) if holds]
        named = f"{forest.trees}, {forest.leaves}, {forest.learning_rate}{' (' + ', '.join(marks) + ')' if marks else ''}"
        yield f"| {named} | {' | '.join(cell for of in shops.values() for cell in _cells(of[number], in_use=number == 0))} |"


def _cells(point: Point, *, in_use: bool) -> tuple[str, ...]:
    worse = " !" if point.worse_than_best else ""
    over_in_use = "" if in_use else _told(point.over_in_use)
    return f"{point.us_per_row:.1f}", f"{point.log_loss:.5f}", _told(point.over_best) + worse, over_in_use


def _told(over: Interval) -> str:
    return f"{over.value:+.5f} [{over.low:+.5f}, {over.high:+.5f}]"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+", help="folders of the contract's tables")
    parser.add_argument("--model", choices=tuple(kind for kind in CLASSES if kind in GRID), required=True)
    parser.add_argument("--most-rows", type=int, default=400_000, help="the newest so many labelled rows of a shop")
    given = parser.parse_args()
    settings = parse_settings((ROOT / "config/training.toml").read_text())
    policy = parse_policy((ROOT / "config/policy.toml").read_text())
    print(f"Python {platform.python_version()}, {platform.machine()}, one core, {pd.Timestamp.now():%Y-%m-%d}\n")
    found: dict[str, list[Point]] = {}
    for folder in given.folders:
        shop = Shop.of(read_tables(folder, now=pd.Timestamp.now("UTC")), policy.window_days, zone=policy.time_zone)
        about, found[folder.name] = on_shop(given.model, shop, settings, given.most_rows)
        print(f"{given.model}, {folder.name}: {about}", flush=True)
    print()
    print("\n".join(table(forests(given.model, settings.forests[given.model]), found)))


if __name__ == "__main__":
    main()
