from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import GateRefused, RegistryRefused, ReleaseRefused, RollbackRefused
from tests.support import quiet
from tests.support.challengers import NOW, challenge, crowned, judge, promote, skewed_model, small_model
from training.gate import roll_back
from training.history import history
from training.registry import CHALLENGER, CHAMPION, Registry

pytestmark = quiet.MLFLOW


def test_rolling_back_restores_what_served_before_and_twice_goes_back_two(registry: Registry, tmp_path: Path) -> None:
    first = crowned(registry, {"return": skewed_model("return", 3)}, tmp_path)
    second = crowned(registry, {"return": skewed_model("return", 2)}, tmp_path)
    third = crowned(registry, {"return": small_model("return")}, tmp_path)
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
    first = crowned(registry, {"return": skewed_model("return")}, tmp_path)
    second = crowned(registry, {"return": small_model("return")}, tmp_path)
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
    challenge(registry, {"return": small_model("return")}, tmp_path)
    with pytest.raises(RegistryRefused, match="no release is champion"):
        roll_back(registry, to=None, why="shoes", by="bob", now=NOW)


def test_the_history_says_who_changed_what_when_and_why(registry: Registry, tmp_path: Path) -> None:
    first = crowned(registry, {"return": small_model("return")}, tmp_path)
    worse = challenge(registry, {"return": small_model("return", trees=1)}, tmp_path)
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
    first = crowned(registry, {"return": skewed_model("return")}, tmp_path)
    second = challenge(registry, {"return": small_model("return")}, tmp_path)
    registry.set_alias(CHAMPION, second)
    last = history(registry)[-1]
    assert ("moved outside Keeprank", first.number, second.number, "", "") == (last.what, last.before, last.after, last.at, last.by)
    with pytest.raises(RollbackRefused, match=f"nobody wrote down what served before version {second.number}"):
        roll_back(registry, to=None, why="shoes", by="bob", now=NOW)


def test_a_damaged_change_is_refused_by_its_name(registry: Registry, tmp_path: Path) -> None:
    crowned(registry, {"return": small_model("return")}, tmp_path)
    registry.tag_model("change.000001", "{")
    with pytest.raises(RegistryRefused, match=r"the change change\.000001 cannot be read"):
        history(registry)


def test_an_empty_registry_has_no_history(registry: Registry) -> None:
    assert () == history(registry)


def test_long_reasons_are_cut_to_what_a_tag_holds(registry: Registry, tmp_path: Path) -> None:
    crowned(registry, {"return": skewed_model("return")}, tmp_path)
    crowned(registry, {"return": small_model("return")}, tmp_path)
    done = roll_back(registry, to=None, why="ü" * 5_000, by="bob", now=NOW)
    assert "ü" * 999 + "…" == done.why == history(registry)[-1].why
