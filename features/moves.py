"""Gathers what shoppers did today from the shop's tables, in the whole numbers that `features.today` works with."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from domain.known import known_since
from domain.tables import Tables
from features.assortment import Assortment, Offers
from features.catalogue import Inputs
from features.clock import micros
from features.persons import Ints
from features.today import KINDS, Askers, Moves, in_order, today_inputs
from features.today_looks import looks_viewed

_MOVES = ("customer_id", "sku", "kind", "us", "id")


def moves(tables: Tables) -> pd.DataFrame:
    """Everything that customers did, as the shop learned of it: events, lines ordered, returns asked for.

    Returns:
        customer_id, sku (either may be missing), kind (of `features.today.KINDS`), us (UTC microseconds), id.
    """
    parts = [_events(tables["events"])] if "events" in tables else []
    if "order_lines" in tables:
        parts.append(_ordered(tables["order_lines"]))
        if "returns" in tables:
            parts.append(_asked_back(tables["returns"], tables["order_lines"]))
    return pd.concat([part[list(_MOVES)] for part in parts], ignore_index=True) if parts else pd.DataFrame(columns=list(_MOVES))


def known_us(frame: pd.DataFrame, happened: str) -> Ints:
    """When the shop learned of each row: as it happened, or later."""
    return micros(known_since(frame, happened) if "known_at" in frame.columns else frame[happened])


def today(done: pd.DataFrame, assortment: Assortment, customers: pd.Series, offers: Offers, at_us: Ints, midnight_us: Ints) -> Inputs:
    """The inputs of the today family for asked-for rows.

    Args:
        done: what `moves` returns; moves of other days and later ones do not count.
        assortment: finds the skus of moves.
        customers: customer_id of each row.
        offers: what is known of each row's sku.
        at_us: moment of each row, UTC microseconds.
        midnight_us: its midnight.
    """
    who, known = pd.factorize(customers)
    of_moves = pd.Index(known).get_indexer(pd.Index(done["customer_id"], dtype=known.dtype)) if len(known) else np.full(len(done), -1)
    ours = of_moves >= 0
    done = done[ours]
    about = assortment.look_up(done["sku"].tolist())
    found = Moves(
        who=of_moves[ours].astype("int64"),
        us=done["us"].to_numpy(dtype="int64"),
        kind=pd.Index(KINDS).get_indexer(pd.Index(done["kind"])).astype("int64"),
        **_codes(about),
        tie=_ties(done),
    )
    asking = Askers(who=who.astype("int64"), us=at_us, midnight_us=midnight_us, **_codes(offers))
    seen = {} if assortment.looks is None else looks_viewed(in_order(found), asking, assortment.looks)
    return {**today_inputs(found, asking), **seen}


def _ties(done: pd.DataFrame) -> Ints:
    """A rank of the ids of moves of one customer that became known at one moment; 0 for all others."""
    ties = np.zeros(len(done), dtype="int64")
    tied = done.duplicated(["customer_id", "us"], keep=False).to_numpy()
    ties[tied] = pd.factorize(done.loc[tied, "id"], sort=True)[0]
    return ties


def _codes(offers: Offers) -> dict[str, Any]:
    codes = offers.codes
    return {
        "sku": codes["sku"],
        "style": codes["style_id"],
        "category": codes["category"],
        "brand": codes["brand"],
        "system": codes["size_system"],
        "position": offers.inputs["size_position"],
    }


def _events(events: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": events["customer_id"],
            "sku": events["sku"],
            "kind": events["kind"],
            "us": known_us(events, "at"),
            "id": events["event_id"],
        }
    )


def _ordered(lines: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "customer_id": lines["customer_id"],
            "sku": lines["sku"],
            "kind": "order",
            "us": micros(lines["ordered_at"]),
            "id": lines["line_id"],
        }
    )


def _asked_back(returns: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    """Each return once, as it was first known."""
    told = returns.assign(us=known_us(returns, "requested_at")).sort_values("us", kind="stable").drop_duplicates("return_id")
    line = lines.set_index("line_id")[["customer_id", "sku"]].reindex(told["line_id"]).reset_index(drop=True)
    told = told.reset_index(drop=True)
    return line.assign(kind="return_request", us=told["us"], id=told["return_id"])
