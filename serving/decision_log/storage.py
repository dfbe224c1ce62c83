"""What the decision log asks of whatever keeps it: a folder on this machine, or a Postgres that several share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Protocol

from serving.decision_log.rows import Row, SubjectKey

Numbered = tuple[int, Row]
"""A row and its place in the log: 1 is the first; later ones were committed later."""


class LogStorage(Protocol):
    """Keeps rows in the order of their commits, and the keys apart from them; every method raises LogRefused when it cannot."""

    def keys_for(self, served: Mapping[str, dt.datetime]) -> dict[str, SubjectKey]:
        """The key of each subject, made where there is none, unless it was erased at the moment that goes with it or later."""
        ...

    def keys_of(self, tokens: Collection[str]) -> dict[str, SubjectKey]:
        """The keys behind tokens, as far as they have not been destroyed, by token."""
        ...

    def shred(self, subject: str, at: dt.datetime) -> bool:
        """Destroy a subject's key, and with it what the log holds of him up to then; False where there is none."""
        ...

    def commit(self, rows: Sequence[Row]) -> None:
        """Add rows at the end, all or none, on disk when it returns; a row whose uid is there already changes nothing."""
        ...

    def rows(self) -> Iterator[Numbered]:
        """All committed rows, in order, each once, whatever is committed meanwhile."""
        ...

    def forget(self, before: dt.datetime) -> int:
        """Remove the oldest decisions, served before a moment, as far as they lie apart from newer ones; how many."""
        ...

    def held(self) -> int:
        """How many rows there are."""
        ...

    def close(self) -> None:
        """Give back what is open."""
        ...
