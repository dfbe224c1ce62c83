"""What the storefront sends to `POST /v1/size`; the reply is `serving.sizes.SizeReply`."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from serving.size_advice import Prefers
from serving.sizes import SizeQuestion
from serving.style_sizes import Described
from serving.wire import Country, Id, RequestId

Attribute = Annotated[str, Meta(pattern=r"^(height_cm|weight_kg|bust_band_in|bust_cup|size:[\s\S]{1,190})(?![\s\S])")]


class DescribedStyle(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A style that the shop does not sell yet."""

    category: Annotated[Id, Meta(description="The shop's own category.")]
    sizes: Annotated[tuple[Id, ...], Meta(max_length=60, description="As printed; default: the category's usual ones.")] = ()
    size_system: Id | None = None
    brand: Id | None = None
    material: Id | None = None


class SizeRequest(Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Which size of a style should this shopper take?"""

    style_id: Id
    customer_id: Annotated[Id | None, Meta(description="Who shops; null or unknown is a new customer.")] = None
    country: Country | None = None
    stated: Annotated[
        dict[Attribute, Id],
        Meta(
            description="What the shopper says of herself with this question; by that she allows its use, for this answer.", max_length=20
        ),
    ] = {}
    usual: Annotated[Id | None, Meta(description="The size she usually wears in this category, such as 38, M or UK 12.")] = None
    selected: Annotated[Id | None, Meta(description="The size she has already chosen.")] = None
    prefers: Annotated[Prefers | None, Meta(description="How she likes it to sit.")] = None
    described: Annotated[DescribedStyle | None, Meta(description="What the style is like, if the shop does not sell it yet.")] = None
    ask: Annotated[bool, Meta(description="False looks for no question that is worth asking; that is faster.")] = True
    personalization: Annotated[bool, Meta(description="False: as for somebody whom nobody knows.")] = True
    request_id: RequestId | None = None

    def question(self, *, stated: dict[str, str]) -> SizeQuestion:
        """The question as the advice takes it.

        Args:
            stated: what she declared since the snapshot and allows the use of; what she says with the question comes first.
        """
        described = self.described
        return SizeQuestion(
            style_id=self.style_id,
            customer_id=self.customer_id if self.personalization else None,
            country=self.country,
            stated={**stated, **self.stated},
            usual=self.usual,
            selected=self.selected,
            prefers=self.prefers,
            described=None
            if described is None
            else Described(described.category, described.sizes, described.size_system, described.brand, described.material),
            ask=self.ask,
        )
