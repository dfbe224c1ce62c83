"""What a release knows of the assortment, and of nobody: numbers per style, market, size and brand, and how much each source counts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from training.retrieval.factors import Factors
from training.retrieval.goods import Floats, Names

_ARRAYS, _ABOUT = "retrieval.npz", "retrieval.json"


@dataclass(frozen=True, eq=False)
class Learned:
    """The retrieval part of a release: arrays by sorted ids; no customer's id, history or numbers are among them.

    Attributes:
        styles: (styles,) ids, ascending.
        factors: (styles, factors) of those with evidence; zeros elsewhere.
        content_names: what content is read of a style: category:…, brand:…, looks:…
        content: (content_names, factors) what each adds to a style's factors where nobody has ordered it yet.
        markets: names, ascending; the first, "", is all of them.
        kept: (markets, styles) kept lines, older ones counting less.
        exposure: (styles,) days on sale, likewise.
        looked: (styles,) looks at it, wishes and baskets, likewise but faster.
        looked_exposure: (styles,) days on sale, faster, too.
        sizes: (sizes, 3) category, size system and printed size.
        size_kept: (sizes,) kept lines.
        looks_mean, looks_spread: (coordinates,) of the styles' looks.
        interval_days: (styles,) median days between two orders of a style by the same shopper; NaN where nobody ordered it twice.
        usual_interval_days: of all styles; NaN likewise.
        numbers: the settings that serving needs: regularisation, confidence, half-lives.
        weights: how much each input counts (`training.retrieval.inputs.INPUTS`).
    """

    styles: Names
    factors: Factors
    content_names: Names
    content: Factors
    markets: Names
    kept: Floats
    exposure: Floats
    looked: Floats
    looked_exposure: Floats
    sizes: Names
    size_kept: Floats
    looks_mean: Floats
    looks_spread: Floats
    interval_days: Floats
    usual_interval_days: float
    numbers: Mapping[str, float]
    weights: Mapping[str, float]
    liking: Mapping[int, float]

    def write(self, folder: Path) -> None:
        """Write the arrays as npz and the rest as JSON into a new folder."""
        folder.mkdir()
        arrays = {name: getattr(self, name) for name in _array_names()}
        np.savez(folder / _ARRAYS, **arrays)
        about = {
            "usual_interval_days": None if np.isnan(self.usual_interval_days) else self.usual_interval_days,
            "numbers": dict(self.numbers),
            "weights": dict(self.weights),
            "liking": {str(what): worth for what, worth in self.liking.items()},
        }
        (folder / _ABOUT).write_text(json.dumps(about, indent=1, sort_keys=True) + "\n")

    @classmethod
    def read(cls, folder: Path) -> Learned:
        """Read what `write` wrote.

        Raises:
            OSError, ValueError, KeyError: a file is missing or damaged.
        """
        about = json.loads((folder / _ABOUT).read_text())
        with np.load(folder / _ARRAYS, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in _array_names()}
        days = about["usual_interval_days"]
        return cls(
            **found,
            usual_interval_days=float("nan") if days is None else float(days),
            numbers=about["numbers"],
            weights=about["weights"],
            liking={int(what): float(worth) for what, worth in about["liking"].items()},
        )


def _array_names() -> list[str]:
    return [field.name for field in fields(Learned) if field.type in ("Names", "Factors", "Floats")]
