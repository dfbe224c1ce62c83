"""Who is let in, and that whoever is not learns nothing from it."""

from __future__ import annotations

import datetime as dt
import json
import logging
import re
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from domain.errors import KeysRefused
from serving import problems
from serving.key_file import Scope, create_key, read_keys, revoke_key
from serving.keys import Anyone, Caller, Keys, Refusal, door

NOW = dt.datetime(2026, 10, 2, 9, 30, tzinfo=dt.UTC)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "keys.json"


def made(file: Path, *scopes: Scope) -> str:
    return create_key(file, "shop-web", scopes or (Scope.STOREFRONT,), now=NOW)[1]


def id_of(shown: str) -> str:
    return shown.split("_")[1]


def test_a_key_lets_its_owner_in_for_what_it_is_for(file: Path) -> None:
    shown = made(file, Scope.STOREFRONT)
    keys = Keys(file)

    assert Caller(id_of(shown), frozenset({Scope.STOREFRONT})) == keys.authorise(f"Bearer {shown}", Scope.STOREFRONT)
    assert isinstance(keys.authorise(f"bearer  {shown}", Scope.OPERATIONS, Scope.STOREFRONT), Caller)
    assert Refusal.FORBIDDEN is keys.authorise(f"Bearer {shown}", Scope.OPERATIONS)
    assert Refusal.FORBIDDEN is keys.authorise(f"Bearer {shown}")


def test_an_admin_key_is_for_everything_and_only_that_for_what_nobody_else_may(file: Path) -> None:
    admin, both = made(file, Scope.ADMIN), made(file, Scope.STOREFRONT, Scope.OPERATIONS)
    keys = Keys(file)

    assert all(isinstance(keys.authorise(f"Bearer {admin}", scope), Caller) for scope in Scope)
    assert Refusal.FORBIDDEN is keys.authorise(f"Bearer {both}", Scope.ADMIN)


WRONG: dict[str, Callable[[str], str | None]] = {
    "missing": lambda _: None,
    "empty": lambda _: "",
    "without the scheme": lambda shown: shown,
    "another scheme": lambda shown: f"Basic {shown}",
    "cut off": lambda shown: f"Bearer {shown[:-1]}",
    "longer": lambda shown: f"Bearer {shown}0",
    "a line break after it": lambda shown: f"Bearer {shown}\n",
    "one digit wrong": lambda shown: f"Bearer {shown[:-1]}{'1' if shown[-1] != '1' else '2'}",
    "in capitals": lambda shown: f"Bearer {shown[:-64]}{shown[-64:].upper()}",
    "an unknown id": lambda shown: f"Bearer kr_{'0' * 12}_{shown[-64:]}",
    "the id alone": lambda shown: f"Bearer kr_{id_of(shown)}_",
    "not ASCII": lambda shown: f"Bearer {shown[:-1]}٣",
    "a megabyte": lambda _: "Bearer kr_" + "0" * 2**20,
}


@pytest.mark.parametrize("wrong", WRONG)
def test_whoever_shows_no_key_that_holds_gets_the_same_bytes(file: Path, wrong: str) -> None:
    shown, revoked = made(file, Scope.ADMIN), made(file, Scope.ADMIN)
    revoke_key(file, id_of(revoked), now=NOW)
    keys = Keys(file)

    refusals = [keys.authorise(f"Bearer {revoked}", Scope.ADMIN), keys.authorise(WRONG[wrong](shown), Scope.ADMIN)]

    assert [Refusal.UNAUTHORIZED] * 2 == refusals
    replies = [problems.not_let_in(refusal, request_id="r") for refusal in refusals if isinstance(refusal, Refusal)]
    assert 1 == len({(reply.status_code, bytes(reply.body), tuple(reply.raw_headers)) for reply in replies})
    assert (401, 'Bearer realm="keeprank"') == (replies[0].status_code, replies[0].headers["www-authenticate"])


def test_a_key_for_something_else_is_told_so(file: Path) -> None:
    shown = made(file)
    refusal = Keys(file).authorise(f"Bearer {shown}", Scope.ADMIN)
    assert isinstance(refusal, Refusal)

    reply = problems.not_let_in(refusal, request_id="r")

    assert (403, "/problems/forbidden") == (reply.status_code, json.loads(bytes(reply.body))["type"])


def test_an_unknown_key_costs_the_same_hash_as_a_known_one(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = made(file)
    keys, hashed = Keys(file), list[str]()

    def counted(salt: bytes, secret: str) -> bytes:
        hashed.append(secret)
        return b"0" * 32 if salt else b""

    monkeypatch.setattr("serving.keys.digest", counted)
    for header in (f"Bearer {shown}", f"Bearer kr_{'0' * 12}_{'0' * 64}", "Bearer kr_", None):
        keys.authorise(header, Scope.STOREFRONT)

    assert [64] * 4 == [len(secret) for secret in hashed]


def test_a_revoked_key_lets_nobody_in_a_second_later_without_a_restart(file: Path) -> None:
    shown, clock = made(file), Clock()
    keys = Keys(file, clock=clock)
    assert isinstance(keys.authorise(f"Bearer {shown}", Scope.STOREFRONT), Caller)

    revoke_key(file, id_of(shown), now=NOW)
    clock.now = 0.9
    assert isinstance(keys.authorise(f"Bearer {shown}", Scope.STOREFRONT), Caller)
    clock.now = 1.0
    assert Refusal.UNAUTHORIZED is keys.authorise(f"Bearer {shown}", Scope.STOREFRONT)


def test_a_new_key_counts_without_a_restart(file: Path) -> None:
    first, clock = made(file), Clock()
    keys = Keys(file, clock=clock)

    second = made(file)
    clock.now = 1.0

    assert all(isinstance(keys.authorise(f"Bearer {shown}", Scope.STOREFRONT), Caller) for shown in (first, second))


@pytest.mark.parametrize("trouble", ["gone", "damaged", "open to others"])
def test_a_file_that_cannot_be_trusted_any_more_lets_nobody_in_and_the_log_says_so(
    file: Path, trouble: str, caplog: pytest.LogCaptureFixture
) -> None:
    shown, clock = made(file), Clock()
    keys = Keys(file, clock=clock)
    match trouble:
        case "gone":
            file.unlink()
        case "damaged":
            file.write_text("{")
        case _:
            file.chmod(0o666)
    clock.now = 1.0

    with caplog.at_level(logging.ERROR):
        assert Refusal.UNAUTHORIZED is keys.authorise(f"Bearer {shown}", Scope.STOREFRONT)

    assert "nobody is let in" in caplog.text


@pytest.mark.parametrize(
    ("content", "mode", "message"),
    [
        (None, 0o600, "cannot be read"),
        ("[]", 0o600, "is damaged"),
        ('{"format": 2, "keys": []}', 0o600, "is damaged"),
        ('{"format": 1, "keys": [], "more": 1}', 0o600, "is damaged"),
        ("\udcff", 0o600, "is damaged"),
        ('{"format": 1, "keys": []}', 0o620, "is open to others"),
        ('{"format": 1, "keys": []}', 0o604, "is open to others"),
    ],
)
def test_a_service_does_not_start_on_a_file_that_it_cannot_trust(file: Path, content: str | None, mode: int, message: str) -> None:
    file.parent.mkdir()
    if content is not None:
        file.write_bytes(content.encode("utf-8", "surrogateescape"))
        file.chmod(mode)

    with pytest.raises(KeysRefused, match=message):
        door(file, authentication=True)


def test_without_authentication_everybody_is_let_in(file: Path) -> None:
    anyone = door(file, authentication=False)

    assert isinstance(anyone, Anyone)
    assert isinstance(anyone.authorise(None, Scope.ADMIN), Caller)


def test_the_file_holds_no_secret_and_is_its_owners_alone(file: Path) -> None:
    shown = made(file)

    assert shown[-64:] not in file.read_text()
    assert "-rw-------" == stat.filemode(file.stat().st_mode)
    assert "drwx------" == stat.filemode(file.parent.stat().st_mode)
    assert ["keys.json"] == [path.name for path in file.parent.iterdir()]


def test_the_same_secret_twice_is_kept_as_two_digests(file: Path) -> None:
    draws = iter(["0" * 12, "1" * 32, "f" * 64, "2" * 12, "3" * 32, "f" * 64])
    first, second = (create_key(file, "a", [Scope.ADMIN], now=NOW, draw=lambda _: next(draws))[0] for _ in range(2))

    assert first.digest != second.digest


def test_a_key_has_256_random_bits(file: Path) -> None:
    shown = [made(file) for _ in range(4)]

    assert all(re.fullmatch(r"kr_[0-9a-f]{12}_[0-9a-f]{64}", one) for one in shown)
    assert 4 == len({one[-64:] for one in shown})


@pytest.mark.parametrize(("name", "scopes"), [("", [Scope.ADMIN]), ("n" * 101, [Scope.ADMIN]), ("shop", [])])
def test_an_impossible_key_is_refused_and_the_file_stays_as_it_was(file: Path, name: str, scopes: list[Scope]) -> None:
    made(file)
    before = file.read_bytes()

    with pytest.raises(KeysRefused):
        create_key(file, name, scopes, now=NOW)

    assert before == file.read_bytes()


def test_a_key_is_revoked_once_and_only_if_there_is_one(file: Path) -> None:
    shown = made(file)
    assert NOW == revoke_key(file, id_of(shown), now=NOW).revoked_at

    with pytest.raises(KeysRefused, match="was revoked at 2026-10-02"):
        revoke_key(file, id_of(shown), now=NOW)
    with pytest.raises(KeysRefused, match="there is no key ffffffffffff"):
        revoke_key(file, "f" * 12, now=NOW)


def test_keys_that_are_made_at_once_are_all_kept(file: Path) -> None:
    with ThreadPoolExecutor(4) as commands:
        shown = list(commands.map(lambda _: made(file), range(12)))

    assert {id_of(one) for one in shown} == {key.id for key in read_keys(file)}
