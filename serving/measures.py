"""Counts and times what the service answers, for the shop's monitoring (Prometheus).

No label holds what a caller sent: routes, phases, outcomes and reasons are a few words of ours, keys are named by their ids, and a
customer by nothing at all. Each worker writes into mapped files of its own; whichever is asked adds them up.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from domain.errors import KeeprankError
from serving.wire import Arm, Fallback, RankReply, ReleaseInfo

Phase = Literal["read", "state", "features", "scores", "decide", "encode"]
Outcome = Literal["accepted", "duplicate", "rejected"]
TurnedAway = Literal["capacity", "deadline_waiting", "deadline_ranking"]
NotLetIn = Literal["unauthorized", "forbidden"]
Switched = Literal["release", "snapshot", "challenger"]

_SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0)
_PHASE_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
_OF_A_PROCESS = re.compile(r"gauge_live[a-z]+_(?P<pid>\d+)\.db")

REQUESTS = Counter("keeprank_requests", "Requests answered.", ["route", "status"])
REQUEST_SECONDS = Histogram("keeprank_request_seconds", "Time to answer, in seconds.", ["route"], buckets=_SECONDS)
PHASE_SECONDS = Histogram("keeprank_phase_seconds", "Time of one step of a ranking, in seconds.", ["phase"], buckets=_PHASE_SECONDS)
KEY_REQUESTS = Counter("keeprank_key_requests", "Requests by the API key's id.", ["key"])
NOT_LET_IN = Counter("keeprank_not_let_in", "Requests without a key that holds, or with one for something else.", ["why"])
TURNED_AWAY = Counter("keeprank_turned_away", "Requests that were not ranked: too many waited, or the deadline passed.", ["why"])
INSIDE = Gauge("keeprank_inside", "Requests that wait or are ranked.", multiprocess_mode="livesum")
RANKINGS = Counter("keeprank_rankings", "Rankings, by what all of their scores had to do without.", ["fallback", "arm"])
OFFERS = Counter("keeprank_offers", "Offers asked about: ranked, cut off by the limit, or left out and why.", ["decision"])
UNKNOWN_OFFERS = Counter("keeprank_unknown_offers", "Offers asked about that are not in the assortment.")
EVENTS = Counter("keeprank_events", "Facts that the shop told.", ["outcome"])
STATE_FAILURES = Counter("keeprank_state_failures", "Times that the online state did not answer.")
SERVES = Gauge("keeprank_serves", "1 for what serves.", ["release", "snapshot", "policy", "arm"], multiprocess_mode="livemax")
SNAPSHOT_AT = Gauge("keeprank_snapshot_timestamp_seconds", "The oldest snapshot's moment, Unix time.", multiprocess_mode="livemin")
SWITCHES = Counter("keeprank_switches", "Releases and snapshots that were switched to, or refused and why.", ["what", "outcome", "reason"])
LOG_WAITING = Gauge("keeprank_log_waiting", "Decisions that wait to be written.", multiprocess_mode="livesum")
LOG_DECISIONS = Counter("keeprank_log_decisions", "Decisions handed to the log: committed, denied to the caller, or lost.", ["outcome"])
LOG_FAILED_COMMITS = Counter("keeprank_log_failed_commits", "Commits of the log that failed; they are tried again.")
SHADOWED = Counter(
    "keeprank_shadowed", "Requests that the challenger was asked unseen: scored, dropped for want of time, or failed.", ["outcome"]
)

_PHASES: Mapping[str, Histogram] = {phase: PHASE_SECONDS.labels(phase) for phase in get_args(Phase)}
_DECISIONS = {decision: OFFERS.labels(decision) for decision in ("ranked", "cut_by_limit", "hidden", "out_of_stock", "price_unknown")}
_RANKINGS = {(fallback, arm): RANKINGS.labels(fallback, arm) for fallback in get_args(Fallback) for arm in get_args(Arm)}
_EVENTS = {outcome: EVENTS.labels(outcome) for outcome in get_args(Outcome)}
_TURNED_AWAY = {why: TURNED_AWAY.labels(why) for why in get_args(TurnedAway)}
_LOG = {outcome: LOG_DECISIONS.labels(outcome) for outcome in ("committed", "denied", "lost")}
_SHADOWED = {outcome: SHADOWED.labels(outcome) for outcome in ("scored", "dropped", "failed")}
_NOT_LET_IN = {why: NOT_LET_IN.labels(why) for why in get_args(NotLetIn)}


def phase(name: Phase, seconds: float) -> None:
    """Time one step of a ranking."""
    _PHASES[name].observe(seconds)


def answered(route: str, status: int, seconds: float) -> None:
    """Count one answer; `route` must be one of a few, never a path as it came."""
    requests, took = _of_route(route, status)
    requests.inc()
    took.observe(seconds)


def asked_by(key_id: str) -> None:
    """Count a request of somebody who was let in."""
    _of_key(key_id).inc()


def not_let_in(why: NotLetIn) -> None:
    """Count a request of somebody who was not."""
    _NOT_LET_IN[why].inc()


def turned_away(why: TurnedAway) -> None:
    """Count a request that was not ranked, for lack of time."""
    _TURNED_AWAY[why].inc()


def inside(requests: int) -> None:
    """Say how many requests wait or are ranked."""
    INSIDE.set(requests)


def ranked(reply: RankReply) -> None:
    """Count a ranking, or the caller's own order past the deadline, and what became of its offers."""
    _RANKINGS[reply.fallback, reply.arm or "champion"].inc()
    counts = {"ranked": len(reply.offers), "cut_by_limit": reply.cut_by_limit}
    for one in reply.excluded:
        counts[one.reason] = counts.get(one.reason, 0) + 1
    for decision, count in counts.items():
        if count:
            _DECISIONS[decision].inc(count)
    if reply.unknown_offers:
        UNKNOWN_OFFERS.inc(len(reply.unknown_offers))


def told(outcomes: Mapping[Outcome, int]) -> None:
    """Count facts that the shop told."""
    for outcome, count in outcomes.items():
        _EVENTS[outcome].inc(count)


def state_failed() -> None:
    """Count a time that the online state did not answer."""
    STATE_FAILURES.inc()


def serves(info: ReleaseInfo, arm: Arm = "champion") -> None:
    """Say what serves as an arm; what did before does no more."""
    serves_no_more(arm)
    _serving[arm] = SERVES.labels(info.release, info.snapshot, info.policy, arm)
    _serving[arm].set(1)
    if arm == "champion":
        SNAPSHOT_AT.set(info.snapshot_at.timestamp())


def serves_no_more(arm: Arm) -> None:
    """Say that nothing serves as an arm."""
    if arm in _serving:
        _serving.pop(arm).set(0)


def switched(what: Switched) -> None:
    """Count a switch to another release, snapshot or challenger."""
    SWITCHES.labels(what, "switched", "").inc()


def switch_refused(what: Switched, why: Exception) -> None:
    """Count one that was refused, by the class of the refusal."""
    SWITCHES.labels(what, "refused", type(why).__name__ if isinstance(why, KeeprankError) else "other").inc()


def logged(*, waiting: int, committed: int, denied: int, lost: int, failed_commits: int) -> None:
    """Say how many decisions wait to be written, and what became of the others since this process started, as its log counts them."""
    LOG_WAITING.set(waiting)
    for outcome, total in (("committed", committed), ("denied", denied), ("lost", lost)):
        _up_to(_LOG[outcome], total)
    _up_to(LOG_FAILED_COMMITS, failed_commits)


def shadowed(*, scored: int, dropped: int, failed: int) -> None:
    """Say what became of the requests that the challenger was asked unseen, since this process started."""
    for outcome, total in (("scored", scored), ("dropped", dropped), ("failed", failed)):
        _up_to(_SHADOWED[outcome], total)


def page() -> tuple[bytes, str]:
    """All metrics as Prometheus reads them, of every worker process, and their content type; it reads files."""
    registry = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        _forget_the_dead(Path(os.environ["PROMETHEUS_MULTIPROC_DIR"]))
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST


def _forget_the_dead(folder: Path) -> None:
    """What a worker that has ended said of its present holds no more; what it counted stays."""
    for file in folder.glob("gauge_live*.db"):
        if (found := _OF_A_PROCESS.fullmatch(file.name)) and not _lives(int(found["pid"])):
            mark_process_dead(int(found["pid"]), str(folder))  # type: ignore[no-untyped-call]


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _up_to(counter: Counter, total: int) -> None:
    """Count on to what was counted elsewhere in this process."""
    if (more := total - _counted.get(counter, 0)) > 0:
        counter.inc(more)
        _counted[counter] = total


@cache
def _of_route(route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(route, str(status)), REQUEST_SECONDS.labels(route)


@cache
def _of_key(key_id: str) -> Counter:
    return KEY_REQUESTS.labels(key_id)


_serving: dict[Arm, Gauge] = {}
_counted: dict[Counter, int] = {}
