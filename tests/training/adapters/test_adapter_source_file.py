from pathlib import Path

import pandas as pd
import pytest

from domain.errors import ImportRefused
from training.adapters.source_file import Field, read_fields

FIELDS = {
    "code": Field("text"),
    "units": Field("whole number"),
    "customer": Field("whole number", may_be_empty=True),
    "price": Field("number"),
    "at": Field("time"),
}
GOOD = pd.DataFrame(
    {
        "code": ["007", "C8"],
        "units": [1, 2],
        "customer": [17850.0, None],
        "price": [0.1, 2.0],
        "at": pd.to_datetime(["2011-01-01 08:26"] * 2),
    }
)


def parquet(folder: Path, frame: pd.DataFrame) -> Path:
    frame.to_parquet(folder / "shop.parquet", index=False)
    return folder / "shop.parquet"


def csv(folder: Path, text: str) -> Path:
    (folder / "shop.csv").write_text(text)
    return folder / "shop.csv"


def refusal(path: Path) -> str:
    with pytest.raises(ImportRefused) as refused:
        read_fields(path, FIELDS)
    return str(refused.value)


def test_columns_come_back_with_the_kind_of_their_field(tmp_path: Path) -> None:
    frame = read_fields(parquet(tmp_path, GOOD), FIELDS)

    assert ["str", "int64", "Int64", "float64", "datetime64[us, UTC]"] == [str(dtype) for dtype in frame.dtypes]


def test_a_csv_file_reads_like_the_parquet_file(tmp_path: Path) -> None:
    from_parquet = read_fields(parquet(tmp_path, GOOD), FIELDS)
    GOOD.to_csv(tmp_path / "shop.csv", index=False)

    pd.testing.assert_frame_equal(from_parquet, read_fields(tmp_path / "shop.csv", FIELDS))


def test_leading_zeros_survive(tmp_path: Path) -> None:
    assert ["007"] == read_fields(csv(tmp_path, "code,units,customer,price,at\n007,1,,1,2011-01-01"), FIELDS)["code"].tolist()


def test_a_time_with_a_zone_is_brought_to_utc(tmp_path: Path) -> None:
    frame = read_fields(csv(tmp_path, "code,units,customer,price,at\na,1,,1,2011-06-01T10:00:00+01:00"), FIELDS)

    assert pd.Timestamp("2011-06-01 09:00", tz="UTC") == frame["at"][0]


def test_a_column_that_no_field_asks_for_is_not_read(tmp_path: Path) -> None:
    assert list(FIELDS) == list(read_fields(parquet(tmp_path, GOOD.assign(age=33)), FIELDS).columns)


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_missing_columns_are_named_with_what_was_expected(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"shop{suffix}"
    lacking = GOOD.drop(columns=["units", "at"])
    lacking.to_csv(path, index=False) if suffix == ".csv" else lacking.to_parquet(path)

    assert (
        f"{path} lacks units, at; expected: columns code (text), units (whole number), "
        "customer (whole number, may be empty), price (number), at (time)"
    ) == refusal(path)


@pytest.mark.parametrize("content", [b"", b"no parquet file", b"PAR1 cut off"])
def test_a_file_that_is_no_parquet_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "shop.parquet"
    path.write_bytes(content)

    assert refusal(path).startswith(f"{path} cannot be read")


@pytest.mark.parametrize("content", [b"", b'code,units\n"cut off'])
def test_a_file_that_is_no_csv_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "shop.csv"
    path.write_bytes(content)

    assert refusal(path).startswith(str(path))


def test_a_csv_file_in_another_encoding_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_bytes("code,units,customer,price,at\n£,1,,1,2011-01-01".encode("latin-1"))

    assert refusal(path).startswith(f"{path} cannot be read")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert f"{tmp_path / 'gone.parquet'} is no file; expected: a Parquet or CSV file" == refusal(tmp_path / "gone.parquet")


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    path = parquet(tmp_path, GOOD.head(0))

    assert refusal(path).startswith(f"{path} holds no rows; expected: columns code (text)")


def test_all_problems_come_in_one_refusal(tmp_path: Path) -> None:
    path = parquet(tmp_path, GOOD.assign(units=["1", "two"], price=[float("nan"), 1.0]))

    assert f"{path}: units is no whole number in 1 row (2), such as 'two'; price is empty in 1 row (1)" in refusal(path)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("code", 7),
        ("units", 1.5),
        ("units", True),
        ("customer", "x"),
        ("price", float("inf")),
        ("price", 1e300),
        ("at", 20110101),
        ("at", "01/02/2011"),
        ("at", "2011-02-30"),
    ],
)
def test_a_value_of_another_kind_is_refused(tmp_path: Path, column: str, value: object) -> None:
    path = parquet(tmp_path, GOOD.assign(**{column: pd.Series([value, value])}))

    assert f"{path}: {column} is no {FIELDS[column].kind} in 2 rows (1, 2), such as" in refusal(path)


def test_many_wrong_rows_are_counted_and_the_first_few_named(tmp_path: Path) -> None:
    path = csv(tmp_path, "code,units,customer,price,at\n" + "a,x,,1,2011-01-01\n" * 1_200)

    assert "units is no whole number in 1,200 rows (1, 2, 3, …), such as 'x'" in refusal(path)
