"""The storefront's door: takes requests over HTTP, hands them to the ranking, and answers.

Ranking runs in one thread of its own: it keeps one core busy, so two at a time would only delay each other, while the event loop
stays free to answer probes and to read the next request.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import msgspec
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving import problems
from serving.current import Current
from serving.measures import answered, page, serves
from serving.openapi import document
from serving.problems import problem
from serving.reading import RequestMalformed, RequestRefused, read_request

VERSION = "1"
LARGEST_BODY_BYTES = 2**20
_CLIENT_GONE = 499

logger = logging.getLogger("keeprank.serving")
_ROUTES = {
    "/v1/rank": "POST: rank offers for a shopper",
    "/v1/releases": "GET: what serves",
    "/openapi.json": "GET: this interface, described",
    "/livez": "GET: is the process alive",
    "/readyz": "GET: is it ready to answer",
    "/metrics": "GET: Prometheus metrics",
}


class Application:
    """The service as an ASGI application: every reply counted, every refusal a problem document."""

    def __init__(self, current: Current) -> None:
        self._current = current
        self._ranking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ranking")
        self._document = msgspec.json.encode(document(VERSION))
        self._routed = self._routes()
        serves(current.take().champion.info())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        started, status = time.perf_counter(), 500

        async def counted(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        try:
            await self._routed(scope, receive, counted)
        finally:
            route = scope["path"] if scope["path"] in _ROUTES else "other"
            answered(route, status, time.perf_counter() - started)

    def _routes(self) -> ASGIApp:
        app = Starlette(
            routes=[
                Route("/v1/rank", self._rank, methods=["POST"]),
                Route("/v1/releases", self._releases),
                Route("/metrics", _metrics),
                Route("/openapi.json", partial(_fixed, self._document)),
                Route("/", partial(_fixed, msgspec.json.encode({"service": "keeprank", "endpoints": _ROUTES}))),
            ],
            exception_handlers={404: _unknown_route, 405: _wrong_method},
        )
        app.router.redirect_slashes = False
        return app

    async def _rank(self, request: Request) -> Response:
        request_id = str(uuid.uuid4())
        try:
            asked = read_request(await _body(request))
            request_id = asked.request_id or request_id
            rank = partial(self._current.take().champion.rank, asked, request_id=request_id)
            reply = await asyncio.get_running_loop().run_in_executor(self._ranking, rank)
            return Response(msgspec.json.encode(reply), media_type="application/json")
        except _UnreadableError as refused:
            return problem(refused.kind, refused.detail, request_id=request_id)
        except RequestMalformed as refused:
            return problem(problems.MALFORMED, refused.message(), request_id=request_id)
        except RequestRefused as refused:
            return problem(problems.INVALID, refused.message(), request_id=refused.request_id or request_id, errors=refused.errors)
        except ClientDisconnect:
            return Response(status_code=_CLIENT_GONE)  # nobody reads it; it is counted
        except Exception:
            logger.exception("request %s failed", request_id)
            return problem(problems.INTERNAL, "something failed inside; the log holds it under the request_id", request_id=request_id)

    async def _releases(self, _: Request) -> Response:
        return Response(msgspec.json.encode(self._current.take().champion.info()), media_type="application/json")


class _UnreadableError(Exception):
    """A request is refused before it is read."""

    def __init__(self, kind: problems.Kind, detail: str) -> None:
        self.kind = kind
        self.detail = detail
        super().__init__(detail)


async def _body(request: Request) -> bytes:
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise _UnreadableError(problems.UNSUPPORTED, f"content-type is {content_type[:100]!r}; expected: application/json")
    if (encoding := request.headers.get("content-encoding", "identity")) != "identity":
        raise _UnreadableError(problems.UNSUPPORTED, f"content-encoding is {encoding[:100]!r}; expected: none")
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > LARGEST_BODY_BYTES:
            detail = f"the body is larger than {LARGEST_BODY_BYTES} bytes; what to do: send fewer offers"
            raise _UnreadableError(problems.TOO_LARGE, detail)
        chunks.append(chunk)
    return b"".join(chunks)


async def _fixed(content: bytes, _: Request) -> Response:
    return Response(content, media_type="application/json")


async def _metrics(_: Request) -> Response:
    content, media_type = page()
    return Response(content, media_type=media_type)


async def _unknown_route(_: Request, _refused: Exception) -> Response:
    detail = f"no such route; expected one of: {', '.join(_ROUTES)}"
    return problem(problems.NOT_FOUND, detail, request_id=str(uuid.uuid4()))


async def _wrong_method(request: Request, refused: Exception) -> Response:
    headers = refused.headers if isinstance(refused, HTTPException) else None
    allowed = (headers or {}).get("Allow", "")
    detail = f"{request.method} is not allowed; expected: {allowed}"
    return problem(problems.METHOD_NOT_ALLOWED, detail, request_id=str(uuid.uuid4()), headers={"Allow": allowed})
