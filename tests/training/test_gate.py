from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from domain.errors import GateRefused, RegistryRefused, ReleaseRefused
from tests.support import quiet
from tests.support.challengers import (
    artifacts_of,
    challenge,
    crowned,
    is_refused,
    judge,
    overall,
    promote,
    rows_of,
    skewed_model,
    small_model,
    tags_of,
)
from training.metrics import Scored, log_loss
from training.registry import CHALLENGER, CHAMPION, JUDGED, Registry, Version

pytestmark = quiet.MLFLOW


def test_the_first_challenger_has_to_beat_the_overall_rate(registry: Registry, tmp_path: Path) -> None:
    version = challenge(registry, {"return": small_model("return"), "fit": small_model("fit")}, tmp_path)
    verdict = judge(registry)
    assert (version, None, ()) == (verdict.challenger, verdict.champion, verdict.objections)
    assert [("return", "log_loss"), ("fit", "log_loss")] == [(one.kind, one.metric) for one in verdict.comparisons]
    assert all(one.better and one.difference.high < 0 for one in verdict.comparisons)
    promote(registry, verdict)
    assert version == registry.version(CHAMPION)
    decision = {"promoted_at": "2026-10-01T12:00:00+00:00", "replaced_version": "none", "objections": "none"}
    assert {"seal": version.seal, **decision} == tags_of(registry, version)


def test_a_first_challenger_that_promises_too_much_does_not_beat_the_overall_rate(registry: Registry, tmp_path: Path) -> None:
    challenge(registry, {"return": skewed_model("return", 27)}, tmp_path)
    is_refused(registry, judge(registry), "return: log_loss")
    assert registry.version(CHAMPION) is None


def test_the_same_release_again_is_not_better_and_nothing_changes(registry: Registry, tmp_path: Path) -> None:
    crowned(registry, {"return": small_model("return")}, tmp_path)
    challenge(registry, {"return": small_model("return")}, tmp_path)
    verdict = judge(registry)
    assert ["log_loss", "ece", "kept_margin"] == [one.metric for one in overall(verdict)]
    equal = [one.difference for one in verdict.comparisons if one.metric != "us_per_row"]
    assert {(0.0, 0.0, 0.0)} == {(one.value, one.low, one.high) for one in equal}
    is_refused(registry, verdict, "is not below")


def test_the_champion_cannot_be_promoted_again(registry: Registry, tmp_path: Path) -> None:
    crowned(registry, {"return": small_model("return")}, tmp_path)
    is_refused(registry, judge(registry), "is champion already")


def test_a_challenger_trained_with_too_few_trees_is_refused(registry: Registry, tmp_path: Path) -> None:
    champion = crowned(registry, {"return": small_model("return")}, tmp_path)
    challenge(registry, {"return": small_model("return", trees=1)}, tmp_path)
    is_refused(registry, judge(registry), "return: log_loss")
    assert champion == registry.version(CHAMPION)


def test_a_better_challenger_replaces_the_champion_and_says_so(registry: Registry, tmp_path: Path) -> None:
    first = crowned(registry, {"return": skewed_model("return")}, tmp_path)
    better = challenge(registry, {"return": small_model("return")}, tmp_path)
    verdict = judge(registry)
    assert (first, ()) == (verdict.champion, verdict.objections)
    promote(registry, verdict)
    assert better == registry.version(CHAMPION) == registry.version(CHALLENGER)
    assert first.number == tags_of(registry, better)["replaced_version"]


def test_better_ranking_does_not_excuse_worse_calibration(registry: Registry, tmp_path: Path) -> None:
    crowned(registry, {"return": small_model("return", trees=1)}, tmp_path)
    challenge(registry, {"return": skewed_model("return")}, tmp_path)
    is_refused(registry, judge(registry), "return: ece")


def test_a_reason_overrules_the_objections_and_is_logged(registry: Registry, tmp_path: Path) -> None:
    first = crowned(registry, {"return": small_model("return")}, tmp_path)
    worse = challenge(registry, {"return": small_model("return", trees=1)}, tmp_path)
    verdict = judge(registry)
    with pytest.raises(GateRefused):
        promote(registry, verdict, force="")
    promote(registry, verdict, force="the champion knows no sandals")
    assert worse == registry.version(CHAMPION)
    tags = tags_of(registry, worse)
    assert ("the champion knows no sandals", first.number) == (tags["forced_because"], tags["replaced_version"])
    assert "return: log_loss" in tags["objections"]


@pytest.mark.parametrize("force", [None, "in a hurry"])
@pytest.mark.parametrize("alias", [CHAMPION, CHALLENGER])
def test_a_verdict_on_others_than_those_who_bear_the_aliases_by_now_is_refused(
    alias: str, force: str | None, registry: Registry, tmp_path: Path
) -> None:
    first = crowned(registry, {"return": skewed_model("return")}, tmp_path)
    better = challenge(registry, {"return": small_model("return")}, tmp_path)
    verdict = judge(registry)
    other = Version("3", first.run_id, "seal")
    assert other == registry.register("file:///nowhere", other.run_id, other.seal)
    registry.set_alias(alias, other)
    judged = {CHAMPION: first, CHALLENGER: better}[alias]
    with pytest.raises(GateRefused, match=rf"version {judged.number} was {alias} .* now it is version 3; .*keeprank promote` again"):
        promote(registry, verdict, force=force)
    assert registry.version(CHAMPION) != better
    assert {"seal": better.seal} == tags_of(registry, better)


def test_a_verdict_without_a_champion_is_refused_when_there_is_one_by_now(registry: Registry, tmp_path: Path) -> None:
    version = challenge(registry, {"return": small_model("return")}, tmp_path)
    verdict = judge(registry)
    promote(registry, verdict)
    with pytest.raises(GateRefused, match=f"nobody was champion .* now it is version {version.number}"):
        promote(registry, verdict)


def test_a_challenger_without_a_model_that_the_champion_has_is_refused(registry: Registry, tmp_path: Path) -> None:
    crowned(registry, {"return": skewed_model("return"), "fit": small_model("fit")}, tmp_path)
    challenge(registry, {"return": small_model("return")}, tmp_path)
    is_refused(registry, judge(registry), "the champion has a fit model, the challenger has none")


def test_a_model_that_the_champion_lacks_has_to_beat_the_overall_rate(registry: Registry, tmp_path: Path) -> None:
    crowned(registry, {"return": skewed_model("return")}, tmp_path)
    challenge(registry, {"return": small_model("return"), "fit": small_model("fit")}, tmp_path)
    compared = [(one.kind, one.metric) for one in overall(judge(registry))]
    assert [("return", "log_loss"), ("return", "ece"), ("return", "kept_margin"), ("fit", "log_loss")] == compared


def test_order_models_are_compared_where_the_offers_were_shown(registry: Registry, tmp_path: Path) -> None:
    champion, challenger = small_model("order", trees=3), small_model("order")
    crowned(registry, {"order": champion}, tmp_path)
    challenge(registry, {"order": challenger}, tmp_path)
    verdict = judge(registry)
    assert ["log_loss", "ece", "kept_margin"] == [one.metric for one in overall(verdict)]
    inputs, y = rows_of("order", 3)
    losses = [log_loss(Scored(y, model.predict(inputs, as_seen=True)[:, 1])) for model in (champion, challenger)]
    assert losses == [verdict.comparisons[0].champion, verdict.comparisons[0].challenger]


def test_a_model_that_no_rows_judged_is_refused(registry: Registry, tmp_path: Path) -> None:
    challenge(registry, {"return": small_model("return"), "fit": small_model("fit")}, tmp_path, judged=("return",))
    is_refused(registry, judge(registry), "no rows judged the challenger's fit model")


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_champion_that_is_broken_is_reported_and_can_be_overruled(harm: str, registry: Registry, tmp_path: Path) -> None:
    champion = crowned(registry, {"return": small_model("return")}, tmp_path)
    home = tmp_path / f"model-{champion.run_id}"
    trees = home / "data" / "release" / "return" / "trees.txt"
    trees.write_text("tree\n") if harm == "changed" else shutil.rmtree(home)
    better = challenge(registry, {"return": small_model("return")}, tmp_path)
    verdict = judge(registry)
    assert () == verdict.comparisons
    is_refused(registry, verdict, "the champion cannot be compared")
    promote(registry, verdict, force="the champion is broken")
    assert better == registry.version(CHAMPION)


def test_a_challenger_that_is_broken_is_refused(registry: Registry, tmp_path: Path) -> None:
    version = challenge(registry, {"return": small_model("return")}, tmp_path)
    (tmp_path / f"model-{version.run_id}" / "data" / "release" / "policy.toml").write_text("changed")
    with pytest.raises(ReleaseRefused, match=r"policy\.toml is changed"):
        judge(registry)


def test_judged_rows_that_are_damaged_are_refused(registry: Registry, tmp_path: Path) -> None:
    version = challenge(registry, {"return": small_model("return")}, tmp_path)
    (artifacts_of(registry, version) / JUDGED / "return.parquet").write_text("no parquet")
    with pytest.raises(RegistryRefused, match="the rows that judged the challenger cannot be read"):
        judge(registry)
