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
        status: HTTP status.
        title: a sentence that is the same every time.
    """

    status: int
    title: str

    @property
    def name(self) -> str:
        """The stable code's last part."""
        return self.title.lower().replace(" ", "-")


MALFORMED = Kind(400, "Malformed JSON")
NOT_FOUND = Kind(404, "Not found")
METHOD_NOT_ALLOWED = Kind(405, "Method not allowed")
TOO_LARGE = Kind(413, "Request too large")
UNSUPPORTED = Kind(415, "Unsupported content")
INVALID = Kind(422, "Invalid request")
INTERNAL = Kind(500, "Internal error")
KINDS = (MALFORMED, NOT_FOUND, METHOD_NOT_ALLOWED, TOO_LARGE, UNSUPPORTED, INVALID, INTERNAL)


def problem(
    kind: Kind, detail: str, *, request_id: str, errors: Sequence[FieldError] = (), headers: Mapping[str, str] | None = None
) -> Response:
    """A refusal as the reply to a request."""
    document = Problem(
        type=f"/problems/{kind.name}", title=kind.title, status=kind.status, detail=detail, errors=list(errors), request_id=request_id
    )
    return Response(msgspec.json.encode(document), status_code=kind.status, headers=headers, media_type=MEDIA_TYPE)
