from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from domain.contract_page import contract_page
from features.page import features_page

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("name", "page"), [("data-contract.md", contract_page), ("features.md", features_page)])
def test_a_generated_page_says_what_the_code_says(name: str, page: Callable[[], str]) -> None:
    assert page() == (DOCS / name).read_text(), f"docs/{name} is out of date: run `make docs`"
