"""Chance as a function of what it is about: the same shopper meets the same luck under every policy.

A draw is a hash of the shop's seed, of what is drawn, and of whom or what it is about (SplitMix64; Steele, Lea and Flood 2014). So
two runs that differ in what is shown still agree in everything else (common random numbers), and what happened once is not drawn
anew when more happens later.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from experiments.demo_shop.arrays import Floats, Ints

Keys = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1, _MIX_2 = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)
_TO_UNIT = 2.0**-53


@dataclass(frozen=True)
class Noise:
    """The shop's luck.

    Attributes:
        seed: another seed, other luck.
    """

    seed: int

    def uniform(self, what: str, *about: Ints | Keys) -> Floats:
        """Uniform on [0, 1), one for each combination of `about`, which broadcast against each other."""
        return np.asarray((self._hashed(what, about) >> np.uint64(11)).astype(np.float64) * _TO_UNIT)

    def normal(self, what: str, *about: Ints | Keys) -> Floats:
        """Standard normal (Box and Muller 1958)."""
        radius = np.sqrt(-2 * np.log1p(-self.uniform(what, *about)))
        return np.asarray(radius * np.cos(2 * np.pi * self.uniform(what + "'", *about)))

    def gumbel(self, what: str, *about: Ints | Keys) -> Floats:
        """Standard Gumbel."""
        u = self.uniform(what, *about)
        return np.asarray(-np.log(-np.log(u + _TO_UNIT / 2)))

    def exponential(self, what: str, *about: Ints | Keys) -> Floats:
        """Exponential with mean 1."""
        return np.asarray(-np.log1p(-self.uniform(what, *about)))

    def choice(self, what: str, shares: Floats, *about: Ints | Keys) -> Ints:
        """An index into the last axis of `shares` (which sum to 1 along it), drawn with those probabilities."""
        below = np.cumsum(shares, axis=-1)
        passed = (self.uniform(what, *about)[..., None] >= below).sum(axis=-1)
        return np.asarray(np.minimum(passed, shares.shape[-1] - 1), dtype=np.int64)

    def _hashed(self, what: str, about: tuple[Ints | Keys, ...]) -> Keys:
        with np.errstate(over="ignore"):
            state = _mixed(np.uint64(self.seed) * _GOLDEN + np.uint64(zlib.crc32(what.encode())))
            for key in about:
                state = _mixed(state * _MIX_2 + key.astype(np.uint64) + _GOLDEN)
        return np.asarray(state, dtype=np.uint64)


def _mixed(state: Keys | np.uint64) -> Keys:
    state = (state ^ (state >> np.uint64(30))) * _MIX_1
    state = (state ^ (state >> np.uint64(27))) * _MIX_2
    return np.asarray(state ^ (state >> np.uint64(31)), dtype=np.uint64)
