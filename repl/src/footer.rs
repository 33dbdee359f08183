//! What a statement cost, in one line on standard error, so that standard output holds the result alone.

use std::time::Duration;

use clap::ValueEnum;
use owlet_engine::Statistics;

use crate::text::counted;

/// The form of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Footer {
    /// For people: `2 rows in 0.041 s · 1.3 MB scanned · 12 requests (…) · 0 B spilled`
    Text,
    /// For programs: one JSON object with exact numbers and the query's id
    Json,
    /// No line
    None,
}

/// What a footer speaks of.
pub struct Statement<'a> {
    pub query_id: &'a str,
    pub statistics: &'a Statistics,
    /// Whether the statement gives rows at all, be it none.
    pub has_columns: bool,
    /// How many of the rows are shown, if not all.
    pub shown_rows: Option<u64>,
}

impl Footer {
    /// The line without its end, or `None` for no line.
    pub fn line(self, statement: &Statement<'_>) -> Option<String> {
        match self {
            Self::Text => Some(text(statement)),
            Self::Json => Some(json(statement)),
            Self::None => None,
        }
    }
}

/// What a statement that still runs has cost so far, each cost with a separator before it; nothing if it is nothing.
pub fn progress(statistics: &Statistics) -> String {
    let requests = statistics.requests.total();
    let mut costs = Vec::new();
    if statistics.rows > 0 {
        costs.push(counted(statistics.rows, "row"));
    }
    if requests > 0 {
        costs.push(format!("{} scanned", bytes(statistics.bytes_scanned)));
        costs.push(format!("{requests} requests"));
    }
    if statistics.bytes_written > 0 {
        costs.push(format!("{} written", bytes(statistics.bytes_written)));
    }
    costs.iter().map(|cost| [" · ", cost].concat()).collect()
}

fn text(statement: &Statement<'_>) -> String {
    let Statistics {
        rows,
        bytes_scanned,
        bytes_written,
        requests,
        spilled_bytes,
        elapsed,
        ..
    } = statement.statistics;
    let result = match statement.shown_rows {
        _ if !statement.has_columns => "done".to_owned(),
        Some(shown) => format!("{} ({shown} shown)", counted(*rows, "row")),
        None => counted(*rows, "row"),
    };
    let kinds = [
        (requests.get, "GET"),
        (requests.head, "HEAD"),
        (requests.list, "LIST"),
        (requests.put, "PUT"),
        (requests.post, "POST"),
        (requests.delete, "DELETE"),
    ];
    let kinds: Vec<_> = kinds
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, kind)| format!("{n} {kind}"))
        .collect();
    let kinds = if kinds.is_empty() {
        String::new()
    } else {
        format!(" ({})", kinds.join(", "))
    };
    let written = if *bytes_written > 0 {
        format!(" · {} written", bytes(*bytes_written))
    } else {
        String::new()
    };
    format!(
        "{result} in {} · {} scanned{written} · {}{kinds} · {} spilled",
        seconds(*elapsed),
        bytes(*bytes_scanned),
        // Always the plural: scripts look for "<n> requests".
        format_args!("{} requests", requests.total()),
        bytes(*spilled_bytes),
    )
}

fn json(statement: &Statement<'_>) -> String {
    let statistics = statement.statistics;
    let requests = &statistics.requests;
    serde_json::json!({
        "query_id": statement.query_id,
        "rows": statistics.rows,
        "bytes_scanned": statistics.bytes_scanned,
        "bytes_written": statistics.bytes_written,
        "requests": {
            "total": requests.total(),
            "get": requests.get,
            "head": requests.head,
            "list": requests.list,
            "put": requests.put,
            "post": requests.post,
            "delete": requests.delete,
        },
        "spilled_bytes": statistics.spilled_bytes,
        "queued_seconds": statistics.queued.as_secs_f64(),
        "planning_seconds": statistics.planning.as_secs_f64(),
        "elapsed_seconds": statistics.elapsed.as_secs_f64(),
    })
    .to_string()
}

fn seconds(time: Duration) -> String {
    format!("{:.3} s", time.as_secs_f64())
}

/// A size in the decimal units that stores bill by, with one digit after the point.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    if count < 1000 {
        return format!("{count} B");
    }
    let mut value = count as f64 / 1000.0;
    let mut unit = 0;
    // What would be rounded to 1000.0 is 1.0 of the next unit.
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use owlet_engine::Requests;

    use super::*;

    fn statistics() -> Statistics {
        let requests = Requests {
            get: 10,
            head: 1,
            list: 1,
            ..Requests::default()
        };
        Statistics {
            rows: 2,
            bytes_scanned: 1_300_000,
            requests,
            elapsed: Duration::from_micros(41_200),
            ..Statistics::default()
        }
    }

    #[track_caller]
    fn check(statistics: &Statistics, has_columns: bool, shown_rows: Option<u64>, expected: &str) {
        let statement = Statement {
            query_id: "q",
            statistics,
            has_columns,
            shown_rows,
        };
        assert_eq!(Footer::Text.line(&statement).unwrap(), expected);
        assert_eq!(Footer::None.line(&statement), None);
    }

    #[test]
    fn people_read_rows_time_bytes_and_requests() {
        let tail = "in 0.041 s · 1.3 MB scanned · 12 requests (10 GET, 1 HEAD, 1 LIST) · 0 B spilled";
        check(&statistics(), true, None, &format!("2 rows {tail}"));
        check(&statistics(), true, Some(1), &format!("2 rows (1 shown) {tail}"));
        check(&statistics(), false, None, &format!("done {tail}"));
    }

    #[test]
    fn one_row_is_singular_and_requests_are_always_plural() {
        let requests = Requests {
            put: 1,
            ..Requests::default()
        };
        let statistics = Statistics {
            rows: 1,
            bytes_written: 5,
            requests,
            ..Statistics::default()
        };
        check(
            &statistics,
            true,
            None,
            "1 row in 0.000 s · 0 B scanned · 5 B written · 1 requests (1 PUT) · 0 B spilled",
        );
        check(
            &Statistics::default(),
            true,
            None,
            "0 rows in 0.000 s · 0 B scanned · 0 requests · 0 B spilled",
        );
    }

    #[test]
    fn programs_read_exact_numbers() {
        let statistics = statistics();
        let statement = Statement {
            query_id: "q1",
            statistics: &statistics,
            has_columns: true,
            shown_rows: None,
        };
        let line = Footer::Json.line(&statement).unwrap();
        let value: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(value["query_id"], "q1");
        assert_eq!(value["bytes_scanned"], 1_300_000);
        assert_eq!(value["requests"]["total"], 12);
        assert!(!line.contains('\n'));
    }

    #[test]
    fn sizes_round_to_one_digit_of_the_right_unit() {
        for (count, size) in [
            (999, "999 B"),
            (1000, "1.0 kB"),
            (999_949, "999.9 kB"),
            (999_950, "1.0 MB"),
            (u64::MAX, "18.4 EB"),
        ] {
            assert_eq!(bytes(count), size);
        }
    }
}
