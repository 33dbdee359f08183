"""The answers of DuckDB to questions about the sample: python sample_duckdb.py SAMPLE SQL… > answers.json

Prints one array a question, of rows as text with `|` between the values.
"""

import json
import sys

import duckdb

sample, questions = sys.argv[1], sys.argv[2:]
connection = duckdb.connect()
connection.execute("CREATE SCHEMA sample")
connection.execute(
    f"CREATE VIEW sample.trips AS SELECT * FROM read_parquet('{sample}/trips/*/*.parquet', hive_partitioning = true)"
)
connection.execute(f"CREATE VIEW sample.stations AS SELECT * FROM read_csv('{sample}/stations/stations.csv.gz')")
connection.execute(
    f"""CREATE VIEW sample.repairs AS SELECT * FROM read_json('{sample}/repairs/repairs.jsonl', columns = {{
        report_id: 'BIGINT', station: 'VARCHAR', bike: 'STRUCT(number VARCHAR, kind VARCHAR, odometer_km DOUBLE)',
        work: 'STRUCT(part VARCHAR, action VARCHAR, minutes INTEGER, cost DECIMAL(8, 2))[]', amount: 'DECIMAL(8, 2)'}})"""
)
answers = [["|".join(map(str, row)) for row in connection.execute(sql).fetchall()] for sql in questions]
json.dump(answers, sys.stdout)
