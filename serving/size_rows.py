"""The features of every size of a style for one shopper, as she is and as she would be if she told more of herself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from features.asking import NOTHING_DONE, Asking, Day, Decided, Stated
from features.catalogue import Values
from features.persons import BODY, Flags
from serving.since import micros_of
from serving.style_sizes import Rows, StyleSizes

Declared = Mapping[str, str]
"""What is declared: values by attribute of the contract's preferences."""

_NOBODY = "\ue000"
"""Stands for a shopper without an account, so that she can declare something; no shop's id is a private-use character."""

_SECOND_US = 1_000_000


@dataclass(frozen=True, eq=False)
class SizeRows(Mapping[str, Values]):
    """The features of each sku of a style, by name.

    Attributes:
        features: (skus, features).
        places: of the features, by name.
        ordered: whether each sku has been ordered before (skus,).
    """

    features: Values
    places: Mapping[str, int]
    ordered: Flags

    def at(self, rows: Rows) -> SizeRows:
        """Some of the skus."""
        return SizeRows(self.features[rows], self.places, self.ordered[rows])

    def __getitem__(self, name: str) -> Values:
        return self.features[:, self.places[name]]

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


def size_rows(
    sizes: StyleSizes, *, customer_id: str | None, country: str | None, stated: Declared, answers: Sequence[Declared] = ({},)
) -> list[SizeRows]:
    """The features of each sku of a style, in its order, once for each of some answers, as if one unit of it lay in the basket.

    Args:
        sizes: the style.
        customer_id: who; None for an unknown shopper.
        country: market.
        stated: what the shopper declares, whatever she answers; who declares something allows its use.
        answers: what she might say beyond that; by default nothing.
    """
    at_us = micros_of(sizes.snapshot.at.to_pydatetime())
    numbers, who = _numbers(sizes), customer_id if customer_id is not None else _NOBODY
    places = {name: place for place, name in enumerate(sizes.snapshot.names)}
    days = (_day({**stated, **answer}, at_us) for answer in answers)
    asked = (Asking(sizes.skus, numbers, at_us + _SECOND_US, who, country, day=day) for day in days)
    return [SizeRows(found.features, places, found.known_skus) for found in map(sizes.snapshot.answer, asked)]


def _numbers(sizes: StyleSizes) -> dict[str, Values]:
    """`features.asked.NUMBERS`: one unit alone, at its list price."""
    one, unknown = np.ones(1), np.full(1, np.nan)
    alone = dict.fromkeys(("quantity", "basket_lines", "basket_units", "basket_same_style", "basket_same_sku"), one)
    return {**alone, "unit_price": sizes.price, "basket_value": sizes.price, "discount": unknown}


def _day(declared: Declared, us: int) -> Day:
    """What the shopper declares, and that it may be used."""
    if not declared:
        return NOTHING_DONE
    statements = tuple(Stated(attribute, value, us, None) for attribute, value in declared.items())
    return Day(statements=statements, decisions=(Decided(BODY, granted=True, us=us),))
