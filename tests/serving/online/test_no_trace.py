"""Whoever is erased leaves no byte behind: every file of the store is searched."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from serving.online.opening import open_state
from serving.online.port import CustomerState
from tests.support.redis_server import redis_server
from tests.support.told import NOON, at, height, ordered, view

GONE_S = 10.0


def fill(state: CustomerState, seed: int) -> None:
    """Ids of every length, told in many small transactions, so that pages split, grow over and are cleared up again."""
    chosen = random.Random(seed)  # noqa: S311
    for batch in range(60):
        facts = []
        for number in range(chosen.randint(1, 40)):
            who, name = f"{chosen.choice(['ann', 'bob', 'cleo'])}@{'x' * chosen.choice([1, 60, 180])}.example", f"{seed}-{batch}-{number}"
            facts.append(view(chosen.randrange(3600), who, id=f"{who[:3]}-did-{name}", sku="s" * chosen.choice([1, 100, 200])))
        state.add(facts)
        state.add([ordered(batch, "ann@x.example"), height(batch, "v" * chosen.randint(1, 200), "ann@x.example")])
    state.drop_before(at(1000))


def places(folder: Path, *words: str) -> list[str]:
    """Which files hold one of the words."""
    files = [file for file in folder.rglob("*") if file.is_file()]
    return [f"{word} in {file.name}" for file in files for word in words if word.encode() in file.read_bytes()]


@pytest.mark.parametrize("seed", range(8))
def test_no_byte_of_an_erased_customer_is_left_in_the_files_of_sqlite(tmp_path: Path, seed: int) -> None:
    state, other_worker = open_state(tmp_path), open_state(tmp_path)
    fill(state, seed)
    other_worker.add([view(3599, "ann@x.example", id="ann-did-it")])
    people = [f"ann@{'x' * length}.example" for length in (1, 60, 180)]
    assert places(tmp_path, "ann@") != []
    erased = [state.erase(who, now=NOON) for who in people]

    assert [] == places(tmp_path, "ann@", "ann-did")
    assert {True} == {one.wiped for one in erased}
    assert places(tmp_path, "bob@") != []
    other_worker.add([view(3598, "bob@x.example", id="more")])
    state.close()
    other_worker.close()
    assert [] == places(tmp_path, "ann@", "ann-did")


def test_no_byte_of_an_erased_customer_is_left_in_the_files_of_redis(tmp_path: Path) -> None:
    with redis_server(tmp_path / "data") as server:
        state = open_state(tmp_path / "state", redis_url=server.url)
        fill(state, 1)
        assert places(tmp_path / "data", "ann@x.example") != []
        erased = [state.erase(f"ann@{'x' * length}.example", now=NOON) for length in (1, 60, 180)]

        assert {True} == {one.wiped for one in erased}
        until = time.monotonic() + GONE_S  # Redis removes its older log in the background
        while (left := places(tmp_path / "data", "ann@", "ann-did")) and time.monotonic() < until:
            time.sleep(0.05)
        assert [] == left
        assert places(tmp_path / "data", "bob@") != []
        state.close()
