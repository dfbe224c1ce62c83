"""Every call of the service in one table: what it does, who may make it, what it takes, what it answers and how it refuses.

Routes, the OpenAPI document and the client's methods follow from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from serving import problems
from serving.facts import Fact
from serving.key_file import Scope
from serving.problems import Kind
from serving.sizes import SizeReply
from serving.wire import RankReply, RankRequest
from serving.wire_basket import BasketReply, BasketRequest
from serving.wire_customers import Consents, CustomerReply, ErasedReply, Preferences, Rejoined
from serving.wire_events import EventsReply
from serving.wire_explain import ExplainReply, ExplainRequest
from serving.wire_recommend import RecommendReply, RecommendRequest
from serving.wire_releases import ReleasesInfo
from serving.wire_size import SizeRequest

FRONT = (Scope.STOREFRONT,)
EITHER = (Scope.STOREFRONT, Scope.OPERATIONS)
OPERATIONS = (Scope.OPERATIONS,)
ADMIN = (Scope.ADMIN,)

_OF_BODIES = (problems.MALFORMED, problems.TOO_SLOW, problems.TOO_LARGE, problems.UNSUPPORTED, problems.INVALID)
_STATE = (problems.STATE_UNAVAILABLE,)


@dataclass(frozen=True)
class Call:
    """One call.

    Attributes:
        name: its operation id.
        method: HTTP method.
        path: with `{customer_id}` where it is about one customer.
        summary: what it does, in a sentence.
        scopes: keys that may make it; admin keys may make every call.
        takes: the body, where there is one.
        answers: the reply.
        refuses: beside those of every call.
        example: of a body that it takes.
    """

    name: str
    method: Literal["GET", "POST", "PUT", "DELETE"]
    path: str
    summary: str
    scopes: tuple[Scope, ...]
    takes: Any
    answers: type
    refuses: tuple[Kind, ...]
    example: Mapping[str, Any] | list[Any] | None = None


_WHO: Mapping[str, Any] = {"customer_id": "c000017", "country": "DE", "at": "2026-10-02T09:30:00+02:00"}

RANK_EXAMPLE: Mapping[str, Any] = {
    **_WHO,
    "currency": "EUR",
    "channel": "app",
    "payment_method": "invoice",
    "promised_at": "2026-10-04T18:00:00+02:00",
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
    "personalization": True,
    "session_id": "visit-7",
    "request_id": "listing-42",
}
"""A request that the service accepts."""

_EVENTS: list[Any] = [
    {"type": "event", "id": "e7", "customer_id": "c000017", "kind": "basket", "sku": "s0001-38", "at": "2026-10-02T09:21:00+02:00"},
    {"type": "stock", "id": "k9", "sku": "s0001-40", "available": 2, "at": "2026-10-02T09:21:00+02:00"},
]

CALLS = (
    Call(
        "rank",
        "POST",
        "/v1/rank",
        "Rank offers for a shopper by expected kept margin.",
        FRONT,
        RankRequest,
        RankReply,
        _OF_BODIES,
        RANK_EXAMPLE,
    ),
    Call(
        "recommend",
        "POST",
        "/v1/recommend",
        "Recommend skus of the whole assortment, ranked likewise.",
        FRONT,
        RecommendRequest,
        RecommendReply,
        (*_OF_BODIES, problems.NOT_OFFERED),
        {**_WHO, "categories": ["dress"], "limit": 5},
    ),
    Call(
        "size",
        "POST",
        "/v1/size",
        "Advise the size of a style, with the chances of every size.",
        FRONT,
        SizeRequest,
        SizeReply,
        (*_OF_BODIES, problems.NOT_OFFERED),
        {"customer_id": "c000017", "style_id": "s0001", "stated": {"height_cm": "172"}, "usual": "38"},
    ),
    Call(
        "basket",
        "POST",
        "/v1/basket",
        "Assess a basket: what is likely to come back, and which word to the shopper would be worth most.",
        FRONT,
        BasketRequest,
        BasketReply,
        _OF_BODIES,
        {**_WHO, "lines": [{"sku": "s0001-38"}, {"sku": "s0001-40"}]},
    ),
    Call(
        "events",
        "POST",
        "/v1/events",
        "Tell up to 1,000 facts; each counts from the next reply on, on every worker.",
        EITHER,
        list[Fact],
        EventsReply,
        (*_OF_BODIES, *_STATE),
        _EVENTS,
    ),
    Call(
        "explain",
        "POST",
        "/v1/explain",
        "Lay open the evidence behind one score, in words and numbers.",
        OPERATIONS,
        ExplainRequest,
        ExplainReply,
        (*_OF_BODIES, problems.NOT_OFFERED),
        {**_WHO, "sku": "s0001-38"},
    ),
    Call(
        "customer",
        "GET",
        "/v1/customers/{customer_id}",
        "Hand out everything that the service knows of a customer.",
        OPERATIONS,
        None,
        CustomerReply,
        (problems.INVALID, *_STATE),
    ),
    Call(
        "erase",
        "DELETE",
        "/v1/customers/{customer_id}",
        "Erase a customer: from the next reply on nothing about the person is used, on any worker.",
        ADMIN,
        None,
        ErasedReply,
        (problems.INVALID, problems.LOG_UNAVAILABLE, *_STATE),
    ),
    Call(
        "rejoin",
        "POST",
        "/v1/customers/{customer_id}/rejoin",
        "Know a customer anew who was erased: facts that happen from now on are taken again.",
        OPERATIONS,
        None,
        Rejoined,
        (problems.INVALID, *_STATE),
    ),
    Call(
        "preferences",
        "PUT",
        "/v1/customers/{customer_id}/preferences",
        "Say what a customer declares: sizes, measurements, an occasion.",
        FRONT,
        Preferences,
        EventsReply,
        (*_OF_BODIES, *_STATE),
        {"preferences": [{"attribute": "size:dress", "value": "38", "at": "2026-10-02T09:15:00+02:00"}]},
    ),
    Call(
        "consents",
        "PUT",
        "/v1/customers/{customer_id}/consents",
        "Say what a customer grants or withdraws; a withdrawal holds from the next reply on.",
        FRONT,
        Consents,
        EventsReply,
        (*_OF_BODIES, *_STATE),
        {"consents": [{"purpose": "personalisation", "granted": False, "at": "2026-10-02T09:15:00+02:00"}]},
    ),
    Call(
        "releases",
        "GET",
        "/v1/releases",
        "Say what serves, what was refused and why, and what lies ready.",
        OPERATIONS,
        None,
        ReleasesInfo,
        (),
    ),
)
"""In the order of the documentation; probes, metrics, this interface's description and the inspector stand beside them."""

BY_NAME: Mapping[str, Call] = {call.name: call for call in CALLS}
