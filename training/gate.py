"""Is the challenger better than the champion, on the same rows? If not, it stays a challenger."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import GateRefused, ReleaseRefused
from features.build import FEATURE_SET_HASH
from training.bootstrap import Interval, paired_difference
from training.metrics import Scored, metrics
from training.model import CLASSES, Release, load
from training.registry import CHALLENGER, CHAMPION, JUDGED, Registry, Version

Floats = npt.NDArray[np.float64]

COMPARED = ("log_loss", "ece")


@dataclass(frozen=True)
class Comparison:
    """One metric of one model, champion against challenger, on the rows that judged the challenger.

    Attributes:
        kind: "return" or "fit".
        metric: "log_loss" or "ece"; lower is better.
        champion: the champion's value; where there is none, that of the overall rate.
        challenger: the challenger's value.
        difference: challenger minus champion, with an interval over customers.
    """

    kind: str
    metric: str
    champion: float
    challenger: float
    difference: Interval

    @property
    def better(self) -> bool:
        """Whether the challenger is better."""
        return self.challenger < self.champion


@dataclass(frozen=True)
class Verdict:
    """What the gate found.

    Attributes:
        challenger: who wants to serve.
        champion: who serves; None when nobody does.
        comparisons: metric by metric.
        objections: why the challenger should not be promoted; empty when it should.
    """

    challenger: Version
    champion: Version | None
    comparisons: tuple[Comparison, ...]
    objections: tuple[str, ...]


def judge(registry: Registry, *, seed: int) -> Verdict:
    """Compare challenger and champion.

    Without a champion the challenger has to beat the overall rate's log-loss.

    Raises:
        RegistryRefused: there is no challenger, or the registry does not answer.
        ReleaseRefused: the challenger's release is broken or foreign.
    """
    challenger = registry.require(CHALLENGER)
    champion = registry.version(CHAMPION)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        rows = _judged_rows(registry.fetch_artifact(challenger, JUDGED, folder / JUDGED))
        release = load(registry.fetch_release(challenger, folder / "challenger"), feature_set=FEATURE_SET_HASH)
        if champion is None:
            comparisons = tuple(_against_rate(kind, release, frame, seed) for kind, frame in rows.items())
            return Verdict(challenger, None, comparisons, _objections(comparisons))
        try:
            reigning = load(registry.fetch_release(champion, folder / "champion"), feature_set=FEATURE_SET_HASH)
        except ReleaseRefused as refusal:
            return Verdict(challenger, champion, (), (f"the champion cannot be compared: {refusal}",))
    missing = tuple(f"the champion has a {kind} model, the challenger has none" for kind in sorted(set(reigning.models) - set(release.models)))
    comparisons = tuple(
        found for kind, frame in rows.items() if kind in reigning.models for found in _against_champion(kind, reigning, release, frame, seed)
    )
    return Verdict(challenger, champion, comparisons, missing + _objections(comparisons))


def promote(registry: Registry, verdict: Verdict, *, now: dt.datetime, force: str | None = None) -> None:
    """Make the challenger champion; the decision is written on its version in the registry.

    Args:
        registry: the store.
        verdict: what `judge` found.
        now: the moment to record.
        force: why it is to serve although there are objections.

    Raises:
        GateRefused: there are objections, and no reason to overrule them.
    """
    if verdict.objections and not force:
        raise GateRefused("; ".join(verdict.objections), expected="a challenger that is better", advice='keep the champion, or `--force "why"`')
    replaced = verdict.champion.number if verdict.champion else "none"
    tags = {"promoted_at": now.isoformat(timespec="seconds"), "replaced_version": replaced, "objections": "; ".join(verdict.objections) or "none"}
    registry.tag(verdict.challenger, **tags, **({"forced_because": force} if force else {}))
    registry.set_alias(CHAMPION, verdict.challenger)


def _judged_rows(folder: Path) -> dict[str, pd.DataFrame]:
    return {kind: pd.read_parquet(folder / f"{kind}.parquet") for kind in CLASSES if (folder / f"{kind}.parquet").exists()}


def _objections(comparisons: tuple[Comparison, ...]) -> tuple[str, ...]:
    return tuple(
        f"{one.kind}: {one.metric} {one.challenger:.5f} is not below {one.champion:.5f}" for one in comparisons if not one.better
    )


def _against_champion(kind: str, champion: Release, challenger: Release, frame: pd.DataFrame, seed: int) -> list[Comparison]:
    ours, theirs = (_p(kind, release.models[kind].predict(frame)) for release in (challenger, champion))
    return [_compared(kind, metric, frame, theirs, ours, seed) for metric in COMPARED]


def _against_rate(kind: str, challenger: Release, frame: pd.DataFrame, seed: int) -> Comparison:
    model = challenger.models[kind]
    rate = np.tile(np.array(model.base_rates), (len(frame), 1))
    return _compared(kind, "log_loss", frame, _p(kind, rate), _p(kind, model.predict(frame)), seed)


def _compared(kind: str, metric: str, frame: pd.DataFrame, theirs: Floats, ours: Floats, seed: int) -> Comparison:
    y = frame["y"].to_numpy()
    values = [metrics(Scored(y, p), None, (metric,))[metric] for p in (theirs, ours)]
    difference = paired_difference(y, theirs, ours, frame["customer"], metric, seed=seed)
    return Comparison(kind, metric, values[0], values[1], difference)


def _p(kind: str, probabilities: Floats) -> Floats:
    return probabilities[:, 1] if kind == "return" else probabilities
