from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from domain.errors import GateRefused, RegistryRefused, ReleaseRefused
from features.build import FEATURE_SET_HASH
from tests.support import quiet
from training.gate import Verdict, judge, promote
from training.metrics import Scored, log_loss
from training.model import CLASSES, FIXED, Model, fit, save
from training.registry import CHALLENGER, CHAMPION, JUDGED, MODEL, Registry, Version
from training.settings import Forest

pytestmark = quiet.MLFLOW

NOW = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)


def _artifacts(registry: Registry, version: Version) -> Path:
    return Path(registry.client.get_run(version.run_id).info.artifact_uri.removeprefix("file://"))


# Challengers here are forests of one input, registered without the rest of a training.

FOREST = Forest(trees=20, learning_rate=0.3, leaves=4, fewest_rows_per_leaf=5, share_of_features=1.0, share_of_rows=1.0, l2=0.0)
Block = tuple[pd.DataFrame, npt.NDArray[np.int64]]


def _block(kind: str, seed: int, *, noise: float = 0.7, n: int = 1_000) -> Block:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    edges = np.linspace(-1, 1, len(CLASSES[kind]) + 1)[1:-1]
    told = pd.DataFrame({"x": x, **{name: rng.integers(1, 4, n).astype("float64") for name in FIXED[kind]}})
    seen = x - told["shown_position"].to_numpy() + 1 if kind == "order" else x
    return told, np.searchsorted(edges, seen + noise * rng.normal(size=n)).astype("int64")


def _model(kind: str, *, trees: int = 20, noise: float = 0.7) -> Model:
    forest = Forest(**{**FOREST.__dict__, "trees": trees})
    return fit(kind, _block(kind, 1, noise=noise), _block(kind, 2, noise=noise), forest, seed=1, threads=1)


def _skewed(kind: str, times: float = 3) -> Model:
    """Ranks as well as any, but promises too much."""
    good = _model(kind)
    skewed = type(good.calibration)(good.calibration.slopes * times, good.calibration.intercepts)
    return Model(good.kind, good.features, good.booster, skewed, good.base_rates, good.intervals)


def _challenge(registry: Registry, models: Mapping[str, Model], folder: Path, *, judged: tuple[str, ...] | None = None) -> Version:
    """Register these models as challenger, judged by the same rows each time."""
    run = registry.client.create_run(registry.experiment_id())
    for kind in models if judged is None else judged:
        inputs, y = _block(kind, 3)
        path = folder / f"{kind}.parquet"
        inputs.assign(y=y, customer=np.arange(len(y)) // 4).to_parquet(path, index=False)
        registry.client.log_artifact(run.info.run_id, str(path), JUDGED)
    home = folder / f"model-{run.info.run_id}"
    seal = save(models, home / "data" / "release", feature_set=FEATURE_SET_HASH, policy="", about={})
    version = registry.register(home.as_uri(), run.info.run_id, seal)
    registry.set_alias(CHALLENGER, version)
    return version


def _crowned(registry: Registry, models: Mapping[str, Model], folder: Path) -> Version:
    version = _challenge(registry, models, folder)
    promote(registry, judge(registry, seed=1), now=NOW)
    assert version == registry.version(CHAMPION)
    return version


def _tags(registry: Registry, version: Version) -> dict[str, Any]:
    return dict(registry.client.get_model_version(MODEL, version.number).tags)


def _refused(registry: Registry, verdict: Verdict, objection: str) -> None:
    """The gate refuses for this reason, and nothing changes."""
    before = registry.version(CHAMPION), _tags(registry, verdict.challenger)
    assert objection in "; ".join(verdict.objections)
    with pytest.raises(GateRefused) as refusal:
        promote(registry, verdict, now=NOW)
    assert objection in str(refusal.value)
    assert before == (registry.version(CHAMPION), _tags(registry, verdict.challenger))


def test_the_first_challenger_has_to_beat_the_overall_rate(registry: Registry, tmp_path: Path) -> None:
    version = _challenge(registry, {"return": _model("return"), "fit": _model("fit")}, tmp_path)
    verdict = judge(registry, seed=1)
    assert (version, None, ()) == (verdict.challenger, verdict.champion, verdict.objections)
    assert [("return", "log_loss"), ("fit", "log_loss")] == [(one.kind, one.metric) for one in verdict.comparisons]
    assert all(one.better and one.difference.high < 0 for one in verdict.comparisons)
    promote(registry, verdict, now=NOW)
    assert version == registry.version(CHAMPION)
    decision = {"promoted_at": "2026-10-01T12:00:00+00:00", "replaced_version": "none", "objections": "none"}
    assert {"seal": version.seal, **decision} == _tags(registry, version)


def test_a_first_challenger_that_promises_too_much_does_not_beat_the_overall_rate(registry: Registry, tmp_path: Path) -> None:
    _challenge(registry, {"return": _skewed("return", 27)}, tmp_path)
    _refused(registry, judge(registry, seed=1), "return: log_loss")
    assert registry.version(CHAMPION) is None


def test_the_same_release_again_is_not_better_and_nothing_changes(registry: Registry, tmp_path: Path) -> None:
    _crowned(registry, {"return": _model("return")}, tmp_path)
    _challenge(registry, {"return": _model("return")}, tmp_path)
    verdict = judge(registry, seed=1)
    assert ["log_loss", "ece"] == [one.metric for one in verdict.comparisons]
    assert {(0.0, 0.0, 0.0)} == {(one.difference.value, one.difference.low, one.difference.high) for one in verdict.comparisons}
    _refused(registry, verdict, "is not below")


def test_the_champion_cannot_be_promoted_again(registry: Registry, tmp_path: Path) -> None:
    _crowned(registry, {"return": _model("return")}, tmp_path)
    _refused(registry, judge(registry, seed=1), "is champion already")


def test_a_challenger_trained_with_too_few_trees_is_refused(registry: Registry, tmp_path: Path) -> None:
    champion = _crowned(registry, {"return": _model("return")}, tmp_path)
    _challenge(registry, {"return": _model("return", trees=1)}, tmp_path)
    _refused(registry, judge(registry, seed=1), "return: log_loss")
    assert champion == registry.version(CHAMPION)


def test_a_better_challenger_replaces_the_champion_and_says_so(registry: Registry, tmp_path: Path) -> None:
    first = _crowned(registry, {"return": _skewed("return")}, tmp_path)
    better = _challenge(registry, {"return": _model("return")}, tmp_path)
    verdict = judge(registry, seed=1)
    assert (first, ()) == (verdict.champion, verdict.objections)
    promote(registry, verdict, now=NOW)
    assert better == registry.version(CHAMPION) == registry.version(CHALLENGER)
    assert first.number == _tags(registry, better)["replaced_version"]


def test_better_ranking_does_not_excuse_worse_calibration(registry: Registry, tmp_path: Path) -> None:
    _crowned(registry, {"return": _model("return", trees=1)}, tmp_path)
    _challenge(registry, {"return": _skewed("return")}, tmp_path)
    _refused(registry, judge(registry, seed=1), "return: ece")


def test_a_reason_overrules_the_objections_and_is_logged(registry: Registry, tmp_path: Path) -> None:
    first = _crowned(registry, {"return": _model("return")}, tmp_path)
    worse = _challenge(registry, {"return": _model("return", trees=1)}, tmp_path)
    verdict = judge(registry, seed=1)
    with pytest.raises(GateRefused):
        promote(registry, verdict, now=NOW, force="")
    promote(registry, verdict, now=NOW, force="the champion knows no sandals")
    assert worse == registry.version(CHAMPION)
    tags = _tags(registry, worse)
    assert ("the champion knows no sandals", first.number) == (tags["forced_because"], tags["replaced_version"])
    assert "return: log_loss" in tags["objections"]


@pytest.mark.parametrize("force", [None, "in a hurry"])
@pytest.mark.parametrize("alias", [CHAMPION, CHALLENGER])
def test_a_verdict_on_others_than_those_who_bear_the_aliases_by_now_is_refused(
    alias: str, force: str | None, registry: Registry, tmp_path: Path
) -> None:
    first = _crowned(registry, {"return": _skewed("return")}, tmp_path)
    better = _challenge(registry, {"return": _model("return")}, tmp_path)
    verdict = judge(registry, seed=1)
    other = Version("3", first.run_id, "seal")
    assert other == registry.register("file:///nowhere", other.run_id, other.seal)
    registry.set_alias(alias, other)
    judged = {CHAMPION: first, CHALLENGER: better}[alias]
    with pytest.raises(GateRefused, match=rf"version {judged.number} was {alias} .* now it is version 3; .*keeprank promote` again"):
        promote(registry, verdict, now=NOW, force=force)
    assert registry.version(CHAMPION) != better
    assert {"seal": better.seal} == _tags(registry, better)


def test_a_verdict_without_a_champion_is_refused_when_there_is_one_by_now(registry: Registry, tmp_path: Path) -> None:
    version = _challenge(registry, {"return": _model("return")}, tmp_path)
    verdict = judge(registry, seed=1)
    promote(registry, verdict, now=NOW)
    with pytest.raises(GateRefused, match=f"nobody was champion .* now it is version {version.number}"):
        promote(registry, verdict, now=NOW)


def test_a_challenger_without_a_model_that_the_champion_has_is_refused(registry: Registry, tmp_path: Path) -> None:
    _crowned(registry, {"return": _skewed("return"), "fit": _model("fit")}, tmp_path)
    _challenge(registry, {"return": _model("return")}, tmp_path)
    _refused(registry, judge(registry, seed=1), "the champion has a fit model, the challenger has none")


def test_a_model_that_the_champion_lacks_has_to_beat_the_overall_rate(registry: Registry, tmp_path: Path) -> None:
    _crowned(registry, {"return": _skewed("return")}, tmp_path)
    _challenge(registry, {"return": _model("return"), "fit": _model("fit")}, tmp_path)
    compared = [(one.kind, one.metric) for one in judge(registry, seed=1).comparisons]
    assert [("return", "log_loss"), ("return", "ece"), ("fit", "log_loss")] == compared


def test_order_models_are_compared_where_the_offers_were_shown(registry: Registry, tmp_path: Path) -> None:
    champion, challenger = _model("order", trees=3), _model("order")
    _crowned(registry, {"order": champion}, tmp_path)
    _challenge(registry, {"order": challenger}, tmp_path)
    verdict = judge(registry, seed=1)
    assert [("order", "log_loss"), ("order", "ece")] == [(one.kind, one.metric) for one in verdict.comparisons]
    inputs, y = _block("order", 3)
    losses = [log_loss(Scored(y, model.predict(inputs, as_seen=True)[:, 1])) for model in (champion, challenger)]
    assert losses == [verdict.comparisons[0].champion, verdict.comparisons[0].challenger]


def test_a_model_that_no_rows_judged_is_refused(registry: Registry, tmp_path: Path) -> None:
    _challenge(registry, {"return": _model("return"), "fit": _model("fit")}, tmp_path, judged=("return",))
    _refused(registry, judge(registry, seed=1), "no rows judged the challenger's fit model")


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_champion_that_is_broken_is_reported_and_can_be_overruled(harm: str, registry: Registry, tmp_path: Path) -> None:
    champion = _crowned(registry, {"return": _model("return")}, tmp_path)
    home = tmp_path / f"model-{champion.run_id}"
    trees = home / "data" / "release" / "return" / "trees.txt"
    trees.write_text("tree\n") if harm == "changed" else shutil.rmtree(home)
    better = _challenge(registry, {"return": _model("return")}, tmp_path)
    verdict = judge(registry, seed=1)
    assert () == verdict.comparisons
    _refused(registry, verdict, "the champion cannot be compared")
    promote(registry, verdict, now=NOW, force="the champion is broken")
    assert better == registry.version(CHAMPION)


def test_a_challenger_that_is_broken_is_refused(registry: Registry, tmp_path: Path) -> None:
    version = _challenge(registry, {"return": _model("return")}, tmp_path)
    (tmp_path / f"model-{version.run_id}" / "data" / "release" / "policy.toml").write_text("changed")
    with pytest.raises(ReleaseRefused, match=r"policy\.toml is changed"):
        judge(registry, seed=1)


def test_judged_rows_that_are_damaged_are_refused(registry: Registry, tmp_path: Path) -> None:
    version = _challenge(registry, {"return": _model("return")}, tmp_path)
    (_artifacts(registry, version) / JUDGED / "return.parquet").write_text("no parquet")
    with pytest.raises(RegistryRefused, match="the rows that judged the challenger cannot be read"):
        judge(registry, seed=1)
