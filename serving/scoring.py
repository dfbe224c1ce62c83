"""What a release's models say of offers, from their features in columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.errors import ReleaseRefused
from features.catalogue import Values
from serving.offered import Scores
from serving.wire import FallbackLevel, ReturnRange
from training.model import Model

Floats = npt.NDArray[np.float64]

_DECIMALS = 6
_HISTORIES = ("customer_lines", "style_lines")
"""The features by which `training.intervals` tells a known customer and a known item from new ones."""


@dataclass(frozen=True, eq=False)
class Ranges(Sequence[ReturnRange]):
    """How far P(return) of each offer may stray; the range of an offer is made when it is asked for: few are."""

    low: Sequence[float]
    high: Sequence[float]
    segments: Sequence[str]
    levels: Sequence[FallbackLevel]

    def __len__(self) -> int:
        return len(self.low)

    def __getitem__(self, row: int) -> ReturnRange:  # type: ignore[override]
        """That of one offer."""
        return ReturnRange(self.low[row], self.high[row], self.segments[row], self.levels[row])

    def __iter__(self) -> Iterator[ReturnRange]:
        return map(self.__getitem__, range(len(self)))


class Scoring:
    """A release's models, reading the features of a snapshot by their place."""

    def __init__(self, models: Mapping[str, Model], names: Sequence[str]) -> None:
        self._models = models
        self._place = {name: place for place, name in enumerate(names)}
        self._reads: dict[str, slice | npt.NDArray[np.int64]] = {}

    def scores(self, features: Values, known_skus: npt.NDArray[np.bool_], *, new_customer: bool, order: bool) -> Scores:
        """What the models say.

        Args:
            features: (n, features) in the order of the names.
            known_skus: which offers have been ordered before.
            new_customer: whether the shopper has no history.
            order: whether P(order) is wanted, too.
        """
        p_return = self._said("return", features, of="returned")
        return Scores(
            p_return=p_return,
            ranges=None if p_return is None else self._ranges(features, p_return),
            fit=self._predicted("fit", features),
            p_order=self._said("order", features, of="ordered") if order else None,
            new_customer=new_customer,
            known=known_skus,
        )

    def fit(self, features: Values) -> Floats:
        """P(small), P(fits), P(large) of each row (n, 3), each on its own.

        Raises:
            ReleaseRefused: the release has no fit model.
        """
        if (predicted := self._predicted("fit", features)) is None:
            raise ReleaseRefused("the release has no fit model", expected="one", advice="train on a shop with fit_feedback")
        return predicted

    def _places(self, kind: str) -> slice | npt.NDArray[np.int64]:
        """Where what a model reads stands; all of it in its order needs no copy."""
        if kind not in self._reads:
            places = [self._place[name] for name in self._models[kind].features]
            in_order = places == list(range(len(self._place)))
            self._reads[kind] = slice(None) if in_order else np.array(places, dtype="int64")
        return self._reads[kind]

    def _predicted(self, kind: str, features: Values) -> Floats | None:
        return self._models[kind].score(features[:, self._places(kind)]) if kind in self._models else None

    def _said(self, kind: str, features: Values, *, of: str) -> Floats | None:
        predicted = self._predicted(kind, features)
        return None if predicted is None else predicted[:, self._models[kind].classes.index(of)]

    def _ranges(self, features: Values, p_return: Floats) -> Ranges:
        model = self._models["return"]
        told = [features[:, self._place[name]] > 0 if name in self._place else np.zeros(len(p_return), dtype=bool) for name in _HISTORIES]
        found = model.intervals.of(p_return, ~np.column_stack(told), model.classes.index("returned"))
        low, high = (np.round(end, _DECIMALS).tolist() for end in (found.low, found.high))
        return Ranges(low, high, found.segment_names, found.fallback_levels)
