from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import NotEnoughData, PolicyRefused
from domain.policy import parse_policy
from domain.policy_text import settled, with_estimates
from domain.recovery import ALL, Recovery, Share
from tests.domain.test_recovery import POLICY, came_back, tables

NOW = dt.datetime(2024, 6, 1, tzinfo=dt.UTC)
ESTIMATED = POLICY.replace("[economics]\n", '[economics]\nrecovery = "estimated"\n')
DRESS = Recovery(1234, 5, Share(0.70004, 0.6, 0.8), Share(0.3, 0.2123, 0.4), (0.625, 0.5))


def test_the_estimates_become_the_policys_own_numbers() -> None:
    text = with_estimates(ESTIMATED, {ALL: DRESS, "dress": DRESS})
    before, after = parse_policy(ESTIMATED), parse_policy(text)
    assert replace(before.economics("dress"), resold_as_new_share=0.7, recovery_share=0.3) == after.economics("dress")
    assert (before.economics(None), before.economics("lamp")) == (after.economics(None), after.economics("lamp"))
    assert before.version != after.version


def test_a_reader_sees_what_a_number_rests_on() -> None:
    text = with_estimates(ESTIMATED, {"dress": DRESS})
    assert "resold_as_new_share = 0.7  # 1,234 returns: 0.600 to 0.800\nrecovery_share = 0.3  # 1,234 returns: 0.212 to 0.400\n" in text
    assert text.startswith("# Shares with a remark are estimated from returns.recovered_value")
    assert 2 == text.count("  # ")


@pytest.mark.parametrize(
    "category",
    [
        "[economics.category.dress]\nrecovery_share = 0.25",
        "[economics.category]\ndress = {recovery_share = 0.25}",
        "[economics]\ncategory.dress.recovery_share = 0.25",
    ],
)
def test_what_the_shop_says_itself_stands_however_it_is_written(category: str) -> None:
    base = POLICY[: POLICY.index("[economics]")]
    keys = 'preset = "eu_fashion_ehi2023"\nrecovery = "estimated"\n'
    section = (
        category.replace("[economics]\n", f"[economics]\n{keys}")
        if category.startswith("[economics]\n")
        else f"[economics]\n{keys}{category}"
    )
    economics = parse_policy(with_estimates(base + section, {"dress": DRESS})).economics("dress")
    assert (0.7, 0.25) == (economics.resold_as_new_share, economics.recovery_share)


def test_everything_else_is_as_it_was() -> None:
    shipped = (Path(__file__).parents[2] / "config/policy.toml").read_text()
    before, after = tomllib.loads(shipped), tomllib.loads(with_estimates(shipped, {"dress": DRESS}))
    assert {"resold_as_new_share": 0.7, "recovery_share": 0.3} == after["economics"]["category"].pop("dress")
    assert before == after


def test_an_empty_section_stays() -> None:
    assert {} == tomllib.loads(with_estimates(f"{POLICY}[exchange]\n", {"dress": DRESS}))["exchange"]


def test_no_section_without_values_of_its_own_is_announced() -> None:
    assert "[economics.category]" not in with_estimates(POLICY, {"dress": DRESS})


@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_name_of_a_category_can_be_written(name: str) -> None:
    assert 0.3 == parse_policy(with_estimates(POLICY, {name: DRESS})).economics(name).recovery_share


@given(a=st.floats(0, 1), b=st.floats(0, 1))
def test_any_share_can_be_written(a: float, b: float) -> None:
    found = replace(DRESS, resold_as_new_share=Share(a, 0, 1), recovery_share=Share(b, 0, 1))
    economics = parse_policy(with_estimates(POLICY, {"dress": found})).economics("dress")
    assert (a, b) == pytest.approx((economics.resold_as_new_share, economics.recovery_share), abs=0.00006)


def test_a_policy_that_does_not_ask_for_estimates_stays_as_it_is() -> None:
    assert POLICY == settled(POLICY, tables((came_back("worn", 0),)), now=NOW)


def test_a_policy_that_asks_for_estimates_gets_them() -> None:
    economics = parse_policy(settled(ESTIMATED, tables((came_back("worn", 0),) * 60), now=NOW)).economics("dress")
    assert (0.3125, 0.25) == (economics.resold_as_new_share, economics.recovery_share)


def test_what_is_settled_is_settled() -> None:
    once = settled(ESTIMATED, tables((came_back("worn", 0),) * 60), now=NOW)
    assert parse_policy(once) == parse_policy(settled(once, tables((came_back("as_new", 10000),) * 60), now=NOW))


def test_what_was_told_later_is_not_known() -> None:
    with pytest.raises(NotEnoughData):
        settled(ESTIMATED, tables((came_back("worn", 0),)), now=dt.datetime(2024, 2, 1, tzinfo=dt.UTC))


def test_estimates_from_nothing_are_refused() -> None:
    with pytest.raises(NotEnoughData, match=r"no return says .* returns\.recovered_value.*recovery = 'preset'"):
        settled(ESTIMATED, tables((came_back("worn", None),)), now=NOW)


def test_no_policy_is_refused() -> None:
    with pytest.raises(PolicyRefused, match="unknown key 'x'"):
        with_estimates(f"{POLICY}[x]", {"dress": DRESS})
