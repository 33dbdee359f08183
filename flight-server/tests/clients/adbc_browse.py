"""ADBC: what a tool asks before its first query. Everything here is read from SqlInfo and the metadata commands."""

import adbc_driver_flightsql
import adbc_driver_manager
import pyarrow as pa

from adbc import connect, cursor, fresh
from checks import URI, check, equal, holds, main, refused


def objects(connection, **filters):
    """{catalog: {schema: {table: {column: description}}}}, as deep as the depth says; None below it."""
    columns = lambda found: found and {column["column_name"]: column for column in found}
    tables = lambda found: found and {table["table_name"]: (table["table_type"], columns(table["table_columns"])) for table in found}
    schemas = lambda found: found and {schema["db_schema_name"]: tables(schema["db_schema_tables"]) for schema in found}
    found = connection.adbc_get_objects(**filters).read_all().to_pylist()
    return {catalog["catalog_name"]: schemas(catalog["catalog_db_schemas"]) for catalog in found}


@check
def the_server_says_who_it_is():
    """get_info by default names vendor and versions."""
    with connect() as connection:
        told = connection.adbc_get_info()
    equal(told["vendor_name"], "Owlet")
    holds(told["vendor_version"][0].isdigit(), f"the version is {told['vendor_version']!r}")
    holds(told["vendor_arrow_version"][0].isdigit(), f"Arrow's version is {told['vendor_arrow_version']!r}")


@check
def every_code_of_info_is_answered():
    """get_info takes all codes of ADBC and codes that nobody knows."""
    with adbc_driver_flightsql.connect(URI) as database:
        with adbc_driver_manager.AdbcConnection(database) as connection:
            for codes in (None, [0, 1, 2], [0, 1, 2, 3, 4, 5, 6, 100, 101, 102, 103], [10_500]):
                stream = connection.get_info(codes) if codes else connection.get_info()
                told = pa.RecordBatchReader._import_from_c(stream.address).read_all()
                if codes != [10_500]:
                    holds(told.num_rows >= 3, f"codes {codes} gave {told.num_rows} rows")


@check
def catalogs_are_listed():
    """The depth "catalogs" gives catalogs alone."""
    with connect() as connection:
        equal(objects(connection, depth="catalogs"), {"lake": None})
        equal(objects(connection, depth="catalogs", catalog_filter="la%"), {"lake": None})
        equal(objects(connection, depth="catalogs", catalog_filter="nowhere"), {})


@check
def databases_are_listed():
    """The depth "db_schemas" gives the databases, those that Owlet brings itself too."""
    with connect() as connection:
        schemas = objects(connection, depth="db_schemas")["lake"]
        holds({"default", "sample", "system", "information_schema"} <= set(schemas), f"there are {sorted(schemas)}")
        equal(set(schemas.values()), {None})
        equal(objects(connection, depth="db_schemas", db_schema_filter="samp__"), {"lake": {"sample": None}})
        equal(objects(connection, depth="db_schemas", db_schema_filter="sa%"), {"lake": {"sample": None}})
        holds(not objects(connection, depth="db_schemas", db_schema_filter="nowhere").get("lake"), "a filter is not honoured")


@check
def tables_are_listed():
    """The depth "tables" gives the tables, with their types, by every filter."""
    with connect() as connection:
        tables = objects(connection, depth="tables", db_schema_filter="sample")
        equal(set(tables["lake"]["sample"]), {"repairs", "stations", "trips"})
        types = connection.adbc_get_table_types()
        for name, (table_type, columns) in tables["lake"]["sample"].items():
            holds(table_type in types, f"{name} is of the type {table_type}, and the types are {types}")
            equal(columns, None)
        only = objects(connection, depth="tables", db_schema_filter="sample", table_name_filter="tri_s")
        equal(set(only["lake"]["sample"]), {"trips"})
        equal(set(objects(connection, depth="tables", catalog_filter="lake", table_name_filter="trips")["lake"]["sample"]), {"trips"})


@check
def types_of_tables_have_their_synonyms():
    """A tool's word for a table finds tables, and its word for a view finds views, in any case."""
    with cursor() as opened:
        view = fresh("view")
        opened.execute(f"CREATE VIEW {view} AS SELECT 1 AS a")
        connection = opened.connection
        found = lambda words, name: any(
            name in (schema or {}) for schema in (objects(connection, depth="tables", table_types_filter=words).get("lake") or {}).values()
        )
        for word in ("TABLE", "BASE TABLE", "table", "base table", "Table"):
            holds(found([word], "trips"), f"the type {word} finds no table")
            holds(not found([word], view), f"the type {word} finds a view")
        for word in ("VIEW", "view"):
            holds(found([word], view), f"the type {word} finds no view")
            holds(not found([word], "trips"), f"the type {word} finds a table")
        holds(found(["VIEW", "TABLE"], "trips") and found(["VIEW", "TABLE"], view), "two types do not find both")
        holds(not found(["SEQUENCE"], "trips"), "a type that does not exist finds a table")
        opened.execute(f"DROP VIEW {view}")


@check
def columns_are_described():
    """The depth "all" gives the columns in their order, with the names and codes of their types."""
    table = fresh("described")
    with cursor() as opened:
        opened.execute(f"CREATE TABLE {table} (id BIGINT NOT NULL COMMENT 'the key', price DECIMAL(10, 2), \"with space\" STRING, at TIMESTAMP)")
        found = objects(opened.connection, depth="all", table_name_filter=table)["lake"]["default"][table][1]
        equal(list(found), ["id", "price", "with space", "at"])
        equal([column["ordinal_position"] for column in found.values()], [1, 2, 3, 4])
        names = [column["xdbc_type_name"] for column in found.values()]
        equal([name and name.lower().split("(")[0] for name in names], ["bigint", "decimal", "varchar", "timestamp"], "names of types")
        equal([column["xdbc_data_type"] for column in found.values()], [-5, 3, 12, 93], "codes of types")
        # The driver does not hand on what it is told of comments, sizes and nullability. The schema of the table has all of it.
        schema = opened.connection.adbc_get_table_schema(table)
        equal([field.nullable for field in schema], [False, True, True, True])
        equal(schema.field("id").metadata[b"ARROW:FLIGHT:SQL:REMARKS"], b"the key")
        price = schema.field("price").metadata
        equal((price[b"ARROW:FLIGHT:SQL:PRECISION"], price[b"ARROW:FLIGHT:SQL:SCALE"]), (b"10", b"2"))
        only = objects(opened.connection, depth="all", table_name_filter=table, column_name_filter="pri%")
        equal(list(only["lake"]["default"][table][1]), ["price"])
        opened.execute(f"DROP TABLE {table}")


@check
def everything_is_described_at_once():
    """Without a filter, every table of every database comes with at least a column, as trees of objects are filled."""
    with connect() as connection:
        found = objects(connection)["lake"]
    for schema, tables in found.items():
        for table, (_, columns) in (tables or {}).items():
            holds(columns, f"{schema}.{table} has no column")
    holds("columns" in found["information_schema"] and "query_executions" in found["system"], "the databases of Owlet itself are missing")


@check
def the_schema_of_a_table_is_that_of_its_rows():
    """get_table_schema gives the types that a SELECT of the table gives, also of views."""
    with cursor() as opened:
        for table in ("trips", "repairs", "stations"):
            told = opened.connection.adbc_get_table_schema(table, catalog_filter="lake", db_schema_filter="sample")
            came = opened.execute(f"SELECT * FROM sample.{table} LIMIT 1").fetch_arrow_table().schema
            equal(told.names, came.names)
            equal(told.types, came.types)
        view = fresh("view")
        opened.execute(f"CREATE VIEW {view} AS SELECT trip_id, bike FROM sample.trips")
        equal(opened.connection.adbc_get_table_schema(view).names, ["trip_id", "bike"])
        opened.execute(f"DROP VIEW {view}")
        refused("(?i)not.?found", opened.connection.adbc_get_table_schema, "nowhere")


@check
def names_are_no_patterns_where_one_table_is_meant():
    """A table whose name has an underscore is found, although the driver sends its name as a pattern that others fit."""
    with cursor() as opened:
        for name, column in (("under_score", "a"), ("underxscore", "b"), ("with space", "c")):
            opened.execute(f'CREATE TABLE "{name}" ({column} INT)')
        equal(opened.connection.adbc_get_table_schema("under_score").names, ["a"])
        equal(opened.connection.adbc_get_table_schema("with space").names, ["c"])
        for name in ("under_score", "underxscore", "with space"):
            opened.execute(f'DROP TABLE "{name}"')


@check
def filters_do_not_mind_capitals():
    """Names are alike in both cases, as they are in SQL."""
    with connect() as connection:
        found = objects(connection, depth="tables", catalog_filter="LAKE", db_schema_filter="Sample", table_name_filter="TRIPS")
        equal(set(found["lake"]["sample"]), {"trips"})


if __name__ == "__main__":
    main()
