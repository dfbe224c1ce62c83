"""What speaks for a style or a size when a shopper comes: one number per source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from training.retrieval.factors import Factors, confidences, fold_in
from training.retrieval.goods import NOWHERE, Floats, Goods, Ints, find
from training.retrieval.learned import Learned
from training.retrieval.shopper import KEPT, OF_ORDERS, PENDING, RETURNED, Shopper
from training.retrieval.sizes import Charts
from training.retrieval.taste import added_up, fading, lift, looks_liked, purse, weights_of

INPUTS: Mapping[str, str] = {
    "together": "who kept what she kept also kept this (factors, folded in)",
    "popular": "kept lines per day on sale in her market, shrunk to its brand and category (log)",
    "looked_at": "looks at it per day on sale, likewise (log)",
    "category": "how much more than others she goes for the category (log)",
    "brand": "how much more than others she keeps the brand (log)",
    "looks": "how much it looks like what she kept",
    "price": "how near its price is to what she pays (the square of the log's distance, less than nobody's)",
    "sent_back": "how often she sent it back for another reason than its size (log); never counts for it",
    "again": "how often she has ordered and not returned it (log)",
    "due": "whether it is due again: ordered longer ago than others wait",
    "seen": "whether she looked at it or wished for it lately (log)",
    "in_mind": "how much more than others she lately looks at its category (log)",
    "new": "how new it is",
    "size": "how likely the size is hers (log)",
}
"""What is weighed, and what each says; all but the last are of the style."""

OF_STYLES = tuple(INPUTS)[:-1]
PERSONAL = ("together", "category", "brand", "looks", "price", "sent_back", "again", "due", "seen", "in_mind")
"""Those that stay silent without consent or history."""

_AS_BRAND_DAYS = 20.0
"""A style is believed to sell like its brand and category for as many days on sale (guess)."""

_AS_CATEGORY_LINES = 3.0
"""A brand, and a category, are believed to sell like what is above them as if they had sold so many lines before (guess)."""

_AS_MARKET_LINES = 20_000.0
"""A market is believed to like what all like as if it had bought so many lines like them before (guess)."""

_ALIKE = 2.0
_NEW_DAYS = 30.0
"""How fast a style grows old (guess)."""

_SEEN_HALF_LIFE_DAYS = 2.0
"""How fast a look fades from a shopper's mind (guess)."""

_DAY_US = 86_400_000_000


@dataclass(frozen=True, eq=False)
class Inputs:
    """A release's knowledge laid over the assortment of a moment.

    Attributes:
        learned: the release's.
        goods: the assortment.
        factors: (styles, factors); of styles that nobody ordered, what their content says.
        gram: (factors, factors) of those with evidence.
        popular: (markets, styles) log of the rate.
        looked_at: (styles,) likewise.
        charts: sizes.
        looks: (styles, coordinates) standardised; NaN where unknown.
        usual: shares of everybody's kept lines, by "category" and "brand".
        interval_days: (styles,)
    """

    learned: Learned
    goods: Goods
    factors: Factors
    directions: Floats
    gram: Floats
    popular: Floats
    looked_at: Floats
    charts: Charts
    looks: Floats
    usual: Mapping[str, Floats]
    interval_days: Floats

    @classmethod
    def of(cls, learned: Learned, goods: Goods) -> Inputs:
        """Lay it over; styles and sizes that the release does not know get what their content says."""
        rows = find(learned.styles, goods.styles)
        kept, exposure = (_taken(values, rows, 0.0) for values in (learned.kept, learned.exposure))
        looks = (goods.looks - learned.looks_mean) / learned.looks_spread
        known = _taken(learned.factors.any(axis=1).astype("float64"), rows, 0.0) > 0
        factors = np.where(
            known[:, None],
            _taken(learned.factors.T.astype("float64"), rows, 0.0).T,
            content_of(goods, looks, learned.content_names) @ learned.content,
        )
        return cls(
            learned=learned,
            goods=goods,
            factors=factors.astype("float32"),
            directions=_directions(factors.astype("float32")),
            gram=learned.factors.T.astype("float64") @ learned.factors.astype("float64"),
            popular=np.stack([_log_rates(goods, each, exposure) for each in _with_all(kept)]),
            looked_at=_log_rates(goods, _taken(learned.looked, rows, 0.0), _taken(learned.looked_exposure, rows, 0.0)),
            charts=Charts.of(goods, _taken(learned.size_kept, _size_rows(learned, goods), 0.0)),
            looks=looks,
            usual={"category": _shares(goods.category, goods.categories, kept[0]), "brand": _shares(goods.brand, goods.brands, kept[0])},
            interval_days=np.nan_to_num(_taken(learned.interval_days, rows, np.nan), nan=_or_never(learned.usual_interval_days)),
        )

    def of_shopper(self, shopper: Shopper, at_us: int) -> Floats:
        """(`OF_STYLES`, styles) what each source says of every style."""
        style, numbers = self.goods.style[shopper.sku], self.learned.numbers
        liking = weights_of(shopper.what, self.learned.liking) * fading(shopper.days_ago, numbers["taste_half_life_days"])
        again, due = self._again(shopper, style)
        says = (
            self._together(style, liking),
            self.popular[self._market(shopper.market)],
            self.looked_at,
            _of_group(lift(self.goods.category[style], liking, self.usual["category"]), self.goods.category),
            _of_group(lift(self.goods.brand[style], liking, self.usual["brand"]), self.goods.brand),
            np.nan_to_num(self.looks @ looks_liked(self.looks[style], liking)),
            self._price(style, np.maximum(liking, 0.0)),
            self._times(style[shopper.what == RETURNED]),
            again,
            due,
            *self._seen(shopper, style),
            self._new(at_us),
        )
        found = np.empty((len(OF_STYLES), len(self.goods.styles)), dtype="float32")
        for row, values in enumerate(says):
            found[row] = values
        return found

    def of_sizes(self, shopper: Shopper) -> Floats:
        """(skus,) log of how likely the size is the shopper's; 0 for what has no size."""
        chances = np.append(self.charts.log_chances(shopper, self.goods), 0.0)
        return np.asarray(chances[self.goods.size]).astype("float32")

    def _together(self, style: Ints, liking: Floats) -> Floats:
        """What her numbers say of styles; nothing of those that she likes already, which other sources tell of."""
        rows, summed = added_up(style, liking)
        c = confidences(summed, self.learned.numbers["confidence"])
        told = (c != 0) & self.factors[rows].any(axis=1)
        x = fold_in(self.factors, self.gram, rows[told], c[told], self.learned.numbers["regularisation"])
        says = self.directions @ (x / max(float(np.linalg.norm(x)), 1e-9)).astype("float32")
        says *= told.sum() / (told.sum() + _ALIKE)
        says[rows[summed > 0]] = 0.0
        return np.asarray(says)

    def _price(self, style: Ints, liking: Floats) -> Floats:
        hers = purse(self.goods.price[style], liking)
        return np.nan_to_num(self.goods.price**2 - (self.goods.price - hers) ** 2)

    def _times(self, style: Ints) -> Floats:
        return np.log1p(np.bincount(style, minlength=len(self.goods.styles)))

    def _market(self, market: str) -> int:
        return max(int(find(self.learned.markets, np.array([market]))[0]), 0)

    def _again(self, shopper: Shopper, style: Ints) -> tuple[Floats, Floats]:
        taken = np.isin(shopper.what, (KEPT, PENDING))
        times = np.bincount(style[taken], minlength=len(self.goods.styles))
        last = np.full(len(times), np.inf)
        np.minimum.at(last, style[taken], shopper.days_ago[taken])
        return np.log1p(times), ((times > 0) & (last >= self.interval_days)).astype("float64")

    def _seen(self, shopper: Shopper, style: Ints) -> tuple[Floats, Floats]:
        looked = shopper.what >= OF_ORDERS
        lately = fading(shopper.days_ago[looked], _SEEN_HALF_LIFE_DAYS)
        times = np.bincount(style[looked], lately, minlength=len(self.goods.styles))
        category = self.goods.category
        return np.log1p(times), _of_group(lift(category[style[looked]], lately, self.usual["category"]), category)

    def _new(self, at_us: int) -> Floats:
        days = (at_us - self.goods.launched_style_us.astype("float64")) / _DAY_US
        return np.asarray(np.exp(-np.maximum(days, 0.0) / _NEW_DAYS))


def _directions(factors: Floats) -> Floats:
    """Factors of length 1, less their mean: how long they are says how much a style sells, and that is told by other inputs."""
    lengths = np.linalg.norm(factors, axis=1, keepdims=True)
    unit = factors / np.maximum(lengths, 1e-9)
    return np.asarray(unit - unit.mean(axis=0))


def content_of(goods: Goods, looks: Floats, names: np.ndarray) -> Floats:
    """(styles, names) what each style's content is: 1 for its category and for its brand, and its looks (0 where unknown)."""
    columns = []
    for name in names.tolist():
        kind, _, value = name.partition(":")
        if kind == "looks":
            columns.append(np.nan_to_num(looks[:, int(value)]))
        else:
            named, codes = (goods.categories, goods.category) if kind == "category" else (goods.brands, goods.brand)
            row = find(named, np.array([value]))[0]
            columns.append(((codes == row) & (row != NOWHERE)).astype("float64"))
    return np.column_stack([*columns, np.empty((len(goods.styles), 0))])


def _with_all(kept: Floats) -> Floats:
    """Each market's counts, shrunk to the overall ones (the first row)."""
    shares = kept[0] / max(kept[0].sum(), 1e-9)
    total = kept.sum(axis=1, keepdims=True)
    blended = kept + _AS_MARKET_LINES * shares
    return np.vstack([kept[:1], (blended / (total + _AS_MARKET_LINES) * kept[0].sum())[1:]])


def _log_rates(goods: Goods, kept: Floats, exposure: Floats) -> Floats:
    """Log of kept lines per day on sale: a style's own, shrunk to its brand's in the category, shrunk to the category's."""
    everywhere = (kept.sum() + 1.0) / (exposure.sum() + 1.0)
    category = goods.category
    of_category = _rate(category, kept, exposure, np.full(len(kept), everywhere), _AS_CATEGORY_LINES / everywhere)
    pair = np.where(goods.brand == NOWHERE, NOWHERE, category * (len(goods.brands) + 1) + goods.brand)
    of_brand = _rate(pair, kept, exposure, of_category, _AS_CATEGORY_LINES / everywhere)
    return np.asarray(np.log((kept + _AS_BRAND_DAYS * of_brand) / (exposure + _AS_BRAND_DAYS)))


def _rate(group: Ints, kept: Floats, exposure: Floats, prior: Floats, days: float) -> Floats:
    """The rate of each style's group, as if it had sold at the prior rate for some days before; the prior where it has no group."""
    _, codes = np.unique(group, return_inverse=True)
    lines, on_sale = np.bincount(codes, kept), np.bincount(codes, exposure)
    return np.where(group == NOWHERE, prior, (lines[codes] + days * prior) / (on_sale[codes] + days))


def _taken(values: Floats, rows: Ints, missing: float) -> Floats:
    """Columns (of the last axis) by row, and a value for those that are not there."""
    padded = np.concatenate([values, np.full((*values.shape[:-1], 1), missing, dtype=values.dtype)], axis=-1)
    return np.asarray(padded[..., rows])


def _size_rows(learned: Learned, goods: Goods) -> Ints:
    known = {tuple(size): row for row, size in enumerate(learned.sizes.tolist())}
    return np.array([known.get(tuple(size), NOWHERE) for size in goods.sizes.tolist()], dtype="int64")


def _shares(codes: Ints, names: np.ndarray, kept: Floats) -> Floats:
    here = codes != NOWHERE
    counts = np.bincount(codes[here], kept[here], minlength=len(names)) + 1.0
    return np.asarray(counts / counts.sum())


def _of_group(values: Floats, codes: Ints) -> Floats:
    return np.append(values, 0.0)[codes]


def _or_never(days: float) -> float:
    return np.inf if np.isnan(days) else days
