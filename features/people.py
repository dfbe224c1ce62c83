"""What the nightly state holds of customers: what they declared and allow, and nothing that they do not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.tables import CONSENT_PURPOSES
from features.keyed import MISSING, Hashes, Ints, Layer, fold, hash_texts
from features.persons import BODY, OWN, Flags, Night, Texts, nightly
from features.told import MEASUREMENTS, Told

NUMBERS = (*MEASUREMENTS, "needed_us", "joined_us")
_PER_SIZE = 10**6
"""Printed sizes have up to six decimals (`domain.sizes`)."""


class One(NamedTuple):
    """What is known of one customer at a midnight.

    Attributes:
        allowed: what may be known, by purpose.
        numbers: `NUMBERS`; NaN is missing.
        occasion: as declared; None is none.
    """

    allowed: Mapping[str, bool]
    numbers: Mapping[str, float]
    occasion: str | None


@dataclass(frozen=True, eq=False)
class People:
    """Customers at a midnight, found by the hash of their id.

    Attributes:
        keys: (customers,) ascending.
        flags: (customers + 1, purposes) what each allows; the last row is everybody else's.
        numbers: (customers + 1, `NUMBERS`); missing where it may not be used.
        occasion: (customers + 1,) index into `words`; -1 is none.
        words: the occasions.
        sizes: usual sizes stated, in millionths, by customer and category; MISSING where one has no order.
    """

    keys: Hashes
    flags: Flags
    numbers: npt.NDArray[np.float64]
    occasion: Ints
    words: tuple[str, ...]
    sizes: Layer

    @classmethod
    def of(cls, told: Told, midnight_us: int) -> People:
        """What may be known at a midnight of each customer who declared or consented to anything, or has an account."""
        ids = [told.spans["customer_id"], told.sizes["customer_id"], told.joined_us.index.to_series()]
        customers = pd.concat(ids, ignore_index=True).astype("str").drop_duplicates().reset_index(drop=True)
        asked = pd.DataFrame({"customer_id": [*customers, None], "category": None}, dtype="str")
        night = nightly(told, asked, np.full(len(asked), midnight_us))
        hashed = hash_texts(customers.to_numpy(dtype=object))
        order = np.append(np.argsort(hashed, kind="stable"), len(hashed))
        codes, words = pd.factorize(night.occasion)
        return cls(
            keys=hashed[order[:-1]],
            flags=np.column_stack([night.allowed[purpose] for purpose in CONSENT_PURPOSES])[order],
            numbers=np.column_stack([night.numbers[name] for name in NUMBERS])[order],
            occasion=codes[order].astype("int64"),
            words=tuple(str(word) for word in words),
            sizes=_sizes(told, midnight_us),
        )

    def write(self, folder: Path) -> None:
        """Write the arrays into a new folder."""
        folder.mkdir(parents=True)
        for name in ("keys", "flags", "numbers", "occasion"):
            np.save(folder / f"{name}.npy", getattr(self, name))
        (folder / "words.json").write_text(json.dumps(self.words) + "\n")
        self.sizes.write(folder / "sizes")

    @classmethod
    def load(cls, folder: Path) -> People:
        """Map what `write` wrote into memory."""
        names = ("keys", "flags", "numbers", "occasion")
        arrays = {name: np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r")) for name in names}
        return cls(**arrays, words=tuple(json.loads((folder / "words.json").read_text())), sizes=Layer.load(folder / "sizes"))

    def night(self, customers: Hashes, categories: Hashes) -> Night:
        """What is known of each row's customer; nobody's for unknown customers."""
        rows = Layer(self.keys, np.empty((len(self.keys), 0), dtype="int64")).find(customers)  # -1, unknown, is the last row
        flags, numbers, occasion = self.flags[rows], self.numbers[rows], self.occasion[rows]
        found = {name: numbers[:, column] for column, name in enumerate(NUMBERS)}
        found["stated_size"] = self.stated(customers, categories)
        allowed = {purpose: flags[:, column] for column, purpose in enumerate(CONSENT_PURPOSES)}
        return Night(allowed, found, self._occasions(occasion))

    def one(self, customer: Hashes) -> One:
        """What is known of one customer (1,); nobody's for an unknown one. The same as `night` says, but for the usual sizes."""
        row = self._row(customer)
        code = int(self.occasion[row])
        return One(
            dict(zip(CONSENT_PURPOSES, self.flags[row].tolist(), strict=True)),
            dict(zip(NUMBERS, self.numbers[row].tolist(), strict=True)),
            None if code < 0 else self.words[code],
        )

    def has(self, customer: Hashes) -> bool:
        """Whether a customer (1,) has an account, or has declared or decided anything."""
        return self._row(customer) >= 0

    def may_be_known(self, customers: Hashes) -> Flags:
        """Whether each customer's history may be used."""
        rows = Layer(self.keys, np.empty((len(self.keys), 0), dtype="int64")).find(customers)
        return np.asarray(self.flags[rows, CONSENT_PURPOSES.index(OWN)])

    def stated(self, customers: Hashes, categories: Hashes) -> npt.NDArray[np.float64]:
        """The usual size that each row's customer (or all rows' one customer) stated for its category."""
        at = self.sizes.find(fold([customers, categories], len(categories)))
        if not len(self.sizes):
            return np.full(len(categories), np.nan)
        stated = self.sizes.numbers[at, 0]
        return np.where((at >= 0) & (stated != MISSING), stated / _PER_SIZE, np.nan)

    def _row(self, customer: Hashes) -> int:
        """The row of a customer (1,); -1, the last one, is everybody else's."""
        at = int(self.keys.searchsorted(customer[0]))
        return at if at < len(self.keys) and self.keys[at] == customer[0] else -1

    def _occasions(self, codes: Ints) -> Texts:
        return np.array([*self.words, None], dtype=object)[codes]


def _sizes(told: Told, midnight_us: int) -> Layer:
    """Each customer's latest statement on each category before a midnight, where its use is allowed."""
    before = told.sizes[told.sizes["from_us"] < midnight_us].sort_values("from_us", kind="stable")
    latest = before.drop_duplicates(["customer_id", "category"], keep="last").reset_index(drop=True)
    if not told.everybody and len(latest):
        asked = latest[["customer_id"]].assign(category=None).astype("str")
        latest = latest[nightly(told, asked, np.full(len(asked), midnight_us)).allowed[BODY]]
    stated = np.rint(latest["position"].to_numpy(dtype="float64") * _PER_SIZE)
    keys = fold([hash_texts(latest[name].to_numpy(dtype=object)) for name in ("customer_id", "category")], len(latest))
    return Layer.of(keys, np.where(np.isnan(stated), MISSING, stated).astype("int64").reshape(-1, 1))
