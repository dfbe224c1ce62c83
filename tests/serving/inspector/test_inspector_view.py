from dataclasses import replace

from msgspec.structs import replace as with_fields

from serving.inspector.needs import Described
from serving.inspector.view import View
from serving.inspector.viewing import expected, view_of
from serving.size_advice import Ask
from serving.wire import ExcludedOffer, Fit, RankedOffer, ReturnRange
from tests.support.inspected import ABOUT, House, offer, reason, reply

# an order leaves (1 - 2 * P(return)) * 2000: of a 1200, of b 2000, of c -400
A, B, C = offer("a", 0.3, 0.2), offer("b", 0.2, 0.0), offer("c", 0.4, 0.6)


def described(sku: str) -> Described:
    return Described("style", "Juno", "dress", sku)


def viewed(conversion: list[RankedOffer], kept: list[RankedOffer], **told: object) -> View:
    by_conversion, by_margin = reply(conversion, "conversion"), with_fields(reply(kept), **told)
    return view_of(by_conversion, by_margin, ABOUT, described, customer="c1", focus=None)


VIEW = viewed([C, A, B], [B, A, C])


def test_the_same_offers_stand_in_two_orders() -> None:
    assert ["c", "a", "b"] == [line.sku for line in VIEW.conversion.lines]
    assert ["b", "a", "c"] == [line.sku for line in VIEW.kept.lines]
    assert ("conversion", "kept margin") == (VIEW.conversion.objective, VIEW.kept.objective)


def test_what_moved_is_told_by_how_many_places() -> None:
    assert [("b", 2), ("c", -2)] == [(one.line.sku, one.line.up) for one in VIEW.moved]


def test_why_it_moved_names_the_offer_that_makes_the_most_difference_and_what_both_leave() -> None:
    up, down = VIEW.moved

    assert "Passes c and 1 more: 1,000 views leave EUR 4,000.00 against EUR \N{MINUS SIGN}1,600.00, and 0 % come back against 60 %." == (
        up.why.replace("\xa0", " ")
    )
    assert "Passed by b and 1 more: 1,000 views leave EUR \N{MINUS SIGN}1,600.00 against EUR 4,000.00, and 60 % come back against 0 %." == (
        down.why.replace("\xa0", " ")
    )


def test_what_lay_above_and_still_does_was_not_passed() -> None:
    b, c = viewed([C, A, B], [A, B, C]).moved[1:]

    assert b.why.startswith("Passes c: ")
    assert c.why.startswith("Passed by b and 1 more: ")


def test_the_reason_that_goes_with_the_move_is_told() -> None:
    mixed = [reason("raises", "late parcels"), reason("lowers", "few returns"), reason("lowers", "good size")]

    up, down = viewed([C, A, B], [with_fields(B, reasons=mixed), A, with_fields(C, reasons=mixed)]).moved

    assert up.why.endswith("What most keeps it from coming back: few returns.")
    assert down.why.endswith("What most makes it come back: late parcels.")


def test_an_offer_that_the_limit_leaves_out_of_one_list_has_no_place_there() -> None:
    view = viewed([C, A], [B, A], cut_by_limit=1)

    assert [None, 2] == [line.other for line in view.kept.lines]
    assert "By conversion the request's limit leaves it out." == view.moved[0].why
    assert 1 == view.cut


def test_nothing_moved_where_both_orders_are_the_same() -> None:
    assert () == viewed([A, B], [A, B]).moved


def test_money_in_lists_is_of_1000_views_and_unrounded() -> None:
    assert [400_000.0, 360_000.0, -160_000.0] == [round(line.kept, 6) for line in VIEW.kept.lines]


def test_without_p_order_it_is_of_an_order() -> None:
    view = viewed([offer("a", None, 0.2)], [offer("a", None, 0.2)], per="order")

    assert 1200.0 == view.kept.lines[0].kept
    assert (None, None, 1_200_000.0) == (view.kept.expected.orders, view.kept.expected.returns, view.kept.expected.kept)
    assert view.offers[0].per_view is None


def test_fewer_and_fewer_look_at_the_places_below() -> None:
    # half of those who look at one place look at the next
    told = expected([A, C], 0.5)

    assert (500.0, 180.0, 280_000.0) == (told.orders, told.returns, round(told.kept, 6))


def test_every_offer_is_told_in_full_in_the_order_by_kept_margin() -> None:
    full = offer(
        "a",
        0.3,
        0.2,
        fit=Fit(small=0.1, fits=0.8, large=0.1),
        reasons=[reason("raises")],
        p_return_for={"size": 0.15, "other": 0.05},
        p_return_interval=ReturnRange(low=0.1, high=0.3, segment="s", fallback_level="all"),
        fallback="new_offer",
    )

    told = viewed([full, B], [B, full]).offers[1]

    assert ("a", "style", 4760, 1200.0, 0.5) == (told.line.sku, told.style_id, told.price, told.per_order, told.break_even)
    assert (("size", 0.15), ("other reasons", 0.05)) == told.returned_for
    assert "of 20 orders like this one, 10 % to 30 % come back, in 90 % of all cases (as all orders did)" == (told.range or "").replace(
        "\xa0", " "
    )
    assert told.fallback.startswith("a new offer")


def test_what_is_left_out_says_why() -> None:
    view = viewed([A], [A], excluded=[ExcludedOffer(sku="x", reason="out_of_stock")], unknown_offers=["y"])

    assert [("x", "Juno dress, size x", "it is out of stock")] == [(one.sku, one.title, one.why) for one in view.left_out]
    assert ("y",) == view.unknown


def test_a_closer_look_holds_the_evidence_and_the_sizes() -> None:
    house, ranked = House(), reply([A])
    sizes = replace(house.size("style", None), ask=Ask(("height_cm",), 0.05, ("38",)))  # type: ignore[arg-type, type-var]

    closer = view_of(
        reply([A], "conversion"),
        ranked,
        ABOUT,
        described,
        customer=None,
        focus="a",
        evidence=house.evidence(None, "a"),  # type: ignore[arg-type]
        size=sizes,
    ).closer

    assert closer is not None
    assert closer.size is not None
    assert [0.49] == [piece.value for piece in closer.evidence]
    assert [("EU 38", True), ("EU 40", False)] == [(line.size, line.advised) for line in closer.size.lines]
    assert "your height (P(fits) rises by 5.0 % on average)" == (closer.size.ask or "").replace("\xa0", " ")
