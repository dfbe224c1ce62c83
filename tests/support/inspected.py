"""Rankings small enough to be checked by eye, and a service that gives them to the inspector."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from msgspec.structs import replace

from domain.policy import Objective
from serving.inspector.needs import About, Described
from serving.reading import RequestRefused
from serving.size_advice import Chance, advise
from serving.sizes import SizeReply
from serving.wire import FieldError, IntervalTerms, Money, RankedOffer, RankReply, RankRequest, Reason
from serving.wire_explain import Evidence

AT = dt.datetime(2026, 10, 1, 22, tzinfo=dt.UTC)
ABOUT = About("release1", "snapshot1", AT, "policy1", "settings1", "kept_margin", 0.5, False, ("dress", "shirt"), ("DE", "FR"))
EVIDENCE = Evidence(
    feature="f", meaning="the style's return rate", value=0.49, unit="rate", about="offer", effect="raises", log_odds=0.13, words=""
)
MONEY = Money(
    price_net=4000,
    unit_cost=1500,
    unit_cost_assumed=False,
    outbound_shipping=400,
    payment_fee=100,
    margin_if_kept=2000,
    payment_fee_kept=100,
    return_handling=700,
    resale_loss=900,
    return_fee=100,
    loss_if_returned=2000,
    expected_kept_margin=0,
    break_even_p_return=0.5,
)


def offer(sku: str, p_order: float | None, p_return: float, position: int = 1, **told: Any) -> RankedOffer:
    """An offer that leaves 2000 when it is kept, and costs 2000 when it comes back."""
    return RankedOffer(
        sku=sku,
        position=position,
        propensity=1.0,
        price=4760,
        p_order=p_order,
        p_return=p_return,
        **{"p_return_interval": None, "fit": None, "money": MONEY, "fallback": "none", **told},
    )


def reply(offers: Sequence[RankedOffer], objective: Objective = "kept_margin", **told: Any) -> RankReply:
    """A ranking of offers in the order given."""
    placed = [replace(one, position=place) for place, one in enumerate(offers, 1)]
    return RankReply(
        request_id="r",
        as_of=AT,
        release="release1",
        snapshot="snapshot1",
        snapshot_at=AT,
        policy="policy1",
        country="DE",
        vat_rate=0.19,
        stale_seconds=0,
        **{
            "currency": "EUR",
            "per": "view",
            "fallback": "none",
            "intervals": IntervalTerms(orders=20, coverage=0.9),
            "objective": objective,
            "order_bonus": 0,
            "offers": placed,
            "excluded": [],
            "unknown_offers": [],
            "cut_by_limit": 0,
            **told,
        },
    )


def reason(effect: str, meaning: str = "the style's return rate") -> Reason:
    """Something that moved P(return)."""
    return Reason(feature="f", meaning=meaning, effect="raises" if effect == "raises" else "lowers", log_odds=0.5)


@dataclass
class House:
    """A service with a shelf of skus: the later in the request, the more an offer leaves, and the less it is ordered.

    Attributes:
        asked: every request that was ranked.
    """

    shelf: Sequence[str] = ("a", "b", "c")
    about_it: About = ABOUT
    asked: list[RankRequest] = field(default_factory=list)

    def rank(self, request: RankRequest, objective: Objective) -> RankReply:
        """The request's order by conversion, and the other way round by kept margin."""
        self.asked.append(request)
        if request.currency not in (None, "EUR"):
            raise RequestRefused(FieldError(field="/currency", message=f"{request.currency} is not a currency of this shop"))
        count = len(request.offers)
        offers = [offer(one.sku, round(0.1 - n / 20_000, 6), round(0.4 * (1 - n / count), 6)) for n, one in enumerate(request.offers)]
        return reply(offers if objective == "conversion" else offers[::-1], objective)

    def size(self, style_id: str, request: RankRequest) -> SizeReply | None:  # noqa: ARG002
        """Advice on the styles of skus that have a size."""
        chances = (Chance("38", "EU", 38.0, 0.1, 0.8, 0.1, 0.6), Chance("40", "EU", 40.0, 0.0, 0.3, 0.7, 0.4))
        told = ("Take 38.", advise(chances), chances, None, (), True, "nothing", "ordered", "none", "release1", "snapshot1")
        return SizeReply(style_id, "dress", *told)  # type: ignore[arg-type]

    def evidence(self, request: RankRequest, sku: str) -> Sequence[Evidence]:  # noqa: ARG002
        """One piece."""
        return [EVIDENCE]

    def offers(self, category: str | None, count: int, draw: int) -> Sequence[str]:
        """The shelf, turned by the draw; nobody sells hats."""
        shelf = [*self.shelf[draw - 1 :], *self.shelf[: draw - 1]]
        return [] if category == "hat" else shelf[:count]

    def describe(self, sku: str) -> Described:  # noqa: ARG002
        """All are dresses."""
        return Described("style", "Juno", "dress", "38")

    def about(self) -> About:
        """What serves."""
        return self.about_it
