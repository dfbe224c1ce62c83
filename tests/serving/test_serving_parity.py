"""The service computes what training learned from: the same doubles, for the shop's own orders of a day, told in requests."""

import datetime as dt
from dataclasses import dataclass

import pandas as pd
import pytest

from features.asked import of_impressions, of_order_lines
from features.build import build
from features.clock import micros
from features.moves import known_us
from features.shop import Shop
from serving.state import Serving
from serving.wire import BasketLine, Consent, Move, Offer, RankRequest, Statement


@dataclass(frozen=True)
class Day:
    """The orders of a day whose customers had neither ordered nor asked for a return earlier on it: that, no request tells."""

    lines: pd.DataFrame
    facts: dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def day(shop: Shop, busy: Serving) -> Day:
    first = busy.snapshot.at.value // 1000
    known = {"events": known_us(shop.tables["events"], "at"), "returns": known_us(shop.tables["returns"], "requested_at")}
    moments = {"preferences": "stated_at", "consents": "at", "order_lines": "ordered_at"}
    known |= {name: micros(shop.tables[name][column]) for name, column in moments.items()}
    facts = {name: shop.tables[name].assign(us=us)[(us >= first) & (us < first + 86_400_000_000)] for name, us in known.items()}
    lines = facts["order_lines"].sort_values("us", kind="stable")
    first_order = lines.groupby("customer_id")["order_id"].transform("first") == lines["order_id"]
    sent_back = shop.tables["order_lines"].set_index("line_id")["customer_id"].reindex(facts["returns"]["line_id"])
    return Day(lines[first_order & ~lines["customer_id"].isin(sent_back)], facts)


def moment(value: object) -> dt.datetime | None:
    return value.to_pydatetime() if isinstance(value, pd.Timestamp) else None


def at(us: int) -> dt.datetime:
    return pd.Timestamp(us, unit="us", tz="UTC").to_pydatetime()


def request(line: pd.Series, day: Day) -> RankRequest:
    """One order line as the storefront would have asked about it, just before it was ordered."""
    mine = {
        name: facts[(facts["us"] < line["us"]) & (facts["customer_id"] == line["customer_id"])]
        for name, facts in day.facts.items()
        if name != "returns"
    }
    others = day.lines[(day.lines["order_id"] == line["order_id"]) & (day.lines["line_id"] != line["line_id"])]
    offer = Offer(sku=line["sku"], price=int(line["unit_price"]), discount=int(line["discount"]), quantity=int(line["quantity"]))
    return RankRequest(
        offers=[offer],
        customer_id=line["customer_id"],
        country=line["country"],
        channel=line["channel"],
        payment_method=line["payment_method"],
        promised_at=moment(line["promised_at"]),
        at=at(line["us"]),
        basket=tuple(BasketLine(sku=one.sku, quantity=one.quantity, price=int(one.unit_price)) for one in others.itertuples()),
        today=tuple(
            Move(id=one.event_id, kind=one.kind, sku=one.sku if isinstance(one.sku, str) else None, at=at(one.us))
            for one in mine["events"].itertuples()
        ),
        stated=tuple(
            Statement(attribute=one.attribute, value=one.value, at=at(one.us), needed_on=moment(one.needed_on))
            for one in mine["preferences"].itertuples()
        ),
        consents=tuple(Consent(purpose=one.purpose, granted=one.granted, at=at(one.us)) for one in mine["consents"].itertuples()),
    )


def test_the_shops_own_day_told_in_requests_gives_the_features_of_its_order_lines(shop: Shop, busy: Serving, day: Day) -> None:
    requests = [request(line, day) for _, line in day.lines.iterrows()]
    asked = of_order_lines(shop.tables).loc[day.lines.index].reset_index(drop=True)

    found = pd.concat([busy.inputs(one) for one in requests], ignore_index=True)

    pd.testing.assert_frame_equal(build(shop, asked), found, check_exact=True)
    assert len(found) >= 20
    assert all(any(getattr(one, field) for one in requests) for field in ("today", "stated", "consents", "basket"))


def shown(line: pd.Series, list_price: int, country: str | None, day: Day) -> RankRequest:
    """The line's offer as it was shown just before, to nobody known at every third moment."""
    told = request(line, day)
    offer = Offer(sku=line["sku"], price=int(line["unit_price"]), discount=max(list_price - int(line["unit_price"]), 0))
    if line["us"] % 3 == 0:
        return RankRequest(offers=[offer], at=told.at)
    known = {name: getattr(told, name) for name in ("customer_id", "today", "stated", "consents", "at")}
    return RankRequest(offers=[offer], country=country, **known)


def test_offers_with_a_price_and_a_discount_give_the_features_of_the_shops_impressions(shop: Shop, busy: Serving, day: Day) -> None:
    products, accounts = shop.tables["products"].set_index("sku"), shop.tables["customers"].set_index("customer_id")
    lines = day.lines[(products["price"].reindex(day.lines["sku"]) >= day.lines["unit_price"].to_numpy()).to_numpy()]
    country = accounts["country"].reindex(lines["customer_id"]).tolist()
    requests = [
        shown(line, int(price), market if isinstance(market, str) else None, day)
        for (_, line), price, market in zip(lines.iterrows(), products["price"].reindex(lines["sku"]), country, strict=True)
    ]
    known = (lines["us"] % 3 != 0).to_numpy()
    told = lines[["sku", "customer_id"]].assign(at=lines["ordered_at"], price=lines["unit_price"])
    impressions = told.assign(customer_id=told["customer_id"].where(known)).reset_index(drop=True)

    found = pd.concat([busy.inputs(one) for one in requests], ignore_index=True)

    asked = of_impressions({**shop.tables, "impressions": impressions})
    pd.testing.assert_frame_equal(build(shop, asked), found, check_exact=True)
    assert len(found) >= 20
    assert 0 < known.sum() < len(known)
    assert (asked["discount"] > 0).any()
    assert asked.loc[known, "country"].notna().any()
