//! Results, where they go and what stands beside them.

use std::fs::File;

use arrow::array::RecordBatch;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::shell::Shell;

const PEOPLE: &str = "select id, name from 'people.parquet' order by id";

fn shell() -> Shell {
    let shell = Shell::new();
    shell.write_people("people.parquet");
    shell
}

fn parquet_rows(shell: &Shell, name: &str) -> usize {
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(shell.path(name)).unwrap()).unwrap();
    reader
        .build()
        .unwrap()
        .map(|batch| RecordBatch::num_rows(&batch.unwrap()))
        .sum()
}

#[test]
fn every_text_format_holds_the_rows_and_nothing_else() {
    let shell = shell();
    for (format, expected) in [
        ("csv", "id,name\n1,Ada\n2,\"Zoë, \"\"Z\"\"\"\n3,\n"),
        ("tsv", "id\tname\n1\tAda\n2\t\"Zoë, \"\"Z\"\"\"\n3\t\n"),
        (
            "json",
            "[{\"id\":1,\"name\":\"Ada\"},\n{\"id\":2,\"name\":\"Zoë, \\\"Z\\\"\"},\n{\"id\":3,\"name\":null}]\n",
        ),
        (
            "ndjson",
            "{\"id\":1,\"name\":\"Ada\"}\n{\"id\":2,\"name\":\"Zoë, \\\"Z\\\"\"}\n{\"id\":3,\"name\":null}\n",
        ),
        (
            "markdown",
            "|  id | name     |\n| --: | -------- |\n|   1 | Ada      |\n|   2 | Zoë, \"Z\" |\n|   3 | NULL     |\n",
        ),
        (
            "table",
            "+----+----------+\n| id | name     |\n+----+----------+\n\
             |  1 | Ada      |\n|  2 | Zoë, \"Z\" |\n|  3 | NULL     |\n+----+----------+\n",
        ),
    ] {
        assert_eq!(
            shell.run(&["--format", format, "-c", PEOPLE]).succeeded(),
            expected,
            "{format}"
        );
    }
}

#[test]
fn the_footer_is_on_standard_error_and_can_be_silenced() {
    let shell = shell();
    let ended = shell.run(&["-c", PEOPLE]);
    ended.succeeded();
    assert!(ended.stderr.starts_with("3 rows in "), "{}", ended.stderr);
    assert!(
        ended.stderr.contains(" scanned · ") && ended.stderr.contains(" requests"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.ends_with(" · 0 B spilled\n"), "{}", ended.stderr);
    assert_eq!(shell.run(&["-q", "-c", PEOPLE]).stderr, "");
    assert!(shell.run(&["-c", "select 1"]).stderr.starts_with("1 row in "));
}

#[test]
fn the_footer_for_programs_is_one_json_object_a_statement() {
    let shell = shell();
    let ended = shell.run(&["--footer", "json", "-c", "select 1; select 2"]);
    let lines: Vec<serde_json::Value> = ended
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    assert!(
        lines
            .iter()
            .all(|line| line["rows"] == 1 && line["requests"]["total"].is_u64()),
        "{lines:?}"
    );
    assert_ne!(lines[0]["query_id"], lines[1]["query_id"]);
}

#[test]
fn a_result_without_rows_is_whole_in_every_format() {
    let shell = shell();
    let none = "select id, name from 'people.parquet' where id < 0";
    for (format, expected) in [
        ("csv", "id,name\n"),
        ("json", "[]\n"),
        ("ndjson", ""),
        ("vertical", "(no rows)\n"),
    ] {
        assert_eq!(
            shell.run(&["--format", format, "-c", none]).succeeded(),
            expected,
            "{format}"
        );
    }
    shell.run(&["-o", "none.parquet", "-c", none]).succeeded();
    assert_eq!(parquet_rows(&shell, "none.parquet"), 0);
}

#[test]
fn the_name_of_the_file_means_the_format_and_what_is_written_can_be_read_again() {
    let shell = shell();
    shell.run(&["-c", PEOPLE, "-o", "copy.parquet"]).succeeded();
    let expected = shell.run(&["--format", "csv", "-c", PEOPLE]).stdout;
    let again = shell.run(&["--format", "csv", "-c", "select * from 'copy.parquet' order by id"]);
    assert_eq!(again.succeeded(), expected);
    shell.run(&["-c", PEOPLE, "-o", "copy.csv"]).succeeded();
    assert_eq!(shell.read("copy.csv"), expected);
    assert_eq!(shell.files(), ["copy.csv", "copy.parquet", "people.parquet"]);
    shell.run(&["-c", PEOPLE, "-o", "copy.unknown"]).failed(2);
}

/// Texts that separate, quote, escape or mean NULL somewhere.
const TEXTS: &str = "select id, text from (values (1, 'plain'), (2, ''), (3, NULL), (4, e'a\\tb'), (5, e'two\\nlines'), \
     (6, e'two\\r\\nlines'), (7, 'say \"x\"'), (8, 'back\\slash'), (9, '\\N'), (10, ' spaced '), (11, '007'), (12, 'a,b'), \
     (13, 'NULL'), (14, e'\\\\t')) as v(id, text) order by id";

#[test]
fn delimited_files_come_back_as_they_were() {
    let shell = shell();
    let expected = shell.run(&["--format", "json", "-c", TEXTS]).succeeded().to_owned();
    for name in ["copy.csv", "copy.tsv"] {
        shell.run(&["-c", TEXTS, "-o", name]).succeeded();
        let again = format!("select * from '{name}' order by id");
        assert_eq!(
            shell.run(&["--format", "json", "-c", &again]).succeeded(),
            expected,
            "{name}"
        );
        let separator = if name.ends_with("csv") { "," } else { "\\t" };
        assert_eq!(
            rows_of_duckdb(&shell.path(name), separator),
            rows_of_json(&expected),
            "{name}"
        );
    }
}

fn rows_of_json(text: &str) -> serde_json::Value {
    let rows: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
    rows.iter().map(|row| row["text"].clone()).collect()
}

/// The column `text` of a delimited file, as DuckDB reads it. `scripts/test` says which Python has it.
#[expect(
    clippy::disallowed_methods,
    reason = "nobody above a test has an environment to hand in"
)]
fn rows_of_duckdb(path: &std::path::Path, separator: &str) -> serde_json::Value {
    let python = std::env::var("OWLET_TEST_PYTHON").unwrap();
    let code = format!(
        "import duckdb, json\n\
         rows = duckdb.sql(\"\"\"SELECT text FROM read_csv('{}', delim='{separator}', header=true, quote='\\\"', \
         columns={{'id': 'BIGINT', 'text': 'VARCHAR'}}, allow_quoted_nulls=false) ORDER BY id\"\"\").fetchall()\n\
         print(json.dumps([row[0] for row in rows]))",
        path.display()
    );
    let output = std::process::Command::new(python).args(["-c", &code]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn results_of_the_same_columns_are_one_table_in_a_file() {
    let shell = shell();
    shell
        .run(&["-c", PEOPLE, "-c", PEOPLE, "-o", "twice.parquet"])
        .succeeded();
    assert_eq!(parquet_rows(&shell, "twice.parquet"), 6);
    shell
        .run(&["-c", "select 1 as a; select 2 as a", "-o", "twice.csv"])
        .succeeded();
    assert_eq!(shell.read("twice.csv"), "a\n1\n2\n");
}

#[test]
fn results_of_other_columns_are_refused_and_the_old_file_stays() {
    let shell = shell();
    for name in ["x.csv", "x.json", "x.parquet", "x.arrow"] {
        shell.write(name, "old");
        let ended = shell.run(&["-c", "select 1 as a; select 'b' as b", "-o", name]);
        let error = ended.failed(1);
        assert!(
            error.contains("NOT_SUPPORTED") && error.contains("other columns"),
            "{error}"
        );
        assert_eq!(shell.read(name), "old");
    }
}

#[test]
fn results_for_people_and_results_in_a_pipe_follow_each_other() {
    let shell = shell();
    let two = "select 1 as a; select 'x' as b";
    assert_eq!(shell.run(&["--format", "csv", "-c", two]).succeeded(), "a\n1\nb\nx\n");
    assert_eq!(
        shell.run(&["--format", "ndjson", "-c", two]).succeeded(),
        "{\"a\":1}\n{\"b\":\"x\"}\n"
    );
    shell.run(&["-c", two, "-o", "two.md"]).succeeded();
    assert_eq!(
        shell.read("two.md"),
        "|   a |\n| --: |\n|   1 |\n| b   |\n| --- |\n| x   |\n"
    );
}

#[test]
fn a_failure_leaves_an_existing_file_whole_and_no_other_behind() {
    let shell = shell();
    shell.write("x.csv", "old");
    let ended = shell.run(&["-c", PEOPLE, "-c", "select * from 'missing.parquet'", "-o", "x.csv"]);
    ended.failed(1);
    assert_eq!(shell.read("x.csv"), "old");
    shell.run(&["-c", "-- nothing to run", "-o", "x.csv"]).failed(1);
    assert_eq!(shell.read("x.csv"), "old");
    assert_eq!(shell.files(), ["people.parquet", "x.csv"]);
}

#[test]
fn a_file_that_cannot_be_written_stops_before_anything_runs() {
    let shell = shell();
    let ended = shell.run(&["-c", PEOPLE, "-o", "nowhere/x.csv"]);
    assert!(ended.failed(1).contains("nowhere/x.csv"), "{}", ended.stderr);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ended = shell.command(&["-c", PEOPLE]).stdout(full).output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&ended.stderr).starts_with("error: cannot write the result to standard output"));
}

#[test]
fn the_binary_formats_go_into_a_pipe() {
    let shell = shell();
    let output = shell
        .command(&["--format", "parquet", "-q", "-c", PEOPLE])
        .output()
        .unwrap();
    std::fs::write(shell.path("piped.parquet"), output.stdout).unwrap();
    assert_eq!(parquet_rows(&shell, "piped.parquet"), 3);
    let output = shell
        .command(&["--format", "arrow", "-q", "-c", PEOPLE])
        .output()
        .unwrap();
    let reader = arrow::ipc::reader::StreamReader::try_new(output.stdout.as_slice(), None).unwrap();
    assert_eq!(reader.map(|batch| batch.unwrap().num_rows()).sum::<usize>(), 3);
}

#[test]
fn a_pipe_gets_every_row_of_a_table_unless_told_otherwise() {
    let shell = shell();
    shell.write_numbers("numbers.parquet", 5000);
    let query = "select n from 'numbers.parquet' order by n";
    let all = shell.run(&["-c", query]);
    assert_eq!(all.succeeded().lines().count(), 5004);
    let some = shell.run(&["--max-rows", "3", "-c", query]);
    assert!(some.succeeded().contains("… 4997 rows not shown …"), "{}", some.stdout);
    assert!(some.stderr.starts_with("5000 rows (3 shown) in "), "{}", some.stderr);
}
