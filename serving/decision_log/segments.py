"""Where decisions stay: Parquet files that never change, each named by the numbers it holds and a hash of its bytes.

A segment is written under another name, flushed to disk and renamed, so it is whole or not there. Its numbers are in its name: whoever
finds rows of them elsewhere knows that they are copies.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from domain.errors import LogRefused
from serving.decision_log.rows import Row, microseconds
from serving.decision_log.storage import Numbered

_NAME = re.compile(r"(?P<first>\d{12})-(?P<last>\d{12})-(?P<digest>[0-9a-f]{32})\.parquet")
_PARTIAL = ".partial"
_AT_ONCE = 100
_FLOAT_BYTES = 8

_WORDS = pa.dictionary(pa.int32(), pa.string())
_SEALED = ("shown_offers", "evidence")
_LISTS = ("propensities", "p_order", "p_return")
_TYPES: dict[str, pa.DataType] = {
    "number": pa.int64(),
    "uid": pa.string(),
    "served_at": pa.timestamp("us", tz="UTC"),
    "token": pa.string(),
    **dict.fromkeys(("release", "snapshot", "policy", "settings", "arm"), _WORDS),
    "shown": pa.bool_(),
    "features_hash": _WORDS,
    "reply_hash": pa.string(),
    "fallback": _WORDS,
    "objective": _WORDS,
    "order_bonus": pa.int64(),
    **dict.fromkeys(_LISTS, pa.list_(pa.float64())),
    **dict.fromkeys(_SEALED, pa.binary()),
}
SCHEMA = pa.schema(list(_TYPES.items()))


@dataclass(frozen=True)
class Segment:
    """A file of the log.

    Attributes:
        file: where it is.
        first: number of its first row.
        last: number of its last row.
        digest: BLAKE2b of its bytes, as it was written.
    """

    file: Path
    first: int
    last: int
    digest: str

    def newest(self) -> int:
        """When the latest of its decisions was served, microseconds since 1970, as its footer says."""
        metadata, column = pq.read_metadata(self.file), SCHEMA.names.index("served_at")
        latest = max(metadata.row_group(group).column(column).statistics.max for group in range(metadata.num_row_groups))
        return microseconds(latest)

    def rows(self) -> Iterator[Numbered]:
        """Its rows in order, after every byte was checked.

        Raises:
            LogRefused: the file is truncated, was changed, or has gone.
        """
        try:
            content = self.file.read_bytes()
        except FileNotFoundError as gone:
            raise LogRefused(f"{self.file} has gone", advice="read again, if it became too old while you were reading") from gone
        if _digest(content) != self.digest:
            raise LogRefused(
                f"{self.file} is not what was written: truncated or tampered with",
                expected=f"bytes with the BLAKE2b {self.digest}",
                advice="bring it back from a backup",
            )
        for batch in pq.ParquetFile(pa.BufferReader(content)).iter_batches(batch_size=_AT_ONCE):
            yield from _rows(batch)


def write_segment(folder: Path, rows: Sequence[Numbered]) -> Segment:
    """Write rows, in order and without a gap, as a segment; it appears whole, or not at all."""
    first, last = rows[0][0], rows[-1][0]
    partial = folder / f".{first:012d}.{os.getpid()}{_PARTIAL}"
    compression = {name: "none" if name in _SEALED else "zstd" for name in SCHEMA.names}
    with pq.ParquetWriter(partial, SCHEMA, compression=_by_leaf(compression), use_dictionary=_dictionaries()) as writer:
        writer.write_table(pa.Table.from_batches([_batch(rows[start : start + _AT_ONCE]) for start in range(0, len(rows), _AT_ONCE)]))
    digest = _digest(partial.read_bytes())
    segment = Segment(folder / f"{first:012d}-{last:012d}-{digest}.parquet", first, last, digest)
    _sync(partial)
    partial.rename(segment.file)
    _sync(folder)
    return segment


def segments(folder: Path) -> list[Segment]:
    """The segments of a folder, in order.

    Raises:
        LogRefused: a file is none, two overlap, or one between them is missing.
    """
    found = sorted((_named(file) for file in folder.iterdir() if not file.name.endswith(_PARTIAL)), key=lambda segment: segment.first)
    for before, after in pairwise(found):
        require_next(after.first, before.last, folder)
    return found


def require_next(number: int, last: int, folder: Path) -> None:
    """Refuse a gap or an overlap: `number` has to come right after `last`."""
    if number <= last:
        raise LogRefused(f"two segments in {folder} hold decision {number}", advice="remove the one that was copied there")
    if number > last + 1:
        raise LogRefused(f"decisions {last + 1} to {number - 1} are missing in {folder}", advice="bring the segment back from a backup")


def clear_partials(folder: Path) -> None:
    """Remove what a writer that was killed left half-written; nobody else may be writing."""
    for half in folder.glob(f".*{_PARTIAL}"):
        half.unlink()


def _named(file: Path) -> Segment:
    found = _NAME.fullmatch(file.name)
    if found is None:
        raise LogRefused(f"{file} is no segment of a decision log", expected="FIRST-LAST-HASH.parquet", advice="move it elsewhere")
    return Segment(file, int(found["first"]), int(found["last"]), found["digest"])


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _by_leaf(of: dict[str, str]) -> dict[str, str]:
    """Parquet names the values of a list column after their place inside it."""
    return {f"{name}.list.element" if name in _LISTS else name: value for name, value in of.items()}


def _dictionaries() -> list[str]:
    return [*(name for name, kind in _TYPES.items() if kind == _WORDS), "token", *(f"{name}.list.element" for name in _LISTS)]


def _batch(rows: Sequence[Numbered]) -> pa.RecordBatch:
    columns: dict[str, Any] = {name: [getattr(row, name) for _, row in rows] for name in SCHEMA.names if name != "number"}
    columns["number"] = [number for number, _ in rows]
    arrays = [_packed(columns[name]) if name in _LISTS else pa.array(columns[name], type=kind) for name, kind in _TYPES.items()]
    return pa.record_batch(arrays, schema=SCHEMA)


def _packed(lists: Sequence[bytes | None]) -> pa.Array:
    """A list column from packed floats, without a Python object for each of them."""
    ends = np.cumsum([0, *(len(one or b"") // _FLOAT_BYTES for one in lists)]).astype("int32")
    missing = pa.array([one is None for one in lists])
    return pa.ListArray.from_arrays(pa.array(ends), pa.array(np.frombuffer(b"".join(one or b"" for one in lists))), mask=missing)


def _rows(batch: pa.RecordBatch) -> Iterator[Numbered]:
    columns: dict[str, list[Any]] = {
        name: _unpacked(batch.column(name)) if name in _LISTS else _values(batch.column(name)) for name in SCHEMA.names
    }
    numbers = columns.pop("number")
    for place, number in enumerate(numbers):
        yield number, Row(**{name: values[place] for name, values in columns.items()})


def _values(column: pa.Array) -> list[Any]:
    found: list[Any] = (column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column).to_pylist()
    return found


def _unpacked(column: pa.Array) -> list[bytes | None]:
    return [one.values.to_numpy().tobytes() if one.is_valid else None for one in column]
