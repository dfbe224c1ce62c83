"""Where the numbers in config/training.toml come from: settings that do best on later months, none of them used elsewhere.

    python -m benchmarks.search build/uci --model return --before 2011-07-01 --trials 30

Each trial trains on what was known at the start of a month and is judged on the month's orders, for the last `--folds` months
before `--before`; the mean log-loss decides.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import optuna
import pandas as pd

from domain.policy import parse_policy
from features.build import build
from features.shop import Shop
from features.source import read_tables
from training.evaluate import forecast
from training.metrics import Scored, metrics
from training.model import CLASSES, fit
from training.pipeline import learnable
from training.rows import Rows
from training.settings import Forest, Settings, parse_settings

ROOT = Path(__file__).parent.parent

SEARCHED = ("trees", "leaves", "fewest_rows_per_leaf", "share_of_features", "l2")
"""Settings that are searched; the others stay as they are."""

Fold = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Row numbers that train, calibrate and judge."""


def folds(rows: Rows, before: pd.Timestamp, months: int, calibrate: float) -> list[Fold]:
    """One fold per month, newest last; only rows whose label was known at the month's start train or calibrate."""
    ordered = rows.asked["at"]
    found: list[Fold] = []
    for back in range(months, 0, -1):
        start, end = before - pd.DateOffset(months=back), before - pd.DateOffset(months=back - 1)
        known = np.flatnonzero((rows.known_at < start) & (ordered < start))
        cut = int(len(known) * (1 - calibrate))
        found.append((known[:cut], known[cut:], np.flatnonzero((ordered >= start) & (ordered < end))))
    return found


def judge(rows: Rows, inputs: pd.DataFrame, fold: Fold, forest: Forest, settings: Settings) -> dict[str, float]:
    """Metrics of one fold."""
    train, calibrate, test = fold
    inputs = rows.with_position(inputs)
    blocks = [(inputs.iloc[block], rows.y[block]) for block in (train, calibrate)]
    model = fit(rows.kind, blocks[0], blocks[1], forest, seed=settings.seed, threads=settings.threads)
    p = model.predict(inputs.iloc[test], threads=settings.threads, as_seen=True)
    return metrics(Scored(rows.y[test], forecast(rows.kind, p)), None)


def search(kind: str, shop: Shop, settings: Settings, before: pd.Timestamp, *, months: int, trials: int, seed: int) -> pd.DataFrame:
    """Try settings, and return the trials, the best first."""
    rows = learnable(kind, shop, settings)
    inputs = build(shop, rows.asked)
    blocks = folds(rows, before, months, settings.blocks.calibrate)
    tried = settings.forests[kind]

    def objective(trial: optuna.Trial) -> float:
        found = [judge(rows, inputs, fold, suggested(trial, tried), settings) for fold in blocks]
        for name in ("auc", "ece"):
            trial.set_user_attr(name, float(np.mean([metric[name] for metric in found])))
        return float(np.mean([metric["log_loss"] for metric in found]))

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))
    study.enqueue_trial({name: getattr(tried, name) for name in SEARCHED})
    study.optimize(objective, n_trials=trials, show_progress_bar=True)
    return study.trials_dataframe(attrs=("value", "params", "user_attrs")).sort_values("value")


def suggested(trial: optuna.Trial, tried: Forest) -> Forest:
    """Other settings than those tried."""
    return replace(
        tried,
        trees=trial.suggest_int("trees", 100, 700, step=50),
        leaves=trial.suggest_int("leaves", 5, 47, step=2),
        fewest_rows_per_leaf=trial.suggest_int("fewest_rows_per_leaf", 20, 600, log=True),
        share_of_features=trial.suggest_float("share_of_features", 0.05, 0.6),
        l2=trial.suggest_float("l2", 1.0, 100.0, log=True),
    )


def parsed() -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a folder of the contract's tables")
    parser.add_argument("--model", choices=tuple(CLASSES), required=True)
    parser.add_argument("--before", required=True, help="no row ordered on or after this date is used")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def main() -> None:
    """Search, and print the best settings."""
    given = parsed()
    settings = parse_settings((ROOT / "config/training.toml").read_text())
    policy = parse_policy((ROOT / "config/policy.toml").read_text())
    shop = Shop.of(read_tables(given.folder, now=pd.Timestamp.now("UTC")), policy.window_days)
    before = pd.Timestamp(given.before, tz="UTC")
    found = search(given.model, shop, settings, before, months=given.folds, trials=given.trials, seed=given.seed)
    print(found.head(8).to_string(index=False))


if __name__ == "__main__":
    main()
