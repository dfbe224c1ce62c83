"""A worker's eye on the deployment folder: once somebody else is appointed there, it loads them beside the requests and lets them serve."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event

from domain.errors import KeeprankError, SettingsRefused
from serving.admission import probe
from serving.current import Current, Serves
from serving.deployment import Deployment, Stamp
from serving.state import Serving
from serving.wire_releases import Appointed, Named

logger = logging.getLogger("keeprank.watching")

EVERY_SECONDS = 1.0


def begin(deployment: Deployment) -> Serves:
    """Load whom a deployment appoints: what a worker starts with.

    Raises:
        SettingsRefused: nobody was appointed.
        KeeprankError: the champion cannot be loaded.
    """
    appointed = deployment.appointed()
    if appointed is None:
        raise SettingsRefused(f"{deployment.home} holds no serve.json", advice="start the service with `keeprank serve`")
    return _loaded(deployment, appointed, None)[0]


class Watcher:
    """Keeps what a worker serves as its deployment appoints it.

    Args:
        deployment: the folder.
        current: what serves.
        swapped: is told what serves now, after each swap.
        refused: is told why what was appointed cannot be loaded.

    Attributes:
        behind: why something else serves than what was appointed; None where it does not.
    """

    def __init__(
        self, deployment: Deployment, current: Current, swapped: Callable[[Serves], object], refused: Callable[[KeeprankError], object]
    ) -> None:
        self._deployment, self._current, self._swapped, self._refused = deployment, current, swapped, refused
        self._seen: Stamp | None = None
        self.behind: str | None = None

    def run(self, stop: Event) -> None:
        """Look again and again until `stop` is set. Whatever goes wrong is logged, and what serves serves on."""
        while not stop.wait(EVERY_SECONDS):
            try:
                self.look()
            except Exception:
                logger.exception("watching %s failed; what serves serves on", self._deployment.home)

    def look(self) -> None:
        """Let whoever is appointed serve, where that has changed; whoever cannot be loaded is not tried again before it changes."""
        stamp = self._deployment.stamp()
        if stamp in (None, self._seen):
            return
        self._seen = stamp
        try:
            self._follow()
        except KeeprankError as refused:
            self.behind = refused.message()
            logger.error("%s; what serves serves on", self.behind)
            self._refused(refused)

    def _follow(self) -> None:
        appointed, before = self._deployment.appointed(), self._current.take()
        if appointed is None or (appointed == before.appointed and self.behind is None):
            return
        serves, self.behind = _loaded(self._deployment, appointed, before)
        self._current.swap(serves)
        self._swapped(serves)


def _loaded(deployment: Deployment, appointed: Appointed, before: Serves | None) -> tuple[Serves, str | None]:
    """Who is appointed, and why the challenger cannot be tried; what is loaded already is not loaded again."""
    champion, behind = _held(appointed.champion, before) or _ready(deployment, appointed.champion), None
    challenger = None
    if appointed.challenger is not None and appointed.trial.mode != "alone":
        try:
            challenger = _held(appointed.challenger, before) or _ready(deployment, appointed.challenger)
        except KeeprankError as refused:
            behind = f"the challenger cannot be tried: {refused.message()}"
            logger.error(behind)
    return Serves(champion, challenger, appointed), behind


def _held(named: Named, before: Serves | None) -> Serving | None:
    held = [] if before is None else [before.champion, *([before.challenger] if before.challenger is not None else [])]
    return next((one for one in held if (one.release.seal, one.snapshot.seal) == (named.release, named.snapshot)), None)


def _ready(deployment: Deployment, named: Named) -> Serving:
    """Loaded and asked once, so that no shopper waits for what is made on first use."""
    loaded = deployment.load(named)
    loaded.rank(probe(loaded), request_id="ready")
    return loaded
