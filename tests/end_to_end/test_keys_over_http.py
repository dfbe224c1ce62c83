"""Who may do what over HTTP: wrong keys get one and the same answer, keys for something else are told so, a revoked one ends at once."""

from __future__ import annotations

import datetime as dt
import json
import time
from typing import Any

import pytest

from serving.api import CALLS, Call
from serving.key_file import NAME, Scope, create_key, revoke_key
from tests.support.live import Live, Reply

SECURITY = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "x-frame-options": "DENY",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
RANK = {"offers": [{"sku": "x", "price": 1_999}]}
STORES = [(call, scope) for call in CALLS for scope in (Scope.STOREFRONT, Scope.OPERATIONS)]


def told(reply: Reply) -> dict[str, object]:
    """A refusal, but for the id of the request."""
    return {name: value for name, value in reply.json().items() if name != "request_id"}


@pytest.mark.parametrize(("call", "scope"), STORES, ids=[f"{scope}-{call.name}" for call, scope in STORES])
def test_a_key_is_for_its_calls_and_for_no_others(service_of_today: Live, call: Call, scope: Scope) -> None:
    with service_of_today.caller(scope) as ask:
        reply = ask(call.method, call.path.format(customer_id="c000044"), {})

    assert (403 == reply.status) is (scope not in call.scopes)
    assert 401 != reply.status


def test_the_calls_that_matter_most_are_closed_to_the_storefront(service_of_today: Live) -> None:
    with service_of_today.caller(Scope.STOREFRONT) as ask:
        refused = [
            ask("DELETE", "/v1/customers/c000044"),
            ask("GET", "/v1/customers/c000044"),
            ask("GET", "/v1/releases"),
            ask("GET", "/metrics"),
        ]
    with service_of_today.caller(Scope.OPERATIONS) as ask:
        refused.append(ask("DELETE", "/v1/customers/c000044"))

    assert [403] * 5 == [reply.status for reply in refused]
    assert 1 == len({json.dumps(told(reply)) for reply in refused})


def test_no_wrong_key_is_told_from_another(service_of_today: Live) -> None:
    file, now = service_of_today.state / NAME, dt.datetime.now(dt.UTC)
    key, revoked = create_key(file, "revoked", [Scope.STOREFRONT], now=now)
    revoke_key(file, key.id, now=now)
    good = service_of_today.keys[Scope.STOREFRONT]
    another = good[:-1] + ("0" if good[-1] != "0" else "1")
    headers = [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": good},
        {"Authorization": f"Basic {good}"},
        {"Authorization": f"Bearer {good[:-1]}"},
        {"Authorization": f"Bearer {good}0"},
        {"Authorization": f"Bearer {good.upper()}"},
        {"Authorization": f"Bearer {another}"},
        {"Authorization": f"Bearer kr_000000000000_{good[-64:]}"},
        {"Authorization": f"Bearer {revoked}"},
        {"Authorization": "Bearer " + "k" * 15_000},
    ]

    time.sleep(1.1)  # the workers look at the file once a second
    with service_of_today.caller(None) as ask:
        replies = [ask("POST", "/v1/rank", RANK, headers=some) for some in headers]
        replies.append(ask("GET", "/metrics"))

    assert {401} == {reply.status for reply in replies}
    assert 1 == len({json.dumps(told(reply)) for reply in replies})
    assert {'Bearer realm="keeprank"'} == {reply.headers["www-authenticate"] for reply in replies}


def test_a_revoked_key_ends_on_every_worker_within_about_a_second(service_of_today: Live) -> None:
    file, now = service_of_today.state / NAME, dt.datetime.now(dt.UTC)
    key, shown = create_key(file, "for a while", [Scope.STOREFRONT], now=now)

    with service_of_today.each_worker() as callers:
        time.sleep(1.1)
        before = [ask("POST", "/v1/rank", RANK, key=shown).status for ask in callers]
        revoke_key(file, key.id, now=now)
        time.sleep(1.1)
        after = [ask("POST", "/v1/rank", RANK, key=shown).status for ask in callers]

    assert ([200, 200], [401, 401]) == (before, after)


def test_every_reply_bears_the_security_headers(service_of_today: Live) -> None:
    asks: dict[str, tuple[Any, ...]] = {
        "ranked": ("POST", "/v1/rank", RANK),
        "malformed": ("POST", "/v1/rank", b"{"),
        "invalid": ("POST", "/v1/rank", {}),
        "too large": ("POST", "/v1/events", b" " * (2**20 + 1)),
        "customer": ("GET", "/v1/customers/c000044"),
        "releases": ("GET", "/v1/releases"),
        "metrics": ("GET", "/metrics"),
        "described": ("GET", "/openapi.json"),
        "start": ("GET", "/"),
        "unknown": ("GET", "/nothing/here"),
        "method": ("DELETE", "/v1/rank"),
        "alive": ("GET", "/livez"),
        "ready": ("GET", "/readyz"),
        "BentoML's": ("GET", "/schema.json"),
    }
    with service_of_today.caller() as ask:
        replies = {name: ask(*asked) for name, asked in asks.items()}
    with service_of_today.caller(None) as ask:
        replies |= {"unauthorized": ask("POST", "/v1/rank", RANK)}
    with service_of_today.caller(Scope.STOREFRONT) as ask:
        replies |= {"forbidden": ask("GET", "/v1/releases")}

    assert {"ranked", "customer", "releases", "metrics", "described", "start", "alive", "ready", "BentoML's"} == {
        name for name, reply in replies.items() if reply.status == 200
    }
    missing = {name: SECURITY.items() - reply.headers.items() for name, reply in replies.items()}
    assert {} == {name: wanted for name, wanted in missing.items() if wanted}
    cached = {name: reply.headers.get("cache-control") for name, reply in replies.items()}
    assert {"described": "no-cache", "start": "no-cache"} == {name: said for name, said in cached.items() if said != "no-store"}
