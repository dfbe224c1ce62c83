"""What serves at this moment, and that it can change under requests."""

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from serving.admission import probe
from serving.current import Current, Serves
from serving.state import Serving
from serving.wire_releases import Appointed, Named, Trial
from tests.support.switching import NOW


@pytest.fixture(scope="module")
def other(other_folder: Path, snapshot_folder: Path) -> Serving:
    return Serving.load(other_folder, snapshot_folder)


def serves(champion: Serving, challenger: Serving | None = None, trial: Trial | None = None) -> Serves:
    def named(serving: Serving) -> Named:
        return Named(release=serving.release.seal, snapshot=serving.snapshot.seal, version="1", since=NOW)

    tried = None if challenger is None else named(challenger)
    return Serves(champion, challenger, Appointed(champion=named(champion), challenger=tried, trial=trial or Trial()))


def test_a_release_that_was_started_by_its_folder_serves_alone(serving: Serving) -> None:
    alone = Serves.alone(serving, now=NOW)

    assert ("alone", ("champion", serving)) == (alone.mode, alone.shown("customer:c1"))
    assert (None, NOW) == (alone.appointed.champion.version, alone.appointed.champion.since)


def test_a_shopper_is_answered_by_the_arm_that_was_dealt(serving: Serving, other: Serving) -> None:
    everybody = serves(serving, other, Trial(mode="split", share=1.0))
    nobody = serves(serving, other, Trial(mode="split", share=0.0))
    shadow = serves(serving, other, Trial(mode="shadow", share=1.0))

    assert ("challenger", other) == everybody.shown("customer:c1")
    assert [("champion", serving)] * 2 == [one.shown("customer:c1") for one in (nobody, shadow)]


def test_without_a_challenger_everybody_is_shown_the_champion(serving: Serving) -> None:
    assert ("champion", serving) == serves(serving, trial=Trial(mode="split", share=1.0)).shown("customer:c1")
    assert "alone" == serves(serving, trial=Trial(mode="shadow")).mode


def test_a_request_ends_with_what_it_took(serving: Serving, other: Serving) -> None:
    current = Current(serves(serving))
    took = current.take()

    current.swap(serves(other))

    assert (serving, other) == (took.champion, current.take().champion)


def test_answers_are_of_one_release_each_while_others_swap(serving: Serving, other: Serving) -> None:
    current, stop = Current(serves(serving)), Event()
    request = probe(serving)

    def answered(_: int) -> bool:
        took = current.take()
        before = took.champion.release.seal
        reply = took.champion.rank(request, request_id="r")
        return (before, before) == (reply.release, took.appointed.champion.release)

    def swapping() -> int:
        swaps = 0
        while not stop.is_set():
            current.swap(serves(other if swaps % 2 == 0 else serving))
            swaps += 1
        return swaps

    with ThreadPoolExecutor(3) as threads:
        swapper = threads.submit(swapping)
        answers = list(threads.map(answered, range(20)))
        stop.set()

    assert {True} == set(answers)
    assert swapper.result() > 1


def test_what_was_replaced_goes_with_the_last_request_that_took_it(release_folder: Path, snapshot_folder: Path, serving: Serving) -> None:
    current = Current(serves(Serving.load(release_folder, snapshot_folder)))
    took = current.take()
    gone = [weakref.ref(one) for one in (took.champion, took.champion.release, took.champion.snapshot)]

    gc.disable()  # references alone, no collection
    try:
        current.swap(serves(serving))
        assert all(one() is not None for one in gone)
        del took
        assert [None] * 3 == [one() for one in gone]
    finally:
        gc.enable()


def test_swaps_leave_next_to_nothing_behind(release_folder: Path, snapshot_folder: Path) -> None:
    current = Current(serves(Serving.load(release_folder, snapshot_folder)))
    current.swap(serves(Serving.load(release_folder, snapshot_folder)))
    before = gc.get_freeze_count()

    for _ in range(5):
        current.swap(serves(Serving.load(release_folder, snapshot_folder)))

    assert gc.get_freeze_count() - before < 5_000, "a release and a snapshot are many times as many objects"
