"""flightsql-dbapi 0.2.2 and its SQLAlchemy 1.4 dialect, which Superset uses."""

import uuid

import sqlalchemy as sa
from flightsql import FlightSQLClient
from flightsql import connect as dbapi_connect

import flightsql.sqlalchemy  # noqa: F401  (registers the dialect)

from checks import LAKE, URI, check, equal, holds, main, refused

ADDRESS = URI.removeprefix("grpc://")
HOST, PORT = ADDRESS.split(":")


def engine(**features):
    options = "".join(f"&{name}={content}" for name, content in features.items())
    return sa.create_engine(f"datafusion+flightsql://{ADDRESS}?insecure=true{options}")


def prepared():
    """An engine that sends parameters instead of writing them into the statement."""
    return engine(**{"feature-sqlalchemy-prepared-statements": "on"})


def fresh():
    return "t_" + uuid.uuid4().hex[:12]


@check
def the_inspector_sees_everything():
    """Schemas, tables, columns with their types and nullability, as Superset shows them."""
    inspector = sa.inspect(engine())
    holds({"default", "sample", "system", "information_schema"} <= set(inspector.get_schema_names()), "schemas are missing")
    equal(sorted(inspector.get_table_names("sample")), ["repairs", "stations", "trips"])
    columns = {column["name"]: column["type"] for column in inspector.get_columns("trips", "sample")}
    found = [str(columns[name]) for name in ("trip_id", "started_at", "bike", "fare")]
    equal(found, ["BIGINT", "TIMESTAMP", "TEXT", "DECIMAL"])
    holds(inspector.has_table("trips", "sample") and not inspector.has_table("nothing", "sample"), "has_table is wrong")
    equal((inspector.get_foreign_keys("trips", "sample"), inspector.get_indexes("trips", "sample"), inspector.get_view_names()), ([], [], []))


@check
def primary_keys_are_none():
    """With the feature that asks the server for them."""
    inspector = sa.inspect(engine(**{"feature-sqlalchemy-primary-keys": "on"}))
    equal(inspector.get_pk_constraint("trips", "sample"), {"constrained_columns": [], "name": None})


@check
def statements_are_executed():
    """Text and expressions, with values written into the statement."""
    with engine().connect() as connection:
        equal(connection.execute("SELECT 1 AS a, 'x' AS b").fetchall(), [(1, "x")])
        equal(connection.execute(f"SELECT count(*) AS n FROM '{LAKE}/orders/'").scalar(), 12)
        trips = sa.Table("trips", sa.MetaData(), schema="sample", autoload_with=connection)
        found = connection.execute(sa.select(trips.c.trip_id).where(trips.c.trip_id > 0).order_by(trips.c.trip_id).limit(2)).fetchall()
        equal(len(found), 2)
        count = connection.execute(sa.select(sa.func.count()).select_from(trips)).scalar()
        holds(count > 0, "no trips")


@check
def parameters_are_sent():
    """With prepared statements on, values go as parameters: in unions, one for each value."""
    with prepared().connect() as connection:
        sql = sa.text("SELECT x FROM (VALUES (1, 'a'), (2, 'b')) AS t(x, y) WHERE x = :x AND y = :y")
        equal(connection.execute(sql, {"x": 2, "y": "b"}).fetchall(), [(2,)])
        equal(connection.execute(sa.text("SELECT CAST(:f AS DOUBLE) AS f, :s AS s, :t AS t"), {"f": 1.5, "s": "'", "t": True}).fetchall(), [(1.5, "'", True)])


@check
def changes_happen_once():
    """CREATE, INSERT and DROP through execute(), each once, each seen by the next."""
    table = fresh()
    with engine().connect() as connection:
        connection.execute(f"CREATE TABLE {table} (a BIGINT, b STRING)")
        connection.execute(f"INSERT INTO {table} VALUES (1, 'x'), (2, NULL)")
        # The driver's own way through pandas makes NaN of NULL in text.
        equal(connection.execute(f"SELECT a, b IS NULL AS n FROM {table} ORDER BY a").fetchall(), [(1, False), (2, True)])
        connection.execute(f"DROP TABLE {table}")
    with prepared().connect() as connection:
        connection.execute(f"CREATE TABLE {table} (a BIGINT, b STRING)")
        connection.execute(sa.text(f"INSERT INTO {table} VALUES (:a, :b)"), {"a": 1, "b": "x"})
        connection.execute(sa.text(f"INSERT INTO {table} VALUES (:a, :b)"), [{"a": 2, "b": "y"}, {"a": 3, "b": "z"}])
        equal(connection.execute(f"SELECT * FROM {table} ORDER BY a").fetchall(), [(1, "x"), (2, "y"), (3, "z")])
        connection.execute(f"DROP TABLE {table}")


@check
def results_without_rows_have_columns():
    """As Superset needs them for an empty chart."""
    with engine().connect() as connection:
        result = connection.execute("SELECT trip_id, bike FROM sample.trips WHERE false")
        equal((list(result.keys()), result.fetchall()), (["trip_id", "bike"], []))


@check
def errors_arrive():
    """Owlet's code and message are in what SQLAlchemy raises; the connection lives on."""
    with engine().connect() as connection:
        refused("TABLE_NOT_FOUND", connection.execute, "SELECT * FROM nowhere")
        refused("SYNTAX_ERROR", connection.execute, "SELEC 1")
        equal(connection.execute("SELECT 1 AS a").scalar(), 1)


@check
def the_driver_without_sqlalchemy():
    """The DB-API and the client of flightsql-dbapi: updates with their counts, metadata, parameters."""
    client = FlightSQLClient(host=HOST, port=int(PORT), insecure=True)
    table = fresh()
    client.execute_update(f"CREATE TABLE {table} (a BIGINT)")
    equal(client.execute_update(f"INSERT INTO {table} VALUES (1), (2), (3)"), 3)
    with dbapi_connect(client) as connection, connection.cursor() as cursor:
        cursor.execute(f"SELECT a FROM {table} WHERE a >= ? AND a < ? ORDER BY a", (2, 4))
        equal([tuple(row) for row in cursor.fetchall()], [(2,), (3,)])
        cursor.executemany(f"INSERT INTO {table} VALUES (?)", [(4,), (5,)])
        cursor.execute(f"SELECT count(*) AS n FROM {table}")
        equal(cursor.fetchone()[0], 5)
    client.execute_update(f"DROP TABLE {table}")


@check
def old_metadata_calls_are_answered():
    """The metadata calls of the client one by one."""
    from flightsql.client import TableRef

    client = FlightSQLClient(host=HOST, port=int(PORT), insecure=True)
    read = lambda told: client.do_get(told.endpoints[0].ticket).read_all()
    equal(read(client.get_catalogs()).to_pydict(), {"catalog_name": ["lake"]})
    holds("TABLE" in " ".join(read(client.get_table_types()).column(0).to_pylist()).upper(), "no type of tables")
    equal(read(client.get_tables(catalog="lake", db_schema_filter_pattern="sample", table_types=["table"])).num_rows, 3)
    equal(read(client.get_primary_keys(TableRef(table="trips"))).num_rows, 0)
    equal(read(client.get_exported_keys(TableRef(table="trips"))).num_rows, 0)
    equal(read(client.get_imported_keys(TableRef(table="trips"))).num_rows, 0)
    equal(read(client.get_cross_reference(TableRef(table="trips"), TableRef(table="stations"))).num_rows, 0)
    holds(read(client.get_xdbc_type_info(None)).num_rows > 10, "types are missing")


if __name__ == "__main__":
    main()
