//! Running one suite, and blessing it.
//!
//! sqllogictest parses the file and judges each record. What it would let pass is judged here: an expected error that names no
//! code, commands of the shell, waiting, hashes in the place of rows.

use owlet_engine::{Connection, ErrorCode};
use sqllogictest::{
    Control, ExpectedError, MakeConnection, QueryExpect, Record, RecordOutput, Runner, StatementExpect, TestError,
};
use std::fmt;
use std::future::{Ready, ready};
use std::path::Path;
use std::sync::Arc;

use crate::column_type::ColumnType;
use crate::driver::{Driver, Names, StatementError};
use crate::report::{Failure, Report};

/// Runs every record of the file `suite`, whatever became of the ones before it. `connect` gives a new session: one for the
/// suite, and one more for each name that a `connection` record gives.
///
/// What is wrong with the file itself is a failure of the report as well.
pub async fn run(suite: &Path, names: &Names, connect: impl FnMut() -> Arc<dyn Connection>) -> Report {
    let mut report = Report {
        suite: suite.display().to_string(),
        ..Report::default()
    };
    let records = match records(suite) {
        Ok(records) => records,
        Err(failure) => {
            report.failures.push(failure);
            return report;
        }
    };
    let mut runner = runner(names, connect);
    let mut halted = false;
    for record in records {
        halted |= matches!(record, Record::Halt { .. });
        if halted {
            report.skipped += usize::from(asks(&record));
            continue;
        }
        if let Some(failure) = objection(suite, &record) {
            report.failures.push(failure);
            continue;
        }
        let counts = asks(&record);
        match runner.run_async(record).await {
            Ok(RecordOutput::Nothing) => report.skipped += usize::from(counts),
            Ok(_) => report.passed += usize::from(counts),
            Err(error) => report.failures.push(failure_of(&error)),
        }
    }
    runner.shutdown_async().await;
    report
}

/// Writes what the engine gives into the file `suite`, in the place of what the records expect.
///
/// It makes the suite pass, not the engine right: the difference is to be read as code. Records that agree are left as they are.
///
/// # Errors
/// What is wrong with the file, which is then as it was.
pub async fn bless(
    suite: &Path,
    names: &Names,
    connect: impl FnMut() -> Arc<dyn Connection>,
) -> Result<(), BlessError> {
    let records = records(suite).map_err(|Failure { place, message }| BlessError(format!("{place}: {message}")))?;
    if let Some(why) = records.iter().find_map(forbidden) {
        return Err(BlessError(format!("{}: {why}", suite.display())));
    }
    let mut runner = runner(names, connect);
    let blessed = runner.update_test_file(suite, " ", rows_agree, unchanged, sqllogictest::strict_column_validator);
    let blessed = blessed.await.map_err(|error| BlessError(error.to_string()));
    runner.shutdown_async().await;
    blessed
}

/// Why a suite could not be blessed.
#[derive(Debug)]
pub struct BlessError(String);

impl fmt::Display for BlessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BlessError {}

fn records(suite: &Path) -> Result<Vec<Record<ColumnType>>, Failure> {
    // sqllogictest panics on a file that it cannot read.
    if let Err(error) = std::fs::read_to_string(suite) {
        return Err(Failure {
            place: suite.display().to_string(),
            message: format!("the suite cannot be read: {error}"),
        });
    }
    sqllogictest::parse_file(suite).map_err(|error| Failure {
        place: format!("{}:{}", error.location().file(), error.location().line()),
        message: error.kind().to_string(),
    })
}

fn runner(
    names: &Names,
    mut connect: impl FnMut() -> Arc<dyn Connection>,
) -> Runner<Driver, impl MakeConnection<Conn = Driver>> {
    let names = names.clone();
    let mut runner = Runner::new(move || -> Ready<Result<Driver, StatementError>> {
        ready(Ok(Driver::new(connect(), names.clone())))
    });
    runner.with_validator(rows_agree);
    runner.with_normalizer(unchanged);
    runner.with_column_validator(sqllogictest::strict_column_validator);
    runner
}

/// The texts of the rows are the lines of the record, white space included.
fn rows_agree(_: fn(&String) -> String, actual: &[Vec<String>], expected: &[String]) -> bool {
    actual.len() == expected.len() && actual.iter().zip(expected).all(|(row, line)| row.join(" ") == *line)
}

#[expect(clippy::ptr_arg, reason = "the type of sqllogictest's normalizers")]
fn unchanged(text: &String) -> String {
    text.clone()
}

/// Whether a record asks something of the engine.
fn asks(record: &Record<ColumnType>) -> bool {
    matches!(record, Record::Statement { .. } | Record::Query { .. })
}

/// Why a record is not run, if it would pass without saying enough.
fn objection(suite: &Path, record: &Record<ColumnType>) -> Option<Failure> {
    let loc = match record {
        Record::Statement { loc, .. } | Record::Query { loc, .. } => Some(loc),
        _ => None,
    };
    let expected_error = match record {
        Record::Statement {
            expected: StatementExpect::Error(error),
            ..
        }
        | Record::Query {
            expected: QueryExpect::Error(error),
            ..
        } => Some(error),
        _ => None,
    };
    let message = forbidden(record).or_else(|| uncoded(expected_error?))?;
    let place = match loc {
        Some(loc) => format!("{}:{}", loc.file(), loc.line()),
        None => suite.display().to_string(),
    };
    Some(Failure { place, message })
}

fn forbidden(record: &Record<ColumnType>) -> Option<String> {
    let (directive, instead) = match record {
        Record::System { .. } => ("system", "a suite runs statements, no commands"),
        Record::Sleep { .. } => ("sleep", "a statement has done its work when it ends"),
        Record::HashThreshold { .. } => ("hash-threshold", "a reader must see the rows that are right"),
        Record::Let { .. } | Record::Control(Control::Substitution(_)) => {
            ("let or control substitution", "places have names such as {lake}")
        }
        Record::Statement { retry: Some(_), .. } | Record::Query { retry: Some(_), .. } => {
            ("retry", "what fails at first is a defect")
        }
        _ => return None,
    };
    Some(format!("\"{directive}\" is not for suites: {instead}"))
}

/// What is wrong with an expected error that does not begin with a code.
fn uncoded(expected: &ExpectedError) -> Option<String> {
    let text = match expected {
        ExpectedError::Inline(pattern) => pattern.as_str(),
        ExpectedError::Multiline(text) => text,
        ExpectedError::Empty | ExpectedError::SqlState(_) => "",
    };
    let is_coded = ErrorCode::ALL.iter().any(|code| {
        text.trim_start_matches('^')
            .strip_prefix(code.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
    });
    (!is_coded).then(|| "an expected error begins with its code, such as TABLE_NOT_FOUND: …".to_owned())
}

fn failure_of(error: &TestError) -> Failure {
    Failure {
        place: format!("{}:{}", error.location().file(), error.location().line()),
        message: error.kind().to_string(),
    }
}
