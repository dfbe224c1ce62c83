"""What the door tells besides the calls' own replies: of a visit, of routes that there are not, and of bodies that no call takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from serving import headers, problems
from serving.api import BY_NAME, CALLS, Call
from serving.problems import problem
from serving.reading import RequestRefused
from serving.sizes import SizeReply
from serving.wire import FieldError, RankReply
from serving.wire_basket import BasketReply
from serving.wire_explain import ExplainReply
from serving.wire_recommend import RecommendReply

VISIT = "keeprank.visit"
"""Where a request's scope holds its visit."""

_CUSTOMER = 3
"""Which part of /v1/customers/{customer_id} names the customer."""

JSON, NDJSON = "application/json", "application/x-ndjson"

_BESIDE = {
    "/metrics": "GET: Prometheus metrics",
    "/openapi.json": "GET: this interface, described",
    "/livez": "GET: is the process alive",
    "/readyz": "GET: is it ready to answer",
    "/inspector": "GET: two rankings side by side, for people",
}


@dataclass
class Visit:
    """What logs and metrics are told of one request."""

    request_id: str
    route: str = "other"
    key_id: str | None = None
    release: str | None = None
    headers: headers.Headers = headers.PERSONAL
    """That the reply carries; a page of ours brings its own."""


def endpoints() -> Mapping[str, str]:
    """What there is, for who looks at the door."""
    return {**{f"{call.method} {call.path}": call.summary for call in CALLS}, **_BESIDE}


def path_of(scope: Scope) -> str:
    """The path to route by: a slash inside a customer's id stays encoded, so that it neither ends the id nor names another call."""
    raw = _raw(scope)
    return unquote(raw.replace("%2F", "%252F").replace("%2f", "%252F")) if "%2f" in raw.lower() else str(scope["path"])


def customer_of(request: Request) -> str | None:
    """The customer that the path names: any text of 1 to 200 characters.

    Raises:
        RequestRefused: it is no such text.
    """
    if "customer_id" not in request.path_params:
        return None
    try:
        customer_id = unquote(_raw(request.scope).split("/")[_CUSTOMER], errors="strict")
    except UnicodeDecodeError as error:
        raise RequestRefused(FieldError(field="", message="the customer_id in the path is no UTF-8")) from error
    if not 1 <= len(customer_id) <= 200:
        raise RequestRefused(FieldError(field="", message="the customer_id in the path has more than 200 characters"))
    return customer_id


def _raw(scope: Scope) -> str:
    """The path as it was sent; a server need not tell it."""
    raw: bytes | None = scope.get("raw_path")
    return quote(scope["path"]) if raw is None else raw.decode("latin-1")


def content_type(request: Request) -> str:
    """What a body is announced as, without its parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def require_content(call: Call, request: Request) -> None:
    """Refuse what is announced as something else than the call takes.

    Raises:
        ContentRefused: it is.
    """
    takes = (JSON, NDJSON) if call is BY_NAME["events"] else (JSON,)
    if content_type(request) not in takes:
        told = request.headers.get("content-type", "")
        raise problems.ContentRefused(f"content-type is {told[:100]!r}", expected=" or ".join(takes))
    if (encoding := request.headers.get("content-encoding", "identity")) != "identity":
        raise problems.ContentRefused(f"content-encoding is {encoding[:100]!r}", expected="none")


def release_of(reply: object) -> str | None:
    """Seal of the release that scored a reply; None where none did."""
    match reply:
        case RecommendReply(ranking=RankReply(release=release)) | BasketReply(release=release) | ExplainReply(release=release):
            return release
        case SizeReply(release=release):
            return release
    return None


async def fixed(route: str, content: bytes, request: Request) -> Response:
    """Answer with what never changes."""
    visit: Visit = request.scope[VISIT]
    visit.route, visit.headers = route, headers.PUBLIC
    return Response(content, media_type=JSON)


async def unknown_route(request: Request, _refused: Exception) -> Response:
    """There is no such route."""
    detail = f"no such route; expected one of: {', '.join(endpoints())}"
    return problem(problems.NOT_FOUND, detail, request_id=request.scope[VISIT].request_id)


async def wrong_method(request: Request, refused_method: Exception) -> Response:
    """There is, for another method."""
    told = refused_method.headers if isinstance(refused_method, HTTPException) else None
    allowed = (told or {}).get("Allow", "")
    detail = f"{request.method} is not allowed; expected: {allowed}"
    return problem(problems.METHOD_NOT_ALLOWED, detail, request_id=request.scope[VISIT].request_id, headers={"Allow": allowed})
