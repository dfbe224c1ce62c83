"""Who is let in to the inspector with a browser, and for how long."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from serving.inspector.entrance import IDLE_SECONDS, LONGEST_SECONDS, Entrance, Session, Visitor, is_for_tls, is_from_here, no_cookie
from serving.key_file import Scope
from serving.keys import Caller, Refusal

GOOD, OTHER = "kr_good", "kr_storefront"


@dataclass
class Keyed:
    """A door with a key for operations and another one; and whether the first still holds."""

    now: float = 1_000_000.0
    holding: set[str] = field(default_factory=lambda: {"0123456789ab"})

    def authorise(self, header: str | None, *needed: Scope) -> Caller | Refusal:
        assert (Scope.OPERATIONS,) == needed
        if header == f"Bearer {OTHER}":
            return Refusal.FORBIDDEN
        return Caller("0123456789ab", frozenset({Scope.OPERATIONS})) if header == f"Bearer {GOOD}" else Refusal.UNAUTHORIZED

    def holds(self, key_id: str, *needed: Scope) -> bool:
        assert (Scope.OPERATIONS,) == needed
        return key_id in self.holding

    def entrance(self, secret: bytes = b"s" * 32) -> Entrance:
        return Entrance(self, secret, now=lambda: self.now)


@pytest.fixture
def keyed() -> Keyed:
    return Keyed()


def signed_in(keyed: Keyed) -> str:
    """The cookie that a browser then sends."""
    visitor = keyed.entrance().sign_in(f" {GOOD}\n")
    assert isinstance(visitor, Visitor)
    assert visitor.session is not None
    return keyed.entrance().cookie(visitor.session, secure=True).partition(";")[0]


def asks(keyed: Keyed, cookie: str, **secret: bytes) -> Visitor | None:
    return keyed.entrance(**secret).visitor({"cookie": cookie})


def test_a_key_that_holds_signs_in_and_others_say_why_not(keyed: Keyed) -> None:
    assert Visitor("0123456789ab", Session("0123456789ab", 1_000_000)) == keyed.entrance().sign_in(GOOD)
    assert Refusal.FORBIDDEN is keyed.entrance().sign_in(OTHER)
    assert Refusal.UNAUTHORIZED is keyed.entrance().sign_in("kr_wrong")


def test_the_cookie_is_for_this_page_of_this_service_only_and_holds_no_key(keyed: Keyed) -> None:
    told = keyed.entrance().cookie(Session("0123456789ab", 1_000_000), secure=True)

    assert GOOD not in told
    assert ["Max-Age=3600", "Path=/inspector", "HttpOnly", "SameSite=Strict", "Secure"] == told.split("; ")[1:]


def test_a_session_is_let_in_by_every_worker_that_knows_the_secret(keyed: Keyed) -> None:
    cookie = signed_in(keyed)

    assert Visitor("0123456789ab", Session("0123456789ab", 1_000_000)) == asks(keyed, f"theme=dark; {cookie}")
    assert asks(keyed, cookie, secret=b"t" * 32) is None


@pytest.mark.parametrize("cookie", ["", "keeprank_inspector=", "keeprank_inspector=a.1.2.3", "keeprank_inspector", "\x00;=;{", "a" * 9000])
def test_nobody_is_let_in_by_something_else(keyed: Keyed, cookie: str) -> None:
    assert asks(keyed, cookie) is None


def test_not_a_letter_of_a_token_can_be_changed(keyed: Keyed) -> None:
    cookie = signed_in(keyed)
    start = cookie.index("=") + 1

    for at in range(start, len(cookie)):
        forged = cookie[:at] + ("1" if cookie[at] != "1" else "2") + cookie[at + 1 :]
        assert asks(keyed, forged) is None, forged


def test_a_session_ends_an_hour_after_its_last_form(keyed: Keyed) -> None:
    cookie = signed_in(keyed)

    keyed.now += IDLE_SECONDS - 1
    assert asks(keyed, cookie) is not None
    keyed.now += 1
    assert asks(keyed, cookie) is None


def test_a_busy_session_ends_after_half_a_day(keyed: Keyed) -> None:
    session = Session("0123456789ab", int(keyed.now))

    keyed.now += LONGEST_SECONDS - 10
    told = keyed.entrance().cookie(session, secure=True)
    assert "Max-Age=10;" in told
    keyed.now += 10
    assert asks(keyed, told.partition(";")[0]) is None


def test_revoking_a_key_ends_its_sessions(keyed: Keyed) -> None:
    cookie = signed_in(keyed)
    keyed.holding.clear()

    assert asks(keyed, cookie) is None


def test_whoever_shows_a_key_with_each_request_needs_no_session(keyed: Keyed) -> None:
    assert Visitor("0123456789ab") == keyed.entrance().visitor({"authorization": f"Bearer {GOOD}"})
    assert keyed.entrance().visitor({}) is None


def test_signing_out_empties_the_cookie() -> None:
    assert no_cookie(secure=False).startswith("keeprank_inspector=; Max-Age=0; Path=/inspector; HttpOnly; SameSite=Strict")


@pytest.mark.parametrize(
    ("headers", "here"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "same-site", "origin": "https://shop.example", "host": "shop.example"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"origin": "http://127.0.0.1:3000", "host": "127.0.0.1:3000"}, True),
        ({"origin": "http://127.0.0.1:3001", "host": "127.0.0.1:3000"}, False),
        ({"origin": "null", "host": "127.0.0.1:3000"}, False),
        ({"host": "127.0.0.1:3000"}, False),
        ({"origin": ""}, False),
        ({}, False),
    ],
)
def test_forms_count_that_a_page_of_this_origin_sent(headers: Mapping[str, str], here: bool) -> None:
    assert here is is_from_here(headers)


@pytest.mark.parametrize(
    ("origin", "tls"),
    [
        ("http://127.0.0.1:3000", False),
        ("http://[::1]:3000", False),
        ("http://localhost", False),
        ("https://localhost", True),
        ("http://shop.example", True),
        ("https://shop.example", True),
        ("", True),
    ],
)
def test_a_cookie_is_for_tls_but_on_ones_own_machine(origin: str, tls: bool) -> None:
    assert tls is is_for_tls({"origin": origin, "host": "127.0.0.1:3000"})
