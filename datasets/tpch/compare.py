"""Runs the 22 TPC-H queries through Owlet and through the datafusion wheel, and says how their times compare.

    python compare.py OWLET DATA [--pairs N] [--runs N] [--threads N]

OWLET is a release build; DATA a directory with one directory of Parquet files for each of the eight tables, as
`owlet datasets tpch --scale 1 --to DATA` writes them. The Python needs the package datafusion.

Both engines get the same files and the same number of partitions. They take turns: a pair is one process of Owlet that
runs a query several times, and as many runs in the wheel's session, which stays open. Of each side the shortest time
of a statement, planning included, counts. Owlet's is that of its footer: it lists the files anew in every run, where the
wheel remembers them. With --threads 2 the last line is the figure that is quoted.
"""

import argparse
import json
import math
import os
import pathlib
import resource
import subprocess
import tempfile
import time

import datafusion

TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"]
QUERIES = pathlib.Path(__file__).parent / "queries"


class Owlet:
    def __init__(self, binary, data, threads, home):
        self.binary = binary
        self.environment = dict(os.environ, OWLET_HOME=home, OWLET_WORKGROUP_TARGET_PARTITIONS=str(threads))
        self.run(f"CREATE DATABASE tpch FROM '{data}/'", 1)

    def run(self, sql, runs):
        """The shortest elapsed seconds of `runs` runs, and the processor seconds of one, start of the process included."""
        statements = [argument for _ in range(runs) for argument in ("-c", f"USE tpch; {sql}" if sql[0] != "C" else sql)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [self.binary, "--format", "csv", "--footer", "json", *statements],
            env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode != 0:
            raise SystemExit(done.stderr)
        footers = [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]
        elapsed = [footer["elapsed_seconds"] for footer in footers if footer["bytes_scanned"] > 0 or len(footers) == 1]
        processor = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
        return min(elapsed), processor / runs


class Wheel:
    def __init__(self, data, threads):
        self.session = datafusion.SessionContext(datafusion.SessionConfig().with_target_partitions(threads))
        for table in TABLES:
            self.session.register_parquet(table, f"{data}/{table}/")

    def run(self, sql, runs):
        elapsed = []
        before = resource.getrusage(resource.RUSAGE_SELF)
        for _ in range(runs):
            began = time.perf_counter()
            self.session.sql(sql).collect()
            elapsed.append(time.perf_counter() - began)
        after = resource.getrusage(resource.RUSAGE_SELF)
        processor = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
        return min(elapsed), processor / runs


def geometric_mean(values):
    return math.exp(sum(map(math.log, values)) / len(values))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("owlet")
    arguments.add_argument("data")
    arguments.add_argument("--pairs", type=int, default=7)
    arguments.add_argument("--runs", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=2)
    given = arguments.parse_args()
    # The wheel's own pool of threads has one a processor: with fewer partitions than processors it would have more.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: given.threads])
    ratios, processor_ratios = [], []
    with tempfile.TemporaryDirectory() as home:
        owlet = Owlet(given.owlet, given.data, given.threads, home)
        wheel = Wheel(given.data, given.threads)
        print("query | owlet s | wheel s | ratio | processor ratio | wheel to itself")
        itself = []
        for number in range(1, 23):
            sql = (QUERIES / f"q{number:02}.sql").read_text().strip().rstrip(";")
            ours, theirs = [], []
            for pair in range(given.pairs):
                turns = [(owlet, ours), (wheel, theirs)]
                for engine, times in turns if pair % 2 == 0 else reversed(turns):
                    times.append(engine.run(sql, given.runs))
            best = lambda times, at: min(measured[at] for measured in times)
            half = len(theirs) // 2
            itself.append(best(theirs[:half], 0) / best(theirs[half:], 0) if half else 1.0)
            ratios.append(best(ours, 0) / best(theirs, 0))
            processor_ratios.append(best(ours, 1) / best(theirs, 1))
            print(
                f"{number:5} | {best(ours, 0):.3f} | {best(theirs, 0):.3f} | {ratios[-1]:.2f} | {processor_ratios[-1]:.2f}"
                f" | {itself[-1]:.2f}",
                flush=True,
            )
    print(
        f"geometric mean: elapsed {geometric_mean(ratios):.3f}, processor {geometric_mean(processor_ratios):.3f}"
        f" (with the start of the process), the wheel to itself {geometric_mean(itself):.3f}"
    )


if __name__ == "__main__":
    main()
