"""What every store of the customer state promises."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from msgspec.structs import replace

from features.today import LATEST
from serving.assortment import Shelf
from serving.facts import Consented, OfCustomer
from serving.online.port import DECISIONS_STAY, MOST_ELSE, CustomerState, Outcome
from tests.support.told import MIDNIGHT, NOON, at, decided, height, ordered, price, stock, ticket, view

Opened = Callable[[], CustomerState]
YES, TWICE, OTHER, ERASED, SETTLED = Outcome


def test_what_is_told_is_known_to_every_worker(opened: Opened) -> None:
    here, there = opened(), opened()

    assert [YES, YES] == here.add([view(1), ordered(2)])
    assert (view(1), ordered(2)) == there.of_customer("ann", since=MIDNIGHT)
    assert () == there.of_customer("bob", since=MIDNIGHT)


def test_every_kind_of_fact_comes_back_as_it_was_told(state: CustomerState) -> None:
    facts: list[OfCustomer] = [view(1), ordered(2), height(3), decided(4, granted=True), ticket(5)]

    assert [YES] * 5 == state.add(facts)
    assert tuple(facts) == state.of_customer("ann", since=MIDNIGHT)
    assert tuple(facts) == state.known("ann").facts


def test_nothing_to_add_is_nothing_to_do(state: CustomerState) -> None:
    assert [] == state.add([])


def test_a_fact_told_twice_is_one(state: CustomerState) -> None:
    assert [YES, TWICE] == state.add([view(1), view(1)])
    assert [TWICE] == state.add([view(1)])
    assert (view(1),) == state.of_customer("ann", since=MIDNIGHT)


def test_the_same_moment_in_another_zone_is_the_same_fact(state: CustomerState) -> None:
    state.add([view(1)])

    assert [TWICE] == state.add([view(1, at=at(1).astimezone(dt.timezone(dt.timedelta(hours=2))))])


@pytest.mark.parametrize("other", [view(1, sku="dress"), view(1, at=at(9)), view(1, "bob")])
def test_another_fact_under_the_same_id_is_a_conflict_and_changes_nothing(state: CustomerState, other: object) -> None:
    state.add([view(1)])

    assert [OTHER] == state.add([other])  # type: ignore[list-item]
    assert (view(1),) == state.of_customer("ann", since=MIDNIGHT)
    assert () == state.of_customer("bob", since=MIDNIGHT)


def test_ids_of_different_tables_may_be_alike(state: CustomerState) -> None:
    line = ordered(1)

    assert [YES, YES] == state.add([line, view(1, id=line.id)])


def test_what_happened_before_the_snapshot_is_not_told_again(state: CustomerState) -> None:
    state.add([view(1), view(2), view(3), ordered(1), ordered(2)])

    assert (ordered(2), view(2), view(3)) == state.of_customer("ann", since=at(2))


def test_of_many_moves_the_latest_count_and_of_everything_else_more(state: CustomerState) -> None:
    state.add([view(number) for number in range(LATEST + 5)])
    state.add([ticket(number) for number in range(MOST_ELSE + 5)])
    facts = state.of_customer("ann", since=MIDNIGHT)

    assert {view(number) for number in range(5, LATEST + 5)} == {fact for fact in facts if fact.id.startswith("view")}
    assert {ticket(number) for number in range(5, MOST_ELSE + 5)} == {fact for fact in facts if fact.id.startswith("ticket")}
    assert LATEST + MOST_ELSE + 10 == len(state.known("ann").facts)


def test_of_moves_at_one_moment_the_greatest_ids_count(state: CustomerState) -> None:
    state.add([view(1, id=f"{number:03}") for number in range(LATEST + 1)])

    assert [f"{number:03}" for number in range(1, LATEST + 1)] == [fact.id for fact in state.of_customer("ann", since=MIDNIGHT)]


def test_the_shelf_holds_what_changed_since_the_snapshot(opened: Opened) -> None:
    here, there = opened(), opened()
    assert {} == there.shelf(["shirt", "dress"], since=MIDNIGHT)
    here.add([stock(1, 5), price(2, 1990), price(1, 990, sku="dress")])

    assert {"shirt": Shelf(1990, "EUR", 5), "dress": Shelf(990, "EUR", None)} == there.shelf(["shirt", "dress", "hat"], since=MIDNIGHT)
    assert {"shirt": Shelf(1990, "EUR", None)} == there.shelf(["shirt", "dress"], since=at(2))
    assert {} == there.shelf(["shirt"], since=at(3))


def test_the_shelf_follows_every_change(opened: Opened) -> None:
    here, there = opened(), opened()
    for number, left in enumerate([5, 3, 0]):
        here.add([stock(number, left)])
        assert {"shirt": Shelf(None, None, left)} == there.shelf(["shirt"], since=MIDNIGHT)


def test_of_two_prices_of_one_moment_the_greater_id_holds(state: CustomerState) -> None:
    older, newer = price(1, 100), price(1, 200)
    state.add([replace(newer, id="b"), replace(older, id="a"), replace(older, id="aa")])

    assert 200 == state.shelf(["shirt"], since=MIDNIGHT)["shirt"].price


def test_a_price_told_twice_is_one_and_another_one_a_conflict(state: CustomerState) -> None:
    assert [YES, TWICE, OTHER, OTHER] == state.add([price(1, 100), price(1, 100), price(1, 200), price(1, 100, "dress")])
    assert {"shirt": Shelf(100, "EUR", None)} == state.shelf(["shirt", "dress"], since=MIDNIGHT)


def test_who_is_erased_is_gone_at_once_and_only_a_pseudonym_remains(opened: Opened) -> None:
    here, there = opened(), opened()
    here.add([view(1), ordered(2), decided(3, granted=True), view(4, "bob")])
    erased = here.erase("ann", now=NOON)

    assert (3, True) == (erased.facts, erased.wiped)
    assert () == there.of_customer("ann", since=MIDNIGHT) == there.known("ann").facts
    assert (True, False) == (there.is_erased("ann", since=MIDNIGHT), there.is_erased("bob", since=MIDNIGHT))
    assert (erased.tombstone,) == there.tombstones()
    assert (here.known("ann").pseudonym, NOON, None) == (
        erased.tombstone.pseudonym,
        erased.tombstone.erased_at,
        erased.tombstone.rejoined_at,
    )
    assert (view(4, "bob"),) == there.of_customer("bob", since=MIDNIGHT)


def test_a_fact_about_somebody_erased_does_not_bring_him_back(state: CustomerState) -> None:
    state.add([view(1)])
    state.erase("ann", now=NOON)

    assert [ERASED, ERASED, YES] == state.add([view(1), ordered(2), view(3, "bob")])
    assert () == state.known("ann").facts


def test_erasing_twice_is_erasing_once(state: CustomerState) -> None:
    first = state.erase("ann", now=NOON)
    again = state.erase("ann", now=NOON + dt.timedelta(hours=1))

    assert (first.tombstone, 0) == (again.tombstone, again.facts)


def test_who_joins_anew_is_known_from_then_on_and_hidden_from_older_snapshots(state: CustomerState) -> None:
    state.erase("ann", now=at(10))
    assert state.rejoin("ann", now=at(20))

    assert [ERASED, YES] == state.add([view(19), view(20)])
    assert (True, True, False) == tuple(state.is_erased("ann", since=at(second)) for second in (0, 20, 21))
    assert () == state.of_customer("ann", since=MIDNIGHT)
    assert (view(20),) == state.known("ann").facts
    assert at(20) == state.tombstones()[0].rejoined_at


def test_only_who_was_erased_can_join_anew_and_only_once(state: CustomerState) -> None:
    assert not state.rejoin("ann", now=NOON)
    state.erase("ann", now=NOON)
    assert (True, False) == (state.rejoin("ann", now=NOON), state.rejoin("ann", now=NOON + dt.timedelta(1)))


def test_who_joined_anew_can_be_erased_again(state: CustomerState) -> None:
    state.erase("ann", now=at(10))
    state.rejoin("ann", now=at(20))
    state.add([view(21)])
    erased = state.erase("ann", now=at(30))

    assert (1, at(30), None) == (erased.facts, erased.tombstone.erased_at, erased.tombstone.rejoined_at)
    assert [ERASED] == state.add([view(31)])


def test_what_a_new_snapshot_holds_is_dropped_and_not_taken_again(state: CustomerState) -> None:
    state.add([view(1), ordered(2), view(3), ticket(1, "bob"), stock(1, 5), price(3, 100)])
    state.drop_before(at(3))

    assert (view(3),) == state.known("ann").facts
    assert () == state.known("bob").facts
    assert {"shirt": Shelf(100, "EUR", None)} == state.shelf(["shirt"], since=at(3))
    assert [SETTLED, SETTLED, TWICE, TWICE] == state.add([view(1), stock(1, 5), view(3), price(3, 100)])


def test_a_store_opened_after_the_drop_holds_the_same(opened: Opened) -> None:
    opened().add([stock(1, 5), price(3, 100), view(1), view(3)])
    opened().drop_before(at(3))

    assert {"shirt": Shelf(100, "EUR", None)} == opened().shelf(["shirt"], since=MIDNIGHT)


def test_dropping_up_to_an_earlier_moment_brings_nothing_back(state: CustomerState) -> None:
    state.add([view(5)])
    state.drop_before(at(3))
    state.drop_before(at(1))

    assert [SETTLED] == state.add([view(2)])


def test_many_are_dropped(state: CustomerState) -> None:
    state.add([view(number, f"c{number}") for number in range(1_200)])
    state.add([stock(number, 1, f"s{number}") for number in range(2_500)])
    state.drop_before(at(1_199))

    assert (1, 0) == (len(state.known("c1199").facts), sum(len(state.known(f"c{number}").facts) for number in range(1_199)))
    assert {"s1199", "s2499"} == set(state.shelf(["s1199", "s2499"], since=at(1_199)))
    assert [SETTLED, TWICE] == state.add([stock(1_198, 1, "s1198"), stock(1_199, 1, "s1199")])


def test_a_withdrawal_is_not_lost_while_snapshots_swap(state: CustomerState) -> None:
    withdrawn = decided(1, granted=False)
    state.add([withdrawn, decided(1, granted=True, purpose="measurements")])
    state.drop_before(NOON)

    assert (withdrawn,) == state.of_customer("ann", since=NOON)
    assert [TWICE] == state.add([withdrawn])
    state.drop_before(at(1) + DECISIONS_STAY)
    assert (withdrawn,) == state.of_customer("ann", since=NOON)
    state.drop_before(at(2) + DECISIONS_STAY)
    assert () == state.of_customer("ann", since=NOON)
    assert () == state.known("ann").facts


def test_a_withdrawal_that_arrives_late_is_taken(state: CustomerState) -> None:
    state.drop_before(NOON)

    assert [YES, SETTLED] == state.add([decided(1, granted=False), view(2)])
    assert (decided(1, granted=False),) == state.of_customer("ann", since=NOON)


def test_an_older_decision_is_told_only_where_it_is_the_latest_and_withdraws(state: CustomerState) -> None:
    state.add(
        [decided(1, granted=False), decided(2, granted=True), decided(3, granted=False), decided(3, granted=False, purpose="measurements")]
    )
    state.add([decided(9, granted=True)])

    assert (decided(3, granted=False, purpose="measurements"), decided(9, granted=True)) == state.of_customer("ann", since=at(5))


def test_of_two_decisions_at_one_moment_the_withdrawal_stands(state: CustomerState) -> None:
    no, yes = decided(1, granted=False), Consented(id="z", customer_id="ann", purpose="personalisation", granted=True, at=at(1))
    state.add([no, yes])

    assert (no,) == state.of_customer("ann", since=at(5))


def test_odd_ids_are_ids_like_any_other(state: CustomerState) -> None:
    odd = ["a:b", "a\0b", "event:1", "*", "ü", "日本", '"', "\\", "a" * 190, "of:1:x", "\U0001f457"]
    facts = [view(number, f"who {name}", id=name) for number, name in enumerate(odd)]
    changes = [stock(number, number, sku=name) for number, name in enumerate(odd)]

    assert [YES] * 22 == state.add([*facts, *changes])
    assert [TWICE] * 22 == state.add([*facts, *changes])
    assert {name: Shelf(None, None, number) for number, name in enumerate(odd)} == state.shelf(odd, since=MIDNIGHT)
    assert [(fact,) for fact in facts] == [state.of_customer(fact.customer_id, since=MIDNIGHT) for fact in facts]
    assert [1] * 11 == [state.erase(fact.customer_id, now=NOON).facts for fact in facts]
    state.drop_before(NOON)
    assert {} == state.shelf([], since=NOON)


def test_a_thousand_facts_are_taken_at_once(state: CustomerState) -> None:
    facts = [view(number, f"c{number % 7}", id="i" * 190 + f"{number:05}", sku="s" * 200) for number in range(1_000)]

    assert [YES] * 1_000 == state.add(facts)
    assert 1_000 == sum(len(state.known(f"c{number}").facts) for number in range(7))


def test_a_state_that_works_proves_it(state: CustomerState) -> None:
    state.prove()
