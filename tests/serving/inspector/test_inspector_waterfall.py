from msgspec.structs import replace

from serving.inspector.waterfall import Bar, waterfall, worth_of_an_order
from tests.support.inspected import MONEY, offer

QUARTER = offer("a", 0.1, 0.25)  # keeps 0.75 * 2000, loses 0.25 * 2000


def bars(title: str, one=QUARTER) -> tuple[Bar, ...]:  # type: ignore[no-untyped-def]
    return next(part.bars for part in waterfall(one).parts if part.title == title)


def test_an_order_leaves_its_margin_as_often_as_it_is_kept_less_its_loss_as_often_as_it_comes_back() -> None:
    assert 1000.0 == worth_of_an_order(QUARTER)


def test_each_bar_starts_where_the_one_above_ended_and_the_sum_starts_at_zero() -> None:
    # 4000 down to 2000 to the right of zero, 2100 to the left of it: 6100 are 100 percent
    zero = waterfall(QUARTER).zero
    price, cost, shipping, fee, margin = bars("If it is kept")

    assert round(100 * 2100 / 6100, 2) == zero
    assert (zero, round(100 * 4000 / 6100, 2)) == (price.start, price.width)
    assert round(price.start + price.width, 1) == round(cost.start + cost.width, 1)
    assert round(cost.start, 1) == round(shipping.start + shipping.width, 1)
    assert round(shipping.start, 1) == round(fee.start + fee.width, 1)
    assert (zero, round(100 * 2000 / 6100, 2)) == (margin.start, margin.width)


def test_the_parts_add_up_to_their_sums() -> None:
    for part in waterfall(QUARTER).parts:
        *steps, total = part.bars
        assert total.minor == sum(step.minor for step in steps)

    assert [2000, -2000, 1000.0] == [part.bars[-1].minor for part in waterfall(QUARTER).parts]


def test_what_is_earned_paid_and_summed_up_look_different() -> None:
    assert ["loss", "loss", "loss", "loss", "gain", "sum"] == [bar.kind for bar in bars("If it comes back")]


def test_all_bars_lie_within_the_picture() -> None:
    for p_return in (0.0, 0.5, 1.0):
        for part in waterfall(offer("a", 0.1, p_return)).parts:
            assert all(-0.01 <= bar.start and bar.start + bar.width <= 100.02 for bar in part.bars)


def test_an_offer_without_any_money_has_bars_without_width() -> None:
    nothing = replace(MONEY, **{name: 0 for name in MONEY.__struct_fields__ if isinstance(getattr(MONEY, name), int)})

    assert {0.0} == {bar.width for part in waterfall(offer("a", 0.1, 0.5, money=nothing)).parts for bar in part.bars}


def test_an_assumed_cost_says_so() -> None:
    assumed = offer("a", 0.1, 0.5, money=replace(MONEY, unit_cost_assumed=True))

    assert "Cost of the goods (assumed)" == bars("If it is kept", assumed)[1].label
