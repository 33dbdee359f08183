//! Access logs of a shop on the web: a few visitors and pages make most of the traffic, it follows the hours of the day, robots
//! read along, somebody looks for holes, and on some days the servers do not keep up.

mod clock;
mod requests;
mod site;

use std::sync::Arc;

use super::encoding::Encoding;
use super::plan::{Plan, PlannedFile, slices};
use super::wishes::within;
use super::{Generator, Refusal, Wishes};
use requests::Slice;
use site::Site;

pub(super) const GENERATOR: Generator = Generator {
    name: "weblogs",
    summary: "access logs of a web shop, a directory a day: address, path, status, bytes, referrer, user agent",
    options: &[
        (
            "rows",
            "how many requests in all days together, up to 100000000000 [default: 1000000]",
        ),
        ("days", "how many days [default: 7]"),
        ("start", "the first day [default: 2026-01-01]"),
        ("seed", "what decides every random choice [default: 42]"),
        ("format", "parquet, csv or json [default: parquet]"),
    ],
    tables: &[REQUESTS],
    plan,
};

const REQUESTS: &str = "requests";
const MOST_ROWS: u64 = 100_000_000_000;
/// About 24 MiB of Parquet, 48 MiB of compressed text.
const ROWS_PER_FILE: u64 = 2 << 20;

fn plan(wishes: &Wishes) -> Result<Plan, Refusal> {
    let encoding = Encoding::choose(wishes.format, wishes.compression)?;
    let rows = within("rows", wishes.rows.unwrap_or(1_000_000), MOST_ROWS)?;
    let days = wishes.days()?;
    let site = Arc::new(Site::new(wishes.seed(), rows));
    let mut files = Vec::new();
    for (place, day) in (0..).zip(clock::spread(rows, &days)) {
        let partition = format!("dt={}/", day.date);
        for (number, (from, to)) in (0..).zip(slices(day.rows, ROWS_PER_FILE)) {
            let slice = Slice {
                site: Arc::clone(&site),
                day,
                from,
                to,
                file: place << 20 | number,
            };
            files.push(PlannedFile::numbered(
                (REQUESTS, &partition),
                number,
                encoding,
                requests::schema(),
                move || Box::new(slice.batches()),
            ));
        }
    }
    Ok(Plan {
        files,
        expected_rows: rows,
        encoding,
    })
}
