"""The inputs of the today family for one shopper who did something since midnight."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from features.asking import Asking, Did
from features.assortment import Assortment, Offers
from features.catalogue import Inputs
from features.persons import Ints
from features.today import KINDS, Askers, Moves, in_order, today_inputs
from features.today_looks import looks_viewed

_KIND = {kind: number for number, kind in enumerate(KINDS)}


def busy_day(asking: Asking, assortment: Assortment, midnight_us: int) -> Inputs:
    """What `features.moves.today` tells of the shopper's rows.

    Args:
        asking: the rows, and what the shopper did.
        assortment: finds skus.
        midnight_us: the snapshot's moment, UTC microseconds.
    """
    moves = asking.day.moves
    done = Moves(
        who=np.zeros(len(moves), dtype="int64"),
        us=np.array([move.us for move in moves], dtype="int64"),
        kind=np.array([_KIND[move.kind] for move in moves], dtype="int64"),
        tie=_ties(moves),
        **_codes(assortment.look_up([move.sku for move in moves])),
    )
    rows = len(asking.skus)
    askers = Askers(
        who=np.zeros(rows, dtype="int64"),
        us=np.full(rows, asking.at_us),
        midnight_us=np.full(rows, midnight_us),
        **_codes(assortment.look_up(asking.skus)),
    )
    seen = {} if assortment.looks is None else looks_viewed(in_order(done), askers, assortment.looks)
    return {**today_inputs(done, askers), **seen}


def _ties(moves: Sequence[Did]) -> Ints:
    """A rank of the ids of what was done in one moment; 0 for all others."""
    ids = defaultdict(list)
    for move in moves:
        ids[move.us].append(move.id)
    ranks = {us: {name: rank for rank, name in enumerate(sorted(names))} for us, names in ids.items()}
    return np.array([ranks[move.us][move.id] for move in moves], dtype="int64")


def _codes(offers: Offers) -> dict[str, np.ndarray]:
    codes = offers.codes
    return {
        "sku": codes["sku"],
        "style": codes["style_id"],
        "category": codes["category"],
        "brand": codes["brand"],
        "system": codes["size_system"],
        "position": offers.inputs["size_position"],
    }
