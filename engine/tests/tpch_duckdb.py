"""The answers of DuckDB to the TPC-H queries over Parquet files: python tpch_duckdb.py DATA QUERIES > answers.json

DATA holds one directory a table, QUERIES the files q01.sql to q22.sql. Prints one array a query, of rows of values as text.
"""

import json
import pathlib
import sys

import duckdb

data, queries = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
connection = duckdb.connect()
for table in sorted(data.iterdir()):
    connection.execute(f"CREATE VIEW {table.name} AS SELECT * FROM read_parquet('{table}/*.parquet')")
answers = []
for number in range(1, 23):
    rows = connection.execute((queries / f"q{number:02}.sql").read_text()).fetchall()
    answers.append([[str(value) for value in row] for row in rows])
json.dump(answers, sys.stdout)
