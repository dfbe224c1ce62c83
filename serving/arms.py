"""Who is shown the challenger: a shopper is dealt an arm by a hash, so the same shopper always sees the same one."""

from __future__ import annotations

import hashlib

from serving.wire_releases import Arm, Trial

_BYTES = 8


def unit_of(*, customer_id: str | None, session_id: str | None, request_id: str) -> str:
    """What is dealt an arm: the customer where one is known, else the session, else the single request.

    The kind is part of it: a session that is named like a customer is not that customer.
    """
    if customer_id is not None:
        return f"customer:{customer_id}"
    return f"request:{request_id}" if session_id is None else f"session:{session_id}"


def arm(trial: Trial, unit: str) -> Arm:
    """The arm of a unit: the challenger's for `trial.share` of all units, and nobody's in another mode than split.

    Whoever is shown the challenger at a share is shown it at every larger share, too: turning it up moves nobody back.

    >>> arm(Trial(mode="split", share=1.0, salt="autumn"), "customer:c1")
    'challenger'
    """
    return "challenger" if trial.mode == "split" and place(trial.salt, unit) < trial.share else "champion"


def place(salt: str, unit: str) -> float:
    """Where a unit lies in [0, 1): uniform over units, another draw for another salt."""
    digest = hashlib.blake2b(unit.encode(), digest_size=_BYTES, key=hashlib.sha256(salt.encode()).digest()).digest()
    return (int.from_bytes(digest) >> 11) / 2**53  # as many bits as a double holds: 1.0 is never drawn
