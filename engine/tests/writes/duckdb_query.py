"""The rows of queries by DuckDB: python duckdb_query.py SQL [SQL ...] > answers.json

Prints one array a query, of rows of values as text; NULL is "∅".
"""

import json
import sys

import duckdb


def shown(value):
    if value is None:
        return "∅"
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


answers = [[[shown(value) for value in row] for row in duckdb.sql(query).fetchall()] for query in sys.argv[1:]]
json.dump(answers, sys.stdout)
