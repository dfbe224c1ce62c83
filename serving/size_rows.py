"""The features of every size of a style for one shopper, as she is and as she would be if she told more of herself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from domain.tables import UTC, Tables
from features.asked import of_offers
from features.persons import BODY
from serving.style_sizes import StyleSizes

Stated = Mapping[str, str]
"""What is declared: values by attribute of the contract's preferences."""

_NOBODY = "\ue000"
"""Stands for a shopper without an account, so that she can declare something; no shop's id is a private-use character."""

_NOTHING = ""
"""A declaration that is no number and no size: nothing is known of the attribute any more."""

_SECOND = pd.Timedelta(seconds=1)


def size_rows(
    sizes: StyleSizes, *, customer_id: str | None, country: str | None, stated: Stated, answers: Sequence[Stated] = ({},)
) -> list[pd.DataFrame]:
    """The features of each sku of a style, in its order, once for each of some answers, as if one unit of it lay in the basket.

    All answers are built at once. The shopper gives them one after the other, a few seconds apart, and takes back what she said before.

    Args:
        sizes: the style.
        customer_id: who; None for an unknown shopper.
        country: market.
        stated: what the shopper declares, whatever she answers; who declares something allows its use.
        answers: what she might say beyond that; by default nothing.
    """
    who = customer_id if customer_id is not None else _NOBODY
    skus, turns = len(sizes.skus), np.repeat(np.arange(len(answers)), len(sizes.skus))
    once = _asked(sizes, who, country)
    asked = once.iloc[np.tile(np.arange(skus), len(answers))].reset_index(drop=True)
    said = list(_said(sizes, stated, answers))
    built = sizes.snapshot.build(asked.assign(at=asked["at"] + (2 * turns + 2) * _SECOND), _told(who, said) if said else {})
    return [built.iloc[turn * skus : (turn + 1) * skus].reset_index(drop=True) for turn in range(len(answers))]


def _asked(sizes: StyleSizes, who: str, country: str | None) -> pd.DataFrame:
    offers = sizes.skus[["sku", "price"]].rename(columns={"price": "unit_price"}).assign(quantity=1.0, discount=np.nan)
    goods = sizes.skus[["sku", "style_id"]]
    return of_offers(goods, offers, offers.iloc[:0], customer_id=who, country=country, at=sizes.snapshot.at)


def _said(sizes: StyleSizes, stated: Stated, answers: Sequence[Stated]) -> Iterator[tuple[str, str, pd.Timestamp]]:
    """Attribute, value and moment of each declaration."""
    for attribute, value in stated.items():
        yield attribute, value, _moment(sizes, 0)
    asked = dict.fromkeys(attribute for answer in answers for attribute in answer)
    for turn, answer in enumerate(answers):
        for attribute in asked:
            yield attribute, answer.get(attribute, _NOTHING), _moment(sizes, 2 * turn + 1)


def _told(who: str, said: Sequence[tuple[str, str, pd.Timestamp]]) -> Tables:
    """What the shopper declares, and that it may be used, as tables of the contract."""
    attributes, values, moments = zip(*said, strict=True)
    at = pd.Series(moments, dtype=UTC)
    preferences = pd.DataFrame({"customer_id": [who] * len(said), "attribute": attributes, "value": values}, dtype="str")
    consents = pd.DataFrame({"customer_id": [who], "purpose": [BODY]}, dtype="str").assign(granted=True, at=at.iloc[:1])
    return {"preferences": preferences.assign(stated_at=at, needed_on=pd.Series(pd.NaT, index=at.index, dtype=UTC)), "consents": consents}


def _moment(sizes: StyleSizes, second: int) -> pd.Timestamp:
    return sizes.snapshot.at + second * _SECOND
