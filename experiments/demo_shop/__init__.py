"""A small, made-up fashion shop whose true return probabilities are known, so that anything that learns can be judged on the answer."""

from experiments.demo_shop.generate import DemoShop, generate
from experiments.demo_shop.settings import ShopSettings
from experiments.demo_shop.truth import Truth

__all__ = ["DemoShop", "ShopSettings", "Truth", "generate"]
