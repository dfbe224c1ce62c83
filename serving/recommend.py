"""Recommends without being given offers: the likeliest few hundred skus of the whole assortment, ranked by what the shopper will keep."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from domain.errors import ReleaseRefused
from features.persons import OWN
from serving.assortment import Product
from serving.facts import OfCustomer
from serving.permissions import allowed_now
from serving.recommender import Recommender
from serving.since import micros_of
from serving.state import Serving
from serving.wire import Offer, RankReply, RankRequest
from serving.wire_recommend import CANDIDATES, Named, RecommendReply, RecommendRequest
from training.retrieval.retriever import Candidates

_SPARE = 3
"""So many times more candidates are asked for where some of a style's are left out afterwards."""


def recommend(
    serving: Serving,
    recommender: Recommender | None,
    request: RecommendRequest,
    ranked: Callable[[RankRequest], RankReply],
    *,
    facts: Sequence[OfCustomer] = (),
    request_id: str,
) -> RecommendReply:
    """Recommend.

    Args:
        serving: what serves.
        recommender: its retrieval.
        request: what was asked, with its moment.
        ranked: ranks the candidates, as any request.
        facts: what became known of the shopper since the snapshot's moment; candidates go by it where she allows that.
        request_id: what the reply is known by.

    Raises:
        ReleaseRefused: the release has no retrieval.
        RequestRefused: as in `Serving.rank`.
    """
    if recommender is None:
        raise ReleaseRefused("the release has no retrieval", expected="one", advice="train on a shop with at least 300 kept lines")
    at = request.at or serving.snapshot.at.to_pydatetime()
    most = CANDIDATES * (_SPARE if request.one_per_style else 1)
    if allowed_now(serving.snapshot, request.customer_id, facts)[OWN]:
        found, known = recommender.candidates(request, micros_of(at), facts, most=most)
    else:
        found, known = recommender.candidates(replace(request, customer_id=None), micros_of(at), (), most=most)
    skus = _one_per_style(found, serving.products)[:CANDIDATES] if request.one_per_style else list(found.sku)
    if not skus:
        return RecommendReply(request_id=request_id, candidates=0, known=known, ranking=None, named=[])
    ranking = ranked(_question(request, skus))
    rows = {sku: row for row, sku in enumerate(found.sku)}
    named = [Named(sku=offer.sku, sources=found.named_by(rows[offer.sku])) for offer in ranking.offers]
    return RecommendReply(request_id=request_id, candidates=len(skus), known=known, ranking=ranking, named=named)


def _one_per_style(found: Candidates, products: Mapping[str, Product]) -> list[str]:
    first: dict[str | None, str] = {}
    for sku in found.sku:
        first.setdefault(products[sku].style_id, sku)
    return list(first.values())


def _question(request: RecommendRequest, skus: Sequence[str]) -> RankRequest:
    return RankRequest(
        offers=[Offer(sku=sku) for sku in skus],
        customer_id=request.customer_id,
        session_id=request.session_id,
        country=request.country,
        currency=request.currency,
        channel=request.channel,
        payment_method=request.payment_method,
        at=request.at,
        basket=request.basket,
        limit=request.limit,
        explain=request.explain,
        personalization=request.personalization,
        request_id=request.request_id,
    )
