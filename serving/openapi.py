"""Describes the service to other programs: the OpenAPI 3.1 document, made from the types that requests are checked against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from serving import problems
from serving.api import CALLS, Call
from serving.problems import Kind
from serving.wire import Problem

_OF_EVERY_CALL = (
    problems.UNAUTHORIZED,
    problems.FORBIDDEN,
    problems.HEADERS_TOO_LARGE,
    problems.OVER_CAPACITY,
    problems.TOO_LATE,
    problems.INTERNAL,
)
_IN_THE_PATH: Mapping[str, Any] = {
    "name": "customer_id",
    "in": "path",
    "required": True,
    "description": "The shop's id of the customer, percent-encoded.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
}


def document(version: str) -> dict[str, Any]:
    """The OpenAPI document.

    Args:
        version: of the interface.
    """
    types = [kind for call in CALLS for kind in (call.takes, call.answers) if kind is not None]
    schemas, components = msgspec.json.schema_components([*types, Problem], ref_template="#/components/schemas/{name}")
    told = iter(schemas)
    paths: dict[str, dict[str, Any]] = {}
    for call in CALLS:
        takes = next(told) if call.takes is not None else None
        paths.setdefault(call.path, {})[call.method.lower()] = _operation(call, takes, next(told))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Keeprank",
            "version": version,
            "summary": "Ranks shop offers by what the customer will keep, and what that leaves in the till.",
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key, kr_…, made by `keeprank keys`."}},
        },
    }


def _operation(call: Call, takes: Mapping[str, Any] | None, answers: Mapping[str, Any]) -> dict[str, Any]:
    scopes = [scope.value for scope in call.scopes]
    told: dict[str, Any] = {
        "operationId": call.name,
        "summary": call.summary,
        "description": f"Needs a key with the scope {' or '.join(scopes)}, or admin.",
        "security": [{"key": []}],
        "responses": {"200": _content("The reply.", answers, "application/json"), **_refusals([*call.refuses, *_OF_EVERY_CALL])},
    }
    if "{customer_id}" in call.path:
        told["parameters"] = [_IN_THE_PATH]
    if takes is not None:
        body: dict[str, Any] = {"schema": takes, **({} if call.example is None else {"example": call.example})}
        media = {"application/json": body, **({"application/x-ndjson": {"schema": {"type": "string"}}} if call.name == "events" else {})}
        told["requestBody"] = {"required": True, "content": media}
    return told


def _refusals(kinds: Sequence[Kind]) -> dict[str, Any]:
    by_status: dict[int, list[Kind]] = {}
    for kind in kinds:
        by_status.setdefault(kind.status, []).append(kind)
    problem = {"$ref": "#/components/schemas/Problem"}
    return {
        str(status): _content("; ".join(f"{kind.title} ({kind.type})" for kind in some), problem, problems.MEDIA_TYPE)
        for status, some in sorted(by_status.items())
    }


def _content(meaning: str, schema: Mapping[str, Any], media_type: str) -> dict[str, Any]:
    return {"description": meaning, "content": {media_type: {"schema": schema}}}
