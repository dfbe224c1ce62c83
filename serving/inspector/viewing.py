"""Puts two rankings of the same offers side by side: pure, from what the service replied to what the page shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from serving.inspector.moves import moved
from serving.inspector.needs import About, Described
from serving.inspector.view import Asked, Closer, Expected, LeftOut, Line, OfferView, Ranking, SizeLine, SizeView, View
from serving.inspector.waterfall import waterfall, worth_of_an_order
from serving.inspector.words import EXCLUDED, FALLBACKS, OBJECTIVES, SHARES, WIDTHS, percent
from serving.size_advice import words
from serving.sizes import SizeReply
from serving.wire import RankedOffer, RankReply
from serving.wire_explain import Evidence

_VIEWS = 1_000
"""A view leaves cents: of a thousand the amounts can be compared."""

Describe = Callable[[str], Described]


def view_of(
    conversion: RankReply,
    kept: RankReply,
    about: About,
    describe: Describe,
    *,
    customer: str | None,
    focus: str | None,
    evidence: Sequence[Evidence] = (),
    size: SizeReply | None = None,
) -> View:
    """What the page shows.

    Args:
        conversion: the offers ranked by P(order).
        kept: the same, ranked by expected kept margin.
        about: what serves.
        describe: what people call a sku.
        customer: whom the request names.
        focus: the sku to look at closer; None where no offer is left.
        evidence: what moved its P(return).
        size: which size of its style to take.
    """
    by_margin, by_conversion = _ranking(kept, conversion, about, describe), _ranking(conversion, kept, about, describe)
    return View(
        asked=Asked(
            customer, kept.country, kept.currency, kept.vat_rate, kept.per, kept.as_of, FALLBACKS[kept.fallback], bool(kept.degraded)
        ),
        about=about,
        conversion=by_conversion,
        kept=by_margin,
        moved=moved(by_margin.lines, {offer.sku: offer.reasons for offer in kept.offers}, currency=kept.currency),
        offers=tuple(_offer(offer, line, kept, describe) for offer, line in zip(kept.offers, by_margin.lines, strict=True)),
        closer=None if focus is None else Closer(focus, _title(describe(focus)), tuple(evidence), None if size is None else _size(size)),
        left_out=tuple(LeftOut(one.sku, _title(describe(one.sku)), EXCLUDED[one.reason]) for one in kept.excluded),
        unknown=tuple(kept.unknown_offers),
        cut=kept.cut_by_limit,
    )


def _ranking(reply: RankReply, other: RankReply, about: About, describe: Describe) -> Ranking:
    there = {offer.sku: offer.position for offer in other.offers}
    lines = tuple(
        Line(offer.position, there.get(offer.sku), offer.sku, _title(describe(offer.sku)), offer.p_order, offer.p_return, _kept(offer))
        for offer in reply.offers
    )
    return Ranking(OBJECTIVES[reply.objective], lines, expected(reply.offers, about.attention), reply.order_bonus)


def expected(offers: Sequence[RankedOffer], attention: float) -> Expected:
    """What 1,000 shoppers who see the list are expected to do: position k is looked at by attention^(k-1) of them.

    Args:
        offers: the best first.
        attention: the share of those who looked at one position that looks at the next.
    """
    looks = [_VIEWS * attention**place for place in range(len(offers))]
    kept = sum(
        look * (offer.p_order if offer.p_order is not None else 1.0) * worth_of_an_order(offer) for look, offer in _both(looks, offers)
    )
    if any(offer.p_order is None for offer in offers):
        return Expected(None, None, kept)
    orders = [(look * (offer.p_order or 0.0), offer) for look, offer in _both(looks, offers)]
    return Expected(sum(count for count, _ in orders), sum(count * offer.p_return for count, offer in orders), kept)


def _both(looks: Sequence[float], offers: Sequence[RankedOffer]) -> zip[tuple[float, RankedOffer]]:
    return zip(looks, offers, strict=True)


def _kept(offer: RankedOffer) -> float:
    return worth_of_an_order(offer) * (1.0 if offer.p_order is None else _VIEWS * offer.p_order)


def _offer(offer: RankedOffer, line: Line, reply: RankReply, describe: Describe) -> OfferView:
    return OfferView(
        line=line,
        style_id=describe(offer.sku).style_id,
        price=offer.price,
        waterfall=waterfall(offer),
        per_order=worth_of_an_order(offer),
        per_view=None if offer.p_order is None else offer.money.expected_kept_margin,
        break_even=offer.money.break_even_p_return,
        range=_range(offer, reply),
        fit=offer.fit,
        reasons=tuple(offer.reasons),
        returned_for=tuple((SHARES.get(name, name), share) for name, share in (offer.p_return_for or {}).items()),
        fallback=FALLBACKS[offer.fallback],
    )


def _range(offer: RankedOffer, reply: RankReply) -> str | None:
    found, terms = offer.p_return_interval, reply.intervals
    if found is None or terms is None:
        return None
    return (
        f"of {terms.orders} orders like this one, {percent(found.low, 0)} to {percent(found.high, 0)} come back, in "
        f"{percent(terms.coverage, 0)} of all cases ({WIDTHS[found.fallback_level]})"
    )


def _title(described: Described) -> str:
    """What people call it.

    >>> _title(Described("s1", "Juno", "dress", "38")), _title(Described())
    ('Juno dress, size 38', 'not in the assortment')
    """
    name = " ".join(text for text in (described.brand, described.category) if text)
    told = ", ".join(text for text in (name, f"size {described.size}" if described.size else "") if text)
    return told or ("without a name" if described.style_id else "not in the assortment")


def _size(reply: SizeReply) -> SizeView:
    best = reply.advice.chance
    lines = tuple(
        SizeLine(_printed(one.size, one.size_system), one.small, one.fits, one.large, one.likely, one == best) for one in reply.chances
    )
    ask = reply.ask
    return SizeView(
        style_id=reply.style_id,
        sentence=reply.sentence,
        confidence=reply.advice.confidence,
        customer=reply.customer,
        lines=lines,
        ask=None if ask is None else f"{' and '.join(map(words, ask.attributes))} (P(fits) rises by {percent(ask.gain)} on average)",
        equivalents=tuple(_printed(one.size.printed, one.size.system) for one in reply.equivalents),
    )


def _printed(size: str, system: str | None) -> str:
    return f"{system} {size}" if system else size
