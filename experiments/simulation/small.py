"""A comparison that ends within a minute or two: what a newcomer sees at the end of the demo."""

from __future__ import annotations

from domain.policy import Policy
from experiments.demo_shop.settings import ShopSettings
from experiments.simulation.plan import Plan
from experiments.simulation.policies import contenders
from experiments.simulation.simulate import Comparison
from training.settings import Settings

POLICIES = "conversion,return_blind_margin,kept_margin,oracle"
CUSTOMERS, STYLES, DAYS_BEFORE, DAYS, SEEDS, IMPRESSIONS = 1_500, 150, 180, 4, (1, 2), 60_000


def small_comparison(policy: Policy, settings: Settings) -> Comparison:
    """Two small shops, four days each."""
    shop = ShopSettings(seed=SEEDS[0], customers=CUSTOMERS, styles=STYLES, days=DAYS_BEFORE + DAYS)
    plan = Plan(shop, DAYS, policy, settings, retrain_days=DAYS, impressions=IMPRESSIONS)
    return Comparison(plan, contenders(POLICIES), SEEDS, jobs=len(SEEDS))
