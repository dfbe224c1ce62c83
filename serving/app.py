"""The shop's door: takes requests over HTTP, hands them to the calls, and answers; every refusal is a problem document.

Ranking runs in one thread of its own: it keeps one core busy, so two at a time would only delay each other, while the event loop
stays free to answer probes and to read the next request. What is left to do about a ranking when its reply has gone is done there, too,
before the next one's turn: beside it, it would slow both. All other calls share two more threads, so that a ranking waits for none of them.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from typing import Any, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import measures, problems
from serving.answering import Answering
from serving.api import CALLS, OPERATIONS, Call
from serving.capacity import Capacity, Done, Full, Late, TooBusy
from serving.customers import Customers
from serving.key_file import Scope as KeyScope
from serving.keys import Door, Refusal
from serving.limits import limits_of
from serving.openapi import document
from serving.problems import not_let_in, over_capacity, problem, refused
from serving.reading import RequestRefused, read_request
from serving.request_lines import RequestLines
from serving.settings import Settings
from serving.visits import (
    JSON,
    NDJSON,
    VISIT,
    Visit,
    content_type,
    customer_of,
    endpoints,
    fixed,
    path_of,
    release_of,
    require_content,
    unknown_route,
    wrong_method,
)
from serving.wire_releases import ReleasesInfo

VERSION = "1"
INSPECTOR = "/inspector"
_CLIENT_GONE = 499

Answered = TypeVar("Answered")


class Application:
    """The service as an ASGI application."""

    def __init__(
        self,
        answering: Answering,
        customers: Customers,
        releases: Callable[[], ReleasesInfo],
        door: Door,
        settings: Settings,
        lines: RequestLines,
        *,
        ranking: Executor,
        inspector: Callable[[Application], ASGIApp] | None = None,
    ) -> None:
        """Put the calls behind a door.

        Args:
            answering: answers the calls about offers.
            customers: answers those about a customer.
            releases: says what serves.
            door: whom to let in.
            settings: operations' settings.
            lines: where each request is told.
            ranking: the thread that ranks, one request after the other.
            inspector: makes the page for people, which this application counts, logs and gives a thread; None leaves it out.
        """
        service, self._limits = settings.service, limits_of(settings)
        self._answering, self._customers, self._releases = answering, customers, releases
        self._door, self._lines, self._settings = door, lines, settings
        self._capacity = Capacity(service.capacity, deadline_ms=service.deadline_ms)
        self._ranking = ranking
        self._others = ThreadPoolExecutor(max_workers=2, thread_name_prefix="calls")
        self._routed = self._routes(None if inspector is None else inspector(self))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._routed(scope, receive, send)
            return
        started, status = time.perf_counter(), 500
        scope["path"] = path_of(scope)
        visit = scope[VISIT] = Visit(str(uuid.uuid4()))
        if scope["path"] == INSPECTOR:
            visit.route, visit.headers = INSPECTOR, ()

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], *visit.headers]}
            await send(message)

        try:
            await self._routed(scope, receive, counted)
        finally:
            self._tell(visit, status, time.perf_counter() - started)

    def let_in(self, scope: Scope, key_id: str) -> None:
        """Somebody was let in by that key."""
        scope[VISIT].key_id = key_id
        measures.asked_by(key_id)

    def failed(self, scope: Scope, error: Exception) -> str:
        """A page failed inside: write it down, and say under which name."""
        request_id: str = scope[VISIT].request_id
        self._lines.failed(request_id=request_id, error=error)
        return request_id

    async def in_thread(self, work: Callable[[], Answered]) -> Answered:
        """Do a page's work beside the event loop.

        Raises:
            TooBusy: too many requests wait, or it took too long.
        """
        done = await self._in(self._others, work, within_ms=self._settings.service.patience_ms)
        if isinstance(done, Done):
            answered: Answered = done.value
            return answered
        raise TooBusy("the service has too much to do", advice="ask again in a moment")

    @property
    def idle(self) -> bool:
        """Whether no request waits or is answered."""
        return self._capacity.inside == 0

    def close(self) -> None:
        """Let go of the threads; what is under way ends first."""
        self._ranking.shutdown()
        self._others.shutdown()

    def _tell(self, visit: Visit, status: int, seconds: float) -> None:
        measures.answered(visit.route, status, seconds)
        measures.inside(self._capacity.inside)
        self._lines.answered(
            request_id=visit.request_id,
            route=visit.route,
            status=status,
            milliseconds=1e3 * seconds,
            key_id=visit.key_id,
            release=visit.release,
            settings=self._settings.version,
        )

    def _routes(self, inspector: ASGIApp | None) -> ASGIApp:
        described, start = msgspec.json.encode(document(VERSION)), msgspec.json.encode({"service": "keeprank", "endpoints": endpoints()})
        app = Starlette(
            routes=[
                *(Route(call.path, partial(self._call, call), methods=[call.method]) for call in CALLS),
                Route("/metrics", self._metrics),
                Route("/openapi.json", partial(fixed, "/openapi.json", described)),
                Route("/", partial(fixed, "/", start)),
                *([] if inspector is None else [Route(INSPECTOR, inspector, methods=None)]),
            ],
            exception_handlers={404: unknown_route, 405: wrong_method},
        )
        app.router.redirect_slashes = False
        return app

    async def _call(self, call: Call, request: Request) -> Response:
        visit: Visit = request.scope[VISIT]
        visit.route = call.path
        try:
            return await self._let_in(call.scopes, request, visit) or await self._answered(call, request, visit)
        except ClientDisconnect:
            return Response(status_code=_CLIENT_GONE)  # nobody reads it; it is counted
        except Exception as error:  # noqa: BLE001  (told: as a refusal, or in the log)
            return self._refusal(error, visit)

    async def _let_in(self, scopes: tuple[KeyScope, ...], request: Request, visit: Visit) -> Response | None:
        """What is answered to who has no key for it, or comes when there is no room; None lets the request in."""
        if shut := self._shut_out(scopes, request, visit):
            return shut
        full = self._capacity.full()
        return None if full is None else self._turned_away(full, visit)

    def _shut_out(self, scopes: tuple[KeyScope, ...], request: Request, visit: Visit) -> Response | None:
        who = self._door.authorise(request.headers.get("authorization"), *scopes)
        if isinstance(who, Refusal):
            measures.not_let_in(who.value)
            return not_let_in(who, request_id=visit.request_id)
        self.let_in(request.scope, who.key_id)
        return None

    async def _answered(self, call: Call, request: Request, visit: Visit) -> Response:
        self._limits.check_headers(request.scope["headers"])
        body = await self._body(call, request)
        customer_id = customer_of(request)
        if call.name == "rank":
            return await self._rank(body, visit)
        work = self._work(call, body, customer_id, visit.request_id, ndjson=content_type(request) == NDJSON)
        done = await self._in(self._others, work, within_ms=self._settings.service.patience_ms)
        if not isinstance(done, Done):
            return self._not_done(done, visit)
        visit.release = release_of(done.value)
        return Response(msgspec.json.encode(done.value), media_type=JSON)

    def _work(self, call: Call, body: bytes, customer_id: str | None, request_id: str, *, ndjson: bool) -> Callable[[], Any]:
        if call.name == "events":
            return partial(self._answering.events, body, ndjson=ndjson)
        if customer_id is not None:
            return partial(self._customers.answer, call, body, customer_id=customer_id)
        if call.name == "releases":
            return self._releases
        return partial(self._answering.answer, call, body, request_id=request_id)

    async def _rank(self, body: bytes, visit: Visit) -> Response:
        started = time.perf_counter()
        asked = read_request(body)
        measures.phase("read", time.perf_counter() - started)
        visit.request_id = asked.request_id or visit.request_id
        work = partial(self._answering.rank, asked, request_id=visit.request_id)
        done = await self._in(self._ranking, work)
        if isinstance(done, Full):
            return self._turned_away(done, visit)
        if isinstance(done, Late):
            measures.turned_away("deadline_waiting" if done.while_waiting else "deadline_ranking")
            return Response(self._answering.in_callers_order(asked, request_id=visit.request_id), media_type=JSON)
        visit.release = done.value.reply.release
        return Response(done.value.encoded, media_type=JSON)

    async def _in(self, thread: Executor, work: Callable[[], Any], *, within_ms: float | None = None) -> Done[Any] | Late | Full:
        return await self._capacity.answered(work, thread, arrived=self._capacity.clock(), within_ms=within_ms)

    async def _body(self, call: Call, request: Request) -> bytes:
        if call.takes is None:
            return b""
        require_content(call, request)
        body = await self._limits.body(request.receive)
        self._limits.check_depth(body)
        return body

    def _not_done(self, done: Late | Full, visit: Visit) -> Response:
        if isinstance(done, Full):
            return self._turned_away(done, visit)
        measures.turned_away("deadline_waiting" if done.while_waiting else "deadline_ranking")
        detail = f"no answer within {self._settings.service.patience_ms:g} ms; what to do: ask again"
        return problem(problems.TOO_LATE, detail, request_id=visit.request_id, headers={"Retry-After": "1"})

    def _turned_away(self, full: Full, visit: Visit) -> Response:
        measures.turned_away("capacity")
        return over_capacity(full.retry_after_seconds, request_id=visit.request_id)

    def _refusal(self, error: Exception, visit: Visit) -> Response:
        if isinstance(error, RequestRefused):
            visit.request_id = error.request_id or visit.request_id
        known = refused(error, request_id=visit.request_id)
        if known is not None:
            return known
        self._lines.failed(request_id=visit.request_id, error=error)
        return problem(problems.INTERNAL, "something failed inside; the log holds it under the request_id", request_id=visit.request_id)

    async def _metrics(self, request: Request) -> Response:
        visit: Visit = request.scope[VISIT]
        visit.route = "/metrics"
        if shut := self._shut_out(OPERATIONS, request, visit):
            return shut
        content, media_type = await asyncio.to_thread(measures.page)  # it reads files
        return Response(content, media_type=media_type)
