from __future__ import annotations

import numpy as np
import pytest

from tests.support.tiny_retrieval import goods_of, product
from training.retrieval.shopper import KEPT, MISFIT, VIEWED, Shopper, nobody
from training.retrieval.sizes import Charts

GOODS = goods_of(
    *(product(f"d{size}", "d", size=str(size), size_system="EU") for size in (36, 38, 40)),
    *(product(f"j{size}", "j", size=str(size), size_system="EU", category="jeans") for size in (36, 38, 40)),
    *(product(f"s{size}", "s", size=str(size), size_system="EU shoes", category="shoes") for size in (38, 40)),
    product("bag", "b", category="bag"),
)
CHARTS = Charts.of(GOODS, np.zeros(len(GOODS.sizes)))


def _chances(**deeds: int) -> dict[str, float]:
    """Of each sized sku, after one deed each, told by its sku."""
    rows = np.searchsorted(GOODS.skus, list(deeds))
    shopper = Shopper("", rows, np.array(list(deeds.values())), np.zeros(len(rows))) if deeds else nobody()
    chances = np.exp(CHARTS.log_chances(shopper, GOODS))
    return {str(sku): float(chances[size]) for sku, size in zip(GOODS.skus, GOODS.size, strict=True) if size >= 0}


def test_the_chances_of_a_chart_add_up_to_one() -> None:
    chances = _chances(d38=KEPT, j36=MISFIT)
    assert [1.0, 1.0, 1.0] == [round(sum(p for sku, p in chances.items() if sku[0] == chart), 9) for chart in "djs"]


def test_of_nobody_everybody_s_sizes_are_expected() -> None:
    kept = np.array([8.0 if size[2] == "40" and size[0] == "dress" else 0.0 for size in GOODS.sizes.tolist()])
    chances = np.exp(Charts.of(GOODS, kept).log_chances(nobody(), GOODS))
    of_dresses = [float(chances[size]) for sku, size in zip(GOODS.skus, GOODS.size, strict=True) if sku.startswith("d")]
    assert [1 / 11, 1 / 11, 9 / 11] == pytest.approx(of_dresses)


def test_the_kept_size_is_expected_here_and_in_a_category_of_the_same_system() -> None:
    chances = _chances(d38=KEPT)
    assert chances["d38"] > chances["d36"] > 0
    assert chances["j38"] > chances["j36"]
    assert chances["s38"] == chances["s40"], "shoes have a system of their own"


def test_the_size_beside_is_likelier_than_the_next_but_one() -> None:
    chances = _chances(d36=KEPT)
    assert chances["d36"] > chances["d38"] > chances["d40"]


def test_a_size_that_came_back_for_its_size_is_less_likely_than_its_neighbours() -> None:
    chances = _chances(d36=KEPT, d38=MISFIT)
    assert chances["d38"] < _chances(d36=KEPT)["d38"]


def test_a_look_says_a_little() -> None:
    assert _chances()["d38"] < _chances(d38=VIEWED)["d38"] < _chances(d38=KEPT)["d38"]
