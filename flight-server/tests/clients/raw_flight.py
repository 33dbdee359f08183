"""pyarrow.flight: the protocol itself, message by message, without a driver's goodwill in between."""

import struct

import pyarrow as pa
from pyarrow import flight

from adbc import cursor, fresh, value
from checks import URI, check, equal, holds, main, refused

TYPES = "type.googleapis.com/arrow.flight.protocol.sql."


def varint(number):
    """A number as Protocol Buffers have it."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes(encoded + bytes([number]))


def message(*fields):
    """A message of (number, value) pairs: numbers and truths as varints, the rest with its length before it."""
    encoded = b""
    for number, content in fields:
        if isinstance(content, (bool, int)):
            encoded += varint(number << 3) + varint(int(content))
        else:
            content = content.encode() if isinstance(content, str) else content
            encoded += varint(number << 3 | 2) + varint(len(content)) + content
    return encoded


def fields(encoded):
    """The pairs of a message: {number: [values]}, varints as numbers, the rest as bytes."""
    found, at = {}, 0

    def number():
        nonlocal at
        result = shift = 0
        while True:
            byte = encoded[at]
            at += 1
            result |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return result

    while at < len(encoded):
        tag = number()
        if tag & 7 == 0:
            found.setdefault(tag >> 3, []).append(number())
        else:
            length = number()
            found.setdefault(tag >> 3, []).append(encoded[at : at + length])
            at += length
    return found


def packed(name, *content):
    """A message in an Any."""
    return message((1, TYPES + name), (2, message(*content)))


def descriptor(name, *content):
    return flight.FlightDescriptor.for_command(packed(name, *content))


def client():
    return flight.FlightClient(URI.replace("grpc://", "grpc+tcp://"))


def metadata(connection, name, *content):
    """All rows of a metadata command, whose FlightInfo and stream must have one schema."""
    told = connection.get_flight_info(descriptor(name, *content))
    equal(len(told.endpoints), 1, f"endpoints of {name}")
    equal(told.endpoints[0].locations, [], f"locations of {name}")
    reader = connection.do_get(told.endpoints[0].ticket)
    table = reader.read_all()
    holds(told.schema.equals(table.schema), f"{name} announced {told.schema} and sent {table.schema}")
    return table


def required(schema, *names):
    """Fails unless exactly those fields of a schema are NOT NULL."""
    equal([field.name for field in schema if not field.nullable], list(names))


def action(connection, name, body=b""):
    return [result.body.to_pybytes() for result in connection.do_action(flight.Action(name, body))]


def prepare(connection, sql):
    """(handle, schema of the rows or None, schema of the parameters or None, all fields)."""
    (answer,) = action(connection, "CreatePreparedStatement", packed("ActionCreatePreparedStatementRequest", (1, sql)))
    found = fields(fields(answer)[2][0])
    read = lambda at: pa.ipc.read_schema(pa.py_buffer(found[at][0])) if found.get(at, [b""])[0] else None
    return found[1][0], read(2), read(3), found


def bind(connection, handle, batch, name="CommandPreparedStatementQuery"):
    """Sends rows of parameters, and gives what the server answers."""
    writer, reader = connection.do_put(descriptor(name, (1, handle)), batch.schema)
    writer.write_batch(batch)
    writer.done_writing()
    answer = reader.read()
    writer.close()
    return answer and answer.to_pybytes()


def option(name, content):
    """The request that sets one option of a session to a text."""
    return message((1, message((1, name), (2, message((1, content))))))


def drain(reader):
    """Reads to the end. `read_all` would take a cancelled call for Ctrl-C, and end the script."""
    for _ in reader:
        pass


def fetch(connection, told):
    return connection.do_get(told.endpoints[0].ticket).read_all()


@check
def a_query_has_one_schema_and_one_place():
    """FlightInfo, GetSchema and the stream agree to the last nullability; one endpoint, without a location."""
    with client() as connection:
        for sql in (
            "SELECT count(*) AS n, max(trip_id) AS m FROM sample.trips",
            "SELECT * FROM sample.repairs LIMIT 2",
            "SELECT 1 AS a WHERE false",
            "SELECT NULL AS a",
        ):
            asked = descriptor("CommandStatementQuery", (1, sql))
            told = connection.get_flight_info(asked)
            equal((len(told.endpoints), told.endpoints[0].locations), (1, []))
            sent = fetch(connection, told).schema
            holds(told.schema.equals(sent, check_metadata=True), f"{sql}: announced {told.schema}, sent {sent}")
            holds(connection.get_schema(asked).schema.equals(sent, check_metadata=True), f"{sql}: GetSchema differs")


@check
def a_ticket_is_read_once_or_says_so():
    """A second DoGet of a ticket gives the same rows or a clean error, and never runs a change again."""
    table = fresh()
    with client() as connection, cursor() as opened:
        opened.execute(f"CREATE TABLE {table} (a BIGINT)")
        told = connection.get_flight_info(descriptor("CommandStatementQuery", (1, f"INSERT INTO {table} VALUES (1)")))
        for _ in range(3):
            try:
                fetch(connection, told)
            except (flight.FlightError, pa.ArrowException) as error:
                holds("nternal" not in type(error).__name__, f"a second read of a ticket is an internal error: {error}")
        equal(value(opened, f"SELECT count(*) FROM {table}"), 1)
        opened.execute(f"DROP TABLE {table}")


@check
def a_change_has_happened_when_it_is_announced():
    """GetFlightInfo of DDL and DML does the work, once each time it is called; nobody fetches."""
    table = fresh()
    with client() as connection, cursor() as opened:
        connection.get_flight_info(descriptor("CommandStatementQuery", (1, f"CREATE TABLE {table} (a BIGINT)")))
        connection.get_flight_info(descriptor("CommandStatementQuery", (1, f"INSERT INTO {table} VALUES (1)")))
        equal(value(opened, f"SELECT count(*) FROM {table}"), 1)
        handle, _, _, _ = prepare(connection, f"INSERT INTO {table} VALUES (?)")
        bind(connection, handle, pa.record_batch({"0": [2]}))
        equal(value(opened, f"SELECT count(*) FROM {table}"), 1, "rows after binding")
        for count in (2, 3):
            connection.get_flight_info(descriptor("CommandPreparedStatementQuery", (1, handle)))
            equal(value(opened, f"SELECT count(*) FROM {table}"), count)
        opened.execute(f"DROP TABLE {table}")


@check
def an_update_is_counted():
    """CommandStatementUpdate gives the number of rows, and 0 or -1 where there is none to give."""
    table = fresh()
    empty = pa.schema([])

    def update(connection, sql):
        writer, reader = connection.do_put(descriptor("CommandStatementUpdate", (1, sql)), empty)
        # As flightsql-dbapi does: the answer is read before this side is closed.
        answer = reader.read()
        writer.close()
        (count,) = fields(answer.to_pybytes()).get(1, [0])
        return count - 2**64 if count >= 2**63 else count

    with client() as connection, cursor() as opened:
        holds(update(connection, f"CREATE TABLE {table} (a BIGINT)") in (0, -1), "the count of a CREATE TABLE")
        equal(update(connection, f"INSERT INTO {table} VALUES (1), (2)"), 2)
        equal(value(opened, f"SELECT count(*) FROM {table}"), 2)
        refused("SYNTAX_ERROR", update, connection, "INSERT INTO")
        update(connection, f"DROP TABLE {table}")


@check
def a_statement_says_whether_it_is_an_update():
    """The schema of the rows is there for what JDBC shall fetch, and empty for what it shall run as an update."""
    table = fresh()
    with client() as connection, cursor() as opened:
        opened.execute(f"CREATE TABLE {table} (a BIGINT)")
        for sql in ("SELECT 1 AS a", "SELECT 1 AS a WHERE false", "SHOW TABLES", "EXPLAIN SELECT 1", f"DESCRIBE {table}", "WITH x AS (SELECT 1 AS a) SELECT * FROM x"):
            _, rows, _, _ = prepare(connection, sql)
            holds(rows is not None and len(rows) > 0, f"{sql} would be run as an update")
        for sql in (f"INSERT INTO {table} VALUES (1)", f"CREATE TABLE {table}_2 (a INT)", f"DROP TABLE {table}", "USE sample"):
            _, rows, _, found = prepare(connection, sql)
            holds(rows is None or len(rows) == 0, f"{sql} would be fetched, not run")
        opened.execute(f"DROP TABLE {table}")


@check
def a_prepared_update_is_run_for_all_its_rows():
    """DoPut of CommandPreparedStatementUpdate binds and runs; its handle may be used again until it is closed."""
    table = fresh()
    with client() as connection, cursor() as opened:
        opened.execute(f"CREATE TABLE {table} (a BIGINT, b STRING)")
        handle, _, parameters, _ = prepare(connection, f"INSERT INTO {table} VALUES (?, ?)")
        equal(parameters.types, [pa.int64(), pa.string()])
        holds(all(field.nullable for field in parameters), "a parameter is not nullable")
        for count in (1, 3):
            batch = pa.record_batch({"x": pa.array(range(count)), "y": pa.array(["t"] * count)})
            answer = bind(connection, handle, batch, "CommandPreparedStatementUpdate")
            equal(fields(answer)[1], [count])
        equal(value(opened, f"SELECT count(*) FROM {table}"), 4)
        action(connection, "ClosePreparedStatement", packed("ActionClosePreparedStatementRequest", (1, handle)))
        refused("(?i)not.?found|prepared|handle", bind, connection, handle, pa.record_batch({"x": [1], "y": ["t"]}), "CommandPreparedStatementUpdate")
        equal(value(opened, f"SELECT count(*) FROM {table}"), 4)
        opened.execute(f"DROP TABLE {table}")


@check
def parameters_stay_bound_to_their_handle():
    """The old handle stays good after a DoPut (or the answer names another), as old clients expect."""
    with client() as connection:
        handle, _, _, _ = prepare(connection, "SELECT CAST(? AS BIGINT) * 2 AS v")
        for number in (1, 21):
            answer = bind(connection, handle, pa.record_batch({"0": [number]}))
            current = fields(answer).get(1, [handle])[0] if answer else handle
            for used in (handle, current):
                told = connection.get_flight_info(descriptor("CommandPreparedStatementQuery", (1, used)))
                equal(fetch(connection, told).to_pydict(), {"v": [number * 2]})


@check
def parameters_may_be_unions():
    """flightsql-dbapi wraps each value in a dense union; the value inside is what counts."""
    union = lambda kind, index, content: pa.UnionArray.from_dense(
        pa.array([index], pa.int8()),
        pa.array([0], pa.int32()),
        [pa.array([content] if n == index else [], k) for n, k in enumerate((pa.int64(), pa.float64(), pa.string(), pa.binary(), pa.bool_()))],
    )
    with client() as connection:
        handle, _, _, _ = prepare(connection, "SELECT ? AS a, ? AS b, ? AS c, CAST(? AS DOUBLE) AS d")
        columns = [union(int, 0, 7), union(str, 2, "x"), union(bool, 4, True), union(float, 1, 1.5)]
        bind(connection, handle, pa.RecordBatch.from_arrays(columns, names=[f"param_{n}" for n in range(4)]))
        told = connection.get_flight_info(descriptor("CommandPreparedStatementQuery", (1, handle)))
        equal(fetch(connection, told).to_pylist(), [{"a": 7, "b": "x", "c": True, "d": 1.5}])


@check
def metadata_have_the_schemas_of_the_specification():
    """Names, types and nullability of every metadata command, as Flight.proto and FlightSql.proto have them."""
    with client() as connection:
        table = metadata(connection, "CommandGetCatalogs")
        equal(table.to_pydict(), {"catalog_name": ["lake"]})
        required(table.schema, "catalog_name")
        table = metadata(connection, "CommandGetDbSchemas")
        equal(table.column_names, ["catalog_name", "db_schema_name"])
        required(table.schema, "db_schema_name")
        table = metadata(connection, "CommandGetTableTypes")
        equal(table.column_names, ["table_type"])
        required(table.schema, "table_type")
        table = metadata(connection, "CommandGetTables", (2, "sample"))
        equal(table.column_names, ["catalog_name", "db_schema_name", "table_name", "table_type"])
        required(table.schema, "table_name", "table_type")
        equal(table.column("table_name").to_pylist(), ["repairs", "stations", "trips"], "tables and their order")
        table = metadata(connection, "CommandGetTables", (2, "sample"), (5, True))
        equal(table.column_names[-1], "table_schema")
        required(table.schema, "table_name", "table_type", "table_schema")
        for content in table.column("table_schema"):
            # An encapsulated message, with its length before it.
            equal(content.as_py()[:4], b"\xff\xff\xff\xff")
            equal(struct.unpack("<i", content.as_py()[4:8])[0] % 8, 0)
            holds(len(pa.ipc.read_schema(content.as_buffer())) > 0, "a table without columns")


@check
def columns_carry_the_metadata_of_flight_sql():
    """Each field of a table's schema says its catalogue, database, table, type's name, precision and comment."""
    table = fresh("described")
    with client() as connection, cursor() as opened:
        opened.execute(f"CREATE TABLE {table} (id BIGINT NOT NULL COMMENT 'the key', price DECIMAL(10, 2))")
        found = metadata(connection, "CommandGetTables", (3, table), (5, True))
        schema = pa.ipc.read_schema(found.column("table_schema")[0].as_buffer())
        told = {k.decode(): v.decode() for k, v in (schema.field("price").metadata or {}).items()}
        expected = {"CATALOG_NAME": "lake", "SCHEMA_NAME": "default", "DB_SCHEMA_NAME": "default", "TABLE_NAME": table, "PRECISION": "10", "SCALE": "2"}
        for key, content in expected.items():
            if key != "DB_SCHEMA_NAME":
                equal(told.get(f"ARROW:FLIGHT:SQL:{key}"), content, key)
        holds(told.get("ARROW:FLIGHT:SQL:TYPE_NAME", "").lower().startswith("decimal"), f"the name of a type: {told}")
        holds("the key" in (schema.field("id").metadata or {}).get(b"ARROW:FLIGHT:SQL:REMARKS", b"").decode(), "the comment of a column")
        opened.execute(f"DROP TABLE {table}")


@check
def keys_are_none():
    """Primary, exported and imported keys and cross references are empty, under the right columns."""
    with client() as connection:
        for name, content in (
            ("CommandGetPrimaryKeys", [(3, "trips")]),
            ("CommandGetExportedKeys", [(3, "trips")]),
            ("CommandGetImportedKeys", [(3, "trips")]),
            ("CommandGetCrossReference", [(3, "trips"), (6, "stations")]),
        ):
            table = metadata(connection, name, *content)
            equal(table.num_rows, 0, name)
            holds(table.num_columns == (6 if name == "CommandGetPrimaryKeys" else 13), f"{name} has {table.num_columns} columns")


@check
def information_about_sql_is_complete():
    """An empty list of codes gives every code; a list gives those, and what is unknown is left out."""
    needed = {0, 1, 2, 3, 4, 5, 8, 100, 101, *range(500, 577)}
    with client() as connection:
        every = metadata(connection, "CommandGetSqlInfo")
        codes = every.column("info_name").to_pylist()
        equal(len(codes), len(set(codes)), "a code is told twice")
        missing = sorted(needed - set(codes))
        holds(not missing, f"codes without an answer: {missing}")
        some = metadata(connection, "CommandGetSqlInfo", (1, varint(0) + varint(2) + varint(3) + varint(504)))
        told = dict(zip(some.column("info_name").to_pylist(), some.column("value").to_pylist()))
        equal(told, {0: "Owlet", 2: told[2], 3: False, 504: '"'})
        unknown = metadata(connection, "CommandGetSqlInfo", (1, varint(0) + varint(999_999)))
        holds(0 in unknown.column("info_name").to_pylist(), "an unknown code hides a known one")
        # Unpacked, as old encoders write a repeated number.
        equal(metadata(connection, "CommandGetSqlInfo", (1, 0), (1, 504)).num_rows, 2)


@check
def types_are_described():
    """XdbcTypeInfo has a row for every type, and for one alone."""
    with client() as connection:
        every = metadata(connection, "CommandGetXdbcTypeInfo")
        holds(every.num_rows >= 12, f"{every.num_rows} types")
        equal(every.num_columns, 19)
        codes = every.column("data_type").to_pylist()
        equal(codes, sorted(codes), "types are in the order of their codes")
        one = metadata(connection, "CommandGetXdbcTypeInfo", (1, 4))
        equal(set(one.column("data_type").to_pylist()), {4})


@check
def what_is_not_offered_is_refused_as_such():
    """Substrait, transactions, savepoints, DoExchange and unknown things end with Unimplemented or an invalid argument."""
    with client() as connection:
        gone = (flight.FlightError, pa.ArrowException)
        refused("", connection.get_flight_info, descriptor("CommandStatementSubstraitPlan", (1, b"")), kind=gone)
        for name in ("BeginTransaction", "BeginSavepoint", "EndTransaction"):
            error = refused("", action, connection, name, packed(f"Action{name}Request"), kind=gone)
            holds(not isinstance(error, flight.FlightInternalError), f"{name}: {error}")
        refused("", action, connection, "NoSuchAction", kind=gone)
        refused("", connection.get_flight_info, flight.FlightDescriptor.for_command(b"no message at all"), kind=gone)
        refused("", connection.get_flight_info, descriptor("CommandNobodyKnows"), kind=gone)
        refused("", connection.get_flight_info, flight.FlightDescriptor.for_path("a", "b"), kind=gone)
        refused("", lambda: connection.do_get(flight.Ticket(b"no ticket")).read_all(), kind=gone)
        equal(fetch(connection, connection.get_flight_info(descriptor("CommandStatementQuery", (1, "SELECT 1 AS a")))).to_pydict(), {"a": [1]})


@check
def actions_are_listed():
    """ListActions names what there is."""
    with client() as connection:
        names = {told.type for told in connection.list_actions()}
        wanted = {"CreatePreparedStatement", "ClosePreparedStatement", "CancelFlightInfo", "SetSessionOptions", "GetSessionOptions", "CloseSession"}
        holds(wanted <= names, f"not listed: {sorted(wanted - names)}")


@check
def a_query_is_cancelled_by_its_info():
    """CancelFlightInfo ends a query, and a later read of its ticket fails."""
    sql = "SELECT a.value AS a FROM generate_series(1, 1000000) AS a(value) CROSS JOIN generate_series(1, 100000) AS b(value) -- " + fresh()
    with client() as connection, cursor() as opened:
        told = connection.get_flight_info(descriptor("CommandStatementQuery", (1, sql)))
        reader = connection.do_get(told.endpoints[0].ticket)
        reader.read_chunk()
        answers = action(connection, "CancelFlightInfo", message((1, told.serialize())))
        # CANCELLED or CANCELLING.
        holds(fields(answers[0]).get(1, [0])[0] in (1, 2), f"the answer is {answers}")
        refused("(?i)cancel", drain, reader)
        state = lambda: value(opened, f"SELECT state FROM system.query_executions WHERE sql = '{sql}'")
        equal(state(), "CANCELLED")


@check
def a_query_is_cancelled_by_the_old_action():
    """CancelQuery, which older drivers send, does the same."""
    with client() as connection:
        sql = "SELECT a.value AS a FROM generate_series(1, 1000000) AS a(value) CROSS JOIN generate_series(1, 100000) AS b(value)"
        told = connection.get_flight_info(descriptor("CommandStatementQuery", (1, sql)))
        reader = connection.do_get(told.endpoints[0].ticket)
        reader.read_chunk()
        action(connection, "CancelQuery", packed("ActionCancelQueryRequest", (1, told.serialize())))
        refused("(?i)cancel", drain, reader)


@check
def a_session_is_kept_in_a_cookie():
    """Who sends the cookie back is in the same session on any connection; CloseSession ends it, and another begins."""
    cookies = {}

    class Keeper(flight.ClientMiddleware):
        def received_headers(self, headers):
            for line in headers.get("set-cookie", []):
                name, _, rest = line.partition("=")
                cookies[name] = rest.split(";")[0]

        def sending_headers(self):
            return {"cookie": "; ".join(f"{name}={content}" for name, content in cookies.items())} if cookies else {}

    class Factory(flight.ClientMiddlewareFactory):
        def start_call(self, info):
            return Keeper()

    place = URI.replace("grpc://", "grpc+tcp://")
    with flight.FlightClient(place, middleware=[Factory()]) as one:
        action(one, "SetSessionOptions", option("schema", "sample"))
        holds(cookies, "no cookie was set")
        with flight.FlightClient(place, middleware=[Factory()]) as other:
            told = other.get_flight_info(descriptor("CommandStatementQuery", (1, "SELECT count(*) AS n FROM trips")))
            holds(fetch(other, told).to_pydict()["n"][0] > 0, "the session is lost")
        action(one, "CloseSession")
        asked = descriptor("CommandStatementQuery", (1, "SELECT count(*) AS n FROM trips"))
        refused("SESSION_NOT_FOUND|TABLE_NOT_FOUND", one.get_flight_info, asked)
        refused("TABLE_NOT_FOUND", one.get_flight_info, asked)


@check
def a_reader_that_stops_reading_is_no_burden():
    """Other queries are answered while one reader of many rows stands still."""
    with client() as connection, cursor() as opened:
        sql = "SELECT a.value AS a FROM generate_series(1, 1000000) AS a(value) CROSS JOIN generate_series(1, 1000) AS b(value)"
        told = connection.get_flight_info(descriptor("CommandStatementQuery", (1, sql)))
        reader = connection.do_get(told.endpoints[0].ticket)
        reader.read_chunk()
        for _ in range(20):
            equal(value(opened, "SELECT 1 AS a"), 1)
        reader.cancel()


@check
def messages_are_compressed_when_asked():
    """A session that asks for lz4 or zstd gets it, and the same rows."""
    for codec in ("lz4", "zstd", "none"):
        with client() as connection:
            (answer,) = action(connection, "SetSessionOptions", option("compression", codec))
            equal(fields(answer), {}, f"errors of the option, for {codec}")
            told = connection.get_flight_info(descriptor("CommandStatementQuery", (1, "SELECT repeat('x', 1000) AS v FROM generate_series(1, 5000)")))
            table = fetch(connection, told)
            equal((table.num_rows, table.column(0)[4999].as_py()), (5000, "x" * 1000))


@check
def views_are_sent_when_asked():
    """A session that can read them gets text as views."""
    with client() as connection:
        action(connection, "SetSessionOptions", option("arrow_views", "true"))
        told = connection.get_flight_info(descriptor("CommandStatementQuery", (1, "SELECT bike FROM sample.trips LIMIT 1")))
        equal(fetch(connection, told).schema.types, [pa.string_view()])


if __name__ == "__main__":
    main()
