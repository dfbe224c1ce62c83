"""Leaks planted on purpose: one in a table, and some in the code. Whoever looks for leaks has to find each of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from domain.tables import Tables
from features import facts, prefix_sums, today
from features.fact_text import Kind, Said
from features.shop import Shop
from features.today import Askers, Moves, Whole


def with_told_discounts(shop: Shop) -> Shop:
    """The shop with a column that was filled in after the fact: only what was asked back had a discount."""
    lines = shop.tables["order_lines"]
    discount = pd.Series(shop.outcomes["asked_back"].to_numpy() * 500, dtype=lines["discount"].dtype)
    tables: Tables = {**shop.tables, "order_lines": lines.assign(discount=discount)}
    return Shop.of(tables, shop.windows, now=shop.now, zone=shop.zone)


@contextmanager
def histories_of_the_day_itself() -> Iterator[None]:
    """Histories end with the row's day instead of before it."""

    def with_today(self: prefix_sums._Sorted, places: prefix_sums.Places) -> npt.NDArray[np.int32]:
        return np.searchsorted(self.places, places, side="right").astype("int32")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prefix_sums._Sorted, "before", with_today)
        yield


def returns_by_their_request() -> AbstractContextManager[None]:
    """Returns that arrive count from the day they were asked for."""
    return _read_instead("returned", "returns.received_at", "CASE WHEN returns.received_at IS NOT NULL THEN returns.requested_at END")


def kept_by_hindsight() -> AbstractContextManager[None]:
    """Whether a line was kept heeds a request for its return before the shop learned of it."""
    return _read_instead("kept", "returns.known_at", "returns.requested_at")


@contextmanager
def moves_of_the_moment_itself() -> Iterator[None]:
    """Today counts up to the row's moment and with it."""
    as_it_is = today.windows

    def and_one_more(moves: Moves, askings: Askers) -> tuple[Whole, Whole]:
        return as_it_is(moves, dataclasses.replace(askings, us=askings.us + 1))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(today, "windows", and_one_more)
        yield


@contextmanager
def _read_instead(kind: str, column: str, other: str) -> Iterator[None]:
    """A kind of facts that reads something else instead of a column."""
    as_it_is: Callable[[Said], Kind] = getattr(facts, kind)

    def otherwise(said: Said) -> Kind:
        told = as_it_is(said)
        assert column in told.select
        return dataclasses.replace(told, select=told.select.replace(column, other))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(facts, kind, otherwise)
        yield
