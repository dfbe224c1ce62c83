from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from domain.errors import GateRefused, NotEnoughData, RegistryRefused, ReleaseRefused, RollbackRefused
from features.build import FEATURE_SET_HASH
from features.shop import Shop
from tests.conftest import POLICY
from tests.support import quiet
from tests.support.planted import with_told_discounts
from training.bootstrap import Interval
from training.calibration import Calibration
from training.comparing import Comparison, compare
from training.gate import Verdict, _objection, roll_back
from training.gate import judge as judge_by
from training.gate import promote as promote_by
from training.history import Change, history
from training.judged import Judged
from training.metrics import Scored, log_loss
from training.model import CLASSES, FIXED, Model, fit, save
from training.pipeline import train
from training.registry import CHALLENGER, CHAMPION, JUDGED, MODEL, Registry, Version
from training.settings import Forest, Gate, Settings
from training.tracking import log_training

pytestmark = quiet.MLFLOW

NOW = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)
RULES = Gate(fewest_rows_per_part=200, kept_share=0.5, top_places=2, slowest_us_per_row=5_000.0, slower_times=50.0, suspicious_auc=0.95)
PARTS = ("customer:new", "customer:known")
CUT = "2026-09-01T00:00:00+00:00"


def judge(registry: Registry, rules: Gate = RULES) -> Verdict:
    return judge_by(registry, rules, seed=1)


def promote(registry: Registry, verdict: Verdict, *, force: str | None = None) -> Change:
    return promote_by(registry, verdict, now=NOW, by="ann@shop", force=force)


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


def _judged(kind: str, **changed: Any) -> Judged:
    """The same rows each time: every fourth belongs to a new customer, and every one is worth 10 if kept and costs 5 if returned."""
    inputs, y = _block(kind, 3)
    number = np.arange(len(y))
    parts = {"customer:new": number % 4 == 0, "customer:known": number % 4 != 0}
    at = np.full(len(y), pd.Timestamp(CUT).value // 1_000)
    told = {"customer": number // 4, "listed": number // 5, "kept": np.full(len(y), 10.0), "lost": np.full(len(y), 5.0)}
    return Judged(**{"kind": kind, "inputs": inputs, "y": y, "at": at, "parts": parts, **told, **changed})


def _challenge(
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
        path = (_judged(one) if isinstance(one, str) else one).write(folder)
        registry.client.log_artifact(run.info.run_id, str(path), JUDGED)
    home = folder / f"model-{run.info.run_id}"
    about = {"cuts": dict.fromkeys(models, CUT) if cuts is None else cuts}
    seal = save(models, home / "data" / "release", feature_set=FEATURE_SET_HASH, policy="", about=about)
    version = registry.register(home.as_uri(), run.info.run_id, seal)
    registry.set_alias(CHALLENGER, version)
    return version


def _crowned(registry: Registry, models: Mapping[str, Model], folder: Path) -> Version:
    version = _challenge(registry, models, folder)
    promote(registry, judge(registry))
    assert version == registry.version(CHAMPION)
    return version


def _overall(verdict: Verdict) -> list[Comparison]:
    """What was compared on all rows, but for the time that it takes."""
    return [one for one in verdict.comparisons if one.part == "all" and one.metric != "us_per_row"]


def _tags(registry: Registry, version: Version) -> dict[str, Any]:
    return dict(registry.client.get_model_version(MODEL, version.number).tags)


def _refused(registry: Registry, verdict: Verdict, objection: str) -> None:
    """The gate refuses for this reason, and nothing changes."""
    before = registry.version(CHAMPION), _tags(registry, verdict.challenger)
    assert objection in "; ".join(verdict.objections)
    with pytest.raises(GateRefused) as refusal:
        promote(registry, verdict)
    assert objection in str(refusal.value)
    assert before == (registry.version(CHAMPION), _tags(registry, verdict.challenger))


def test_the_first_challenger_has_to_beat_the_overall_rate(registry: Registry, tmp_path: Path) -> None:
    version = _challenge(registry, {"return": _model("return"), "fit": _model("fit")}, tmp_path)
    verdict = judge(registry)
    assert (version, None, ()) == (verdict.challenger, verdict.champion, verdict.objections)
    assert [("return", "log_loss"), ("fit", "log_loss")] == [(one.kind, one.metric) for one in verdict.comparisons]
    assert all(one.better and one.difference.high < 0 for one in verdict.comparisons)
    promote(registry, verdict)
    assert version == registry.version(CHAMPION)
    decision = {"promoted_at": "2026-10-01T12:00:00+00:00", "replaced_version": "none", "objections": "none"}
    assert {"seal": version.seal, **decision} == _tags(registry, version)


def test_a_first_challenger_that_promises_too_much_does_not_beat_the_overall_rate(registry: Registry, tmp_path: Path) -> None:
    _challenge(registry, {"return": _skewed("return", 27)}, tmp_path)
    _refused(registry, judge(registry), "return: log_loss")
    assert registry.version(CHAMPION) is None


def test_the_same_release_again_is_not_better_and_nothing_changes(registry: Registry, tmp_path: Path) -> None:
    _crowned(registry, {"return": _model("return")}, tmp_path)
    _challenge(registry, {"return": _model("return")}, tmp_path)
    verdict = judge(registry)
    assert ["log_loss", "ece", "kept_margin"] == [one.metric for one in _overall(verdict)]
    equal = [one.difference for one in verdict.comparisons if one.metric != "us_per_row"]
    assert {(0.0, 0.0, 0.0)} == {(one.value, one.low, one.high) for one in equal}
    _refused(registry, verdict, "is not below")


def test_the_champion_cannot_be_promoted_again(registry: Registry, tmp_path: Path) -> None:
    _crowned(registry, {"return": _model("return")}, tmp_path)
    _refused(registry, judge(registry), "is champion already")


def test_a_challenger_trained_with_too_few_trees_is_refused(registry: Registry, tmp_path: Path) -> None:
    champion = _crowned(registry, {"return": _model("return")}, tmp_path)
    _challenge(registry, {"return": _model("return", trees=1)}, tmp_path)
    _refused(registry, judge(registry), "return: log_loss")
    assert champion == registry.version(CHAMPION)


def test_a_better_challenger_replaces_the_champion_and_says_so(registry: Registry, tmp_path: Path) -> None:
    first = _crowned(registry, {"return": _skewed("return")}, tmp_path)
    better = _challenge(registry, {"return": _model("return")}, tmp_path)
    verdict = judge(registry)
    assert (first, ()) == (verdict.champion, verdict.objections)
    promote(registry, verdict)
    assert better == registry.version(CHAMPION) == registry.version(CHALLENGER)
    assert first.number == _tags(registry, better)["replaced_version"]


def test_better_ranking_does_not_excuse_worse_calibration(registry: Registry, tmp_path: Path) -> None:
    _crowned(registry, {"return": _model("return", trees=1)}, tmp_path)
    _challenge(registry, {"return": _skewed("return")}, tmp_path)
    _refused(registry, judge(registry), "return: ece")


def test_a_reason_overrules_the_objections_and_is_logged(registry: Registry, tmp_path: Path) -> None:
    first = _crowned(registry, {"return": _model("return")}, tmp_path)
    worse = _challenge(registry, {"return": _model("return", trees=1)}, tmp_path)
    verdict = judge(registry)
    with pytest.raises(GateRefused):
        promote(registry, verdict, force="")
    promote(registry, verdict, force="the champion knows no sandals")
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
    verdict = judge(registry)
    other = Version("3", first.run_id, "seal")
    assert other == registry.register("file:///nowhere", other.run_id, other.seal)
    registry.set_alias(alias, other)
    judged = {CHAMPION: first, CHALLENGER: better}[alias]
    with pytest.raises(GateRefused, match=rf"version {judged.number} was {alias} .* now it is version 3; .*keeprank promote` again"):
        promote(registry, verdict, force=force)
    assert registry.version(CHAMPION) != better
    assert {"seal": better.seal} == _tags(registry, better)


def test_a_verdict_without_a_champion_is_refused_when_there_is_one_by_now(registry: Registry, tmp_path: Path) -> None:
    version = _challenge(registry, {"return": _model("return")}, tmp_path)
    verdict = judge(registry)
    promote(registry, verdict)
    with pytest.raises(GateRefused, match=f"nobody was champion .* now it is version {version.number}"):
        promote(registry, verdict)


def test_a_challenger_without_a_model_that_the_champion_has_is_refused(registry: Registry, tmp_path: Path) -> None:
    _crowned(registry, {"return": _skewed("return"), "fit": _model("fit")}, tmp_path)
    _challenge(registry, {"return": _model("return")}, tmp_path)
    _refused(registry, judge(registry), "the champion has a fit model, the challenger has none")


def test_a_model_that_the_champion_lacks_has_to_beat_the_overall_rate(registry: Registry, tmp_path: Path) -> None:
    _crowned(registry, {"return": _skewed("return")}, tmp_path)
    _challenge(registry, {"return": _model("return"), "fit": _model("fit")}, tmp_path)
    compared = [(one.kind, one.metric) for one in _overall(judge(registry))]
    assert [("return", "log_loss"), ("return", "ece"), ("return", "kept_margin"), ("fit", "log_loss")] == compared


def test_order_models_are_compared_where_the_offers_were_shown(registry: Registry, tmp_path: Path) -> None:
    champion, challenger = _model("order", trees=3), _model("order")
    _crowned(registry, {"order": champion}, tmp_path)
    _challenge(registry, {"order": challenger}, tmp_path)
    verdict = judge(registry)
    assert ["log_loss", "ece", "kept_margin"] == [one.metric for one in _overall(verdict)]
    inputs, y = _block("order", 3)
    losses = [log_loss(Scored(y, model.predict(inputs, as_seen=True)[:, 1])) for model in (champion, challenger)]
    assert losses == [verdict.comparisons[0].champion, verdict.comparisons[0].challenger]


def test_a_model_that_no_rows_judged_is_refused(registry: Registry, tmp_path: Path) -> None:
    _challenge(registry, {"return": _model("return"), "fit": _model("fit")}, tmp_path, judged=("return",))
    _refused(registry, judge(registry), "no rows judged the challenger's fit model")


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_champion_that_is_broken_is_reported_and_can_be_overruled(harm: str, registry: Registry, tmp_path: Path) -> None:
    champion = _crowned(registry, {"return": _model("return")}, tmp_path)
    home = tmp_path / f"model-{champion.run_id}"
    trees = home / "data" / "release" / "return" / "trees.txt"
    trees.write_text("tree\n") if harm == "changed" else shutil.rmtree(home)
    better = _challenge(registry, {"return": _model("return")}, tmp_path)
    verdict = judge(registry)
    assert () == verdict.comparisons
    _refused(registry, verdict, "the champion cannot be compared")
    promote(registry, verdict, force="the champion is broken")
    assert better == registry.version(CHAMPION)


def test_a_challenger_that_is_broken_is_refused(registry: Registry, tmp_path: Path) -> None:
    version = _challenge(registry, {"return": _model("return")}, tmp_path)
    (tmp_path / f"model-{version.run_id}" / "data" / "release" / "policy.toml").write_text("changed")
    with pytest.raises(ReleaseRefused, match=r"policy\.toml is changed"):
        judge(registry)


def test_judged_rows_that_are_damaged_are_refused(registry: Registry, tmp_path: Path) -> None:
    version = _challenge(registry, {"return": _model("return")}, tmp_path)
    (_artifacts(registry, version) / JUDGED / "return.parquet").write_text("no parquet")
    with pytest.raises(RegistryRefused, match="the rows that judged the challenger cannot be read"):
        judge(registry)


# What speaks against a challenger beside its overall log-loss.


def test_a_challenger_of_shuffled_labels_is_refused(registry: Registry, tmp_path: Path) -> None:
    _crowned(registry, {"return": _model("return")}, tmp_path)
    inputs, y = _block("return", 1)
    rng = np.random.default_rng(4)
    for _ in range(20):
        try:
            shuffled = fit("return", (inputs, rng.permutation(y)), (inputs, rng.permutation(y)), FOREST, seed=1, threads=1)
            break
        except NotEnoughData:  # what it learned happens to say the opposite of the calibration block: shuffle again
            continue
    _challenge(registry, {"return": shuffled}, tmp_path)
    _refused(registry, judge(registry), "return: log_loss")


def test_a_challenger_that_is_better_on_the_whole_but_worse_in_one_part_is_refused(registry: Registry, tmp_path: Path) -> None:
    """The champion says little to everybody; the challenger says much, and the opposite of what new customers, every 20th row, do."""
    judged, rules = _judged("return"), dataclasses.replace(RULES, fewest_rows_per_part=50)
    new = np.arange(len(judged.y)) % 20 == 0
    opposed = dataclasses.replace(judged, y=np.where(new, 1 - judged.y, judged.y), parts={"customer:new": new, "customer:known": ~new})
    _challenge(registry, {"return": _skewed("return", 0.3)}, tmp_path, judged=(opposed,))
    promote(registry, judge(registry, rules), force="the first")
    _challenge(registry, {"return": _model("return")}, tmp_path, judged=(opposed,))
    verdict = judge(registry, rules)
    assert _overall(verdict)[0].better
    _refused(registry, verdict, "return: log_loss of customer:new (50 rows)")
    assert not any("customer:known" in objection for objection in verdict.objections)


def test_parts_with_too_few_rows_are_not_compared_on_their_own(registry: Registry, tmp_path: Path) -> None:
    _crowned(registry, {"return": _skewed("return")}, tmp_path)
    _challenge(registry, {"return": _model("return")}, tmp_path)
    parts = {one.part for one in judge(registry, dataclasses.replace(RULES, fewest_rows_per_part=251)).comparisons}
    assert {"all", "customer:known"} == parts


def test_what_a_part_differs_by_is_asked_more_strictly_the_more_parts_there_are(registry: Registry, tmp_path: Path) -> None:
    _crowned(registry, {"return": _skewed("return")}, tmp_path)
    judged, number = _judged("return"), np.arange(1_000)
    many = dataclasses.replace(judged, parts={f"category:{part}": number % 4 == 0 for part in range(10)})
    widths = []
    for rows in (judged, many):
        _challenge(registry, {"return": _model("return")}, tmp_path, judged=(rows,))
        found = next(one for one in judge(registry).comparisons if one.part in ("customer:new", "category:0"))
        widths.append(found.difference.high - found.difference.low)
    assert widths[0] < widths[1]


def test_kept_margin_is_what_the_half_of_lines_left_that_a_model_would_show_on() -> None:
    """By hand: six lines of two customers; the model of x keeps the lines with a small x."""
    model, inputs = _model("return"), pd.DataFrame({"x": [-3.0, -2.0, -1.0, 1.0, 2.0, 3.0]})
    y = np.array([0, 0, 1, 0, 1, 1])
    judged = _judged(
        "return", inputs=inputs, y=y, customer=np.array([1, 1, 1, 2, 2, 2]), kept=np.full(6, 10.0), lost=np.full(6, 4.0), parts={}
    )
    upside_down = dataclasses.replace(model, calibration=Calibration(-model.calibration.slopes, -model.calibration.intercepts))
    found = next(one for one in compare(upside_down, model, judged, RULES, seed=1) if one.metric == "kept_margin")
    assert (10 + 10 - 4) / 6 == found.challenger
    assert (10 - 4 - 4) / 6 == pytest.approx(found.champion)
    assert found.better


def test_of_impressions_the_top_places_of_each_list_count_and_what_has_no_price_counts_nowhere() -> None:
    model = _model("order")
    inputs = pd.DataFrame({"x": [3.0, 2.0, -3.0, 3.0, -2.0, -3.0], "shown_position": 1.0})
    y, kept = np.array([1, 0, 1, 1, 1, 0]), np.array([7.0, 7.0, 7.0, np.nan, 7.0, 7.0])
    judged = _judged(
        "order", inputs=inputs, y=y, customer=np.arange(6), listed=np.array([1, 1, 1, 2, 2, 2]), kept=kept, lost=kept, parts={}
    )
    found = next(one for one in compare(model, model, judged, RULES, seed=1) if one.metric == "kept_margin")
    assert 5 == found.rows
    assert (7 + 0 + 7 + 0) / 5 == found.challenger


def test_a_challenger_that_takes_too_long_is_refused(registry: Registry, tmp_path: Path) -> None:
    _crowned(registry, {"return": _skewed("return")}, tmp_path)
    _challenge(registry, {"return": _model("return")}, tmp_path)
    strict = judge(registry, dataclasses.replace(RULES, slowest_us_per_row=1e-3))
    _refused(registry, strict, "return: us_per_row")
    assert "is above the budget of 0.0" in strict.objections[0]
    assert () == judge(registry).objections


def test_one_that_takes_many_times_as_long_as_the_champion_is_refused_within_the_budget() -> None:
    rules = dataclasses.replace(RULES, slowest_us_per_row=100.0, slower_times=2.0)
    told = [_objection(_slow(champion, challenger), rules) for champion, challenger in ((20, 39), (20, 41), (3, 9), (90, 101))]
    assert told[0] is told[2] is None
    assert "us_per_row 41.0 is more than 2 times the champion's 20.0" in str(told[1])
    assert "us_per_row 101.0 is above the budget of 100.0" in str(told[3])


def _slow(champion: float, challenger: float) -> Comparison:
    gap = challenger - champion
    return Comparison("return", "all", 200, "us_per_row", champion, challenger, Interval(gap, gap, gap))


def test_a_feature_that_tells_the_outcome_too_well_is_refused_as_a_leak(registry: Registry, tmp_path: Path) -> None:
    judged = _judged("return")
    leaking = dataclasses.replace(judged, inputs=judged.inputs.assign(refund=np.where(judged.y == 1, 9.0, np.nan)))
    _challenge(registry, {"return": _model("return")}, tmp_path, judged=(leaking,))
    _refused(registry, judge(registry), "return: refund alone tells 'returned' with an AUC of 1.000: too good to be true")


def test_a_challenger_of_a_shop_whose_column_was_filled_in_after_the_fact_is_refused(
    shop: Shop, registry: Registry, quick_settings: Settings
) -> None:
    """From the tables on: only what was asked back has a discount."""
    leaking = with_told_discounts(shop)
    training = train(
        dataclasses.replace(leaking, tables={name: leaking.tables[name] for name in ("products", "order_lines", "returns")}), quick_settings
    )
    version = log_training(registry, training, leaking, quick_settings, POLICY, now=NOW, by="ann@shop")
    verdict = judge(registry, quick_settings.gate)
    assert version == verdict.challenger
    _refused(registry, verdict, "return: discount_share alone tells 'returned' with an AUC of 1.000: too good to be true")


def test_a_champion_that_learned_from_the_rows_that_judge_is_named(registry: Registry, tmp_path: Path) -> None:
    _challenge(registry, {"return": _skewed("return")}, tmp_path, cuts={"return": "2026-09-02T00:00:00+00:00"})
    promote(registry, judge(registry))
    _challenge(registry, {"return": _model("return")}, tmp_path)
    _refused(registry, judge(registry), "return: the champion learned from rows until 2026-09-02")


def test_rolling_back_restores_what_served_before_and_twice_goes_back_two(registry: Registry, tmp_path: Path) -> None:
    first = _crowned(registry, {"return": _skewed("return", 3)}, tmp_path)
    second = _crowned(registry, {"return": _skewed("return", 2)}, tmp_path)
    third = _crowned(registry, {"return": _model("return")}, tmp_path)
    for target in (second, first):
        done = roll_back(registry, to=None, why="shoes", by="bob", now=NOW)
        assert (target.number, "rolled back", "shoes", "bob") == (done.after, done.what, done.why, done.by)
        assert target == registry.version(CHAMPION)
    assert third == registry.version(CHALLENGER)
    with pytest.raises(RollbackRefused, match=f"version {first.number} was the first champion"):
        roll_back(registry, to=None, why="shoes", by="bob", now=NOW)
    roll_back(registry, to=third.number, why="it was not the shoes", by="bob", now=NOW)
    assert third == registry.version(CHAMPION)


def test_a_rollback_to_a_broken_unknown_or_reigning_release_changes_nothing(registry: Registry, tmp_path: Path) -> None:
    first = _crowned(registry, {"return": _skewed("return")}, tmp_path)
    second = _crowned(registry, {"return": _model("return")}, tmp_path)
    (tmp_path / f"model-{first.run_id}" / "data" / "release" / "policy.toml").write_text("changed")
    known = history(registry)
    for to, refused, why in (
        (None, ReleaseRefused, "policy.toml is changed"),
        ("77", RegistryRefused, "no version 77"),
        ("x", RegistryRefused, "no version x"),
        (second.number, GateRefused, "is champion already"),
    ):
        with pytest.raises(refused, match=why):
            roll_back(registry, to=to, why="shoes", by="bob", now=NOW)
    with pytest.raises(GateRefused, match="no reason to roll back"):
        roll_back(registry, to=first.number, why=" ", by="bob", now=NOW)
    assert (second, known) == (registry.version(CHAMPION), history(registry))


def test_there_is_nothing_to_roll_back_without_a_champion(registry: Registry, tmp_path: Path) -> None:
    _challenge(registry, {"return": _model("return")}, tmp_path)
    with pytest.raises(RegistryRefused, match="no release is champion"):
        roll_back(registry, to=None, why="shoes", by="bob", now=NOW)


def test_the_history_says_who_changed_what_when_and_why(registry: Registry, tmp_path: Path) -> None:
    first = _crowned(registry, {"return": _model("return")}, tmp_path)
    worse = _challenge(registry, {"return": _model("return", trees=1)}, tmp_path)
    promote(registry, judge(registry), force="a try")
    roll_back(registry, to=None, why="it was worse", by="bob", now=NOW)
    told = [(one.number, one.at, one.by, one.what, one.before, one.after, one.why) for one in history(registry)]
    at = "2026-10-01T12:00:00+00:00"
    assert [
        (1, at, "ann@shop", "promoted", "none", first.number, "better on the rows that judged it"),
        (2, at, "ann@shop", "forced", first.number, worse.number, "a try"),
        (3, at, "bob", "rolled back", worse.number, first.number, "it was worse"),
    ] == told
    assert "return: log_loss" in history(registry)[1].objections


def test_an_alias_moved_past_keeprank_shows_in_the_history(registry: Registry, tmp_path: Path) -> None:
    first = _crowned(registry, {"return": _skewed("return")}, tmp_path)
    second = _challenge(registry, {"return": _model("return")}, tmp_path)
    registry.set_alias(CHAMPION, second)
    last = history(registry)[-1]
    assert ("moved outside Keeprank", first.number, second.number, "", "") == (last.what, last.before, last.after, last.at, last.by)
    with pytest.raises(RollbackRefused, match=f"nobody wrote down what served before version {second.number}"):
        roll_back(registry, to=None, why="shoes", by="bob", now=NOW)


def test_a_damaged_change_is_refused_by_its_name(registry: Registry, tmp_path: Path) -> None:
    _crowned(registry, {"return": _model("return")}, tmp_path)
    registry.tag_model("change.000001", "{")
    with pytest.raises(RegistryRefused, match=r"the change change\.000001 cannot be read"):
        history(registry)


def test_an_empty_registry_has_no_history(registry: Registry) -> None:
    assert () == history(registry)


def test_long_reasons_are_cut_to_what_a_tag_holds(registry: Registry, tmp_path: Path) -> None:
    _crowned(registry, {"return": _skewed("return")}, tmp_path)
    _crowned(registry, {"return": _model("return")}, tmp_path)
    done = roll_back(registry, to=None, why="ü" * 5_000, by="bob", now=NOW)
    assert "ü" * 999 + "…" == done.why == history(registry)[-1].why
