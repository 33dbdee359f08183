//! What the shell itself can be told.

use super::typist::{PROMPT, Typist};
use crate::shell::Shell;

#[test]
fn help_names_the_commands_and_its_questions_can_be_asked() {
    let mut typist = Typist::alone();
    typist.type_keys(".help\r");
    let shown = typist.expect(PROMPT);
    for name in [
        ".help", ".tables", ".schema", ".format", ".read", ".once", ".quit", "\\d",
    ] {
        assert!(shown.contains(name), "{name}: {shown}");
    }
    let question = shown.split("\n-- ").nth(1).unwrap();
    let sql = question.split_once('\n').unwrap().1.trim();
    let answer = typist.run(&sql.replace('\n', "\r"));
    assert!(answer.contains("| start_station"), "{answer}");
}

#[test]
fn the_catalogue_is_shown_and_the_prompt_names_the_database() {
    let mut typist = Typist::alone();
    assert!(typist.run(".databases").contains("| sample "));
    assert!(typist.run(".tables sample.tr*").contains("| trips "));
    assert!(typist.run("\\d sample.stations").contains("| docks "));
    typist.type_keys("use sample;\r");
    typist.expect("owlet sample> ");
    assert!(typist.run("\\dt").contains("| trips "));
}

#[test]
fn results_are_shown_as_they_were_asked_for() {
    let shell = Shell::new();
    shell.write_numbers("numbers.parquet", 5);
    let mut typist = Typist::start(&shell);
    typist.type_keys(".maxrows 2\r");
    typist.expect(PROMPT);
    assert!(
        typist
            .run("select n from 'numbers.parquet';")
            .contains("5 rows (2 shown)")
    );
    typist.type_keys(".format parquet\r");
    assert!(typist.expect(PROMPT).contains(".once FILE.parquet"));
    typist.run(".once two.csv\rselect 1 as one;");
    assert_eq!(shell.read("two.csv"), "one\n1\n");
    assert!(typist.run("select 1 as one;").contains("| one |"));
    typist.type_keys(".footer off\r.format json\rselect 8 as eight;\r");
    typist.expect("[{\"eight\":8}]");
    assert!(!typist.expect(PROMPT).contains("spilled"));
}

#[test]
fn what_cannot_be_done_is_said_and_the_shell_goes_on() {
    let mut typist = Typist::alone();
    for (line, message) in [
        (".nothing", "there is no command \".nothing\""),
        (".schema", "use .schema NAME"),
        (".read nowhere.sql", "cannot read the script \"nowhere.sql\""),
        (".once x.unknown", "means no format"),
    ] {
        typist.type_keys(&format!("{line}\r"));
        typist.expect("error: ");
        typist.expect(message);
        typist.expect(PROMPT);
    }
}

#[test]
fn options_that_mean_nothing_at_a_prompt_are_refused() {
    for arguments in [&["-o", "x.csv"][..], &["--continue-on-error"], &["--format", "parquet"]] {
        let shell = Shell::new();
        let mut typist = Typist::start_with(&shell, arguments, &[], 120);
        typist.expect("error:");
        assert_eq!(typist.end(), Some(2), "{arguments:?}");
    }
    let shell = Shell::new();
    let mut typist = Typist::start_with(&shell, &["--quiet", "--format", "csv"], &[("NO_COLOR", "1")], 120);
    let shown = typist.expect(PROMPT);
    assert!(!shown.contains("Try:"), "{shown}");
    typist.type_keys("select 1 as one;\r");
    typist.expect("one\n1\n");
    assert!(!typist.expect(PROMPT).contains("spilled"));
}
