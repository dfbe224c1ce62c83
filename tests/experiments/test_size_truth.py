"""Is the advised size the one that the body wants? The release has seen the orders that it is asked about here, so bounds are loose;
docs/sizes.md has figures of releases that have not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from domain.size_systems import SizeSystems, parse_size_systems
from experiments.demo_shop import DemoShop
from experiments.size_truth import (
    ADVISED,
    AS_LAST_TIME,
    HIGHEST_SCORE,
    MOST_KEPT,
    OWN,
    SELECTED,
    Asked,
    Taken,
    believed_size,
    judge,
    orders_after,
)
from features.shop import Shop
from features.taking import take_snapshot
from serving.state import Serving

ROOT = Path(__file__).parents[2]
DAYS, ORDERS = 30, 60


@pytest.fixture(scope="module")
def systems() -> SizeSystems:
    return parse_size_systems((ROOT / "config/size_systems.toml").read_text())


@pytest.fixture(scope="module")
def earlier(shop: Shop, release_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Serving:
    """A month before the shop's end."""
    folder = tmp_path_factory.mktemp("earlier") / "snapshot"
    take_snapshot(shop, folder, day=shop.today - DAYS)
    return Serving.load(release_folder, folder)


@pytest.fixture(scope="module")
def asked(demo_shop: DemoShop, earlier: Serving) -> Asked:
    return orders_after(demo_shop, earlier, days=DAYS, most=ORDERS, seed=1)


def test_the_truth_knows_every_size_of_what_was_ordered(asked: Asked) -> None:
    assert ORDERS == len(asked.orders)
    for size, run, feels in zip(asked.orders["size"], asked.sizes, asked.feels, strict=True):
        assert size in run
        assert len(run) == len(feels)
        assert ((feels >= 0) & (feels <= 1)).all()


def test_hits_are_counted_against_the_size_that_feels_right_most(asked: Asked) -> None:
    best = [run[int(feels.argmax())] for run, feels in zip(asked.sizes, asked.feels, strict=True)]
    worst = [run[int(feels.argmin())] for run, feels in zip(asked.sizes, asked.feels, strict=True)]

    assert (ORDERS, 1.0, 1.0) == (asked.hits(Taken(best)).rows, asked.hits(Taken(best)).best, asked.hits(Taken(best)).next_to_best)
    assert asked.hits(Taken(worst)).fits < 0.05 < asked.hits(Taken(best)).fits
    assert ORDERS - 1 == asked.hits(Taken([None, *best[1:]])).rows
    assert 0.5 == asked.hits(Taken(best, [0.25, 0.75] * (ORDERS // 2))).promised


def test_advice_beats_what_a_shop_could_say_without_it(
    demo_shop: DemoShop, shop: Shop, earlier: Serving, systems: SizeSystems, asked: Asked
) -> None:
    taken = judge(demo_shop, shop, earlier, systems, asked, ask=False)

    fits = {name: asked.hits(sizes).fits for name, sizes in taken.items()}
    assert fits[ADVISED] > fits[MOST_KEPT] + 0.05
    assert fits[ADVISED] > fits[HIGHEST_SCORE]
    assert fits[SELECTED] > fits[OWN] - 0.02
    before = np.array([size is not None for size in taken[AS_LAST_TIME].sizes])
    assert 0 < before.sum() < ORDERS


def test_what_somebody_believes_she_wears_is_near_what_she_wears(demo_shop: DemoShop) -> None:
    people = demo_shop.truth.shop.people
    sizes = ["34", "36", "38", "40", "42", "44", "46"]

    believed = np.array([int(believed_size(demo_shop, person, "dress", sizes)) for person in range(200)])

    assert np.corrcoef(believed, people.body[:200, 0])[0, 1] > 0.8
