import json
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from serving.api import CALLS, RANK_EXAMPLE, Call
from serving.openapi import document
from serving.reading import read_request
from serving.wire import BasketLine, Consent, Move, Offer, RankRequest, Statement

DOCUMENT: dict[str, Any] = json.loads(msgspec.json.encode(document("1")))


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        yield from [part["$ref"]] if "$ref" in part else []
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from references(inner)


def test_every_reference_leads_somewhere() -> None:
    found = set(references(DOCUMENT))

    assert {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]} == found


def test_the_example_is_a_request_that_the_service_accepts() -> None:
    given = DOCUMENT["paths"]["/v1/rank"]["post"]["requestBody"]["content"]["application/json"]["example"]

    assert RANK_EXAMPLE == given
    assert msgspec.convert(given, RankRequest) == read_request(json.dumps(given).encode())


def test_the_example_shows_every_field_of_a_request() -> None:
    assert {field.name for field in msgspec.structs.fields(RankRequest)} == set(RANK_EXAMPLE)
    shown = {name for offer in RANK_EXAMPLE["offers"] for name in offer}
    assert {field.name for field in msgspec.structs.fields(Offer)} - shown == {"quantity", "hidden"}
    assert {field.name for field in msgspec.structs.fields(BasketLine)} - set(RANK_EXAMPLE["basket"][0]) == {"price"}
    for part, struct in (("today", Move), ("stated", Statement), ("consents", Consent)):
        assert {field.name for field in msgspec.structs.fields(struct)} == set(RANK_EXAMPLE[part][0])


def test_unknown_fields_of_a_request_are_refused_and_the_document_says_so() -> None:
    schemas = DOCUMENT["components"]["schemas"]

    requested = ("RankRequest", "Offer", "BasketLine", "Move", "Statement", "Consent")

    assert [False] * 6 == [schemas[name]["additionalProperties"] for name in requested]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_every_call_announces_its_refusals_and_takes_its_example(call: Call) -> None:
    operation = DOCUMENT["paths"][call.path][call.method.lower()]

    announced = {int(status) for status in operation["responses"]}
    assert {200, 401, 403, 500, 503} | {kind.status for kind in call.refuses} <= announced
    assert (call.takes is None) == ("requestBody" not in operation)
    if call.takes is not None:
        msgspec.convert(operation["requestBody"]["content"]["application/json"]["example"], call.takes)
