"""No policy can say: this customer returns a lot, show nothing. Every accepted key is looked at."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from domain.errors import PolicyRefused
from domain.policy import KEYS, OBJECTIVES, Policy, parse_policy
from tests.domain.test_policy import POLICY

PERSONAL = re.compile(
    "customer|person|people|shopper|user|buyer|member|account|session|consumer|household|segment|cohort|group|loyal|profile|returner"
    "|serial|abus|fraud|risk|score|history|behavio|block|exclude|deny|hide|refuse|gender|income|postcode"
)
"""Words of keys that would be about somebody, or about keeping something from somebody."""

ABOUT_RETURNS = {
    ("economics.category", "return_handling_eur_cents"),
    ("economics.category", "return_cost_share"),
    ("economics.category", "return_fee_eur_cents"),
    ("economics.category", "return_rate_prior"),
}
"""What a return costs, and the share that comes back in a product category: no one's."""


def test_no_key_names_a_customer_or_a_group_of_them() -> None:
    assert not [key for section, keys in KEYS.items() for key in (section, *keys) if PERSONAL.search(key.lower())]


def test_keys_about_returns_are_about_products_and_money() -> None:
    assert ABOUT_RETURNS == {(section, key) for section, keys in KEYS.items() for key in keys if "return" in key and key not in OBJECTIVES}


def test_a_policy_is_only_ever_asked_for_a_country_or_a_category() -> None:
    asked = {
        name
        for _, method in inspect.getmembers(Policy, inspect.isfunction)
        if not method.__name__.startswith("_")
        for name in _asked(method)
    }
    assert {"category", "country"} == asked


def _asked(method: Any) -> set[str]:
    return set(inspect.signature(method).parameters) - {"self"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("[shop]", "[customers]\nhide_above = 0.5\n[shop]"),
        ("[shop]", '[customers."c-1"]\nreturn_rate_prior = 1.0\n[shop]'),
        ("[shop]", "[segments.returners]\nshow = false\n[shop]"),
        ("objective =", "max_customer_return_rate = 0.5\nobjective ="),
        ("temperature =", "customers = []\ntemperature ="),
        ("GB = 14", "GB = 14\nc-1 = 0"),
        ("GB = 14", "GB = 14\n[returns.by_customer]\nc-1 = 0"),
        ("US = 0.0", "US = 0.0\n[vat.by_segment]\nreturners = 1.0"),
        ('preset = "eu_home"', 'preset = "eu_home"\ncustomers = ["c-1"]'),
        ('preset = "eu_home"', 'preset = "eu_home"\n[economics.category.lamp.by_customer]\nc-1 = 1'),
        ("USD = 1.08", "USD = 1.08\nc-1 = 1.0"),
    ],
)
def test_no_policy_can_say_that_a_customer_returns_a_lot_and_is_shown_nothing(before: str, after: str) -> None:
    with pytest.raises(PolicyRefused):
        parse_policy(POLICY.replace(before, after, 1))


def test_every_documented_key_is_accepted_and_every_accepted_key_is_documented() -> None:
    documented = (Path(__file__).parents[2] / "docs/economics.md").read_text()
    listed = {f"{section}.{key}" for section, keys in KEYS.items() if section not in ("economics.category", "exchange") for key in keys}
    assert not [key for key in listed if f"`{key}" not in documented]
    assert set(_paths(tomllib.loads(POLICY))) >= {key for key in listed if key.split(".")[0] in ("ranking", "exploration")}


def _paths(section: Mapping[str, Any], where: str = "") -> Iterator[str]:
    for key, value in section.items():
        yield f"{where}{key}"
        if isinstance(value, dict):
            yield from _paths(value, f"{where}{key}.")
