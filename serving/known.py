"""What the customer state knows for one request: of the shopper, and of the shelf; while it does not answer, everybody is a stranger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from domain.errors import StateUnavailable
from serving import measures
from serving.assortment import NO_CHANGES, Shelf
from serving.facts import OfCustomer
from serving.online.port import CustomerState
from serving.state import Serving
from serving.wire import Degraded


@dataclass(frozen=True)
class Known:
    """What a ranking may know of a shopper.

    Attributes:
        customer_id: who; None for somebody whom nobody names, who was erased, or of whom nobody knows what she allows.
        facts: what became known since the snapshot.
        degraded: what could not be asked.
    """

    customer_id: str | None
    facts: tuple[OfCustomer, ...] = ()
    degraded: tuple[Degraded, ...] = ()


def known_of(state: CustomerState, serving: Serving, customer_id: str | None) -> Known:
    """What may be known of a shopper; while the store does not answer nobody knows whether she withdrew: she is a stranger then."""
    if customer_id is None:
        return Known(None)
    since = serving.snapshot.at.to_pydatetime()
    try:
        if state.is_erased(customer_id, since=since):
            return Known(None)
        return Known(customer_id, state.of_customer(customer_id, since=since))
    except StateUnavailable:
        measures.state_failed()
        return Known(None, degraded=("customer_state",))


def shelf_of(state: CustomerState, serving: Serving, known: Known, skus: Sequence[str]) -> tuple[Known, Mapping[str, Shelf]]:
    """Prices and stock that changed since the snapshot; while the store does not answer, the snapshot's hold, and `degraded` says so."""
    try:
        return known, state.shelf(skus, since=serving.snapshot.at.to_pydatetime())
    except StateUnavailable:
        measures.state_failed()
        return replace(known, degraded=("customer_state",)), NO_CHANGES


def in_all_sizes(serving: Serving, skus: Sequence[str]) -> list[str]:
    """Some skus, and all others of their styles."""
    styles = [serving.products[sku].style_id for sku in skus if sku in serving.products]
    variants = (sku for style in styles if style is not None for sku in serving.styles.skus[style])
    return list(dict.fromkeys([*skus, *variants]))
