"""What did an ordered line leave in the till, and what would it have left, had a cost been half or one and a half of what is assumed?

All amounts are means per ordered line (an order line times its units), over lines whose outcome is known and whose price is:

    M, L        what such a line leaves if it is kept, and loses if it comes back   (domain.economics)
    kept margin (sum of M of the kept lines - sum of L of the returned ones) / lines
    break-even  M / (M + L): the return rate at which lines like these leave nothing
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from domain.economics import unit_economics
from domain.errors import NotEnoughData
from domain.outcomes import PENDING, RETURNED
from domain.policy import Policy
from domain.presets import PRESETS, Economics
from domain.recovery import ALL, Recovery
from domain.tables import Tables

CHANGES = (-0.5, 0.5)
"""How far each cost is changed: to half, and to one and a half."""

GERMAN_PRESETS = ("eu_fashion_ehi2023", "de_fashion_bamberg2021")
"""Two published views of the same market: the costly and the cheap bound of a return."""

OWN = "own a and b"
"""The scenario of a and b as the shop's returns show them."""

_ALIKE = ["category", "country", "unit_price", "unit_cost"]
_MONEY = ["price_net", "unit_cost", "assumed", "margin", "loss"]


@dataclass(frozen=True)
class Ordered:
    """The shop's order lines with a known outcome and price; lines with the same money are one row.

    Attributes:
        rows: category, country, unit_price, unit_cost (NaN where unknown), lines, units, lines_returned, units_returned.
        currency: of all amounts.
        pending: lines whose outcome is not known yet; they are left out.
        unpriced: lines without a price; they are left out.
    """

    rows: pd.DataFrame
    currency: str
    pending: int
    unpriced: int


@dataclass(frozen=True)
class Till:
    """What lines left in the till on average; amounts in minor units, rounded once.

    Attributes:
        lines: how many.
        price_net: median net price of a unit.
        unit_cost: median cost of a unit.
        cost_assumed: share of lines whose unit cost is not known, so that the policy's share of the net price stands in.
        margin: M.
        loss: L.
        break_even: return rate at which nothing is left; NaN where none turns the sign.
        return_rate: share of the lines that came back.
        kept: kept margin per ordered line.
    """

    lines: int
    price_net: int
    unit_cost: int
    cost_assumed: float
    margin: int
    loss: int
    break_even: float
    return_rate: float
    kept: int


@dataclass(frozen=True)
class Scenario:
    """What would have been left under other costs.

    Attributes:
        name: which cost is another, or the name of a preset, which then stands in for all that the policy says of costs.
        change: by which share the cost is another; None where it is another set of costs.
        tills: by category, and for `ALL`.
    """

    name: str
    change: float | None
    tills: Mapping[str, Till]


def ordered(tables: Tables, outcomes: pd.DataFrame) -> Ordered:
    """The lines to look at.

    Args:
        tables: the contract's products and order_lines.
        outcomes: of every line, as `domain.outcomes.outcomes` returns them.

    Raises:
        NotEnoughData: no line has a price and a known outcome.
    """
    lines = tables["order_lines"].reset_index(drop=True)
    product = tables["products"].set_index("sku").loc[lines["sku"]].reset_index(drop=True)
    came_back = (outcomes["outcome"] == RETURNED).to_numpy()
    pending, unpriced = (outcomes["outcome"] == PENDING).to_numpy(), lines["unit_price"].isna().to_numpy()
    used = ~pending & ~unpriced
    if not used.any():
        raise NotEnoughData("no order line has a price and a known outcome", expected="lines older than their return window")
    every = lines[["country", "unit_price"]].assign(
        category=product["category"],
        unit_cost=product["unit_cost"],
        lines=1,
        units=lines["quantity"],
        lines_returned=came_back.astype("int64"),
        units_returned=lines["quantity"].where(came_back, 0),
    )
    rows = every[used].groupby(_ALIKE, dropna=False, sort=True).sum().reset_index()
    return Ordered(rows, str(lines["currency"].iloc[0]), int(pending.sum()), int((unpriced & ~pending).sum()))


def tills(of: Ordered, policy: Policy, *, unit_cost_factor: float = 1.0) -> dict[str, Till]:
    """What was left by category, and for `ALL`, under a policy's costs.

    Args:
        of: the lines.
        policy: business settings.
        unit_cost_factor: what known unit costs are multiplied by.

    Raises:
        PolicyRefused: the policy has no exchange rate for the shop's currency.
    """
    money = _money(of, policy, unit_cost_factor)
    kept = money["margin"] * (money["units"] - money["units_returned"]) - money["loss"] * money["units_returned"]
    whole = money.assign(kept=kept, margin=money["margin"] * money["units"], loss=money["loss"] * money["units"])
    return {ALL: _till(whole), **{str(category): _till(rows) for category, rows in whole.groupby("category")}}


def scenarios(of: Ordered, policy: Policy, recovery: Mapping[str, Recovery]) -> tuple[Scenario, ...]:
    """Every cost that is not 0 changed by each of `CHANGES`, both German presets, and the shop's own a and b where its returns tell them.

    Raises:
        PolicyRefused: the policy has no exchange rate for the shop's currency.
    """
    return tuple(_scenarios(of, policy, recovery))


def scaled(economics: Economics, names: tuple[str, ...], change: float) -> Economics:
    """The economics with these costs changed by a share; cents are rounded half-even, shares end at 1."""
    changed: dict[str, Any] = {name: _scaled(name, getattr(economics, name), change) for name in names}
    return replace(economics, **changed)


LEVERS: Mapping[str, tuple[str, ...]] = {
    "unit cost": ("unit_cost_share",),
    "outbound shipping": ("outbound_shipping_eur_cents",),
    "payment fee": ("payment_fee_share",),
    "return handling": ("return_handling_eur_cents", "return_cost_share"),
    "return fee": ("return_fee_eur_cents",),
    "sold again as new (a)": ("resold_as_new_share",),
    "what the others bring (b)": ("recovery_share",),
}
"""What can be another, and the fields of `Economics` that say it; "unit cost" also changes the costs that the shop knows."""


def _scenarios(of: Ordered, policy: Policy, recovery: Mapping[str, Recovery]) -> Iterator[Scenario]:
    for name, fields in LEVERS.items():
        for change in CHANGES:
            changed = _with_economics(policy, partial(scaled, names=fields, change=change))
            factor = 1 + change if name == "unit cost" else 1.0
            if changed != policy or factor != 1.0:
                yield Scenario(name, change, tills(of, changed, unit_cost_factor=factor))
    for preset in GERMAN_PRESETS:
        yield Scenario(preset, None, tills(of, replace(policy, by_category={"": PRESETS[preset].economics})))
    if any(found.returns for found in recovery.values()):
        yield Scenario(OWN, None, tills(of, _with_recovery(policy, recovery)))


def _with_economics(policy: Policy, change: Callable[[Economics], Economics]) -> Policy:
    return replace(policy, by_category={category: change(economics) for category, economics in policy.by_category.items()})


def _with_recovery(policy: Policy, recovery: Mapping[str, Recovery]) -> Policy:
    """Costs that are stated all in hold the resale loss already: they stay."""
    by_category = {
        category: replace(
            policy.economics(category),
            resold_as_new_share=found.resold_as_new_share.value,
            recovery_share=found.recovery_share.value,
        )
        for category, found in recovery.items()
        if policy.economics(category).return_cost_share == 0
    }
    return replace(policy, by_category={**policy.by_category, **by_category})


def _scaled(name: str, value: float, change: float) -> float:
    if name.endswith("_cents"):
        return round(value * (1 + Fraction(str(change))))
    return min(1.0, value * (1 + change))


def _money(of: Ordered, policy: Policy, unit_cost_factor: float) -> pd.DataFrame:
    """The rows, with the money of one unit."""
    parts = []
    for country, rows in of.rows.groupby(of.rows["country"].fillna("")):
        cost = np.rint(rows["unit_cost"].to_numpy(dtype="float64", na_value=np.nan) * unit_cost_factor)
        price, categories = rows["unit_price"].to_numpy(dtype="int64"), rows["category"].tolist()
        unit = unit_economics(price, cost, categories, country=str(country) or None, currency=of.currency, policy=policy)
        columns = (unit.price_net, unit.unit_cost, unit.unit_cost_assumed, unit.margin_if_kept, unit.loss_if_returned)
        parts.append(rows.assign(**dict(zip(_MONEY, columns, strict=True))))
    return pd.concat(parts)


def _till(rows: pd.DataFrame) -> Till:
    total = {name: int(rows[name].sum()) for name in ("lines", "lines_returned", "margin", "loss", "kept")}
    lines = total["lines"]
    margin, loss, kept = (round(Fraction(total[name], lines)) for name in ("margin", "loss", "kept"))
    return Till(
        lines=lines,
        price_net=_median(rows["price_net"], rows["lines"]),
        unit_cost=_median(rows["unit_cost"], rows["lines"]),
        cost_assumed=int(rows["lines"].where(rows["assumed"], 0).sum()) / lines,
        margin=margin,
        loss=loss,
        break_even=_break_even(total["margin"], total["loss"]),
        return_rate=total["lines_returned"] / lines,
        kept=kept,
    )


def _median(amounts: pd.Series, lines: pd.Series) -> int:
    return round(float(np.median(np.repeat(amounts.to_numpy(dtype="int64"), lines.to_numpy(dtype="int64")))))


def _break_even(margin: int, loss: int) -> float:
    turns = margin >= 0 and loss >= 0 and margin + loss > 0
    return margin / (margin + loss) if turns else math.nan
