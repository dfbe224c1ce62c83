from __future__ import annotations

import re
from types import ModuleType

import numpy as np
import pytest

from domain.tables import CONSENT_PURPOSES, TABLES
from features import arithmetic, history_features
from features.arithmetic import lift, log_odds, log_ratio, share, shrunk
from features.build import FEATURE_SET_HASH, FEATURES
from features.catalogue import Declarations, Feature, Formula, Inputs, Values, code_of, feature_set_hash
from features.entities import ENTITIES
from features.fact_text import OF_A_PERSON

_PROTECTED = r"\b(age|gender|sex|male|female|religio\w*|ethnic\w*|race|disab\w*|pregnan\w*|orientation|nationality|birth\w*|marital)\b"

CONTRACT = {*TABLES, *(f"{name}.{column}" for name, table in TABLES.items() for column in table.schema.columns)}


def test_there_are_enough_features_in_four_families() -> None:
    assert len(FEATURES) >= 150
    assert {"history", "profile", "cross", "today"} == {feature.family for feature in FEATURES}


def test_names_are_unique_and_those_of_the_functions() -> None:
    names = [feature.name for feature in FEATURES]
    assert len(names) == len(set(names))
    assert names == [feature.formula.__name__ for feature in FEATURES]


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_every_feature_says_what_it_is(feature: Feature) -> None:
    assert feature.meaning
    assert feature.unit
    assert feature.purpose in ("service", *CONSENT_PURPOSES)
    assert {one for need in feature.tables for one in need.split(" or ")} <= CONTRACT


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
    of_the_request = ("basket", "share_of_basket", "payment_return_rate", "days_to_delivery")
    public = [feature for feature in FEATURES if feature.purpose == "service" and not feature.name.startswith(of_the_request)]
    assert {"offer"} == {feature.kind for feature in public}


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_what_reads_of_a_customer_needs_the_purpose_of_what_it_reads(feature: Feature) -> None:
    bodily = {"height_cm", "weight_kg", "bust_band_in", "bust_cup", "needed_us", "stated_size"}
    of_a_body = {entity.name for entity in ENTITIES if set(entity.keys) & set(OF_A_PERSON)}
    of_a_customer = {"today", *(entity.name for entity in ENTITIES if "customer_id" in entity.keys)}
    read = {name.partition(".")[0] for name in feature.reads}
    assert ("measurements" == feature.purpose) == bool(read & {*bodily, *of_a_body})
    assert ("personalisation" == feature.purpose) == bool(read & {"joined_us", *of_a_customer})


def test_a_feature_exists_where_a_shop_has_everything_it_needs() -> None:
    needy = Feature("x", "x", "x", "cross", "offer", "service", ("returns", "products.brand"), lambda v: v["x"])
    assert [True, False, False] == [needy.exists(had) for had in ({"returns", "products.brand", "more"}, {"returns", "products"}, set())]


def test_of_two_needs_with_or_between_them_one_is_enough() -> None:
    needy = Feature("x", "x", "x", "cross", "offer", "service", ("tickets.sku or tickets.line_id",), lambda v: v["x"])
    assert [True, True, False] == [needy.exists(had) for had in ({"tickets.sku"}, {"tickets.line_id", "more"}, {"tickets"})]


def test_what_a_formula_reads_is_found_out_in_order_and_once() -> None:
    ratio = Feature("x", "x", "x", "cross", "offer", "service", (), lambda v: v["style.b"] / v["a"] + v["style.b"])
    assert ("style.b", "a") == ratio.reads


def test_a_declared_function_stays_a_function_and_is_collected() -> None:
    declare = Declarations("cross")

    @declare("price", unit="minor units", kind="offer")
    def price(v: Inputs) -> Values:
        return v["price"]

    assert [("price", "cross", "service", ())] == [(f.name, f.family, f.purpose, f.tables) for f in declare.features]
    assert [3.0] == price({"price": np.array([3.0])}).tolist()


def gender_gap(v: Inputs) -> Values:
    return v["height_cm"]


def gap(v: Inputs) -> Values:
    return v["customer.Age_years"]


@pytest.mark.parametrize(("formula", "named"), [(gender_gap, "gender"), (gap, "age")])
def test_a_protected_attribute_is_refused_by_name_and_by_what_is_read(formula: Formula, named: str) -> None:
    declare = Declarations("profile")
    with pytest.raises(ValueError, match=f"{formula.__name__} is about a protected attribute: {named}"):
        declare("gap", unit="x", kind="customer", purpose="measurements")(formula)
    assert [] == declare.features


def test_an_offer_may_be_named_after_its_age_but_not_read_a_customers() -> None:
    declare = Declarations("history")

    @declare("days since it was first sold", unit="days", kind="offer")
    def style_age(v: Inputs) -> Values:
        return v["day"]

    with pytest.raises(ValueError, match="protected attribute: age"):
        declare("gap", unit="x", kind="offer")(gap)
    assert ["style_age"] == [feature.name for feature in declare.features]


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


def test_style_and_size_effects_add_up_to_no_more_than_a_rate() -> None:
    small = next(feature for feature in FEATURES if feature.name == "style_size_small_rate")
    said = {
        name: np.array([1e6 if name.endswith("small") and name.startswith(("style", "category_size")) else 0.0]) for name in small.reads
    }
    of_the_size_alone = {name: np.zeros(1) if name.startswith("style_size") else values for name, values in said.items()}
    assert [0.999] == small.formula(of_the_size_alone).tolist()


def test_shares_rates_and_logs_are_missing_where_they_mean_nothing() -> None:
    nan = np.nan
    np.testing.assert_equal(share(np.array([1.0, 1.0, nan, 0.0]), np.array([2.0, 0.0, 1.0, 4.0])), [0.5, nan, nan, 0.0])
    np.testing.assert_equal(shrunk(np.array([0.0, nan]), np.array([0.0, 1.0]), np.array([0.3, 0.3]), 5.0), [0.3, nan])
    np.testing.assert_equal(log_ratio(np.array([1.0, 0.0, 2.0, nan]), np.array([1.0, 1.0, 0.0, 1.0])), [0.0, nan, nan, nan])
    usual = np.array([0.5, 0.5, 0.0, nan])
    np.testing.assert_equal(lift(np.array([0.0, nan, 1.0, 1.0]), np.array([0.0, 1.0, 1.0, 1.0]), usual, 10.0), [0.0, nan, nan, nan])
    np.testing.assert_equal(log_odds(np.array([0.5, 0.0, 1.0, nan])), [0.0, nan, nan, nan])


def test_a_lift_is_how_far_the_shrunk_share_is_above_the_usual_one() -> None:
    found = lift(np.array([10.0, 0.0]), np.array([10.0, 10.0]), np.array([0.25, 0.25]), 10.0)
    np.testing.assert_allclose(found, np.log([0.625 / 0.25, 0.125 / 0.25]))
