"""What a customer allows at this moment: what the night's state holds, and what she decided and declared since."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from domain.tables import CONSENT_PURPOSES
from features.keyed import hash_texts
from features.snapshot import Snapshot
from serving.facts import Consented, Declared, OfCustomer


def allowed_now(snapshot: Snapshot, customer_id: str | None, facts: Sequence[OfCustomer]) -> Mapping[str, bool]:
    """Whether a customer allows each purpose; the latest decision holds, and of two at one moment the withdrawal.

    Args:
        snapshot: what was known at midnight.
        customer_id: who; None for somebody whom nobody names.
        facts: what became known since.
    """
    night = snapshot.people.night(hash_texts([customer_id]), hash_texts([None])).allowed
    allowed = {purpose: bool(night[purpose][0]) for purpose in CONSENT_PURPOSES}
    decisions = sorted((fact for fact in facts if isinstance(fact, Consented)), key=lambda fact: (fact.at, not fact.granted))
    return allowed | {fact.purpose: fact.granted for fact in decisions}


def declared_since(facts: Sequence[OfCustomer]) -> dict[str, str]:
    """The latest statement on each attribute, the occasion left out: no size depends on it."""
    statements = sorted((fact for fact in facts if isinstance(fact, Declared)), key=lambda fact: (fact.at, fact.id))
    return {fact.attribute: fact.value for fact in statements if fact.attribute != "occasion"}
