"""The events table: what customers looked at in the hours before an order, and on visits without one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import Ints, Streams, blank_unless, ids, moments
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.calendar import draw_visits
from experiments.demo_shop.hesitating import NO_SKU, reconsidered, searches, session_names, size_views
from experiments.demo_shop.people import People
from experiments.demo_shop.settings import ShopSettings
from experiments.demo_shop.shopping import Lines
from experiments.demo_shop.telling import some_told_late

_STEPS = (("wishlist", 0.06, 30.0, 40.0), ("view", 0.70, 0.6, 20.0), ("size_guide", 0.12, 0.3, 0.6), ("basket", 0.75, 0.05, 0.3))
"""(kind, share of the lines, earliest and latest hours before the order); shares are below 1, as tracking loses some (guess)."""

_VISITS_PER_ORDER = 0.3
_VIEWS_PER_VISIT = 2


def events_table(settings: ShopSettings, people: People, assortment: Assortment, lines: Lines, streams: Streams) -> pd.DataFrame:
    """About seven events per order, in order of time."""
    seen = _on_the_way(settings, people, assortment, lines, streams["events"])
    searched = searches(people, seen, streams["searches"])
    compared = size_views(people, assortment, lines, streams["size views"])
    put_back = reconsidered(people, assortment, lines, streams["reconsidered"])
    events = pd.concat([seen, searched, compared, put_back], ignore_index=True)
    events = events[events["at"] < settings.end].sort_values(["at", "session", "kind", "sku"], kind="stable", ignore_index=True)
    sku = events["sku"].to_numpy()
    table = pd.DataFrame(
        {
            "event_id": ids("e", len(events), 7),
            "customer_id": people.ids[events["customer"].to_numpy()],
            "session_id": events["session"],
            "sku": blank_unless(sku != NO_SKU, assortment.skus[sku]),
            "kind": events["kind"],
            "at": moments(events["at"].to_numpy()),
        }
    )
    return some_told_late(settings, table, "at", streams["late events"])


def _on_the_way(settings: ShopSettings, people: People, assortment: Assortment, lines: Lines, rng: np.random.Generator) -> pd.DataFrame:
    """The steps towards each order, and visits without one."""
    steps = [_step(people, assortment, lines, kind, share, hours, rng) for kind, share, *hours in _STEPS]
    return pd.concat([*steps, _looking_around(settings, people, assortment, rng)], ignore_index=True)


def _step(
    people: People, assortment: Assortment, lines: Lines, kind: str, share: float, hours: list[float], rng: np.random.Generator
) -> pd.DataFrame:
    """Events of one kind on the way to an order: never before the customer joined or the style was out."""
    done = rng.random(len(lines.order)) < share
    if kind == "size_guide":
        done &= assortment.sku_number[lines.sku] > 0
    customer, sku = lines.customer[done], lines.sku[done]
    before = (rng.uniform(hours[0], hours[1], len(sku)) * 3_600).astype(np.int64)
    opened = np.maximum(people.joined[customer], assortment.launched[assortment.sku_style[sku]])
    return _frame(customer, sku, np.maximum(lines.when[done] - before, opened), lines.order[done], kind, "b")


def _looking_around(settings: ShopSettings, people: People, assortment: Assortment, rng: np.random.Generator) -> pd.DataFrame:
    """Visits of views only, at styles that are out."""
    visits = draw_visits(settings, people, _VISITS_PER_ORDER, rng)
    session = np.repeat(np.arange(len(visits.when)), _VIEWS_PER_VISIT)
    launched = np.searchsorted(assortment.launched, visits.when, side="right")[session]
    style = (rng.random(len(session)) * launched).astype(np.int64)
    last_sku = np.append(assortment.first_sku[1:], len(assortment.skus))[style]
    sku = rng.integers(assortment.first_sku[style], last_sku)
    at = visits.when[session] + rng.integers(0, 900, len(session))
    return _frame(visits.customer[session], sku, at, session, "view", "v")


def _frame(customer: Ints, sku: Ints, at: Ints, session: Ints, kind: str, prefix: str) -> pd.DataFrame:
    return pd.DataFrame({"customer": customer, "sku": sku, "at": at, "session": session_names(prefix, session), "kind": kind})
