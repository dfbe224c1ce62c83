"""Retrieval learned from the demo shop, once for all tests."""

from __future__ import annotations

import pandas as pd
import pytest

from features.shop import Shop
from training.pipeline import silent
from training.retrieval.learned import Learned
from training.retrieval.retriever import Retriever
from training.retrieval.settings import RetrievalSettings
from training.retrieval.train import Ready, train_retrieval

SETTINGS = RetrievalSettings(factors=8, rounds=4, most_judged=300)


@pytest.fixture(scope="session")
def ready(shop: Shop) -> Ready:
    """The demo shop as retrieval reads it."""
    return Ready.of(shop)


@pytest.fixture(scope="session")
def learned(ready: Ready, shop: Shop) -> Learned:
    """What a release of it would hold."""
    return train_retrieval(ready, pd.Timestamp(shop.now), SETTINGS, seed=1, threads=1, progress=silent)


@pytest.fixture(scope="session")
def retriever(learned: Learned, ready: Ready) -> Retriever:
    """Laid over its assortment."""
    return Retriever.of(learned, ready.goods)
