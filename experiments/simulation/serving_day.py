"""Serves a day's visitors: features from the night's snapshot, scores, and for each visitor a decision by `serving.decide`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from domain.policy import Policy
from domain.tables import UTC, Tables
from experiments.demo_shop.arrays import Floats, Ints, moments, named
from experiments.demo_shop.choosing import discounts
from experiments.demo_shop.history import Shop
from experiments.demo_shop.orders import NOT_SHOWN, Shown
from experiments.demo_shop.people import COUNTRIES
from experiments.demo_shop.sizing import Sizes
from experiments.demo_shop.visits import Visits
from experiments.simulation.truth import Worth
from features.asked import ASKED, NUMBERS, TEXTS, TIMES
from features.snapshot import Snapshot
from serving.assortment import Product
from serving.decide import Decision, decide
from serving.offered import Scores
from serving.ordering import chance
from serving.wire import Offer, RankRequest
from training.model import Model

_ALONE = ("quantity", "basket_lines", "basket_units", "basket_same_style", "basket_same_sku")


@dataclass(frozen=True)
class Found:
    """The offers that the storefront found for a day's visitors, one after the other.

    Attributes:
        row, slot: which visit, and which of its candidates.
        sku: index.
        price, discount: cents.
        units: that can be sold.
    """

    row: Ints
    slot: Ints
    sku: Ints
    price: Ints
    discount: Ints
    units: Ints

    @classmethod
    def of(cls, shop: Shop, visits: Visits, sizes: Sizes, units: Ints) -> Found:
        """Everything that was found, in the size that the visitor would order."""
        row, slot = np.nonzero(visits.found)
        style, sku = visits.styles[row, slot], sizes.sku[row, slot]
        discount = discounts(shop.assortment, style, visits.when[row])
        return cls(row, slot, sku, shop.assortment.price[style] - discount, discount, units[sku])

    def where(self, chosen: slice) -> Found:
        """Some of them."""
        return Found(*(getattr(self, name)[chosen] for name in Found.__dataclass_fields__))


@dataclass(frozen=True)
class Known:
    """What a policy says of the found offers.

    Attributes:
        p_order, p_return: of each.
        inputs: the features that they come from; None without models.
    """

    p_order: Floats
    p_return: Floats
    inputs: pd.DataFrame | None


@dataclass(frozen=True)
class Ranking:
    """By which rules offers are ranked.

    Attributes:
        name: the policy's.
        policy: business settings.
        products: the assortment by sku.
        prices: stock prices, minor units by sku.
    """

    name: str
    policy: Policy
    products: Mapping[str, Product]
    prices: Mapping[str, int]

    def decide(self, request: RankRequest, p_order: Floats, p_return: Floats, request_id: str) -> Decision:
        """What `serving.decide` makes of a request."""
        scores = Scores(p_return, None, False, np.full(len(p_order), True), p_order)
        draws = chance(request_id, [offer.sku for offer in request.offers]) if self.policy.exploration.temperature else ()
        return decide(request, scores, self.products, self.policy, currency="EUR", stock_prices=self.prices, draws=draws)


def asked_rows(shop: Shop, visits: Visits, found: Found) -> pd.DataFrame:
    """The rows that features are asked for, as `features.asked.of_impressions` makes them later of what is shown."""
    customer = visits.customer[found.row]
    price = found.price.astype("float64")
    who = {
        "customer_id": shop.people.ids[customer],
        "sku": shop.assortment.skus[found.sku],
        "country": named(COUNTRIES, shop.people.country[customer]),
        "at": moments(visits.when[found.row]),
    }
    numbers = {**dict.fromkeys(_ALONE, 1.0), "unit_price": price, "discount": found.discount.astype("float64"), "basket_value": price}
    rows = pd.DataFrame({**dict.fromkeys(ASKED), **who, **numbers})
    return rows.astype({**dict.fromkeys(TEXTS, "str"), **dict.fromkeys(TIMES, UTC), **dict.fromkeys(NUMBERS, "float64")})[list(ASKED)]


def by_models(shop: Shop, visits: Visits, found: Found, snapshot: Snapshot, since: Tables, models: Mapping[str, Model]) -> Known:
    """What models say, from the night's snapshot and what the visitors did since."""
    inputs = snapshot.build(asked_rows(shop, visits, found), since)
    order, back = (models[kind].predict(inputs)[:, 1] for kind in ("order", "return"))
    return Known(order, back, inputs)


def by_truth(found: Found, worth: Worth) -> Known:
    """What is true."""
    return Known(worth.q[found.row, found.slot], worth.p_return[found.row, found.slot], None)


def by_popularity(shop: Shop, found: Found, rates: Floats) -> Known:
    """Orders per view by style; nothing about returns."""
    style = shop.assortment.sku_style[found.sku]
    return Known(rates[style], np.zeros(len(style)), None)


def decided(shop: Shop, visits: Visits, found: Found, known: Known, ranking: Ranking) -> tuple[Shown, Ints]:
    """Let `serving.decide` rank for every visitor; also the bonus (cents) that kept the guard-rail of each."""
    width = shop.settings.world.visits.shown
    slot, propensity = np.full((len(visits), width), NOT_SHOWN), np.zeros((len(visits), width))
    bonus = np.zeros(len(visits), dtype=np.int64)
    starts = np.searchsorted(found.row, np.arange(len(visits) + 1)).tolist()
    countries = named(COUNTRIES, shop.people.country[visits.customer])
    for visit in np.flatnonzero(np.diff(starts)).tolist():
        these = slice(starts[visit], starts[visit + 1])
        request = RankRequest(offers=_offers(shop, found.where(these)), country=countries[visit], limit=width)
        decision = ranking.decide(request, known.p_order[these], known.p_return[these], f"{ranking.name}-{visits.number[visit]}")
        bonus[visit], offers = decision.order_bonus, decision.offers
        where = {offer.sku: number for number, offer in enumerate(request.offers)}
        slot[visit, : len(offers)] = found.slot[these][[where[offer.sku] for offer in offers]]
        propensity[visit, : len(offers)] = [offer.propensity for offer in offers]
    return Shown(slot, propensity, ranking.name), bonus


def _offers(shop: Shop, found: Found) -> list[Offer]:
    columns = (shop.assortment.skus[found.sku], found.price, found.discount, found.units)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [Offer(sku=sku, price=price, discount=discount, available=units) for sku, price, discount, units in rows]
