import pandas as pd
import pytest

from domain.errors import ImportRefused
from training.adapters.reconciliation import Outcome, Reconciliation, reconcile


def test_rows_that_add_up_are_accepted() -> None:
    account = Reconciliation(3, (Outcome("bought", 2),), (Outcome("no price", 1),))

    assert account.rows_in == 3


@pytest.mark.parametrize("rows_in", [2, 4])
def test_rows_that_do_not_add_up_are_refused(rows_in: int) -> None:
    with pytest.raises(ImportRefused, match=f"{rows_in} rows came in, but 3 are accounted for"):
        Reconciliation(rows_in, (Outcome("bought", 2),), (Outcome("no price", 1),))


def test_the_account_is_an_aligned_table_with_thousands_separators() -> None:
    account = Reconciliation(1_234_567, (Outcome("bought", 1_234_000),), (Outcome("no price", 500), Outcome("no customer", 67)))

    assert [
        "rows in       1,234,567",
        "rows out      1,234,000",
        "  bought      1,234,000",
        "rows rejected       567",
        "  no price          500",
        "  no customer        67",
    ] == account.lines()


def test_reasons_are_counted_and_those_that_no_row_has_show_zero() -> None:
    account = reconcile(pd.Series(["bought", "no price", "bought"]), out=["bought", "returned"], rejected=["no price"])

    assert Reconciliation(3, (Outcome("bought", 2), Outcome("returned", 0)), (Outcome("no price", 1),)) == account


def test_a_row_with_an_unlisted_reason_is_refused() -> None:
    with pytest.raises(ImportRefused, match="2 rows came in, but 1 are accounted for"):
        reconcile(pd.Series(["bought", "lost"]), out=["bought"], rejected=[])
