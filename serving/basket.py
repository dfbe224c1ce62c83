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
from serving.wire import FieldError, Offer, RankedOffer, RankRequest
from serving.wire_basket import Action, AssessedLine, BasketReply, BasketRequest, Intervention, Line

Lines = tuple[Line, ...]

Expects = Callable[[Sequence[Lines]], Sequence[Sequence[RankedOffer | None]]]
"""What is expected of each line of some baskets beside the others of its basket; None of a line that a hard rule leaves out."""

Advises = Callable[[str], SizeReply | None]
"""Advises the size of a style; None where nothing can be said."""

_MORE_LIKELY = 0.05
"""By how much the advised size has to fit more likely than the chosen one before it is worth a word (guess)."""

_NOTHING = Intervention(
    action="none", skus=[], expected_value=0, sentence="Nothing to say: no change is worth more than the basket as it is."
)


@dataclass(frozen=True)
class Source:
    """Where an assessment comes from: the seals of release and snapshot, the policy's version, and the currency of every amount."""

    release: str
    snapshot: str
    policy: str
    currency: str


@dataclass(frozen=True)
class _Assessed:
    """A basket's lines with what is expected of each beside the others."""

    lines: Lines
    offers: Mapping[str, RankedOffer]

    @classmethod
    def of(cls, lines: Lines, expected: Sequence[RankedOffer | None]) -> _Assessed:
        return cls(lines, {offer.sku: offer for offer in expected if offer is not None})

    @property
    def worth(self) -> int:
        return sum(line.quantity * self.offers[line.sku].money.expected_kept_margin for line in self.lines if line.sku in self.offers)

    @property
    def returns(self) -> float:
        return sum(line.quantity * self.offers[line.sku].p_return for line in self.lines if line.sku in self.offers)


@dataclass(frozen=True)
class _Word:
    """A word to the shopper, and the basket if she follows it."""

    action: Action
    skus: list[str]
    instead: str
    sentence: str
    lines: Lines


def assess(
    request: BasketRequest,
    expects: Expects,
    advises: Advises,
    products: Mapping[str, Product],
    styles: Mapping[str, Sequence[str]],
    source: Source,
    *,
    request_id: str,
) -> BasketReply:
    """Assess a basket.

    Args:
        request: what was asked.
        expects: says what is expected of baskets; asked for the basket as it is, and then for all that are considered at once.
        advises: advises the size of a style for the shopper.
        products: the assortment by sku.
        styles: the skus of every style.
        source: where all of it comes from.
        request_id: what the reply is known by.

    Raises:
        RequestRefused: a sku comes twice, or as `expects` raises it.
    """
    _refuse_twice(request.lines)
    as_it_is = _Assessed.of(request.lines, expects([request.lines])[0])
    words = [*_keep_one_size(as_it_is, products), *_other_sizes(as_it_is, advises, products, styles)]
    others = expects([word.lines for word in words]) if words else []
    considered = [
        Intervention(
            action=word.action,
            skus=word.skus,
            instead=word.instead,
            expected_value=_Assessed.of(word.lines, expected).worth - as_it_is.worth,
            sentence=word.sentence,
        )
        for word, expected in zip(words, others, strict=True)
    ]
    best = max(considered, key=lambda one: one.expected_value, default=_NOTHING)
    return BasketReply(
        request_id=request_id,
        release=source.release,
        snapshot=source.snapshot,
        policy=source.policy,
        currency=source.currency,
        lines=[_told(line, as_it_is.offers[line.sku], request.lines, products) for line in request.lines if line.sku in as_it_is.offers],
        excluded=[line.sku for line in request.lines if line.sku not in as_it_is.offers],
        expected_returns=round(as_it_is.returns, 6),
        expected_kept_margin=as_it_is.worth,
        best=best if best.expected_value > 0 else _NOTHING,
        considered=considered,
    )


def as_ordered(line: Line) -> Offer:
    """A line as an offer that is ordered and can be had: it lies in the basket, and what is asked is what the order leaves."""
    return Offer(sku=line.sku, price=line.price, discount=line.discount, quantity=line.quantity, p_order=1.0, available=line.quantity)


def as_ranking(request: BasketRequest) -> RankRequest:
    """Who asks, where and how, as a ranking would be asked for."""
    return RankRequest(
        offers=[as_ordered(line) for line in request.lines],
        customer_id=request.customer_id,
        session_id=request.session_id,
        country=request.country,
        currency=request.currency,
        channel=request.channel,
        payment_method=request.payment_method,
        promised_at=request.promised_at,
        at=request.at,
        personalization=request.personalization,
    )


def _refuse_twice(lines: Sequence[Line]) -> None:
    first: dict[str, int] = {}
    for number, line in enumerate(lines):
        if first.setdefault(line.sku, number) != number:
            message = f"the same sku as /lines/{first[line.sku]}; what to do: give its quantity"
            raise RequestRefused(FieldError(field=pointer("lines", number, "sku"), message=message))


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


def _keep_one_size(as_it_is: _Assessed, products: Mapping[str, Product]) -> Iterator[_Word]:
    """For every style of which several skus lie in the basket: keep the one that is least likely to come back."""
    styles: dict[str, list[Line]] = {}
    for line in as_it_is.lines:
        if line.sku in as_it_is.offers and (style := products.get(line.sku, UNKNOWN).style_id) is not None:
            styles.setdefault(style, []).append(line)
    for lines in styles.values():
        if len(lines) < 2:
            continue
        kept = min(lines, key=lambda line: as_it_is.offers[line.sku].p_return)
        yield _Word(
            action="keep_one_size",
            skus=[line.sku for line in lines],
            instead=kept.sku,
            sentence=f"You have chosen this in {len(lines)} sizes or colours. {kept.sku} is the one that most shoppers like you keep.",
            lines=tuple(line for line in as_it_is.lines if line is kept or line not in lines),
        )


def _other_sizes(
    as_it_is: _Assessed, advises: Advises, products: Mapping[str, Product], styles: Mapping[str, Sequence[str]]
) -> Iterator[_Word]:
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
        yield _Word("other_size", [line.sku], sku, advised.sentence, changed)


def _in_size(product: Product, size: str, units: int, variants: Mapping[str, Product]) -> str | None:
    """The sku of the same style and colour in a size, if so many units of it can be had."""
    for sku, other in variants.items():
        enough = other.stock is None or other.stock >= units
        if (other.size, other.colour) == (size, product.colour) and enough and not other.hidden:
            return sku
    return None
