"""Lays open one score for a service agent: what the models read, what each piece did to P(return), and what may not be looked at."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal

import numpy as np
import pandas as pd

from domain.tables import CONSENT_PURPOSES
from features.build import FEATURES
from features.catalogue import Feature
from serving.wire import RankedOffer, RankReply
from serving.wire_explain import Evidence, ExplainReply
from training.model import Model

_FEATURES: Mapping[str, Feature] = {feature.name: feature for feature in FEATURES}
_DECIMALS, _SHARE_UNITS = 4, ("rate", "share")

_SILENT = 1e-3
"""Log-odds below which an input did nothing worth telling."""


def evidence(model: Model, row: pd.DataFrame, *, most: int) -> list[Evidence]:
    """What moved P(return) of one row most, the strongest first.

    Args:
        model: the return model.
        row: one row of features.
        most: pieces at most.
    """
    told = model.contributions(row, of="returned")[0]
    values = row[list(model.features)].to_numpy(dtype="float64")[0]
    order = np.argsort(-np.abs(told), kind="stable")[:most]
    return [_piece(model.features[at], float(values[at]), float(told[at])) for at in order if abs(told[at]) >= _SILENT]


def explained(reply: RankReply, pieces: Sequence[Evidence], allowed: Mapping[str, bool], *, named: bool) -> ExplainReply:
    """A ranking of one offer, with its evidence.

    Args:
        reply: the ranking.
        pieces: as `evidence` gives them.
        allowed: whether the customer allows each purpose.
        named: whether it is about anybody.
    """
    offer = reply.offers[0] if reply.offers else None
    withheld = [purpose for purpose in CONSENT_PURPOSES if not allowed[purpose]]
    return ExplainReply(
        request_id=reply.request_id,
        as_of=reply.as_of,
        release=reply.release,
        snapshot=reply.snapshot,
        policy=reply.policy,
        summary=" ".join([*_summary(reply, offer, pieces), *_not_looked_at(reply, withheld, named=named)]),
        offer=offer,
        excluded=reply.excluded[0].reason if reply.excluded else None,
        fallback=reply.fallback if offer is None else offer.fallback,
        evidence=list(pieces),
        withheld=withheld,
        degraded=reply.degraded,
    )


def _piece(name: str, value: float, log_odds: float) -> Evidence:
    feature, known = _FEATURES[name], not math.isnan(value)
    effect: Literal["raises", "lowers"] = "raises" if log_odds > 0 else "lowers"
    return Evidence(
        feature=name,
        meaning=feature.meaning,
        value=value if known else None,
        unit=feature.unit,
        about=feature.kind,
        effect=effect,
        log_odds=round(log_odds, _DECIMALS),
        words=f"{feature.meaning}: {_number(value, feature.unit) if known else 'not known'}; this {effect} the risk.",
    )


def _number(value: float, unit: str) -> str:
    """A value with its unit, as people say it.

    >>> _number(0.583, "rate"), _number(12.0, "lines"), _number(3990.0, "minor units")
    ('58 %', '12 lines', '3990 minor units')
    """
    return f"{100 * value:.0f} %" if unit in _SHARE_UNITS else f"{value:.4g} {unit}"


def _summary(reply: RankReply, offer: RankedOffer | None, pieces: Sequence[Evidence]) -> Iterator[str]:
    if offer is None:
        yield f"It would not be shown: {reply.excluded[0].reason.replace('_', ' ')}." if reply.excluded else "It would not be shown."
        return
    yield f"Of orders like this one, {100 * offer.p_return:.0f} in 100 come back."
    if offer.p_return_interval is not None and reply.intervals is not None:
        low, high = (round(reply.intervals.orders * end) for end in (offer.p_return_interval.low, offer.p_return_interval.high))
        yield f"Of {reply.intervals.orders} of them, {low} to {high} will, in {10 * reply.intervals.coverage:.0f} cases of 10."
    if offer.fit is not None:
        yield f"The size fits {100 * offer.fit.fits:.0f} in 100 like this customer."
    for effect, word in (("raises", "speaks against it"), ("lowers", "speaks for it")):
        if found := [piece for piece in pieces if piece.effect == effect]:
            yield f"What most {word}: {found[0].meaning}."
    if offer.fallback == "prior":
        yield "The release has no return model: the risk is the policy's assumption."


def _not_looked_at(reply: RankReply, withheld: Sequence[str], *, named: bool) -> Iterator[str]:
    if reply.degraded:
        yield "Nothing of a customer was looked at: the store that knows what she allows did not answer."
    elif not named:
        yield "Nothing of a customer was looked at: nobody is named, or she was erased."
    elif withheld and reply.offers:
        yield f"The customer does not allow {' and '.join(withheld)}: what that would tell was not looked at."
