import json
from collections.abc import Iterator
from typing import Any

import msgspec

from serving.openapi import EXAMPLE, document
from serving.problems import KINDS
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

    assert EXAMPLE == given
    assert msgspec.convert(given, RankRequest) == read_request(json.dumps(given).encode())


def test_the_example_shows_every_field_of_a_request() -> None:
    assert {field.name for field in msgspec.structs.fields(RankRequest)} == set(EXAMPLE)
    shown = {name for offer in EXAMPLE["offers"] for name in offer}
    assert {field.name for field in msgspec.structs.fields(Offer)} - shown == {"quantity", "hidden"}
    assert {field.name for field in msgspec.structs.fields(BasketLine)} - set(EXAMPLE["basket"][0]) == {"price"}
    for part, struct in (("today", Move), ("stated", Statement), ("consents", Consent)):
        assert {field.name for field in msgspec.structs.fields(struct)} == set(EXAMPLE[part][0])


def test_unknown_fields_of_a_request_are_refused_and_the_document_says_so() -> None:
    schemas = DOCUMENT["components"]["schemas"]

    requested = ("RankRequest", "Offer", "BasketLine", "Move", "Statement", "Consent")

    assert [False] * 6 == [schemas[name]["additionalProperties"] for name in requested]


def test_every_refusal_of_a_ranking_is_announced() -> None:
    announced = set(DOCUMENT["paths"]["/v1/rank"]["post"]["responses"])

    assert {"200", *(str(kind.status) for kind in KINDS)} - {"404", "405"} == announced
