"""A shop in which everything happens, and what is left of its facts when it has no more tables and columns than a feature asks for."""

from __future__ import annotations

from collections.abc import Set
from functools import cache
from itertools import product as product_of
from typing import Any

import pandas as pd

from domain.tables import EVENT_KINDS, TABLES, VERDICTS
from features.catalogue import Feature
from features.engine import embedded
from features.entities import Entity, wanted
from features.fact_text import OF_A_PRODUCT
from features.facts import kinds
from features.measures import REASONS
from features.moves import moves
from features.relations import give, skus
from features.shop import Shop
from features.told import Told
from tests.support.moments import LATE, line, product, sent_back, shop_tables

Fact = dict[str, Any]
_ARRIVAL = "returns.received_at"
"""Without arrivals there are no returns."""

_OF_A_DAY = {"today.ordered_lines": ("order",), "today.style_ordered_lines": ("order",), "today.return_requests": ("return_request",)}


@cache
def rich() -> dict[str, pd.DataFrame]:
    """One customer's lines of one style, of which one is kept and the others come back for every reason, and all that goes with it."""
    line_ids = ["kept", *REASONS]
    everything: Fact = {"country": "DE", "channel": "web", "payment_method": "card", "promised_at": "2024-01-02", "discount": 1}
    bought = {"order_id": "o", "delivered_at": "2024-01-03", **everything}
    said = {"customer_id": "c1", "sku": "s1-38"}
    stated = {"height_cm": "170", "weight_kg": "60", "occasion": "work"}
    told: Fact = {"customer_id": "c1", "stated_at": "2023-12-01", "needed_on": "2024-02-01"}
    sold: Fact = {"supplier_id": "p", "material": "wool", "price": 1000, "size_system": "EU", "value_tags": "organic,local,designer"}
    sold["looks"] = "1 2 3 4 5 6 7 8"
    return shop_tables(
        products=[product("s1-38", **sold), product("s1-40", **sold)],
        order_lines=[line(name, "2024-01-01", **bought, sku="s1-38" if name == "kept" else "s1-40") for name in line_ids],
        returns=[sent_back(name, "2024-01-04", "2024-01-05", reason=REASONS[name][0]) for name in REASONS],
        fit_feedback=[{**said, "given_at": f"2024-01-0{day}", "verdict": verdict} for day, verdict in enumerate(VERDICTS, 1)],
        events=[{**said, "event_id": kind, "kind": kind, "at": "2024-01-01"} for kind in EVENT_KINDS],
        tickets=[
            {"ticket_id": topic, "line_id": "kept", "sku": "s1-38", "topic": topic, "opened_at": "2024-01-05"}
            for topic in ("size", "product", "delivery")
        ],
        customers=[{"customer_id": "c1", "joined_at": "2023-12-01"}],
        preferences=[{**told, "attribute": name, "value": value} for name, value in stated.items()],
    )


@cache
def only(needs: frozenset[str]) -> dict[str, pd.DataFrame]:
    """The rich shop with no table, and no value in an optional column, that is not needed."""
    needed = {"products", "order_lines", *(need.partition(".")[0] for need in needs)}
    return {name: _only_columns(name, needs) for name in needed} | ({} if "returns" in needed else {"returns": rich()["returns"][:0]})


def _only_columns(table: str, needs: Set[str]) -> pd.DataFrame:
    frame, schema = rich()[table], TABLES[table].schema.columns
    needless = [name for name, column in schema.items() if not column.required and f"{table}.{name}" not in {*needs, _ARRIVAL}]
    return frame.assign(**{name: frame[name].mask(frame[name].notna()) for name in needless if frame[name].dtype != bool})


@cache
def _offered(needs: frozenset[str]) -> pd.DataFrame:
    """What facts and offers inherit from their sku."""
    return skus(only(needs)["products"])


@cache
def facts_of(needs: frozenset[str]) -> tuple[Fact, ...]:
    """Every fact that such a shop knows, with all keys that it has."""
    shop = Shop(only(needs), outcomes=pd.DataFrame(), windows={"": 14}, now=LATE)
    inherited = _offered(needs).astype(object).set_index("sku").to_dict("index")
    with embedded() as engine:
        facts = [fact for kind in kinds(give(engine, shop, Told.of(shop.tables))) for fact in engine.fetch(kind.select).to_pylist()]
    return tuple({**fact, **inherited.get(fact["sku"], {})} for fact in facts)


def silent(feature: Feature) -> list[str]:
    """What a feature reads although a shop with no more than it asks for can only say 0 to it."""
    choices = product_of(*(need.split(" or ") for need in feature.tables))
    return [name for needs in choices for name in _silent(feature, frozenset(needs))]


def _silent(feature: Feature, needs: frozenset[str]) -> list[str]:
    histories = [
        f"{one.entity.name}.{measure}"
        for one in wanted(feature.reads)
        for measure in (*one.measures, *(["ordered_lines"] if one.days else []))
        if _can_be_asked(one.entity, needs) and not _told(one.entity, measure, needs)
    ]
    return histories + [name for name in feature.reads if name.startswith("today.") and not _happens(name, needs)]


def _can_be_asked(entity: Entity, needs: frozenset[str]) -> bool:
    """Whether offers have the keys that follow from the sku; a history without a key is missing, not 0."""
    return all(_offered(needs)[key].notna().any() for key in entity.keys if key in OF_A_PRODUCT)


def _told(entity: Entity, measure: str, needs: frozenset[str]) -> bool:
    return any(fact.get(measure) and all(pd.notna(fact.get(key)) for key in entity.keys) for fact in facts_of(needs))


@cache
def _done(needs: frozenset[str]) -> pd.DataFrame:
    return moves(only(needs))


def _happens(name: str, needs: frozenset[str]) -> bool:
    """Whether a known customer moves that way, and is known to do it with a sku where that matters."""
    done = _done(needs)
    who = done[done["kind"].isin(_OF_A_DAY.get(name, EVENT_KINDS)) & done["customer_id"].notna()]
    about_a_sku = name.startswith(
        ("today.style", "today.sku", "today.category", "today.brand", "today.size_vs", "today.pictured", "today.viewed")
    )
    return bool((who["sku"].notna() | (not about_a_sku)).any())
