from __future__ import annotations

import re
from pathlib import Path

import pytest

from domain import errors
from domain.errors import KeeprankError, PolicyRefused
from domain.violations import ContractBroken

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "features", "training", "serving", "experiments", "commands")


def test_a_refusal_says_what_came_what_was_expected_and_what_to_do() -> None:
    refusal = PolicyRefused("vat.rate = 19", expected="a rate from 0 to 1", advice="write 0.19")
    assert "vat.rate = 19; expected: a rate from 0 to 1; what to do: write 0.19" == str(refusal)
    assert ("vat.rate = 19", "a rate from 0 to 1", "write 0.19") == (refusal.what, refusal.expected, refusal.advice)


def test_a_refusal_leaves_out_what_it_does_not_know() -> None:
    assert "no" == str(KeeprankError("no"))


def test_the_drawn_tree_names_every_error() -> None:
    code = "".join(file.read_text() for package in PACKAGES for file in (ROOT / package).rglob("*.py"))
    assert set(re.findall(r"^class (\w+)\((?:KeeprankError|TablesRefused)\)", code, re.MULTILINE)) == set(
        re.findall(r"── (\w+)", errors.__doc__ or "")
    )


@pytest.mark.parametrize("error", KeeprankError.__subclasses__())
def test_every_error_is_a_direct_child_of_the_tree(error: type[KeeprankError]) -> None:
    assert (KeeprankError,) == error.__bases__


def test_a_broken_contract_is_a_refusal_of_tables() -> None:
    assert issubclass(ContractBroken, errors.TablesRefused)
