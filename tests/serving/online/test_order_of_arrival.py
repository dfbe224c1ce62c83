"""Events overtake each other on their way: what is known afterwards does not depend on it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.today import LATEST
from serving.facts import Fact
from serving.online.opening import open_state
from serving.online.port import CustomerState
from tests.support.redis_server import RedisServer
from tests.support.told import MIDNIGHT, at, decided, height, ordered, price, stock, ticket, view

SKUS = ("shirt", "dress")
SECONDS = st.integers(0, 5)
FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.builds(view, SECONDS, st.sampled_from(["ann", "bob"]), id=st.text(max_size=3, min_size=1)),
    st.builds(ordered, SECONDS),
    st.builds(height, SECONDS),
    st.builds(ticket, SECONDS),
    st.builds(decided, SECONDS, granted=st.booleans()),
    st.builds(stock, SECONDS, st.just(3)),
    st.builds(price, SECONDS, st.just(990)),
)


@st.composite
def arrivals(draw: st.DrawFn) -> tuple[list[Fact], list[Fact]]:
    """Facts of different ids, and the same ones in another order, some of them told twice."""
    facts = draw(st.lists(FACTS, max_size=12, unique_by=lambda fact: (type(fact), fact.id)))
    again = draw(st.lists(st.sampled_from(facts), max_size=3)) if facts else []
    return facts, draw(st.permutations([*facts, *again]))


def everything(state: CustomerState, facts: list[Fact]) -> object:
    for fact in facts:
        state.add([fact])
    state.drop_before(at(2))
    since = (MIDNIGHT, at(2), at(4))
    return [(state.shelf(SKUS, since=moment), *(state.of_customer(who, since=moment) for who in ("ann", "bob"))) for moment in since]


@given(arrivals())
@settings(max_examples=25)
def test_an_sqlite_state_does_not_depend_on_the_order_of_arrival(orders: tuple[list[Fact], list[Fact]]) -> None:
    found = []
    for order in orders:
        with tempfile.TemporaryDirectory() as folder:
            state = open_state(Path(folder), power_cut_safe=False)
            found.append(everything(state, order))
            state.close()

    assert found[0] == found[1]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


@given(orders=arrivals())
@settings(max_examples=25)
def test_a_redis_state_does_not_depend_on_the_order_of_arrival(
    one_redis: RedisServer, home: Path, orders: tuple[list[Fact], list[Fact]]
) -> None:
    from redis import Redis

    found = []
    for order in orders:
        with Redis.from_url(one_redis.url) as client:
            client.flushall()
        state = open_state(home, redis_url=one_redis.url)
        found.append(everything(state, order))
        state.close()

    assert found[0] == found[1]


def test_the_latest_moves_are_kept_though_they_come_first(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    state.add([view(number) for number in reversed(range(LATEST + 1))])

    assert tuple(view(number) for number in range(1, LATEST + 1)) == state.of_customer("ann", since=MIDNIGHT)
    state.close()
