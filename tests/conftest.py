"""What every test may ask for: the public data sets, and one small demo shop with a release and a snapshot of it."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import replace
from pathlib import Path

import hypothesis
import numpy as np
import pandas as pd
import pytest

from domain.policy import parse_policy
from experiments.demo_shop import DemoShop, ShopSettings, generate
from features.build import FEATURE_SET_HASH, build
from features.shop import Shop
from features.taking import take_snapshot
from training.model import fit, load, save
from training.pipeline import silent
from training.retrieval.remembered import remembering
from training.retrieval.settings import RetrievalSettings
from training.retrieval.train import Ready, train_retrieval
from training.rows import KINDS, labelled
from training.settings import Settings, parse_settings

pytest_plugins = ["tests.support.engines"]

ROOT = Path(__file__).parent.parent

# no test is timed; CI judges a change, so it draws the same examples every time
hypothesis.settings.register_profile("keeprank", deadline=None, derandomize="CI" in os.environ)
hypothesis.settings.load_profile("keeprank")
POLICY = (ROOT / "config/policy.toml").read_text()


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of the public data sets; tests that need it skip without it, and fail in CI."""
    folder = Path(os.environ.get("KEEPRANK_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        reason = f"{folder} does not exist; set KEEPRANK_DATA to the folder of the public data sets"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return folder


@pytest.fixture(scope="session")
def quick_settings() -> Settings:
    """Training settings for a shop of a few thousand lines: small forests, small leaves, no more impressions than they need."""
    settings = parse_settings((ROOT / "config/training.toml").read_text())
    forests = {kind: replace(forest, trees=30, fewest_rows_per_leaf=20) for kind, forest in settings.forests.items()}
    return replace(settings, forests=forests, blocks=replace(settings.blocks, fewest_rows=100), most_impressions=20_000)


@pytest.fixture(scope="session")
def demo_shop() -> DemoShop:
    """A demo shop of about 2,000 lines."""
    return generate(ShopSettings(seed=36, customers=600, styles=100, days=200, ends_on=dt.date(2026, 9, 30)))


@pytest.fixture(scope="session")
def shop(demo_shop: DemoShop) -> Shop:
    """The demo shop as features see it."""
    policy = parse_policy(POLICY)
    return Shop.of(demo_shop.tables, policy.window_days, zone=policy.time_zone)


@pytest.fixture(scope="session")
def release_folder(shop: Shop, quick_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release trained on the demo shop: a return and a fit model."""
    models = {}
    for kind in KINDS:
        rows = labelled(kind, shop)
        inputs = build(shop, rows.asked)
        early = np.arange(len(rows)) < 0.7 * len(rows)
        blocks = [(inputs[chosen], rows.y[chosen]) for chosen in (early, ~early)]
        models[kind] = fit(kind, blocks[0], blocks[1], quick_settings.forests[kind], seed=1, threads=2)
    folder = tmp_path_factory.mktemp("release") / "release"
    save(models, folder, feature_set=FEATURE_SET_HASH, policy=POLICY, about={"shop": "demo"})
    return folder


@pytest.fixture(scope="session")
def recommending_folder(shop: Shop, release_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same release, which can recommend as well."""
    settings = RetrievalSettings(factors=8, rounds=4, most_judged=300)
    learned = train_retrieval(Ready.of(shop), pd.Timestamp(shop.now), settings, seed=1, threads=1, progress=silent)
    like, folder = load(release_folder, feature_set=FEATURE_SET_HASH), tmp_path_factory.mktemp("recommending") / "release"
    save(like.models, folder, feature_set=FEATURE_SET_HASH, policy=POLICY, about={"shop": "demo"}, retrieval=learned)
    return folder


@pytest.fixture(scope="session")
def snapshot_folder(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo shop's snapshot on the day after its last."""
    folder = tmp_path_factory.mktemp("snapshot") / "snapshot"
    take_snapshot(shop, folder, beside=remembering(shop))
    return folder


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI a skipped test is a failure: what it needs has to be installed there."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
