"""Public data sets as if they were a shop's own tables, to try Keeprank out and to measure it on."""

from __future__ import annotations

from collections.abc import Mapping

from training.adapters import rent_the_runway, uci_online_retail
from training.adapters.adapter import Adapter, Imported

__all__ = ["ADAPTERS", "Adapter", "Imported"]

ADAPTERS: Mapping[str, Adapter] = {adapter.name: adapter for adapter in (uci_online_retail.ADAPTER, rent_the_runway.ADAPTER)}
"""Every adapter, by the name that the command line knows it by."""
