"""Whatever is sent, it is read or refused by name; nothing that is too large, too deep or too slow goes further."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect
from starlette.types import Message, Receive

from serving.limits import HeadersTooLarge, Limits, RequestTooDeep, RequestTooLarge, RequestTooSlow, depth
from serving.reading import RequestMalformed, RequestRefused, read_request
from serving.wire import RankRequest

LIMITS = Limits(body_bytes=10, header_bytes=40, depth=3, body_seconds=60.0)
AT = "2026-10-02T09:30:00+02:00"
WHOLE = {
    "offers": [{"sku": "a", "price": 4999, "p_order": 0.1}, {"sku": "b", "quantity": 2, "p_order": 0.2}],
    "customer_id": "c1",
    "country": "DE",
    "at": AT,
    "today": [{"id": "e1", "kind": "view", "sku": "a", "at": AT}],
    "stated": [{"attribute": "height_cm", "value": "178", "at": AT}],
    "consents": [{"purpose": "measurements", "granted": True, "at": AT}],
    "basket": [{"sku": "c", "quantity": 1}],
    "limit": 5,
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text('ab["{\\}]é'),
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(st.text('ab["{\\}]', max_size=3), inside, max_size=4),
    max_leaves=12,
)


def sent(*chunks: bytes, gone: bool = False) -> Receive:
    """A caller who sends these and then hangs up, or waits for the reply."""
    messages: list[Message] = [{"type": "http.request", "body": chunk, "more_body": gone or chunk is not chunks[-1]} for chunk in chunks]
    left = iter([*messages, {"type": "http.disconnect"}] if gone else messages)

    async def receive() -> Message:
        return next(left)

    return receive


def received(receive: Receive, limits: Limits = LIMITS) -> bytes:
    return asyncio.run(limits.body(receive))


def test_a_body_comes_in_pieces() -> None:
    assert b"0123456789" == received(sent(b"0123", b"456789"))
    assert b"" == received(sent(b""))


def test_a_body_that_is_too_large_is_refused_before_it_is_all_there() -> None:
    with pytest.raises(RequestTooLarge, match="larger than 10 bytes"):
        received(sent(b"0123456789", b"0", gone=True))


def test_a_caller_who_hangs_up_is_gone() -> None:
    with pytest.raises(ClientDisconnect):
        received(sent(b"0123", gone=True))


def test_a_body_that_does_not_come_is_given_up() -> None:
    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    with pytest.raises(RequestTooSlow, match=r"after 0\.01 s"):
        received(receive, Limits(10, 40, 3, body_seconds=0.01))


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ([(b"content-length", b"10")], None),
        ([(b"content-length", b"11")], RequestTooLarge),
        ([(b"content-length", b"9" * 20)], RequestTooLarge),
        ([(b"content-length", b"-1")], None),
        ([(b"a", b"1" * 39)], None),
        ([(b"a", b"1" * 40)], HeadersTooLarge),
        ([(b"a", b"1" * 20), (b"b", b"1" * 20)], HeadersTooLarge),
    ],
)
def test_headers_tell_early_what_is_too_large(headers: list[tuple[bytes, bytes]], refused: type[Exception] | None) -> None:
    if refused is None:
        LIMITS.check_headers(headers)
        return
    with pytest.raises(refused):
        LIMITS.check_headers(headers)


def test_a_document_that_is_too_deep_is_refused() -> None:
    LIMITS.check_depth(b'{"a": [{}]}')
    with pytest.raises(RequestTooDeep, match="deeper than 3"):
        LIMITS.check_depth(b'{"a": [{"b": []}]}')


@pytest.mark.parametrize("body", [b"[" * 10_000, b'{"a":' * 10_000, b"[" * 10_000 + b"]" * 10_000, b'{"offers":[' + b"[" * 2**20])
def test_ten_thousand_brackets_are_counted_without_a_stack(body: bytes) -> None:
    with pytest.raises(RequestTooDeep):
        LIMITS.check_depth(body)
    assert refused_or_read(body)


@given(VALUES)
@example({'"': [["\\"]]})
def test_depth_is_that_of_the_document(value: Any) -> None:
    assert nested(value) == depth(json.dumps(value).encode())
    assert nested(value) == depth(json.dumps(value, ensure_ascii=False, indent=1).encode())


def nested(value: Any) -> int:
    inside: Iterable[Any] = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (max(map(nested, inside), default=0) + 1) if isinstance(value, dict | list) else 0


def refused_or_read(body: bytes) -> RankRequest | str:
    """What is made of a body; any other error than a refusal fails the test."""
    try:
        return read_request(body)
    except (RequestMalformed, RequestRefused) as refused:
        return str(refused)


@given(st.binary(max_size=200) | VALUES.map(lambda value: json.dumps(value).encode()))
@example(b"\xff\xfe")
@example(b'{"offers": [{"sku": "\xf0\x9f"}]}')
@example(b"\x00")
def test_anything_is_read_or_refused(body: bytes) -> None:
    assert refused_or_read(body)
    assert 0 <= depth(body) <= len(body)


@st.composite
def spoiled(draw: st.DrawFn) -> bytes:
    """A request with one of its values exchanged, or its bytes cut off or changed."""
    document = json.loads(json.dumps(WHOLE))
    where: Any = document
    while isinstance(where, dict | list) and where:
        keys: list[Any] = list(where) if isinstance(where, dict) else list(range(len(where)))
        key = draw(st.sampled_from(keys))
        if not isinstance(where[key], dict | list) or draw(st.booleans()):
            where[key] = draw(VALUES)
            break
        where = where[key]
    body = bytearray(json.dumps(document).encode())
    if draw(st.booleans()):
        body[draw(st.integers(0, len(body) - 1))] = draw(st.integers(0, 255))
    return bytes(body[: draw(st.sampled_from([len(body), len(body), draw(st.integers(0, len(body)))]))])


@given(spoiled())
def test_a_spoiled_request_is_read_or_refused(body: bytes) -> None:
    assert refused_or_read(body)


def test_the_request_that_is_spoiled_is_whole() -> None:
    assert isinstance(refused_or_read(json.dumps(WHOLE).encode()), RankRequest)
