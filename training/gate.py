"""Is the challenger better than the champion, on the same later rows, and nowhere worse? If not, it stays a challenger."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from domain.errors import GateRefused, RegistryRefused, ReleaseRefused
from features.build import FEATURE_SET_HASH
from training.comparing import ALL, Comparison, against_the_overall_rate, compare
from training.history import Change, What, before, record
from training.judged import Judged, read_judged
from training.model import CLASSES, Model, Release, load
from training.registry import CHALLENGER, CHAMPION, JUDGED, Registry, Version
from training.settings import Gate
from training.telling import telling

Track = Callable[[Iterable[str]], Iterable[str]]

_ONLY_TOLD = ("reason",)
"""Models that move no offer: they need not be better, only not worse for sure. A small shop's reasons hardly beat the overall mix."""

_FEWEST_OF_A_CLASS = 10
"""A class with fewer judged rows is not asked what tells it: chance alone can."""


@dataclass(frozen=True)
class Verdict:
    """What the gate found.

    Attributes:
        challenger: who wants to serve.
        champion: who serves; None when nobody does.
        comparisons: measure by measure.
        objections: why the challenger should not be promoted; empty when it should.
    """

    challenger: Version
    champion: Version | None
    comparisons: tuple[Comparison, ...]
    objections: tuple[str, ...]


def judge(registry: Registry, rules: Gate, *, seed: int, track: Track = iter) -> Verdict:
    """Compare challenger and champion.

    A model that no champion can be compared with has to beat the overall rate's log-loss.

    Args:
        registry: the store.
        rules: what a challenger must not be worse at.
        seed: seed of the resampling.
        track: wraps the loop over parts, to show progress.

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
        release = load(registry.fetch_release(challenger, folder / "challenger"), feature_set=FEATURE_SET_HASH)
        rows = _judged_rows(registry.fetch_artifact(challenger, JUDGED, folder / JUDGED))
        try:
            reigning = None if champion is None else _release(registry, champion, folder / "champion")
        except (ReleaseRefused, RegistryRefused) as refusal:
            return Verdict(challenger, champion, (), (f"the champion cannot be compared: {refusal}",))
    theirs = {} if reigning is None else reigning.models
    found = [one for kind, judged in rows.items() for one in _compared(theirs.get(kind), release.models[kind], judged, rules, seed, track)]
    objections = [*_missing(theirs, release.models, rows), *_seen_before(reigning, rows), *_too_telling(rows, rules)]
    return Verdict(challenger, champion, tuple(found), (*objections, *(why for one in found if (why := _objection(one, rules)))))


def promote(registry: Registry, verdict: Verdict, *, now: dt.datetime, by: str, force: str | None = None) -> Change:
    """Make the challenger champion; the decision is written on its version in the registry, and into the registry's history.

    Args:
        registry: the store.
        verdict: what `judge` found.
        now: the moment to record.
        by: who promotes.
        force: why it is to serve although there are objections.

    Raises:
        GateRefused: there are objections and no reason to overrule them, or the champion or the challenger is another by now.
    """
    if verdict.objections and not force:
        raise GateRefused(
            "; ".join(verdict.objections), expected="a challenger that is better", advice='keep the champion, or `--force "why"`'
        )
    objections = "; ".join(verdict.objections)
    replaced = verdict.champion.number if verdict.champion else "none"
    tags = {"promoted_at": now.isoformat(timespec="seconds"), "replaced_version": replaced, "objections": objections or "none"}
    with registry.alone():
        _refuse_if_outdated(registry, verdict)
        registry.tag(verdict.challenger, **tags, **({"forced_because": force} if force else {}))
        registry.set_alias(CHAMPION, verdict.challenger)
        what: What = "forced" if verdict.objections else "promoted"
        why = (force or "") if verdict.objections else "better on the rows that judged it"
        return record(registry, what, before=verdict.champion, after=verdict.challenger, by=by, now=now, why=why, objections=objections)


def roll_back(registry: Registry, *, to: str | None, why: str, by: str, now: dt.datetime) -> Change:
    """Let an earlier release serve again.

    Args:
        registry: the store.
        to: its version; None takes the one that the champion replaced.
        why: the reason to record.
        by: who does it.
        now: the moment to record.

    Raises:
        GateRefused: no reason is given.
        RollbackRefused: there is none to go back to, or it serves already.
        RegistryRefused: there is no champion or no such version, or the registry does not answer.
        ReleaseRefused: the release is broken or foreign; the champion stays.
    """
    if not why.strip():
        raise GateRefused("no reason to roll back", expected="one: it is written down", advice='--why "..."')
    with registry.alone(), tempfile.TemporaryDirectory() as scratch:
        champion = registry.require(CHAMPION)
        target = registry.numbered(before(registry, champion) if to is None else to)
        if target.number == champion.number:
            raise GateRefused(f"version {target.number} is champion already", expected="another version")
        _release(registry, target, Path(scratch) / "release")
        registry.set_alias(CHAMPION, target)
        return record(registry, "rolled back", before=champion, after=target, by=by, now=now, why=why)


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


def _judged_rows(folder: Path) -> dict[str, Judged]:
    found = {kind: read_judged(kind, folder) for kind in CLASSES}
    return {kind: judged for kind, judged in found.items() if judged is not None}


def _release(registry: Registry, version: Version, folder: Path) -> Release:
    return load(registry.fetch_release(version, folder), feature_set=FEATURE_SET_HASH)


def _compared(champion: Model | None, challenger: Model, judged: Judged, rules: Gate, seed: int, track: Track) -> list[Comparison]:
    if champion is None:
        return against_the_overall_rate(challenger, judged, seed=seed)
    return compare(champion, challenger, judged, rules, seed=seed, track=track)


def _missing(reigning: Mapping[str, Model], models: Mapping[str, Model], rows: Mapping[str, Judged]) -> list[str]:
    gone = [f"the champion has a {kind} model, the challenger has none" for kind in sorted(set(reigning) - set(models))]
    unjudged = [f"no rows judged the challenger's {kind} model" for kind in sorted(set(models) - set(rows))]
    return [*gone, *unjudged]


def _seen_before(reigning: Release | None, rows: Mapping[str, Judged]) -> list[str]:
    """A champion that learned from rows that judge now would be judged on what it has seen."""
    cuts: Mapping[str, str] = {} if reigning is None else reigning.about.get("cuts", {})
    return [
        f"{kind}: the champion learned from rows until {cut}, and rows from {first:%Y-%m-%d} on judge: train the challenger on newer data"
        for kind, cut in cuts.items()
        if kind in rows and pd.Timestamp(cut) > (first := pd.Timestamp(int(rows[kind].at.min()), unit="us", tz="UTC"))
    ]


def _too_telling(rows: Mapping[str, Judged], rules: Gate) -> list[str]:
    """Features that alone tell the outcome better than honest inputs can: the future has leaked into them."""
    return [
        f"{kind}: {name} alone tells {CLASSES[kind][number]!r} with an AUC of {area:.3f}: too good to be true (`keeprank features audit`)"
        for kind, judged in rows.items()
        for number in _asked_about(judged)
        for name in judged.inputs.columns
        if (area := telling(judged.inputs[name].to_numpy(dtype="float64"), judged.y == number)) > rules.suspicious_auc
    ]


def _asked_about(judged: Judged) -> list[int]:
    """Of two classes, the second."""
    classes = len(CLASSES[judged.kind])
    enough = [number for number in range(classes) if _FEWEST_OF_A_CLASS <= (judged.y == number).sum() <= len(judged.y) - _FEWEST_OF_A_CLASS]
    return [number for number in enough if classes > 2 or number == 1]


def _objection(one: Comparison, rules: Gate) -> str | None:
    """Why this measure speaks against the challenger; None when it does not."""
    where = f"{one.kind}: {one.metric}" + ("" if one.part == ALL else f" of {one.part} ({one.rows:,} rows)")
    if one.metric == "us_per_row":
        return _too_slow(one, rules, where)
    if one.metric == "log_loss" and one.part == ALL and one.kind not in _ONLY_TOLD:
        return None if one.better else f"{where} {one.challenger:.5f} is not below {one.champion:.5f}"
    if one.worse_for_sure:
        side = "below" if one.metric == "kept_margin" else "above"
        return f"{where} {one.challenger:.5f} lies {side} {one.champion:.5f} by more than chance"
    return None


def _too_slow(one: Comparison, rules: Gate, where: str) -> str | None:
    if one.challenger > rules.slowest_us_per_row:
        return f"{where} {one.challenger:.1f} is above the budget of {rules.slowest_us_per_row:.1f}"
    if one.challenger > max(rules.slower_times * one.champion, rules.slowest_us_per_row / 10):
        return f"{where} {one.challenger:.1f} is more than {rules.slower_times:g} times the champion's {one.champion:.1f}"
    return None
