"""How much of the verdicts on the fit can be known at all? What the model reaches, from what, and what the truth itself would reach.

    python -m benchmarks.fit_ceiling build/rtr --seed 11

Rows are split at random (decision 0005) and judged by the last tenth; forests are a third of the size of the released ones, to save time.
Four tables: what some inputs reach alone; what fewer rows to learn from reach; how alike two verdicts on one style, size or customer are,
before and after the forecast is taken away; and a made-up world. In that world the verdicts are drawn from probabilities that are known,
those of `benchmarks.random_effects` fitted to the real ones, so it can be asked how well the truth ranks, and how close the model comes.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from numpy.typing import ArrayLike
from rich.progress import track

from benchmarks.random_effects import probabilities
from domain.policy import parse_policy
from experiments.backtest import at_random, cross_fitted
from features.shop import Shop
from features.source import read_tables
from training.blocks import Split
from training.metrics import Floats, Scored, metrics
from training.model import CLASSES, fit
from training.rows import Rows, labelled
from training.settings import Forest, Settings, parse_settings

ROOT = Path(__file__).parent.parent
RATES = ("style_size_small_rate", "style_size_large_rate")
OFFER = (*RATES, "style_small_rate", "style_large_rate", "style_verdicts", "style_size_verdicts", "size_position")
SHARES = (0.125, 0.25, 0.5, 1.0)
JUDGED = ("auc", "log_loss", "macro_f1")

Line = tuple[str, dict[str, float]]


def smaller(forest: Forest) -> Forest:
    """A forest at a third of the cost."""
    return replace(forest, trees=120, learning_rate=0.08, leaves=15)


def reached(rows: Rows, inputs: pd.DataFrame, split: Split, settings: Settings) -> Floats:
    """Probabilities for the judged rows."""
    train, calibrate = ((inputs.iloc[part], rows.y[part]) for part in (split.train, split.calibrate))
    model = fit("fit", train, calibrate, smaller(settings.forests["fit"]), seed=settings.seed, threads=settings.threads)
    return model.predict(inputs.iloc[split.judge], threads=settings.threads)


def judged(name: str, y: npt.NDArray[np.int64], p: Floats) -> Line:
    """A line of a table."""
    return name, metrics(Scored(y, p), names=JUDGED)


def from_what(rows: Rows, inputs: pd.DataFrame, split: Split, settings: Settings) -> Iterator[Line]:
    """What some of the inputs reach, and what all of them reach from fewer rows."""
    body = [name for name in inputs.columns.tolist() if "customer" not in name]
    for name, columns in {
        "two rates of the style's size": RATES,
        "the offer's verdicts": OFFER,
        "all but the customer's past": body,
    }.items():
        yield judged(name, rows.y[split.judge], reached(rows, inputs[list(columns)], split, settings))
    for share in SHARES:
        few = replace(split, train=split.train[np.random.default_rng(1).random(len(split.train)) < share])
        yield judged(f"all inputs, {len(few.train):,} rows train", rows.y[split.judge], reached(rows, inputs, few, settings))


def alike(y: npt.NDArray[np.int64], left: Floats, key: ArrayLike) -> tuple[float, float]:
    """Correlation of two verdicts of one key, over all pairs: as they are, and less what is `left`."""
    return _pairs(spoken(y) - spoken(y).mean(), key), _pairs(left, key)


def spoken(y: npt.NDArray[np.int64]) -> Floats:
    """Verdicts as numbers: -1 too small, 0 fits, 1 too large."""
    return np.asarray(y - 1, dtype=np.float64)


def _pairs(values: Floats, key: ArrayLike) -> float:
    """Sum over pairs of the products of their values, over the number of pairs and the variance."""
    groups = pd.DataFrame({"key": np.asarray(key), "value": values, "square": values**2}).groupby("key")
    total, square, n = groups["value"].sum(), groups["square"].sum(), groups.size()
    return float((total**2 - square).sum() / (n * (n - 1)).sum() / values.var())


def made_up(shop: Shop, y: npt.NDArray[np.int64], rows: Rows) -> Shop:
    """The same shop, of which other verdicts are told."""
    said = pd.Series(np.array(CLASSES["fit"])[y], index=rows.line_id.to_numpy())
    told = shop.tables["fit_feedback"]
    verdict = told["line_id"].map(said).astype(told["verdict"].dtype)
    return replace(shop, tables={**shop.tables, "fit_feedback": told.assign(verdict=verdict)})


def drawn(p: Floats, seed: int) -> npt.NDArray[np.int64]:
    """A class for each row of probabilities."""
    luck = np.random.default_rng(seed).random((len(p), 1))
    return np.asarray(np.minimum((luck > p.cumsum(axis=1)).sum(axis=1), p.shape[1] - 1), dtype="int64")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=11)
    asked = parser.parse_args()
    policy = parse_policy((ROOT / "config/policy.toml").read_text())
    settings = replace(parse_settings((ROOT / "config/training.toml").read_text()), seed=asked.seed)
    shop = Shop.of(read_tables(asked.folder, now=pd.Timestamp.now("UTC").to_pydatetime()), policy.window_days, zone=policy.time_zone)
    rows = labelled("fit", shop)
    split = at_random(shop, rows, asked.seed)
    inputs = cross_fitted(shop, rows, split.judge, asked.seed, track)
    _print(from_what(rows, inputs, split, settings))
    _print_alike(shop, rows.at(split.judge), reached(rows, inputs, split, settings))
    truth = probabilities(shop, rows, inputs)
    y = drawn(truth, asked.seed)
    world = replace(rows, y=y)
    anew = cross_fitted(made_up(shop, y, rows), world, split.judge, asked.seed, track)
    _print([judged("made up: the truth", y[split.judge], truth[split.judge])])
    _print([judged("made up: the model", y[split.judge], reached(world, anew, split, settings))])
    style = shop.tables["products"].set_index("sku")["style_id"].loc[rows.asked["sku"]]
    print(f"two verdicts on one style: {alike(rows.y, spoken(rows.y), style)[0]:.3f}, made up {alike(y, spoken(y), style)[0]:.3f}")


def _print(lines: Iterator[Line] | list[Line]) -> None:
    for name, found in lines:
        print(f"{name:34s}" + "  ".join(f"{metric} {value:.4f}" for metric, value in found.items()), flush=True)


def _print_alike(shop: Shop, rows: Rows, p: Floats) -> None:
    left = spoken(rows.y) - (p[:, 2] - p[:, 0])
    style = shop.tables["products"].set_index("sku")["style_id"].loc[rows.asked["sku"]].to_numpy()
    for name, key in (("style", style), ("style's size", rows.asked["sku"]), ("customer", rows.asked["customer_id"])):
        before, after = alike(rows.y, left, key)
        print(f"two verdicts on one {name}: {before:.3f}, after the forecast {after:.3f}", flush=True)


if __name__ == "__main__":
    main()
