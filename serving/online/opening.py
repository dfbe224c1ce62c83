"""Opens the customer state that a shop has: the file of one host, or the Redis of several."""

from __future__ import annotations

from pathlib import Path

from domain.errors import StateRefused
from serving.online.port import CustomerState
from serving.online.sqlite_state import FILE, SqliteState
from serving.pseudonyms import SECRET, Pseudonyms


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


def open_existing(folder: Path, *, redis_url: str | None = None) -> CustomerState:
    """The customer state of a shop that has one, for who only looks at it.

    Raises:
        StateRefused: the folder holds none: a wrong one would know of nobody who was erased.
        StateUnavailable: it does not answer.
    """
    needed = SECRET if redis_url is not None else FILE
    if not (folder / needed).is_file():
        advice = "name the folder that the service was started with (KEEPRANK_STATE)"
        raise StateRefused(f"{folder} holds no {needed}", expected="a state folder of the service", advice=advice)
    return open_state(folder, redis_url=redis_url)
