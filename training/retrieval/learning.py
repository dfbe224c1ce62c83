"""Learns what a release knows of styles, markets and sizes from what was ordered and kept; `implicit` is needed here and nowhere else."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix

from training.retrieval.factors import Factors, confidences
from training.retrieval.goods import NOWHERE, Flags, Floats, Goods, Ints, Names
from training.retrieval.inputs import content_of
from training.retrieval.learned import Learned
from training.retrieval.settings import RetrievalSettings
from training.retrieval.shopper import KEPT, PENDING, Deeds, is_order
from training.retrieval.taste import added_up, fading, weights_of

_DAY_US = 86_400_000_000
_CONTENT_PENALTY = 10.0
"""Of the ridge regression from content to factors (guess)."""


@dataclass(frozen=True, eq=False)
class Past:
    """What was known of all shoppers at a moment, deed by deed.

    Attributes:
        customer, sku, what, days_ago: of each deed.
        allowed: (customers,) who lets the shop use the own history.
        market: (customers,)
        at_us: the moment.
    """

    customer: Ints
    sku: Ints
    what: Ints
    days_ago: Floats
    allowed: Flags
    market: Names
    at_us: int

    @classmethod
    def of(cls, deeds: Deeds, at_us: int) -> Past:
        """Everything known before a moment."""
        everybody = np.arange(len(deeds.customers))
        return cls(*deeds.known(at_us), allowed=deeds.allowed(everybody, np.full(len(everybody), at_us)), market=deeds.markets, at_us=at_us)


def learn(goods: Goods, past: Past, settings: RetrievalSettings, *, seed: int, threads: int) -> Learned:
    """Learn everything but how much each input counts.

    Args:
        goods: the assortment.
        past: what was known.
        settings: how.
        seed: of the factors' first values; the same seed and one thread give the same numbers.
        threads: of `implicit`.
    """
    factors = item_factors(preferences(goods, past, settings), settings, seed=seed, threads=threads)
    mean, spread = _looks(goods)
    names = _content_names(goods)
    content = _content(goods, (goods.looks - mean) / spread, names, factors)
    markets, kept = _kept(goods, past, settings)
    days, usual_days = _intervals(goods, past)
    return Learned(
        styles=goods.styles,
        factors=factors,
        content_names=names,
        content=content,
        markets=markets,
        kept=kept,
        exposure=_exposure(goods, past, settings.trend_half_life_days),
        looked=_looked(goods, past, settings),
        looked_exposure=_exposure(goods, past, settings.looks_half_life_days),
        sizes=goods.sizes,
        size_kept=_size_kept(goods, past),
        looks_mean=mean,
        looks_spread=spread,
        interval_days=days,
        usual_interval_days=usual_days,
        numbers={
            "regularisation": settings.regularisation,
            "confidence": settings.confidence,
            "taste_half_life_days": settings.taste_half_life_days,
            "trend_half_life_days": settings.trend_half_life_days,
        },
        weights={},
        liking=dict(settings.liking),
    )


def preferences(goods: Goods, past: Past, settings: RetrievalSettings) -> csr_matrix:
    """(customers, styles) confidences of those who allow it: above 0 where liked, below where sent back."""
    mine = past.allowed[past.customer]
    liking = weights_of(past.what, settings.liking) * fading(past.days_ago, settings.taste_half_life_days)
    width = len(goods.styles)
    keys, summed = added_up(past.customer[mine] * width + goods.style[past.sku[mine]], liking[mine])
    c = confidences(summed, settings.confidence)
    told = c != 0
    shape = (len(past.allowed), width)
    return csr_matrix((c[told].astype("float32"), (keys[told] // width, keys[told] % width)), shape=shape)


def item_factors(confidence: csr_matrix, settings: RetrievalSettings, *, seed: int, threads: int) -> Factors:
    """(styles, factors) by alternating least squares; zeros for styles that nobody touched."""
    fitted = als(confidence, settings, seed=seed, threads=threads)
    touched = np.diff(confidence.tocsc().indptr) > 0
    return np.where(touched[:, None], fitted.item_factors, 0.0).astype("float32")


def als(confidence: csr_matrix, settings: RetrievalSettings, *, seed: int, threads: int) -> Any:
    """`implicit`'s model, fitted."""
    from implicit.cpu.als import AlternatingLeastSquares

    with warnings.catch_warnings():  # it would have OPENBLAS_NUM_THREADS set; results do not depend on it
        warnings.filterwarnings("ignore", message="OpenBLAS is configured to use", category=RuntimeWarning)
        model = AlternatingLeastSquares(
            factors=settings.factors,
            regularization=settings.regularisation,
            alpha=1.0,
            iterations=settings.rounds,
            num_threads=threads,
            random_state=seed,
        )
        model.fit(confidence, show_progress=False)
    return model


def _looks(goods: Goods) -> tuple[Floats, Floats]:
    """Mean and spread of each coordinate of the styles' looks."""
    known = goods.looks[~np.isnan(goods.looks).any(axis=1)]
    if not len(known):
        return np.zeros(goods.looks.shape[1]), np.ones(goods.looks.shape[1])
    spread = known.std(axis=0)
    return known.mean(axis=0), np.where(spread > 0, spread, 1.0)


def _content_names(goods: Goods) -> Names:
    looks = [f"looks:{number}" for number in range(goods.looks.shape[1])]
    return np.array([*(f"category:{name}" for name in goods.categories), *(f"brand:{name}" for name in goods.brands), *looks], dtype="str")


def _content(goods: Goods, looks: Floats, names: Names, factors: Factors) -> Factors:
    """(names, factors) ridge regression of the factors on content, over the styles that have any."""
    touched = factors.any(axis=1)
    x, y = content_of(goods, looks, names)[touched], factors[touched].astype("float64")
    return np.linalg.solve(x.T @ x + _CONTENT_PENALTY * np.eye(len(names)), x.T @ y).astype("float32")


def _kept(goods: Goods, past: Past, settings: RetrievalSettings) -> tuple[Names, Floats]:
    """Lines by market and style that are kept, or likely will be, older ones counting less; the first market is all of them."""
    orders = is_order(past.what)
    taken = np.isin(past.what, (KEPT, PENDING))
    settled = orders & (past.what != PENDING)
    share = (past.what[settled] == KEPT).mean() if settled.any() else 1.0
    weight = fading(past.days_ago, settings.trend_half_life_days) * np.where(past.what == KEPT, 1.0, share)
    names = np.unique(past.market[past.market != ""])
    markets = np.concatenate([np.array([""]), names])
    style, market = goods.style[past.sku[taken]], np.searchsorted(markets, past.market[past.customer[taken]])
    width = len(goods.styles)
    counts = (
        np.bincount(market * width + style, weight[taken], minlength=len(markets) * width).astype("float64").reshape(len(markets), width)
    )
    counts[0] = counts.sum(axis=0)
    return markets, counts


def _looked(goods: Goods, past: Past, settings: RetrievalSettings) -> Floats:
    """(styles,) looks, wishes and baskets of everybody, older ones counting less."""
    looks = ~is_order(past.what)
    weight = fading(past.days_ago[looks], settings.looks_half_life_days)
    return np.bincount(goods.style[past.sku[looks]], weight, minlength=len(goods.styles)).astype("float64")


def _exposure(goods: Goods, past: Past, half_life: float) -> Floats:
    """(styles,) days on sale until now, older ones counting less: the integral of the fading since the launch, or the first order."""
    orders = is_order(past.what)
    first = np.zeros(len(goods.styles))
    np.maximum.at(first, goods.style[past.sku[orders]], past.days_ago[orders])
    launched = (past.at_us - goods.launched_style_us.astype("float64")) / _DAY_US
    begun = past.days_ago[orders].max(initial=0.0)
    days = np.maximum(np.where(goods.launched_style_us > 0, np.minimum(launched, begun), first), 0.0)
    return np.asarray(half_life / np.log(2.0) * (1.0 - fading(days, half_life)))


def _size_kept(goods: Goods, past: Past) -> Floats:
    size = goods.size[past.sku[past.what == KEPT]]
    return np.bincount(size[size != NOWHERE], minlength=len(goods.sizes)).astype("float64")


def _intervals(goods: Goods, past: Past) -> tuple[Floats, float]:
    """Median days between two orders of a style by one shopper, by style and of all; orders of one day are one."""
    taken = np.isin(past.what, (KEPT, PENDING))
    rows = np.column_stack([past.customer[taken], goods.style[past.sku[taken]], -np.floor(past.days_ago[taken])])
    rows = np.unique(rows, axis=0)
    again = (rows[1:, :2] == rows[:-1, :2]).all(axis=1)
    style, days = rows[1:, 1][again].astype("int64"), (rows[1:, 2] - rows[:-1, 2])[again]
    medians = pd.Series(days).groupby(style).median()
    found = np.full(len(goods.styles), np.nan)
    found[medians.index.to_numpy()] = medians.to_numpy()
    return found, float(np.median(days)) if len(days) else float("nan")
