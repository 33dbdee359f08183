//! What became of each record. No person has a say: the crate's runner compares, and what it says decides.

use datafusion_sqllogictest::{DFColumnType, df_value_validator, value_normalizer};
use owlet_engine::ErrorCode;
use sqllogictest::{MakeConnection, QueryExpect, Record, RecordOutput, Runner, TestErrorKind};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::absent::AbsentData;
use super::corpus::SuiteFile;
use super::description;
use super::session::{Failure, OwletDatabase};
use super::shadow;

/// What the runner hands on of a failure.
type AnyError = Arc<dyn Error + Send + Sync>;

/// The five classes, of which each record has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    Answered,
    Refused,
    Wrong,
    /// Other words where an engine is asked about itself (see [`description`]).
    SelfDescription,
    Skipped,
}

/// Where the files' statements write; the crate's runner makes a directory there for each file.
const SCRATCH: &str = "test_files/scratch";
/// Runs of a query that may give any rows: one of them must give those of the file.
const ATTEMPTS: usize = 10;

/// How a record is wrong whose rows are right but for their order.
pub const ORDER: &str = "order";

/// What became of one record.
#[derive(Clone, Debug)]
pub struct Outcome {
    pub line: u32,
    pub class: Class,
    pub sql: String,
    /// Why it is not answered: the code of an error, or how it is wrong.
    pub kind: String,
    pub detail: String,
    /// What Owlet gave, if it is wrong and rows came.
    pub rows: Option<Vec<String>>,
    /// What the file has instead.
    pub expected_rows: Option<Vec<String>>,
}

impl Outcome {
    /// Whether a statement that was refused before may be why it is wrong. A defect never is.
    pub fn may_be_consequence(&self) -> bool {
        self.class == Class::Wrong && self.kind != "internal"
    }
}

/// Runs the file on a fresh engine.
pub async fn run(file: SuiteFile, directory: &Path) -> Vec<Outcome> {
    let spark = file.name.starts_with("spark/");
    let mut absent = AbsentData::none_yet(directory);
    for scratch in [SCRATCH, shadow::SCRATCH] {
        let stem = Path::new(&file.name).file_stem().unwrap();
        fs::create_dir_all(directory.join(scratch).join(stem)).unwrap();
    }
    let mut runner = Runner::new(|| async { Ok(OwletDatabase::open(directory, spark).await) });
    runner.add_label("Datafusion");
    runner.with_normalizer(value_normalizer);
    runner.with_validator(df_value_validator);
    let mut outcomes = Vec::new();
    let mut records = Vec::new();
    for record in file.records {
        if !is_counted(&record) {
            // Includes, controls and thresholds of hashes: what they change is the runner's own state.
            runner.run_async(record).await.unwrap();
            continue;
        }
        let skipped = absent.reason_to_skip(sql_of(&record));
        records.push(record.clone());
        outcomes.push(if let Some(reason) = skipped {
            outcome(&record, Class::Skipped, "absent data", reason)
        } else if is_explain(sql_of(&record)) {
            outcome(&record, Class::Skipped, "EXPLAIN", String::new())
        } else {
            let attempts = if gives_any_rows(&record) { ATTEMPTS } else { 1 };
            let mut outcome = attempt(&mut runner, &record).await;
            for _ in 1..attempts {
                if outcome.class != Class::Answered {
                    outcome = attempt(&mut runner, &record).await;
                }
            }
            outcome
        });
    }
    runner.shutdown_async().await;
    shadow::find_consequences(&records, &mut outcomes, directory, spark).await;
    description::set_apart(&mut outcomes).await;
    outcomes
}

async fn attempt<M: MakeConnection<Conn = OwletDatabase>>(
    runner: &mut Runner<OwletDatabase, M>,
    record: &Record<DFColumnType>,
) -> Outcome {
    let ended = runner.run_async(record.clone()).await;
    classify(record, ended.map_err(|error| error.kind()))
}

fn classify(record: &Record<DFColumnType>, ended: Result<RecordOutput<DFColumnType>, TestErrorKind>) -> Outcome {
    let rows = match &ended {
        Ok(RecordOutput::Query { rows, .. }) => Some(rows.iter().map(|row| row.join(" ")).collect()),
        Err(TestErrorKind::QueryResultMismatch { actual, .. }) => Some(actual.lines().map(str::to_owned).collect()),
        _ => None,
    };
    let expected_rows = match &ended {
        Err(TestErrorKind::QueryResultMismatch { expected, .. }) => Some(expected.lines().map(str::to_owned).collect()),
        _ => None,
    };
    let (class, kind, detail) = match ended {
        Ok(RecordOutput::Nothing) => (Class::Skipped, "condition".to_owned(), String::new()),
        Ok(RecordOutput::Query { error: Some(error), .. } | RecordOutput::Statement { error: Some(error), .. }) => {
            expected_error(&error)
        }
        Ok(RecordOutput::Query { types, .. }) => match differing_types(record, &types) {
            Some(differing) => (Class::Wrong, "types".to_owned(), differing),
            None => (Class::Answered, String::new(), String::new()),
        },
        Ok(_) => (Class::Answered, String::new(), String::new()),
        Err(TestErrorKind::Fail { err, .. }) => refusal(&err),
        Err(TestErrorKind::ErrorMismatch { err, .. }) => expected_error(&err),
        Err(TestErrorKind::Ok { .. }) => (Class::Wrong, "no error".to_owned(), expected_text(record)),
        Err(TestErrorKind::QueryResultMismatch { expected, actual, .. }) => {
            let same = sorted(&expected) == sorted(&actual);
            let detail = format!("expected:\n{expected}\nactual:\n{actual}");
            match (same, asks_for_an_order(sql_of(record))) {
                (true, false) => (Class::Answered, String::new(), String::new()),
                (true, true) => (Class::Wrong, ORDER.to_owned(), detail),
                (false, _) => (Class::Wrong, "rows".to_owned(), detail),
            }
        }
        Err(other) => (Class::Wrong, "other".to_owned(), other.to_string()),
    };
    Outcome {
        rows,
        expected_rows,
        ..outcome(record, class, &kind, detail)
    }
}

/// An error where one is expected. Its message is ours, but it must be a clean one.
fn expected_error(error: &AnyError) -> (Class, String, String) {
    match refusal(error) {
        (Class::Refused, ..) => (Class::Answered, String::new(), String::new()),
        wrong => wrong,
    }
}

fn refusal(error: &AnyError) -> (Class, String, String) {
    let failure: Option<&Failure> = Arc::as_ref(error).downcast_ref();
    match failure {
        Some(failure) if failure.code != ErrorCode::Internal => {
            (Class::Refused, failure.code.to_string(), failure.message.clone())
        }
        _ => (Class::Wrong, "internal".to_owned(), error.to_string()),
    }
}

fn differing_types(record: &Record<DFColumnType>, actual: &[DFColumnType]) -> Option<String> {
    use sqllogictest::ColumnType;
    let Record::Query {
        expected: QueryExpect::Results { types, .. },
        ..
    } = record
    else {
        return None;
    };
    let letters = |types: &[DFColumnType]| types.iter().map(ColumnType::to_char).collect::<String>();
    (types != actual).then(|| format!("expected {}, actual {}", letters(types), letters(actual)))
}

fn expected_text(record: &Record<DFColumnType>) -> String {
    match record {
        Record::Statement { expected, .. } => format!("{expected:?}"),
        Record::Query { expected, .. } => format!("{expected:?}"),
        _ => String::new(),
    }
}

fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    lines.sort_unstable();
    lines
}

/// Whether the record is one that the totals count: a statement or a query.
pub fn is_counted(record: &Record<DFColumnType>) -> bool {
    matches!(record, Record::Statement { .. } | Record::Query { .. })
}

pub fn sql_of(record: &Record<DFColumnType>) -> &str {
    match record {
        Record::Statement { sql, .. } | Record::Query { sql, .. } => sql,
        _ => "",
    }
}

fn outcome(record: &Record<DFColumnType>, class: Class, kind: &str, detail: String) -> Outcome {
    let line = match record {
        Record::Statement { loc, .. } | Record::Query { loc, .. } => loc.line(),
        _ => 0,
    };
    Outcome {
        line,
        class,
        sql: sql_of(record).to_owned(),
        kind: kind.to_owned(),
        detail,
        rows: None,
        expected_rows: None,
    }
}

/// Whether each run of the query may rightly give other rows: LIMIT without ORDER BY. With an error on one row of the table, even
/// whether it succeeds is up to which rows come first.
fn gives_any_rows(record: &Record<DFColumnType>) -> bool {
    let sql = sql_of(record).to_lowercase();
    matches!(record, Record::Query { .. })
        && sql.split_whitespace().any(|word| word == "limit")
        && !asks_for_an_order(&sql)
}

/// Rows of a statement without ORDER BY have no order, and each engine gives its own.
pub fn asks_for_an_order(sql: &str) -> bool {
    let words: Vec<String> = sql.split_whitespace().map(str::to_lowercase).collect();
    words
        .windows(2)
        .any(|pair| pair[0].ends_with("order") && pair[1].starts_with("by"))
}

/// Whether the first word of the statement, after comments, is EXPLAIN.
fn is_explain(sql: &str) -> bool {
    let mut lines = sql
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("--"));
    let first = lines.next().and_then(|line| line.split_whitespace().next());
    first.is_some_and(|word| word.eq_ignore_ascii_case("explain"))
}
