from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from domain.errors import SettingsRefused
from features.engine import Engine, embedded
from tests.support.engines import Fresh, found

NEW_YEAR_US = 1_767_225_600_000_000
WRONG = re.compile("overflow|could not convert|cannot be cast", re.IGNORECASE)
LOCAL_SPARK = pytest.mark.parametrize("fresh_engine", ["spark-local"], indirect=True)
SALES = pd.DataFrame({"style": pd.Series(["a", "a", None], dtype="str"), "day": [1, 2, 1], "lines": [5, -3, 2], "score": [1.5, None, 0.2]})


@pytest.fixture
def stocked(engine: Engine) -> Engine:
    """An engine that knows sales, and a relation like it without a row."""
    engine.give("sales", SALES)
    engine.give("nothing", SALES[:0])
    return engine


def test_a_missing_value_is_null_whatever_its_column(engine: Engine) -> None:
    text, maybe = pd.Series([None, "x"], dtype="str"), pd.Series([None, 7], dtype="Int64")
    engine.give("given", pd.DataFrame({"text": text, "real": [None, 0.5], "maybe": maybe, "number": [1, 2]}))
    assert [("x", 0.5, 7, 2), (None, None, None, 1)] == found(engine, "SELECT * FROM given")
    assert [(1,)] == found(engine, "SELECT number FROM given WHERE text IS NULL AND real IS NULL AND maybe IS NULL")


def test_whole_numbers_stay_bigint(stocked: Engine) -> None:
    table = stocked.fetch(
        "SELECT day, CAST(SUM(lines) AS BIGINT) AS total, COUNT(*) AS rows, MAX(GREATEST(lines, 0)) AS most FROM sales GROUP BY day"
    )
    assert {pa.int64()} == set(table.schema.types)


def test_a_moment_is_microseconds_of_utc(engine: Engine) -> None:
    naive = pd.Series(["2026-01-01 00:00:00.000001", None], dtype="datetime64[us]")
    utc = naive.dt.tz_localize("UTC")
    engine.give(
        "given", pd.DataFrame({"naive": naive, "ns": naive.dt.as_unit("ns"), "utc": utc, "berlin": utc.dt.tz_convert("Europe/Berlin")})
    )
    rows = found(engine, "SELECT unix_micros(naive), unix_micros(ns), unix_micros(utc), unix_micros(berlin) FROM given")
    assert [(NEW_YEAR_US + 1,) * 4, (None,) * 4] == rows


def test_an_arrow_table_can_be_given(engine: Engine) -> None:
    engine.give("given", pa.table({"text": ["x", None], "number": [1, 2]}))
    assert [("x", 1), (None, 2)] == found(engine, "SELECT text, number FROM given")


def test_a_folder_of_parquet_is_one_relation(engine: Engine, tmp_path: Path) -> None:
    SALES[:2].to_parquet(tmp_path / "1.parquet", index=False)
    SALES[2:].to_parquet(tmp_path / "2.parquet", index=False)
    engine.give("given", tmp_path)
    engine.give("first", tmp_path / "1.parquet")
    assert [(3, 2)] == found(engine, "SELECT (SELECT COUNT(*) FROM given) AS a, (SELECT COUNT(*) FROM first) AS b")


def test_what_an_engine_writes_every_engine_reads(engine: Engine, tmp_path: Path) -> None:
    moment = pd.Series(["2026-01-01", None], dtype="datetime64[us]").dt.tz_localize("UTC")
    moments = pd.DataFrame({"style": pd.Series([None, "a"], dtype="str"), "moment": moment})
    with embedded() as first:
        for number, (writer, reader) in enumerate([(engine, first), (first, engine)]):
            writer.give("given", moments)
            writer.write("SELECT * FROM given", tmp_path / str(number))
            reader.give("written", tmp_path / str(number))
            assert [("a", None), (None, NEW_YEAR_US)] == found(reader, "SELECT style, unix_micros(moment) FROM written")


def test_a_relation_without_a_row_keeps_its_columns(stocked: Engine, tmp_path: Path) -> None:
    stocked.write("SELECT style, day, score FROM nothing", tmp_path / "written")
    stocked.define("again", "SELECT * FROM nothing")
    assert pq.read_table(tmp_path / "written").schema.names == ["style", "day", "score"]
    assert [(0, None)] == found(stocked, "SELECT COUNT(*) AS rows, CAST(SUM(lines) AS BIGINT) AS total FROM again")
    assert [] == found(stocked, "SELECT style, COUNT(*) AS rows FROM again GROUP BY style")


def test_a_definition_is_computed_once(stocked: Engine) -> None:
    stocked.define("drawn", "SELECT day, RANDOM() AS draw FROM sales")
    assert found(stocked, "SELECT * FROM drawn") == found(stocked, "SELECT * FROM drawn")


def test_a_name_can_be_given_and_defined_anew(engine: Engine) -> None:
    for number in (1, 2):
        engine.give("given", pd.DataFrame({"number": [number]}))
        engine.define("defined", "SELECT number + 10 AS number FROM given")
        assert [(number, number + 10)] == found(engine, "SELECT given.number, defined.number AS more FROM given CROSS JOIN defined")


def test_writing_replaces_what_was_there(stocked: Engine, tmp_path: Path) -> None:
    for select in ("SELECT style, day FROM sales", "SELECT day FROM sales WHERE lines = 5"):
        stocked.write(select, tmp_path / "written")
    assert [{"day": 1}] == pq.read_table(tmp_path / "written").to_pylist()


@pytest.mark.parametrize("wrong", ["SELECT lines * 9223372036854775807 FROM sales", "SELECT CAST(style AS BIGINT) FROM sales"])
def test_a_number_that_cannot_be_is_an_error(stocked: Engine, wrong: str) -> None:
    with pytest.raises(Exception, match=WRONG):
        stocked.fetch(wrong)


@LOCAL_SPARK
def test_a_process_has_room_for_one_spark(engine: Engine) -> None:
    from features.spark import OnSpark, on_spark

    assert isinstance(engine, OnSpark)
    with pytest.raises(SettingsRefused, match="already has a Spark session"), on_spark():
        pass


@LOCAL_SPARK
def test_a_session_that_was_set_otherwise_is_set_right(fresh_engine: Fresh) -> None:
    from features.spark import OnSpark

    with fresh_engine() as engine:
        assert isinstance(engine, OnSpark)
        engine.session.conf.set("spark.sql.ansi.enabled", "false")
        engine.session.conf.set("spark.sql.session.timeZone", "America/New_York")
        again = OnSpark(engine.session)
        assert [(NEW_YEAR_US,)] == found(again, "SELECT unix_micros(TIMESTAMP '2026-01-01 00:00:00') AS us")
        with pytest.raises(Exception, match=WRONG):
            again.fetch("SELECT CAST('x' AS BIGINT) AS number")
