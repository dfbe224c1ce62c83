"""Who is shown the challenger."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, chisquare

from serving.arms import arm, place, unit_of
from serving.wire_releases import Trial

HALF = Trial(mode="split", share=0.5, salt="autumn")
MANY = [f"customer:c{number:06}" for number in range(20_000)]


def test_a_customer_is_dealt_by_customer_a_stranger_by_session_and_nobody_by_request() -> None:
    assert "customer:c1" == unit_of(customer_id="c1", session_id="s1", request_id="r1")
    assert "session:s1" == unit_of(customer_id=None, session_id="s1", request_id="r1")
    assert "request:r1" == unit_of(customer_id=None, session_id=None, request_id="r1")


def test_a_session_that_is_named_like_a_customer_is_not_that_customer() -> None:
    pairs = [(unit_of(customer_id=f"x{n}", session_id=None, request_id="r"), unit_of(customer_id=None, session_id=f"x{n}", request_id="r"))
             for n in range(64)]  # fmt: skip
    assert {arm(HALF, a) == arm(HALF, b) for a, b in pairs} == {True, False}


def test_the_arm_of_a_shopper_is_the_same_on_every_machine_and_for_ever() -> None:
    dealt = ["B" if arm(HALF, f"customer:c{number}") == "challenger" else "A" for number in range(12)]
    assert "BBBBAAABAAAB" == "".join(dealt)


@given(st.text(min_size=1, max_size=40), st.floats(0, 1), st.floats(0, 1))
def test_turning_the_share_up_moves_nobody_back(unit: str, one: float, other: float) -> None:
    small, large = (Trial(mode="split", share=share, salt="s") for share in sorted((one, other)))
    assert not (arm(small, unit) == "challenger" and arm(large, unit) == "champion")


@pytest.mark.parametrize("mode", ["alone", "shadow"])
def test_nobody_is_shown_a_challenger_that_is_not_on_trial_with_shoppers(mode: str) -> None:
    assert {"champion"} == {arm(Trial(mode=mode, share=1.0), unit) for unit in MANY[:100]}  # type: ignore[arg-type]


@pytest.mark.parametrize(("share", "arms"), [(0.0, {"champion"}), (1.0, {"challenger"})])
def test_a_share_of_nobody_and_of_everybody_are_exact(share: float, arms: set[str]) -> None:
    assert arms == {arm(Trial(mode="split", share=share), unit) for unit in MANY[:1_000]}


@pytest.mark.parametrize("salt", ["", "autumn", "winter"])
def test_shoppers_lie_evenly(salt: str) -> None:
    counts = [0] * 20
    for unit in MANY:
        counts[int(20 * place(salt, unit))] += 1

    assert chisquare(counts).pvalue > 0.001


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_the_share_is_kept(share: float) -> None:
    shown = sum(arm(Trial(mode="split", share=share, salt="a"), unit) == "challenger" for unit in MANY)

    assert chisquare([shown, len(MANY) - shown], [share * len(MANY), (1 - share) * len(MANY)]).pvalue > 0.001


def test_another_salt_deals_anew() -> None:
    both = [(arm(HALF, unit), arm(Trial(mode="split", share=0.5, salt="winter"), unit)) for unit in MANY]
    table = [[both.count((a, b)) for a in ("champion", "challenger")] for b in ("champion", "challenger")]

    assert chi2_contingency(table).pvalue > 0.001
