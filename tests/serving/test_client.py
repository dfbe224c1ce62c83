"""The Python client against a tiny server, and against the table of calls."""

import datetime as dt
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
import pytest

from domain.errors import SettingsRefused
from serving.api import CALLS, Call
from serving.client import Keeprank, NoReply, ProblemReply
from serving.facts import StockChanged
from serving.wire_customers import Consents, Decided, Preferences, Rejoined, Stated
from serving.wire_events import EventsReply
from tests.support.shop_server import Says, answering, refusal

NOON = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)
TAKEN = Says(body=msgspec.json.encode(EventsReply(accepted=1, duplicate=0, rejected=0, rejections=[])))
STOCK = [StockChanged(id="k1", sku="s1", available=2, at=NOON)]
BUSY = refusal(503, "over-capacity", Retry_After="2")
DATED = Consents(consents=[Decided(purpose="personalisation", granted=False, at=NOON)])
UNDATED = Consents(consents=[Decided(purpose="personalisation", granted=False)])


def element(hint: Any) -> Any:
    """A list and a sequence of the same are one to a caller."""
    return get_args(hint) if get_origin(hint) in (list, Sequence) else hint


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_every_call_has_a_method_of_its_types(call: Call) -> None:
    hints = get_type_hints(getattr(Keeprank, call.name))

    assert call.answers == hints.pop("return")
    takes = ([str] if "{customer_id}" in call.path else []) + ([call.takes] if call.takes is not None else [])
    assert [element(hint) for hint in takes] == [element(hint) for hint in hints.values()]


@pytest.mark.parametrize("call", CALLS, ids=lambda call: call.name)
def test_every_method_makes_its_call(call: Call) -> None:
    arguments: list[Any] = ["c 1/ü"] if "{customer_id}" in call.path else []
    if call.takes is not None:
        arguments.append(msgspec.convert(call.example, call.takes))

    with answering(refusal(409, "not-offered")) as server, Keeprank(server.url) as client, pytest.raises(ProblemReply):
        getattr(client, call.name)(*arguments)

    (heard,) = server.heard
    assert (call.method, call.path.replace("{customer_id}", "c%201%2F%C3%BC")) == (heard.method, heard.path)
    assert arguments[-1:] == ([msgspec.json.decode(heard.body, type=call.takes)] if call.takes is not None else arguments[-1:])
    assert (call.takes is None) == (b"" == heard.body)


def test_the_key_goes_with_every_request_and_is_shown_nowhere() -> None:
    with answering(TAKEN) as server, Keeprank(server.url, "kr_secret") as client:
        client.events(STOCK)

    assert "Bearer kr_secret" == server.heard[0].key
    assert "kr_secret" not in repr(client)


@pytest.mark.parametrize("key", ["kr_secret\n", "kr secret", "kr_secrét"])
def test_a_key_that_can_be_none_is_refused_and_not_repeated(key: str) -> None:
    with pytest.raises(SettingsRefused) as refused:
        Keeprank("http://127.0.0.1:3000", key)
    assert key.strip() not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["127.0.0.1:3000", "ftp://shop", "http://", "http://me:secret@shop", "http://shop:many", "http://shop/?a=1"]
)
def test_an_address_that_can_be_none_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(SettingsRefused, match="no address") as refused:
        Keeprank(url)
    assert "secret" not in str(refused.value)


def test_a_service_may_lie_below_a_path() -> None:
    with answering(TAKEN) as server, Keeprank(f"{server.url}/ranking/") as client:
        client.events(STOCK)

    assert "/ranking/v1/events" == server.heard[0].path


def test_a_refusal_says_what_the_service_said() -> None:
    with answering(refusal(422, "invalid-request")) as server, Keeprank(server.url) as client, pytest.raises(ProblemReply) as refused:
        client.events(STOCK)

    one = refused.value
    assert (422, "/problems/invalid-request", "Refused", "for a test") == (one.status, one.type, one.title, one.detail)
    assert ((), "r1", None) == (one.errors, one.request_id, one.retry_after)
    assert "422 Refused: for a test" == str(one)


def test_what_a_proxy_refuses_is_a_refusal_too() -> None:
    with (
        answering(Says(502, b"<html>bad gateway</html>")) as server,
        Keeprank(server.url) as client,
        pytest.raises(ProblemReply) as refused,
    ):
        client.releases()

    assert (502, "about:blank", "Bad Gateway") == (refused.value.status, refused.value.type, refused.value.title)


def test_a_busy_service_is_asked_again_when_it_says() -> None:
    waits: list[float] = []
    with answering(BUSY, BUSY, TAKEN) as server, Keeprank(server.url, sleep=waits.append) as client:
        reply = client.events(STOCK)

    assert (1, 3, [2.0, 2.0]) == (reply.accepted, len(server.heard), waits)


def test_a_service_that_stays_busy_is_asked_so_often_and_no_more() -> None:
    waits: list[float] = []
    with (
        answering(refusal(503, "too-late")) as server,
        Keeprank(server.url, tries=2, sleep=waits.append) as client,
        pytest.raises(ProblemReply),
    ):
        client.events(STOCK)

    assert (2, [1.0]) == (len(server.heard), waits)


def test_nobody_is_kept_waiting_for_long() -> None:
    waits: list[float] = []
    with (
        answering(refusal(503, "not-ready", Retry_After="3600")) as server,
        Keeprank(server.url, sleep=waits.append) as client,
        pytest.raises(ProblemReply) as refused,
    ):
        client.releases()

    assert ([], 3600.0) == (waits, refused.value.retry_after)


@pytest.mark.parametrize(("told", "times"), [(DATED, 2), (UNDATED, 1)])
def test_a_decision_is_told_again_only_where_it_says_when_it_was_made(told: Consents, times: int) -> None:
    with answering(BUSY) as server, Keeprank(server.url, tries=2, sleep=lambda _: None) as client, pytest.raises(ProblemReply):
        client.consents("c1", told)

    assert times == len(server.heard)


@pytest.mark.parametrize(("at", "times"), [(NOON, 2), (None, 1)])
def test_so_is_a_statement(at: dt.datetime | None, times: int) -> None:
    told = Preferences(preferences=[Stated(attribute="size:dress", value="38", at=at)])
    with answering(BUSY) as server, Keeprank(server.url, tries=2, sleep=lambda _: None) as client, pytest.raises(ProblemReply):
        client.preferences("c1", told)

    assert times == len(server.heard)


def test_nobody_rejoins_twice() -> None:
    with answering(BUSY) as server, Keeprank(server.url, sleep=lambda _: None) as client, pytest.raises(ProblemReply):
        client.rejoin("c1")

    assert 1 == len(server.heard)


def test_a_connection_stays_open_for_the_next_request() -> None:
    with answering(TAKEN) as server, Keeprank(server.url) as client:
        for _ in range(3):
            client.events(STOCK)

    assert 1 == len({one.connection for one in server.heard})


def test_a_connection_that_was_closed_meanwhile_is_opened_anew() -> None:
    with answering(Says(body=TAKEN.body, hangs_up=True)) as server, Keeprank(server.url) as client:
        told = [client.events(STOCK).accepted for _ in range(3)]

    assert ([1, 1, 1], 3) == (told, len({one.connection for one in server.heard}))


def test_what_must_not_be_asked_twice_goes_over_a_new_connection() -> None:
    rejoined = Says(body=msgspec.json.encode(Rejoined(rejoined=True)))
    with answering(TAKEN, rejoined) as server, Keeprank(server.url) as client:
        client.events(STOCK)
        client.rejoin("c1")

    assert 2 == len({one.connection for one in server.heard})


def test_threads_get_their_own_replies_over_their_own_connections() -> None:
    says = [Says(body=msgspec.json.encode(EventsReply(accepted=n, duplicate=0, rejected=0, rejections=[]))) for n in range(41)]
    together = Barrier(4)

    def ask(_: int) -> list[int]:
        together.wait(10)
        return [client.events(STOCK).accepted for _ in range(10)]

    with answering(*says) as server, Keeprank(server.url) as client, ThreadPoolExecutor(4) as threads:
        told = list(threads.map(ask, range(4)))

    assert list(range(40)) == sorted(one for some in told for one in some)
    assert 4 >= len({one.connection for one in server.heard})


def test_a_service_that_is_not_there_gives_no_reply() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with Keeprank(f"http://127.0.0.1:{port}") as client, pytest.raises(NoReply, match="was not reached"):
        client.releases()


def test_a_service_that_says_nothing_is_given_up() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        Keeprank(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.05) as client,
        pytest.raises(NoReply, match="no reply within"),
    ):
        client.releases()


def test_another_service_at_the_address_gives_no_reply() -> None:
    with (
        answering(Says(body=b'{"hello": "world"}')) as server,
        Keeprank(server.url) as client,
        pytest.raises(NoReply, match="cannot be read"),
    ):
        client.releases()
