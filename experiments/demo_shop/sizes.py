"""Which garments the shop sells, in which sizes, and how many centimetres each size is cut for.

Women's sizes after the German size chart (size 38: chest 88, waist 72, hip 97 cm; 4, 4 and 3 cm per size), rounded.
Shoes in Paris points: size = 1.5 x (foot + 1.5 cm).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from experiments.demo_shop.arrays import Flags, Floats, Ints

MEASURES = ("chest", "waist", "hip", "foot")
CM_AT_38 = np.array([88.0, 72.0, 97.0, 38 / 1.5 - 1.5])
CM_PER_NUMBER = np.array([2.0, 2.0, 1.5, 1 / 1.5])
"""Centimetres from one number to the next; women's sizes go up in steps of two numbers."""


@dataclass(frozen=True)
class Category:
    """A kind of garment.

    Attributes:
        name: as in the products table.
        measures: the body measures it must fit; none for things without a size.
        numbers: the size numbers it comes in; empty without a size.
        cut_scale: centimetres of cut per centimetre of body that a wearer feels alike (a shoe size is 0.67 cm, a dress size 4 cm).
        give: how much more (> 1) or less (< 1) deviation it forgives than a dress (guess).
    """

    name: str
    measures: tuple[str, ...]
    numbers: tuple[int, ...]
    cut_scale: float
    give: float


_WOMEN = tuple(range(34, 47, 2))
_NO_SIZE = ("accessories", "audio", "phone", "kitchen", "cables")
CATEGORIES = (
    Category("dress", ("chest", "waist", "hip"), _WOMEN, 1.0, 1.0),
    Category("jeans", ("waist", "hip"), _WOMEN, 1.0, 0.9),
    Category("shirt", ("chest", "waist"), _WOMEN, 1.0, 1.15),
    Category("shoes", ("foot",), tuple(range(36, 44)), 1 / 6, 0.9),
    Category("knitwear", ("chest",), _WOMEN, 1.0, 1.5),
    *(Category(name, (), (), 1.0, 1.0) for name in _NO_SIZE),
)
"""What a shop may sell; which of them it does, and at which prices, its settings say."""

CATEGORY_NAMES = tuple(category.name for category in CATEGORIES)
COVERED: Flags = np.array([[measure in category.measures for measure in MEASURES] for category in CATEGORIES])
"""(categories, measures): whether the category must fit the measure."""

WEIGHT: Floats = COVERED / np.maximum(COVERED.sum(axis=1, keepdims=True), 1)
CUT_SCALE: Floats = np.array([category.cut_scale for category in CATEGORIES])
NUMBERS_PER_CM: Floats = CUT_SCALE * (WEIGHT / CM_PER_NUMBER).sum(axis=1)
"""By how many numbers the size moves when it should be one dress centimetre wider."""

GIVE: Floats = np.array([category.give for category in CATEGORIES])
FIRST_NUMBER: Ints = np.array([category.numbers[0] if category.numbers else 0 for category in CATEGORIES])
NUMBER_STEP: Ints = np.array([category.numbers[1] - category.numbers[0] if category.numbers else 1 for category in CATEGORIES])
SIZES: Ints = np.array([max(1, len(category.numbers)) for category in CATEGORIES])
"""How many sizes (skus) a style of the category has."""


def wanted_number(body: Floats, category: Ints, shift_cm: Floats) -> Floats:
    """The size number, with decimals, that body and garment agree on.

    Args:
        body: (rows, measures) in cm.
        category: index of the category per row.
        shift_cm: how much wider than the chart it should be, in dress centimetres.
    """
    return np.asarray(worn_numbers(body)[np.arange(len(category)), category] + NUMBERS_PER_CM[category] * shift_cm)


def worn_numbers(body: Floats) -> Floats:
    """(rows, categories): the size number, with decimals, that the chart says for bodies of (rows, measures) cm."""
    return np.asarray(38 + np.einsum("rm,cm->rc", (body - CM_AT_38) / CM_PER_NUMBER, WEIGHT))


def position(number: Floats, category: Ints) -> Floats:
    """Where a size number lies among the category's sizes: 0 is the first size, 1 the second."""
    return np.asarray((number - FIRST_NUMBER[category]) / NUMBER_STEP[category])


def nearest(at: Floats, category: Ints) -> Ints:
    """The size, by position, that is nearest to `at`."""
    return np.clip(np.rint(at), 0, SIZES[category] - 1).astype(np.int64)
