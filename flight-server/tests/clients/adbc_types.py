"""ADBC: every type there and back, value by value."""

import math

import pyarrow as pa
from adbc_driver_flightsql import ConnectionOptions

from adbc import cursor, fresh
from checks import LAKE, check, equal, holds, main, refused
from values import EXPRESSIONS, VALUES, arrow_table, create_table, insert_into, plain


def same(got, expected, what):
    """Equal, NaN included."""
    if isinstance(expected, float) and math.isnan(expected):
        holds(math.isnan(got), f"{what}: got {got!r}")
    else:
        equal(plain(got), expected, what)


def first(table):
    """The first column of a result as Python values."""
    return [value.as_py() for value in table.column(0)]


@check
def every_type_as_an_expression():
    """A SELECT of one value gives that value and that type, or the same with more digits of seconds."""
    with cursor() as opened:
        for value in VALUES:
            result = opened.execute(f"SELECT {value.expression} AS v").fetch_arrow_table()
            same(first(result)[0], value.python, value.expression)
            if not (pa.types.is_timestamp(value.arrow) or pa.types.is_time(value.arrow)):
                equal(str(result.schema.field(0).type).replace("l:", "item:"), str(value.arrow).replace("l:", "item:"), value.expression)
        for expression, arrow, python in EXPRESSIONS:
            result = opened.execute(f"SELECT {expression} AS v").fetch_arrow_table()
            same(first(result)[0], python, expression)
            if arrow is not None:
                equal(result.schema.field(0).type, arrow, expression)


@check
def every_type_as_rows_of_python():
    """fetchall gives Python's own values."""
    with cursor() as opened:
        for value in VALUES:
            ((got,),) = opened.execute(f"SELECT {value.expression} AS v").fetchall()
            same(got, value.python, value.expression)
            ((got,),) = opened.execute(f"SELECT CASE WHEN false THEN {value.expression} END AS v").fetchall()
            equal(got, None, f"NULL in the place of {value.expression}")


@check
def every_type_through_a_table():
    """What INSERT writes comes back from the Parquet files, NULLs too, under the declared types."""
    table = fresh("typed")
    with cursor() as opened:
        opened.execute(create_table(table))
        opened.execute(insert_into(table))
        result = opened.execute(f"SELECT * FROM {table} ORDER BY row_number").fetch_arrow_table()
        for value in VALUES:
            full, null = (item.as_py() for item in result.column(value.name))
            same(full, value.python, value.name)
            equal(null, None, f"NULL of {value.name}")
            equal(str(result.schema.field(value.name).type), str(value.arrow), f"the type of {value.name}")
        opened.execute(f"DROP TABLE {table}")


@check
def every_type_through_ingest():
    """What Arrow brings comes back as it was, NULLs too."""
    table, brought = fresh("ingested"), arrow_table()
    with cursor() as opened:
        equal(opened.adbc_ingest(table, brought), 2, "rows ingested")
        result = opened.execute(f"SELECT * FROM {table} ORDER BY row_number").fetch_arrow_table()
        for name in brought.column_names:
            equal([plain(v.as_py()) for v in result.column(name)], [plain(v.as_py()) for v in brought.column(name)], name)
            equal(str(result.schema.field(name).type), str(brought.schema.field(name).type), f"the type of {name}")
        opened.execute(f"DROP TABLE {table}")


@check
def layouts_that_clients_cannot_read_are_cast():
    """No view, dictionary or run-end encoding reaches a client that has not asked for it."""
    with cursor() as opened:
        for expression in (
            "arrow_cast('a', 'Utf8View')",
            "arrow_cast('a', 'Dictionary(Int32, Utf8)')",
            "arrow_cast(X'61', 'BinaryView')",
            "[arrow_cast('a', 'Utf8View')]",
            "named_struct('x', arrow_cast('a', 'Utf8View'), 'y', [arrow_cast('a', 'Dictionary(Int32, Utf8)')])",
        ):
            told = str(opened.execute(f"SELECT {expression} AS v").fetch_arrow_table().schema.field(0).type)
            holds("view" not in told and "dictionary" not in told, f"{expression} came as {told}")


@check
def files_of_the_lake_are_read():
    """Parquet that another program wrote comes whole, from the object store."""
    with cursor() as opened:
        result = opened.execute(f"SELECT * FROM '{LAKE}/types/'").fetch_arrow_table()
        holds(result.num_rows > 0 and result.num_columns > 5, f"{result.num_rows} rows, {result.num_columns} columns")
        for field in result.schema:
            holds("view" not in str(field.type) and "dictionary" not in str(field.type), f"{field} reached the client")


@check
def one_huge_value_arrives():
    """A text of several MiB in one row arrives, up to what the driver takes in a message; a larger one is refused with words."""
    text = lambda mebibytes: f"SELECT repeat('x', {mebibytes * 2**20}) AS v"
    with cursor() as opened:
        opened.connection.adbc_connection.set_options(
            **{ConnectionOptions.OPTION_SESSION_OPTION_PREFIX.value + "message_limit_bytes": str(15 << 20)}
        )
        for mebibytes in (1, 3, 8, 14):
            ((got,),) = opened.execute(text(mebibytes)).fetchall()
            equal(len(got), mebibytes * 2**20)
        refused("message_limit_bytes", lambda: opened.execute(text(20)).fetchall())
        equal(opened.execute("SELECT 1 AS a").fetchall(), [(1,)], "the next query")


@check
def a_wide_result_arrives():
    """Two hundred columns, and none of their rows, or some."""
    names = [f"c{number}" for number in range(200)]
    select = ", ".join(f"value + {number} AS c{number}" for number in range(200))
    with cursor() as opened:
        sql = f"SELECT {select} FROM generate_series(1, 1000) AS t(value)"
        result = opened.execute(sql).fetch_arrow_table()
        equal((result.column_names, result.num_rows), (names, 1000))
        equal(result.column("c199")[0].as_py(), 200)
        empty = opened.execute(f"SELECT * FROM ({sql}) WHERE c0 < 0").fetch_arrow_table()
        equal((empty.column_names, empty.num_rows), (names, 0))
        equal(empty.schema.types, result.schema.types)


@check
def a_table_of_two_hundred_columns():
    """Made, described, filled and read."""
    table = fresh("wide")
    with cursor() as opened:
        opened.execute(f"CREATE TABLE {table} ({', '.join(f'c{number} STRING' for number in range(200))})")
        opened.execute(f"INSERT INTO {table} VALUES ({', '.join(repr(str(number)) for number in range(200))})")
        ((*values,),) = opened.execute(f"SELECT * FROM {table}").fetchall()
        equal(values, [str(number) for number in range(200)])
        equal(len(opened.connection.adbc_get_table_schema(table)), 200)
        opened.execute(f"DROP TABLE {table}")


@check
def schemas_announced_are_schemas_sent():
    """The driver compares both, down to nullability; statistics of Parquet must not make a difference."""
    with cursor() as opened:
        for sql in (
            "SELECT count(*) AS n, min(trip_id) AS a, max(trip_id) AS b FROM sample.trips",
            "SELECT max(ended_at) AS m, min(bike) AS b FROM sample.trips",
            "SELECT count(*) AS n FROM sample.trips WHERE false",
            "SELECT 1 AS a, NULL AS b, 'x' AS c",
            "SELECT a.trip_id, b.name FROM sample.trips a LEFT JOIN sample.stations b ON a.start_station = b.name LIMIT 5",
            "SELECT bike, count(*) AS n FROM sample.trips GROUP BY ROLLUP (bike) LIMIT 3",
            "SELECT 1 AS a UNION ALL SELECT NULL",
            "SELECT row_number() OVER () AS r, sum(distance_km) OVER (ORDER BY trip_id) AS s FROM sample.trips LIMIT 2",
            "SELECT * FROM (VALUES (1, 'a'), (NULL, 'b')) AS t(x, y)",
            "SELECT * FROM sample.trips LIMIT 0",
            "SHOW TABLES IN sample",
            "DESCRIBE sample.trips",
            "EXPLAIN SELECT 1",
            "SHOW ALL",
        ):
            announced = opened.adbc_execute_schema(sql)
            sent = opened.execute(sql).fetch_arrow_table().schema
            equal(sent.names, announced.names, sql)
            equal(sent.types, announced.types, sql)
            equal([f.nullable for f in sent], [f.nullable for f in announced], f"nullability of {sql}")


if __name__ == "__main__":
    main()
