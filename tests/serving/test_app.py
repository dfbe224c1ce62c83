"""The application without a server: requests in, replies out."""

import asyncio
import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from prometheus_client import REGISTRY
from starlette.types import Message

from serving.app import Application
from serving.problems import KINDS
from serving.state import Serving
from serving.wire import Problem, RankReply
from tests.support.doors import application, patient

JSON = {"content-type": "application/json"}


LARGEST_BODY_BYTES = patient().service.largest_body_bytes


def door_to(serving: Serving) -> Application:
    return application(serving, Path(tempfile.mkdtemp()))


def sent(serving: Serving, method: str, path: str, content: bytes | None = None, headers: dict[str, str] | None = None) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=door_to(serving))
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            return await client.request(method, path, content=content, headers=JSON if headers is None else headers)

    return asyncio.run(ask())


def ranked(serving: Serving, **fields: Any) -> httpx.Response:
    return sent(
        serving, "POST", "/v1/rank", json.dumps({"offers": [{"sku": sku} for sku in list(serving.products)[:3]], **fields}).encode()
    )


def problem_of(response: httpx.Response) -> Problem:
    assert "application/problem+json" == response.headers["content-type"]
    document = msgspec.json.decode(response.content, type=Problem)
    assert response.status_code == document.status
    return document


def test_a_ranking_is_answered_as_the_wire_says(serving: Serving) -> None:
    response = ranked(serving, request_id="mine")

    assert 200 == response.status_code
    assert "mine" == msgspec.json.decode(response.content, type=RankReply).request_id


def test_a_request_without_an_id_gets_one(serving: Serving) -> None:
    assert 36 == len(ranked(serving).json()["request_id"])


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"surprise": 1}, "/surprise"),
        ({"currency": "USD"}, "/currency"),
        ({"offers": [{"sku": "a", "price": -1}]}, "/offers/0/price"),
        ({"at": "2026-01-01T00:00:00Z"}, "/at"),
        ({"at": "2027-01-01T00:00:00Z"}, "/at"),
        ({"at": "9999-12-31T23:59:59-14:00"}, "/at"),
        ({"promised_at": "0001-01-01T00:00:00+14:00"}, "/promised_at"),
        ({"today": [{"id": "e1", "kind": "view", "at": "2026-01-01T00:00:00Z"}]}, "/today/0/at"),
        ({"offers": [{"sku": str(number)} for number in range(501)]}, "/offers"),
    ],
)
def test_a_wrong_field_is_an_invalid_request_that_names_it(serving: Serving, fields: dict[str, Any], field: str) -> None:
    document = problem_of(ranked(serving, **fields))

    assert (422, "/problems/invalid-request") == (document.status, document.type)
    assert [field] == [error.field for error in document.errors]


def test_a_refusal_carries_the_requests_own_id(serving: Serving) -> None:
    assert "mine" == problem_of(ranked(serving, currency="USD", request_id="mine")).request_id


@pytest.mark.parametrize(
    ("content", "headers", "status", "kind"),
    [
        (b"{", JSON, 400, "malformed-json"),
        (b"", JSON, 400, "malformed-json"),
        (rb'{"offers": [{"sku": "\ud800"}]}', JSON, 400, "malformed-json"),
        (rb'{"offers": [{"sku": "a"}], "\ud800": 1}', JSON, 400, "malformed-json"),
        ('{"offers": [{"sku": "a"}]}'.encode("utf-16"), JSON, 400, "malformed-json"),
        (b"{}", {"content-type": "text/plain"}, 415, "unsupported-content"),
        (b"{}", {}, 415, "unsupported-content"),
        (b"{}", {**JSON, "content-encoding": "gzip"}, 415, "unsupported-content"),
        (b" " * (LARGEST_BODY_BYTES + 1), JSON, 413, "request-too-large"),
        (b"[" * LARGEST_BODY_BYTES, JSON, 400, "malformed-json"),
    ],
)
def test_what_cannot_be_read_is_refused(serving: Serving, content: bytes, headers: dict[str, str], status: int, kind: str) -> None:
    document = problem_of(sent(serving, "POST", "/v1/rank", content, headers))

    assert (status, f"/problems/{kind}") == (document.status, document.type)


def test_a_charset_beside_the_content_type_is_fine(serving: Serving) -> None:
    body = json.dumps({"offers": [{"sku": "x", "price": 1}]}).encode()

    assert 200 == sent(serving, "POST", "/v1/rank", body, {"content-type": "Application/JSON; charset=utf-8"}).status_code


@pytest.mark.parametrize("path", ["/nothing", "/v1/rank/", "/docs.json", "/static_content/x.js", "/v1"])
def test_an_unknown_route_is_not_found(serving: Serving, path: str) -> None:
    assert 404 == problem_of(sent(serving, "GET", path)).status


def test_a_wrong_method_is_told_the_right_one(serving: Serving) -> None:
    response = sent(serving, "GET", "/v1/rank")

    assert 405 == problem_of(response).status
    assert "POST" == response.headers["allow"]


def test_what_fails_inside_stays_inside_and_is_logged(serving: Serving, capsys: pytest.CaptureFixture[str]) -> None:
    broken = replace(serving, products=None)  # type: ignore[arg-type]

    document = problem_of(sent(broken, "POST", "/v1/rank", b'{"offers": [{"sku": "a"}], "request_id": "mine"}'))

    assert (500, "/problems/internal-error", "mine") == (document.status, document.type, document.request_id)
    assert "NoneType" not in document.detail
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [("mine", "failed")] == [(line["request_id"], line["event"]) for line in told if line["level"] == "error"]


def test_every_kind_of_problem_has_a_code_of_its_own() -> None:
    assert len(KINDS) == len({kind.code for kind in KINDS})


def test_the_handbook_lists_every_type_of_problem_and_no_other() -> None:
    lines = (Path(__file__).parents[2] / "docs/service.md").read_text().splitlines()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|") and "/problems/" in line]

    listed = [pair for statuses, types, _ in rows for pair in zip(statuses.split(", "), types.split(", "), strict=True)]

    assert [(str(kind.status), f"`{kind.type}`") for kind in KINDS] == listed


def test_the_index_names_the_endpoints_and_loads_nothing_from_elsewhere(serving: Serving) -> None:
    response = sent(serving, "GET", "/")

    assert "POST /v1/rank" in response.json()["endpoints"]
    assert "http" not in response.text


def test_the_release_that_serves_is_told(serving: Serving) -> None:
    told = sent(serving, "GET", "/v1/releases").json()

    champion = told["champion"]["info"]
    assert {"fit": "compiled", "reason": "compiled", "return": "compiled"} == champion["trees"]
    assert (serving.release.seal, ["fit", "reason", "return"]) == (champion["release"], champion["models"])


def count(route: str, status: str) -> float:
    return REGISTRY.get_sample_value("keeprank_requests_total", {"route": route, "status": status}) or 0.0


def test_a_caller_who_hangs_up_is_no_failure_of_ours(serving: Serving) -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def unheard(_: Message) -> None:
        pass

    scope = {"type": "http", "method": "POST", "path": "/v1/rank", "headers": [(b"content-type", b"application/json")], "query_string": b""}
    before = count("/v1/rank", "499"), count("/v1/rank", "500")

    asyncio.run(door_to(serving)(scope, gone, unheard))

    assert (before[0] + 1, before[1]) == (count("/v1/rank", "499"), count("/v1/rank", "500"))


def test_answers_are_counted_by_route_and_status(serving: Serving) -> None:
    before = count("/v1/rank", "422"), count("other", "404")
    ranked(serving, limit=0)
    sent(serving, "GET", "/secret/path")

    assert (before[0] + 1, before[1] + 1) == (count("/v1/rank", "422"), count("other", "404"))


@pytest.mark.parametrize(("call", "scored"), [("size", True), ("events", False)])
def test_the_line_of_a_request_names_a_release_only_where_one_scored(
    serving: Serving, capsys: pytest.CaptureFixture[str], call: str, scored: bool
) -> None:
    style = next(product.style_id for product in serving.products.values() if product.sized)
    body = {"size": {"style_id": style, "ask": False}, "events": []}[call]

    assert 200 == sent(serving, "POST", f"/v1/{call}", json.dumps(body).encode()).status_code

    (line,) = [json.loads(told) for told in capsys.readouterr().out.splitlines()]
    assert (serving.release.seal if scored else None) == line["release"]
