import json
import math
from typing import Any

import pytest

from serving.reading import RequestMalformed, RequestRefused, read_request


def body(**fields: Any) -> bytes:
    return json.dumps({"offers": [{"sku": "a"}], **fields}).encode()


def offer(**fields: Any) -> bytes:
    return body(offers=[{"sku": "a"}, {"sku": "b", **fields}])


AT = "2026-10-02T09:30:00+02:00"
MOVE = {"id": "e1", "kind": "view", "at": AT}
SAID = {"attribute": "height_cm", "value": "178", "at": AT}
CONSENT = {"purpose": "measurements", "granted": True, "at": AT}


def test_a_request_needs_no_more_than_its_offers() -> None:
    request = read_request(b'{"offers": [{"sku": "a"}]}')

    assert (None, (), (), (), None) == (request.at, request.today, request.stated, request.consents, request.promised_at)
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
        (offer(discount=-1), "/offers/1/discount"),
        (offer(discount=0.5), "/offers/1/discount"),
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
        (body(channel=""), "/channel"),
        (body(payment_method=7), "/payment_method"),
        (body(promised_at="tomorrow"), "/promised_at"),
        (body(at="2026-10-02T09:30:00"), "/at"),
        (body(at="2026-10-02"), "/at"),
        (body(at=1_790_000_000), "/at"),
        (body(today=[MOVE, {**MOVE, "id": "e2", "kind": "order"}]), "/today/1/kind"),
        (body(today=[{**MOVE, "at": "2026-10-02T09:30"}]), "/today/0/at"),
        (body(today=[{**MOVE, "session": "s"}]), "/today/0/session"),
        (body(today=[{"id": "e1", "kind": "view"}]), "/today/0/at"),
        (body(today=[{**MOVE, "id": str(number)} for number in range(501)]), "/today"),
        (body(today=[MOVE, {**MOVE, "kind": "basket"}]), "/today/1/id"),
        (body(stated=[{**SAID, "value": 178}]), "/stated/0/value"),
        (body(stated=[{**SAID, "value": ""}]), "/stated/0/value"),
        (body(stated=[{**SAID, "needed_on": "2026-10-10"}]), "/stated/0/needed_on"),
        (body(stated=[SAID] * 101), "/stated"),
        (body(stated=[SAID, {**SAID, "value": "179", "at": "2026-10-02T07:30:00Z"}]), "/stated/1/at"),
        (body(consents=[{**CONSENT, "purpose": "marketing"}]), "/consents/0/purpose"),
        (body(consents=[{**CONSENT, "granted": "yes"}]), "/consents/0/granted"),
        (body(consents=[CONSENT] * 101), "/consents"),
        (body(consents=[CONSENT, {**CONSENT, "granted": False}]), "/consents/1/at"),
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


def test_what_is_told_twice_is_no_contradiction() -> None:
    in_utc = {"at": "2026-10-02T07:30:00Z"}

    request = read_request(body(today=[MOVE, MOVE], stated=[SAID, {**SAID, **in_utc}], consents=[CONSENT, {**CONSENT, **in_utc}]))

    assert (2, 2, 2) == (len(request.today), len(request.stated), len(request.consents))
