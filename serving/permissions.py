"""What a customer allows at this moment: what the night's state holds, and what she decided and declared since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from features.keyed import hash_few
from features.snapshot import Snapshot
from serving.facts import Consented, Declared, OfCustomer


def allowed_now(snapshot: Snapshot, customer_id: str | None, facts: Sequence[OfCustomer]) -> Mapping[str, bool]:
    """Whether a customer allows each purpose; the latest decision holds, and of two at one moment the withdrawal.

    Args:
        snapshot: what was known at midnight.
        customer_id: who; None for somebody whom nobody names.
        facts: what became known since.
    """
    decisions = sorted((fact for fact in facts if isinstance(fact, Consented)), key=lambda fact: (fact.at, not fact.granted))
    return {**snapshot.people.one(hash_few([customer_id])).allowed, **{fact.purpose: fact.granted for fact in decisions}}


def declared_since(facts: Sequence[OfCustomer]) -> dict[str, str]:
    """The latest statement on each attribute, the occasion left out: no size depends on it."""
    statements = sorted((fact for fact in facts if isinstance(fact, Declared)), key=lambda fact: (fact.at, fact.id))
    return {fact.attribute: fact.value for fact in statements if fact.attribute != "occasion"}
