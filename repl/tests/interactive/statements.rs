//! Statements at the prompt: several lines, pastes, errors, and Ctrl-C.

use std::time::{Duration, Instant};

use owlet_s3_fixture::{Fault, RequestKind, RequestRule, S3Fixture};

use super::typist::{CTRL_C, PROMPT, Typist};
use crate::shell::Shell;

/// A query of some minutes, which shows nothing before its end.
const LONG: &str = "select count(*) from generate_series(1, 1000000) a, generate_series(1, 1000000) b \
                    where a.value * b.value % 7 = 8;";

/// Waits until the query that begins so is recorded as cancelled.
#[track_caller]
fn expect_cancelled(typist: &mut Typist, beginning: &str) {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let statement =
            format!("select 'is ' || state as s from system.query_executions where sql like '{beginning}%';");
        if typist.run(&statement).contains("| is CANCELLED |") {
            return;
        }
        assert!(Instant::now() < deadline, "{beginning} is not cancelled");
    }
}

#[test]
fn a_statement_has_several_lines_and_ends_with_its_semicolon() {
    let mut typist = Typist::alone();
    typist.type_keys("\r");
    typist.expect(PROMPT);
    typist.type_keys("select 'a;\rb' as text, -- ;\r  2 as two\r");
    let shown = typist.run(";");
    assert!(
        shown.contains("| text | two |") && shown.contains("1 row in"),
        "{shown}"
    );
}

#[test]
fn several_statements_run_in_their_order_however_they_are_pasted() {
    let mut typist = Typist::alone();
    typist.type_keys("\u{1b}[200~select 1 as a;\nselect\n 2 as b; select 3 as c;\n\u{1b}[201~\r");
    for header in ["| a |", "| b |", "| c |", PROMPT] {
        typist.expect(header);
    }
    // A terminal that does not mark what is pasted sends it as though it were typed.
    typist.type_keys("select 4 as d;\rselect 5\ras e;\rselect 6 as f;\r");
    for header in ["| d |", "| e |", "| f |", PROMPT] {
        typist.expect(header);
    }
}

#[test]
fn an_error_shows_its_place_and_the_shell_goes_on() {
    let mut typist = Typist::alone();
    typist.type_keys("select 1 as one; select * from nowhere; select 2 as two;\r");
    typist.expect("| one |");
    let shown = typist.expect(PROMPT);
    assert!(
        shown.contains("error: TABLE_NOT_FOUND") && shown.contains("^^^^^^^"),
        "{shown}"
    );
    assert!(shown.contains("--> input:1:32"), "{shown}");
    // What was typed behind the error does not run.
    assert!(!shown.contains("| two |"), "{shown}");
    assert!(typist.run("select 3 as three;").contains("| three |"));
}

#[test]
fn ctrl_c_at_the_prompt_throws_the_line_away() {
    let mut typist = Typist::alone();
    typist.type_keys("select nonsense,");
    typist.expect("nonsense,");
    typist.type_keys(CTRL_C);
    typist.expect(PROMPT);
    let shown = typist.run("select 7 as seven;");
    assert!(shown.contains("| seven |") && !shown.contains("error"), "{shown}");
}

#[test]
fn ctrl_c_cancels_a_query_and_keeps_the_shell() {
    let mut typist = Typist::alone();
    typist.type_keys(&format!("{LONG} select 1 as behind;\r"));
    typist.expect(" s · Ctrl-C cancels");
    typist.type_keys(CTRL_C);
    typist.expect("error: CANCELLED: the query was cancelled\n");
    let shown = typist.expect(PROMPT);
    assert!(!shown.contains("| behind |"), "{shown}");
    // The record is closed before there is a prompt again.
    let shown = typist.run("select 'is ' || state as s from system.query_executions where sql like 'select count%';");
    assert!(shown.contains("| is CANCELLED |"), "{shown}");
}

#[test]
fn ctrl_c_cancels_a_query_that_waits_for_its_store() {
    let store = S3Fixture::start_blocking(&["bucket"]);
    let stalled = RequestRule::on_any(&[RequestKind::Get, RequestKind::Head, RequestKind::List]);
    store.inject(stalled.fault(Fault::Stall { after_bytes: 0 }));
    let shell = Shell::with_variables(store.environment());
    let mut typist = Typist::start(&shell);
    typist.type_keys("select * from 's3://bucket/people/';\r");
    typist.expect(" s · Ctrl-C cancels");
    typist.type_keys(CTRL_C);
    typist.expect("error: CANCELLED");
    typist.expect(PROMPT);
    expect_cancelled(&mut typist, "select * from");
}

#[test]
fn a_narrow_terminal_takes_a_long_statement() {
    let shell = Shell::new();
    let mut typist = Typist::start_with(&shell, &[], &[("NO_COLOR", "1")], 20);
    typist.expect(PROMPT);
    let shown = typist.run("select 'a text that is wider than the terminal' as t, 2 as n;");
    assert!(
        shown.contains("t | a text that is wider than the terminal\nn | 2\n"),
        "{shown}"
    );
}

#[test]
fn a_table_has_the_width_of_its_terminal() {
    // Twelve columns of eight in width, in half as many wide characters.
    let columns: Vec<_> = (0..12).map(|n| format!("'漢字漢字' as \"列{n:02}\"")).collect();
    let query = format!("select {};", columns.join(", "));
    for (width, shown_columns) in [(30, None), (80, Some(6)), (100, Some(8)), (200, Some(12))] {
        let shell = Shell::new();
        shell.write("wide.sql", &query);
        let mut typist = Typist::start_with(&shell, &["--quiet"], &[("NO_COLOR", "1")], width);
        typist.expect(PROMPT);
        typist.type_keys(".read wide.sql\r");
        let row = typist.expect("字漢字");
        let shown = row + &typist.expect(PROMPT);
        let Some(shown_columns) = shown_columns else {
            assert!(shown.contains("列00 | 漢字漢字\n列01 | 漢字漢字\n"), "{shown}");
            assert!(shown.contains("列11 | 漢字漢字\n"), "{shown}");
            continue;
        };
        let lines: Vec<_> = shown.lines().filter(|line| line.starts_with(['+', '|'])).collect();
        assert_eq!(lines.len(), 5, "{shown}");
        for line in &lines {
            let found = unicode_width::UnicodeWidthStr::width(*line);
            assert!(
                (usize::from(width) - 12..=usize::from(width)).contains(&found) || shown_columns == 12,
                "{shown}"
            );
            assert_eq!(found, lines[0].len(), "{shown}");
        }
        assert_eq!(lines[3].matches("漢字漢字").count(), shown_columns, "{shown}");
        assert_eq!(lines[3].contains("| … |"), shown_columns < 12, "{shown}");
        let says = shown.contains(&format!("12 columns, {shown_columns} shown\n"));
        assert_eq!(says, shown_columns < 12, "{shown}");
    }
}

#[test]
fn the_line_with_an_error_has_the_width_of_the_terminal() {
    for width in [30, 80] {
        let shell = Shell::new();
        let mut typist = Typist::start_with(&shell, &["--quiet"], &[("NO_COLOR", "1")], width);
        typist.expect(PROMPT);
        let query = format!(
            "select {}missing{} from sample.trips;",
            "1, ".repeat(60),
            ", 1".repeat(60)
        );
        shell.write("long.sql", query);
        typist.type_keys(".read long.sql\r");
        typist.expect("error: COLUMN_NOT_FOUND");
        let shown = typist.expect("^^^^^^^");
        let line = shown.lines().find(|line| line.contains("| …")).unwrap();
        assert_eq!(line.chars().count(), usize::from(width), "{shown}");
        assert!(line.contains("missing"), "{shown}");
        typist.expect(PROMPT);
    }
}

#[test]
fn what_is_typed_is_painted_unless_the_user_declines() {
    let painted = |variables: &[(&str, &str)]| {
        let shell = Shell::new();
        let mut typist = Typist::start_with(&shell, &[], variables, 120);
        typist.expect(PROMPT);
        typist.run("select 'x' as one;");
        typist.raw()
    };
    let shown = painted(&[]);
    assert!(shown.contains("\u{1b}[1;35mselect\u{1b}[0m"), "{shown:?}");
    assert!(shown.contains("\u{1b}[31m'x"), "an open quote is not seen: {shown:?}");
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let shown = painted(&[variable]);
        assert!(!shown.contains("\u{1b}[0m"), "{shown:?}");
    }
}

#[test]
fn a_terminal_that_cannot_move_its_cursor_is_read_line_by_line() {
    let shell = Shell::new();
    let mut typist = Typist::start_with(&shell, &[], &[("TERM", "dumb")], 80);
    typist.expect(PROMPT);
    typist.type_keys("select 1 as one,\n");
    typist.type_keys("2 as two;\n");
    typist.expect("| one | two |");
    typist.expect(PROMPT);
    typist.type_keys("select nonsense,\n");
    typist.expect("nonsense,\n");
    typist.type_keys(CTRL_C);
    typist.expect(PROMPT);
    typist.type_keys("select 3 as three;\n");
    typist.expect("| three |");
    typist.type_keys("\u{4}");
    assert_eq!(typist.end(), Some(0));
}
