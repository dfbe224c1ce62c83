"""The sizes that most styles of a category come in."""

from __future__ import annotations

from collections.abc import Iterator

from serving.assortment import Product
from serving.usual_sizes import Usual, usual_sizes


def styles(*told: tuple[str, str, str | None, str]) -> Iterator[Product]:
    """Skus of styles: name, category, size system, and sizes with blanks between them."""
    for style, category, system, sizes in told:
        for size in sizes.split():
            printed = None if size == "-" else size
            yield Product(style, category, None, None, None, True, False, None, size=printed, size_system=system)


def test_the_run_of_most_styles_is_usual_and_not_that_of_most_skus() -> None:
    told = styles(("a", "dress", "EU", "36 38"), ("b", "dress", "EU", "36 38"), ("c", "dress", "EU", "34 36 38 40 42 44 46"))

    assert {"dress": Usual("EU", {None: ("36", "38"), "EU": ("36", "38")})} == usual_sizes(told)


def test_colours_of_a_size_count_once_and_sizes_keep_their_order() -> None:
    assert ("S", "M", "L") == usual_sizes(styles(("a", "shirt", "letters", "S S M M L L")))["shirt"].runs["letters"]


def test_each_system_has_its_own_sizes_and_that_of_most_skus_is_usual() -> None:
    found = usual_sizes(styles(("a", "shoes", "EU", "38 39 40"), ("b", "shoes", "UK", "5 6"), ("c", "shoes", "UK", "5 6")))["shoes"]

    assert ("UK", ("38", "39", "40"), ("5", "6")) == (found.system, found.runs["EU"], found.runs["UK"])


def test_without_a_system_the_sizes_are_usual_all_the_same() -> None:
    assert {"hats": Usual(None, {None: ("S", "L")})} == usual_sizes(styles(("a", "hats", None, "S L")))


def test_what_is_sold_without_sizes_has_no_usual_ones() -> None:
    assert {} == usual_sizes(styles(("a", "bags", None, "- -")))
