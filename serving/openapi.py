"""Describes the service to other programs: the OpenAPI 3.1 document, made from the types that requests are checked against."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from serving.wire import Problem, RankReply, RankRequest, ReleaseInfo

EXAMPLE: Mapping[str, Any] = {
    "customer_id": "c000017",
    "country": "DE",
    "currency": "EUR",
    "channel": "app",
    "payment_method": "invoice",
    "promised_at": "2026-10-04T18:00:00+02:00",
    "at": "2026-10-02T09:30:00+02:00",
    "today": [{"id": "e1", "kind": "size_guide", "sku": "s0001-38", "at": "2026-10-02T09:12:30+02:00"}],
    "stated": [{"attribute": "occasion", "value": "wedding", "needed_on": "2026-10-10T00:00:00+02:00", "at": "2026-10-02T09:15:00+02:00"}],
    "consents": [{"purpose": "measurements", "granted": True, "at": "2026-10-02T09:14:00+02:00"}],
    "offers": [
        {"sku": "s0001-38", "price": 4390, "discount": 500, "p_order": 0.031},
        {"sku": "s0001-40", "price": 4390, "p_order": 0.024, "available": 3},
        {"sku": "s0007-38", "price": 8990, "unit_cost": 3600, "p_order": 0.018},
    ],
    "basket": [{"sku": "s0003-M", "quantity": 1}],
    "limit": 2,
    "explain": True,
    "request_id": "listing-42",
}
"""A request that the service accepts."""

_REFUSALS = {
    "400": "The body is no JSON in UTF-8.",
    "413": "The body is larger than 1 MiB.",
    "415": "The body is not announced as application/json.",
    "422": "A field is missing, unknown, of the wrong type or out of its limits; `errors` names it.",
    "500": "Something failed inside; the log holds it under the request_id.",
}


def document(version: str) -> dict[str, Any]:
    """The OpenAPI document.

    Args:
        version: of the interface.
    """
    _, components = msgspec.json.schema_components(
        (RankRequest, RankReply, ReleaseInfo, Problem), ref_template="#/components/schemas/{name}"
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Keeprank",
            "version": version,
            "summary": "Ranks shop offers by what the customer will keep, and what that leaves in the till.",
        },
        "paths": {"/v1/rank": {"post": _rank()}, "/v1/releases": {"get": _releases()}},
        "components": {"schemas": components},
    }


def _rank() -> dict[str, Any]:
    refusals = {status: _content(meaning, "Problem", "application/problem+json") for status, meaning in _REFUSALS.items()}
    request = {"schema": _reference("RankRequest"), "example": EXAMPLE}
    return {
        "operationId": "rank",
        "summary": "Rank offers for a shopper by expected kept margin.",
        "requestBody": {"required": True, "content": {"application/json": request}},
        "responses": {"200": _content("The offers, best first.", "RankReply", "application/json"), **refusals},
    }


def _releases() -> dict[str, Any]:
    reply = _content("The release, the snapshot and the policy.", "ReleaseInfo", "application/json")
    return {"operationId": "releases", "summary": "Say what serves.", "responses": {"200": reply}}


def _content(meaning: str, schema: str, media_type: str) -> dict[str, Any]:
    return {"description": meaning, "content": {media_type: {"schema": _reference(schema)}}}


def _reference(schema: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{schema}"}
