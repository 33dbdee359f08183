//! What users see when something is wrong, and what scripts see.

use crate::shell::Shell;

#[test]
fn the_carets_point_into_the_whole_command() {
    let shell = Shell::new();
    let ended = shell.run(&["-c", "select 1;\nselect 2\n  from nowhere where 1 = 1"]);
    let error = ended.failed(1);
    assert!(error.contains("error: TABLE_NOT_FOUND: "), "{error}");
    let place = " --> -c:3:8\n  |\n3 |   from nowhere where 1 = 1\n  |        ^^^^^^^\n";
    assert!(error.ends_with(place), "{error}");
}

#[test]
fn a_script_is_named_and_its_lines_are_counted() {
    let shell = Shell::new();
    shell.write("report.sql", "-- a report\n\nselect 1;\n\n\tselct 2;\n");
    let ended = shell.run(&["-f", "report.sql"]);
    let error = ended.failed(1);
    assert!(error.contains("SYNTAX_ERROR"), "{error}");
    assert!(
        error.ends_with(" --> report.sql:5:2\n  |\n5 |     selct 2;\n  |     ^^^^^\n"),
        "{error}"
    );
}

#[test]
fn a_missing_column_is_pointed_at() {
    let shell = Shell::new();
    shell.write_people("people.parquet");
    let ended = shell.run(&["-c", "select id, nmae from 'people.parquet'"]);
    let error = ended.failed(1);
    assert!(error.contains("COLUMN_NOT_FOUND"), "{error}");
    assert!(error.ends_with("  |            ^^^^\n"), "{error}");
}

#[test]
fn the_first_failure_ends_the_run_unless_told_otherwise() {
    let shell = Shell::new();
    let sql = "select 1 as a; select * from nowhere; select 2 as b";
    let stopped = shell.run(&["--format", "csv", "-c", sql]);
    stopped.failed(1);
    assert_eq!(stopped.stdout, "a\n1\n");
    shell
        .run(&["--continue-on-error", "--format", "arrow", "-c", sql])
        .failed(2);
    let went_on = shell.run(&["--continue-on-error", "--format", "csv", "-c", sql]);
    went_on.failed(1);
    assert_eq!(went_on.stdout, "a\n1\nb\n2\n");
}

#[test]
fn a_failure_among_the_rows_ends_its_result_and_not_the_next() {
    let shell = Shell::new();
    shell.write_numbers("numbers.parquet", 20_000);
    let sql = "select 1 / (n - 19999) as q from 'numbers.parquet'; select 2 as other";
    let ended = shell.run(&["--continue-on-error", "--format", "csv", "-c", sql]);
    let error = ended.failed(1);
    assert!(
        error.starts_with("error: INVALID_VALUE") && error.matches("error:").count() == 1,
        "{error}"
    );
    let rows = ended
        .stdout
        .strip_prefix("q\n")
        .unwrap()
        .strip_suffix("other\n2\n")
        .unwrap();
    assert!(rows.lines().count() > 1, "no row came before the failure");
    assert!(rows.lines().all(|row| row == "0"), "a row was cut off");
}

#[test]
fn a_quote_that_is_never_closed_runs_nothing() {
    let shell = Shell::new();
    let ended = shell.run(&["-c", "select 1", "-c", "select 'open"]);
    let error = ended.failed(1);
    assert!(
        error.contains("SYNTAX_ERROR") && error.contains("--> -c 2:1:8"),
        "{error}"
    );
    assert_eq!(ended.stdout, "");
}

#[test]
fn wrong_arguments_and_unreadable_scripts_end_with_2() {
    let shell = Shell::new();
    shell.run(&["--no-such-option"]).failed(2);
    shell.run(&["--format", "xml", "-c", "select 1"]).failed(2);
    let ended = shell.run(&["-c", "select 1", "-f", "missing.sql"]);
    assert!(
        ended
            .failed(2)
            .starts_with("error: cannot read the script \"missing.sql\""),
        "{}",
        ended.stderr
    );
    assert_eq!(ended.stdout, "");
    assert!(shell.run(&["-f", "-", "-f", "-"]).failed(2).contains("standard input"));
}

#[test]
fn a_wrong_configuration_ends_with_3_and_names_the_key() {
    let shell = Shell::new();
    shell.write("owlet.toml", "[storage]\nno_such_key = 1\n");
    let ended = shell.run(&["--config", "owlet.toml", "-c", "select 1"]);
    assert!(ended.failed(3).contains("no_such_key"), "{}", ended.stderr);
    let ended = shell.run(&["--config", "missing.toml", "-c", "select 1"]);
    assert!(ended.failed(3).contains("missing.toml"), "{}", ended.stderr);
}

#[test]
fn messages_are_plain_where_they_are_not_on_a_terminal() {
    let shell = Shell::new();
    assert!(!shell.run(&["-c", "select * from nowhere"]).failed(1).contains('\u{1b}'));
}

#[test]
fn help_and_version_go_to_standard_output() {
    let shell = Shell::new();
    let help = shell.run(&["--help"]);
    for word in [
        "Examples:",
        "Exit codes:",
        "Formats:",
        "--continue-on-error",
        "NO_COLOR",
    ] {
        assert!(help.succeeded().contains(word), "{word}");
    }
    assert_eq!(
        shell.run(&["--version"]).succeeded(),
        concat!("owlet ", env!("CARGO_PKG_VERSION"), "\n")
    );
}
