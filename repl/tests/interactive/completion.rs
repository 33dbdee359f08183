//! Tab at the prompt.

use super::typist::{CTRL_A, CTRL_C, PROMPT, Typist};
use crate::shell::Shell;

#[test]
fn keywords_tables_and_columns_are_completed() {
    let mut typist = Typist::alone();
    let shown = typist.run("sel\t 5 as fi\tve;");
    assert!(shown.contains("| five |"), "{shown}");
    let shown = typist.run("select count(*) as n from sample.stat\t;");
    assert!(shown.contains("| 16 |"), "{shown}");
    let right = "\u{6}".repeat("select ".len());
    let shown = typist.run(&format!("select  from sample.stations limit 1;{CTRL_A}{right}doc\t"));
    assert!(shown.contains("| docks |"), "{shown}");
}

#[test]
fn several_candidates_are_shown() {
    let mut typist = Typist::alone();
    typist.type_keys("select * from sample.\t");
    let shown = typist.expect("trips");
    assert!(shown.contains("repairs") && shown.contains("stations"), "{shown}");
    typist.type_keys(CTRL_C);
    typist.expect(PROMPT);
}

#[test]
fn files_are_completed_where_a_statement_names_them() {
    let shell = Shell::new();
    shell.write_numbers("numbers.parquet", 3);
    let mut typist = Typist::start(&shell);
    let shown = typist.run("select sum(n) as total from 'num\t';");
    assert!(shown.contains("| total |"), "{shown}");
}

#[test]
fn commands_and_their_arguments_are_completed() {
    let shell = Shell::new();
    shell.write("script.sql", "select 1 as from_script;");
    let mut typist = Typist::start(&shell);
    typist.type_keys(".fo\t");
    typist.expect(".fo");
    typist.type_keys("rm\t cs\t\r");
    typist.expect(PROMPT);
    assert!(typist.run("select 1 as one, 2 as two;").contains("one,two\n"));
    assert!(typist.run(".read scr\t").contains("from_script\n"));
    typist.type_keys(".schema sample.sta\t\r");
    typist.expect("docks,");
}
