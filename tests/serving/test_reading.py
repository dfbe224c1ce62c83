import json
import math
from typing import Any

import pytest

from serving.reading import RequestMalformed, RequestRefused, read_request


def body(**fields: Any) -> bytes:
    return json.dumps({"offers": [{"sku": "a"}], **fields}).encode()


def offer(**fields: Any) -> bytes:
    return body(offers=[{"sku": "a"}, {"sku": "b", **fields}])


def test_a_request_needs_no_more_than_its_offers() -> None:
    request = read_request(b'{"offers": [{"sku": "a"}]}')

    assert (None, (), None, False, 1) == (request.customer_id, request.basket, request.limit, request.explain, request.offers[0].quantity)


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        (b"[]", ""),
        (b"null", ""),
        (b"{}", "/offers"),
        (body(offers=[]), "/offers"),
        (body(offers=[{"sku": str(number)} for number in range(501)]), "/offers"),
        (body(offers=[{}]), "/offers/0/sku"),
        (body(offers=[{"sku": ""}]), "/offers/0/sku"),
        (body(offers=[{"sku": 7}]), "/offers/0/sku"),
        (body(offers=[{"sku": "a"}, {"sku": "b"}, {"sku": "a"}]), "/offers/2/sku"),
        (body(surprise=1), "/surprise"),
        (body(**{"a/b~c": 1}), "/a~1b~0c"),
        (offer(colour="red"), "/offers/1/colour"),
        (offer(price=-1), "/offers/1/price"),
        (offer(price=9.99), "/offers/1/price"),
        (offer(price="999"), "/offers/1/price"),
        (offer(price=True), "/offers/1/price"),
        (offer(price=10**12 + 1), "/offers/1/price"),
        (offer(price=10**30), "/offers/1/price"),
        (offer(price=math.nan), "/offers/1/price"),
        (offer(unit_cost=-5), "/offers/1/unit_cost"),
        (offer(quantity=0), "/offers/1/quantity"),
        (offer(quantity=10_001), "/offers/1/quantity"),
        (offer(p_order=1.1), "/offers/1/p_order"),
        (offer(p_order=math.nan), "/offers/1/p_order"),
        (offer(p_order=math.inf), "/offers/1/p_order"),
        (offer(p_order=0.5), "/offers/0/p_order"),
        (offer(available=-1), "/offers/1/available"),
        (offer(hidden="no"), "/offers/1/hidden"),
        (body(basket=[{"sku": "a"}]), "/basket/0/quantity"),
        (body(basket=[{"sku": "a", "quantity": 1}] * 101), "/basket"),
        (body(country="Germany"), "/country"),
        (body(country="DE\n"), "/country"),
        (body(currency="eur"), "/currency"),
        (body(limit=0), "/limit"),
        (body(limit=501), "/limit"),
        (body(explain=1), "/explain"),
        (body(request_id="a b"), "/request_id"),
        (body(request_id="a\n"), "/request_id"),
        (body(request_id="a" * 65), "/request_id"),
        (body(customer_id=17), "/customer_id"),
        (b'{"offers": ' + b"[" * 100_000, "/offers/0"),
    ],
)
def test_a_wrong_field_is_named(sent: bytes, field: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        read_request(sent)

    assert [field] == [error.field for error in refused.value.errors]


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'{"offers": [{"sku": "\xff"}]}',
        b'{"offers": [{"sku": "\xed\xa0\x80"}]}',
        b'{"offers": [{"sku": "a"}]} x',
        b'{"offers": NaN',
        rb'{"offers": [{"sku": "\ud800"}]}',
        rb'{"offers": [{"sku": "\udc00, and more"}]}',
        rb'{"offers": [{"sku": "a"}], "\ud800": 1}',
        b'{"offers": [{"sku": "a"}], "limit": NaN, "limit": 5}',
        *(body().decode().encode(encoding) for encoding in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32")),
    ],
)
def test_what_is_no_json_is_called_malformed(sent: bytes) -> None:
    with pytest.raises(RequestMalformed):
        read_request(sent)


def test_all_offers_without_p_order_are_named_at_once() -> None:
    with pytest.raises(RequestRefused) as refused:
        read_request(body(offers=[{"sku": "a"}, {"sku": "b", "p_order": 0.1}, {"sku": "c"}]))

    assert ["/offers/0/p_order", "/offers/2/p_order"] == [error.field for error in refused.value.errors]
