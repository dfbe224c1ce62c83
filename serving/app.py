"""The shop's door: takes requests over HTTP, hands them to the calls, and answers; every refusal is a problem document.

Ranking runs in one thread of its own: it keeps one core busy, so two at a time would only delay each other, while the event loop
stays free to answer probes and to read the next request. All other calls share two more threads, so that a ranking waits for none of them.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import headers, measures, problems
from serving.answering import Answering
from serving.api import BY_NAME, CALLS, OPERATIONS, Call
from serving.capacity import Capacity, Done, Full, Late
from serving.customers import Customers
from serving.key_file import Scope as KeyScope
from serving.keys import Door, Refusal
from serving.limits import Limits
from serving.openapi import document
from serving.problems import not_let_in, over_capacity, problem, refused
from serving.reading import RequestRefused, read_request
from serving.request_lines import RequestLines
from serving.settings import Settings
from serving.wire import FieldError
from serving.wire_releases import ReleasesInfo

VERSION = "1"
_CLIENT_GONE = 499
_VISIT = "keeprank.visit"
_JSON, _NDJSON = "application/json", "application/x-ndjson"

_BESIDE = {
    "/metrics": "GET: Prometheus metrics",
    "/openapi.json": "GET: this interface, described",
    "/livez": "GET: is the process alive",
    "/readyz": "GET: is it ready to answer",
    "/inspector": "GET: two rankings side by side, for people",
}


@dataclass
class _Visit:
    """What logs and metrics are told of one request."""

    request_id: str
    route: str = "other"
    key_id: str | None = None
    release: str | None = None
    headers: headers.Headers = headers.PERSONAL
    """That the reply carries; a page of ours brings its own."""


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
        inspector: ASGIApp | None = None,
    ) -> None:
        """Put the calls behind a door.

        Args:
            answering: answers the calls about offers.
            customers: answers those about a customer.
            releases: says what serves.
            door: whom to let in.
            settings: operations' settings.
            lines: where each request is told.
            inspector: the page for people; None leaves it out.
        """
        service = settings.service
        self._answering, self._customers, self._releases = answering, customers, releases
        self._door, self._lines, self._settings = door, lines, settings
        self._limits = Limits(service.largest_body_bytes, service.largest_header_bytes, service.largest_depth, service.body_seconds)
        self._capacity = Capacity(service.capacity, deadline_ms=service.deadline_ms)
        self._ranking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ranking")
        self._others = ThreadPoolExecutor(max_workers=2, thread_name_prefix="calls")
        self._routed = self._routes(inspector)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._routed(scope, receive, send)
            return
        started, status = time.perf_counter(), 500
        visit = scope[_VISIT] = _Visit(str(uuid.uuid4()))

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

    @property
    def idle(self) -> bool:
        """Whether no request waits or is answered."""
        return self._capacity.inside == 0

    def close(self) -> None:
        """Let go of the threads; what is under way ends first."""
        self._ranking.shutdown()
        self._others.shutdown()

    def _tell(self, visit: _Visit, status: int, seconds: float) -> None:
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
        described, start = msgspec.json.encode(document(VERSION)), msgspec.json.encode({"service": "keeprank", "endpoints": _endpoints()})
        app = Starlette(
            routes=[
                *(Route(call.path, partial(self._call, call), methods=[call.method]) for call in CALLS),
                Route("/metrics", self._metrics),
                Route("/openapi.json", partial(_fixed, "/openapi.json", described)),
                Route("/", partial(_fixed, "/", start)),
            ],
            exception_handlers={404: _unknown_route, 405: _wrong_method},
        )
        app.router.redirect_slashes = False
        if inspector is not None:
            app.mount("/inspector", inspector)
        return app

    async def _call(self, call: Call, request: Request) -> Response:
        visit: _Visit = request.scope[_VISIT]
        visit.route = call.path
        try:
            return await self._let_in(call.scopes, request, visit) or await self._answered(call, request, visit)
        except ClientDisconnect:
            return Response(status_code=_CLIENT_GONE)  # nobody reads it; it is counted
        except Exception as error:  # noqa: BLE001  (told: as a refusal, or in the log)
            return self._refusal(error, visit)

    async def _let_in(self, scopes: tuple[KeyScope, ...], request: Request, visit: _Visit) -> Response | None:
        who = self._door.authorise(request.headers.get("authorization"), *scopes)
        if isinstance(who, Refusal):
            measures.not_let_in(who.value)
            return not_let_in(who, request_id=visit.request_id)
        visit.key_id = who.key_id
        measures.asked_by(who.key_id)
        if full := self._capacity.full():
            return self._turned_away(full, visit)
        return None

    async def _answered(self, call: Call, request: Request, visit: _Visit) -> Response:
        self._limits.check_headers(request.scope["headers"])
        body = await self._body(call, request)
        customer_id = _customer_of(request)
        if call.name == "rank":
            return await self._rank(body, visit)
        work = self._work(call, body, customer_id, visit.request_id, ndjson=_content_type(request) == _NDJSON)
        done = await self._in(self._others, work, within_ms=self._settings.service.patience_ms)
        if not isinstance(done, Done):
            return self._not_done(done, visit)
        visit.release = self._answering.release
        return Response(msgspec.json.encode(done.value), media_type=_JSON)

    def _work(self, call: Call, body: bytes, customer_id: str | None, request_id: str, *, ndjson: bool) -> Callable[[], Any]:
        if call.name == "events":
            return partial(self._answering.events, body, ndjson=ndjson)
        if customer_id is not None:
            return partial(self._customers.answer, call, body, customer_id=customer_id)
        if call.name == "releases":
            return self._releases
        return partial(self._answering.answer, call, body, request_id=request_id)

    async def _rank(self, body: bytes, visit: _Visit) -> Response:
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
            return Response(self._answering.in_callers_order(asked, request_id=visit.request_id), media_type=_JSON)
        visit.release = done.value.reply.release
        return Response(done.value.encoded, media_type=_JSON)

    async def _in(self, thread: Executor, work: Callable[[], Any], *, within_ms: float | None = None) -> Done[Any] | Late | Full:
        return await self._capacity.answered(work, thread, arrived=self._capacity.clock(), within_ms=within_ms)

    async def _body(self, call: Call, request: Request) -> bytes:
        if call.takes is None:
            return b""
        _require_content(call, request)
        body = await self._limits.body(request.receive)
        self._limits.check_depth(body)
        return body

    def _not_done(self, done: Late | Full, visit: _Visit) -> Response:
        if isinstance(done, Full):
            return self._turned_away(done, visit)
        measures.turned_away("deadline_waiting" if done.while_waiting else "deadline_ranking")
        detail = f"no answer within {self._settings.service.patience_ms:g} ms; what to do: ask again"
        return problem(problems.TOO_LATE, detail, request_id=visit.request_id, headers={"Retry-After": "1"})

    def _turned_away(self, full: Full, visit: _Visit) -> Response:
        measures.turned_away("capacity")
        return over_capacity(full.retry_after_seconds, request_id=visit.request_id)

    def _refusal(self, error: Exception, visit: _Visit) -> Response:
        if isinstance(error, RequestRefused):
            visit.request_id = error.request_id or visit.request_id
        known = refused(error, request_id=visit.request_id)
        if known is not None:
            return known
        self._lines.failed(request_id=visit.request_id, error=error)
        return problem(problems.INTERNAL, "something failed inside; the log holds it under the request_id", request_id=visit.request_id)

    async def _metrics(self, request: Request) -> Response:
        visit: _Visit = request.scope[_VISIT]
        visit.route = "/metrics"
        who = self._door.authorise(request.headers.get("authorization"), *OPERATIONS)
        if isinstance(who, Refusal):
            measures.not_let_in(who.value)
            return not_let_in(who, request_id=visit.request_id)
        content, media_type = await asyncio.to_thread(measures.page)  # it reads files
        return Response(content, media_type=media_type)


def _endpoints() -> Mapping[str, str]:
    return {**{f"{call.method} {call.path}": call.summary for call in CALLS}, **_BESIDE}


def _customer_of(request: Request) -> str | None:
    """The customer that the path names: any text of 1 to 200 characters."""
    customer_id = request.path_params.get("customer_id")
    if customer_id is not None and not 1 <= len(customer_id) <= 200:
        raise RequestRefused(FieldError(field="", message="the customer_id in the path has more than 200 characters"))
    return customer_id


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _require_content(call: Call, request: Request) -> None:
    """Refuse what is announced as something else than the call takes.

    Raises:
        ContentRefused: it is.
    """
    takes = (_JSON, _NDJSON) if call is BY_NAME["events"] else (_JSON,)
    if _content_type(request) not in takes:
        told = request.headers.get("content-type", "")
        raise problems.ContentRefused(f"content-type is {told[:100]!r}", expected=" or ".join(takes))
    if (encoding := request.headers.get("content-encoding", "identity")) != "identity":
        raise problems.ContentRefused(f"content-encoding is {encoding[:100]!r}", expected="none")


async def _fixed(route: str, content: bytes, request: Request) -> Response:
    visit: _Visit = request.scope[_VISIT]
    visit.route, visit.headers = route, headers.PUBLIC
    return Response(content, media_type=_JSON)


async def _unknown_route(request: Request, _refused: Exception) -> Response:
    detail = f"no such route; expected one of: {', '.join(_endpoints())}"
    return problem(problems.NOT_FOUND, detail, request_id=request.scope[_VISIT].request_id)


async def _wrong_method(request: Request, refused_method: Exception) -> Response:
    told = refused_method.headers if isinstance(refused_method, HTTPException) else None
    allowed = (told or {}).get("Allow", "")
    detail = f"{request.method} is not allowed; expected: {allowed}"
    return problem(problems.METHOD_NOT_ALLOWED, detail, request_id=request.scope[_VISIT].request_id, headers={"Allow": allowed})
