"""Says what was wrong with a request, in the form that every client can read (problem documents, RFC 9457)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
from starlette.responses import Response

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
NOT_FOUND = Kind("not-found", 404, "Not found")
METHOD_NOT_ALLOWED = Kind("method-not-allowed", 405, "Method not allowed")
TOO_LARGE = Kind("request-too-large", 413, "Request too large")
UNSUPPORTED = Kind("unsupported-content", 415, "Unsupported content")
INVALID = Kind("invalid-request", 422, "Invalid request")
INTERNAL = Kind("internal-error", 500, "Internal error")
KINDS = (MALFORMED, NOT_FOUND, METHOD_NOT_ALLOWED, TOO_LARGE, UNSUPPORTED, INVALID, INTERNAL)


def problem(
    kind: Kind, detail: str, *, request_id: str, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """A refusal as the reply to a request."""
    document = Problem(type=kind.type, title=kind.title, status=kind.status, detail=detail, errors=list(errors), request_id=request_id)
    return Response(msgspec.json.encode(document), status_code=kind.status, headers=headers, media_type=MEDIA_TYPE)
