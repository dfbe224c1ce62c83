"""Who changed which release serves, when and why: a list that only grows, kept in the registry itself."""

from __future__ import annotations

import datetime as dt
import getpass
import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from domain.errors import RegistryRefused, RollbackRefused
from training.registry import CHAMPION, Registry, Version

What = Literal["trained", "promoted", "forced", "rolled back", "moved outside Keeprank"]

_TAG = "change."
_MOST_TEXT = 1_000
"""A tag holds 5,000 characters; reasons and objections are cut to so many."""


@dataclass(frozen=True)
class Change:
    """One change of who bears an alias.

    Attributes:
        number: counts up from 1.
        at: when (ISO 8601, UTC); empty where nobody knows.
        by: who; empty where nobody knows.
        what: trained a challenger, promoted it, forced it against objections, rolled back to an earlier one, or somebody moved the alias
            past Keeprank, such as in MLflow's own pages.
        before, after: versions; "none" where there was none.
        why: the reason given.
        data: what the new version was trained on: rows and hash by table.
        objections: what the gate had against it.
    """

    number: int
    at: str
    by: str
    what: What
    before: str
    after: str
    why: str = ""
    data: Mapping[str, str] | None = None
    objections: str = ""


def whoami() -> str:
    """The user at this machine, as changes name them.

    Raises:
        RegistryRefused: the machine does not say.
    """
    try:
        return f"{getpass.getuser()}@{platform.node()}"
    except (OSError, KeyError) as error:
        raise RegistryRefused(f"this machine does not say who you are: {error}", advice="say it: --by NAME") from error


def record(
    registry: Registry,
    what: What,
    *,
    before: Version | None,
    after: Version,
    by: str,
    now: dt.datetime,
    why: str = "",
    objections: str = "",
) -> Change:
    """Write a change down. Call it inside `registry.alone()`, so that numbers are given once.

    Returns:
        What was written.
    """
    number = max((one.number for one in _recorded(registry)), default=0) + 1
    named = {"before": before.number if before else "none", "after": after.number}
    data = registry.data_of(after)
    change = Change(
        number, now.isoformat(timespec="seconds"), by, what, **named, why=_cut(why), data=data or None, objections=_cut(objections)
    )
    registry.tag_model(f"{_TAG}{number:06}", json.dumps(asdict(change), ensure_ascii=False))
    return change


def history(registry: Registry) -> tuple[Change, ...]:
    """Every change, the oldest first; an alias that somebody moved past Keeprank since is the last one.

    Raises:
        RegistryRefused: a change cannot be read, or the registry does not answer.
    """
    known = _recorded(registry)
    reigning, last = registry.version(CHAMPION), _last_champion(known)
    is_now = reigning.number if reigning else "none"
    if is_now == last:
        return known
    return (
        *known,
        Change(len(known) + 1, "", "", "moved outside Keeprank", last, is_now, data=registry.data_of(reigning) if reigning else None),
    )


def before(registry: Registry, champion: Version) -> str:
    """The version that served before this one was promoted.

    Raises:
        RollbackRefused: nobody did, or nobody wrote it down.
    """
    moved = (one for one in _recorded(registry) if one.what in ("promoted", "forced") and one.before != one.after)
    promotions = [one for one in moved if one.after == champion.number]
    if not promotions:
        raise RollbackRefused(
            f"nobody wrote down what served before version {champion.number}", advice="name a version: --to N; see `keeprank history`"
        )
    if promotions[-1].before == "none":
        raise RollbackRefused(
            f"version {champion.number} was the first champion", expected="one before it", advice="name a version: --to N"
        )
    return promotions[-1].before


def _last_champion(known: tuple[Change, ...]) -> str:
    return next((one.after for one in reversed(known) if one.what != "trained"), "none")


def _recorded(registry: Registry) -> tuple[Change, ...]:
    tags = registry.model_tags()
    return tuple(_read(name, text) for name, text in sorted(tags.items()) if name.startswith(_TAG))


def _read(name: str, text: str) -> Change:
    try:
        told: dict[str, Any] = json.loads(text)
        return Change(**told)
    except (ValueError, TypeError) as error:
        raise RegistryRefused(f"the change {name} cannot be read: {error}", advice="mend or remove that tag of the model") from error


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 1]}…"
