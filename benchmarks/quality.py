"""One table of how good the models are on public data, that a stranger with the files can make again.

    python -m benchmarks.quality [--data ../shared/data] [--seeds 1..5] [--ablation] [--out docs/quality.md] [--quick]

RentTheRunway and UCI Online Retail are read below --data. Files of which no copy may be handed on are looked for there as well
(docs/data-sets.md says how they have to be named); a line says where they are missing.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import ablation, published
from benchmarks.comparison import OURS, Line, absent, lines_of, markdown, metrics_of, published_lines, table
from benchmarks.competitions import FILES, Task, course_cost_cents, dmc_2014_task, dmc_2016_task, forecast, points
from benchmarks.measured import machine, say
from domain.contract import checked
from domain.policy import parse_policy
from experiments.backtest import backtest_at_random, backtest_by_time
from features.build import build
from features.shop import Shop
from training.adapters import ADAPTERS
from training.blocks import newest_judge
from training.pipeline import Trained, learnable, train_one
from training.settings import Settings, parse_settings

ROOT = Path(__file__).parent.parent
UCI_CUT = pd.Timestamp("2011-08-01", tz="UTC")
QUICK_ROWS = 5_000
_LIBRARIES = ("lightgbm", "scikit-learn", "pandas", "numpy")
_UCI, _RTR = "online_retail/online_retail.parquet", "rent_the_runway/rentals.parquet"
_MODCLOTH, _BADS = "modcloth/modcloth_final_data.json.gz", "bads/BADS_WS1819_known.csv"


@dataclass(frozen=True)
class Given:
    """What the table is made from.

    Attributes:
        data: the folder of the public data sets.
        seeds: of random splits, one run each; the first is also that of splits by time.
        settings: of the models.
        quick: whether a few rows and small forests do, to see that it runs.
    """

    data: Path
    seeds: tuple[int, ...]
    settings: Settings
    quick: bool

    @cached_property
    def uci(self) -> Shop:
        """UCI Online Retail."""
        return self.shop("uci-online-retail", _UCI)

    @cached_property
    def rtr(self) -> Shop:
        """RentTheRunway."""
        return self.shop("rent-the-runway", _RTR)

    def shop(self, source: str, file: str) -> Shop:
        """A data set as a shop; in a hurry, every n-th of its lines."""
        say(f"reading {file}")
        tables = checked(ADAPTERS[source].convert(self.data / file).tables, now=pd.Timestamp.now("UTC").to_pydatetime())
        shop = Shop.of(tables, parse_policy((ROOT / "config/policy.toml").read_text()).window_days)
        line_id = tables["order_lines"]["line_id"]
        spared = line_id.iloc[:: max(len(line_id) // QUICK_ROWS, 1)]
        return shop.without_lines(line_id[~line_id.isin(spared)]) if self.quick else shop

    def has(self, *files: str) -> bool:
        """Whether all of these files are there."""
        return all((self.data / file).is_file() for file in files)

    @property
    def newest_tenth(self) -> Settings:
        """Under the first seed, settings by which the newest tenth of the rows judges, as of random splits."""
        first = next(self.seeded())
        return replace(first, blocks=replace(first.blocks, judge=0.1))

    def seeded(self) -> Iterator[Settings]:
        """The settings under each seed."""
        return (replace(self.settings, seed=seed) for seed in self.seeds)


def uci_by_time(given: Given) -> list[Line]:
    """Returns of UCI Online Retail."""
    first = next(given.seeded())
    return lines_of("UCI Online Retail", [backtest_by_time("return", given.uci, first, UCI_CUT, progress)])


def rtr_by_time(given: Given) -> list[Line]:
    """Fit at RentTheRunway, the newest rentals."""
    return lines_of("RentTheRunway", [backtest_by_time("fit", given.rtr, given.newest_tenth, None, progress)])


def rtr_at_random(given: Given) -> list[Line]:
    """Fit at RentTheRunway, as others have published it."""
    found = [backtest_at_random("fit", given.rtr, settings, progress) for settings in given.seeded()]
    return lines_of("RentTheRunway", found, published.RENT_THE_RUNWAY)


def modcloth_at_random(given: Given) -> list[Line]:
    """Fit at ModCloth, whose data have no dates."""
    if not given.has(_MODCLOTH):
        return [absent("ModCloth", _MODCLOTH)]
    shop = given.shop("modcloth-json", _MODCLOTH)
    return lines_of("ModCloth", [backtest_at_random("fit", shop, settings, progress) for settings in given.seeded()])


def bads_by_time(given: Given) -> list[Line]:
    """Returns of the BADS course as a shop would meet them, and what the course's decisions cost."""
    if not given.has(_BADS):
        return [absent("BADS 2018/19", _BADS)]
    trained = _newest_judged(given.shop("bads", _BADS), next(given.seeded()))
    cents = course_cost_cents(trained.rows.y, trained.p[:, 1], trained.rows.asked["unit_price"].to_numpy(dtype="float64"))
    cost = f"the course's decisions cost {cents / 100 / len(trained.rows):.2f} euros a line"
    return [_line("BADS 2018/19", f"return, from {trained.split.cut:%Y-%m-%d} on", given.seeds[0], trained, cost)]


def bads_at_random(given: Given) -> list[Line]:
    """Returns of the BADS course, split at random as the course did."""
    if not given.has(_BADS):
        return []
    shop = given.shop("bads", _BADS)
    return lines_of("BADS 2018/19", [backtest_at_random("return", shop, settings, progress) for settings in given.seeded()])


def _newest_judged(shop: Shop, settings: Settings) -> Trained:
    rows = learnable("return", shop, settings)
    inputs = build(shop, rows.asked, track=lambda entities: progress(entities, "building features"))
    return train_one(rows, inputs, newest_judge(rows, settings.blocks), settings, progress)


def dmc_2014(given: Given) -> list[Line]:
    """The official split of the Data Mining Cup 2014."""
    return [_cup(given, "DMC 2014", "dmc_2014", dmc_2014_task), *published_lines("DMC 2014", published.DMC_2014)]


def dmc_2016(given: Given) -> list[Line]:
    """The official split of the Data Mining Cup 2016."""
    return [_cup(given, "DMC 2016", "dmc_2016", dmc_2016_task)]


def _cup(given: Given, data: str, folder: str, task_of: Callable[[Path], Task]) -> Line:
    files = [f"{folder}/{name}" for name in FILES]
    if not given.has(*files):
        return absent(data, ", ".join(files))
    task = task_of(given.data / folder)
    trained = forecast(task, next(given.seeded()), progress)
    return _line(data, "return, the competition's", given.seeds[0], trained, f"{points(task, trained.p[:, 1]):,} points")


def _line(data: str, split: str, seed: int, trained: Trained, also: str) -> Line:
    return Line(data, split, f"{seed}", f"{len(trained.rows):,}", OURS, metrics_of([trained.evaluation.metrics]), also)


ALL = (uci_by_time, rtr_by_time, rtr_at_random, modcloth_at_random, bads_by_time, bads_at_random, dmc_2014, dmc_2016)
"""What the table holds; a further comparison is one more function."""


def ablations(given: Given) -> str:
    """What each feature family brings, on the two data sets that are always here."""
    parts = [("return, UCI Online Retail", "return", given.uci, UCI_CUT), ("fit, RentTheRunway", "fit", given.rtr, None)]
    return "\n\n".join(_ablation(given, *part) for part in parts)


def _ablation(given: Given, title: str, kind: str, shop: Shop, cut: pd.Timestamp | None) -> str:
    trial = ablation.Trial.of(kind, shop, given.newest_tenth, cut, seeds=1, progress=progress)
    found = trial.effects(progress, by=("family",))
    learned = f"{len(trial.split.train):,} rows train, {len(trial.split.judge):,} from {trial.split.cut:%Y-%m-%d} on judge"
    return f"### {title}: {learned}\n\n{markdown(ablation.HEADINGS, map(ablation.cells, found))}"


def page(command: str, lines: Iterable[Line], brought: str, here: Mapping[str, str]) -> str:
    """The whole page.

    Args:
        command: what made it.
        lines: of its table.
        brought: the tables of what each feature family brings; may be empty.
        here: the machine and the libraries, by name.
    """
    where = "\n".join(f"- {name}: {value}" for name, value in here.items())
    parts = [
        "# How good are the models?",
        f"Made by `{command}` on public data; [data-sets.md](data-sets.md) says how to get the files. Do not edit.",
        "AUC of the fit model is the mean one-vs-rest one. In brackets: 95 % intervals over resampled customers, of one run. After ±: the "
        "standard deviation over seeds, each with a split of its own. A published figure stands under the split that its authors used.",
        table(lines),
    ]
    if brought:
        told = "AUC and log-loss that a family brings: with all features minus without it. *seeds* is what chance alone changes."
        parts += ["## What each feature family brings", told, brought]
    return "\n\n".join([*parts, "## Where these numbers come from", where]) + "\n"


def progress(steps: Iterable[Any], sentence: str) -> Iterable[Any]:
    """Tells what begins, and how long everything has taken; a log has no bars."""
    say(f"{time.perf_counter() - _BEGAN:,.0f} s: {sentence}")
    return steps


_BEGAN = time.perf_counter()


def seeds_of(text: str) -> tuple[int, ...]:
    """Seeds as they are written: 1..5, or 1,2,7.

    >>> seeds_of("1..3"), seeds_of("4,7")
    ((1, 2, 3), (4, 7))
    """
    first, dots, last = text.partition("..")
    found = tuple(range(int(first), int(last) + 1)) if dots else tuple(int(seed) for seed in text.split(","))
    if not found:
        raise argparse.ArgumentTypeError(f"{text} holds no seed; write 1..5 or 1,2,7")
    return found


def quickened(settings: Settings) -> Settings:
    """Settings for a few thousand rows: small forests, small leaves."""
    forests = {kind: replace(forest, trees=20, fewest_rows_per_leaf=20) for kind, forest in settings.forests.items()}
    return replace(settings, forests=forests, blocks=replace(settings.blocks, fewest_rows=100))


def parsed(arguments: list[str]) -> argparse.Namespace:
    """The command line's arguments."""
    parser = argparse.ArgumentParser(prog="benchmarks.quality", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("KEEPRANK_DATA", ROOT.parent / "shared" / "data")))
    parser.add_argument("--seeds", type=seeds_of, default=(1,), help="1..5, or 1,2,7: a run of each random split per seed")
    parser.add_argument("--ablation", action="store_true", help="also tell what each feature family brings")
    parser.add_argument("--out", type=Path, help="write the page here")
    parser.add_argument("--quick", action="store_true", help="a few rows and small forests: does it run?")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> None:
    """Measure, print, and write the page."""
    asked = parsed(arguments)
    if not asked.data.is_dir():
        sys.exit(f"{asked.data} does not exist; set KEEPRANK_DATA to the folder of the public data sets")
    settings = parse_settings((ROOT / "config/training.toml").read_text())
    given = Given(asked.data, asked.seeds, quickened(settings) if asked.quick else settings, asked.quick)
    here = {**machine(), **{name: version(name) for name in _LIBRARIES}}
    lines = [line for compared in ALL for line in compared(given)]
    command = f"python -m benchmarks.quality {' '.join(arguments)}".strip()
    print(table(lines))
    _write(page(command, lines, "", here), asked.out)
    if asked.ablation:
        brought = ablations(given)
        print(brought)
        _write(page(command, lines, brought, here), asked.out)


def _write(written: str, out: Path | None) -> None:
    if out is not None:
        out.write_text(written)
        say(f"written to {out}")


if __name__ == "__main__":
    main(sys.argv[1:])
