"""The inspector over HTTP without a server: statuses, headers, and who gets to see it."""

import asyncio
import base64
import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.types import Scope

from domain.errors import KeeprankError
from serving.inspector.entrance import Entrance
from serving.inspector.page import STYLE
from serving.inspector.web import HEADERS, Answer, Inspector
from serving.keys import Anyone, Caller, Door, Refusal
from serving.limits import Limits
from tests.support.inspected import House

FROM_HERE = {"origin": "http://127.0.0.1", "host": "127.0.0.1"}
FORM = {**FROM_HERE, "content-type": "application/x-www-form-urlencoded"}


class OneKey:
    """A door with one key."""

    def authorise(self, header: str | None, *_needed: Any) -> Caller | Refusal:
        if header == "Bearer theirs":
            return Refusal.FORBIDDEN
        return Caller("k1", frozenset()) if header == "Bearer mine" else Refusal.UNAUTHORIZED

    def holds(self, key_id: str, *_needed: object) -> bool:
        return "k1" == key_id


@dataclass
class Told:
    """Who was let in, and what failed."""

    keys: list[str] = field(default_factory=list)
    errors: list[Exception] = field(default_factory=list)

    def let_in(self, scope: Scope, key_id: str) -> None:
        assert "/inspector" == scope["path"]
        self.keys.append(key_id)

    def failed(self, _scope: Scope, error: Exception) -> str:
        self.errors.append(error)
        return "visit-1"


async def at_once(work: Callable[[], Answer]) -> Answer:
    return work()


def failing(error: Exception) -> Callable[[Callable[[], Answer]], Awaitable[Answer]]:
    async def fail(_: Callable[[], Answer]) -> Answer:
        raise error

    return fail


def sent(
    method: str = "GET",
    query: str = "",
    form: Mapping[str, str] | bytes | None = None,
    headers: Mapping[str, str] = FORM,
    *,
    door: Door | None = None,
    told: Told | None = None,
    in_thread: Callable[[Callable[[], Answer]], Awaitable[Answer]] = at_once,
    largest: int = 100_000,
) -> httpx.Response:
    entrance = Entrance(door or Anyone(), b"s" * 32, now=lambda: 1_000.0)
    inspector = Inspector(House, entrance, Limits(largest, 5_000, 32, 10.0), told or Told(), in_thread)
    content = str(httpx.QueryParams(form)).encode() if isinstance(form, Mapping) else form

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=inspector), base_url="http://127.0.0.1") as client:
            return await client.request(method, f"/inspector{query}", content=content, headers=headers)

    return asyncio.run(ask())


def test_the_page_is_shown() -> None:
    response = sent()

    assert (200, "text/html; charset=utf-8") == (response.status_code, response.headers["content-type"])
    assert "Rank</button>" in response.text
    assert "Sign out" not in response.text


def test_another_tool_can_link_to_a_ranking() -> None:
    assert "customer c 1" in sent(query="?customer=c+1&skus=a%20b").text


def test_a_form_is_answered_where_it_stands() -> None:
    response = sent("POST", form={"skus": "a b"})

    assert 200 == response.status_code
    assert "2 offers for a shopper whom nobody knows" in response.text


def test_a_wrong_form_is_answered_with_the_page() -> None:
    assert (422, True) == ((response := sent("POST", form={"country": "x"})).status_code, "Not ranked" in response.text)


def test_the_page_loads_and_runs_nothing_but_its_own_style() -> None:
    response = sent("POST", form={"skus": "a b"})
    style = re.search(r"<style>(.*)</style>", response.text, re.DOTALL)

    assert style is not None
    assert STYLE == style[1]
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
        == (response.headers["content-security-policy"])
    )
    assert {"style"} == set(re.findall(r"<(script|style|iframe|object|img)", response.text))
    assert not re.search(r'\sstyle="|\son[a-z]+="|https?://', response.text)


@pytest.mark.parametrize(
    ("told", "status"),
    [
        ({}, 200),
        ({"query": "?country=x"}, 422),
        ({"method": "PUT"}, 405),
        ({"method": "POST", "form": {"skus": "a"}, "headers": {**FORM, "sec-fetch-site": "cross-site"}}, 403),
        ({"method": "POST", "form": {"skus": "a"}, "headers": {"content-type": FORM["content-type"]}}, 403),
        ({"method": "POST", "form": b"{}", "headers": {**FROM_HERE, "content-type": "application/json"}}, 415),
        ({"method": "POST", "form": b"x" * 1001, "largest": 1000}, 413),
        ({"method": "POST", "form": b"a=1&" * 60}, 413),
        ({"query": "?" + "a=1&" * 60}, 413),
        ({"headers": {"cookie": "c" * 5001}}, 431),
        ({"door": OneKey()}, 401),
        ({"in_thread": failing(RuntimeError("secret"))}, 500),
        ({"in_thread": failing(KeeprankError("too many wait"))}, 503),
    ],
)
def test_every_answer_carries_the_headers_that_keep_it_safe(told: dict[str, Any], status: int) -> None:
    response = sent(**told)

    assert status == response.status_code
    assert dict(HEADERS).items() <= {name: response.headers[name] for name in HEADERS}.items()


def test_what_fails_inside_stays_inside_and_what_was_typed_is_kept() -> None:
    told = Told()

    response = sent("POST", form={"customer": "c1"}, told=told, in_thread=failing(RuntimeError("secret")))

    assert 'value="c1"' in response.text
    assert "visit-1" in response.text
    assert "secret" not in response.text
    assert ["RuntimeError('secret')"] == [repr(error) for error in told.errors]


def test_no_room_is_said_in_the_page() -> None:
    told = Told()

    assert "too many wait" in sent("POST", form={"customer": "c1"}, told=told, in_thread=failing(KeeprankError("too many wait"))).text
    assert [] == told.errors


def test_nobody_sees_the_page_without_a_key_and_what_was_typed_waits() -> None:
    response = sent("POST", form={"customer": "c1", "json": "{\n}"}, door=OneKey())

    assert 401 == response.status_code
    assert 'name="customer" value="c1"' in response.text
    assert 'name="json" value="{\n}"' in response.text
    assert "snapshot1" not in response.text


def test_a_key_signs_in_and_answers_what_was_typed() -> None:
    told = Told()

    response = sent("POST", form={"key": "mine", "skus": "a b", "customer": "c1"}, door=OneKey(), told=told)

    assert "2 offers for customer c1" in response.text
    assert "mine" not in response.text
    assert "Sign out" in response.text
    assert ["k1"] == told.keys
    cookie = response.headers["set-cookie"]
    again = sent(headers={"cookie": cookie.partition(";")[0]}, door=OneKey(), told=told)
    assert 200 == again.status_code
    assert "set-cookie" not in again.headers
    assert ["k1", "k1"] == told.keys


@pytest.mark.parametrize(("key", "said"), [("wrong", "No such key"), ("theirs", "not for operations"), ("", "No such key")])
def test_a_key_that_does_not_open_says_so_and_nothing_is_lost(key: str, said: str) -> None:
    response = sent("POST", form={"key": key, "skus": "a b"}, door=OneKey())

    assert 401 == response.status_code
    assert said in response.text
    assert 'value="a b"' in response.text
    assert "set-cookie" not in response.headers


def test_a_key_in_an_address_opens_nothing() -> None:
    assert 401 == sent(query="?key=mine", door=OneKey()).status_code


def test_a_key_in_a_header_needs_no_form() -> None:
    assert 200 == sent(headers={"authorization": "Bearer mine"}, door=OneKey()).status_code


def test_each_form_keeps_the_session_for_another_while_and_sign_out_ends_it() -> None:
    cookie = {"cookie": sent("POST", form={"key": "mine"}, door=OneKey()).headers["set-cookie"].partition(";")[0]}

    assert "Max-Age=3600" in sent("POST", form={"skus": "a"}, headers={**FORM, **cookie}, door=OneKey()).headers["set-cookie"]
    out = sent("POST", form={"sign_out": "1"}, headers={**FORM, **cookie}, door=OneKey())
    assert (303, "/inspector") == (out.status_code, out.headers["location"])
    assert "Max-Age=0" in out.headers["set-cookie"]


def test_another_site_can_neither_sign_in_nor_out() -> None:
    elsewhere = {**FORM, "origin": "https://evil.example"}

    assert [403, 403] == [sent("POST", form={name: "mine"}, headers=elsewhere, door=OneKey()).status_code for name in ("key", "sign_out")]
