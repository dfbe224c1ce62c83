from __future__ import annotations

from pathlib import Path

import pytest

from domain.errors import PolicyRefused
from domain.policy import parse_policy
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
"""


def test_a_policy_is_read() -> None:
    policy = parse_policy(POLICY)
    assert "Europe/Berlin" == policy.time_zone
    assert {"": 30, "GB": 14} == policy.window_days
    assert (0.0, 0.19, 0.19) == (policy.vat_rate("US"), policy.vat_rate("DE"), policy.vat_rate(None))
    assert {"EUR": 1.0, "USD": 1.08} == policy.exchange
    assert "eu_fashion_ehi2023" == policy.preset


def test_a_category_overrides_what_it_knows_better() -> None:
    policy = parse_policy(POLICY)
    assert PRESETS["eu_fashion_ehi2023"].economics == policy.economics(None) == policy.economics("sock")
    assert (500, 0.625) == (policy.economics("shoe").return_handling_eur_cents, policy.economics("shoe").resold_as_new_share)
    assert (1500, 0.25) == (policy.economics("lamp").return_handling_eur_cents, policy.economics("lamp").recovery_share)


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ("[returns]", "[refunds]\n[returns]", "'refunds' in policy"),
        ("Europe/Berlin", "Europe", "shop.time_zone = 'Europe'"),
        ("Europe/Berlin", "europe/berlin", "shop.time_zone = 'europe/berlin'"),
        ("Europe/Berlin", "../Berlin", "shop.time_zone = '../Berlin'"),
        ("Europe/Berlin", "localtime", "shop.time_zone = 'localtime'"),
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
        ("recovery_share = 0.25", "recovery_share = 1.25", "economics.category.lamp.recovery_share = 1.25"),
        ("recovery_share = 0.25", "recovered = 0.25", "'recovered' in economics.category.lamp"),
        ("[economics.category.shoe]", "[economics.category]\nsock = 3\n[economics.category.shoe]", "economics.category.sock = 3"),
        ("[economics.category.shoe]", '[economics.category.""]', "without a name"),
        ("return_handling_eur_cents = 500", "return_handling_eur_cents = -1", "return_handling_eur_cents = -1"),
        ("return_handling_eur_cents = 500", "return_handling_eur_cents = 5.5", "return_handling_eur_cents = 5.5"),
        ("USD = 1.08", "USD = 0", "exchange.USD = 0"),
        ("USD = 1.08", "XYZ = 1", "unknown currency 'XYZ'"),
        ("USD = 1.08", "EUR = 2", "exchange.EUR = 2"),
        ("[exchange]", "[exchange", "no TOML"),
    ],
)
def test_an_unknown_key_or_impossible_value_is_refused_by_name(before: str, after: str, named: str) -> None:
    assert before in POLICY
    with pytest.raises(PolicyRefused) as refused:
        parse_policy(POLICY.replace(before, after, 1))
    assert named in str(refused.value)


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
    exchange = "[exchange]\nUSD = 1.08\n"
    assert parse_policy(POLICY).version == parse_policy(exchange + POLICY.replace(exchange, "")).version


@pytest.mark.parametrize(
    ("before", "after"), [("GB = 14", "GB = 15"), ("GB = 14", "IE = 14"), ("= 0.25", "= 0.26"), ("USD = 1.08", ""), ("Berlin", "Vienna")]
)
def test_content_changes_the_version(before: str, after: str) -> None:
    assert parse_policy(POLICY).version != parse_policy(POLICY.replace(before, after)).version


def test_the_shipped_policy_is_valid() -> None:
    shipped = Path(__file__).parents[2] / "config/policy.toml"
    assert 12 == len(parse_policy(shipped.read_text()).version)


@pytest.mark.parametrize("name", list(PRESETS))
def test_a_preset_names_only_its_own_fields_as_guesses(name: str) -> None:
    preset = PRESETS[name]
    assert preset.guesses <= set(vars(preset.economics))
    assert preset.source
