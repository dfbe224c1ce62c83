"""One score, laid open: the strongest evidence first, what is not known, what may not be looked at, what is left out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from domain.tables import CONSENT_PURPOSES
from features.build import FEATURES as CATALOGUE
from serving.evidence import evidence, explained
from serving.facts import Consented
from serving.state import Serving
from serving.wire import ExcludedOffer, Offer, RankRequest
from serving.wire_explain import Evidence, ExplainRequest
from tests.support.calls import HOUR, Calls, calls, noon
from tests.support.decisions import answer
from training.model import Model

FEATURES = ("unit_price", "customer_return_rate", "style_return_rate", "basket_lines")


@dataclass(frozen=True)
class Told:
    """A model that says what each input did."""

    log_odds: tuple[float, ...]
    features: tuple[str, ...] = FEATURES

    def contributions(self, inputs: pd.DataFrame, *, of: str) -> npt.NDArray[np.float64]:
        assert "returned" == of
        return np.array([self.log_odds] * len(inputs))


ROW = pd.DataFrame({"basket_lines": [2.0], "unit_price": [3990.0], "customer_return_rate": [np.nan], "style_return_rate": [0.583]})


def pieces(*log_odds: float, most: int = 9) -> list[Evidence]:
    return evidence(cast("Model", Told(log_odds)), ROW, most=most)


def test_the_strongest_evidence_comes_first_and_what_did_nothing_is_left_out() -> None:
    found = pieces(0.1, -0.300004, 0.2, 0.0009)
    assert [("customer_return_rate", -0.3, "lowers"), ("style_return_rate", 0.2, "raises"), ("unit_price", 0.1, "raises")] == [
        (one.feature, one.log_odds, one.effect) for one in found
    ]
    assert ["customer_return_rate"] == [one.feature for one in pieces(0.1, -0.3, 0.2, 0.0009, most=1)]


def test_a_piece_says_its_value_in_words_and_a_missing_one_is_null() -> None:
    price, own, style = sorted(pieces(0.1, -0.3, 0.2, 0.0), key=lambda one: FEATURES.index(one.feature))
    assert (3990.0, None, 0.583) == (price.value, own.value, style.value)
    assert price.words.endswith(": 3990 minor units; this raises the risk.")
    assert own.words.endswith(": not known; this lowers the risk.")
    assert style.words.endswith(": 58 %; this raises the risk.")
    assert ("offer", "customer", "offer") == (price.about, own.about, style.about)


ALL = dict.fromkeys(CONSENT_PURPOSES, True)


def test_an_offer_is_summed_up_with_what_speaks_against_it_and_for_it() -> None:
    reply = answer(RankRequest(offers=[Offer(sku="a")]), request_id="r")
    found = explained(reply, pieces(0.1, -0.3, 0.2, 0.0), ALL, named=True)
    assert found.summary.startswith("Of orders like this one, 25 in 100 come back.")
    assert (
        f"What most speaks against it: {found.evidence[1].meaning}. What most speaks for it: {found.evidence[0].meaning}." in found.summary
    )
    assert ([], None, "a") == (found.withheld, found.excluded, found.offer and found.offer.sku)


def test_what_the_customer_does_not_allow_is_named() -> None:
    reply = answer(RankRequest(offers=[Offer(sku="a")]), request_id="r")
    found = explained(reply, [], {**ALL, "measurements": False}, named=True)
    assert ["measurements"] == found.withheld
    assert "The customer does not allow measurements: what that would tell was not looked at." in found.summary


def test_of_nobody_and_while_the_store_is_silent_nothing_was_looked_at_and_nobody_is_said_to_forbid_it() -> None:
    reply, nothing = answer(RankRequest(offers=[Offer(sku="a")]), request_id="r"), dict.fromkeys(CONSENT_PURPOSES, False)
    silent = msgspec.structs.replace(reply, degraded=["customer_state"])

    of_nobody, in_silence = explained(reply, [], nothing, named=False), explained(silent, [], nothing, named=False)

    assert of_nobody.summary.endswith("Nothing of a customer was looked at: nobody is named, or she was erased.")
    assert in_silence.summary.endswith("the store that knows what she allows did not answer.")
    assert ([], ["customer_state"]) == (of_nobody.degraded, in_silence.degraded)


@pytest.mark.parametrize("reason", ["hidden", "out_of_stock", "price_unknown"])
def test_an_offer_that_is_left_out_says_by_which_rule(reason: Any) -> None:
    reply: Any = answer(RankRequest(offers=[Offer(sku="a")]), request_id="r")
    fields = {name: getattr(reply, name) for name in reply.__struct_fields__}
    left_out = type(reply)(**fields | {"offers": [], "excluded": [ExcludedOffer(sku="a", reason=reason)]})
    found = explained(left_out, [], ALL, named=True)
    assert (None, reason, f"It would not be shown: {reason.replace('_', ' ')}.") == (found.offer, found.excluded, found.summary)


@pytest.fixture
def opened(serving: Serving, tmp_path: Path) -> Calls:
    return calls(serving, tmp_path)


def known(serving: Serving) -> str:
    return next(f"c{number:06d}" for number in range(10**6) if serving.snapshot.knows_customer(f"c{number:06d}"))


def test_the_offer_is_as_it_would_be_ranked_and_its_evidence_is_the_model_s(serving: Serving, opened: Calls) -> None:
    sku = next(sku for sku, product in serving.products.items() if product.stock and not product.hidden)
    who = known(serving)
    found = opened.answering.explain(ExplainRequest(sku=sku, customer_id=who, country="DE", most=5, request_id="mine"), request_id="r")
    question = RankRequest(offers=[Offer(sku=sku)], customer_id=who, country="DE", at=noon(serving))
    told = serving.release.models["return"].contributions(serving.inputs(question), of="returned")[0]
    assert (serving.rank(question, request_id="r").offers[0], "mine") == (found.offer, found.request_id)
    assert sorted(abs(told))[:-6:-1] == pytest.approx([abs(one.log_odds) for one in found.evidence], abs=1e-4)
    assert "personalisation" not in found.withheld


def test_after_a_withdrawal_nothing_of_her_is_evidence(serving: Serving, opened: Calls) -> None:
    who, sku = known(serving), next(iter(serving.products))
    opened.state.add([Consented(id="c1", customer_id=who, purpose="personalisation", granted=False, at=noon(serving) - HOUR)])
    found = opened.answering.explain(ExplainRequest(sku=sku, customer_id=who, price=4000, most=50), request_id="r")
    assert "personalisation" in found.withheld
    own = {feature.name for feature in CATALOGUE if feature.purpose == "personalisation"}
    assert {None} == {one.value for one in found.evidence if one.feature in own}
