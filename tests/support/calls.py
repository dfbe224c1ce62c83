"""The calls of the service without HTTP, over stores that answer, or do not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from domain.errors import LogRefused, StateUnavailable
from domain.size_systems import parse_size_systems
from serving.answering import Answering
from serving.current import Current, Serves
from serving.decision_log.decision import LoggedDecision
from serving.decision_log.log import DecisionLog
from serving.known import Known
from serving.online.opening import open_state
from serving.online.port import CustomerState
from serving.parts import Answer, Parts
from serving.state import Serving
from serving.wire import RankRequest
from serving.wire_releases import Appointed, Named, Trial
from serving.worker import SIZE_SYSTEMS

HOUR = dt.timedelta(hours=1)


class Away:
    """A customer state that does not answer."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def refuse(*_: object, **__: object) -> None:
            raise StateUnavailable(f"{name}: nobody answers")

        return refuse


@dataclass
class Written:
    """A log in memory; it refuses everything when it is told to."""

    refuses: bool = False
    decisions: list[LoggedDecision] = field(default_factory=list)
    waited: list[bool] = field(default_factory=list)
    erased: list[tuple[str, dt.datetime]] = field(default_factory=list)

    def append(self, decision: LoggedDecision, *, wait: bool = False) -> None:
        if self.refuses:
            raise LogRefused("the disk is full")
        self.decisions.append(decision)
        self.waited.append(wait)

    def erase(self, customer_id: str, at: dt.datetime) -> bool:
        if self.refuses:
            raise LogRefused("the disk is full")
        self.erased.append((customer_id, at))
        return True


Handed = tuple[Serves, RankRequest, Known, Any, Answer]


@dataclass
class Calls:
    """A worker's calls with what they stand on."""

    answering: Answering
    parts: Parts
    state: CustomerState
    log: Written
    shadowed: list[Handed]


def noon(serving: Serving) -> dt.datetime:
    """Twelve hours after the snapshot's moment."""
    first: dt.datetime = serving.snapshot.at.to_pydatetime()
    return first + 12 * HOUR


def calls(
    serving: Serving,
    folder: Path,
    *,
    away: bool = False,
    log: Written | None = None,
    wait: bool = False,
    now: dt.datetime | None = None,
    challenger: Serving | None = None,
    trial: Trial | None = None,
) -> Calls:
    """Calls over a state folder, at noon of the snapshot's day unless told otherwise."""
    moment = noon(serving) if now is None else now
    state = cast("CustomerState", Away()) if away else open_state(folder, power_cut_safe=False)
    written, shadowed = Written() if log is None else log, []
    parts = Parts(
        Current(serves(serving, challenger, trial)),
        state,
        cast("DecisionLog", written),
        wait,
        parse_size_systems(SIZE_SYSTEMS.read_text()),
        "s1",
        lambda: moment,
    )
    return Calls(Answering(parts, lambda *handed: shadowed.append(handed), lambda work: work()), parts, state, written, shadowed)


def serves(champion: Serving, challenger: Serving | None = None, trial: Trial | None = None) -> Serves:
    """A champion, alone or with a challenger."""

    def named(serving: Serving) -> Named:
        return Named(release=serving.release.seal, snapshot=serving.snapshot.seal, version=None, since=noon(champion))

    other = None if challenger is None else named(challenger)
    return Serves(champion, challenger, Appointed(champion=named(champion), challenger=other, trial=trial or Trial()))
