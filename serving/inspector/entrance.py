"""Lets people with a browser in: they show an API key once, and then the browser holds a token until an hour after the last form.

The token names the key and when it was shown, under an HMAC of the service's secret; it holds no secret of the key, so a stolen one opens
this page only, and not for long. Whether the key still holds is asked each time: revoking it ends its sessions.

Forms of other sites do nothing here: the cookie is SameSite=Strict, and a POST has to come from a page of this very origin, by what the
browser says of it (Sec-Fetch-Site, Origin), which no page can forge. Signing in is guarded in the same way.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from serving.key_file import Scope
from serving.keys import Caller, Door, Refusal

IDLE_SECONDS = 3_600
"""A session ends so long after its last form …"""

LONGEST_SECONDS = 12 * 3_600
"""… and so long after the key was shown, however busy it is."""

_NAME = "keeprank_inspector"
_TOKEN = re.compile(r"(?P<told>(?P<key_id>[0-9a-z]{1,64})\.(?P<since>[0-9]{1,12})\.(?P<until>[0-9]{1,12}))\.(?P<signature>[0-9a-f]{64})")
_HERE_ONLY = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Session:
    """Who is signed in.

    Attributes:
        key_id: the key that was shown.
        since: when, in seconds since 1970.
    """

    key_id: str
    since: int


@dataclass(frozen=True)
class Visitor:
    """Who may see the page.

    Attributes:
        key_id: whose key; what logs and metrics see.
        session: None where every request shows a key, or none is needed.
    """

    key_id: str
    session: Session | None = None


class Entrance:
    """Whom the inspector lets in."""

    def __init__(self, door: Door, secret: bytes, *, now: Callable[[], float]) -> None:
        """Stand behind the service's door.

        Args:
            door: who has a key, whether it still holds, or whether none is needed.
            secret: the service's own, the same in all workers; the key of these tokens is derived from it.
            now: tells seconds since 1970.
        """
        self._door, self._now = door, now
        self._key = hmac.digest(secret, b"keeprank inspector session", "sha256")

    def visitor(self, headers: Mapping[str, str]) -> Visitor | None:
        """Who asks, by an `Authorization` header, by a session, or because anyone may; None for nobody known."""
        who = self._door.authorise(headers.get("authorization"), Scope.OPERATIONS)
        if isinstance(who, Caller):
            return Visitor(who.key_id)
        session = self._session(headers.get("cookie", ""))
        return None if session is None else Visitor(session.key_id, session)

    def sign_in(self, key: str) -> Visitor | Refusal:
        """Who shows this key."""
        who = self._door.authorise(f"Bearer {key.strip()}", Scope.OPERATIONS)
        return who if isinstance(who, Refusal) else Visitor(who.key_id, Session(who.key_id, int(self._now())))

    def cookie(self, session: Session, *, secure: bool) -> str:
        """The `Set-Cookie` header that keeps a session for another while.

        Args:
            session: whose.
            secure: whether the browser may send it over TLS only; see `is_for_tls`.
        """
        until = min(int(self._now()) + IDLE_SECONDS, session.since + LONGEST_SECONDS)
        told = f"{session.key_id}.{session.since}.{until}"
        return _set(f"{told}.{self._signature(told)}", until - int(self._now()), secure=secure)

    def _session(self, cookies: str) -> Session | None:
        found = _TOKEN.fullmatch(_shown(cookies))
        if found is None or not hmac.compare_digest(found["signature"], self._signature(found["told"])):
            return None
        session = Session(found["key_id"], int(found["since"]))
        return session if self._now() < int(found["until"]) and self._door.holds(session.key_id, Scope.OPERATIONS) else None

    def _signature(self, told: str) -> str:
        return hmac.digest(self._key, told.encode(), "sha256").hex()


def no_cookie(*, secure: bool) -> str:
    """The `Set-Cookie` header that ends a session."""
    return _set("", 0, secure=secure)


def is_from_here(headers: Mapping[str, str]) -> bool:
    """Whether a form was sent by a page of this origin: a browser says so; whoever says nothing of the kind is refused."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    return urlsplit(headers.get("origin", "")).netloc == headers.get("host", "") != ""


def is_for_tls(headers: Mapping[str, str]) -> bool:
    """Whether the cookie of a form's answer is for TLS only: always, but for a browser that talks to its own machine without.

    What counts is the origin that the browser tells with every form: unlike the host, no proxy rewrites it.
    """
    origin = urlsplit(headers.get("origin", ""))
    return not (origin.scheme == "http" and origin.hostname in _HERE_ONLY)


def _shown(cookies: str) -> str:
    try:
        found = SimpleCookie(cookies).get(_NAME)
    except CookieError:  # some other cookie of the host is damaged
        return ""
    return "" if found is None else found.value


def _set(value: str, seconds: int, *, secure: bool) -> str:
    return f"{_NAME}={value}; Max-Age={seconds}; Path=/inspector; HttpOnly; SameSite=Strict" + ("; Secure" if secure else "")
