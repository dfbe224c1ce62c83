from __future__ import annotations

from dataclasses import replace

import pytest
from optuna.distributions import FloatDistribution, IntDistribution

from tests.conftest import ROOT
from training.model import CLASSES
from training.settings import Forest, parse_settings
from training.tuning.space import SPACES, Range, Space


@pytest.mark.parametrize("kind", CLASSES)
def test_every_corner_of_a_space_is_a_forest_and_the_shipped_settings_lie_inside(kind: str) -> None:
    space = SPACES[kind]
    for end in ("low", "high"):
        forest = space.forest({name: getattr(searched, end) for name, searched in space.ranges.items()})
        assert isinstance(forest, Forest)
        assert space.tried(forest) is not None
    shipped = parse_settings((ROOT / "config/training.toml").read_text()).forests[kind]
    tried = space.tried(shipped)
    assert tried is not None
    assert shipped == space.forest(tried)


def test_the_order_model_keeps_all_features_in_every_tree() -> None:
    space = SPACES["order"]
    assert "share_of_features" not in space.ranges
    tried = {name: searched.low for name, searched in space.ranges.items()}
    assert 1.0 == space.forest(tried).share_of_features
    assert space.tried(replace(space.forest(tried), share_of_features=0.5)) is None


def test_whole_numbers_stay_whole_and_the_others_are_rounded_to_three_digits_within_the_range() -> None:
    low = {name: searched.low for name, searched in SPACES["return"].ranges.items()}
    forest = SPACES["return"].forest({**low, "trees": 123, "learning_rate": 0.0123456, "l2": 99.999})
    assert (123, 0.0123, 100.0) == (forest.trees, forest.learning_rate, forest.l2)
    wide = Space({**SPACES["return"].ranges, "l2": Range(1.2345, 2.0)}, {})
    assert 1.2345 == wide.forest({**low, "l2": 1.2345}).l2


def test_a_setting_that_is_neither_searched_nor_held_is_a_mistake_in_the_declaration() -> None:
    with pytest.raises(ValueError, match="l2"):
        Space({name: searched for name, searched in SPACES["return"].ranges.items() if name != "l2"}, {})


def test_ranges_are_given_to_optuna_as_they_are() -> None:
    assert IntDistribution(4, 64, log=True) == Range(4, 64, logarithmic=True).distribution()
    assert FloatDistribution(0.5, 1.0) == Range(0.5, 1.0).distribution()


def test_another_space_has_another_hash() -> None:
    assert 2 == len({space.hash() for space in SPACES.values()})  # return's and fit's are the same


def test_a_space_tells_what_is_searched_and_what_is_held() -> None:
    lines = list(SPACES["order"].lines())
    assert "                 trees  50 to 1000, logarithmic" in lines
    assert "     share_of_features  1, held" in lines
