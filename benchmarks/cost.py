"""What a model costs at three points of its study's front: the fastest, the knee and the most accurate, beside the settings in use.

    python -m benchmarks.cost build/shop --model return --store build/tuned

The study is the one that `keeprank tune` left in the store. Each point's model is trained as `keeprank train` trains it, on one core, and
judged on the newest rows, which no trial has seen.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.policy import parse_policy
from features.build import FEATURE_SET_HASH, build
from features.shop import Shop
from features.source import read_tables
from training.blocks import Split, newest_judge
from training.evaluate import compare, forecast
from training.metrics import Scored, auc, log_loss
from training.model import CLASSES, Model, fit, save
from training.pipeline import learnable
from training.rows import Rows
from training.settings import Forest, Settings, parse_settings
from training.tuning.folds import FEWEST_FOLDS, folds
from training.tuning.front import Point, knee, pareto
from training.tuning.material import material
from training.tuning.study import Study, study_name
from training.tuning.trial import us_per_row

ROOT = Path(__file__).parent.parent
IN_USE = "in use"
_REPETITIONS = 30


@dataclass(frozen=True, eq=False)
class Cost:
    """What one forest costs, and what it is worth on the newest rows.

    Attributes:
        forest: its settings.
        us_per_row: on one core.
        file_bytes: of its trees, its calibration and what is said of it.
        training_seconds: of one core, growing and calibrating.
        p: its probabilities for the rows that judge.
    """

    forest: Forest
    us_per_row: float
    file_bytes: int
    training_seconds: float
    p: npt.NDArray[np.float64]


def points(study: Study, in_use: Forest) -> dict[str, tuple[Forest, Point | None]]:
    """The forests that are compared, by name; the one in use first, with its trial if it was tried."""
    found = [one.point for one in study.done() if one.point is not None]
    front = pareto(found)
    tried = next((point for point in found if point.forest == in_use), None)
    named = {"fastest": front[0], "knee": knee(front), "most accurate": front[-1]}
    return {IN_USE: (in_use, tried), **{name: (point.forest, point) for name, point in named.items()}}


def measure(rows: Rows, inputs: pd.DataFrame, split: Split, forest: Forest, seed: int) -> Cost:
    """Train a forest on the newest split, and see what it takes."""
    blocks = [(inputs.iloc[block], rows.y[block]) for block in (split.train, split.calibrate)]
    began = time.thread_time()
    model = fit(rows.kind, blocks[0], blocks[1], forest, seed=seed, threads=1)
    seconds = time.thread_time() - began
    judged = inputs.iloc[split.judge]
    taken = us_per_row(model, judged, repetitions=_REPETITIONS)
    return Cost(forest, taken, _bytes(model), seconds, model.predict(judged, as_seen=True))


def _bytes(model: Model) -> int:
    with tempfile.TemporaryDirectory() as scratch:
        save({model.kind: model}, Path(scratch) / "release", feature_set=FEATURE_SET_HASH, policy="", about={})
        return sum(file.stat().st_size for file in (Path(scratch) / "release" / model.kind).iterdir())


def table(judged: Rows, costs: Mapping[str, Cost], tried: Mapping[str, Point | None], seed: int) -> Iterator[str]:
    """The table, as Markdown."""
    yield "| forest | trees, leaves | µs a row | file, kB | training, s | log-loss, folds | log-loss, newest rows | over in use | AUC |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, cost in costs.items():
        scored = Scored(judged.y, forecast(judged.kind, cost.p))
        in_folds = f"{point.log_loss:.5f}" if (point := tried[name]) else ""
        more = "" if name == IN_USE else _over(judged, costs[IN_USE], cost, seed)
        size = f"{cost.forest.trees:,}, {cost.forest.leaves}"
        yield (
            f"| {name} | {size} | {cost.us_per_row:.2f} | {cost.file_bytes / 1_000:,.0f} | {cost.training_seconds:.1f} "
            f"| {in_folds} | {log_loss(scored):.5f} | {more} | {auc(scored):.4f} |"
        )


def _over(judged: Rows, before: Cost, after: Cost, seed: int) -> str:
    """How much higher the log-loss is, with its 95 % interval over customers."""
    found = compare(judged, before.p, after.p, ("log_loss",), seed=seed)["log_loss"]
    return f"{found.value:+.5f} [{found.low:+.5f}, {found.high:+.5f}]"


def run(kind: str, shop: Shop, settings: Settings, store: Path) -> Iterator[str]:
    """Measure the points of a study's front; a line at a time."""
    rows = learnable(kind, shop, settings)
    inputs = build(shop, rows.asked)
    in_folds = folds(rows, settings.blocks, FEWEST_FOLDS)
    used = np.arange(1 + in_folds[-1].judge.max())
    identity = material(rows.at(used), inputs.iloc[used], in_folds, settings.seed).identity()
    study = Study(f"sqlite:///{(store / 'tuning.db').resolve()}", study_name(identity), identity)
    if not study.done():
        raise SystemExit(f"no study {study.name} in {store}; run `keeprank tune` on the same tables first")
    compared = points(study, settings.forests[kind])
    split = newest_judge(rows, settings.blocks)
    positioned = rows.with_position(inputs)
    costs = {name: measure(rows, positioned, split, forest, settings.seed) for name, (forest, _) in compared.items()}
    yield f"{kind}, {len(split.train):,} rows train, {len(split.judge):,} judge from {split.cut:%Y-%m-%d} on, study {study.name}\n"
    yield from table(rows.at(split.judge), costs, {name: point for name, (_, point) in compared.items()}, settings.seed)
    yield ""
    for name, (forest, point) in compared.items():
        yield f"- {name}: {f'trial {point.number}, ' if point else ''}{forest}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="a folder of the contract's tables")
    parser.add_argument("--model", choices=tuple(CLASSES), required=True)
    parser.add_argument("--store", type=Path, required=True, help="the store of the study")
    given = parser.parse_args()
    settings = replace(parse_settings((ROOT / "config/training.toml").read_text()), threads=1)
    policy = parse_policy((ROOT / "config/policy.toml").read_text())
    shop = Shop.of(read_tables(given.folder, now=pd.Timestamp.now("UTC")), policy.window_days, zone=policy.time_zone)
    print(f"Python {platform.python_version()}, {platform.machine()}, one core, {pd.Timestamp.now():%Y-%m-%d}\n")
    for line in run(given.model, shop, settings, given.store):
        print(line, flush=True)


if __name__ == "__main__":
    main()
