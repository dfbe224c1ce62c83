"""One worker of the service: everything that it answers with, opened from its settings, and closed in order."""

from __future__ import annotations

import datetime as dt
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Event, Thread

import msgspec

from domain.errors import KeeprankError, LogRefused, SettingsRefused, StateUnavailable
from domain.size_systems import parse_size_systems
from serving import measures
from serving.answering import Answering
from serving.app import Application
from serving.assortment import Shelf
from serving.capacity import afterwards
from serving.current import Current, Serves
from serving.customers import Customers
from serving.decision_log.decision import LoggedDecision, logged
from serving.decision_log.folder import LogFolder
from serving.decision_log.log import DecisionLog
from serving.decision_log.postgres import PostgresLog
from serving.decision_log.settings import LogSettings
from serving.deployment import Deployment
from serving.inspector.entrance import Entrance
from serving.inspector.of_serving import OfServing
from serving.inspector.web import Inspector
from serving.key_file import NAME as KEYS
from serving.keys import Door, door
from serving.known import Known
from serving.limits import limits_of
from serving.online.opening import open_state
from serving.online.port import CustomerState
from serving.parts import Answer, Parts
from serving.pseudonyms import Pseudonyms
from serving.release_measures import observed
from serving.releases import told
from serving.request_lines import RequestLines
from serving.settings import Settings, held
from serving.shadow import Asked, Shadowed, Shadows
from serving.state import Serving
from serving.watching import Watcher, begin
from serving.wire import RankRequest
from serving.wire_releases import ReleasesInfo

SIZE_SYSTEMS = Path(__file__).parent.parent / "config" / "size_systems.toml"
logger = logging.getLogger("keeprank.serving")

_HOUR_SECONDS = 3_600.0

DECISIONS = "decisions"
"""Of the decision log's folder, in the state folder."""


@dataclass(frozen=True)
class Places:
    """Where a worker finds what it works with.

    Attributes:
        state: the state folder: facts, decisions, keys, the secret of pseudonyms.
        home: the deployment folder to follow; None for a release and a snapshot that never change.
        release: the release's folder; None with a deployment.
        snapshot: the snapshot's.
    """

    state: Path
    home: Path | None = None
    release: Path | None = None
    snapshot: Path | None = None

    @property
    def deployment(self) -> Deployment | None:
        """The deployment folder, if one is followed."""
        return None if self.home is None else Deployment(self.home)

    def begin(self, now: dt.datetime) -> Serves:
        """Load what serves first.

        Raises:
            KeeprankError: it cannot be loaded, or nothing says what it is.
        """
        if self.home is not None:
            return begin(Deployment(self.home))
        if self.release is None or self.snapshot is None:
            raise SettingsRefused("nothing says what serves", expected="a deployment folder, or a release and a snapshot")
        serving = Serving.load(self.release, self.snapshot)
        serving.prepare()
        return Serves.alone(serving, now=now)


@contextmanager
def opened(places: Places, settings: Settings, environment: Mapping[str, str] = os.environ) -> Iterator[Application]:
    """A worker while the block runs: it follows who is appointed, tries challengers when it is idle, and commits what it logged at the end.

    Args:
        places: where everything is.
        settings: operations' settings.
        environment: holds the secrets that the settings name.

    Raises:
        KeeprankError: something of it cannot be opened; the message says what and what to do.
    """
    with ExitStack() as closing:
        lines = RequestLines()
        current = Current(places.begin(_now()))
        state = _state(places, settings, environment)
        closing.callback(state.close)
        log = _log(places, settings, environment)
        if log is not None:
            closing.callback(log.close)
        systems = parse_size_systems(SIZE_SYSTEMS.read_text())
        parts = Parts(current, state, log, settings.log.wait, systems, settings.version, _now)
        shadows = Shadows(lambda: application.idle, partial(_log_shadow, parts))
        watcher = _watcher(places, current, state, lines)
        ranking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ranking")
        answering = Answering(parts, partial(_offer, shadows, parts), partial(afterwards, ranking))
        customers = Customers(parts, places.deployment)
        who = door(places.state / KEYS, authentication=settings.trust.authentication)

        def releases() -> ReleasesInfo:
            return told(current.take(), places.deployment, None if watcher is None else watcher.behind)

        application = Application(
            answering,
            customers,
            releases,
            who,
            settings,
            lines,
            ranking=ranking,
            inspector=partial(_inspector, places, current, settings, answering, who),
        )
        _say(current.take(), state, lines)
        closing.enter_context(_running(_beside(shadows, watcher, log, releases, settings)))
        closing.callback(application.close)
        yield application


def _beside(
    shadows: Shadows, watcher: Watcher | None, log: DecisionLog | None, releases: Callable[[], ReleasesInfo], settings: Settings
) -> list[Callable[[Event], None]]:
    """What runs beside the requests, each in a thread of its own, until it is told to stop."""
    found: list[Callable[[Event], None]] = [shadows.run, partial(_count, log, shadows, releases)]
    if log is not None:
        found.append(partial(_tidy, log, dt.timedelta(days=settings.log.keep_days)))
    if watcher is not None:
        found.append(watcher.run)
    return found


@contextmanager
def _running(beside: Sequence[Callable[[Event], None]]) -> Iterator[None]:
    """Run these in threads while the block runs; afterwards none of them touches the state or the log any more."""
    stop = Event()
    threads = [Thread(target=run, args=(stop,), daemon=True) for run in beside]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _state(places: Places, settings: Settings, environment: Mapping[str, str]) -> CustomerState:
    wanted = settings.state
    url = held(wanted.redis_url_from, environment, "state.redis_url_from") if wanted.kind == "redis" else None
    return open_state(places.state, redis_url=url, power_cut_safe=wanted.fsync == "full")


def _log(places: Places, settings: Settings, environment: Mapping[str, str]) -> DecisionLog | None:
    wanted = settings.log
    if wanted.kind == "off":
        return None
    rules = LogSettings(segment_bytes=wanted.segment_bytes, segment_seconds=wanted.segment_seconds)
    if wanted.kind == "postgres":
        storage: PostgresLog | LogFolder = PostgresLog(held(wanted.postgres_dsn_from, environment, "log.postgres_dsn_from"))
    else:
        storage = LogFolder(places.state / DECISIONS, rules, _now)
    return DecisionLog(storage, pseudonym=Pseudonyms.open(places.state).of, settings=rules)


def _watcher(places: Places, current: Current, state: CustomerState, lines: RequestLines) -> Watcher | None:
    def refused(why: KeeprankError) -> None:
        measures.switch_refused("release", why)
        lines.switch_refused(what="release", refused=why)

    deployment = places.deployment
    return None if deployment is None else Watcher(deployment, current, lambda serves: _say(serves, state, lines), refused)


def _say(serves: Serves, state: CustomerState, lines: RequestLines) -> None:
    """Tell metrics and logs what serves now, and let the state drop what its snapshot holds."""
    champion, challenger = serves.champion, serves.challenger
    measures.serves(champion.info())
    measures.switched("release")
    if challenger is None:
        measures.serves_no_more("challenger")
    else:
        measures.serves(challenger.info(), "challenger")
    lines.switched(what="champion", release=champion.release.seal, snapshot=champion.snapshot.seal)
    oldest = min(one.snapshot.at.to_pydatetime() for one in (champion, challenger) if one is not None)
    try:
        state.drop_before(oldest)
    except StateUnavailable:  # what it keeps meanwhile is asked for by the snapshot's moment, and goes with the next switch
        measures.state_failed()


def _offer(
    shadows: Shadows, parts: Parts, serves: Serves, question: RankRequest, known: Known, shelf: Mapping[str, Shelf], answer: Answer
) -> None:
    """Hand a ranking to the challenger in the shadow, which is asked the very same when there is time."""
    if serves.mode != "shadow" or serves.challenger is None:
        return

    def again(challenger: Serving) -> LoggedDecision:
        ranked = challenger.ranked(
            question,
            request_id=answer.reply.request_id,
            facts=known.facts,
            shelf=shelf,
            arm="challenger",
            degraded=known.degraded,
        )
        return logged(
            question,
            ranked.reply,
            msgspec.json.encode(ranked.reply),
            served_at=parts.now(),
            settings=parts.settings,
            features_hash=ranked.features_hash,
            facts=known.facts,
            shelf=shelf,
            arm="challenger",
            shown=False,
        )

    shadows.offer(serves.challenger, Asked(answer.reply, again))


def _count(log: DecisionLog | None, shadows: Shadows, releases: Callable[[], ReleasesInfo], stop: Event) -> None:
    """Tell metrics every second what became of decisions and shadows, and how the registry answers."""
    while not stop.wait(1.0):
        observed(releases(), _now())
        tried = shadows.counts()
        measures.shadowed(scored=tried.scored, dropped=tried.dropped, failed=tried.failed)
        if log is not None:
            counts = log.counts
            measures.logged(
                waiting=log.waiting,
                committed=counts.committed,
                denied=counts.denied,
                lost=counts.lost,
                failed_commits=counts.failed_commits,
            )


def _tidy(log: DecisionLog, keep: dt.timedelta, stop: Event) -> None:
    """Remove decisions that are too old, every hour."""
    while not stop.is_set():
        try:
            log.forget(_now() - keep)
        except LogRefused:
            logger.exception("old decisions were not removed; the next try is in an hour")
        stop.wait(_HOUR_SECONDS)


def _log_shadow(parts: Parts, shadowed: Shadowed) -> None:
    """Write down what the challenger would have shown."""
    if parts.log is not None:
        parts.log.append(shadowed.decision)


def _inspector(
    places: Places, current: Current, settings: Settings, answering: Answering, who: Door, application: Application
) -> Inspector:
    """The page for people, behind the same door."""
    entrance = Entrance(who, Pseudonyms.open(places.state).secret, now=time.time)

    def house() -> OfServing:
        serving = current.take().champion
        return OfServing(serving, settings.version, partial(answering.advised, serving), partial(answering.gathered, serving))

    return Inspector(house, entrance, limits_of(settings), application, application.in_thread)
