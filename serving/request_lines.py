"""Writes one line of JSON for every request: when, which route, how it ended, how long it took, by whose key and with which release.

A line never holds a customer's id, a body, a key, or what an error says (which may quote either): its functions take none of them.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import TextIO

import structlog
from structlog.typing import FilteringBoundLogger, Processor

from domain.errors import KeeprankError


class RequestLines:
    """The lines of one worker."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to `stream`; by default to standard output, where containers' logs are collected."""
        processors: list[Processor] = [
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(sort_keys=True),
        ]
        factory = structlog.WriteLoggerFactory(stream or sys.stdout)
        self._lines: FilteringBoundLogger = structlog.wrap_logger(
            factory(), processors=processors, wrapper_class=structlog.make_filtering_bound_logger("INFO"), cache_logger_on_first_use=True
        )

    def answered(
        self, *, request_id: str, route: str, status: int, milliseconds: float, key_id: str | None, release: str | None, settings: str
    ) -> None:
        """One request was answered.

        Args:
            request_id: its id, which the reply holds too.
            route: one of ours, or "other"; never a path as it came, which may name a customer.
            status: HTTP status.
            milliseconds: from its arrival to the reply.
            key_id: names the API key; none where nobody was let in.
            release: seal of the release that scored; none where none did.
            settings: version of the serving settings.
        """
        write = self._lines.warning if status >= 500 else self._lines.info
        write(
            "answered",
            request_id=request_id,
            route=route,
            status=status,
            milliseconds=round(milliseconds, 2),
            key_id=key_id,
            release=release,
            settings=settings,
        )

    def failed(self, *, request_id: str, error: BaseException) -> None:
        """Something failed inside: the class of the error and where, but not what it says."""
        self._lines.error("failed", request_id=request_id, error=type(error).__name__, where=where_of(error))

    def switched(self, *, what: str, release: str, snapshot: str) -> None:
        """The worker serves another release, snapshot or challenger (`what`) now."""
        self._lines.info("switched", what=what, release=release, snapshot=snapshot)

    def switch_refused(self, *, what: str, refused: KeeprankError) -> None:
        """The worker serves on with what it has, and why; such refusals speak of files and models, never of customers."""
        self._lines.error("switch refused", what=what, error=type(refused).__name__, why=refused.message())


def where_of(error: BaseException) -> list[str]:
    """Where an error came from, the outermost first: file, line and function, and nothing that it quotes."""
    return [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in traceback.extract_tb(error.__traceback__)]
