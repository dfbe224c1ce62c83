"""No feature silently reads zeros: what it needs of a shop covers the facts that it counts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from features.build import FEATURES
from features.catalogue import Feature
from features.measures import MEASURES
from tests.support.bare import facts_of, rich, silent

EVERYTHING = frozenset(f"{name}.{column}" for name, frame in rich().items() for column in frame.columns)


def test_every_measure_is_told_in_a_shop_in_which_everything_happens() -> None:
    assert set(MEASURES) == {name for fact in facts_of(EVERYTHING) for name, value in fact.items() if name in MEASURES and value}


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_a_shop_in_which_everything_happens_says_something_to_every_feature(feature: Feature) -> None:
    assert [] == silent(replace(feature, tables=tuple(sorted(EVERYTHING))))


@pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.name)
def test_a_feature_exists_only_where_what_it_counts_can_happen(feature: Feature) -> None:
    assert [] == silent(feature)
