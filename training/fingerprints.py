"""Which data was this trained on: table, rows, time range and a hash of the content."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from domain.tables import TABLES, Tables
from features.source import fingerprint


@dataclass(frozen=True)
class Fingerprint:
    """Identifies a table's content.

    Attributes:
        table: its name.
        rows: how many.
        first: time of its earliest fact (ISO 8601), or None for master data.
        last: time of its latest fact.
        hash: the same for the same rows in the same order.
    """

    table: str
    rows: int
    first: str | None
    last: str | None
    hash: str


def fingerprints(tables: Tables) -> list[dict[str, Any]]:
    """A fingerprint of every table, as plain values."""
    return [asdict(_fingerprint(name, tables)) for name in sorted(tables)]


def _fingerprint(name: str, tables: Tables) -> Fingerprint:
    frame, known_at = tables[name], TABLES[name].known_at
    moments = frame[known_at].dropna() if known_at else None
    first, last = (moments.min().isoformat(), moments.max().isoformat()) if moments is not None and len(moments) else (None, None)
    return Fingerprint(name, len(frame), first, last, fingerprint(frame))
