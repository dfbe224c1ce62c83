"""What was named and refused: the latest of it, each with its reason, for who looks at `GET /v1/releases`."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

from serving.deployment import Deployment
from serving.wire_releases import Refused

KEPT = 20
"""How many refusals are remembered."""

logger = logging.getLogger("keeprank.following")


class Refusals:
    """Remembers refusals in a deployment folder.

    Args:
        deployment: the folder.
        now: the clock.
    """

    def __init__(self, deployment: Deployment, now: Callable[[], dt.datetime]) -> None:
        self._deployment, self._now = deployment, now

    def record(self, alias: str, version: str, seal: str, reason: str) -> None:
        """Remember one; the same version's earlier refusal goes."""
        if any((one.alias, one.version, one.reason) == (alias, version, reason) for one in self._deployment.refused()):
            return
        logger.warning("refused %s %s: %s; what serves serves on", alias, version, reason)
        refused = Refused(alias=alias, version=version, seal=seal, reason=reason, at=self._now())
        self._deployment.refuse([*self._but(alias, version), refused][-KEPT:])

    def forgive(self, alias: str, version: str) -> None:
        """Forget a version's refusal: it can serve now."""
        others = self._but(alias, version)
        if others != self._deployment.refused():
            self._deployment.refuse(others)

    def _but(self, alias: str, version: str) -> list[Refused]:
        return [one for one in self._deployment.refused() if (one.alias, one.version) != (alias, version)]
