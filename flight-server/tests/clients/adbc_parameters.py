"""ADBC: parameters, one row of them and many, in every position."""

import datetime
from decimal import Decimal

import pyarrow as pa
from adbc_driver_flightsql import dbapi

from adbc import cursor, fresh, rows, value
from checks import LAKE, check, equal, holds, main, refused
from values import VALUES, arrow_table, create_table, plain


@check
def two_question_marks_are_two_parameters():
    """Each `?` takes the value of its own position."""
    with cursor() as opened:
        equal(rows(opened, "SELECT ? AS a, ? AS b", (1, "x")), [(1, "x")])
        sql = "SELECT trip_id FROM sample.trips WHERE trip_id = ? OR trip_id = ? ORDER BY 1"
        ids = [row[0] for row in rows(opened, "SELECT trip_id FROM sample.trips ORDER BY trip_id LIMIT 2")]
        equal([row[0] for row in rows(opened, sql, ids)], ids)
        equal([row[0] for row in rows(opened, sql, (ids[1], -1))], [ids[1]])


@check
def numbered_parameters():
    """`$n` by its number: in any order, and one of them twice."""
    with cursor() as opened:
        equal(rows(opened, "SELECT $2 AS a, $1 AS b, $2 AS c", ("x", "y")), [("y", "x", "y")])


@check
def more_than_ten_parameters():
    """$10 does not stand before $2, in either way to write them."""
    numbers = list(range(1, 25))
    with cursor() as opened:
        marks = ", ".join(f"CAST(? AS BIGINT) AS c{number}" for number in numbers)
        equal(list(rows(opened, f"SELECT {marks}", numbers)[0]), numbers)
        dollars = ", ".join(f"CAST(${number} AS BIGINT) AS c{number}" for number in numbers)
        equal(list(rows(opened, f"SELECT {dollars}", numbers)[0]), numbers)


@check
def a_question_mark_in_a_text_is_text():
    """Marks within strings, quoted names and comments are no parameters."""
    with cursor() as opened:
        equal(rows(opened, "SELECT '?' AS \"what?\", ? AS b -- and ?\n /* ? */", (7,)), [("?", 7)])
        equal(opened.description[0][0], "what?")


@check
def null_in_every_position():
    """NULL is bound typed and untyped, compared, and put in."""
    with cursor() as opened:
        equal(value(opened, "SELECT ? AS v", (None,)), None)
        equal(value(opened, "SELECT CAST(? AS INT) AS v", (None,)), None)
        equal(value(opened, "SELECT ? IS NULL AS v", (None,)), True)
        equal(rows(opened, "SELECT trip_id FROM sample.trips WHERE bike = ?", (None,)), [])
        equal(value(opened, "SELECT coalesce(?, ?) AS v", (None, "other")), "other")


@check
def untyped_positions_take_the_values_type():
    """Where the statement says no type, the value's own is taken."""
    with cursor() as opened:
        for python in (True, 42, 1.5, "text", b"\x00\xff", Decimal("1.50"), datetime.date(2024, 2, 29), datetime.datetime(2024, 2, 29, 1, 2, 3, 4)):
            equal(plain(value(opened, "SELECT ? AS v", (python,))), python)


@check
def typed_positions_cast():
    """A value of another type that fits is cast to what the statement says; one that does not is refused."""
    with cursor() as opened:
        equal(value(opened, "SELECT CAST(? AS INT) + 1 AS v", (41,)), 42)
        equal(value(opened, "SELECT CAST(? AS DATE) AS v", ("2024-02-29",)), datetime.date(2024, 2, 29))
        equal(value(opened, "SELECT count(*) AS v FROM sample.trips WHERE trip_id > ?", (-1.5,)) > 0, True)
        equal(value(opened, "SELECT count(*) AS v FROM sample.trips WHERE started_at < ?", (datetime.date(1990, 1, 1),)), 0)
        refused("(?i)cast|type|value", rows, opened, "SELECT CAST(? AS INT) AS v", ("no number",))
        refused("(?i)cast|type|value|range|fit", rows, opened, "SELECT CAST(? AS TINYINT) AS v", (1000,))


@check
def parameters_where_tools_put_them():
    """LIMIT, OFFSET, IN, LIKE, BETWEEN, functions, CASE, HAVING and subqueries take parameters."""
    with cursor() as opened:
        equal(rows(opened, "SELECT value FROM generate_series(1, 9) AS t(value) ORDER BY value LIMIT ? OFFSET ?", (2, 3)), [(4,), (5,)])
        equal(rows(opened, "SELECT x FROM (VALUES (1), (2), (3)) AS t(x) WHERE x IN (?, ?) ORDER BY x", (1, 3)), [(1,), (3,)])
        equal(rows(opened, "SELECT x FROM (VALUES ('ab'), ('cd')) AS t(x) WHERE x LIKE ?", ("a%",)), [("ab",)])
        equal(rows(opened, "SELECT x FROM (VALUES (1), (2), (3)) AS t(x) WHERE x BETWEEN ? AND ? ORDER BY x", (2, 3)), [(2,), (3,)])
        equal(value(opened, "SELECT upper(?) || ? AS v", ("a", "b")), "Ab")
        equal(value(opened, "SELECT CASE WHEN ? THEN ? ELSE ? END AS v", (True, "yes", "no")), "yes")
        equal(rows(opened, "SELECT x, count(*) AS n FROM (VALUES (1), (1), (2)) AS t(x) GROUP BY x HAVING count(*) > ?", (1,)), [(1, 2)])
        equal(value(opened, "SELECT (SELECT max(x) FROM (VALUES (1), (5)) AS t(x) WHERE x < ?) AS v", (4,)), 1)


@check
def parameters_over_files():
    """A value is compared with a column of a file in the object store."""
    with cursor() as opened:
        sql = f"SELECT id, status FROM '{LAKE}/orders/' WHERE id >= ? AND id < ? AND status = ? ORDER BY id"
        equal(rows(opened, sql, (102, 104, "shipped")), [(102, "shipped")])


@check
def a_value_is_never_sql():
    """Quotes and semicolons in a value stay in the value."""
    with cursor() as opened:
        for text in ("'; DROP TABLE x; --", "\\' OR 1=1", "$1", "?", "\u0000", "a\nb", "😀"):
            equal(value(opened, "SELECT ? AS v", (text,)), text)


@check
def the_number_of_values_must_fit():
    """Too few, too many and none are refused with a number, and nothing is run."""
    with cursor() as opened:
        refused("(?i)param|value|column", rows, opened, "SELECT ? AS a, ? AS b", (1,))
        refused("(?i)param|value|column", rows, opened, "SELECT ? AS a", (1, 2))
        refused("(?i)param|value|bound", rows, opened, "SELECT ? AS a")


@check
def parameters_are_described():
    """Preparing tells each parameter's type where the statement knows it, and that it may be NULL."""
    with cursor() as opened:
        told = opened.adbc_prepare("SELECT * FROM sample.trips WHERE trip_id = ? AND bike = ? AND started_at > ?")
        equal(told.types, [pa.int64(), pa.string(), pa.timestamp("us")], "types of the parameters")
        holds(all(field.nullable for field in told), "a parameter is not nullable")
        equal(len(opened.adbc_prepare("SELECT 1 AS a")), 0, "parameters of a statement without any")
        twelve = opened.adbc_prepare("SELECT " + ", ".join(f"CAST(? AS {'BIGINT' if n % 2 else 'VARCHAR'}) AS c{n}" for n in range(12)))
        equal(twelve.types, [pa.int64() if n % 2 else pa.string() for n in range(12)], "the order of twelve parameters")


@check
def one_preparation_many_executions():
    """A cursor that runs the same statement with other values prepares once and gets other rows."""
    with cursor() as opened:
        for number in range(5):
            equal(value(opened, "SELECT CAST(? AS BIGINT) * 2 AS v", (number,)), number * 2)


@check
def many_rows_are_put_in():
    """executemany of an INSERT puts in each of its rows once, and says how many."""
    table = fresh()
    with cursor() as opened:
        opened.execute(f"CREATE TABLE {table} (a BIGINT, b STRING)")
        opened.executemany(f"INSERT INTO {table} VALUES (?, ?)", [(1, "x"), (2, None), (None, "z")])
        equal(opened.rowcount, 3, "the number of rows put in")
        equal(rows(opened, f"SELECT * FROM {table} ORDER BY a NULLS LAST"), [(1, "x"), (2, None), (None, "z")])
        opened.executemany(f"INSERT INTO {table} (b, a) VALUES (?, ?)", [("w", 4)])
        equal(value(opened, f"SELECT b FROM {table} WHERE a = 4"), "w")
        opened.executemany(f"INSERT INTO {table} VALUES (?, ?)", [])
        equal(value(opened, f"SELECT count(*) FROM {table}"), 4)
        opened.execute(f"DROP TABLE {table}")


@check
def rows_with_one_bad_value_put_in_nothing():
    """A batch of rows of which one is refused leaves the table as it was."""
    table = fresh()
    with cursor() as opened:
        opened.execute(f"CREATE TABLE {table} (a BIGINT NOT NULL)")
        refused("(?i)null", opened.executemany, f"INSERT INTO {table} VALUES (?)", [(1,), (None,), (3,)])
        equal(value(opened, f"SELECT count(*) FROM {table}"), 0)
        opened.execute(f"DROP TABLE {table}")


@check
def every_type_as_a_parameter_of_an_insert():
    """Each type is bound into a column of that type, and comes back, NULL too."""
    table, brought = fresh("typed"), arrow_table()
    with cursor() as opened:
        opened.execute(create_table(table))
        marks = ", ".join("?" for _ in brought.column_names)
        told = opened.adbc_prepare(f"INSERT INTO {table} VALUES ({marks})")
        equal([str(kind) for kind in told.types], [str(kind) for kind in brought.schema.types], "types of the parameters")
        opened.executemany(f"INSERT INTO {table} VALUES ({marks})", brought)
        result = opened.execute(f"SELECT * FROM {table} ORDER BY row_number").fetch_arrow_table()
        for item in VALUES:
            equal([plain(v.as_py()) for v in result.column(item.name)], [item.python, None], item.name)
        opened.execute(f"DROP TABLE {table}")


@check
def every_type_as_a_parameter_of_a_query():
    """Each type is bound where the statement says no type, and comes back as it was; maps alone want a cast."""
    with cursor() as opened:
        for item in VALUES:
            batch = pa.record_batch({"0": pa.array([item.python], item.arrow)})
            if item.name == "mapping":
                refused("cast", opened.execute, "SELECT ? AS v", batch)
                continue
            result = opened.execute("SELECT ? AS v", batch).fetch_arrow_table()
            equal(plain(result.column(0)[0].as_py()), item.python, item.name)


@check
def several_rows_of_a_query():
    """A query that is bound to several rows runs for each of them, as ADBC has it, or is refused with words."""
    with cursor() as opened:
        batch = pa.record_batch({"0": pa.array([1, 2, 3])})
        try:
            equal(rows(opened, "SELECT CAST(? AS BIGINT) * 10 AS v", batch), [(10,), (20,), (30,)])
        except dbapi.Error as error:
            holds("row" in str(error), f"the refusal does not say what is wrong: {error}")


if __name__ == "__main__":
    main()
