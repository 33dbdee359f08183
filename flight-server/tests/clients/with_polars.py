"""Polars over ADBC: read_database and write_database."""

import datetime
from decimal import Decimal

import polars as pl
from adbc_driver_flightsql import DatabaseOptions

from adbc import connect, fresh, value
from checks import LAKE, check, equal, holds, main, refused
from values import VALUES, plain


@check
def read_database_gives_a_frame():
    """A query becomes a frame, with rows and without."""
    with connect() as connection:
        frame = pl.read_database(f"SELECT id, status, amount FROM '{LAKE}/orders/' ORDER BY id", connection)
        equal((frame.columns, len(frame)), (["id", "status", "amount"], 12))
        equal(len(pl.read_database("SELECT * FROM sample.trips WHERE false", connection)), 0)


@check
def parameters_are_bound():
    """execute_options hands parameters to the driver."""
    with connect() as connection:
        frame = pl.read_database("SELECT CAST(? AS BIGINT) AS a, ? AS b", connection, execute_options={"parameters": (1, "x")})
        equal(frame.rows(), [(1, "x")])


@check
def batches_are_iterated():
    """iter_batches gives the whole in pieces."""
    with connect() as connection:
        sql = "SELECT value AS v FROM generate_series(1, 100000) AS t(value)"
        pieces = list(pl.read_database(sql, connection, iter_batches=True, batch_size=1000))
        equal((sum(len(piece) for piece in pieces), sum(piece["v"].sum() for piece in pieces)), (100_000, 5_000_050_000))


@check
def every_type_becomes_a_frame():
    """Each value of ours reaches Polars as it is, but for types that Polars itself does not have."""
    with connect() as connection:
        for item in VALUES:
            frame = pl.read_database(f"SELECT {item.expression} AS v", connection)
            got = frame["v"].to_list()[0]
            if item.name == "mapping":
                got = list(got.items())
            equal(plain(got), item.python, item.name)


@check
def write_database_ingests():
    """A frame becomes a table by ingest: fail, append and replace, in the current database and another."""
    table, database = fresh(), fresh("db")
    frame = pl.DataFrame(
        {
            "id": [1, 2],
            "name": ["x", None],
            "at": [datetime.datetime(2024, 2, 29, 12), None],
            "price": [Decimal("1.50"), None],
            "tags": [["a", None], None],
            "kind": pl.Series(["p", "q"], dtype=pl.Categorical),
        }
    )
    with connect() as connection, connection.cursor() as opened:
        equal(frame.write_database(table, connection, engine="adbc"), 2)
        back = pl.read_database(f"SELECT * FROM {table} ORDER BY id", connection)
        equal(back.rows(), frame.rows())
        refused("(?i)exists", frame.write_database, table, connection, engine="adbc")
        frame.write_database(table, connection, engine="adbc", if_table_exists="append")
        equal(value(opened, f"SELECT count(*) FROM {table}"), 4)
        pl.DataFrame({"other": [1]}).write_database(table, connection, engine="adbc", if_table_exists="replace")
        equal(pl.read_database(f"SELECT * FROM {table}", connection).columns, ["other"])
        opened.execute(f"CREATE DATABASE {database}")
        frame.write_database(f"{database}.{table}", connection, engine="adbc")
        equal(value(opened, f"SELECT count(*) FROM {database}.{table}"), 2)
        opened.execute(f"DROP TABLE {table}")
        opened.execute(f"DROP DATABASE {database} CASCADE")


@check
def many_rows_go_and_come():
    """A million rows of a frame, there and back. Polars sends them as one message, for which the driver wants leave."""
    table = fresh()
    frame = pl.select(n=pl.int_range(0, 1_000_000)).with_columns(s=pl.col("n").cast(pl.String))
    with connect(db_kwargs={DatabaseOptions.WITH_MAX_MSG_SIZE.value: str(64 << 20)}) as connection, connection.cursor() as opened:
        frame.write_database(table, connection, engine="adbc")
        holds(pl.read_database(f"SELECT * FROM {table} ORDER BY n", connection).equals(frame), "the frame has changed on its way")
        opened.execute(f"DROP TABLE {table}")


if __name__ == "__main__":
    main()
