from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from domain.errors import PolicyRefused
from domain.policy import KEYS, OBJECTIVES, Exploration, Objective, Ranking, parse_policy
from domain.presets import PRESETS

POLICY = """
[shop]
time_zone = "Europe/Berlin"

[returns]
window_days = 30
[returns.by_country]
GB = 14

[vat]
rate = 0.19
[vat.by_country]
US = 0.0

[economics]
preset = "eu_fashion_ehi2023"
[economics.category.shoe]
return_handling_eur_cents = 500
[economics.category.lamp]
preset = "eu_home"
recovery_share = 0.25

[exchange]
USD = 1.08

[ranking]
objective = "conversion"
give_up_orders_share = 0.02
attention_per_position = 0.8
stock_days = 7

[exploration]
temperature = 0.1
"""
RANKING = POLICY[POLICY.index("[ranking]") : POLICY.index("[exploration]")]
EXPLORATION = POLICY[POLICY.index("[exploration]") :]


def test_a_policy_is_read() -> None:
    policy = parse_policy(POLICY)
    assert "Europe/Berlin" == policy.time_zone
    assert {"": 30, "GB": 14} == policy.window_days
    assert (0.0, 0.19, 0.19) == (policy.vat_rate("US"), policy.vat_rate("DE"), policy.vat_rate(None))
    assert {"EUR": 1.0, "USD": 1.08} == policy.exchange
    assert "eu_fashion_ehi2023" == policy.preset
    assert Ranking("conversion", 0.02, 0.8, 7) == policy.ranking
    assert Exploration(0.1) == policy.exploration


def test_ranking_and_exploration_may_be_left_out_as_a_whole() -> None:
    policy = parse_policy(POLICY.replace(RANKING, "").replace(EXPLORATION, ""))
    assert Ranking("kept_margin", 0.01, 0.92, 14) == policy.ranking
    assert Exploration(0.0) == policy.exploration


def test_leaving_a_section_out_is_the_same_policy_as_spelling_its_defaults_out() -> None:
    spelled = '[ranking]\nobjective = "kept_margin"\ngive_up_orders_share = 0.01\nattention_per_position = 0.92\nstock_days = 14\n'
    assert parse_policy(POLICY.replace(RANKING, "")) == parse_policy(POLICY.replace(RANKING, spelled))
    assert parse_policy(POLICY.replace(EXPLORATION, "")) == parse_policy(POLICY.replace("temperature = 0.1", "temperature = 0"))


@pytest.mark.parametrize("recovery", ["preset", "estimated"])
def test_what_units_still_bring_comes_from_the_preset_or_the_shops_returns(recovery: str) -> None:
    assert recovery == parse_policy(POLICY.replace("[economics]", f"[economics]\nrecovery = '{recovery}'")).recovery


def test_the_preset_is_where_it_comes_from_where_nothing_is_said() -> None:
    assert parse_policy(POLICY) == parse_policy(POLICY.replace("[economics]", "[economics]\nrecovery = 'preset'"))


@pytest.mark.parametrize(("preset", "where"), [("eu_home", "economics.category.lamp"), ("eu_fashion_ehi2023", "economics")])
def test_a_cost_of_returns_stated_all_in_leaves_nothing_to_estimate(preset: str, where: str) -> None:
    text = POLICY.replace(f'"{preset}"', '"us_apparel"', 1)
    parse_policy(text)
    with pytest.raises(PolicyRefused, match=f"but {where} states"):
        parse_policy(text.replace("[economics]", "[economics]\nrecovery = 'estimated'"))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_every_objective_can_be_chosen(objective: Objective) -> None:
    assert objective == parse_policy(POLICY.replace('"conversion"', f'"{objective}"')).ranking.objective


@pytest.mark.parametrize(("days", "vat", "cents", "rate"), [(0, 0.0, 0, 0.000001), (730, 1.0, 10**9, 999999.0)])
def test_the_ends_of_costs_and_rates_are_possible(days: int, vat: float, cents: int, rate: float) -> None:
    text = POLICY.replace("GB = 14", f"GB = {days}").replace("US = 0.0", f"US = {vat}").replace("cents = 500", f"cents = {cents}")
    policy = parse_policy(text.replace("USD = 1.08", f"USD = {rate}"))
    found = (policy.window_days["GB"], policy.vat_rate("US"), policy.economics("shoe").return_handling_eur_cents, policy.exchange["USD"])
    assert (days, vat, cents, rate) == found


def test_one_euro_is_one_euro() -> None:
    assert {"EUR": 1.0, "USD": 1.08} == parse_policy(POLICY.replace("USD = 1.08", "USD = 1.08\nEUR = 1")).exchange


def test_a_policy_and_its_parts_are_values() -> None:
    policy = parse_policy(POLICY)
    for value, name in ((policy, "version"), (policy.ranking, "objective"), (policy.exploration, "temperature")):
        with pytest.raises(AttributeError):
            setattr(value, name, "other")


@pytest.mark.parametrize(("temperature", "attention", "given_up"), [("0", "1", "0"), ("0.2", "0.001", "1.0")])
def test_the_ends_of_what_is_possible_are_possible(temperature: str, attention: str, given_up: str) -> None:
    text = POLICY.replace("= 0.1\n", f"= {temperature}\n").replace("= 0.8\n", f"= {attention}\n").replace("= 0.02\n", f"= {given_up}\n")
    policy = parse_policy(text)
    assert (float(temperature), float(attention), float(given_up)) == (
        policy.exploration.temperature,
        policy.ranking.attention_per_position,
        policy.ranking.give_up_orders_share,
    )


def test_a_category_overrides_what_it_knows_better() -> None:
    policy = parse_policy(POLICY)
    assert PRESETS["eu_fashion_ehi2023"].economics == policy.economics(None) == policy.economics("sock")
    assert (500, 0.625) == (policy.economics("shoe").return_handling_eur_cents, policy.economics("shoe").resold_as_new_share)
    assert (1500, 0.25) == (policy.economics("lamp").return_handling_eur_cents, policy.economics("lamp").recovery_share)


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("[returns]", "[refunds]\n[returns]", "'refunds' in policy"),
        ("[returns]", '["economics.category"]\n[returns]', "'economics.category' in policy"),
        ("Europe/Berlin", "Europe", "shop.time_zone = 'Europe'"),
        ("Europe/Berlin", "europe/berlin", "shop.time_zone = 'europe/berlin'"),
        ("Europe/Berlin", "../Berlin", "shop.time_zone = '../Berlin'"),
        ("Europe/Berlin", "localtime", "shop.time_zone = 'localtime'"),
        ("Europe/Berlin", "Factory", "shop.time_zone = 'Factory'"),
        ("Europe/Berlin", "", "shop.time_zone = ''"),
        ('"Europe/Berlin"', "1", "shop.time_zone = 1"),
        ('time_zone = "Europe/Berlin"', "", "shop.time_zone = None"),
        ("time_zone =", "timezone =", "'timezone' in shop"),
        ("window_days = 30", "window_days = 30\ndays = 3", "'days' in returns"),
        ("rate = 0.19", "rate = 0.19\nrates = 0.2", "'rates' in vat"),
        ("window_days = 30", "", "returns.window_days is missing"),
        ("window_days = 30", "window_days = -1", "returns.window_days = -1"),
        ("window_days = 30", "window_days = 731", "returns.window_days = 731"),
        ("window_days = 30", "window_days = 30.5", "returns.window_days = 30.5"),
        ("window_days = 30", "window_days = true", "returns.window_days = True"),
        ("GB = 14", "GB = 'two weeks'", "returns.by_country.GB"),
        ("GB = 14", "gb = 14", "unknown country 'gb' in returns.by_country"),
        ("GB = 14", '"" = 14', "unknown country '' in returns.by_country"),
        ("[returns.by_country]\nGB = 14", "by_country = 14", "returns.by_country = 14"),
        ("US = 0.0", "US = 19", "vat.by_country.US = 19"),
        ("rate = 0.19", "rate = nan", "vat.rate = nan"),
        ("rate = 0.19", "rate = -0.1", "vat.rate = -0.1"),
        ('preset = "eu_fashion_ehi2023"', 'preset = "mars"', "economics.preset = 'mars'"),
        ('preset = "eu_fashion_ehi2023"', "", "economics.preset = None"),
        ('preset = "eu_home"', 'preset = ["eu_home"]', "economics.category.lamp.preset"),
        ("[economics]", "[economics]\nrecovery = 'guessed'", "economics.recovery = 'guessed'"),
        ("[economics]", "[economics]\nrecovery = true", "economics.recovery = True"),
        ("recovery_share = 0.25", "recovery_share = 1.25", "economics.category.lamp.recovery_share = 1.25"),
        ("recovery_share = 0.25", "recovered = 0.25", "'recovered' in economics.category.lamp"),
        ("[economics.category.shoe]", "[economics.category]\nsock = 3\n[economics.category.shoe]", "economics.category.sock = 3"),
        ("[economics.category.shoe]", '[economics.category.""]', "without a name"),
        ("return_handling_eur_cents = 500", "return_handling_eur_cents = -1", "economics.category.shoe.return_handling_eur_cents = -1"),
        ("return_handling_eur_cents = 500", "return_handling_eur_cents = 5.5", "economics.category.shoe.return_handling_eur_cents = 5.5"),
        ("return_handling_eur_cents = 500", "return_handling_eur_cents = true", "economics.category.shoe.return_handling_eur_cents = True"),
        (
            "return_handling_eur_cents = 500",
            "return_handling_eur_cents = 1000000001",
            "economics.category.shoe.return_handling_eur_cents = 1000000001",
        ),
        ("recovery_share = 0.25", "recovery_share = true", "economics.category.lamp.recovery_share = True"),
        ("recovery_share = 0.25", "recovery_share = '1'", "economics.category.lamp.recovery_share = '1'"),
        ("USD = 1.08", "USD = -1", "exchange.USD = -1"),
        ("USD = 1.08", "USD = true", "exchange.USD = True"),
        ("USD = 1.08", "USD = '1'", "exchange.USD = '1'"),
        ("USD = 1.08", "USD = 1000000", "exchange.USD = 1000000"),
        ("USD = 1.08", "USD = 0", "exchange.USD = 0"),
        ("USD = 1.08", "XYZ = 1", "unknown currency 'XYZ'"),
        ("USD = 1.08", "EUR = 2", "exchange.EUR = 2"),
        ("[exchange]", "[exchange", "no TOML"),
        ('"conversion"', '"profit"', "ranking.objective = 'profit'"),
        ('"conversion"', '["conversion"]', "ranking.objective = ['conversion']"),
        ('"conversion"', "true", "ranking.objective = True"),
        ('objective = "conversion"', "", "ranking.objective is missing"),
        ("give_up_orders_share = 0.02", "", "ranking.give_up_orders_share is missing"),
        ("stock_days = 7", "stock_days = -1", "ranking.stock_days = -1"),
        ("stock_days = 7", "", "ranking.stock_days is missing"),
        ("attention_per_position = 0.8", "", "ranking.attention_per_position is missing"),
        ("give_up_orders_share = 0.02", "give_up_orders_share = 1.01", "ranking.give_up_orders_share = 1.01"),
        ("give_up_orders_share = 0.02", "give_up_orders_share = nan", "ranking.give_up_orders_share = nan"),
        ("attention_per_position = 0.8", "attention_per_position = 0", "ranking.attention_per_position = 0"),
        ("attention_per_position = 0.8", "attention_per_position = 1.1", "ranking.attention_per_position = 1.1"),
        ("objective =", "goal =", "'goal' in ranking"),
        ("[ranking]", "[rankings]", "'rankings' in policy"),
        ("temperature = 0.1", "temperature = 0.21", "exploration.temperature = 0.21"),
        ("temperature = 0.1", "temperature = -0.1", "exploration.temperature = -0.1"),
        ("temperature = 0.1", "temperature = true", "exploration.temperature = True"),
        ("temperature = 0.1", "temperature = 'low'", "exploration.temperature = 'low'"),
        ("temperature = 0.1", "", "exploration.temperature is missing"),
        ("temperature = 0.1", "temperature = 0.1\nseed = 1", "'seed' in exploration"),
    ],
)
def test_an_unknown_key_or_impossible_value_is_refused_by_name(before: str, after: str, named: str) -> None:
    assert before in POLICY
    with pytest.raises(PolicyRefused) as refused:
        parse_policy(POLICY.replace(before, after, 1))
    assert re.search(rf"(?:^| ){re.escape(named)}", str(refused.value))


@pytest.mark.parametrize(
    "name", [*(name for name in KEYS if "." not in name), "returns.by_country", "vat.by_country", "economics.category"]
)
def test_a_section_is_a_section(name: str) -> None:
    content = tomllib.loads(POLICY)
    others = {f"{section}.{key}": value for section, keys in content.items() if section != name for key, value in keys.items()}
    lines = [f"{name} = 3", *(f"{key} = {value!r}" for key, value in others.items() if not isinstance(value, dict))]
    with pytest.raises(PolicyRefused, match=rf"^{re.escape(name)} = 3; expected: a section \[{re.escape(name)}\]"):
        parse_policy("\n".join(lines))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("window_days = 30", "window_days   =  30   # a month"),
        ("\n\n", "\n\n\n# …\n"),
        ("rate = 0.19", "rate = 0.190"),
        ("GB = 14", "GB = 0xE"),
    ],
)
def test_layout_and_comments_do_not_change_the_version(before: str, after: str) -> None:
    assert parse_policy(POLICY).version == parse_policy(POLICY.replace(before, after)).version


def test_the_order_of_sections_does_not_change_the_version() -> None:
    assert parse_policy(POLICY).version == parse_policy(EXPLORATION + POLICY.replace(EXPLORATION, "")).version


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("GB = 14", "GB = 15"),
        ("GB = 14", "IE = 14"),
        ("= 0.25", "= 0.26"),
        ("USD = 1.08", ""),
        ("Berlin", "Vienna"),
        ('"conversion"', '"kept_margin"'),
        ("share = 0.02", "share = 0.03"),
        ("position = 0.8", "position = 0.9"),
        ("temperature = 0.1", "temperature = 0.2"),
    ],
)
def test_content_changes_the_version(before: str, after: str) -> None:
    assert parse_policy(POLICY).version != parse_policy(POLICY.replace(before, after)).version


def test_the_shipped_policy_is_valid() -> None:
    shipped = Path(__file__).parents[2] / "config/policy.toml"
    policy = parse_policy(shipped.read_text())
    assert 12 == len(policy.version)
    assert (Ranking(), Exploration()) == (policy.ranking, policy.exploration)


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_names_only_its_own_fields_as_guesses(name: str) -> None:
    preset = PRESETS[name]
    assert preset.guesses <= set(vars(preset.economics))
    assert preset.source
