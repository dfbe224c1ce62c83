"""No consent, no feature: which purposes a customer had granted at a moment."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.tables import CONSENT_PURPOSES

SERVICE = "service"
"""The purpose of features that say nothing about the customer: it needs no consent."""


def granted(consents: pd.DataFrame | None, customers: pd.Series, at: pd.Series) -> dict[str, npt.NDArray[np.bool_]]:
    """For each purpose, whether each row's customer had granted it before the row's time.

    Args:
        consents: the contract's table; None when the shop keeps none (it answers for its legal basis itself, and all is granted).
        customers: customer_id of each row; missing for an unknown shopper, of whom nothing is known anyway.
        at: time of each row.
    """
    if consents is None:
        return {purpose: np.ones(len(customers), dtype=bool) for purpose in CONSENT_PURPOSES}
    return {purpose: _latest(consents[consents["purpose"] == purpose], customers, at) for purpose in CONSENT_PURPOSES}


def _latest(consents: pd.DataFrame, customers: pd.Series, at: pd.Series) -> npt.NDArray[np.bool_]:
    latest = as_of(consents[["customer_id", "at", "granted"]].rename(columns={"at": "known_at"}), customers, at)
    return latest["granted"].eq(True).to_numpy()


def as_of(facts: pd.DataFrame, customers: pd.Series, at: pd.Series) -> pd.DataFrame:
    """The latest fact of each row's customer that was known strictly before the row's time.

    Args:
        facts: customer_id, known_at and any further columns.
        customers: customer_id of each row.
        at: time of each row.

    Returns:
        The further columns of `facts`, one row per asked-for row in their order, missing where nothing was known.
    """
    codes, _ = pd.factorize(pd.concat([facts["customer_id"], customers], ignore_index=True))  # -1, an unknown shopper, matches nobody
    asked = pd.DataFrame({"who": codes[len(facts) :], "at": at.reset_index(drop=True), "row": np.arange(len(customers))})
    known = facts.drop(columns="customer_id").assign(who=codes[: len(facts)]).sort_values("known_at", kind="stable")
    joined = pd.merge_asof(
        asked.sort_values("at", kind="stable"), known, left_on="at", right_on="known_at", by="who", allow_exact_matches=False
    )
    return joined.sort_values("row").drop(columns=["who", "at", "row", "known_at"]).reset_index(drop=True)
