"""Follows the registry: whom it names champion is fetched, examined and appointed; whoever does not pass is refused, and nothing changes.

It runs beside the workers, in the process that started them. They see the deployment folder only.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from domain.errors import KeeprankError, RegistryRefused, ReleaseRefused, SettingsRefused
from features.nights import LATEST
from serving.admission import Admit, admitted
from serving.copies import linked
from serving.deployment import Deployment
from serving.refusals import Refusals
from serving.registry import Registry
from serving.wire_releases import Appointed, Contact, Learned, Named, Trial

logger = logging.getLogger("keeprank.following")
_SNAPSHOT = "snapshot"


@dataclass(frozen=True)
class Rules:
    """How the registry is followed.

    Attributes:
        champion: the alias whose bearer serves.
        challenger: the alias whose bearer is tried.
        trial: what the challenger is used for.
        poll_seconds: how long between two questions, in (0, 5].
        slowest_ms: milliseconds of processor time that ranking 200 offers may take.
        keep: how many copies of releases, and of snapshots, stay.
    """

    slowest_ms: float
    champion: str = "champion"
    challenger: str = "challenger"
    trial: Trial = Trial()  # noqa: RUF009  (frozen)
    poll_seconds: float = 2.0
    keep: int = 3

    def __post_init__(self) -> None:
        if not 0 < self.poll_seconds <= 5:
            raise SettingsRefused(f"poll_seconds is {self.poll_seconds}", expected="above 0 and at most 5")
        if self.slowest_ms <= 0 or self.keep < 1:
            raise SettingsRefused(f"slowest_ms is {self.slowest_ms}, keep is {self.keep}", expected="above 0, and at least 1")


@dataclass(frozen=True)
class _Version:
    number: str
    seal: str


@dataclass(frozen=True)
class _Goal:
    """Who is named: of the challenger, None where nobody is tried; of the night, None where versions bring their own snapshots."""

    champion: _Version | None
    challenger: _Version | None
    night: str | None


class Follower:
    """Keeps a deployment folder as the registry wants it, as far as what it names can serve.

    Args:
        deployment: the folder; nobody else writes it.
        registry: who names.
        rules: how.
        nights: the folder of a shop's nightly snapshots, whose latest serves; None takes those that versions were trained with.
        now: the clock.
        admit: the examination.
    """

    def __init__(
        self,
        deployment: Deployment,
        registry: Registry,
        rules: Rules,
        *,
        nights: Path | None = None,
        now: Callable[[], dt.datetime],
        admit: Admit = admitted,
    ) -> None:
        self._deployment, self._registry, self._rules = deployment, registry, rules
        self._nights, self._now, self._admit = nights, now, admit
        self._refusals = Refusals(deployment, now)
        self._answered_at: dt.datetime | None = None
        self._silent = False
        appointed = deployment.appointed()
        champion = None if appointed is None else appointed.champion
        challenger = None if appointed is None or rules.trial.mode == "alone" else appointed.challenger
        self._goal = _Goal(_version(champion), _version(challenger), None)
        self._reached: _Goal | None = None
        self._snapshots = {one.version: one.snapshot for one in (champion, challenger) if one is not None and one.version is not None}
        self._night = None if champion is None or nights is None else champion.snapshot
        self._pointed: tuple[str, int] | None = None

    def begin(self) -> Appointed:
        """Look once, and require that somebody may serve.

        Raises:
            RegistryRefused: the registry does not answer, or names nobody, and nobody was appointed before.
            ReleaseRefused: whom it names was refused, and nobody was appointed before.
        """
        self.look()
        appointed = self._deployment.appointed()
        if appointed is not None:
            return appointed
        if refused := self._deployment.refused():
            raise ReleaseRefused(
                "; ".join(f"{one.alias} {one.version}: {one.reason}" for one in refused), advice="promote one that can serve"
            )
        contact = self._deployment.contact()
        raise RegistryRefused((contact and contact.error) or "nobody may serve", advice="run `keeprank promote` first")

    def run(self, stop: Event) -> None:
        """Look again and again until `stop` is set. Whatever goes wrong is logged, and what serves serves on."""
        while not stop.wait(self._rules.poll_seconds):
            try:
                self.look()
            except Exception:
                logger.exception("following the registry failed; what serves serves on")

    def look(self) -> None:
        """Ask the registry once, and appoint whom it names where somebody else serves."""
        self._goal = _Goal(*self._named(), self._latest_night())
        if self._goal == self._reached:
            return
        try:
            self._reach(self._goal)
        except RegistryRefused as error:  # it fell silent in between: the next look tries again
            self._told(error.message())
            return
        self._reached = self._goal
        self._deployment.tidy(keep=self._rules.keep)

    def _named(self) -> tuple[_Version | None, _Version | None]:
        """Champion and challenger by the registry's word, or as they were when it answered last."""
        try:
            champion = self._bearer(self._rules.champion)
            challenger = None if self._rules.trial.mode == "alone" else self._bearer(self._rules.challenger)
            self._learn()
        except RegistryRefused as error:
            self._told(error.message())
            return self._goal.champion, self._goal.challenger
        self._answered_at = self._now()
        self._told(None if champion is not None else f"nobody is {self._rules.champion} in {self._registry.address}")
        return champion or self._goal.champion, None if challenger == champion else challenger

    def _bearer(self, alias: str) -> _Version | None:
        found = self._registry.named(alias)
        return None if found is None else _Version(found.number, found.seal)

    def _learn(self) -> None:
        spans = self._registry.learned()
        learned = [Learned(release=one.seal, version=one.number, first_day=one.first_day, last_day=one.last_day) for one in spans]
        if learned != self._deployment.learned():
            self._deployment.learn(learned)

    def _told(self, error: str | None) -> None:
        """Write down how the registry answered; log when that changes, not every few seconds."""
        if error is not None and not self._silent:
            logger.warning("%s; what serves serves on", error)
        if error is None and self._silent:
            logger.warning("the registry at %s answers again", self._registry.address)
        self._silent = error is not None
        contact = Contact(registry=self._registry.address, asked_at=self._now(), answered_at=self._answered_at, error=error)
        self._deployment.contacted(contact)

    def _latest_night(self) -> str | None:
        """The seal of the latest night, copied here; that of the last good one where it cannot be read."""
        if self._nights is None:
            return None
        folder = (self._nights / LATEST).resolve()
        try:
            pointed = (str(folder), (folder / "manifest.json").stat().st_mtime_ns)
            if pointed != self._pointed:
                self._night = self._deployment.snapshots.add(lambda copy: linked(folder, copy))
                self._pointed = pointed
                for name in (folder.name, LATEST):
                    self._refusals.forgive(_SNAPSHOT, name)
        except (KeeprankError, OSError) as error:  # one that is being replaced is read at the next look
            self._refusals.record(_SNAPSHOT, folder.name, "", str(error))
        return self._night

    def _reach(self, goal: _Goal) -> None:
        before = self._deployment.appointed()
        serving = None if before is None else before.champion
        champion = self._followed(self._rules.champion, goal.champion, serving, goal.night)
        if champion is None:
            return
        tried = None if before is None else before.challenger
        appointed = Appointed(champion=champion, challenger=tried, trial=self._rules.trial)
        if goal.challenger is None or (tried is not None and tried.version != goal.challenger.number):
            appointed = Appointed(champion=champion, trial=self._rules.trial)
        self._appoint(appointed)  # the champion waits for no challenger
        if goal.challenger is not None:
            challenger = self._obtained(self._rules.challenger, goal.challenger, tried, goal.night)
            self._appoint(Appointed(champion=champion, challenger=challenger, trial=self._rules.trial))

    def _appoint(self, appointed: Appointed) -> None:
        if appointed != self._deployment.appointed():
            self._deployment.appoint(appointed)
            logger.warning("appointed release %s on snapshot %s", appointed.champion.release, appointed.champion.snapshot)

    def _followed(self, alias: str, wanted: _Version | None, serving: Named | None, night: str | None) -> Named | None:
        """Who is named, else who serves on the latest night, else who serves as it is."""
        found = None if wanted is None else self._obtained(alias, wanted, serving, night)
        before = _version(serving)
        if found is None and serving is not None and before is not None and night not in (None, serving.snapshot):
            found = self._obtained(alias, before, serving, night)
        return found or serving

    def _obtained(self, alias: str, version: _Version, serving: Named | None, night: str | None) -> Named | None:
        """A version, copied here and examined; None where it was refused.

        Raises:
            RegistryRefused: it has to be fetched, and the registry does not answer.
        """
        try:
            return self._examined(version, serving, night)
        except RegistryRefused:
            raise
        except KeeprankError as refused:
            self._refusals.record(alias, version.number, version.seal, refused.message())
            return None

    def _examined(self, version: _Version, serving: Named | None, night: str | None) -> Named:
        copies = self._deployment
        whole = copies.releases.whole(version.seal)
        if not whole:
            copies.releases.add(lambda folder: self._registry.fetch_release(version.number, folder), seal=version.seal)
        snapshot = night or self._own_snapshot(version)
        same = serving is not None and (serving.version, serving.release) == (version.number, version.seal)
        if not (whole and same and serving is not None and serving.snapshot == snapshot):
            self._admit(copies.releases.path(version.seal), copies.snapshots.path(snapshot), self._rules.slowest_ms)
        for alias in (self._rules.champion, self._rules.challenger):
            self._refusals.forgive(alias, version.number)
        since = serving.since if same and serving is not None else self._now()
        return Named(release=version.seal, snapshot=snapshot, version=version.number, since=since)

    def _own_snapshot(self, version: _Version) -> str:
        known = self._snapshots.get(version.number)
        if known is None or not self._deployment.snapshots.whole(known):
            fetched = self._deployment.snapshots.add(lambda folder: self._registry.fetch_snapshot(version.number, folder))
            self._snapshots[version.number] = fetched
        return self._snapshots[version.number]


def _version(named: Named | None) -> _Version | None:
    return None if named is None or named.version is None else _Version(named.version, named.release)
