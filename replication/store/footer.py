"""What the footer of a Parquet file says, read before the library that trusts it.

A footer that has been tampered with can make the library end the process, or unpack gigabytes.
Format: https://github.com/apache/parquet-format, in the compact protocol of Thrift.
"""

from __future__ import annotations

from typing import Any

from replication.errors import DataError

FOOTER_END, MAGIC = 8, b"PAR1"


def check_footer(content: bytes, *, n_rows: int, n_columns: int) -> None:
    """Refuse all but one row group of so many rows and columns without compression."""
    length = int.from_bytes(content[-FOOTER_END:-4], "little")
    if content[-4:] != MAGIC or not 0 < length <= len(content) - FOOTER_END:
        raise DataError("it is no Parquet file")
    try:
        footer, _ = _read_struct(content[-FOOTER_END - length : -FOOTER_END], 0)
        groups = footer[4]
        rows = [footer[3], *(group[3] for group in groups)]
        columns = [column[3] for group in groups for column in group[1]]
        values = [column[5] for column in columns]
        codecs = {column[4] for column in columns}
    except (LookupError, TypeError, ValueError, RecursionError):
        raise DataError("its footer cannot be read") from None
    if rows != [n_rows, n_rows] or values != n_columns * [n_rows]:
        raise DataError(f"it has {rows[0]:,} rows and not {n_rows:,}, or other columns")
    if codecs != {0}:
        raise DataError("it is compressed")


def _read_struct(data: bytes, place: int) -> tuple[dict[int, Any], int]:
    fields: dict[int, Any] = {}
    number = 0
    while data[place]:
        step, kind = divmod(data[place], 16)
        number += step
        place += 1
        if not step:
            number, place = _read_whole(data, place)
        if kind in (1, 2):  # true and false, without a value of their own
            fields[number] = kind == 1
        else:
            fields[number], place = _read_value(data, place, kind)
    return fields, place + 1


def _read_value(data: bytes, place: int, kind: int) -> tuple[Any, int]:
    if kind in (1, 2, 3):  # within a list, a truth value is a byte
        return data[place], place + 1
    if kind in (4, 5, 6):
        return _read_whole(data, place)
    if kind == 7:
        return data[place : place + 8], place + 8
    if kind == 8:
        length, place = _read_varint(data, place)
        return data[place : place + length], place + length
    if kind in (9, 10):
        length, kind = divmod(data[place], 16)
        place += 1
        if length == 15:
            length, place = _read_varint(data, place)
        values = []
        for _ in range(length):
            value, place = _read_value(data, place, kind)
            values.append(value)
        return values, place
    if kind == 12:
        return _read_struct(data, place)
    raise ValueError(f"there is no kind {kind} in a footer")


def _read_whole(data: bytes, place: int) -> tuple[int, int]:
    value, place = _read_varint(data, place)
    return (value >> 1) ^ -(value & 1), place


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        value |= (data[place] & 127) << shift
        place += 1
        if data[place - 1] < 128:
            return value, place
        shift += 7
