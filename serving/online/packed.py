"""How a fact is handed to Redis, and how a price or stock comes back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from serving.online.recorded import Change, Record
from serving.pseudonyms import Pseudonyms

_Latest = tuple[str, str, int, str]
_LATEST = msgspec.json.Decoder(_Latest)


def packed(record: Record | Change, pseudonyms: Pseudonyms) -> tuple[str, ...]:
    """A fact as the script that adds it reads it: text only, which is all that Redis unpacks.

    Returns:
        told (type and id), digest, moment, when due; then, of a customer: customer_id, member, part, pseudonym; or, of a sku: nothing,
        field, the latest as it is stored, what orders two of one moment.
    """
    at, told = str(record.at_us), f"{record.type}:{record.id}"
    if isinstance(record, Change):
        turn = record.id.encode().hex()  # digits compare alike in every locale of a Redis
        latest = msgspec.json.encode((at, turn, record.amount, record.currency or "")).decode()
        return told, _digest(record.sku, latest), at, at, "", f"{record.type}\0{record.sku}", latest, turn
    content = record.content.decode()
    member = f"{record.id}\0{record.type}\0{content}"
    return told, _digest(content), at, str(record.due_us), record.customer_id, member, f"{record.part:d}", pseudonyms.of(record.customer_id)


def contents(parts: Iterable[Sequence[bytes]]) -> Iterator[bytes]:
    """The facts' JSON out of members of a customer's sorted sets; JSON has no zero bytes."""
    return (member.rpartition(b"\0")[2] for part in parts for member in part)


def changed(fields: Sequence[bytes], values: Sequence[bytes | None]) -> Iterator[Change]:
    """The latest prices and stock; one that was dropped meanwhile is left out."""
    for field, value in zip(fields, values, strict=True):
        if value is not None:
            at, turn, amount, currency = _LATEST.decode(value)
            kind, _, sku = field.decode().partition("\0")
            yield Change(kind, bytes.fromhex(turn).decode(), sku, int(at), amount, currency or None)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
