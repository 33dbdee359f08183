"""ADBC: statements that change something, results in pieces, sessions, errors and their ends."""

import re
import threading
import time
import warnings

import adbc_driver_flightsql
import adbc_driver_manager
import pyarrow as pa
from adbc_driver_flightsql import ConnectionOptions, DatabaseOptions, dbapi

from adbc import connect, cursor, fresh, rows, value
from checks import LAKE, URI, check, equal, holds, main, refused

#: A query that nobody waits for: a hundred billion rows of which each is looked at.
ENDLESS = "SELECT sum(a.value * b.value % 7) AS s FROM generate_series(1, 1000000) AS a(value) CROSS JOIN generate_series(1, 100000) AS b(value)"
#: Rows without end that arrive from the start.
FLOWING = "SELECT a.value AS a, b.value AS b FROM generate_series(1, 1000000) AS a(value) CROSS JOIN generate_series(1, 100000) AS b(value)"


def executions(opened, sql):
    """How often Owlet itself says that it ran a statement, and the states that those came to."""
    return [state for (state,) in rows(opened, f"SELECT state FROM system.query_executions WHERE sql = '{sql.replace(chr(39), chr(39) * 2)}'")]


def eventually(what, happens, seconds=20):
    """Waits for something that is about to happen."""
    until = time.monotonic() + seconds
    while not happens():
        if time.monotonic() > until:
            raise AssertionError(f"{what} did not happen within {seconds} s")
        time.sleep(0.05)


@check
def changes_happen_without_a_fetch_and_once():
    """execute() of DDL and DML does its work although nobody fetches, and exactly once although somebody does."""
    table = fresh()
    with cursor() as opened, cursor() as other:
        statements = [f"CREATE TABLE {table} (a BIGINT)", f"INSERT INTO {table} VALUES (1), (2)"]
        for sql in statements:
            opened.execute(sql)
        equal(value(other, f"SELECT count(*) FROM {table}"), 2, "rows seen by another connection")
        opened.execute(f"INSERT INTO {table} VALUES (3)")
        opened.fetchall()
        equal(value(other, f"SELECT count(*) FROM {table}"), 3, "rows after a fetch")
        for sql in statements:
            equal(executions(other, sql), ["SUCCEEDED"], f"executions of {sql}")
        opened.execute(f"DROP TABLE {table}")
        refused("TABLE_NOT_FOUND", other.execute, f"SELECT * FROM {table}")


@check
def executed_twice_happens_twice():
    """The same cursor runs the same prepared INSERT again when it is told to."""
    table = fresh()
    with cursor() as opened:
        opened.execute(f"CREATE TABLE {table} (a BIGINT)")
        for _ in range(3):
            opened.execute(f"INSERT INTO {table} VALUES (1)")
        equal(value(opened, f"SELECT count(*) FROM {table}"), 3)
        opened.execute(f"INSERT INTO {table} VALUES (?)", (7,))
        opened.execute(f"INSERT INTO {table} VALUES (?)", (8,))
        equal(rows(opened, f"SELECT a FROM {table} WHERE a > 6 ORDER BY a"), [(7,), (8,)])
        opened.execute(f"DROP TABLE {table}")


@check
def preparing_changes_nothing():
    """A statement that is prepared, or asked for its schema, is not run."""
    table = fresh()
    with cursor() as opened:
        opened.adbc_prepare(f"CREATE TABLE {table} (a BIGINT)")
        refused("did not provide schema", opened.adbc_execute_schema, f"CREATE TABLE {table} (a BIGINT)")
        refused("TABLE_NOT_FOUND", opened.execute, f"SELECT * FROM {table}")


@check
def updates_without_preparation():
    """The low-level statement runs an update, without preparing it, and gives its count."""
    table = fresh()
    with adbc_driver_flightsql.connect(URI) as database, adbc_driver_manager.AdbcConnection(database) as connection:

        def update(sql):
            with adbc_driver_manager.AdbcStatement(connection) as statement:
                statement.set_sql_query(sql)
                return statement.execute_update()

        update(f"CREATE TABLE {table} (a BIGINT)")
        equal(update(f"INSERT INTO {table} VALUES (1), (2), (3)"), 3, "the count of an INSERT")
        with adbc_driver_manager.AdbcStatement(connection) as statement:
            statement.set_sql_query(f"SELECT count(*) AS n FROM {table}")
            stream, _ = statement.execute_query()
            equal(pa.RecordBatchReader._import_from_c(stream.address).read_all().to_pylist(), [{"n": 3}])
        update(f"DROP TABLE {table}")


@check
def a_script_of_one_statement():
    """executescript runs a statement; one of several is run or refused with words, never half."""
    table = fresh()
    with cursor() as opened:
        opened.executescript(f"CREATE TABLE {table} (a BIGINT)")
        try:
            opened.executescript(f"INSERT INTO {table} VALUES (1); INSERT INTO {table} VALUES (2)")
        except dbapi.Error as error:
            holds("statement" in str(error), f"the refusal does not say what is wrong: {error}")
            equal(value(opened, f"SELECT count(*) FROM {table}"), 0)
        else:
            equal(value(opened, f"SELECT count(*) FROM {table}"), 2)
        opened.execute(f"DROP TABLE {table}")


@check
def results_come_in_batches():
    """A large result is read batch by batch, whole and in its order."""
    with cursor() as opened:
        opened.execute("SELECT value AS a, 'n' || value AS b FROM generate_series(1, 200000) AS t(value) ORDER BY value")
        reader, count, last = opened.fetch_record_batch(), 0, 0
        for batch in reader:
            equal(batch.column(0)[0].as_py(), last + 1)
            count, last = count + batch.num_rows, batch.column(0)[-1].as_py()
        equal((count, last), (200000, 200000))
        opened.execute("SELECT value FROM generate_series(1, 10) AS t(value) ORDER BY value")
        equal((opened.fetchone(), opened.fetchmany(2), len(opened.fetchall())), ((1,), [(2,), (3,)], 7))
        equal([row[0] for row in opened.execute("SELECT value FROM generate_series(1, 3) AS t(value) ORDER BY value")], [1, 2, 3])


@check
def results_without_rows_have_columns():
    """No rows, but names and types."""
    with cursor() as opened:
        opened.execute("SELECT trip_id, bike FROM sample.trips WHERE false")
        equal([column[0] for column in opened.description], ["trip_id", "bike"])
        equal(opened.fetchall(), [])


@check
def cursors_of_one_connection_stand_apart():
    """Two results are read side by side, and threads may share a connection."""
    with connect() as connection:
        with connection.cursor() as one, connection.cursor() as two:
            one.execute("SELECT value FROM generate_series(1, 100000) AS t(value) ORDER BY value")
            two.execute("SELECT value FROM generate_series(1, 100000) AS t(value) ORDER BY value DESC")
            for number in range(1, 1000):
                equal((one.fetchone(), two.fetchone()), ((number,), (100001 - number,)))
        failures = []

        def ask(number):
            try:
                with connection.cursor() as opened:
                    for _ in range(5):
                        equal(value(opened, "SELECT CAST(? AS BIGINT) + 1 AS v", (number,)), number + 1)
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        [thread.start() for thread in threads]
        [thread.join() for thread in threads]
        equal(failures, [])


@check
def a_partition_is_read_on_another_connection():
    """execute_partitions gives tickets that another connection of the same person reads."""
    with cursor() as opened, cursor() as other:
        partitions, schema = opened.adbc_execute_partitions("SELECT value AS v FROM generate_series(1, 1000) AS t(value)")
        equal(schema.names, ["v"])
        total = 0
        for partition in partitions:
            other.adbc_read_partition(partition)
            total += sum(row[0] for row in other.fetchall())
        equal(total, 500500)


@check
def cancelling_from_another_thread_ends_the_query():
    """adbc_cancel ends a query that would not end, and Owlet says CANCELLED."""
    sql = f"{ENDLESS} -- {fresh()}"
    with cursor() as opened, cursor() as other:
        began = threading.Event()
        ends = []

        def run():
            began.set()
            try:
                ends.append(rows(opened, sql))
            except Exception as error:
                ends.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        began.wait()
        eventually("the query", lambda: executions(other, sql) == ["RUNNING"])
        opened.adbc_cancel()
        thread.join(20)
        holds(not thread.is_alive(), "the call has not come back 20 s after its cancellation")
        holds(isinstance(ends[0], dbapi.Error), f"the query gave {ends[0]!r}")
        holds(re.search("(?i)cancel", str(ends[0])), f"the error is {ends[0]}")
        eventually("the query's end", lambda: executions(other, sql) == ["CANCELLED"])
        equal(value(opened, "SELECT 1 AS a"), 1, "the cursor's next query")


@check
def a_reader_that_goes_away_ends_the_query():
    """Closing a cursor in the middle of its result stops the work on the server."""
    sql = f"{FLOWING} -- {fresh()}"
    with connect() as connection, cursor() as other:
        opened = connection.cursor()
        opened.execute(sql)
        opened.fetchone()
        equal(executions(other, sql), ["RUNNING"])
        opened.close()
        eventually("the query's end", lambda: executions(other, sql) == ["CANCELLED"])


@check
def a_connection_that_goes_away_ends_the_query():
    """So does closing the connection."""
    sql = f"{FLOWING} -- {fresh()}"
    with cursor() as other:
        connection = dbapi.connect(URI, autocommit=True)
        opened = connection.cursor()
        opened.execute(sql)
        opened.fetchone()
        opened.close()
        connection.close()
        eventually("the query's end", lambda: executions(other, sql) == ["CANCELLED"])


@check
def a_deadline_of_the_client_ends_the_query():
    """The driver's own limit of time is kept on the server, too."""
    sql = f"{ENDLESS} -- {fresh()}"
    options = {DatabaseOptions.TIMEOUT_FETCH.value: "0.5", DatabaseOptions.TIMEOUT_QUERY.value: "0.5"}
    with cursor(db_kwargs=options) as opened, cursor() as other:
        refused("(?i)deadline|timeout|timed out|cancel", rows, opened, sql)
        eventually("the query's end", lambda: executions(other, sql) == ["CANCELLED"])


@check
def errors_say_code_place_and_query():
    """An error has the class that ADBC's users catch, Owlet's code, the position and the query's id."""
    cases = [
        ("SELEC 1", "SYNTAX_ERROR", dbapi.ProgrammingError),
        ("SELECT * FROM nowhere", "TABLE_NOT_FOUND", dbapi.ProgrammingError),
        ("SELECT nothing FROM sample.trips", "COLUMN_NOT_FOUND", dbapi.ProgrammingError),
        ("SELECT no_such_function(1)", "FUNCTION_NOT_FOUND", dbapi.ProgrammingError),
        ("DELETE FROM sample.trips", "NOT_SUPPORTED", dbapi.NotSupportedError),
        ("SELECT 1 / (trip_id - trip_id) AS v FROM sample.trips", "INVALID_VALUE", dbapi.Error),
    ]
    with cursor() as opened:
        for sql, code, kind in cases:
            error = refused(code, rows, opened, sql, kind=dbapi.Error)
            holds(isinstance(error, kind), f"{sql}: {type(error).__name__} instead of {kind.__name__}: {error}")
            equal(value(opened, "SELECT 1 AS a"), 1, "the next query")
        refused("line 1, column 15", rows, opened, "SELECT * FROM nowhere", kind=dbapi.Error)
        # What the driver only prepares is in no history; what it runs is, under the id of the error.
        sql = f"SELECT 1 / (trip_id - trip_id) AS v FROM sample.trips -- {fresh()}"
        error = refused(r"\[[-0-9a-f]{36}\]", rows, opened, sql, kind=dbapi.Error)
        query = re.search(r"\[([-0-9a-f]{36})\]", str(error)).group(1)
        equal(rows(opened, f"SELECT sql, state FROM system.query_executions WHERE query_id = '{query}'"), [(sql, "FAILED")])


@check
def errors_without_preparation_name_the_query():
    """An error of planning names the query, too, where the statement is run without being prepared."""
    with adbc_driver_flightsql.connect(URI) as database, adbc_driver_manager.AdbcConnection(database) as connection:
        with adbc_driver_manager.AdbcStatement(connection) as statement:
            statement.set_sql_query("SELECT * FROM nowhere")
            refused(r"TABLE_NOT_FOUND.*\[[-0-9a-f]{36}\]", statement.execute_query)


@check
def a_huge_error_stays_small():
    """A message with a plan or a statement of 100 KB in it arrives cut, with its code; the connection lives on."""
    with cursor() as opened:
        for sql in (f"SELECT {'x' * 100_000} FROM sample.trips", f"SELECT '{'y' * 100_000}' + 1 FROM nowhere", f"SELECT {'(' * 50} '{'z' * 50_000}"):
            error = refused("[A-Z_]{5,}", rows, opened, sql, kind=dbapi.Error)
            holds(len(str(error)) < 6_000, f"the error has {len(str(error))} characters")
            holds("HeaderList" not in str(error) and "RST_STREAM" not in str(error), str(error)[:300])
            equal(value(opened, "SELECT 1 AS a"), 1, "the next query")


@check
def a_query_of_a_megabyte_is_run():
    """A long list of values is a statement as any other, or refused with a limit's name."""
    with cursor() as opened:
        values = ", ".join(str(number) for number in range(20_000))
        equal(value(opened, f"SELECT count(*) AS n FROM generate_series(1, 100) AS t(value) WHERE value IN ({values})"), 100)


@check
def the_catalogue_and_the_database_of_a_session():
    """ADBC's options for the current catalogue and schema read and set what USE sets."""
    database = fresh("db")
    with connect() as connection, connection.cursor() as opened:
        equal((connection.adbc_current_catalog, connection.adbc_current_db_schema), ("lake", "default"))
        opened.execute(f"CREATE DATABASE {database}")
        connection.adbc_current_db_schema = database
        equal(connection.adbc_current_db_schema, database)
        opened.execute("CREATE TABLE only_here (a BIGINT)")
        opened.execute("INSERT INTO only_here VALUES (5)")
        equal(value(opened, f"SELECT a FROM {database}.only_here"), 5)
        connection.adbc_current_catalog = "lake"
        refused("(?i)nowhere|invalid|not.?found", setattr, connection, "adbc_current_catalog", "nowhere")
        refused("(?i)nowhere|invalid|not.?found", setattr, connection, "adbc_current_db_schema", "nowhere")
        opened.execute("USE sample")
        equal(connection.adbc_current_db_schema, "sample")
        holds(value(opened, "SELECT count(*) FROM trips") > 0, "USE has not reached the next statement")
        opened.execute(f"DROP DATABASE {database} CASCADE")


@check
def two_connections_are_two_sessions():
    """What USE and SET say in one connection does not reach another, with cookies and without."""
    for options in ({}, {DatabaseOptions.WITH_COOKIE_MIDDLEWARE.value: "true"}):
        with connect(db_kwargs=options) as first, connect(db_kwargs=options) as second:
            with first.cursor() as one, second.cursor() as two:
                one.execute("USE sample")
                one.execute("SET time_zone = 'Asia/Tokyo'")
                holds(value(one, "SELECT count(*) FROM trips") > 0, "USE is lost")
                equal(rows(one, "SHOW time_zone"), [("time_zone", "Asia/Tokyo")])
                refused("TABLE_NOT_FOUND", two.execute, "SELECT count(*) FROM trips")
                equal(rows(two, "SHOW time_zone"), [("time_zone", "UTC")])
                equal((first.adbc_current_db_schema, second.adbc_current_db_schema), ("sample", "default"))


@check
def settings_as_session_options():
    """The settings of a session are session options: set, read, listed, erased, and refused where SET refuses."""
    prefix = ConnectionOptions.OPTION_SESSION_OPTION_PREFIX.value
    with connect() as connection, connection.cursor() as opened:
        low = connection.adbc_connection
        low.set_options(**{prefix + "time_zone": "Europe/Zurich"})
        equal(low.get_option(prefix + "time_zone"), "Europe/Zurich")
        equal(rows(opened, "SHOW time_zone"), [("time_zone", "Europe/Zurich")])
        holds("time_zone" in low.get_option(ConnectionOptions.OPTION_SESSION_OPTIONS.value), "the list of options lacks one")
        low.set_options(**{ConnectionOptions.OPTION_ERASE_SESSION_OPTION_PREFIX.value + "time_zone": ""})
        equal(rows(opened, "SHOW time_zone"), [("time_zone", "UTC")])
        refused("(?i)invalid|no_such_setting", low.set_options, **{prefix + "no_such_setting": "1"})
        refused("(?i)invalid|time_zone", low.set_options, **{prefix + "time_zone": "Atlantis/City"})


@check
def the_standard_way_to_connect_is_not_stopped():
    """connect() without autocommit warns as DB-API wants and works; commit and rollback do no harm."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with dbapi.connect(URI) as connection, connection.cursor() as opened:
            equal(value(opened, "SELECT 1 AS a"), 1)
            connection.commit()
            connection.rollback()
        holds(all("autocommit" in str(warning.message) for warning in caught), [str(w.message) for w in caught])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with cursor() as opened:
            equal(value(opened, "SELECT 1 AS a"), 1)


@check
def transactions_are_refused_with_words():
    """BEGIN and COMMIT say that there are none."""
    with cursor() as opened:
        for sql in ("BEGIN", "START TRANSACTION", "COMMIT", "ROLLBACK"):
            refused("NOT_SUPPORTED", opened.execute, sql)


@check
def files_of_the_server_are_out_of_reach():
    """No spelling of a local path is read or written."""
    with cursor() as opened:
        for path in ("/etc/passwd", "file:///etc/passwd", "/etc/", "file:/etc/hosts", "s3://../etc/passwd", "../../etc/passwd"):
            refused("(?i)permission|not.?found|invalid|supported", rows, opened, f"SELECT * FROM '{path}'", kind=dbapi.Error)
        refused("PERMISSION_DENIED", opened.execute, "CREATE TABLE out_of_reach LOCATION '/tmp/out_of_reach/' AS SELECT 1 AS a", kind=dbapi.Error)


@check
def tables_of_the_lake():
    """An external table over files in the object store is made, shown, read and dropped."""
    table = fresh()
    with cursor() as opened:
        opened.execute(f"CREATE EXTERNAL TABLE {table} STORED AS PARQUET LOCATION '{LAKE}/orders/'")
        equal(value(opened, f"SELECT count(*) FROM {table}"), 12)
        opened.execute(f"CREATE TABLE {table}_copy AS SELECT * FROM {table}")
        equal(value(opened, f"SELECT count(*) FROM {table}_copy"), 12)
        for name in (table, f"{table}_copy"):
            opened.execute(f"DROP TABLE {name}")


@check
def many_connections_in_a_row():
    """A hundred connections open, ask and close."""
    for number in range(100):
        with cursor() as opened:
            equal(value(opened, f"SELECT {number} AS v"), number)


if __name__ == "__main__":
    main()
