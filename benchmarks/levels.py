"""How is the level of P(return) best set, and do lines whose window is still open help? Months before July 2011 say, no later row is used.

    python -m benchmarks.levels [--data ../shared/data] [--first 2011-03-01] [--before 2011-07-01]

UCI Online Retail, month by month as in benchmarks/walk_forward.py. docs/decisions/0020-returns.md tells what came of it.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
from rich.progress import track

from benchmarks.quality import ROOT, Given
from experiments.walk_forward import monthly
from features.build import build
from training.blocks import Split
from training.metrics import Scored, metrics
from training.model import Floats, Model, fit, grow
from training.pipeline import fit_one
from training.rows import Rows, labelled
from training.settings import Rolling, Settings, parse_settings

Way = Callable[[Rows, pd.DataFrame, Split, Settings], Model]

NAMES = ("auc", "log_loss", "ece", "mean_ratio", "top_decile_ratio")


def in_steps(share: float, steps: int, open_lines: str = "drop") -> Way:
    """Calibrated on the newest share in so many steps; trees of all rows."""
    return lambda rows, inputs, split, settings: fit_one(rows, inputs, split, replace(settings, rolling=Rolling(share, steps, open_lines)))


def on_a_block(share: float) -> Way:
    """Calibrated on the newest share, which the trees do not know."""

    def way(rows: Rows, inputs: pd.DataFrame, split: Split, settings: Settings) -> Model:
        known = np.concatenate([split.train, split.calibrate])
        blocks = [(inputs.iloc[block], rows.y[block]) for block in np.split(known, [round(len(known) * (1 - share))])]
        return fit("return", blocks[0], blocks[1], settings.forests["return"], seed=settings.seed, threads=settings.threads)

    return way


def not_at_all(rows: Rows, inputs: pd.DataFrame, split: Split, settings: Settings) -> Model:
    """Trees of all rows, as they come."""
    known = np.concatenate([split.train, split.calibrate])
    data = inputs.iloc[known], rows.y[known]
    return grow("return", data, settings.forests["return"], seed=settings.seed, threads=settings.threads)


WAYS: dict[str, Way] = {
    "newest tenth, unknown to the trees": on_a_block(0.1),
    "newest fifth, unknown to the trees": on_a_block(0.2),
    "nothing": not_at_all,
    "newest 17.5 %, one step": in_steps(0.175, 1),
    "newest 35 %, 2 steps": in_steps(0.35, 2),
    "newest half, 3 steps": in_steps(0.5, 3),
    "newest 70 %, 4 steps": in_steps(0.7, 4),
    "newest half, 3 steps, open lines weighted": in_steps(0.5, 3, "weight"),
}


def lines(rows: Rows, inputs: pd.DataFrame, splits: list[Split], settings: Settings) -> Iterator[str]:
    """A line of the table per way."""
    for name, way in track(WAYS.items(), "calibrating each way"):
        forecasts = [
            way(rows, inputs, split, settings).predict(inputs.iloc[split.judge], threads=settings.threads)[:, 1] for split in splits
        ]
        yield _line(name, [rows.y[split.judge] for split in splits], forecasts)


def _line(name: str, happened: list[np.ndarray], forecasts: list[Floats]) -> str:
    each = [metrics(Scored(y, p), None, NAMES) for y, p in zip(happened, forecasts, strict=True)]
    together = metrics(Scored(np.concatenate(happened), np.concatenate(forecasts)), None, NAMES)
    auc, log_loss, ece = (float(np.mean([one[metric] for one in each])) for metric in NAMES[:3])
    ratios = ", ".join(f"{one['mean_ratio']:.2f}" for one in each)
    whole = f"{together['mean_ratio']:.2f} | {together['top_decile_ratio']:.2f}"
    return f"| {name} | {auc:.4f} | {log_loss:.5f} | {ece:.4f} | {ratios} | {whole} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("KEEPRANK_DATA", ROOT.parent / "shared" / "data")))
    parser.add_argument("--first", default="2011-03-01", help="no month that starts earlier is judged")
    parser.add_argument("--before", default="2011-07-01", help="no month that starts then or later is judged")
    given = parser.parse_args()
    settings = parse_settings((ROOT / "config/training.toml").read_text())
    shop = Given(given.data, (settings.seed,), settings, quick=False).uci
    rows = labelled("return", shop)
    first, before = (pd.Timestamp(day, tz="UTC") for day in (given.first, given.before))
    splits = [split for split in monthly(rows, shop.zone, settings) if first <= split.cut < before]
    print("| calibrated on | AUC | log-loss | ECE | predicted / observed, month by month | all in one | its top tenth |")
    print("|---|---|---|---|---|---|---|")
    for line in lines(rows, build(shop, rows.asked), splits, settings):
        print(line)


if __name__ == "__main__":
    main()
