"""Public data sets as if they were a shop's own tables, to try Keeprank out and to measure it on."""

from __future__ import annotations

from collections.abc import Mapping

from training.adapters import bads, dmc_2014, dmc_2016, modcloth_json, rent_the_runway, rent_the_runway_json, uci_online_retail
from training.adapters.adapter import Adapter, Imported

__all__ = ["ADAPTERS", "Adapter", "Imported"]

_MODULES = (uci_online_retail, rent_the_runway, rent_the_runway_json, modcloth_json, dmc_2014, dmc_2016, bads)

ADAPTERS: Mapping[str, Adapter] = {module.ADAPTER.name: module.ADAPTER for module in _MODULES}
"""Every adapter, by the name that the command line knows it by."""
