from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from domain.policy import parse_policy
from experiments.demo_shop import ShopSettings
from experiments.simulation.loop import Simulation
from experiments.simulation.plan import Plan
from tests.conftest import POLICY
from training.settings import Settings, parse_settings

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def small_settings() -> Settings:
    """Forests that a small shop's log can feed, in a second."""
    settings = parse_settings((ROOT / "config/training.toml").read_text())
    forests = {kind: replace(forest, trees=40, fewest_rows_per_leaf=40) for kind, forest in settings.forests.items()}
    return replace(settings, forests=forests)


@pytest.fixture(scope="session")
def plan(small_settings: Settings) -> Plan:
    """Three days of a small shop, after 120 that are learned from."""
    shop = ShopSettings(seed=1, customers=700, styles=80, days=123, ends_on=dt.date(2026, 9, 30))
    return Plan(shop, 3, parse_policy(POLICY), small_settings, retrain_days=2, impressions=30_000)


@pytest.fixture(scope="session")
def simulation(plan: Plan) -> Simulation:
    """Its past, run once."""
    return Simulation(plan, lambda: None)
