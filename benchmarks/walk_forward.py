"""Returns on public data, month after month: every month forecast by what was known when it began, beside other makers' models.

    python -m benchmarks.walk_forward [--data ../shared/data] [--first 2011-03-01] [--json FILE]

UCI Online Retail. All learn from the same rows and features: Keeprank's are calibrated on a part of them, the others as they come.
Differences are ours minus theirs, with 95 % intervals over customers; a month's rows are judged once, and nothing was chosen by them
that docs/decisions/0020-returns.md does not tell.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from rich.console import Console
from rich.progress import track

from benchmarks.quality import ROOT, Given
from benchmarks.rivals import RIVALS
from experiments.printed import shown
from experiments.walk_forward import OURS, WalkForward, walk_forward
from training.bootstrap import Interval
from training.settings import Settings, parse_settings

OTHERS = ("CatBoost", "HistGradientBoosting", "logistic_regression")
JUDGED_ALONE = 1_000
"""A slice's calibration is told from that many rows on."""


def measure(data: Path, settings: Settings, first: pd.Timestamp) -> WalkForward:
    """The walk, with bars on stderr."""
    console = Console(stderr=True)

    def progress(steps: Iterable[Any], sentence: str) -> Iterable[Any]:
        return track(list(steps), sentence, console=console, transient=True)

    return walk_forward(
        "return", Given(data, (settings.seed,), settings, quick=False).uci, settings, first=first, rivals=RIVALS, progress=progress
    )


def table(found: WalkForward) -> str:
    """Month by month, and their mean."""
    head = ["month", "rows known", "rows judged", "returned", "**Keeprank** AUC", *(f"{name}: AUC, gained over it" for name in OTHERS)]
    lines = [[*head, "log-loss", "ECE", "predicted / observed", "in the top tenth"], ["---"] * (len(head) + 4)]
    for month in found.months:
        counts = f"{month.rows_train:,}", f"{month.rows_test:,}", f"{month.observed[0]:.2%}"
        lines.append([month.month, *counts, *_cells(month.metrics, month.versus)])
    judged = sum(month.rows_test for month in found.months)
    lines.append(["**mean**", "", f"{judged:,}", "", *_cells(found.mean, found.versus)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def slices(found: WalkForward) -> str:
    """All months in one: does it come true, overall and in every slice that is large enough?"""
    whole = ("all months in one", found.evaluation.rows, found.evaluation.metrics)
    parts = [whole, *((part.name, part.rows, part.metrics) for part in found.evaluation.slices if part.rows >= JUDGED_ALONE)]
    lines = ["| rows | how many | AUC | ECE | predicted / observed | in the top tenth |", "|---|---|---|---|---|---|"]
    for name, rows, metrics in parts:
        told = [shown(metrics[one]) for one in ("auc", "ece", "mean_ratio", "top_decile_ratio")]
        lines.append(f"| {name} | {rows:,} | {' | '.join(told)} |")
    return "\n".join(lines)


def _cells(metrics: Mapping[str, Mapping[str, Interval]], versus: Mapping[str, Mapping[str, Interval]]) -> list[str]:
    ours = metrics[OURS]
    theirs = [f"{metrics[name]['auc'].value:.3f}, {shown(versus[name]['auc'])}" for name in OTHERS]
    true = [f"{ours['log_loss'].value:.5f}", f"{ours['ece'].value:.4f}", *(shown(ours[one]) for one in ("mean_ratio", "top_decile_ratio"))]
    return [shown(ours["auc"]), *theirs, *true]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("KEEPRANK_DATA", ROOT.parent / "shared" / "data")))
    parser.add_argument("--first", default="2011-03-01", help="no month that starts earlier is judged")
    parser.add_argument("--json", type=Path, help="write all numbers here")
    given = parser.parse_args()
    if not given.data.is_dir():
        sys.exit(f"{given.data} does not exist; set KEEPRANK_DATA to the folder of the public data sets")
    settings = parse_settings((ROOT / "config/training.toml").read_text())
    found = measure(given.data, settings, pd.Timestamp(given.first, tz="UTC"))
    if given.json is not None:
        given.json.write_text(json.dumps(found.to_json(), indent=1) + "\n")
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, {pd.Timestamp.now():%Y-%m-%d}\n")
    print(f"{table(found)}\n\n{slices(found)}")


if __name__ == "__main__":
    main()
