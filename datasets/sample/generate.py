"""Writes the sample: the bicycles of a city that does not exist, their rentals and repairs in May and June 2026.

Run it with the Python that scripts/test installs (it has DuckDB, which writes the Parquet and the gzip files):

    python generate.py FOLDER

The seed decides every value, and with the DuckDB version that scripts/test pins, every byte of the files.
"""

import csv
import datetime
import json
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

# What is wrong with a bicycle: how often, the kinds that have it, what the report says of it, and the work that it asks for (part,
# action, minutes, cents).
FAULTS = [
    (22, None, ["flat tyre", "rear tyre is flat", "glass in the tyre", "loses air overnight"],
     [("inner tube", "replaced", 14, 650), ("tyre", "replaced", 9, 2390)]),
    (15, None, ["brakes squeal", "front brake does not grip", "brake lever goes through", "stops late in the rain"],
     [("brake pads", "replaced", 12, 890), ("brake cable", "adjusted", 8, 0)]),
    (12, None, ["chain comes off", "pedals slip under load", "chain is dry and loud"],
     [("chain", "replaced", 18, 1790), ("derailleur", "adjusted", 11, 0)]),
    (10, None, ["front light is out", "no light", "rear light flickers"],
     [("light", "replaced", 7, 1250), ("wiring", "repaired", 22, 310)]),
    (8, None, ["saddle sinks", "saddle turns", "saddle is torn"], [("saddle", "replaced", 10, 2150), ("seat post", "adjusted", 5, 0)]),
    (7, None, ["wheel wobbles", "spoke broken", "wheel is buckled"], [("wheel", "trued", 25, 0), ("spoke", "replaced", 16, 180)]),
    (5, None, ["dock does not release it", "lock is stuck", "will not lock"], [("lock", "replaced", 30, 4900)]),
    (4, None, ["tipped over, handlebar is bent", "basket is loose", "bell is missing"],
     [("handlebar", "repaired", 20, 0), ("basket", "repaired", 9, 120), ("bell", "replaced", 3, 420)]),
    (11, ("electric", "cargo"), ["no assistance", "battery does not charge", "assistance cuts out uphill", "display is dead"],
     [("battery", "replaced", 12, 31900), ("motor", "repaired", 55, 2700), ("display", "replaced", 15, 6850)]),
    (4, ("cargo",), ["box is cracked", "steering is stiff", "box belt is torn"],
     [("cargo box", "repaired", 45, 3200), ("steering linkage", "adjusted", 28, 0)]),
]
REPORTERS = ["rider", "patrol", "dock"]
MECHANICS = ["Ines", "Tomasz", "Aylin", "Jonas"]
FLEET = {"classic": 410, "electric": 240, "cargo": 38}
LAST_MOMENT = datetime.datetime(2026, 6, 30, 20, 0)


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


def repairs(dice):
    """The workshop's reports, in the order of their coming in."""
    numbers = {kind: [f"{kind[0].upper()}{number:04}" for number in range(1, count + 1)] for kind, count in FLEET.items()}
    odometers = {number: round(400 + 5600 * dice.random(), 1) for kind in FLEET for number in numbers[kind]}
    docks = [station[3] for station in STATIONS]
    report, day = 12_000, datetime.date(2026, 5, 1)
    while day < datetime.date(2026, 7, 1):
        seconds = sorted(dice.randrange(6 * 3600, 22 * 3600) for _ in range(dice.randrange(7, 15)))
        for second in seconds:
            report += 1
            kind = dice.choices(list(FLEET), [50, 40, 10])[0]
            number = dice.choice(numbers[kind])
            odometers[number] = round(odometers[number] + 30 * dice.random(), 1)
            reported = datetime.datetime.combine(day, datetime.time()) + datetime.timedelta(seconds=second)
            bicycle = {"number": number, "kind": kind, "odometer_km": odometers[number]}
            yield repair(dice, report, reported, dice.choices(STATIONS, docks)[0][0], bicycle)
        day += datetime.timedelta(days=1)


def repair(dice, report, reported, station, bicycle):
    possible = [fault for fault in FAULTS if fault[1] is None or bicycle["kind"] in fault[1]]
    _, _, notes, works = dice.choices(possible, [fault[0] for fault in possible])[0]
    # The dock says that something is wrong, and not what.
    reporter = dice.choices(REPORTERS, [6, 3, 2])[0]
    note = None if reporter == "dock" else dice.choice(notes)
    begun = in_hours(reported + datetime.timedelta(minutes=dice.randrange(40, 3600)))
    done = [job(dice, *dice.choice(works))] if dice.random() < 0.6 else [job(dice, *work) for work in works]
    # One report in fourteen turns out to be nothing: an empty list, and nothing to pay.
    done = [] if dice.random() < 0.07 else done
    finished = begun + datetime.timedelta(minutes=6 + sum(one["minutes"] for one in done))
    mechanic, repaired = dice.choice(MECHANICS), finished <= LAST_MOMENT
    return {
        "report_id": report,
        "reported_at": reported.isoformat(sep=" "),
        "reported_by": reporter,
        "station": station,
        "bike": bicycle,
        "note": note,
        # What is still in the workshop on the last evening has no work, no end and no price yet.
        "work": done if repaired else None,
        "mechanic": mechanic if repaired else None,
        "finished_at": finished.isoformat(sep=" ") if repaired else None,
        "amount": sum(one["minutes"] * 80 + round(one["cost"] * 100) for one in done) / 100 if repaired else None,
    }


def in_hours(moment):
    """The same moment, or seven in the morning of the next day that the workshop is open."""
    if moment.hour >= 18:
        moment = (moment + datetime.timedelta(days=1)).replace(hour=7)
    return moment.replace(hour=7) if moment.hour < 7 else moment


def job(dice, part, action, minutes, cents):
    minutes = max(3, minutes + dice.randrange(-4, 9))
    return {"part": part, "action": action, "minutes": minutes, "cost": cents / 100}


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
        partition = trips / f"month={month}"
        partition.mkdir(exist_ok=True)
        database.execute(
            f"COPY (SELECT * FROM trips WHERE strftime(started_at, '%Y-%m') = '{month}' ORDER BY trip_id)"
            f" TO '{partition / 'part-0.parquet'}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 2048)"
        )
    database.execute("CREATE TABLE stations (name VARCHAR, east_km DOUBLE, north_km DOUBLE, docks INTEGER)")
    database.executemany("INSERT INTO stations VALUES (?, ?, ?, ?)", STATIONS)
    stations = folder / "stations"
    stations.mkdir(exist_ok=True)
    # DuckDB brings its own zlib; that of Python is another one on another machine, with other bytes.
    database.execute(f"COPY stations TO '{stations / 'stations.csv.gz'}' (FORMAT csv, HEADER, COMPRESSION gzip)")
    workshop = folder / "repairs"
    workshop.mkdir(exist_ok=True)
    with (workshop / "repairs.jsonl").open("w", encoding="utf-8", newline="\n") as file:
        for report in repairs(random.Random(SEED + 1)):
            file.write(json.dumps(report, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
