"""Writes the lake that the suites read, with DuckDB: an engine that is not ours.

    python sql-tests/make_lake.py sql-tests/lake

Needs the package duckdb (`scripts/test tools` installs it). Nothing in it depends on chance or time. The Arrow file is Owlet's
own (`owlet -c "SELECT … ORDER BY id" --format arrow -o cities/cities.arrow`), since DuckDB writes none without an extension.
"""

import gzip
import pathlib
import sys

import duckdb

root = pathlib.Path(sys.argv[1])
db = duckdb.connect()
db.execute("SET TimeZone = 'UTC'")


def write(path, query, options="FORMAT parquet"):
    path = root / path
    path.parent.mkdir(parents=True, exist_ok=True)
    db.execute(f"COPY ({query}) TO '{path}' ({options})")


def text(path, content):
    path = root / path
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(content.encode(), mtime=0))
    else:
        path.write_text(content)


# A shop. Customer 5 has no country, customer 6 no orders; order 112 has no customer, order 111 one that is not there.
db.execute("""
    CREATE TABLE customers AS SELECT * FROM (VALUES
        (1, 'Ada',    'NO', DATE '1990-02-28'),
        (2, 'Björn',  'SE', DATE '1984-02-29'),
        (3, 'Chiara', 'IT', DATE '2001-12-31'),
        (4, 'Dev',    'NO', NULL),
        (5, 'Eli',    NULL, DATE '1970-01-01'),
        (6, 'Fay',    'SE', DATE '1969-07-20')
    ) t(id, name, country, born)
""")
db.execute("""
    CREATE TABLE orders AS SELECT
        id::BIGINT AS id, customer::INTEGER AS customer, placed::TIMESTAMP AS placed, amount::DECIMAL(10, 2) AS amount,
        weight::DOUBLE AS weight, status, paid::BOOLEAN AS paid
    FROM (VALUES
        (101, 1,    '2026-01-05 08:30:00',        19.99,   0.5,  'shipped',   true),
        (102, 1,    '2026-01-17 23:59:59.999999', 250.00,  3.25, 'shipped',   true),
        (103, 2,    '2026-01-31 00:00:00',        5.00,    0.1,  'cancelled', false),
        (104, 2,    '2026-02-01 00:00:00',        75.50,   1.5,  'shipped',   true),
        (105, 3,    '2026-02-14 12:00:00',        120.25,  NULL, 'open',      NULL),
        (106, 3,    '2026-02-28 18:45:10',        0.00,    0.0,  'cancelled', false),
        (107, 3,    '2026-03-01 06:15:00',        89.90,   2.0,  'shipped',   true),
        (108, 4,    '2026-03-15 14:00:00',        89.90,   2.0,  'open',      false),
        (109, 4,    '2026-03-29 02:30:00',        1000.01, 10.0, 'open',      NULL),
        (110, 5,    '2026-04-01 09:00:00',        33.33,   0.75, 'shipped',   true),
        (111, 9,    '2026-04-02 10:00:00',        12.00,   0.2,  'shipped',   true),
        (112, NULL, '2026-04-03 11:00:00',        NULL,    NULL, NULL,        NULL)
    ) t(id, customer, placed, amount, weight, status, paid)
""")
write("customers/customers.parquet", "FROM customers ORDER BY id")
write("orders/part-0.parquet", "FROM orders WHERE id <= 106 ORDER BY id")
write("orders/part-1.parquet", "FROM orders WHERE id > 106 ORDER BY id")

# Every type that a column of Parquet may have, its ends, and NULL.
write("types/types.parquet", """
    SELECT * FROM (VALUES
        (1, true,  (-128)::TINYINT, (-32768)::SMALLINT, (-2147483648)::INTEGER, (-9223372036854775808)::BIGINT, 0::UTINYINT, 0::UBIGINT,
         (-1.5)::FLOAT, -1.7976931348623157e308::DOUBLE, (-99999999999999999999.999999999999999999)::DECIMAL(38, 18), '',
         ''::BLOB, DATE '0001-01-01', TIME '00:00:00', TIMESTAMP '1700-01-01 00:00:00', TIMESTAMPTZ '1970-01-01 00:00:00+00'),
        (2, false, 127, 32767, 2147483647, 9223372036854775807, 255, 18446744073709551615,
         1.5, 1.7976931348623157e308, 99999999999999999999.999999999999999999, 'æ ✓ "q"',
         '\\x00\\xFF'::BLOB, DATE '9999-12-31', TIME '23:59:59.999999', TIMESTAMP '2262-04-11 23:47:16.854775', TIMESTAMPTZ '2026-06-01 12:00:00+02'),
        (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)
    ) t(id, flag, tiny, small, whole, big, utiny, ubig, f32, f64, exact, txt, raw, day, tod, moment, instant) ORDER BY id
""")

# Lists, structs, maps, and each of them in each other.
write("nested/nested.parquet", """
    SELECT * FROM (VALUES
        (1, [1, 2, 3],    {'street': 'Main St', 'zip': '0150'}, MAP {'a': 1, 'b': 2}, [{'sku': 'x', 'n': 2}, {'sku': 'y', 'n': NULL}]),
        (2, []::INT[],    {'street': NULL, 'zip': '9999'},      MAP {}::MAP(VARCHAR, INTEGER), []),
        (3, NULL,         NULL,                                 NULL,                 NULL),
        (4, [NULL, 7],    {'street': 'A', 'zip': NULL},         MAP {'a': NULL},      [{'sku': 'x', 'n': 5}])
    ) t(id, numbers, address, counts, items) ORDER BY id
""")

# Partitions as Hive lays them out: with a key that is NULL, and one that is escaped.
for year, month, rows in [(2025, 12, "(1), (2)"), (2026, 1, "(3)"), (2026, 2, "(4), (5), (6)")]:
    write(f"visits/year={year}/month={month:02}/part.parquet", f"SELECT n::BIGINT AS n FROM (VALUES {rows}) t(n)")
write("places/city=Oslo/part.parquet", "SELECT 1 AS n")
write("places/city=S%C3%A3o%20Paulo/part.parquet", "SELECT 2 AS n")
write("places/city=__HIVE_DEFAULT_PARTITION__/part.parquet", "SELECT 3 AS n")

# A table that has changed: a column was added, one was widened, one is written in another case.
write("evolved/a.parquet", "SELECT 1::INTEGER AS id, 'old' AS name, 1.5::FLOAT AS x")
write("evolved/b.parquet", "SELECT 5000000000::BIGINT AS ID, 'new' AS Name, 2.5::DOUBLE AS x, true AS added")
write("clash/a.parquet", "SELECT 1::INTEGER AS id")
write("clash/b.parquet", "SELECT 'x' AS id")

# What is read of a directory and what is not.
for name, n in [("a", 1), ("sub/b", 10), ("_hidden", 100), (".hidden", 1000), ("_temporary/c", 10000)]:
    write(f"hidden/{name}.parquet", f"SELECT {n}::BIGINT AS n")

# Text.
text("csv/people.csv", 'id,name,joined,score\n1,"Smith, J",2024-02-29,1.5\n2,"says ""hi""",2025-01-01,\n3,,2025-12-31,-0.25\n')
text("csv_gz/a.csv.gz", "id,name\n1,one\n2,two\n")
text("csv_gz/b.csv.gz", "id,name\n3,three\n")
write("csv_zst/a.csv.zst", "SELECT i AS id, 'n' || i AS name FROM range(1, 4) t(i)", "FORMAT csv, HEADER, COMPRESSION zstd")
text("semicolons/a.txt", "1;x y;\\N\n2;\\N;3.5\n")
text("tsv/people.tsv", "id\tname\tscore\n1\tAda L\t1.5\n2\t\t2\n")
text("json/events.json", '{"id":1,"kind":"click","at":{"x":3,"y":4},"tags":["a","b"]}\n{"id":2,"kind":"view","at":null}\n'
     '{"id":3,"kind":"click","at":{"x":-1},"tags":[],"extra":1.5}\n')
text("json_array/events.json", '[{"id":1,"v":"a"},\n {"id":2,"v":null},\n {"id":3}]\n')
text("json_gz/events.json.gz", '{"id":1,"v":true}\n{"id":2,"v":false}\n')
text("broken/people.csv", "id,name\n1,a\ntwo,b,c,d\n")
text("not_parquet/a.parquet", "PAR1 this is not a footer PAR1")

# A database in a prefix.
write("shop/items/a.parquet", "SELECT * FROM (VALUES (1, 'pen'), (2, 'ink')) t(id, item)")
write("shop/sales/day=2026-01-01/a.parquet", "SELECT 1 AS item, 3 AS sold")
write("shop/sales/day=2026-01-02/a.parquet", "SELECT 2 AS item, 4 AS sold")
text("shop/notes/a.csv", "id,note\n1,blue\n")
text("shop/delta/_delta_log/00000000000000000000.json", "{}\n")
