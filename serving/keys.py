"""Lets in whoever shows an API key that is for what is asked, and refuses all others alike.

An unknown, missing, cut off, wrong or revoked key gets the same answer after the same work, so neither tells which keys there are.
"""

from __future__ import annotations

import hmac
import logging
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Protocol

from domain.errors import KeysRefused
from serving.key_file import Key, Scope, digest, read_keys

_SHOWN = re.compile(r"(?i:bearer) +kr_(?P<id>[0-9a-f]{12})_(?P<secret>[0-9a-f]{64})")
_LOOK_EVERY_SECONDS = 1.0

logger = logging.getLogger("keeprank.keys")


@dataclass(frozen=True)
class Caller:
    """Who asks.

    Attributes:
        key_id: names the key, never its secret: what logs and metrics see.
        scopes: what it is for.
    """

    key_id: str
    scopes: frozenset[Scope]


class Refusal(Enum):
    """Why nobody was let in."""

    UNAUTHORIZED = "unauthorized"
    """No key, or none that holds: 401."""

    FORBIDDEN = "forbidden"
    """A key that holds, for something else: 403."""


class Door(Protocol):
    """Whom the service lets in."""

    def authorise(self, header: str | None, *needed: Scope) -> Caller | Refusal:
        """Who asks, where the `Authorization` header holds a key for any of the scopes `needed`; admin keys are for everything."""

    def holds(self, key_id: str, *needed: Scope) -> bool:
        """Whether the key of that id, which was shown before, still opens what is for any of the scopes `needed`."""


class Anyone:
    """Lets everybody in, for everything: a service on the loopback interface whose settings ask for no keys."""

    _CALLER = Caller("anyone", frozenset(Scope))

    def authorise(self, header: str | None, *needed: Scope) -> Caller | Refusal:  # noqa: ARG002
        """Everybody is let in."""
        return self._CALLER

    def holds(self, key_id: str, *needed: Scope) -> bool:  # noqa: ARG002
        """Nobody needs a key."""
        return True


@dataclass(frozen=True)
class _Held:
    salt: bytes
    digest: bytes
    caller: Caller | None
    """Nobody behind a key that was revoked or never was."""


class Keys:
    """The keys of a file, which is read again when it changes: a key that is made or revoked counts within a second.

    A file that is gone or damaged lets nobody in, and the log says so.
    """

    def __init__(self, file: Path, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Read the file; `clock` tells seconds.

        Raises:
            KeysRefused: there is no such file, it is damaged, or open to others.
        """
        self._file = file
        self._clock = clock
        self._stranger = _Held(secrets.token_bytes(16), secrets.token_bytes(32), None)
        self._seen = _identity(file)
        self._keys = _by_id(read_keys(file))
        self._look_at = clock() + _LOOK_EVERY_SECONDS

    def authorise(self, header: str | None, *needed: Scope) -> Caller | Refusal:
        """See `Door.authorise`."""
        self._look()
        shown = _SHOWN.fullmatch(header or "")
        key_id, secret = (shown["id"], shown["secret"]) if shown else ("", "0" * 64)
        held = self._keys.get(key_id, self._stranger)
        holds = hmac.compare_digest(digest(held.salt, secret), held.digest)
        if not holds or held.caller is None:
            return Refusal.UNAUTHORIZED
        if held.caller.scopes.isdisjoint((Scope.ADMIN, *needed)):
            return Refusal.FORBIDDEN
        return held.caller

    def holds(self, key_id: str, *needed: Scope) -> bool:
        """See `Door.holds`."""
        self._look()
        held = self._keys.get(key_id, self._stranger)
        return held.caller is not None and not held.caller.scopes.isdisjoint((Scope.ADMIN, *needed))

    def _look(self) -> None:
        now = self._clock()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_EVERY_SECONDS
        identity = _identity(self._file)
        if identity == self._seen:
            return
        self._seen = identity
        try:
            self._keys = _by_id(read_keys(self._file))
        except KeysRefused as refused:
            self._keys = {}
            logger.error("nobody is let in: %s", refused)


def door(file: Path, *, authentication: bool) -> Door:
    """Whom a service lets in whose settings ask for keys, or do not.

    Raises:
        KeysRefused: they do, and `file` holds none.
    """
    return Keys(file) if authentication else Anyone()


def _identity(file: Path) -> tuple[int, ...] | None:
    """Another one after each change: the file is replaced, never written into; None where there is none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode


def _by_id(keys: tuple[Key, ...]) -> dict[str, _Held]:
    return {
        key.id: _Held(
            bytes.fromhex(key.salt),
            bytes.fromhex(key.digest),
            Caller(key.id, frozenset(key.scopes)) if key.revoked_at is None else None,
        )
        for key in keys
    }
