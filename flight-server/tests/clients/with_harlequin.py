"""harlequin: its command `hsql` as a person's script has it, and the adapter beneath its interface."""

import subprocess
import sys
from pathlib import Path

from harlequin_adbc import HarlequinAdbcAdapter

from adbc import fresh
from checks import LAKE, URI, check, equal, holds, main, refused


def hsql(*arguments):
    """What the command prints; fails if the command does."""
    command = [Path(sys.executable).parent / "hsql", URI, "--adapter", "adbc", "--driver-type", "flightsql", "--profile", "None", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    holds(done.returncode == 0, f"hsql ended with {done.returncode}: {done.stderr}{done.stdout}")
    return done.stdout


def connect():
    return HarlequinAdbcAdapter((URI,), driver_type="flightsql").connect()


@check
def hsql_prints_rows():
    """A query from the command line."""
    equal(hsql("--csv", "-c", "SELECT 1 AS a, 'x' AS b").split(), ["a,b", "1,x"])
    holds("12" in hsql("--csv", "-c", f"SELECT count(*) AS n FROM '{LAKE}/orders/'"), "no count")


@check
def hsql_runs_changes():
    """DDL, DML and a query in one call."""
    table = fresh()
    printed = hsql("--csv", "--result", "last", "-c", f"CREATE TABLE {table} (a BIGINT)", "-c", f"INSERT INTO {table} VALUES (1), (2)", "-c", f"SELECT sum(a) AS s FROM {table}")
    holds("3" in printed, f"printed: {printed}")


@check
def hsql_says_what_is_wrong():
    """An error ends the command with Owlet's message."""
    refused("TABLE_NOT_FOUND", hsql, "-c", "SELECT * FROM nowhere")


@check
def the_tree_of_objects_is_filled():
    """The catalogue has databases, tables and columns with their types."""
    tree = connect().get_catalog()
    (lake,) = tree.items
    equal((lake.label, lake.type_label), ("lake", "db"))
    schemas = {schema.label: schema for schema in lake.children}
    holds({"default", "sample", "information_schema", "system"} <= set(schemas), f"databases: {sorted(schemas)}")
    tables = {table.label: table for table in schemas["sample"].children}
    equal(set(tables), {"repairs", "stations", "trips"})
    columns = {column.label for column in tables["stations"].children}
    equal(columns, {"name", "east_km", "north_km", "docks"})


@check
def what_the_tree_names_is_found():
    """The names that harlequin puts into the editor are those that a query takes."""
    connection = connect()
    (lake,) = connection.get_catalog().items
    for schema in lake.children:
        for table in schema.children[:2]:
            columns = ", ".join(column.query_name for column in table.children[:3])
            connection.execute(f"SELECT {columns} FROM {table.query_name} LIMIT 1").fetchall()


@check
def statements_are_executed():
    """Queries have columns and rows; a change is done, whether or not harlequin fetches."""
    table = fresh()
    connection = connect()
    result = connection.execute("SELECT CAST(1 AS BIGINT) AS n, 'x' AS s, true AS t, 1.5 AS f")
    equal([name for name, _ in result.columns()], ["n", "s", "t", "f"])
    equal(result.set_limit(10).fetchall(), [(1, "x", True, 1.5)])
    for sql in (f"CREATE TABLE {table} (a BIGINT)", f"INSERT INTO {table} VALUES (1)"):
        done = connection.execute(sql)
        if done is not None:
            done.columns()
            done.fetchall()
    equal(connection.execute(f"SELECT count(*) AS n FROM {table}").fetchall().to_pydict(), {"n": [1]})
    connection.execute(f"DROP TABLE {table}")


if __name__ == "__main__":
    main()
