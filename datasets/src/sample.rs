//! The sample lake: two months of a city's rental bicycles, carried in the program, and questions worth asking of it.
//!
//! `datasets/sample/README.md` says what the columns mean and where the files come from.

/// One file of the sample.
#[derive(Clone, Copy, Debug)]
pub struct File {
    /// The table that it belongs to.
    pub table: &'static str,
    /// Its place, from the directory of the sample: the first step is the table, and `key=value` steps are partitions.
    pub path: &'static str,
    /// What it holds.
    pub bytes: &'static [u8],
}

/// Something that a new user may ask of the sample.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// What is asked, as a sentence.
    pub title: &'static str,
    /// The statement, without a semicolon at its end. Lines are short enough for a terminal of 100 columns.
    pub sql: &'static str,
}

/// Every file of the sample, in the order of the paths.
pub const FILES: &[File] = &[
    File {
        table: "repairs",
        path: "repairs/repairs.jsonl",
        bytes: include_bytes!("../sample/repairs/repairs.jsonl"),
    },
    File {
        table: "stations",
        path: "stations/stations.csv.gz",
        bytes: include_bytes!("../sample/stations/stations.csv.gz"),
    },
    File {
        table: "trips",
        path: "trips/month=2026-05/part-0.parquet",
        bytes: include_bytes!("../sample/trips/month=2026-05/part-0.parquet"),
    },
    File {
        table: "trips",
        path: "trips/month=2026-06/part-0.parquet",
        bytes: include_bytes!("../sample/trips/month=2026-06/part-0.parquet"),
    },
];

/// A filter on a partition, a join of Parquet with CSV, and nested JSON.
pub const QUESTIONS: &[Question] = &[
    Question {
        title: "Where did casual riders leave the most money in June? The partition of May is not read.",
        sql: "SELECT start_station, count(*) AS trips, sum(fare) AS income
FROM sample.trips
WHERE month = '2026-06' AND rider = 'casual'
GROUP BY start_station ORDER BY income DESC LIMIT 5",
    },
    Question {
        title: "From which small stations do people ride far? Parquet joined with a compressed CSV file.",
        sql: "SELECT s.name, s.docks, count(*) AS trips, round(avg(t.distance_km), 1) AS ride_km
FROM sample.trips t JOIN sample.stations s ON t.start_station = s.name
WHERE s.docks <= 20
GROUP BY s.name, s.docks ORDER BY ride_km DESC LIMIT 5",
    },
    Question {
        title: "Which spare parts cost the most? Arrays of structs in JSON.",
        sql: "SELECT job['part'] AS part, count(*) AS replaced, sum(job['cost']) AS cost
FROM (SELECT unnest(work) AS job FROM sample.repairs)
WHERE job['action'] = 'replaced'
GROUP BY job['part'] ORDER BY cost DESC LIMIT 5",
    },
];
