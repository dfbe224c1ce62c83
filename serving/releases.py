"""What `GET /v1/releases` tells, and which releases learned from a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from domain.errors import ReleaseRefused
from features.sealed import read_manifest
from serving.current import Serves
from serving.deployment import Deployment
from serving.wire_releases import Learned, ReleasesInfo

_EPOCH = dt.date(1970, 1, 1)


def told(serves: Serves, deployment: Deployment | None = None, behind: str | None = None) -> ReleasesInfo:
    """What serves, what was refused, and what lies ready.

    Args:
        serves: what this worker holds.
        deployment: the folder that it follows; None where it was started by the folders of a release and a snapshot.
        behind: why it serves something else than is appointed there (`serving.watching.Watcher`).
    """
    champion, challenger = serves.held()
    return ReleasesInfo(
        champion=champion,
        challenger=challenger,
        trial=serves.appointed.trial,
        behind=behind,
        refused=[] if deployment is None else deployment.refused(),
        registry=None if deployment is None else deployment.contact(),
        local_releases=[] if deployment is None else deployment.releases.seals(),
        local_snapshots=[] if deployment is None else deployment.snapshots.seals(),
    )


def trained_with(first_day: int | None, releases: Iterable[Learned], *, last_day: int | None = None) -> list[str]:
    """Releases that may have learned from a person: every one whose data overlap the days that facts about the person are of.

    None that did is left out; some that did not may be in it: what a release learned is told by days, not by persons.

    Args:
        first_day: day of the earliest fact of any kind about the person, since 1970-01-01; None where nobody knows. That of the first
            order is too late: who orders has looked around before.
        releases: releases, and the days of their data.
        last_day: day of the latest fact; None where facts may still come.

    Returns:
        Their seals, in the order of `releases`, each once.

    >>> spring = Learned(release="a" * 12, version="1", first_day=0, last_day=90)
    >>> summer = Learned(release="b" * 12, version="2", first_day=0, last_day=180)
    >>> trained_with(100, [spring, summer])
    ['bbbbbbbbbbbb']
    """
    found = (one.release for one in releases if not (_ended(one, first_day) or _began(one, last_day)))
    return list(dict.fromkeys(found))


def known_releases(deployment: Deployment) -> list[Learned]:
    """Every release that the registry told of, and those whose copies lie here although it tells of them no more."""
    registered = deployment.learned()
    seals = {one.release for one in registered}
    local = [_of_copy(deployment, seal) for seal in deployment.releases.seals() if seal not in seals]
    return [*registered, *local]


def of_serving(serves: Serves) -> list[Learned]:
    """The releases that this worker holds: all that is known where no registry is followed."""
    held = [one for one in (serves.champion, serves.challenger) if one is not None]
    return [learned(one.release.seal, one.release.about) for one in held]


def learned(seal: str, about: Mapping[str, Any]) -> Learned:
    """The days of a release's data, from the fingerprints of the tables that it was trained on."""
    tables = about.get("data") or []
    first = [day for table in tables if (day := _day(table.get("first"))) is not None]
    last = [day for table in tables if (day := _day(table.get("last"))) is not None]
    return Learned(release=seal, version=None, first_day=min(first, default=None), last_day=max(last, default=None))


def _of_copy(deployment: Deployment, seal: str) -> Learned:
    try:
        return learned(seal, read_manifest(deployment.releases.path(seal)).get("about") or {})
    except (OSError, ValueError, ReleaseRefused):  # nobody knows what it learned from, so it may be anybody's
        return Learned(release=seal, version=None, first_day=None, last_day=None)


def _day(moment: str | None) -> int | None:
    return None if moment is None else (dt.datetime.fromisoformat(moment).date() - _EPOCH).days


def _ended(release: Learned, first_day: int | None) -> bool:
    """Whether its data end before the person came; a day's difference is left to time zones."""
    return first_day is not None and release.last_day is not None and release.last_day + 1 < first_day


def _began(release: Learned, last_day: int | None) -> bool:
    return last_day is not None and release.first_day is not None and last_day + 1 < release.first_day
