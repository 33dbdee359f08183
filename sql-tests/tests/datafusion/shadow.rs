//! DataFusion itself, given only what Owlet did not refuse.
//!
//! A record after a refused statement meets another world than its file expects: a table that COPY was to fill is empty, a setting
//! has its default. Whether that is why Owlet's answer differs is not for a person to say, nor for a list of statements: DataFusion
//! says it, by giving the same rows when it is not given the refused statements either.

use datafusion_sqllogictest::{DFColumnType, TestContext, convert_batches};
use sqllogictest::Record;
use std::fs;
use std::path::Path;

use super::absent::quoted;
use super::classify::{Class, ORDER, Outcome, sql_of};

/// Where it writes: what Owlet has written is not for it to read.
pub const SCRATCH: &str = "scratch-of-datafusion";
/// A file that registers nothing and is of no dialect of its own.
const PLAIN: &str = "plain.slt";

/// Runs the statements of `outcomes` again on DataFusion, but for those that were refused or skipped, and makes those refused whose
/// difference from the file is the absence of the others.
pub async fn find_consequences(
    records: &[Record<DFColumnType>],
    outcomes: &mut [Outcome],
    directory: &Path,
    spark: bool,
) {
    let Some(last) = outcomes.iter().rposition(Outcome::may_be_consequence) else {
        return;
    };
    let context = TestContext::try_new_for_test_file(Path::new(PLAIN)).await.unwrap();
    // The crate runs these files in a session of another dialect and other functions, which Owlet has not.
    let mut refused = spark;
    for (record, outcome) in records.iter().zip(outcomes.iter_mut()).take(last + 1) {
        if matches!(outcome.class, Class::Refused | Class::Skipped) {
            refused |= outcome.class == Class::Refused;
            continue;
        }
        let answered = answer(&context, sql_of(record), directory, spark).await;
        if !refused || !outcome.may_be_consequence() {
            continue;
        }
        let same = match (&outcome.rows, &answered) {
            (Some(ours), Ok(theirs)) if outcome.kind == ORDER => lines(ours) == lines(theirs),
            (Some(ours), Ok(theirs)) => sorted(ours) == sorted(theirs),
            (None, Ok(_)) => true,
            (_, Err(_)) => false,
        };
        if same {
            outcome.class = Class::Refused;
            "AFTER A REFUSAL".clone_into(&mut outcome.kind);
            outcome.detail.clear();
        } else {
            outcome.detail = format!("{}\nDataFusion without what was refused: {answered:?}", outcome.detail);
        }
    }
}

async fn answer(context: &TestContext, sql: &str, directory: &Path, spark: bool) -> Result<Vec<String>, String> {
    // DataFusion's relative paths start from where the process is, which is not for a test to change.
    let directory = directory.display();
    let sql = sql.replace("'test_files/scratch/", &format!("'{directory}/{SCRATCH}/"));
    let sql = sql.replace("'test_files/", &format!("'{directory}/test_files/"));
    make_directories(&sql);
    let frame = context
        .session_ctx()
        .sql(&sql)
        .await
        .map_err(|error| error.to_string())?;
    let batches = frame.collect().await.map_err(|error| error.to_string())?;
    let Some(schema) = batches.first().map(arrow::array::RecordBatch::schema) else {
        return Ok(Vec::new());
    };
    let rows = convert_batches(&schema, batches, spark).map_err(|error| error.to_string())?;
    Ok(rows.iter().map(|row| row.join(" ").trim_end().to_owned()).collect())
}

/// Makes the directories that a CREATE EXTERNAL TABLE names as such, with "/" at their ends: a refused INSERT would have. Without,
/// `DataFusion` takes the same place for a file where a later statement leaves the "/" out.
fn make_directories(sql: &str) {
    let words: Vec<String> = sql.split_whitespace().take(2).map(str::to_lowercase).collect();
    if words != ["create", "external"] {
        return;
    }
    for path in quoted(sql).filter(|path| path.ends_with('/')).map(Path::new) {
        let is_scratch = path.components().any(|step| step.as_os_str() == SCRATCH);
        if is_scratch {
            fs::create_dir_all(path).unwrap();
        }
    }
}

/// Without empty lines: that is how the runner writes no rows at all.
fn lines(rows: &[String]) -> Vec<&str> {
    rows.iter()
        .map(|row| row.trim_end())
        .filter(|row| !row.is_empty())
        .collect()
}

fn sorted(rows: &[String]) -> Vec<&str> {
    let mut rows = lines(rows);
    rows.sort_unstable();
    rows
}
