"""The tickets table: customers ask where a late parcel is, say that a size is wrong, or that a thing is badly made. Numbers are guesses."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import DAY, Flags, Floats, Ints, Texts, blank_unless, draw, ids, moments, named
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.delivery import Deliveries
from experiments.demo_shop.fit import FITS
from experiments.demo_shop.keeping import Outcomes
from experiments.demo_shop.outcomes import QUALITY
from experiments.demo_shop.settings import ShopSettings
from experiments.demo_shop.shopping import Lines

_COMPLAINS = {"delivery": 0.22, "size": 0.07, "product": 0.25, "other": 0.004}
"""Share of late orders, of lines that do not fit, of lines that go back for their quality, and of all lines."""

_WITHIN_DAYS = {"delivery": (0.1, 1.0), "size": (0.2, 6.0), "product": (0.2, 12.0), "other": (0.0, 20.0)}
"""Days after the broken promise, or after the delivery, in which the ticket is opened."""

_NAMES_ONLY_THE_SKU = 0.2
"""Share of tickets that name no order."""

_CHANNELS = ("mail", "chat", "phone")
_CHANNEL_SHARES = np.array([0.5, 0.35, 0.15])


def tickets_table(
    settings: ShopSettings,
    assortment: Assortment,
    lines: Lines,
    line_ids: Texts,
    deliveries: Deliveries,
    outcomes: Outcomes,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Tickets opened before the shop's last day ended, in order of time; each names a line or an sku."""
    about, delivered = _subjects(assortment, lines, deliveries, outcomes), deliveries.delivered[lines.order]
    begins = {topic: deliveries.promised[lines.order] if topic == "delivery" else delivered for topic in about}
    parts = [_opened(topic, about[topic], begins[topic], rng) for topic in about]
    tickets = pd.concat(parts, ignore_index=True)
    tickets = tickets[tickets["at"] < settings.end].sort_values(["at", "line", "topic"], kind="stable", ignore_index=True)
    by_line, line = rng.random(len(tickets)) >= _NAMES_ONLY_THE_SKU, tickets["line"].to_numpy()
    return pd.DataFrame(
        {
            "ticket_id": ids("t", len(tickets), 6),
            "line_id": blank_unless(by_line, line_ids[line]),
            "sku": blank_unless(~by_line, assortment.skus[lines.sku[line]]),
            "opened_at": moments(tickets["at"].to_numpy()),
            "topic": tickets["topic"],
            "channel": named(_CHANNELS, draw(rng, np.tile(_CHANNEL_SHARES, (len(tickets), 1)))),
        }
    )


def _subjects(assortment: Assortment, lines: Lines, deliveries: Deliveries, outcomes: Outcomes) -> dict[str, Flags]:
    """What there is to complain about, line by line; a late order is complained about once."""
    first = np.r_[True, lines.order[1:] != lines.order[:-1]]
    return {
        "delivery": first & (deliveries.days_late[lines.order] > 0),
        "size": (assortment.sku_number[lines.sku] > 0) & (outcomes.verdict != FITS),
        "product": outcomes.returned & (outcomes.cause == QUALITY),
        "other": np.ones(len(lines.order), dtype=bool),
    }


def _opened(topic: str, about: Flags, begins: Ints | Floats, rng: np.random.Generator) -> pd.DataFrame:
    line = np.flatnonzero(about & (rng.random(len(about)) < _COMPLAINS[topic]))
    after = (rng.uniform(*_WITHIN_DAYS[topic], len(line)) * DAY).astype(np.int64)
    return pd.DataFrame({"line": line, "topic": topic, "at": begins[line] + after})
