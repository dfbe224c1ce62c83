"""Opens the customer state that a shop has: the file of one host, or the Redis of several."""

from __future__ import annotations

from pathlib import Path

from serving.online.port import CustomerState
from serving.online.sqlite_state import SqliteState
from serving.pseudonyms import Pseudonyms


def open_state(folder: Path, *, redis_url: str | None = None, power_cut_safe: bool = True) -> CustomerState:
    """The customer state.

    Args:
        folder: the state folder: the secret of pseudonyms lies there, and the file where there is no Redis.
        redis_url: such as redis://127.0.0.1:6379/0; None: one host, a file.
        power_cut_safe: whether facts are on the disk before they are acknowledged.

    Raises:
        StateRefused: it is of another format, loses what it acknowledges, or its secret is not safe.
        StateUnavailable: it does not answer.
    """
    pseudonyms = Pseudonyms.open(folder)
    if redis_url is None:
        return SqliteState(folder, pseudonyms, power_cut_safe=power_cut_safe)
    from serving.online.redis_state import RedisState  # a shop of one host needs no Redis client

    return RedisState(redis_url, pseudonyms, power_cut_safe=power_cut_safe)
