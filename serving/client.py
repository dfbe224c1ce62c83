"""Asks a running service from Python, in the very types that it answers with; every refusal is raised as what the service said.

with Keeprank("https://ranking.internal", key=key) as keeprank:
    reply = keeprank.rank(RankRequest(offers=[Offer(sku="s0001-38")], customer_id="c000017"))
"""

# ruff: noqa: N818  (a refusal is named for what it refuses)

from __future__ import annotations

import http.client
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar
from urllib.parse import quote, urlsplit

import msgspec

from domain.errors import KeeprankError, SettingsRefused
from serving.facts import Fact
from serving.sizes import SizeReply
from serving.wire import FieldError, Problem, RankReply, RankRequest
from serving.wire_basket import BasketReply, BasketRequest
from serving.wire_customers import Consents, CustomerReply, ErasedReply, Preferences, Rejoined
from serving.wire_events import EventsReply
from serving.wire_explain import ExplainReply, ExplainRequest
from serving.wire_recommend import RecommendReply, RecommendRequest
from serving.wire_releases import ReleasesInfo
from serving.wire_size import SizeRequest

LONGEST_WAIT_SECONDS = 10.0
"""Who is told to come again later than that is told so, rather than kept waiting."""

_DEFAULT_WAIT_SECONDS = 1.0

_Reply = TypeVar("_Reply")


class ProblemReply(KeeprankError):
    """The service refused a request.

    Attributes:
        status: HTTP status.
        type: stable code, such as /problems/invalid-request; about:blank where something in between refused, such as a proxy.
        title: the same in words.
        detail: what was wrong with this request.
        errors: each field that was refused.
        request_id: names the request in the service's log; empty where something in between refused.
        retry_after: seconds after which to ask again; None where the reply names none.
    """

    def __init__(self, problem: Problem, retry_after: float | None = None) -> None:
        self.status, self.type, self.title, self.detail = problem.status, problem.type, problem.title, problem.detail
        self.errors: tuple[FieldError, ...] = tuple(problem.errors)
        self.request_id, self.retry_after = problem.request_id, retry_after
        super().__init__(": ".join(filter(None, (f"{problem.status} {problem.title}", problem.detail))))


class NoReply(KeeprankError):
    """The service could not be reached, did not answer in time, or what answered is another one."""


@dataclass(frozen=True)
class _Came:
    """What came back."""

    status: int
    reason: str
    retry_after: str | None
    body: bytes


class Keeprank:
    """A service to ask. Threads may share it: each request has a connection for itself, which stays open for the next one."""

    def __init__(
        self, url: str, key: str | None = None, *, timeout: float = 5.0, tries: int = 3, sleep: Callable[[float], object] = time.sleep
    ) -> None:
        """Nothing is asked yet.

        Args:
            url: where the service is, such as http://127.0.0.1:3000; it may have a path.
            key: an API key; None for a service that lets everybody in. It is sent there only, and told to nobody else.
            timeout: seconds to wait for the connection, and for each piece of the reply.
            tries: how often to ask at most while the reply is 503. Only what may be asked twice without harm is asked again.
            sleep: waits between two tries.

        Raises:
            SettingsRefused: the address or the key cannot be one.
        """
        kind, self._host, self._port, self._base = _address(url)
        if key is not None and not (key.isascii() and key.isprintable() and " " not in key):
            raise SettingsRefused("the key holds characters that no key has", advice="strip line breaks and spaces")
        self._kind = kind
        self._headers = {"Accept": "application/json"} | ({} if key is None else {"Authorization": f"Bearer {key}"})
        self._timeout, self._tries, self._sleep = timeout, max(1, tries), sleep
        self._idle: deque[http.client.HTTPConnection] = deque()

    def __enter__(self) -> Keeprank:
        """The same; its connections are closed at the end."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the connections."""
        self.close()

    def close(self) -> None:
        """Close the connections that are open and idle; whoever asks afterwards opens a new one."""
        while (connection := self._unused()) is not None:
            connection.close()

    def rank(self, asked: RankRequest) -> RankReply:
        """Rank offers for a shopper. Past its deadline the service answers in the order asked, with fallback `deadline`."""
        return self._ask("POST", "/v1/rank", asked, RankReply)

    def recommend(self, asked: RecommendRequest) -> RecommendReply:
        """Recommend skus of the whole assortment."""
        return self._ask("POST", "/v1/recommend", asked, RecommendReply)

    def size(self, asked: SizeRequest) -> SizeReply:
        """Advise the size of a style."""
        return self._ask("POST", "/v1/size", asked, SizeReply)

    def basket(self, asked: BasketRequest) -> BasketReply:
        """Assess a basket."""
        return self._ask("POST", "/v1/basket", asked, BasketReply)

    def events(self, facts: Sequence[Fact]) -> EventsReply:
        """Tell up to 1,000 facts. They are identified by type and id, so what is told again counts once."""
        return self._ask("POST", "/v1/events", list(facts), EventsReply)

    def explain(self, asked: ExplainRequest) -> ExplainReply:
        """Lay open the evidence behind one score."""
        return self._ask("POST", "/v1/explain", asked, ExplainReply)

    def customer(self, customer_id: str) -> CustomerReply:
        """Hand out everything that the service knows of a customer."""
        return self._ask("GET", _of(customer_id), None, CustomerReply)

    def erase(self, customer_id: str) -> ErasedReply:
        """Erase a customer."""
        return self._ask("DELETE", _of(customer_id), None, ErasedReply)

    def rejoin(self, customer_id: str) -> Rejoined:
        """Know a customer anew. It is asked once: an erasure that comes between two tries has the last word."""
        return self._ask("POST", _of(customer_id, "/rejoin"), None, Rejoined, again=False)

    def preferences(self, customer_id: str, told: Preferences) -> EventsReply:
        """Say what a customer declares. It is asked again only where each statement says when: without, it would be a newer one."""
        again = all(one.at is not None for one in told.preferences)
        return self._ask("PUT", _of(customer_id, "/preferences"), told, EventsReply, again=again)

    def consents(self, customer_id: str, told: Consents) -> EventsReply:
        """Say what a customer grants or withdraws; asked again as `preferences` is."""
        again = all(one.at is not None for one in told.consents)
        return self._ask("PUT", _of(customer_id, "/consents"), told, EventsReply, again=again)

    def releases(self) -> ReleasesInfo:
        """Say what serves."""
        return self._ask("GET", "/v1/releases", None, ReleasesInfo)

    def _ask(self, method: str, path: str, asked: object, answers: type[_Reply], *, again: bool = True) -> _Reply:
        """The reply.

        Raises:
            ProblemReply: the service refused.
            NoReply: it was not reached, did not answer in time, or what answered is another one.
        """
        body = None if asked is None else msgspec.json.encode(asked)
        for left in reversed(range(self._tries if again else 1)):
            came = self._sent(method, self._base + path, body, again=again)
            if came.status == http.HTTPStatus.OK:
                return _read(came.body, answers)
            problem = _problem(came)
            wait = _DEFAULT_WAIT_SECONDS if problem.retry_after is None else problem.retry_after
            if came.status != http.HTTPStatus.SERVICE_UNAVAILABLE or not left or wait > LONGEST_WAIT_SECONDS:
                raise problem
            self._sleep(wait)
        raise AssertionError("every try returns, raises, or is followed by another")

    def _sent(self, method: str, path: str, body: bytes | None, *, again: bool) -> _Came:
        """What came back; that the other side has closed a kept connection meanwhile is no failure: it is opened anew.

        What must not be asked twice goes over a new connection at once: of a kept one nobody would know whether the request was read.
        """
        connection = self._unused() or self._kind(self._host, self._port, timeout=self._timeout)
        if not again:
            connection.close()
        fresh = connection.sock is None
        try:
            try:
                return self._over(connection, method, path, body)
            except ConnectionError:
                if fresh:
                    raise
            return self._over(connection, method, path, body)
        except TimeoutError as error:
            raise NoReply(f"no reply within {self._timeout:g} s", advice="show your own order meanwhile") from error
        except (OSError, http.client.HTTPException) as error:
            raise NoReply(f"{self._host} was not reached: {error}", advice="show your own order meanwhile") from error

    def _over(self, connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None) -> _Came:
        """What came back over a connection, which is kept for the next request; closed where it failed."""
        headers = self._headers if body is None else {**self._headers, "Content-Type": "application/json"}
        try:
            connection.request(method, path, body=body, headers=headers)
            reply = connection.getresponse()
            came = _Came(reply.status, reply.reason, reply.getheader("Retry-After"), reply.read())
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return came

    def _unused(self) -> http.client.HTTPConnection | None:
        """A connection that is open and idle, the latest used one first."""
        try:
            return self._idle.pop()
        except IndexError:
            return None


def _address(url: str) -> tuple[type[http.client.HTTPConnection], str, int | None, str]:
    """How to connect, to which host and port, and what every path begins with."""
    refused = SettingsRefused("this is no address of a service", expected="such as http://127.0.0.1:3000")  # it may hold a password
    try:
        where = urlsplit(url)
        port = where.port
    except ValueError:
        raise refused from None
    kind = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}.get(where.scheme)
    if kind is None or not where.hostname or where.username is not None or where.query or where.fragment:
        raise refused
    return kind, where.hostname, port, where.path.rstrip("/")


def _of(customer_id: str, what: str = "") -> str:
    """The path of a customer; the id may hold any character."""
    return f"/v1/customers/{quote(customer_id, safe='')}{what}"


def _read(body: bytes, answers: type[_Reply]) -> _Reply:
    try:
        return msgspec.json.decode(body, type=answers)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise NoReply(f"the reply cannot be read: {error}", expected="a service of this version at this address") from error


def _problem(came: _Came) -> ProblemReply:
    """What was refused; something in between may have done it, in a document of its own."""
    told = (came.retry_after or "").strip()
    retry_after = float(told) if told.isascii() and told.isdigit() else None
    try:
        problem = msgspec.json.decode(came.body, type=Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        problem = Problem(type="about:blank", title=came.reason, status=came.status, detail="", errors=[], request_id="")
    return ProblemReply(problem, retry_after)
