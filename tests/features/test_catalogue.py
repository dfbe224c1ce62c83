from __future__ import annotations

import re
from types import ModuleType

import numpy as np
import pytest

from domain.tables import CONSENT_PURPOSES, TABLES
from features import arithmetic, history_features
from features.arithmetic import log_odds, log_ratio, share, shrunk
from features.build import FEATURE_SET_HASH, FEATURES
from features.catalogue import Declarations, Feature, Inputs, Values, code_of, feature_set_hash

_PROTECTED = r"\b(age|gender|sex|male|female|religio\w*|ethnic\w*|race|disab\w*|pregnan\w*|orientation|nationality|birth\w*|marital)\b"


def test_there_are_enough_features_in_three_families() -> None:
    assert len(FEATURES) >= 25
    assert {"history", "profile", "cross"} == {feature.family for feature in FEATURES}


def test_names_are_unique_and_those_of_the_functions() -> None:
    names = [feature.name for feature in FEATURES]
    assert len(names) == len(set(names))
    assert names == [feature.formula.__name__ for feature in FEATURES]


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_every_feature_says_what_it_is(feature: Feature) -> None:
    assert feature.meaning
    assert feature.unit
    assert feature.purpose in ("service", *CONSENT_PURPOSES)
    assert set(feature.tables) <= set(TABLES)


def test_no_feature_is_a_protected_attribute() -> None:
    told = [f"{feature.name.replace('_', ' ')} {feature.meaning}" for feature in FEATURES]
    allowed = "style age days"  # how long the style has been sold
    assert [] == [words for words in told if re.search(_PROTECTED, words.removeprefix(allowed), re.IGNORECASE)]


def test_meanings_are_not_told_twice() -> None:
    meanings = [feature.meaning for feature in FEATURES]
    assert len(meanings) == len(set(meanings))


def test_a_feature_of_the_customer_needs_a_purpose() -> None:
    declare = Declarations("profile")
    with pytest.raises(ValueError, match="needs a consent purpose"):
        declare("shoe size", unit="sizes", kind="customer")
    with pytest.raises(ValueError, match="unknown purpose 'gossip'"):
        declare("shoe size", unit="sizes", kind="customer", purpose="gossip")


def test_what_depends_on_the_customer_needs_a_purpose() -> None:
    asked = ("basket", "share_of_basket")
    public = [feature for feature in FEATURES if feature.purpose == "service" and not feature.name.startswith(asked)]
    assert {"offer"} == {feature.kind for feature in public}


def test_a_declared_function_stays_a_function_and_is_collected() -> None:
    declare = Declarations("cross")

    @declare("price", unit="minor units", kind="offer")
    def price(v: Inputs) -> Values:
        return v["price"]

    assert [("price", "cross", "service", ())] == [(f.name, f.family, f.purpose, f.tables) for f in declare.features]
    assert [3.0] == price({"price": np.array([3.0])}).tolist()


_CODE = '''
"""A module."""

WEIGHT = 3.0
"""What it weighs."""


class Thing:
    """A thing."""


def rate(hits, trials):
    """The rate."""
    return hits / (trials + WEIGHT)
'''


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"""A module."""', '"""Another."""'),
        ('"""What it weighs."""', ""),
        ('"""A thing."""', '"""A thing"""\n    # of beauty'),
        ('    """The rate."""\n', ""),
        ("hits / (trials + WEIGHT)", "(\n        hits /  # per trial\n        (trials+WEIGHT))"),
    ],
)
def test_comments_docstrings_and_layout_are_no_code(before: str, after: str) -> None:
    assert before in _CODE
    assert code_of(_CODE) == code_of(_CODE.replace(before, after))


@pytest.mark.parametrize(
    ("before", "after"),
    [("3.0", "3.5"), ("trials +", "trials -"), ("hits /", "trials /"), ("WEIGHT)", "None)"), ("(hits, trials)", "(hits, *trials)")],
)
def test_a_changed_formula_is_other_code(before: str, after: str) -> None:
    assert before in _CODE
    assert code_of(_CODE) != code_of(_CODE.replace(before, after))


def test_the_hash_tells_the_modules() -> None:
    def hashed(*modules: ModuleType) -> str:
        return feature_set_hash(modules)

    assert re.fullmatch("[0-9a-f]{16}", FEATURE_SET_HASH)
    assert hashed(arithmetic) == hashed(arithmetic)
    assert hashed(arithmetic) != hashed(history_features) != hashed(arithmetic, history_features)


def test_shares_rates_and_logs_are_missing_where_they_mean_nothing() -> None:
    nan = np.nan
    np.testing.assert_equal(share(np.array([1.0, 1.0, nan, 0.0]), np.array([2.0, 0.0, 1.0, 4.0])), [0.5, nan, nan, 0.0])
    np.testing.assert_equal(shrunk(np.array([0.0, nan]), np.array([0.0, 1.0]), np.array([0.3, 0.3]), 5.0), [0.3, nan])
    np.testing.assert_equal(log_ratio(np.array([1.0, 0.0, 2.0, nan]), np.array([1.0, 1.0, 0.0, 1.0])), [0.0, nan, nan, nan])
    np.testing.assert_equal(log_odds(np.array([0.5, 0.0, 1.0, nan])), [0.0, nan, nan, nan])
