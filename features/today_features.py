"""Today: what the shopper did in this market's day, up to this moment."""

from __future__ import annotations

from features.arithmetic import share
from features.catalogue import Declarations, Inputs, Values

today = Declarations("today")

_OWN = "personalisation"
_EVENTS = ("events.customer_id",)
_ABOUT = ("events.customer_id", "events.sku")
_BRAND = (*_ABOUT, "products.brand")
_SIZES = (*_ABOUT, "products.size")
_ORDERS = ("order_lines",)
_RETURNS = ("returns",)


@today("what the shopper did so far today, of any kind", unit="moves", kind="today", purpose=_OWN, tables=_EVENTS)
def today_moves(v: Inputs) -> Values:
    return v["today.moves"]


@today("products viewed so far today", unit="views", kind="today", purpose=_OWN, tables=_ABOUT)
def today_views(v: Inputs) -> Values:
    return v["today.views"]


@today("different styles viewed so far today", unit="styles", kind="today", purpose=_OWN, tables=_ABOUT)
def today_styles_viewed(v: Inputs) -> Values:
    return v["today.styles_viewed"]


@today("searches so far today", unit="searches", kind="today", purpose=_OWN, tables=_EVENTS)
def today_searches(v: Inputs) -> Values:
    return v["today.searches"]


@today("size guides opened so far today", unit="size guides", kind="today", purpose=_OWN, tables=_ABOUT)
def today_size_guides(v: Inputs) -> Values:
    return v["today.size_guides"]


@today("skus wished for so far today", unit="moves", kind="today", purpose=_OWN, tables=_ABOUT)
def today_wishes(v: Inputs) -> Values:
    return v["today.wishes"]


@today("skus put into the basket so far today", unit="moves", kind="today", purpose=_OWN, tables=_ABOUT)
def today_basket_adds(v: Inputs) -> Values:
    return v["today.basket_adds"]


@today("skus taken out of the basket so far today", unit="moves", kind="today", purpose=_OWN, tables=_ABOUT)
def today_basket_removals(v: Inputs) -> Values:
    return v["today.basket_removals"]


@today("lines ordered so far today", unit="lines", kind="today", purpose=_OWN, tables=_ORDERS)
def today_lines_ordered(v: Inputs) -> Values:
    return v["today.ordered_lines"]


@today("returns asked for so far today", unit="returns", kind="today", purpose=_OWN, tables=_RETURNS)
def today_returns_requested(v: Inputs) -> Values:
    return v["today.return_requests"]


@today("time since the first move of today that counts", unit="minutes", kind="today", purpose=_OWN, tables=_EVENTS)
def today_minutes_since_first_move(v: Inputs) -> Values:
    return v["today.minutes_since_first_move"]


@today("time since the latest move of today", unit="minutes", kind="today", purpose=_OWN, tables=_EVENTS)
def today_minutes_since_last_move(v: Inputs) -> Values:
    return v["today.minutes_since_last_move"]


@today("views of the category so far today", unit="views", kind="today", purpose=_OWN, tables=_ABOUT)
def today_category_views(v: Inputs) -> Values:
    return v["today.category_views"]


@today("views of the brand so far today", unit="views", kind="today", purpose=_OWN, tables=_BRAND)
def today_brand_views(v: Inputs) -> Values:
    return v["today.brand_views"]


@today("views of the style so far today", unit="views", kind="today", purpose=_OWN, tables=_ABOUT)
def today_style_views(v: Inputs) -> Values:
    return v["today.style_views"]


@today("different skus (sizes and colours) of the style viewed so far today", unit="skus", kind="today", purpose=_OWN, tables=_ABOUT)
def today_style_sizes_viewed(v: Inputs) -> Values:
    return v["today.style_skus_viewed"]


@today("time spent on the style so far today", unit="s", kind="today", purpose=_OWN, tables=_ABOUT)
def today_style_dwell_s(v: Inputs) -> Values:
    return v["today.style_dwell_s"]


@today("size guides opened for the style so far today", unit="size guides", kind="today", purpose=_OWN, tables=_ABOUT)
def today_style_size_guided(v: Inputs) -> Values:
    return v["today.style_size_guides"]


@today("skus of the style wished for so far today", unit="moves", kind="today", purpose=_OWN, tables=_ABOUT)
def today_style_wished(v: Inputs) -> Values:
    return v["today.style_wishes"]


@today("skus of the style put into the basket minus those taken out so far today", unit="moves", kind="today", purpose=_OWN, tables=_ABOUT)
def today_style_in_basket(v: Inputs) -> Values:
    return v["today.style_basket_net"]


@today(
    "lines of the style ordered so far today: this one might be to choose at home", unit="lines", kind="today", purpose=_OWN, tables=_ORDERS
)
def today_style_ordered(v: Inputs) -> Values:
    return v["today.style_ordered_lines"]


@today("views of the sku so far today", unit="views", kind="today", purpose=_OWN, tables=_ABOUT)
def today_sku_views(v: Inputs) -> Values:
    return v["today.sku_views"]


@today("the sku's share of the time spent on its style today", unit="rate", kind="today", purpose=_OWN, tables=_ABOUT)
def today_sku_share_of_dwell(v: Inputs) -> Values:
    return share(v["today.sku_dwell_s"], v["today.style_dwell_s"])


@today(
    "times the sku was put into the basket minus times it was taken out so far today",
    unit="moves",
    kind="today",
    purpose=_OWN,
    tables=_ABOUT,
)
def today_sku_in_basket(v: Inputs) -> Values:
    return v["today.sku_basket_net"]


@today(
    "offered size minus the mean size of the style looked at today, weighted by the time spent",
    unit="sizes",
    kind="today",
    purpose=_OWN,
    tables=_SIZES,
)
def today_size_vs_dwelt(v: Inputs) -> Values:
    return v["today.size_vs_dwelt"]
