"""What a worker answers with, and an answer that is ready to be sent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from domain.size_systems import SizeSystems
from serving.current import Current
from serving.decision_log.log import DecisionLog
from serving.online.port import CustomerState
from serving.wire import RankReply


@dataclass(frozen=True, eq=False)
class Answer:
    """A ranking: what was decided, and the same as the bytes that are sent."""

    reply: RankReply
    encoded: bytes


@dataclass(frozen=True, eq=False)
class Parts:
    """What a worker answers with.

    Attributes:
        current: what serves.
        state: what became known since the snapshot.
        log: where decisions are written; None where the settings say that none are.
        wait: whether a reply waits until its decision is safe.
        systems: size systems.
        settings: version of the service's settings.
        now: tells the time (UTC).
    """

    current: Current
    state: CustomerState
    log: DecisionLog | None
    wait: bool
    systems: SizeSystems
    settings: str
    now: Callable[[], dt.datetime]
