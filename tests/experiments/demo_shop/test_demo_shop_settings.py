from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from domain.errors import SettingsRefused
from experiments.demo_shop import ShopSettings


@pytest.mark.parametrize(
    "nonsense",
    [
        {"customers": 0},
        {"customers": -5},
        {"styles": 0},
        {"days": 0},
        {"days": 1.5},
        {"seed": -1},
        {"seed": True},
        {"ends_on": "2026-09-30"},
        {"ends_on": dt.datetime(2026, 9, 30, tzinfo=dt.UTC)},
    ],
)
def test_nonsense_is_refused_by_name(nonsense: dict[str, Any]) -> None:
    with pytest.raises(SettingsRefused, match=next(iter(nonsense))):
        ShopSettings(**nonsense)


def test_every_wrong_value_is_named_at_once() -> None:
    with pytest.raises(SettingsRefused, match=r"customers = 0.*styles = 0.*days = 0"):
        ShopSettings(customers=0, styles=0, days=0)


def test_the_period_ends_with_the_last_day() -> None:
    settings = ShopSettings(days=60, ends_on=dt.date(2026, 3, 1))

    assert dt.datetime(2026, 3, 2, tzinfo=dt.UTC).timestamp() == settings.end
    assert dt.datetime(2026, 1, 1, tzinfo=dt.UTC).timestamp() == settings.start
