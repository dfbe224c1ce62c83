from __future__ import annotations

import pandas as pd
import pytest

from experiments.demo_shop import DemoShop, ShopSettings, generate


@pytest.fixture(scope="session")
def settings() -> ShopSettings:
    return ShopSettings(seed=1, customers=800, styles=150, days=250)


@pytest.fixture(scope="session")
def shop(settings: ShopSettings) -> DemoShop:
    return generate(settings)


@pytest.fixture(scope="session")
def lines(shop: DemoShop) -> pd.DataFrame:
    """Order lines with their product and truth."""
    return shop.tables["order_lines"].merge(shop.tables["products"], on="sku").merge(shop.truth.lines, on="line_id")
