"""The tickets table: customers ask where a late parcel is, say that a size is wrong, or that a thing is badly made. Numbers are guesses."""

from __future__ import annotations

import numpy as np
import pandas as pd

from experiments.demo_shop.arrays import DAY, Flags, Ints, moments, numbered, picked
from experiments.demo_shop.assortment import Assortment
from experiments.demo_shop.delivery import Deliveries, line_ids
from experiments.demo_shop.fit import FITS
from experiments.demo_shop.keeping import Outcomes
from experiments.demo_shop.noise import Noise
from experiments.demo_shop.orders import Lines
from experiments.demo_shop.outcomes import QUALITY

_COMPLAINS = {"delivery": 0.22, "size": 0.07, "product": 0.25, "other": 0.004}
"""Share of late orders, of lines that do not fit, of lines that go back for their quality, and of all lines."""

_WITHIN_DAYS = {"delivery": (0.1, 1.0), "size": (0.2, 6.0), "product": (0.2, 12.0), "other": (0.0, 20.0)}
"""Days after the broken promise, or after the delivery, in which the ticket is opened."""

_NAMES_ONLY_THE_SKU = 0.2
"""Share of tickets that name no order."""

_CHANNELS = ("mail", "chat", "phone")
_CHANNEL_SHARES = np.array([0.5, 0.35, 0.15])


def tickets_table(assortment: Assortment, lines: Lines, deliveries: Deliveries, outcomes: Outcomes, noise: Noise) -> pd.DataFrame:
    """Tickets, in order of time; each names a line or an sku."""
    about = _subjects(assortment, lines, deliveries, outcomes)
    begins = {topic: deliveries.promised if topic == "delivery" else deliveries.delivered for topic in about}
    parts = [_opened(number, topic, lines, about[topic], begins[topic], noise) for number, topic in enumerate(about)]
    tickets = pd.concat(parts, ignore_index=True).sort_values(["at", "line", "topic"], kind="stable", ignore_index=True)
    number, line = tickets["number"].to_numpy(), tickets["line"].to_numpy()
    by_line = noise.uniform("names the line", number) >= _NAMES_ONLY_THE_SKU
    shares = np.broadcast_to(_CHANNEL_SHARES, (len(tickets), len(_CHANNELS)))
    return pd.DataFrame(
        {
            "ticket_id": numbered("t", number, 9),
            "line_id": line_ids(lines.number[line], by_line),
            "sku": picked(assortment.skus, lines.sku[line], ~by_line),
            "opened_at": moments(tickets["at"].to_numpy()),
            "topic": tickets["topic"],
            "channel": picked(_CHANNELS, noise.choice("ticket by", shares, number)),
        }
    )


def _subjects(assortment: Assortment, lines: Lines, deliveries: Deliveries, outcomes: Outcomes) -> dict[str, Flags]:
    """What there is to complain about, line by line; a late order is complained about once."""
    first = np.r_[True, lines.visit[1:] != lines.visit[:-1]] if len(lines) else np.zeros(0, dtype=bool)
    return {
        "delivery": first & (deliveries.days_late > 0),
        "size": (assortment.sku_number[lines.sku] > 0) & (outcomes.verdict != FITS),
        "product": outcomes.returned & (outcomes.cause == QUALITY),
        "other": np.ones(len(lines), dtype=bool),
    }


def _opened(which: int, topic: str, lines: Lines, about: Flags, begins: Ints, noise: Noise) -> pd.DataFrame:
    number = lines.number * len(_COMPLAINS) + which
    line = np.flatnonzero(about & (noise.uniform(f"complains of {topic}", lines.key, lines.sku) < _COMPLAINS[topic]))
    low, high = _WITHIN_DAYS[topic]
    after = ((low + (high - low) * noise.uniform("complains after", number[line])) * DAY).astype(np.int64)
    return pd.DataFrame({"number": number[line], "line": line, "topic": topic, "at": begins[line] + after})
