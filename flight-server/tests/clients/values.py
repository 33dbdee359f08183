"""Values of every type, as SQL, as Arrow and as Python."""

import datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa


class Value(NamedTuple):
    """One value: its SQL type as CREATE TABLE has it, an expression of it, its Arrow type in a result, and itself."""

    name: str
    sql_type: str
    expression: str
    arrow: pa.DataType
    python: Any


_MAX_38 = Decimal("9" * 38)
_UTC = datetime.timezone.utc
_MOMENT = datetime.datetime(2024, 2, 29, 23, 59, 59, 123456)

VALUES = [
    Value("truth", "boolean", "true", pa.bool_(), True),
    Value("i8", "tinyint", "CAST(-128 AS TINYINT)", pa.int8(), -128),
    Value("i16", "smallint", "CAST(-32768 AS SMALLINT)", pa.int16(), -32768),
    Value("i32", "int", "CAST(-2147483648 AS INT)", pa.int32(), -2147483648),
    Value("i64", "bigint", "CAST(-9223372036854775807 - 1 AS BIGINT)", pa.int64(), -(2**63)),
    Value("u8", "tinyint unsigned", "CAST(255 AS TINYINT UNSIGNED)", pa.uint8(), 255),
    Value("u16", "smallint unsigned", "CAST(65535 AS SMALLINT UNSIGNED)", pa.uint16(), 65535),
    Value("u32", "int unsigned", "CAST(4294967295 AS INT UNSIGNED)", pa.uint32(), 2**32 - 1),
    Value("u64", "bigint unsigned", "CAST('18446744073709551615' AS BIGINT UNSIGNED)", pa.uint64(), 2**64 - 1),
    Value("f32", "float", "CAST(-1.5 AS FLOAT)", pa.float32(), -1.5),
    Value("f64", "double", "CAST('1e300' AS DOUBLE)", pa.float64(), 1e300),
    Value("infinite", "double", "CAST('-inf' AS DOUBLE)", pa.float64(), float("-inf")),
    Value("price", "decimal(10,2)", "CAST(-12345678.90 AS DECIMAL(10, 2))", pa.decimal128(10, 2), Decimal("-12345678.90")),
    Value("d38", "decimal(38,0)", f"CAST('{_MAX_38}' AS DECIMAL(38, 0))", pa.decimal128(38, 0), _MAX_38),
    Value("text", "string", "'Zürich 😀 \"quoted\" and ''single'''", pa.string(), "Zürich 😀 \"quoted\" and 'single'"),
    Value("empty", "string", "''", pa.string(), ""),
    Value("bytes", "binary", "X'00ff80'", pa.binary(), b"\x00\xff\x80"),
    Value("day", "date", "DATE '0001-01-01'", pa.date32(), datetime.date(1, 1, 1)),
    Value("last_day", "date", "DATE '9999-12-31'", pa.date32(), datetime.date(9999, 12, 31)),
    Value("clock", "time", "TIME '23:59:59.123456'", pa.time64("ns"), datetime.time(23, 59, 59, 123456)),
    Value("moment", "timestamp", "TIMESTAMP '2024-02-29 23:59:59.123456'", pa.timestamp("us"), _MOMENT),
    Value("seconds", "timestamp(0)", "TIMESTAMP '1969-12-31 23:59:59'", pa.timestamp("s"), datetime.datetime(1969, 12, 31, 23, 59, 59)),
    Value("millis", "timestamp(3)", "TIMESTAMP '2024-02-29 23:59:59.123'", pa.timestamp("ms"), _MOMENT.replace(microsecond=123000)),
    Value(
        "zoned",
        "timestamp with time zone",
        "TIMESTAMP WITH TIME ZONE '2024-03-01 01:59:59.123456+02:00'",
        pa.timestamp("us", tz="UTC"),
        _MOMENT.replace(tzinfo=_UTC),
    ),
    Value("list", "array<bigint>", "[1, NULL, 3]", pa.list_(pa.int64()), [1, None, 3]),
    Value("lists", "array<array<string>>", "[['a'], NULL]", pa.list_(pa.list_(pa.string())), [["a"], None]),
    Value(
        "record",
        "struct<a:bigint,b:string>",
        "named_struct('a', 1, 'b', CAST(NULL AS STRING))",
        pa.struct([("a", pa.int64()), ("b", pa.string())]),
        {"a": 1, "b": None},
    ),
    Value("mapping", "map<string,bigint>", "MAP {'k': 1, 'l': NULL}", pa.map_(pa.string(), pa.int64()), [("k", 1), ("l", None)]),
]

#: What a query gives and a table cannot hold: expression, Arrow type, value.
EXPRESSIONS = [
    ("NULL", pa.null(), None),
    ("CAST(NULL AS INT)", pa.int32(), None),
    ("CAST('123456789012345678901234567890123456789012345' AS DECIMAL(50, 0))", pa.decimal256(50, 0), Decimal("123456789012345678901234567890123456789012345")),
    ("INTERVAL '14 months 3 days 4 seconds'", pa.month_day_nano_interval(), pa.MonthDayNano([14, 3, 4_000_000_000])),
    ("TIMESTAMP '2024-02-29 23:59:59.123456'", pa.timestamp("ns"), _MOMENT),
    ("arrow_cast('12:00:00', 'Time32(Second)')", pa.time32("s"), datetime.time(12)),
    ("arrow_cast(5, 'Duration(Second)')", pa.duration("s"), datetime.timedelta(seconds=5)),
    ("arrow_cast(X'0011', 'FixedSizeBinary(2)')", pa.binary(2), b"\x00\x11"),
    ("[]", None, []),
    ("[[1], [], NULL]", pa.list_(pa.list_(pa.int64())), [[1], [], None]),
    ("[named_struct('a', DATE '2024-01-01')]", pa.list_(pa.struct([("a", pa.date32())])), [{"a": datetime.date(2024, 1, 1)}]),
    ("CAST('NaN' AS DOUBLE)", pa.float64(), float("nan")),
]


def plain(value):
    """A value without what pandas makes of it: its moments are those of `datetime`."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, tuple) and not isinstance(value, pa.MonthDayNano):
        return tuple(plain(item) for item in value)
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime()
    elif hasattr(value, "to_pytimedelta"):
        value = value.to_pytimedelta()
    if isinstance(value, datetime.datetime) and value.tzinfo is not None:
        value = value.astimezone(_UTC)
    return value


def create_table(name):
    """A statement that makes a table with a column for each of the values, and one for the order of its rows."""
    columns = "".join(f', "{value.name}" {value.sql_type}' for value in VALUES)
    return f"CREATE TABLE {name} (row_number INT NOT NULL{columns})"


def insert_into(name):
    """A statement that puts two rows into the table: the values, then NULLs."""
    values = ", ".join(value.expression for value in VALUES)
    nulls = ", ".join("NULL" for _ in VALUES)
    return f"INSERT INTO {name} VALUES (1, {values}), (2, {nulls})"


def arrow_table():
    """The same two rows as Arrow."""
    arrays = [pa.array([1, 2], pa.int32())] + [pa.array([value.python, None], value.arrow) for value in VALUES]
    names = ["row_number"] + [value.name for value in VALUES]
    schema = pa.schema([pa.field("row_number", pa.int32(), nullable=False)] + [(v.name, v.arrow) for v in VALUES])
    return pa.table(dict(zip(names, arrays)), schema=schema)
