"""Says what was wrong with a request, in the form that every client can read (problem documents, RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from starlette.responses import Response

from serving.keys import Refusal
from serving.wire import FieldError, Problem

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class Kind:
    """One kind of problem.

    Attributes:
        code: what clients tell it by; it never changes.
        status: HTTP status.
        title: the same in words, for people.
    """

    code: str
    status: int
    title: str

    @property
    def type(self) -> str:
        """The problem document's `type`."""
        return f"/problems/{self.code}"


MALFORMED = Kind("malformed-json", 400, "Malformed JSON")
UNAUTHORIZED = Kind("unauthorized", 401, "Unauthorized")
FORBIDDEN = Kind("forbidden", 403, "Forbidden")
NOT_FOUND = Kind("not-found", 404, "Not found")
UNKNOWN_CUSTOMER = Kind("unknown-customer", 404, "Unknown customer")
UNKNOWN_STYLE = Kind("unknown-style", 404, "Unknown style")
METHOD_NOT_ALLOWED = Kind("method-not-allowed", 405, "Method not allowed")
TOO_SLOW = Kind("request-timeout", 408, "Request timeout")
TOO_LARGE = Kind("request-too-large", 413, "Request too large")
UNSUPPORTED = Kind("unsupported-content", 415, "Unsupported content")
INVALID = Kind("invalid-request", 422, "Invalid request")
HEADERS_TOO_LARGE = Kind("headers-too-large", 431, "Request header fields too large")
INTERNAL = Kind("internal-error", 500, "Internal error")
NOT_READY = Kind("not-ready", 503, "Not ready")
OVER_CAPACITY = Kind("over-capacity", 503, "Over capacity")
STATE_UNAVAILABLE = Kind("state-unavailable", 503, "State unavailable")
KINDS = (
    MALFORMED,
    UNAUTHORIZED,
    FORBIDDEN,
    NOT_FOUND,
    UNKNOWN_CUSTOMER,
    UNKNOWN_STYLE,
    METHOD_NOT_ALLOWED,
    TOO_SLOW,
    TOO_LARGE,
    UNSUPPORTED,
    INVALID,
    HEADERS_TOO_LARGE,
    INTERNAL,
    NOT_READY,
    OVER_CAPACITY,
    STATE_UNAVAILABLE,
)


def problem(
    kind: Kind, detail: str, *, request_id: str, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """A refusal as the reply to a request."""
    document = Problem(type=kind.type, title=kind.title, status=kind.status, detail=detail, errors=list(errors), request_id=request_id)
    return Response(msgspec.json.encode(document), status_code=kind.status, headers=headers, media_type=MEDIA_TYPE)


def not_let_in(refusal: Refusal, *, request_id: str) -> Response:
    """The reply to whoever shows no key that holds, the same for all of them, or one that is for something else."""
    if refusal is Refusal.FORBIDDEN:
        return problem(FORBIDDEN, "this key is not for that; expected: a key with another scope", request_id=request_id)
    detail = "no valid API key; expected: Authorization: Bearer kr_…"
    return problem(UNAUTHORIZED, detail, request_id=request_id, headers={"WWW-Authenticate": 'Bearer realm="keeprank"'})


def over_capacity(retry_after_seconds: int, *, request_id: str) -> Response:
    """The reply while too many requests wait already."""
    detail = f"too many requests wait already; what to do: ask again in {retry_after_seconds} s, and show your own order meanwhile"
    return problem(OVER_CAPACITY, detail, request_id=request_id, headers={"Retry-After": str(retry_after_seconds)})
