"""ADBC: bulk ingest, whole or not at all."""

import subprocess
import sys
import time

import pyarrow as pa

from adbc import cursor, fresh, rows, value
from checks import LAKE, URI, check, equal, holds, main, refused

EMPTY = pa.record_batch({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())})
TWO = pa.table({"a": pa.array([1, 2]), "b": pa.array(["x", None])})


@check
def create_makes_a_table_and_fails_if_there_is_one():
    """The default mode makes the table with the columns that come, and never touches one that is there."""
    table = fresh()
    with cursor() as opened:
        equal(opened.adbc_ingest(table, TWO), 2, "rows said to be written")
        equal(rows(opened, f"SELECT * FROM {table} ORDER BY a"), [(1, "x"), (2, None)])
        refused("(?i)already.?exists", opened.adbc_ingest, table, TWO)
        equal(value(opened, f"SELECT count(*) FROM {table}"), 2)
        opened.execute(f"DROP TABLE {table}")


@check
def append_adds_and_fails_without_a_table():
    """Rows are added, by the names of the columns; other columns, and no table, are refused."""
    table = fresh()
    with cursor() as opened:
        refused("(?i)not.?found|no table", opened.adbc_ingest, table, TWO, mode="append")
        opened.adbc_ingest(table, TWO)
        equal(opened.adbc_ingest(table, TWO, mode="append"), 2)
        opened.adbc_ingest(table, pa.table({"b": ["swapped"], "a": [9]}), mode="append")
        equal(rows(opened, f"SELECT b FROM {table} WHERE a = 9"), [("swapped",)])
        refused("(?i)column", opened.adbc_ingest, table, pa.table({"a": [1], "other": [2]}), mode="append")
        refused("(?i)type|cast|value", opened.adbc_ingest, table, pa.table({"a": ["no number"], "b": ["x"]}), mode="append")
        equal(value(opened, f"SELECT count(*) FROM {table}"), 5)
        opened.execute(f"DROP TABLE {table}")


@check
def replace_replaces():
    """The table has the new columns and rows alone; where there was none, it is made."""
    table = fresh()
    with cursor() as opened:
        opened.adbc_ingest(table, TWO, mode="replace")
        opened.adbc_ingest(table, pa.table({"c": [1.5]}), mode="replace")
        equal(opened.execute(f"SELECT * FROM {table}").fetch_arrow_table().to_pydict(), {"c": [1.5]})
        opened.execute(f"DROP TABLE {table}")


@check
def create_append_makes_or_adds():
    """The first makes the table, the second adds to it."""
    table = fresh()
    with cursor() as opened:
        opened.adbc_ingest(table, TWO, mode="create_append")
        opened.adbc_ingest(table, TWO, mode="create_append")
        equal(value(opened, f"SELECT count(*) FROM {table}"), 4)
        opened.execute(f"DROP TABLE {table}")


@check
def into_a_database_by_its_name():
    """Catalogue and schema of the ingest say where the table goes."""
    database, table = fresh("db"), fresh()
    with cursor() as opened:
        opened.execute(f"CREATE DATABASE {database}")
        opened.adbc_ingest(table, TWO, catalog_name="lake", db_schema_name=database)
        equal(value(opened, f"SELECT count(*) FROM {database}.{table}"), 2)
        refused("TABLE_NOT_FOUND", opened.execute, f"SELECT * FROM {table}")
        refused("(?i)nowhere", opened.adbc_ingest, table, TWO, db_schema_name="nowhere")
        refused("(?i)nowhere", opened.adbc_ingest, table, TWO, catalog_name="nowhere")
        opened.execute(f"DROP DATABASE {database} CASCADE")


@check
def into_the_current_database():
    """Without a schema the table goes where USE points."""
    database, table = fresh("db"), fresh()
    with cursor() as opened:
        opened.execute(f"CREATE DATABASE {database}")
        opened.execute(f"USE {database}")
        opened.adbc_ingest(table, TWO)
        equal(value(opened, f"SELECT count(*) FROM {database}.{table}"), 2)
        opened.execute("USE default")
        opened.execute(f"DROP DATABASE {database} CASCADE")


@check
def names_are_taken_as_they_are():
    """Spaces, quotes and words of SQL may be names of tables and columns; capitals are those of any other spelling."""
    table = fresh('Odd "Name"')
    with cursor() as opened:
        opened.adbc_ingest(table, pa.table({"Mixed Case": [1], "select": [2], 'quo"te': [3]}))
        quoted = '"' + table.replace('"', '""') + '"'
        equal(rows(opened, f'SELECT "Mixed Case", "select", "quo""te" FROM {quoted}'), [(1, 2, 3)])
        opened.execute(f"DROP TABLE {quoted}")


@check
def a_million_rows():
    """A million rows in many batches, counted and summed afterwards."""
    table = fresh()
    numbers = pa.array(range(1_000_000))
    brought = pa.table({"n": numbers, "text": pa.array([f"row {number % 1000}" for number in range(1_000_000)])})
    with cursor() as opened:
        equal(opened.adbc_ingest(table, brought.to_reader(max_chunksize=10_000)), 1_000_000)
        equal(rows(opened, f"SELECT count(*), sum(n), count(DISTINCT text) FROM {table}"), [(1_000_000, 499_999_500_000, 1000)])
        opened.execute(f"DROP TABLE {table}")


@check
def no_rows_make_an_empty_table():
    """A batch without a row makes a table with its columns. Of a stream without a batch, the driver sends nothing at all."""
    table = fresh()
    with cursor() as opened:
        refused("no message", opened.adbc_ingest, table, TWO.schema.empty_table())
        refused("TABLE_NOT_FOUND", opened.execute, f"SELECT * FROM {table}")
        equal(opened.adbc_ingest(table, EMPTY), 0)
        result = opened.execute(f"SELECT * FROM {table}").fetch_arrow_table()
        equal((result.num_rows, result.column_names), (0, ["a", "b"]))
        opened.execute(f"DROP TABLE {table}")


@check
def a_temporary_table_is_the_sessions():
    """A temporary ingest is seen in its session alone, or refused with words, and leaves nothing."""
    table = fresh()
    with cursor() as opened, cursor() as other:
        try:
            opened.adbc_ingest(table, TWO, temporary=True)
        except Exception as error:
            holds("temporary" in str(error).lower(), f"the refusal does not say what is wrong: {error}")
        else:
            equal(value(opened, f"SELECT count(*) FROM {table}"), 2)
        refused("TABLE_NOT_FOUND", other.execute, f"SELECT * FROM {table}")


@check
def what_cannot_be_stored_is_refused_whole():
    """Two columns of one name, and no columns, leave no table."""
    table = fresh()
    with cursor() as opened:
        twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
        refused("(?i)twice|same name|duplicate|column", opened.adbc_ingest, table, twice)
        refused("TABLE_NOT_FOUND", opened.execute, f"SELECT * FROM {table}")


@check
def a_reader_that_fails_leaves_nothing():
    """If the client's own data break off with an error, there is no table and no row."""
    table, existing = fresh(), fresh()

    def batches():
        for number in range(50):
            yield pa.record_batch({"a": pa.array(range(number * 1000, number * 1000 + 1000))})
        raise ValueError("the source is broken")

    with cursor() as opened:
        opened.adbc_ingest(existing, pa.table({"a": [1]}))
        schema = pa.schema([("a", pa.int64())])
        refused("broken", opened.adbc_ingest, table, pa.RecordBatchReader.from_batches(schema, batches()))
        refused("broken", opened.adbc_ingest, existing, pa.RecordBatchReader.from_batches(schema, batches()), mode="append")
        refused("broken", opened.adbc_ingest, existing, pa.RecordBatchReader.from_batches(schema, batches()), mode="replace")
    with cursor() as opened:
        refused("TABLE_NOT_FOUND", opened.execute, f"SELECT * FROM {table}")
        equal(rows(opened, f"SELECT * FROM {existing}"), [(1,)])
        opened.execute(f"DROP TABLE {existing}")


#: A client that ingests for ever and says so once its rows are on their way.
DYING = """
import sys, pyarrow as pa
from adbc_driver_flightsql import dbapi
def batches():
    number = 0
    while True:
        yield pa.record_batch({"a": pa.array(range(number, number + 10_000))})
        number += 10_000
        if number == 500_000:
            print("on their way", flush=True)
with dbapi.connect(sys.argv[1], autocommit=True) as connection, connection.cursor() as cursor:
    stream = pa.RecordBatchReader.from_batches(pa.schema([("a", pa.int64())]), batches())
    cursor.adbc_ingest(sys.argv[2], stream, mode=sys.argv[3])
"""


@check
def a_client_that_dies_in_the_middle_leaves_nothing():
    """A process that is killed while its rows come leaves no table, and no row in one that was there."""
    table, existing = fresh(), fresh()
    with cursor() as opened:
        opened.adbc_ingest(existing, pa.table({"a": [1]}))
        for name, mode in ((table, "create"), (existing, "append"), (existing, "replace")):
            child = subprocess.Popen([sys.executable, "-c", DYING, URI, name, mode], stdout=subprocess.PIPE, text=True)
            equal(child.stdout.readline(), "on their way\n")
            child.kill()
            child.wait()
        refused("TABLE_NOT_FOUND", opened.execute, f"SELECT * FROM {table}")
        until = time.monotonic() + 30
        while rows(opened, "SELECT query_id FROM system.query_executions WHERE state = 'RUNNING' AND sql LIKE '%" + existing + "%' AND sql NOT LIKE '%query_executions%'"):
            holds(time.monotonic() < until, "the ingest of a dead client still runs after 30 s")
            time.sleep(0.1)
        equal(rows(opened, f"SELECT * FROM {existing}"), [(1,)])
        # The name is free: nothing holds a claim on it.
        opened.adbc_ingest(table, TWO)
        opened.adbc_ingest(existing, pa.table({"a": [2]}), mode="append")
        equal(value(opened, f"SELECT count(*) FROM {existing}"), 2)
        for name in (table, existing):
            opened.execute(f"DROP TABLE {name}")


@check
def what_the_lake_holds_goes_round():
    """Rows that were read from the object store are ingested as they came."""
    table = fresh()
    with cursor() as opened:
        read = opened.execute(f"SELECT * FROM '{LAKE}/orders/' ORDER BY id").fetch_arrow_table()
        opened.adbc_ingest(table, read)
        equal(opened.execute(f"SELECT * FROM {table} ORDER BY id").fetch_arrow_table().to_pylist(), read.to_pylist())
        opened.execute(f"DROP TABLE {table}")


if __name__ == "__main__":
    main()
