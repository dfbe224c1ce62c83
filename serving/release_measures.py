"""What monitoring asks about releases: how old the registry's word is, how much was refused, and whether a worker fell behind."""

from __future__ import annotations

import datetime as dt
import math

from prometheus_client import Gauge

from serving.wire_releases import Contact, ReleasesInfo

_AGE = Gauge("keeprank_registry_age_seconds", "Seconds since the registry answered last.", multiprocess_mode="mostrecent")
_REFUSED = Gauge("keeprank_releases_refused", "Releases and snapshots that were named and refused.", multiprocess_mode="mostrecent")
_BEHIND = Gauge("keeprank_workers_behind", "Workers that serve something else than they were told to.", multiprocess_mode="livesum")


def age_seconds(contact: Contact, now: dt.datetime) -> float:
    """How long ago the registry answered last; infinite where it never did since the service started."""
    return math.inf if contact.answered_at is None else (now - contact.answered_at).total_seconds()


def observed(told: ReleasesInfo, now: dt.datetime) -> None:
    """Measure what is told (`serving.releases.told`); a service that follows no registry has no age."""
    if told.registry is not None:
        _AGE.set(age_seconds(told.registry, now))
    _REFUSED.set(len(told.refused))
    _BEHIND.set(told.behind is not None)
