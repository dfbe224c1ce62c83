"""The commands on API keys, as they are typed."""

from __future__ import annotations

from pathlib import Path

from serving.key_file import NAME, Scope, read_keys
from serving.keys import Caller, Keys, Refusal
from tests.support.command_line import Keeprank


def test_a_key_is_made_listed_and_revoked(said: Keeprank, tmp_path: Path) -> None:
    store = tmp_path / "store"

    created = said("keys", "create", "--scope", "storefront", "--scope", "operations", "--name", "shop-web", "--store", store)

    shown = created.out.strip()
    file = store / "build/serving/state" / NAME
    (key,) = read_keys(file)
    assert 0 == created.code
    assert f"key {key.id} of shop-web, for storefront, operations; it is shown this once" in created.err
    assert Caller(key.id, frozenset({Scope.STOREFRONT, Scope.OPERATIONS})) == Keys(file).authorise(f"Bearer {shown}", Scope.STOREFRONT)

    listed = said("keys", "list", "--store", store)
    assert key.id in listed.out
    assert "shop-web" in listed.out
    assert shown[-64:] not in listed.out + created.err

    revoked = said("keys", "revoke", key.id, "--store", store)
    assert (0, f"key {key.id} of shop-web lets nobody in any more\n", "") == (revoked.code, revoked.out, revoked.err)
    assert Refusal.UNAUTHORIZED is Keys(file).authorise(f"Bearer {shown}", Scope.STOREFRONT)

    again = said("keys", "revoke", key.id, "--store", store)
    assert 1 == again.code
    assert f"refused KeysRefused: key {key.id} was revoked at " in again.err


def test_the_keys_of_a_state_folder_elsewhere(said: Keeprank, tmp_path: Path) -> None:
    said("keys", "create", "--scope", "admin", "--name", "ops", "--state", tmp_path / "elsewhere")

    assert ["ops"] == [key.name for key in read_keys(tmp_path / "elsewhere" / NAME)]


def test_without_a_file_the_commands_say_how_to_make_one(said: Keeprank, tmp_path: Path) -> None:
    for command in (["list"], ["revoke", "0" * 12]):
        refused = said("keys", *command, "--store", tmp_path / "nothing")
        assert 1 == refused.code
        assert "make a key: `keeprank keys create`" in refused.err


def test_an_unknown_scope_is_a_usage_error(said: Keeprank, tmp_path: Path) -> None:
    assert 2 == said("keys", "create", "--scope", "root", "--name", "x", "--state", tmp_path).code
    assert not (tmp_path / NAME).exists()
