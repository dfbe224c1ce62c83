"""Challengers that are forests of one input, registered without the rest of a training, and the rows that judge them."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from domain.errors import GateRefused
from features.build import FEATURE_SET_HASH
from training.comparing import Comparison
from training.gate import Verdict
from training.gate import judge as judge_by
from training.gate import promote as promote_by
from training.history import Change
from training.judged import Judged
from training.model import CLASSES, FIXED, Model, fit, save
from training.registry import CHALLENGER, CHAMPION, JUDGED, MODEL, Registry, Version
from training.settings import Forest, Gate

NOW = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)
RULES = Gate(fewest_rows_per_part=200, kept_share=0.5, top_places=2, slowest_us_per_row=5_000.0, slower_times=50.0, suspicious_auc=0.95)
CUT = "2026-09-01T00:00:00+00:00"


def judge(registry: Registry, rules: Gate = RULES) -> Verdict:
    return judge_by(registry, rules, seed=1)


def promote(registry: Registry, verdict: Verdict, *, force: str | None = None) -> Change:
    return promote_by(registry, verdict, now=NOW, by="ann@shop", force=force)


def artifacts_of(registry: Registry, version: Version) -> Path:
    return Path(registry.client.get_run(version.run_id).info.artifact_uri.removeprefix("file://"))


# Challengers here are forests of one input, registered without the rest of a training.

FOREST = Forest(trees=20, learning_rate=0.3, leaves=4, fewest_rows_per_leaf=5, share_of_features=1.0, share_of_rows=1.0, l2=0.0)
Block = tuple[pd.DataFrame, npt.NDArray[np.int64]]


def rows_of(kind: str, seed: int, *, noise: float = 0.7, n: int = 1_000) -> Block:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    edges = np.linspace(-1, 1, len(CLASSES[kind]) + 1)[1:-1]
    told = pd.DataFrame({"x": x, **{name: rng.integers(1, 4, n).astype("float64") for name in FIXED[kind]}})
    seen = x - told["shown_position"].to_numpy() + 1 if kind == "order" else x
    return told, np.searchsorted(edges, seen + noise * rng.normal(size=n)).astype("int64")


def small_model(kind: str, *, trees: int = 20, noise: float = 0.7) -> Model:
    forest = Forest(**{**FOREST.__dict__, "trees": trees})
    return fit(kind, rows_of(kind, 1, noise=noise), rows_of(kind, 2, noise=noise), forest, seed=1, threads=1)


def skewed_model(kind: str, times: float = 3) -> Model:
    """Ranks as well as any, but promises too much."""
    good = small_model(kind)
    skewed = type(good.calibration)(good.calibration.slopes * times, good.calibration.intercepts)
    return dataclasses.replace(good, calibration=skewed)


def judged_rows(kind: str, **changed: Any) -> Judged:
    """The same rows each time: every fourth belongs to a new customer, and every one is worth 10 if kept and costs 5 if returned."""
    inputs, y = rows_of(kind, 3)
    number = np.arange(len(y))
    parts = {"customer:new": number % 4 == 0, "customer:known": number % 4 != 0}
    at = np.full(len(y), pd.Timestamp(CUT).value // 1_000)
    told = {"customer": number // 4, "listed": number // 5, "kept": np.full(len(y), 10.0), "lost": np.full(len(y), 5.0)}
    return Judged(**{"kind": kind, "inputs": inputs, "y": y, "at": at, "parts": parts, **told, **changed})


def challenge(
    registry: Registry,
    models: Mapping[str, Model],
    folder: Path,
    *,
    judged: tuple[str | Judged, ...] | None = None,
    cuts: Mapping[str, str] | None = None,
) -> Version:
    """Register these models as challenger, judged by the same rows each time."""
    run = registry.client.create_run(registry.experiment_id())
    for one in models if judged is None else judged:
        path = (judged_rows(one) if isinstance(one, str) else one).write(folder)
        registry.client.log_artifact(run.info.run_id, str(path), JUDGED)
    home = folder / f"model-{run.info.run_id}"
    about = {"cuts": dict.fromkeys(models, CUT) if cuts is None else cuts}
    seal = save(models, home / "data" / "release", feature_set=FEATURE_SET_HASH, policy="", about=about)
    version = registry.register(home.as_uri(), run.info.run_id, seal)
    registry.set_alias(CHALLENGER, version)
    return version


def crowned(registry: Registry, models: Mapping[str, Model], folder: Path) -> Version:
    version = challenge(registry, models, folder)
    promote(registry, judge(registry))
    assert version == registry.version(CHAMPION)
    return version


def overall(verdict: Verdict) -> list[Comparison]:
    """What was compared on all rows, but for the time that it takes."""
    return [one for one in verdict.comparisons if one.part == "all" and one.metric != "us_per_row"]


def tags_of(registry: Registry, version: Version) -> dict[str, Any]:
    return dict(registry.client.get_model_version(MODEL, version.number).tags)


def is_refused(registry: Registry, verdict: Verdict, objection: str) -> None:
    """The gate refuses for this reason, and nothing changes."""
    before = registry.version(CHAMPION), tags_of(registry, verdict.challenger)
    assert objection in "; ".join(verdict.objections)
    with pytest.raises(GateRefused) as refusal:
        promote(registry, verdict)
    assert objection in str(refusal.value)
    assert before == (registry.version(CHAMPION), tags_of(registry, verdict.challenger))
