"""Assesses a basket: what of it is likely to come back, and which word to the shopper would be worth most.

The value of a word is the difference between two baskets, both as the models expect them:

    value = expected kept margin of the basket if she follows it - that of the basket as it is

Whether she follows it, nobody knows before it has been tried: that is what an experiment is for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from serving.assortment import UNKNOWN, Product
from serving.reading import RequestRefused, pointer
from serving.sizes import SizeReply
from serving.wire import BasketLine, Degraded, FieldError, Offer, RankedOffer, RankReply, RankRequest
from serving.wire_basket import AssessedLine, BasketReply, BasketRequest, Intervention, Line

Ranks = Callable[[RankRequest], RankReply]
"""Ranks a request's offers."""

Advises = Callable[[str], SizeReply | None]
"""Advises the size of a style; None where nothing can be said."""

_MORE_LIKELY = 0.05
"""By how much the advised size has to fit more likely than the chosen one before it is worth a word (guess)."""

_NOTHING = Intervention(
    action="none", skus=[], expected_value=0, sentence="Nothing to say: no change is worth more than the basket as it is."
)


@dataclass(frozen=True)
class _Assessed:
    """A basket's lines with what is expected of each beside the others."""

    lines: tuple[Line, ...]
    offers: Mapping[str, RankedOffer]
    reply: RankReply
    degraded: Sequence[Degraded]

    @property
    def worth(self) -> int:
        return sum(line.quantity * self.offers[line.sku].money.expected_kept_margin for line in self.lines if line.sku in self.offers)

    @property
    def returns(self) -> float:
        return sum(line.quantity * self.offers[line.sku].p_return for line in self.lines if line.sku in self.offers)


def assess(
    request: BasketRequest,
    ranks: Ranks,
    advises: Advises,
    products: Mapping[str, Product],
    styles: Mapping[str, Sequence[str]],
    *,
    request_id: str,
) -> BasketReply:
    """Assess a basket.

    Args:
        request: what was asked.
        ranks: ranks a request's offers; asked once for each line of each basket that is considered.
        advises: advises the size of a style for the shopper.
        products: the assortment by sku.
        styles: the skus of every style.
        request_id: what the reply is known by.

    Raises:
        RequestRefused: a sku comes twice, or as `ranks` raises it.
    """
    _refuse_twice(request.lines)
    as_it_is = _assessed(request, request.lines, ranks)
    considered = [
        *_keep_one_size(request, as_it_is, ranks, products),
        *_other_sizes(request, as_it_is, ranks, advises, products, styles),
    ]
    best = max(considered, key=lambda one: one.expected_value, default=_NOTHING)
    return BasketReply(
        request_id=request_id,
        release=as_it_is.reply.release,
        snapshot=as_it_is.reply.snapshot,
        policy=as_it_is.reply.policy,
        currency=as_it_is.reply.currency,
        lines=[_told(line, as_it_is.offers[line.sku], request.lines, products) for line in request.lines if line.sku in as_it_is.offers],
        excluded=[line.sku for line in request.lines if line.sku not in as_it_is.offers],
        expected_returns=round(as_it_is.returns, 6),
        expected_kept_margin=as_it_is.worth,
        best=best if best.expected_value > 0 else _NOTHING,
        considered=considered,
        degraded=list(as_it_is.degraded),
    )


def _refuse_twice(lines: Sequence[Line]) -> None:
    first: dict[str, int] = {}
    for number, line in enumerate(lines):
        if first.setdefault(line.sku, number) != number:
            message = f"the same sku as /lines/{first[line.sku]}; what to do: give its quantity"
            raise RequestRefused(FieldError(field=pointer("lines", number, "sku"), message=message))


def _assessed(request: BasketRequest, lines: tuple[Line, ...], ranks: Ranks) -> _Assessed:
    """Each line, ranked as if it were put into the basket last."""
    replies = [ranks(_question(request, line, [other for other in lines if other is not line])) for line in lines]
    degraded = dict.fromkeys(one for reply in replies for one in reply.degraded)
    return _Assessed(lines, {offer.sku: offer for reply in replies for offer in reply.offers}, replies[0], tuple(degraded))


def _question(request: BasketRequest, line: Line, others: Sequence[Line]) -> RankRequest:
    """P(order) is 1: what is asked is what the order of the basket leaves. It lies in the basket, so it can be had."""
    offer = Offer(sku=line.sku, price=line.price, discount=line.discount, quantity=line.quantity, p_order=1.0, available=line.quantity)
    return RankRequest(
        offers=[offer],
        customer_id=request.customer_id,
        session_id=request.session_id,
        country=request.country,
        currency=request.currency,
        channel=request.channel,
        payment_method=request.payment_method,
        promised_at=request.promised_at,
        at=request.at,
        basket=tuple(BasketLine(sku=other.sku, quantity=other.quantity, price=other.price) for other in others),
        personalization=request.personalization,
    )


def _told(line: Line, offer: RankedOffer, lines: Sequence[Line], products: Mapping[str, Product]) -> AssessedLine:
    return AssessedLine(
        sku=line.sku,
        quantity=line.quantity,
        p_return=offer.p_return,
        p_return_interval=offer.p_return_interval,
        fit=offer.fit,
        money=offer.money,
        other_sizes=[other.sku for other in lines if other is not line and _same_style(other.sku, line.sku, products)],
    )


def _same_style(one: str, other: str, products: Mapping[str, Product]) -> bool:
    style = products.get(one, UNKNOWN).style_id
    return style is not None and style == products.get(other, UNKNOWN).style_id


def _keep_one_size(request: BasketRequest, as_it_is: _Assessed, ranks: Ranks, products: Mapping[str, Product]) -> Iterator[Intervention]:
    """For every style of which several skus lie in the basket: keep the one that is least likely to come back."""
    styles: dict[str, list[Line]] = {}
    for line in as_it_is.lines:
        if line.sku in as_it_is.offers and (style := products.get(line.sku, UNKNOWN).style_id) is not None:
            styles.setdefault(style, []).append(line)
    for lines in styles.values():
        if len(lines) < 2:
            continue
        kept = min(lines, key=lambda line: as_it_is.offers[line.sku].p_return)
        fewer = tuple(line for line in as_it_is.lines if line is kept or line not in lines)
        yield Intervention(
            action="keep_one_size",
            skus=[line.sku for line in lines],
            instead=kept.sku,
            expected_value=_assessed(request, fewer, ranks).worth - as_it_is.worth,
            sentence=f"You have chosen this in {len(lines)} sizes or colours. {kept.sku} is the one that most shoppers like you keep.",
        )


def _other_sizes(
    request: BasketRequest,
    as_it_is: _Assessed,
    ranks: Ranks,
    advises: Advises,
    products: Mapping[str, Product],
    styles: Mapping[str, Sequence[str]],
) -> Iterator[Intervention]:
    """For every line whose size fits less likely than another one of its style: take that one."""
    for line in as_it_is.lines:
        offer, product = as_it_is.offers.get(line.sku), products.get(line.sku, UNKNOWN)
        if offer is None or offer.fit is None or product.style_id is None:
            continue
        advised = advises(product.style_id)
        if advised is None or advised.advice.chance.fits < offer.fit.fits + _MORE_LIKELY:
            continue
        sku = _in_size(product, advised.advice.chance.size, line.quantity, {sku: products[sku] for sku in styles[product.style_id]})
        if sku is None or any(other.sku == sku for other in as_it_is.lines):
            continue
        changed = tuple(replace(one, sku=sku) if one is line else one for one in as_it_is.lines)
        yield Intervention(
            action="other_size",
            skus=[line.sku],
            instead=sku,
            expected_value=_assessed(request, changed, ranks).worth - as_it_is.worth,
            sentence=advised.sentence,
        )


def _in_size(product: Product, size: str, units: int, variants: Mapping[str, Product]) -> str | None:
    """The sku of the same style and colour in a size, if so many units of it can be had."""
    for sku, other in variants.items():
        enough = other.stock is None or other.stock >= units
        if (other.size, other.colour) == (size, product.colour) and enough and not other.hidden:
            return sku
    return None
