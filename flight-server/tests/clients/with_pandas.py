"""pandas over ADBC: read_sql, read_sql_table and to_sql."""

import datetime
from decimal import Decimal

import pandas as pd

from adbc import connect, fresh, value
from checks import LAKE, check, equal, holds, main, refused


@check
def read_sql_gives_a_frame():
    """A query becomes a frame with the types of its columns, NULLs and no rows included."""
    with connect() as connection:
        frame = pd.read_sql("SELECT value AS id, CASE WHEN value % 2 = 0 THEN 'n' || value END AS name FROM generate_series(1, 4) AS t(value) ORDER BY 1", connection)
        equal(list(frame["id"]), [1, 2, 3, 4])
        equal([None if pd.isna(name) else name for name in frame["name"]], [None, "n2", None, "n4"])
        empty = pd.read_sql("SELECT * FROM sample.trips WHERE false", connection)
        equal((len(empty), "trip_id" in empty.columns), (0, True))
        arrow = pd.read_sql(f"SELECT id, amount FROM '{LAKE}/orders/' ORDER BY id", connection, dtype_backend="pyarrow")
        equal(len(arrow), 12)


@check
def parameters_go_through_the_cursor():
    """pandas itself has no parameters for ADBC and says so; the cursor's results become a frame with them."""
    with connect() as connection:
        refused("params", pd.read_sql, "SELECT ? AS v", connection, params=(1,), kind=NotImplementedError)
        with connection.cursor() as opened:
            frame = opened.execute("SELECT CAST(? AS BIGINT) AS a, ? AS b", (1, "x")).fetch_df()
            equal(frame.to_dict("records"), [{"a": 1, "b": "x"}])


@check
def read_sql_table_reads_a_table():
    """A table of the current database, some columns of it or all. Its argument `schema` pandas itself forgets for ADBC."""
    with connect() as connection:
        connection.adbc_current_db_schema = "sample"
        frame = pd.read_sql_table("stations", connection)
        holds(len(frame) > 0 and "docks" in frame.columns, "no stations")
        equal(list(pd.read_sql_table("stations", connection, columns=["name"]).columns), ["name"])
        refused("not found", pd.read_sql_table, "nowhere", connection)


@check
def to_sql_writes_a_table():
    """A frame becomes a table: fail, append and replace."""
    table = fresh()
    frame = pd.DataFrame(
        {
            "id": [1, 2],
            "name": ["x", None],
            "share": [0.5, float("nan")],
            "at": pd.to_datetime(["2024-02-29 12:00:00.123456", None]),
            "zoned": pd.to_datetime(["2024-02-29 12:00:00+09:00", None], utc=True),
            "day": [datetime.date(2024, 2, 29), None],
            "price": [Decimal("1.50"), None],
            "truth": [True, False],
        }
    )
    with connect() as connection:
        equal(frame.to_sql(table, connection, index=False), 2)
        refused("exists", frame.to_sql, table, connection, index=False)
        back = pd.read_sql(f"SELECT * FROM {table} ORDER BY id", connection)
        equal(list(back.columns), list(frame.columns))
        equal(list(back["id"]), [1, 2])
        equal((back["name"][0], back["at"][0], back["zoned"][0], back["price"][0]), ("x", frame["at"][0], frame["zoned"][0], Decimal("1.50")))
        holds(all(pd.isna(back[name][1]) for name in ("name", "at", "zoned", "day", "price")), f"NULLs came as {back.iloc[1].to_dict()}")
        frame.to_sql(table, connection, index=False, if_exists="append")
        equal(len(pd.read_sql(f"SELECT * FROM {table}", connection)), 4)
        pd.DataFrame({"other": [1]}).to_sql(table, connection, index=False, if_exists="replace")
        equal(list(pd.read_sql(f"SELECT * FROM {table}", connection).columns), ["other"])
        with connection.cursor() as opened:
            opened.execute(f"DROP TABLE {table}")


@check
def to_sql_with_index_and_schema():
    """The index becomes columns; the schema is the database."""
    table = fresh()
    with connect() as connection, connection.cursor() as opened:
        database = fresh("db")
        opened.execute(f"CREATE DATABASE {database}")
        pd.DataFrame({"v": [1.5]}, index=pd.Index(["k"], name="key")).to_sql(table, connection, schema=database)
        equal(value(opened, f"SELECT key FROM {database}.{table}"), "k")
        opened.execute(f"DROP DATABASE {database} CASCADE")


if __name__ == "__main__":
    main()
