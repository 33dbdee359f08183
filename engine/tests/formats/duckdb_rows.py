"""The rows of text files as DuckDB reads them: python duckdb_rows.py FILE ORDER [FILE ORDER ...] > rows.json

Prints one array a file, of rows of values as text in the form that Arrow prints, sorted by the column ORDER.
"""

import datetime
import json
import sys

import duckdb


def shown(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {shown(inner)}" for key, inner in value.items()) + "}"
    return str(value)


answers = []
for file, order in zip(sys.argv[1::2], sys.argv[2::2]):
    reader = "read_json" if file.endswith(".json") else "read_csv"
    rows = duckdb.sql(f"SELECT * FROM {reader}('{file}') ORDER BY {order}").fetchall()
    answers.append([[shown(value) for value in row] for row in rows])
json.dump(answers, sys.stdout)
