"""The service does what its OpenAPI document says: requests drawn from it, right ones and wrong ones, get replies that it describes."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, Phase, given, seed, settings

from serving.api import CALLS, Call
from serving.key_file import Scope
from tests.support.live import Live

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # about what it imports itself
    import schemathesis
    from schemathesis import GenerationMode
    from schemathesis.specs.openapi import checks

DESCRIBED = [
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
OF_THE_SHOP = ("at", "today", "stated", "consents", "promised_at", "currency")
"""What the document cannot tell: on which day the shop is, and what it sells for."""

CAREFUL = settings(
    max_examples=30,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def described(service_of_today: Live) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{service_of_today.running.url}/openapi.json")


@pytest.fixture(scope="module")
def session(service_of_today: Live) -> Iterator[requests.Session]:
    with requests.Session() as one:
        one.headers["Authorization"] = f"Bearer {service_of_today.keys[Scope.ADMIN]}"
        yield one


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
@pytest.mark.parametrize("call", CALLS, ids=[call.name for call in CALLS])
def test_replies_are_as_described(
    service_of_today: Live, described: schemathesis.BaseSchema, session: requests.Session, call: Call, mode: GenerationMode
) -> None:
    operation: Any = described.find_operation_by_id(call.name)  # type: ignore[attr-defined]  # of an OpenAPI document
    left_out = OF_THE_SHOP if mode is GenerationMode.POSITIVE and call.name != "consents" else ()
    seen: set[int] = set()

    @seed(11)
    @CAREFUL
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        if isinstance(case.body, dict):
            case.body = {field: value for field, value in case.body.items() if field not in left_out}
        response = case.call(base_url=service_of_today.running.url, session=session)
        seen.add(response.status_code)
        assert response.status_code < 500
        case.validate_response(response, checks=DESCRIBED)

    check()

    if mode is GenerationMode.POSITIVE:
        assert (409 if call.name == "recommend" else 200) in seen, "this release has no retrieval, and takes all else that is right"
    elif call.takes is not None:
        assert {400, 422} & seen
