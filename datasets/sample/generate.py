"""Writes the sample: rentals of the bicycles of a city that does not exist, in May and June 2026.

Run it with the Python that scripts/test installs (it has DuckDB, which writes the Parquet files):

    python generate.py FOLDER

The seed decides every value, and with the DuckDB version that scripts/test pins, every byte of the files.
"""

import csv
import datetime
import math
import pathlib
import random
import sys
import tempfile

import duckdb

SEED = 20260501
# Name, kilometres east and north of the market square, docks. Big stations are where people go.
STATIONS = [
    ("Central Station", 0.4, -0.6, 60),
    ("Market Square", 0.0, 0.0, 48),
    ("University", -1.1, 0.9, 44),
    ("Old Harbour", 1.6, -0.3, 36),
    ("City Hospital", -0.7, -1.8, 30),
    ("Botanical Garden", -1.9, 1.7, 24),
    ("Science Park", -2.8, 2.4, 32),
    ("Stadium", 2.5, 1.9, 28),
    ("Lakeside", 3.4, 3.1, 20),
    ("Mill Bridge", 0.9, 1.2, 20),
    ("Tram Depot", 1.8, -2.2, 16),
    ("St. Anne's Hill", -0.4, 2.6, 14),
    ("Brewery Yard", 1.1, -1.4, 18),
    ("Northgate", 0.2, 3.3, 16),
    ("Weavers' Quarter", -1.6, -0.4, 22),
    ("Airport Terminal", -4.9, -3.7, 24),
]
# Rentals that begin in each hour of the day, relative to each other.
WORKDAY = [2, 1, 1, 1, 2, 6, 18, 42, 50, 24, 16, 18, 24, 20, 18, 22, 36, 52, 44, 28, 18, 12, 8, 4]
WEEKEND = [8, 6, 3, 1, 1, 2, 4, 8, 16, 26, 36, 42, 44, 46, 46, 42, 38, 34, 28, 22, 16, 12, 10, 8]
KILOMETRES_AN_HOUR = {"classic": 14.0, "electric": 18.5, "cargo": 12.5}
CENTS_A_MINUTE = {"classic": 9, "electric": 15, "cargo": 22}


def rentals(dice):
    """The rentals of all days, in the order of their beginning, as rows of the file."""
    day = datetime.date(2026, 5, 1)
    number = 400_000
    while day < datetime.date(2026, 7, 1):
        rain = dice.random() < 0.27
        hours = WEEKEND if day.weekday() >= 5 else WORKDAY
        count = int((110 + dice.randrange(30)) * (0.55 if rain else 1.0) * (1.1 if day.month == 6 else 1.0))
        seconds = sorted(dice.choices(range(24), hours)[0] * 3600 + dice.randrange(3600) for _ in range(count))
        for second in seconds:
            number += 1 + dice.randrange(3)
            yield rental(dice, number, datetime.datetime.combine(day, datetime.time()) + datetime.timedelta(seconds=second))
        day += datetime.timedelta(days=1)


def rental(dice, number, started):
    docks = [station[3] for station in STATIONS]
    origin, target = dice.choices(STATIONS, docks, k=2)
    bike = dice.choices(["classic", "electric", "cargo"], [58, 36, 6])[0]
    rider = dice.choices(["member", "casual"], [3, 1] if started.weekday() < 5 else [1, 1])[0]
    air = math.hypot(origin[1] - target[1], origin[2] - target[2])
    kilometres = round(air * (1.2 + 0.3 * dice.random()) if air else 1.0 + 6.0 * dice.random(), 2)
    pause = dice.randrange(60, 240) + (dice.randrange(2400) if rider == "casual" and dice.random() < 0.3 else 0)
    ended = started + datetime.timedelta(seconds=int(kilometres / KILOMETRES_AN_HOUR[bike] * 3600) + pause)
    minutes = math.ceil((ended - started).total_seconds() / 60)
    if rider == "member":
        cents = max(0, minutes - 30) * CENTS_A_MINUTE[bike]
    else:
        cents = 100 + minutes * CENTS_A_MINUTE[bike]
    # One dock in two hundred does not see the bicycle come back.
    lost = dice.random() < 0.005
    end = [None, None, None, None] if lost else [ended, target[0], kilometres, f"{cents / 100:.2f}"]
    return [number, started, end[0], origin[0], end[1], bike, rider, end[2], end[3]]


def main(folder):
    header = "trip_id started_at ended_at start_station end_station bike rider distance_km fare".split()
    trips = folder / "trips"
    trips.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        table = pathlib.Path(scratch) / "trips.csv"
        with table.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(header)
            writer.writerows(rentals(random.Random(SEED)))
        database = duckdb.connect(config={"threads": 1})
        database.execute(
            "CREATE TABLE trips (trip_id BIGINT, started_at TIMESTAMP, ended_at TIMESTAMP, start_station VARCHAR, end_station VARCHAR,"
            " bike VARCHAR, rider VARCHAR, distance_km DOUBLE, fare DECIMAL(6, 2))"
        )
        database.execute(f"COPY trips FROM '{table}' (HEADER)")
    for month in ("2026-05", "2026-06"):
        database.execute(
            f"COPY (SELECT * FROM trips WHERE strftime(started_at, '%Y-%m') = '{month}' ORDER BY trip_id)"
            f" TO '{trips / (month + '.parquet')}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)"
        )
    database.execute("CREATE TABLE stations (name VARCHAR, east_km DOUBLE, north_km DOUBLE, docks INTEGER)")
    database.executemany("INSERT INTO stations VALUES (?, ?, ?, ?)", STATIONS)
    database.execute(f"COPY stations TO '{folder / 'stations.parquet'}' (FORMAT parquet, COMPRESSION zstd)")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
