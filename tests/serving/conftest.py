from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from domain.size_systems import SizeSystems, parse_size_systems
from features.asked import of_order_lines
from features.build import build
from features.clock import days
from features.shop import Shop
from features.taking import take_snapshot
from serving.deployment import Deployment
from serving.state import Serving
from tests.support.switching import Shelf, another
from training.model import Release, fit
from training.settings import Settings

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture(scope="session")
def serving(release_folder: Path, snapshot_folder: Path) -> Serving:
    """The demo shop's release and snapshot, loaded."""
    return Serving.load(release_folder, snapshot_folder)


@pytest.fixture(scope="session")
def ordering(serving: Serving, shop: Shop, quick_settings: Settings) -> Serving:
    """The same, and a model of P(order) that learned that dear offers at the top are ordered."""
    draw, asked = np.random.default_rng(1), of_order_lines(shop.tables)
    inputs = build(shop, asked).assign(shown_position=draw.integers(1, 9, len(asked)).astype("float64"))
    dear = (asked["unit_price"] > asked["unit_price"].median()).to_numpy()
    y = (draw.random(len(asked)) < np.where(dear, 0.6, 0.2) / inputs["shown_position"].to_numpy()).astype("int64")
    early = np.arange(len(y)) < len(y) // 2
    blocks = [(inputs[chosen], y[chosen]) for chosen in (early, ~early)]
    model = fit("order", blocks[0], blocks[1], quick_settings.forests["order"], seed=1, threads=2)
    release = serving.release
    models = {**release.models, "order": model}
    return replace(serving, release=Release(release.seal, models, release.feature_set, release.policy, release.about))


@pytest.fixture(scope="session")
def busy(shop: Shop, release_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Serving:
    """The same release on the busiest morning: what then happened is in the shop's tables."""
    day = int(np.bincount(days(shop.tables["order_lines"]["ordered_at"], shop.zone)).argmax())
    folder = tmp_path_factory.mktemp("busy") / "snapshot"
    take_snapshot(shop, folder, day=day)
    return Serving.load(release_folder, folder)


@pytest.fixture(scope="session")
def other_folder(release_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo shop's release once more, under another seal."""
    return another(release_folder, tmp_path_factory.mktemp("other") / "release")


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    """A deployment folder in which nobody was appointed yet."""
    return Deployment(tmp_path / "home")


@pytest.fixture
def shelf(release_folder: Path, snapshot_folder: Path) -> Shelf:
    """A registry whose first version is champion."""
    shelf = Shelf()
    shelf.register(release_folder, snapshot_folder, "champion")
    return shelf


@pytest.fixture(scope="session")
def systems() -> SizeSystems:
    """The size systems that come with the project."""
    return parse_size_systems((CONFIG / "size_systems.toml").read_text())


@pytest.fixture(scope="session")
def dress(serving: Serving) -> str:
    """A dress that was ordered."""
    products = serving.snapshot.products
    dresses = products[(products["category"] == "dress") & serving.snapshot.known_skus(products["sku"])]
    return str(dresses["style_id"].iloc[0])
