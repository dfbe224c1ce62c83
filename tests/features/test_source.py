from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from domain.errors import TablesRefused
from domain.violations import ContractBroken
from features.source import fingerprint, read_raw, read_tables, write_tables
from tests.support.moments import LATE, line, product, sent_back, shop_tables


@pytest.fixture
def tables() -> dict[str, pd.DataFrame]:
    lines = [line("007", "2024-01-01", country="DE"), line("b", "2024-01-02 13:00:00.000001", country="NA", unit_price=None)]
    return shop_tables(products=[product("s1-38")], order_lines=lines, returns=[sent_back("007", "2024-01-03", None)])


def same(expected: dict[str, pd.DataFrame], found: dict[str, pd.DataFrame]) -> None:
    assert expected.keys() == found.keys()
    for name, frame in expected.items():
        pd.testing.assert_frame_equal(frame, found[name])


def test_written_tables_are_read_back(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    write_tables(tables, tmp_path / "shop")
    same(tables, read_tables(tmp_path / "shop", now=LATE))
    assert ["shop"] == [entry.name for entry in tmp_path.iterdir()]


def test_csv_reads_the_same(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    for name, frame in tables.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    same(tables, read_tables(tmp_path, now=LATE))


def test_a_folder_partitioned_by_a_column_reads_the_same(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    write_tables(tables, tmp_path)
    (tmp_path / "order_lines.parquet").unlink()
    tables["order_lines"].to_parquet(tmp_path / "order_lines", partition_cols=["country"])
    found = read_tables(tmp_path, now=LATE)
    found["order_lines"] = found["order_lines"].sort_values("line_id", ignore_index=True)
    same(tables, found)


def test_a_folder_that_spark_named_like_a_file_is_a_table(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    write_tables(tables, tmp_path)
    (tmp_path / "returns.parquet").rename(tmp_path / "part-0.tmp")
    (tmp_path / "returns.parquet").mkdir()
    (tmp_path / "part-0.tmp").rename(tmp_path / "returns.parquet" / "part-0.parquet")
    (tmp_path / "returns.parquet" / "_SUCCESS").touch()
    same(tables, read_tables(tmp_path, now=LATE))


def test_a_duckdb_file_reads_the_same(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        for name, frame in tables.items():
            connection.register("frame", frame)
            connection.execute(f"CREATE TABLE {name} AS SELECT * FROM frame")  # noqa: S608  (our own tables' names)
    same(tables, read_tables(tmp_path / "shop.duckdb", now=LATE))


@pytest.mark.parametrize("name", ["consents.csv.gz", "consents.CSV", "consents.pq", "README.md"])
def test_what_would_not_be_read_is_refused(name: str, tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    write_tables(tables, tmp_path)
    (tmp_path / name).write_text("nobody consents")
    with pytest.raises(TablesRefused, match=f"holds {re.escape(name)}"):
        read_raw(tmp_path)


def test_a_view_of_a_duckdb_file_is_read_like_a_table(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.register("given", tables["products"])
        connection.execute("CREATE TABLE stored AS SELECT * FROM given")
        connection.execute("CREATE VIEW products AS SELECT * FROM stored")
    assert {"products", "stored"} == set(read_raw(tmp_path / "shop.duckdb"))


def test_hidden_files_are_passed_over(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    write_tables(tables, tmp_path)
    (tmp_path / "._returns.parquet").write_bytes(b"left by a file browser")
    same(tables, read_tables(tmp_path, now=LATE))


def test_an_unknown_file_is_a_breach_of_the_contract(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    write_tables(tables, tmp_path)
    (tmp_path / "prices.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ContractBroken, match="prices: is no table of the contract"):
        read_tables(tmp_path, now=LATE)


@pytest.mark.parametrize(
    ("name", "content"), [("returns.parquet", b"PAR1 cut of"), ("returns.csv", b""), ("returns.csv", b"a,b\n\xff\xfe,1\n")]
)
def test_a_damaged_file_is_refused(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(TablesRefused, match=rf"{name} cannot be read"):
        read_raw(tmp_path)


def test_csv_rows_longer_than_the_header_are_refused_and_not_shifted(tmp_path: Path) -> None:
    (tmp_path / "returns.csv").write_text("return_id,line_id\nr1,l1,oops\nr2,l2,oops\n")
    with pytest.raises(TablesRefused, match="more fields than its header"):
        read_raw(tmp_path)


def test_a_damaged_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "shop.duckdb").write_bytes(b"no database" * 1000)
    with pytest.raises(TablesRefused, match="no readable DuckDB file"):
        read_raw(tmp_path / "shop.duckdb")


def test_a_table_that_lies_there_twice_is_refused(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    write_tables(tables, tmp_path)
    tables["returns"].to_csv(tmp_path / "returns.csv")
    with pytest.raises(TablesRefused, match="holds returns twice"):
        read_raw(tmp_path)


def test_nothing_to_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TablesRefused, match="holds no tables"):
        read_raw(tmp_path)
    with pytest.raises(TablesRefused, match="does not exist"):
        read_raw(tmp_path / "nowhere")


def test_writing_replaces_an_older_shop(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    write_tables(tables, tmp_path / "shop")
    fewer = {name: tables[name] for name in ("products", "order_lines")}
    write_tables(fewer, tmp_path / "shop")
    assert {"products.parquet", "order_lines.parquet"} == {entry.name for entry in (tmp_path / "shop").glob("*.parquet")}


def test_tables_that_somebody_else_wrote_are_never_replaced(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    tables["products"].to_csv(tmp_path / "products.csv", index=False)
    with pytest.raises(TablesRefused, match=r"already holds products\.csv"):
        write_tables(tables, tmp_path)
    assert (tmp_path / "products.csv").exists()


def test_a_foreign_folder_or_file_is_never_replaced(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    (tmp_path / "thesis.doc").write_text("years of work")
    for place in (tmp_path, tmp_path / "thesis.doc"):
        with pytest.raises(TablesRefused):
            write_tables(tables, place)
    assert "years of work" == (tmp_path / "thesis.doc").read_text()


def test_a_failure_in_the_middle_of_writing_leaves_the_older_shop(tables: dict[str, pd.DataFrame], tmp_path: Path) -> None:
    write_tables(tables, tmp_path / "shop")
    broken = {**tables, "returns": pd.DataFrame({"return_id": [1, "x"]})}
    with pytest.raises(Exception, match="return_id"):
        write_tables(broken, tmp_path / "shop")
    same(tables, read_tables(tmp_path / "shop", now=LATE))
    assert ["shop"] == [entry.name for entry in tmp_path.iterdir()]


def test_a_fingerprint_tells_content_order_and_columns(tables: dict[str, pd.DataFrame]) -> None:
    lines = tables["order_lines"]
    assert fingerprint(lines) == fingerprint(lines.set_index(pd.Index([7, 8])))
    others = [lines.iloc[::-1], lines.assign(quantity=2), lines.rename(columns={"channel": "chanel"}), lines.iloc[:1]]
    assert 5 == len({fingerprint(lines), *(fingerprint(other) for other in others)})
