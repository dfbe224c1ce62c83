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

from domain.errors import GateRefused, RegistryRefused, ReleaseRefused
from features.build import FEATURE_SET_HASH
from training.bootstrap import Interval, paired_difference
from training.evaluate import forecast
from training.metrics import Scored, metrics
from training.model import CLASSES, Model, load
from training.registry import CHALLENGER, CHAMPION, JUDGED, Registry, Version

Floats = npt.NDArray[np.float64]

COMPARED = ("log_loss", "ece")


@dataclass(frozen=True)
class Comparison:
    """One metric of one model, champion against challenger, on the rows that judged the challenger.

    Attributes:
        kind: "return", "fit" or "order".
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

    A model that no champion can be compared with has to beat the overall rate's log-loss.

    Raises:
        RegistryRefused: there is no challenger, or the registry does not answer.
        ReleaseRefused: the challenger's release is broken or foreign.
    """
    challenger = registry.require(CHALLENGER)
    champion = registry.version(CHAMPION)
    if champion is not None and champion.number == challenger.number:
        return Verdict(challenger, champion, (), (f"version {champion.number} is champion already; train a challenger first",))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        rows = _judged_rows(registry.fetch_artifact(challenger, JUDGED, folder / JUDGED))
        release = load(registry.fetch_release(challenger, folder / "challenger"), feature_set=FEATURE_SET_HASH)
        try:
            reigning = _models_of(registry, champion, folder / "champion")
        except (ReleaseRefused, RegistryRefused) as refusal:
            return Verdict(challenger, champion, (), (f"the champion cannot be compared: {refusal}",))
    comparisons = tuple(
        found for kind, frame in rows.items() for found in _compared(kind, reigning.get(kind), release.models[kind], frame, seed)
    )
    return Verdict(challenger, champion, comparisons, _missing(reigning, release.models, rows) + _objections(comparisons))


def promote(registry: Registry, verdict: Verdict, *, now: dt.datetime, force: str | None = None) -> None:
    """Make the challenger champion; the decision is written on its version in the registry.

    Args:
        registry: the store.
        verdict: what `judge` found.
        now: the moment to record.
        force: why it is to serve although there are objections.

    Raises:
        GateRefused: there are objections and no reason to overrule them, or the champion or the challenger is another by now.
    """
    if verdict.objections and not force:
        raise GateRefused(
            "; ".join(verdict.objections), expected="a challenger that is better", advice='keep the champion, or `--force "why"`'
        )
    replaced = verdict.champion.number if verdict.champion else "none"
    tags = {
        "promoted_at": now.isoformat(timespec="seconds"),
        "replaced_version": replaced,
        "objections": "; ".join(verdict.objections) or "none",
    }
    with registry.alone():
        _refuse_if_outdated(registry, verdict)
        registry.tag(verdict.challenger, **tags, **({"forced_because": force} if force else {}))
        registry.set_alias(CHAMPION, verdict.challenger)


def _refuse_if_outdated(registry: Registry, verdict: Verdict) -> None:
    for alias, judged in ((CHAMPION, verdict.champion), (CHALLENGER, verdict.challenger)):
        bearer = registry.version(alias)
        if bearer != judged:
            was, is_now = (f"version {one.number}" if one else "nobody" for one in (judged, bearer))
            raise GateRefused(
                f"{was} was {alias} when the gate compared, now it is {is_now}",
                expected="the releases that were compared",
                advice="run `keeprank promote` again: it compares anew",
            )


def _judged_rows(folder: Path) -> dict[str, pd.DataFrame]:
    try:
        return {kind: pd.read_parquet(folder / f"{kind}.parquet") for kind in CLASSES if (folder / f"{kind}.parquet").exists()}
    except (OSError, ValueError) as error:
        raise RegistryRefused(f"the rows that judged the challenger cannot be read: {error}", advice="train anew") from error


def _models_of(registry: Registry, version: Version | None, folder: Path) -> Mapping[str, Model]:
    return {} if version is None else load(registry.fetch_release(version, folder), feature_set=FEATURE_SET_HASH).models


def _missing(reigning: Mapping[str, Model], models: Mapping[str, Model], rows: Mapping[str, pd.DataFrame]) -> tuple[str, ...]:
    gone = [f"the champion has a {kind} model, the challenger has none" for kind in sorted(set(reigning) - set(models))]
    unjudged = [f"no rows judged the challenger's {kind} model" for kind in sorted(set(models) - set(rows))]
    return (*gone, *unjudged)


def _objections(comparisons: tuple[Comparison, ...]) -> tuple[str, ...]:
    return tuple(f"{one.kind}: {one.metric} {one.challenger:.5f} is not below {one.champion:.5f}" for one in comparisons if not one.better)


def _compared(kind: str, champion: Model | None, challenger: Model, frame: pd.DataFrame, seed: int) -> list[Comparison]:
    theirs = np.tile(np.array(challenger.base_rates), (len(frame), 1)) if champion is None else champion.predict(frame, as_seen=True)
    forecasts = [forecast(kind, p) for p in (theirs, challenger.predict(frame, as_seen=True))]
    return [_one(kind, metric, frame, forecasts, seed) for metric in (COMPARED if champion else COMPARED[:1])]


def _one(kind: str, metric: str, frame: pd.DataFrame, forecasts: list[Floats], seed: int) -> Comparison:
    y = frame["y"].to_numpy()
    theirs, ours = (metrics(Scored(y, p), None, (metric,))[metric] for p in forecasts)
    difference = paired_difference(y, forecasts[0], forecasts[1], frame["customer"], metric, seed=seed)
    return Comparison(kind, metric, theirs, ours, difference)
